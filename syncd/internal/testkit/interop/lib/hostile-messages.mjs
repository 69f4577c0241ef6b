// Messages that no honest client sends. Each has a name and send(peer, documentId, now), which is given a joined raw peer (or, with
// joined: false, one that has not joined), the document that others work on, and what is known of it: its heads in hex, nextOp, the
// number of the operation that would follow them, and unknown(), which makes ids of documents that nobody has.

import { randomBytes } from "node:crypto"
import {
  bytes, change, changeChunk, chunk, deflated, documentChunk, hex, lengthPrefixed, rleRun, setKey, sleb, syncMessage, uleb,
} from "./bytes.mjs"
import { cbor } from "./raw-peer.mjs"

const huge = [2n ** 31n, 2n ** 32n - 1n, 2n ** 40n, 2n ** 63n, 2n ** 64n - 1n]
const noise = randomBytes(32)

// --- Frames -----------------------------------------------------------------------------------------------------------

const frame = (name, data, joined = true) => ({ name: `frame: ${name}`, joined, send: peer => peer.frame(data(peer)) })

const envelope = (peer, documentId, data, more = {}) => ({
  type: "sync", senderId: peer.id, targetId: peer.server ?? "server", documentId, data, ...more,
})

const frames = [
  frame("null", () => hex("f6")),
  frame("null as the first frame", () => hex("f6"), false),
  frame("undefined", () => hex("f7")),
  frame("a number, a string, an array", () => hex("1901f4")),
  frame("an array", () => cbor(["join"])),
  frame("an empty map", () => hex("a0")),
  frame("empty", () => Buffer.alloc(0)),
  frame("text", () => '{"type":"join"}'),
  frame("text as the first frame", () => '{"type":"join"}', false),
  frame("1 000 random bytes", () => randomBytes(1000)),
  frame("arrays nested 100 000 deep", () => Buffer.alloc(100_000, 0x81)),
  frame("maps nested 100 000 deep", () => Buffer.concat(Array(100_000).fill(hex("a16161")))),
  frame("tags nested 100 000 deep", () => Buffer.alloc(100_000, 0xc1)),
  frame("indefinite arrays nested 100 000 deep", () => Buffer.alloc(100_000, 0x9f)),
  frame("an indefinite map that does not end", peer => bytes(0xbf, cbor("type"), cbor("sync"), cbor("senderId"), cbor(peer.id))),
  frame("an indefinite string of a million pieces", () => bytes(hex("bf64747970657f"), Buffer.alloc(1_000_000, 0x60), hex("ffff"))),
  ...[0x9b, 0xbb, 0x5b, 0x7b].map(major =>
    frame(`a length of 2^40 after ${major.toString(16)}`, () => bytes(hex("a16474797065"), major, hex("0000010000000000"))),
  ),
  ...[0x9b, 0xbb, 0x5b, 0x7b].map(major => frame(`a length of 2^64-1 after ${major.toString(16)}`, () => bytes(major, Buffer.alloc(8, 255)))),
  frame("an array of 2^32-1", () => hex("9affffffff")),
  frame("a map of half a million keys", () => cbor(Object.fromEntries(Array.from({ length: 500_000 }, (_, i) => [`k${i}`, i])))),
  frame("the same key twice", peer => bytes(hex("a3"), cbor("type"), cbor("sync"), cbor("type"), cbor("join"), cbor("senderId"), cbor(peer.id))),
  frame("an unknown type", peer => cbor({ type: "evil", senderId: peer.id, targetId: peer.server })),
  frame("no type", peer => cbor({ senderId: peer.id })),
  frame("a type that is a map", peer => cbor({ type: { type: "sync" }, senderId: peer.id })),
  frame("a prototype as type", peer => cbor({ type: "__proto__", senderId: "constructor" })),
  frame("a second join", peer => cbor({ type: "join", senderId: peer.id, peerMetadata: {}, supportedProtocolVersions: ["1"] })),
  frame("a join as somebody else", () => cbor({ type: "join", senderId: "somebody", peerMetadata: {}, supportedProtocolVersions: ["1"] })),
  frame("an answer to join", peer => cbor({ type: "peer", senderId: peer.id, targetId: peer.server, selectedProtocolVersion: "1" })),
  frame("leave", peer => cbor({ type: "leave", senderId: peer.id })),
  frame("an error", peer => cbor({ type: "error", senderId: peer.id, targetId: peer.server, message: "x".repeat(100_000) })),
  frame("an unknown protocol version", peer => cbor({ type: "join", senderId: peer.id, supportedProtocolVersions: ["99"] }), false),
  frame("a join without a sender", () => cbor({ type: "join", supportedProtocolVersions: ["1"] }), false),
  frame("a join with a name of 10 MB", () => cbor({ type: "join", senderId: "x".repeat(10_000_000), supportedProtocolVersions: ["1"] }), false),
  frame("a join whose name is no text", () => cbor({ type: "join", senderId: 5, peerMetadata: 7, supportedProtocolVersions: {} }), false),
  frame("a join whose name is broken UTF-8", () => bytes(hex("a2"), cbor("type"), cbor("join"), cbor("senderId"), hex("62c328")), false),
  frame("32 MB", peer => cbor(envelope(peer, "x", Buffer.alloc(32_000_000)))),
]

