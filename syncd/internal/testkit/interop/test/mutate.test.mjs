// Real histories with a few bytes changed and the checksums repaired. The server may refuse them, or take them; what it hands on to
// a client must be good for that client: it loads, reads, saves and is written to without a panic.
//
// TAVLE_SEED repeats a run; TAVLE_MUTATE_SECONDS and TAVLE_MUTATIONS make it longer.

import assert from "node:assert/strict"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import { bodyOf, changeChunk, chunk, readUleb, syncMessage } from "../lib/bytes.mjs"
import { stable } from "../lib/device.mjs"
import { RawPeer } from "../lib/raw-peer.mjs"
import { startServer } from "../lib/server.mjs"
import { pause, until } from "../lib/until.mjs"

const seed = Number(process.env.TAVLE_SEED ?? Date.now() % 2 ** 31)
const seconds = Number(process.env.TAVLE_MUTATE_SECONDS ?? 15)
const mutationsMax = Number(process.env.TAVLE_MUTATIONS ?? 6000)
const workers = 12
const answerWithin = 3000 // ms: an answer, or the end of the connection

test("mutated histories that the server takes never break a client", async t => {
  const server = await startServer(t)
  const random = generator(seed)
  const histories = [posts(), text(), lists()]
  const tally = { sent: 0, accepted: 0, refused: 0, silent: 0 }
  const broken = []
  const deadline = Date.now() + seconds * 1000

  const work = async () => {
    while (Date.now() < deadline && tally.sent < mutationsMax) {
      const history = histories[Math.floor(random() * histories.length)]
      const at = Math.floor(random() * history.length)
      const body = mutate(bodyOf(history[at]), random)
      const mutated = chunk(changeChunk, body)
      const before = history.slice(0, at)
      const documentId = stable.parseAutomergeUrl(stable.generateAutomergeUrl()).documentId
      tally.sent++
      const verdict = await offer(server, documentId, [...before, mutated.bytes], mutated.hash)
      tally[verdict]++
      if (verdict !== "accepted") continue
      try {
        await readAsClient(server, documentId, mutated.hash.toString("hex"))
      } catch (error) {
        broken.push({ error: String(error?.message ?? error).slice(0, 200), body: body.toString("hex"), before: before.length })
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  t.diagnostic(`seed ${seed}: ${JSON.stringify(tally)}, ${broken.length} broke a client, server ${Math.round(server.rss)} MiB`)
  assert.ok(server.alive, "the server lives")
  assert.ok(tally.sent > 200, "enough was tried")
  assert.ok(tally.accepted > 0, "something was taken, so that clients were tried at all")
  assert.ok(server.rss < 400, `the server uses ${server.rss} MiB`)
  assert.deepEqual(broken, [])
})

test("histories that are not mutated are taken and read", async t => {
  const server = await startServer(t)
  for (const history of [posts(), text(), lists()]) {
    const documentId = stable.parseAutomergeUrl(stable.generateAutomergeUrl()).documentId
    const repacked = history.map(one => chunk(changeChunk, bodyOf(one)))
    const last = repacked.at(-1).hash
    assert.equal(await offer(server, documentId, repacked.map(one => one.bytes), last), "accepted")
    await readAsClient(server, documentId, last.toString("hex"))
  }
})

// offer sends changes of a new document over a connection of its own and tells what became of the last one.
async function offer(server, documentId, changes, hash) {
  const peer = await RawPeer.join(server)
  try {
    const verdict = new Promise(resolve => {
      peer.socket.on("close", () => resolve("refused"))
      peer.onMessage = message => {
        if (message.documentId !== documentId || !message.data) return
        const heads = headsIn(Buffer.from(message.data))
        resolve(heads.some(head => head.equals(hash)) ? "accepted" : "refused")
      }
    })
    peer.sync(documentId, syncMessage({ heads: [hash], changes }))
    return await Promise.race([verdict, pause(answerWithin).then(() => "silent")])
  } finally {
    peer.close()
  }
}

// headsIn reads the heads of a sync message.
function headsIn(data) {
  const [count, at] = readUleb(data, 1)
  return Array.from({ length: count }, (_, i) => data.subarray(at + 32 * i, at + 32 * i + 32))
}

// readAsClient syncs the document into a fresh client until it has the wanted head, and uses it. Whatever that throws is a broken client.
async function readAsClient(server, documentId, wanted) {
  const peer = await RawPeer.join(server)
  try {
    let doc = A.init()
    let state = A.initSyncState()
    let failed
    const say = type => {
      let data
      ;[state, data] = A.generateSyncMessage(doc, state)
      if (data) peer.send({ type, senderId: peer.id, targetId: peer.server, documentId, data })
    }
    peer.onMessage = message => {
      if (message.documentId !== documentId || !message.data || failed) return
      try {
        ;[doc, state] = A.receiveSyncMessage(doc, state, message.data)
        say("sync")
      } catch (error) {
        failed = error
      }
    }
    say("request")
    await until(() => failed || A.getHeads(doc).includes(wanted), "a client to hold the mutated history", 10_000)
    if (failed) throw failed
    A.toJS(doc)
    const loaded = A.load(A.save(doc))
    assert.deepEqual(A.getHeads(loaded), A.getHeads(doc))
    A.change(doc, d => (d.afterwards = true))
    A.merge(A.init(), loaded)
  } finally {
    peer.close()
  }
}

// mutate changes one to three bytes of a change, or takes one out, or puts one in.
function mutate(body, random) {
  const pick = n => Math.floor(random() * n)
  const edgy = [0x00, 0x01, 0x7f, 0x80, 0xff]
  for (let n = 1 + pick(3); n > 0; n--) {
    const at = pick(body.length)
    const how = pick(6)
    if (how === 0) body = Buffer.concat([body.subarray(0, at), body.subarray(at + 1)])
    else if (how === 1) body = Buffer.concat([body.subarray(0, at), Buffer.from([pick(256)]), body.subarray(at)])
    else if (how === 2) body[at] = edgy[pick(edgy.length)]
    else if (how === 3) body[at] ^= 1 << pick(8)
    else body[at] = (body[at] + (how === 4 ? 1 : 255)) & 255
  }
  return body
}

// --- Real histories, small and of many kinds --------------------------------------------------------------------------------

function history(initial, ...edits) {
  let doc = A.from(initial, { actor: "11".repeat(16) })
  let other = A.clone(doc, { actor: "22".repeat(16) })
  edits.forEach((edit, i) => {
    if (i % 3 === 2) {
      other = A.change(other, { time: i }, edit)
      doc = A.merge(doc, other)
    } else {
      doc = A.change(doc, { time: i, message: i % 2 ? "edit" : undefined }, edit)
      if (i % 2) other = A.merge(other, doc)
    }
  })
  return A.getAllChanges(doc)
}

function posts() {
  return history(
    { posts: {}, title: "Tavle" },
    d => (d.posts.a = { title: new A.ImmutableString("Gårdfest"), replies: [], seats: new A.Counter(4) }),
    d => (d.posts.b = { title: "Soep over", body: "Neem zelf een bakje mee", createdAt: new Date(5) }),
    d => (d.title = "Prikbord"),
    d => d.posts.a.replies.push({ author: "Lis", body: "Jeg kommer" }),
    d => d.posts.a.seats.increment(2),
    d => (d.title = "Board"),
    d => delete d.posts.b,
    d => (d.posts.c = { big: 2 ** 40, negative: -3, half: 0.5, nothing: null, yes: true, bytes: new Uint8Array([1, 2, 3]) }),
  )
}

function text() {
  return history(
    { text: "Grillen tændes klokken sytten" },
    d => A.splice(d, ["text"], 8, 7, "er varm"),
    d => A.mark(d, ["text"], { start: 0, end: 7, expand: "both" }, "strong", true),
    d => A.splice(d, ["text"], 0, 0, "🔥 "),
    d => A.splice(d, ["text"], 5, 3),
    d => A.unmark(d, ["text"], { start: 2, end: 5, expand: "none" }, "strong"),
    d => A.splice(d, ["text"], 1, 1, "x"),
    d => (d.more = "another text that is long enough for a run of several letters"),
  )
}

function lists() {
  return history(
    { list: ["a", "b", "c"], nested: [[1], [2, [3]]] },
    d => d.list.insertAt(1, "between"),
    d => d.list.deleteAt(0),
    d => d.list.push("z", "y"),
    d => d.nested[1][1].push({ deep: ["er"] }),
    d => (d.list[0] = new A.ImmutableString("replaced")),
    d => d.list.splice(1, 2),
    d => d.nested.unshift(new A.Counter(1)),
    d => d.nested[0].increment(5),
  )
}

// generator is mulberry32: small numbers that only depend on the seed.
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
