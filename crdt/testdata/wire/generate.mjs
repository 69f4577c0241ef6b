// Records the frames of automerge-repo, and what cbor-x makes of ours.
// How to run it: README.md beside this file.
import { writeFileSync, readFileSync, existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { once } from "node:events"
import { createRequire } from "node:module"

const here = dirname(fileURLToPath(import.meta.url))
const require = createRequire(join(process.cwd(), "x.js"))
const { Repo } = await import(require.resolve("@automerge/automerge-repo"))
const net = await import(require.resolve("@automerge/automerge-repo-network-websocket"))
const { WebSocket, WebSocketServer } = require("ws")
const { decode } = require("cbor-x")

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
const hex = bytes => Buffer.from(bytes).toString("hex")

// plain turns a decoded frame into JSON: bytes as {hex}, undefined as a mark.
const plain = value => {
  if (value === undefined) return "(undefined)"
  if (typeof value === "bigint") return { bigint: String(value) }
  if (value instanceof Uint8Array) return { hex: hex(value) }
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
}

class MemoryStorage {
  #data = new Map()
  async load(key) { return this.#data.get(key.join("/")) }
  async save(key, value) { this.#data.set(key.join("/"), value) }
  async remove(key) { this.#data.delete(key.join("/")) }
  async loadRange(prefix) {
    const start = prefix.join("/") + "/"
    return [...this.#data].filter(([k]) => k.startsWith(start)).map(([k, data]) => ({ key: k.split("/"), data }))
  }
  async removeRange(prefix) {
    for (const k of this.#data.keys()) if (k.startsWith(prefix.join("/") + "/")) this.#data.delete(k)
  }
}

async function capture() {
  const frames = []
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" })
  await once(server, "listening")
  const serverRepo = new Repo({
    network: [new net.WebSocketServerAdapter(server)],
    storage: new MemoryStorage(), peerId: "server", isEphemeral: false,
    sharePolicy: async () => false, enableRemoteHeadsGossiping: true,
  })
  const recorder = new WebSocketServer({ port: 0, host: "127.0.0.1" })
  await once(recorder, "listening")
  recorder.on("connection", client => {
    const upstream = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
    const waiting = []
    const record = (from, bytes) => {
      const decoded = decode(bytes)
      frames.push({ from, type: decoded.type, hex: hex(bytes), decoded: plain(decoded) })
    }
    client.on("message", bytes => {
      record("client", bytes)
      upstream.readyState === WebSocket.OPEN ? upstream.send(bytes) : waiting.push(bytes)
    })
    upstream.on("open", () => waiting.splice(0).forEach(bytes => upstream.send(bytes)))
    upstream.on("message", bytes => { record("server", bytes); client.send(bytes) })
    client.on("close", () => upstream.close())
    upstream.on("close", () => client.close())
  })
  const url = `ws://127.0.0.1:${recorder.address().port}`
  const client = (peerId, storage) => new Repo({
    network: [new net.WebSocketClientAdapter(url, 0)], peerId, storage, enableRemoteHeadsGossiping: true,
  })

  const alice = client("alice", new MemoryStorage()) // a store that lasts
  await sleep(300)
  alice.subscribeToRemotes([await serverRepo.storageId()])
  const doc = alice.create({ title: "Board" })
  await sleep(500)
  const bob = client("bob") // no store
  await sleep(300)
  bob.subscribeToRemotes([await alice.storageId()])
  const copy = await bob.find(doc.url)
  await copy.whenReady()
  copy.on("ephemeral-message", () => {})
  copy.broadcast({ here: true, name: "Bob æøå" })
  copy.change(d => { d.title = "Board of the street" })
  await sleep(500)
  doc.broadcast(new Uint8Array([1, 2, 3]))
  doc.change(d => { d.title = "Board of our street" })
  await sleep(500)
  await bob.find("automerge:2Gg9iD1YkVRgYeiK2WgZeegammdb").catch(() => {})
  await sleep(300)

  const stranger = new WebSocket(url)
  await once(stranger, "open")
  stranger.send(new (require("cbor-x").Encoder)({ tagUint8Array: false, useRecords: false })
    .encode({ type: "join", senderId: "stranger", supportedProtocolVersions: ["9"] }))
  await sleep(300)

  // One of each shape is enough: the first two of every (from, type).
  const seen = {}
  return frames.filter(f => (seen[f.from + f.type] = (seen[f.from + f.type] ?? 0) + 1) <= 2)
}

// Shapes of other clients, put together by hand from what their sources say.
function shapes() {
  const cat = (...parts) => Buffer.concat(parts.map(p => (typeof p === "string" ? Buffer.from(p, "hex") : p)))
  const head = (major, n) =>
    n < 24 ? Buffer.from([(major << 5) | n]) : n < 256 ? Buffer.from([(major << 5) | 24, n]) : Buffer.from([(major << 5) | 25, n >> 8, n & 255])
  const text = s => cat(head(3, Buffer.byteLength(s)), Buffer.from(s))
  const bytes = h => cat(head(2, h.length / 2), h)
  const list = (...items) => cat(head(4, items.length), ...items)
  const map = (...pairs) => cat(head(5, pairs.length), ...pairs.map(([k, v]) => cat(text(k), v)))
  const open = (...pairs) => cat("bf", ...pairs.map(([k, v]) => cat(text(k), v)), "ff")
  const id = "2Gg9iD1YkVRgYeiK2WgZeegammdb", raw = "5b2d7e0c3f1a4968871fa2b3c4d5e6f7"
  const ids = [["senderId", text("tablet")], ["targetId", text("syncd")]]
  const t = s => ["type", text(s)]
  const storage = "7b87ee37-4ff3-4b7c-a0c5-5f833563f3b7"
  const head1 = "gEyX77DkCVdD8USyZqKGBPfjMgyPcsag3ZdFcq1vBy9TULbNB"
  const shape = (name, frame) => ({ name, hex: hex(frame) })
  return [
    shape("swift join: versions as one text", map(["senderId", text("tablet")], ["supportedProtocolVersions", text("1")],
      ["peerMetadata", map(["storageId", text(storage)], ["isEphemeral", Buffer.from([0xf4])])], t("join"))),
    shape("swift join: no store, null for its id", map(["senderId", text("tablet")], ["supportedProtocolVersions", text("1")],
      ["peerMetadata", map(["storageId", cat("f6")], ["isEphemeral", cat("f5")])], t("join"))),
    shape("samod join: metadata under its older name", map(t("join"), ["senderId", text("tablet")],
      ["supportedProtocolVersions", list(text("1"))], ["metadata", map(["isEphemeral", cat("f5")])])),
    shape("join without versions and metadata", map(t("join"), ["senderId", text("tablet")])),
    shape("leave", map(t("leave"), ["senderId", text("tablet")])),
    shape("sync: indefinite map, extra key", open(["extra", list(cat("f7"), map(["deep", cat("80")]))],
      ["data", bytes("4200000000")], ["documentId", text(id)], ...ids, t("sync"))),
    shape("sync: document id as raw bytes, data as typed array", map(...ids, ["documentId", bytes(raw)],
      ["data", cat("d840", bytes("4200000000"))], t("sync"))),
    shape("ephemeral: count as float64", map(t("ephemeral"), ...ids, ["documentId", text(id)], ["sessionId", text("s1")],
      ["count", cat("fb41f0000000100000")], ["data", bytes("a0")])),
    shape("ephemeral: count as float32 and half", map(t("ephemeral"), ...ids, ["documentId", text(id)], ["sessionId", text("s1")],
      ["count", cat("f94900")], ["data", bytes("a0")])),
    shape("subscription change: removes, add is undefined", map(t("remote-subscription-change"), ...ids, ["add", cat("f7")],
      ["remove", list(text(storage))])),
    shape("heads changed: timestamp as integer", map(t("remote-heads-changed"), ...ids, ["documentId", text(id)],
      ["newHeads", map([storage, map(["heads", list(text(head1))], ["timestamp", cat("1b000001a202010cd5")])])])),
  ]
}

const write = (name, value) => writeFileSync(join(here, name), JSON.stringify(value, null, 1) + "\n")

if (process.argv[2] === "capture") write("automerge-repo-2.5.6.json", await capture())

if (process.argv[2] === "shapes") write("shapes.json", shapes().map(v => ({ ...v, decoded: plain(decode(Buffer.from(v.hex, "hex"))) })))

// ours.json is written by `go test ./crdt/wire -run TestOurFrames -update`; this adds how
// cbor-x reads the frames.
if (process.argv[2] === "ours" && existsSync(join(here, "ours.json"))) {
  const ours = JSON.parse(readFileSync(join(here, "ours.json")))
  write("ours.json", ours.map(v => ({ name: v.name, hex: v.hex, decoded: plain(decode(Buffer.from(v.hex, "hex"))) })))
}
process.exit(0)