// --- Frames about the document --------------------------------------------------------------------------------------------

const message = (name, make, joined = true) => ({
  name: `message: ${name}`, joined, send: (peer, documentId) => peer.send(make(peer, documentId)),
})
const empty = syncMessage()

const messages = [
  message("a sync before join", (peer, id) => envelope(peer, id, empty), false),
  message("a request before join", (peer, id) => envelope(peer, id, empty, { type: "request" }), false),
  message("an ephemeral before join", (peer, id) => envelope(peer, id, hex("a0"), { type: "ephemeral", count: 1, sessionId: "s" }), false),
  message("a sender who is somebody else", (peer, id) => envelope(peer, id, empty, { senderId: "somebody" })),
  message("a sender who is the server", (peer, id) => envelope(peer, id, empty, { senderId: peer.server })),
  message("no sender", (peer, id) => envelope(peer, id, empty, { senderId: undefined })),
  message("a target who is nobody", (peer, id) => envelope(peer, id, empty, { targetId: "nobody" })),
  message("no document", peer => envelope(peer, undefined, empty)),
  message("a document id of no base58", peer => envelope(peer, "0OIl-/../../etc", empty)),
  message("a document id with a wrong checksum", (peer, id) => envelope(peer, id.slice(0, -1) + (id.endsWith("2") ? "3" : "2"), empty)),
  message("a document id of 1 MB", peer => envelope(peer, "2".repeat(1_000_000), empty)),
  message("a document id that is a number", peer => envelope(peer, 5, empty)),
  message("a document id of 15 bytes", peer => envelope(peer, randomBytes(15), empty)),
  message("data that is text", (peer, id) => envelope(peer, id, "data")),
  message("data that is a map", (peer, id) => envelope(peer, id, { heads: [] })),
  message("data that is an array of bytes", (peer, id) => envelope(peer, id, [...empty])),
  message("no data", (peer, id) => envelope(peer, id, undefined)),
  message("data of no bytes", (peer, id) => envelope(peer, id, Buffer.alloc(0))),
  message("doc-unavailable for a document that exists", (peer, id) => envelope(peer, id, undefined, { type: "doc-unavailable" })),
  message("an ephemeral without a session", (peer, id) => envelope(peer, id, hex("a0"), { type: "ephemeral" })),
  message("an ephemeral with a negative count", (peer, id) => envelope(peer, id, hex("a0"), { type: "ephemeral", count: -5, sessionId: "s" })),
  message("an ephemeral with a count of NaN", (peer, id) => envelope(peer, id, hex("a0"), { type: "ephemeral", count: NaN, sessionId: "s" })),
  message("an ephemeral of 4 MB", (peer, id) => envelope(peer, id, Buffer.alloc(4_000_000), { type: "ephemeral", count: 1, sessionId: "s" })),
  message("a subscription to a million stores", peer => ({
    type: "remote-subscription-change", senderId: peer.id, targetId: peer.server,
    add: Array.from({ length: 1_000_000 }, (_, i) => `s${i}`),
  })),
  message("a subscription to things that are no stores", peer => ({
    type: "remote-subscription-change", senderId: peer.id, targetId: peer.server, add: [1, null, {}], remove: "all",
  })),
  message("remote heads of the far future that are no heads", (peer, id) => ({
    type: "remote-heads-changed", senderId: peer.id, targetId: peer.server, documentId: id,
    newHeads: { store: { heads: ["nonsense", 5, noise], timestamp: 1e300 } },
  })),
  message("remote heads that are no map", (peer, id) => ({
    type: "remote-heads-changed", senderId: peer.id, targetId: peer.server, documentId: id, newHeads: [1, 2],
  })),
]

