// Much at once: a device that announces a thousand documents, and one that comes new to a long history.

import assert from "node:assert/strict"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import { allSame, device, headsOf, stable, versions } from "../lib/device.mjs"
import { isReference, startServer } from "../lib/server.mjs"
import { until } from "../lib/until.mjs"

// longDocument has 5 000 changes.
function longDocument() {
  let doc = A.from({ posts: {} })
  for (let i = 0; i < 4999; i++) {
    doc = A.change(doc, d => (d.posts[`p${i % 700}`] = new A.ImmutableString(`version ${i}`)))
  }
  return doc
}

for (const version of versions) {
  test(`${version.name}: 1 000 documents are announced at once, and another device is served meanwhile`, async t => {
    const server = await startServer(t)
    const [b, c] = [await device(t, version, server), await device(t, version, server)]
    const a = await device(t, version, server, { offline: true })
    const made = Array.from({ length: 1000 }, (_, number) => a.repo.create({ number }))
    const shared = b.repo.create({ turns: [] })
    const other = await c.find(shared.url)
    await a.reconnect()
    for (let turn = 0; turn < 10; turn++) {
      shared.change(doc => doc.turns.push(turn))
      await allSame([shared, other], `turn ${turn} while the thousand arrive`)
    }
    const fresh = await device(t, version, server)
    const found = async handle => {
      const theirs = await until(() => fresh.find(handle.url).catch(() => false), `document ${handle.doc().number}`, 30_000)
      await allSame([handle, theirs])
    }
    for (let i = 0; i < made.length; i += 50) await Promise.all(made.slice(i, i + 50).map(found))
    if (!isReference) assert.ok(server.rss < 200, `the server uses ${server.rss} MiB`)
  })

  test(`${version.name}: a fresh device gets a document of 5 000 changes`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server)
    const ofA = a.repo.import(A.save(longDocument()))
    assert.equal(A.getAllChanges(ofA.doc()).length, 5000)
    const b = await device(t, version, server)
    const ofB = await until(() => b.find(ofA.url).catch(() => false), "the document", 20_000)
    await allSame([ofA, ofB], "all 5 000 changes", 20_000)
    const one = A.getHeads(ofB.doc())
    ofB.change(d => (d.more = true))
    await allSame([ofA, ofB], "one more on top")
    assert.notEqual(one.join(), headsOf(ofA))
    await server.restart("SIGTERM")
    await Promise.all([a.close(), b.close()])
    const c = await device(t, version, server)
    const ofC = await until(() => c.find(ofA.url).catch(() => false), "the document after a restart", 20_000)
    await until(() => headsOf(ofC) === headsOf(ofA), "all of it after a restart", 20_000)
  })

  test(`${version.name}: a device that has a long document from elsewhere has written in it while offline`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server)
    const doc = longDocument()
    const ofA = a.repo.import(A.save(doc))
    const b = await device(t, version, server)
    await until(() => b.find(ofA.url).catch(() => false), "the document", 20_000)
    // It knows all changes, and nothing of what the server has: its own is found by filters over the whole document.
    const c = await device(t, version, server, { offline: true })
    const written = A.change(A.clone(doc), d => (d.posts.mine = new A.ImmutableString("while offline")))
    const ofC = c.repo.import(A.save(written), { docId: ofA.documentId })
    await c.reconnect()
    await allSame([ofA, ofC], "what was written while offline", 20_000)
    assert.equal(String(ofA.doc().posts.mine), "while offline")
  })
}

test(`${stable.name}: 5 000 changes written one by one`, async t => {
  const server = await startServer(t)
  const [a, b] = [await device(t, stable, server), await device(t, stable, server)]
  const ofA = a.repo.create({ posts: {} })
  const ofB = await until(() => b.find(ofA.url).catch(() => false), "the document")
  for (let i = 0; i < 5000; i++) {
    ofA.change(d => (d.posts[`p${i % 100}`] = i))
    if (i % 250 === 0) await new Promise(done => setImmediate(done))
  }
  await allSame([ofA, ofB], "5 000 single changes", 30_000)
})
