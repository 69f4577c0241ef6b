// A device: a stock automerge-repo client with one websocket that can be cut, in the versions that people use.

import { setMaxListeners } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import WebSocket from "ws"
import * as stableRepo from "@automerge/automerge-repo"
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs"
import { until, within } from "./until.mjs"

// The newer version expects a Node that has these. They are all it lacks on Node 20.
globalThis.WebSocket ??= WebSocket
Promise.withResolvers ??= function withResolvers() {
  const deferred = {}
  deferred.promise = new this((resolve, reject) => Object.assign(deferred, { resolve, reject }))
  return deferred
}
const stableSocket = await import("@automerge/automerge-repo-network-websocket") // here, so that a test may have put another WebSocket in place
const nextRepo = await import("automerge-repo-next")
const nextSocket = await import("automerge-repo-next-network-websocket")
setMaxListeners(0)

export const stable = { name: "automerge-repo 2.5.6", ...pick(stableRepo, stableSocket) }
export const next = { name: "automerge-repo 2.6.0-alpha.3", ...pick(nextRepo, nextSocket) }
export const versions = [stable, next]

function pick({ Repo, generateAutomergeUrl, parseAutomergeUrl }, { WebSocketClientAdapter }) {
  return { Repo, WebSocketClientAdapter, generateAutomergeUrl, parseAutomergeUrl }
}

// device connects a new client to the server. Options: storage, a directory to persist in; gossip, to hear of remote heads; repo, more
// options of Repo; offline, to begin without a connection. It is closed when the test ends.
export async function device(t, version, server, { storage, gossip = false, offline = false, repo = {} } = {}) {
  const made = new Device(version, server, { storage, gossip, repo })
  t.after(() => made.close())
  if (!offline) await made.connected()
  else {
    await until(() => made.line.socket, "the socket that a new Repo opens by itself")
    await made.cut()
  }
  return made
}

export class Device {
  constructor(version, server, { storage, gossip, repo }) {
    this.line = new version.WebSocketClientAdapter(server.url, 200)
    this.line.onError = () => {} // 2.5.6 throws anything but ECONNREFUSED; the close that follows is enough
    this.storage = storage && new NodeFSStorageAdapter(storage)
    this.repo = new version.Repo({
      network: [this.line],
      storage: this.storage,
      enableRemoteHeadsGossiping: gossip,
      ...repo,
    })
  }

  connected() {
    return until(() => this.repo.peers.length > 0, `a connection of ${this.repo.peerId}`)
  }

  get serverPeer() {
    return this.repo.peers[0]
  }

  // cut closes the socket for good, until reconnect. It resolves when the socket is closed.
  async cut() {
    const socket = this.line.socket
    if (!socket) return
    socket.addEventListener("error", () => {}) // of a socket that is closed while it still connects
    this.line.disconnect()
    await until(() => socket.readyState === WebSocket.CLOSED, "a closed socket")
  }

  // cutOff resolves when the device has noticed that its line is down. 2.5.6 throws when it has to send on a socket that is closing.
  cutOff() {
    return until(() => this.repo.peers.length === 0, `${this.repo.peerId} to notice that the line is down`)
  }

  async reconnect() {
    this.line.connect(this.repo.peerId, this.line.peerMetadata)
    await this.connected()
  }

  // find is repo.find with a deadline.
  find(url, ms = 10_000) {
    return within(this.repo.find(url), `find(${url})`, ms)
  }

  async close() {
    this.line.connect = () => {} // 2.5.6 would still dial once more, and for ever, after disconnect
    await this.cut()
  }
}

// scratch makes a directory for a device's storage. It goes when the test process does, for a client may write until then.
export function scratch() {
  const dir = mkdtempSync(join(tmpdir(), "tavle-device-"))
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export const headsOf = handle => [...handle.heads()].sort().join()
export const same = (...handles) => new Set(handles.map(headsOf)).size === 1
export const allSame = (handles, what, ms) => until(() => same(...handles), what ?? "equal heads", ms)