const floods = [
  {
    name: "flood: every beginning of a true frame", joined: true,
    send: (peer, id) => {
      const whole = cbor(envelope(peer, id, empty))
      for (let end = 0; end < whole.length; end++) peer.frame(whole.subarray(0, end))
    },
  },
  {
    name: "flood: 500 ephemerals", joined: true,
    send: (peer, id) => {
      for (let count = 1; count <= 500; count++) {
        peer.send(envelope(peer, id, cbor({ noise: "x".repeat(1000) }), { type: "ephemeral", count, sessionId: "flood" }))
      }
    },
  },
  {
    name: "flood: 2 000 requests for documents that nobody has", joined: true,
    send: (peer, id, { unknown }) => {
      for (let i = 0; i < 2000; i++) peer.send(envelope(peer, unknown(), empty, { type: "request" }))
    },
  },
  {
    name: "flood: 20 000 messages about nothing", joined: true,
    send: (peer, id) => {
      const frame = cbor(envelope(peer, id, empty))
      for (let i = 0; i < 20_000; i++) peer.frame(frame)
    },
  },
]

// --- Payloads of sync ------------------------------------------------------------------------------------------------------

const payload = (name, make) => ({
  name: `sync: ${name}`, joined: true,
  send: (peer, documentId, { heads, nextOp }) => {
    for (const data of [make(heads, nextOp)].flat()) peer.sync(documentId, data)
  },
})
const bloom = data => syncMessage({ have: [{ bloom: data }] })

const payloads = [
  payload("a Bloom filter with 0 bits an entry", () => hex("42 00 00 01 00 03 01 00 07 00")),
  payload("a Bloom filter with 2^32-1 probes", () => hex("42 00 00 01 00 08 01 0a ff ff ff ff 0f 00 00 00")),
  payload("a Bloom filter with 10 million probes", () => bloom(bytes(uleb(1), uleb(10), uleb(10_000_000), hex("ffff")))),
  payload("a Bloom filter of 2^32-1 entries", () => bloom(bytes(uleb(2n ** 32n - 1n), uleb(10), uleb(7), hex("ff")))),
  payload("a Bloom filter of 2^32-1 bits an entry", () => bloom(bytes(uleb(3), uleb(2n ** 32n - 1n), uleb(7), hex("ff")))),
  payload("a Bloom filter without probes", () => bloom(bytes(uleb(1), uleb(10), uleb(0), hex("ffff")))),
  payload("a Bloom filter with bytes too many", () => bloom(bytes(uleb(1), uleb(10), uleb(7), Buffer.alloc(1000)))),
  payload("a Bloom filter that ends early", () => bloom(bytes(uleb(10), uleb(10)))),
  payload("1 000 Bloom filters", () => syncMessage({ have: Array(1000).fill({ bloom: bytes(uleb(1), uleb(10), uleb(7), hex("ffff")) }) })),
  ...huge.flatMap(n => [
    payload(`${n} heads`, () => bytes(0x42, uleb(n))),
    payload(`${n} needs`, () => bytes(0x42, 0, uleb(n))),
    payload(`${n} haves`, () => bytes(0x42, 0, 0, uleb(n))),
    payload(`${n} changes`, () => bytes(0x42, 0, 0, 0, uleb(n))),
    payload(`a change of ${n} bytes`, () => bytes(0x42, 0, 0, 0, 1, uleb(n))),
  ]),
  payload("an overlong number", () => hex("42 8000 00 00 00")),
  payload("a number of 11 bytes", () => hex("42 ffffffffffffffffffffff01")),
  payload("an unknown type", () => hex("44 00 00 00 00")),
  payload("only a type", () => hex("42")),
  payload("bytes after the end", () => bytes(empty, randomBytes(100))),
  payload("strange flags", () => bytes(syncMessage({ type: 0x43 }), hex("ff01 02 ff"))),
  payload("heads that nobody has", () => syncMessage({ heads: [noise] })),
  payload("10 000 heads that nobody has", () => syncMessage({ heads: Array.from({ length: 10_000 }, () => randomBytes(32)) })),
  payload("10 000 needs that nobody has", () => syncMessage({ need: Array.from({ length: 10_000 }, () => randomBytes(32)) })),
  payload("a last sync that nobody has", () => syncMessage({ have: [{ lastSync: [noise] }] })),
  payload("random bytes as a change", () => syncMessage({ changes: [randomBytes(300)] })),
]

