// One client sends what no honest client sends. Two others work on the same document meanwhile, and must not notice.

import assert from "node:assert/strict"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import { change, setKey, syncMessage } from "../lib/bytes.mjs"
import { allSame, device, stable } from "../lib/device.mjs"
import { hostileMessages } from "../lib/hostile-messages.mjs"
import { RawPeer } from "../lib/raw-peer.mjs"
import { startServer } from "../lib/server.mjs"
import { until } from "../lib/until.mjs"

const memoryMax = 400 // MiB of resident memory, whatever is sent
const noticed = 5000 // ms that a change of an honest client may take while somebody is hostile

// A table is one server with an honest writer and reader on one document.
async function setTable(t) {
  const server = await startServer(t)
  const [writer, reader] = [await device(t, stable, server), await device(t, stable, server)]
  const written = writer.repo.create({ posts: {}, text: "Grillen tændes" })
  const read = await until(() => reader.find(written.url).catch(() => false), "the document")
  await allSame([written, read])
  return { server, written, read, number: 0 }
}

// honestWork is one change by one of the two, seen by the other.
async function honestWork(table, what) {
  const number = table.number++
  const [by, seenBy] = number % 2 ? [table.read, table.written] : [table.written, table.read]
  by.change(doc => (doc.posts[`p${number}`] = number))
  await until(() => seenBy.doc().posts[`p${number}`] === number, `an honest change after ${what}`, noticed)
}

const unknown = () => stable.parseAutomergeUrl(stable.generateAutomergeUrl()).documentId

function stateOf(doc) {
  const ends = A.getAllChanges(doc).map(A.decodeChange).map(one => one.startOp + one.ops.length)
  return { heads: A.getHeads(doc), nextOp: Math.max(...ends), unknown }
}

// What the hostile changes are made of is right as long as nothing is wrong with it on purpose.
test("a change made by hand is taken, and reaches the others", async t => {
  const table = await setTable(t)
  const peer = await RawPeer.join(table.server)
  const { heads, nextOp } = stateOf(table.written.doc())
  const made = change({ deps: heads, startOp: nextOp, columns: setKey({ key: "byHand" }) })
  peer.sync(table.written.documentId, syncMessage({ heads: [made.hash], changes: [made.bytes] }))
  await until(() => table.written.doc().byHand === 7 && table.read.doc().byHand === 7, "the change made by hand")
  peer.close()
})

test("hostile messages hurt nobody", async t => {
  let table = await setTable(t)
  let peak = 0
  for (const { name, joined, send } of hostileMessages) {
    let unharmed = false
    await t.test(name, async () => {
      const peer = await (joined ? RawPeer.join(table.server) : RawPeer.connect(table.server))
      try {
        send(peer, table.written.documentId, stateOf(table.written.doc()))
        await honestWork(table, name)
        await settled(peer) // the server has read everything
        await honestWork(table, `${name}, for a while`)
        assert.ok(table.server.alive, "the server lives")
        peak = Math.max(peak, table.server.rss)
        assert.ok(table.server.rss < memoryMax, `the server uses ${Math.round(table.server.rss)} MiB`)
        unharmed = true
      } finally {
        peer.close()
      }
    })
    if (!unharmed) table = await setTable(t) // one broken table does not spoil the next message's
  }
  t.diagnostic(`peak resident memory: ${Math.round(peak)} MiB after ${hostileMessages.length} messages`)

  await t.test("afterwards a fresh client reads what the honest ones wrote, also after a restart", async () => {
    await honestWork(table, "everything")
    for (const restart of [false, true]) {
      if (restart) await table.server.restart("SIGKILL")
      const fresh = await device(t, stable, table.server)
      const found = await until(() => fresh.find(table.written.url).catch(() => false), "the document")
      await allSame([table.written, table.read, found], restart ? "after a restart" : "for a fresh client")
      for (let i = 0; i < table.number; i++) assert.equal(found.doc().posts[`p${i}`], i)
    }
  })
})

// settled waits until a ping that follows what was sent is answered, or the server has hung up.
async function settled(peer) {
  let answered = false
  peer.socket.once("pong", () => (answered = true))
  if (!peer.closed) peer.socket.ping(() => {})
  await until(() => answered || peer.closed, "the server to have read what was sent, or to hang up", noticed)
}
