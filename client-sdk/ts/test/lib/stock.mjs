// A client that is plain automerge-repo: nothing of this package, and no way to leave a change out.

import { cbor, NetworkAdapter, Repo } from "@automerge/automerge-repo"
import WebSocket from "ws"

class Adapter extends NetworkAdapter {
  cuts = 0
  #joined
  #here = new Promise(joined => (this.#joined = joined))
  isReady = () => false
  whenReady = () => this.#here

  constructor(url) {
    super()
    this.url = url
  }

  connect(peerId, peerMetadata) {
    this.peerId = peerId
    this.socket = new WebSocket(this.url)
    this.socket.binaryType = "arraybuffer"
    this.socket.on("open", () => this.send({ type: "join", senderId: peerId, peerMetadata, supportedProtocolVersions: ["1"] }))
    this.socket.on("close", () => this.cuts++)
    this.socket.on("message", data => {
      const message = cbor.decode(new Uint8Array(data))
      if (message.type === "peer") {
        this.emit("peer-candidate", { peerId: message.senderId, peerMetadata: message.peerMetadata })
        this.#joined()
      } else this.emit("message", message)
    })
  }

  send(message) {
    if (this.socket.readyState === 1) this.socket.send(cbor.encode(message))
  }

  disconnect() {
    this.socket?.removeAllListeners("close")
    this.socket?.close()
  }
}

export function stock(t, url) {
  const adapter = new Adapter(url)
  const repo = new Repo({ network: [adapter] })
  t.after(() => repo.shutdown())
  return { repo, adapter }
}