// --- Changes ------------------------------------------------------------------------------------------------------------------

const hostileChange = (name, make) => payload(`a change with ${name}`, (heads, nextOp) => {
  const made = [make(heads, nextOp)].flat()
  return syncMessage({ heads: [made.at(-1).hash], changes: made.map(one => one.bytes) })
})
const actor = n => n.toString(16).padStart(2, "0").repeat(16)

const changes = [
  hostileChange("a wrong checksum", () => {
    const one = change({ columns: setKey() })
    one.bytes[5] ^= 1
    return one
  }),
  hostileChange("no columns", () => change({})),
  hostileChange("an object of an actor that does not exist", () =>
    change({ columns: setKey({ objActor: rleRun(1, uleb(77)), objCounter: rleRun(1, uleb(1)) }) })),
  hostileChange("an object that does not exist", () =>
    change({ columns: setKey({ objActor: rleRun(1, uleb(0)), objCounter: rleRun(1, uleb(12345)) }) })),
  hostileChange("an object actor without a counter", () => change({ columns: setKey({ objActor: rleRun(1, uleb(0)) }) })),
  hostileChange("a predecessor that does not exist", (heads, startOp) => change({
    deps: heads, startOp,
    columns: setKey({ predCount: rleRun(1, uleb(1)), predActor: rleRun(1, uleb(0)), predCounter: rleRun(1, sleb(4)) }),
  })),
  hostileChange("2^32 predecessors", () => change({ columns: setKey({ predCount: rleRun(1, uleb(2n ** 32n)) }) })),
  hostileChange("30 million operations in a run", () => change({ columns: setKey({ count: 30_000_000n }) })),
  hostileChange("2^40 operations in a run", () => change({ columns: setKey({ count: 2n ** 40n }) })),
  hostileChange("2^62 operations in a run", () => change({ columns: setKey({ count: 2n ** 62n }) })),
  hostileChange("a run of no length", () => change({ columns: setKey({ action: rleRun(0, uleb(1)) }) })),
  hostileChange("2^40 nulls in a run", () => change({ columns: [[0x15, bytes(0, uleb(2n ** 40n))], [0x42, bytes(0, uleb(2n ** 40n))]] })),
  hostileChange("2^40 false in a boolean column", () => change({ columns: setKey({ insert: uleb(2n ** 40n) }) })),
  hostileChange("a literal run that ends early", () => change({ columns: setKey({ action: bytes(sleb(-1000), 1) }) })),
  hostileChange("a value longer than its bytes", () => change({ columns: setKey({ valueMeta: rleRun(1, uleb(2n ** 36n + 6n)) }) })),
  hostileChange("a text value of broken UTF-8", () => change({ columns: setKey({ valueMeta: rleRun(1, uleb((2 << 4) | 6)), value: hex("c328") }) })),
  hostileChange("a key of broken UTF-8", () => change({ columns: setKey({ keyString: rleRun(1, lengthPrefixed(hex("c328"))) }) })),
  hostileChange("an action that does not exist", () => change({ columns: setKey({ action: rleRun(1, uleb(99)) }) })),
  hostileChange("an insertion into a map", () => change({ columns: setKey({ insert: bytes(0, 1) }) })),
  hostileChange("columns in the wrong order", () => change({ columns: setKey().reverse() })),
  hostileChange("the same column twice", () => change({ columns: [...setKey(), ...setKey()] })),
  hostileChange("a column longer than the change", () => chunk(changeChunk, hex("00 01aa 01 01 00 00 00 01 42 ffffff7f"))),
  hostileChange("a column marked as deflated", () => change({ columns: setKey().map(([id, data]) => [id | 8, data]) })),
  hostileChange("2^40 columns", () => chunk(changeChunk, bytes(hex("00 01aa 01 01 00 00 00"), uleb(2n ** 40n)))),
  hostileChange("2^40 dependencies", () => chunk(changeChunk, uleb(2n ** 40n))),
  hostileChange("an actor of 2^40 bytes", () => chunk(changeChunk, bytes(0, uleb(2n ** 40n)))),
  hostileChange("an actor of no bytes", () => change({ actor: "", columns: setKey() })),
  hostileChange("an actor of 100 kB", () => change({ actor: "ab".repeat(100_000), columns: setKey() })),
  hostileChange("other actors that are itself", () => change({ others: [actor(0xaa)], columns: setKey() })),
  hostileChange("seq 0", () => change({ seq: 0, columns: setKey() })),
  hostileChange("seq 2^63", () => change({ seq: 2n ** 63n, columns: setKey() })),
  hostileChange("seq 7 of an actor never seen", () => change({ seq: 7, columns: setKey() })),
  hostileChange("startOp 0", () => change({ startOp: 0, columns: setKey() })),
  hostileChange("startOp 2^64-1", () => change({ startOp: 2n ** 64n - 1n, columns: setKey() })),
  hostileChange("startOp 2^32-1", () => change({ startOp: 2n ** 32n - 1n, columns: setKey() })),
  hostileChange("the same actor and seq twice", heads => [1, 2].map(n => change({ actor: actor(0xcc), columns: setKey({ key: `k${n}` }) }))),
  hostileChange("a dependency that nobody has", () => change({ deps: [noise.toString("hex")], columns: setKey() })),
  hostileChange("the same dependency twice", (heads, startOp) => change({ deps: [heads[0], heads[0]], startOp, columns: setKey() })),
  hostileChange("1 000 orphans", () =>
    Array.from({ length: 1000 }, (_, i) => change({ deps: [randomBytes(32).toString("hex")], actor: randomBytes(16).toString("hex"), columns: setKey() }))),
  hostileChange("a deflate bomb", () => deflated(Buffer.alloc(300_000_000))),
  hostileChange("a deflate bomb behind a good header", () => deflated(bytes(change({ columns: setKey() }).body, Buffer.alloc(100_000_000)))),
  hostileChange("broken deflate", () => {
    const one = deflated(change({ columns: setKey() }).body)
    one.bytes.fill(0xff, 12)
    return one
  }),
  hostileChange("a document chunk of rubbish", () => chunk(documentChunk, randomBytes(500))),
  hostileChange("a document chunk of 2^40 actors", () => chunk(documentChunk, uleb(2n ** 40n))),
  hostileChange("a chunk type that does not exist", () => chunk(9, randomBytes(50))),
  hostileChange("a length of 2^40", () => ({ bytes: bytes(hex("856f4a83 00000000 01"), uleb(2n ** 40n)), hash: noise })),
  hostileChange("100 kB of other actors", () =>
    change({ others: Array.from({ length: 6000 }, (_, i) => (i + 1).toString(16).padStart(32, "0")), columns: setKey() })),
]

export const hostileMessages = [...frames, ...messages, ...payloads, ...changes, ...floods]
