// Devices that write, read, leave and come back hold the same in the end.

import assert from "node:assert/strict"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import { allSame, device, same, versions } from "../lib/device.mjs"
import { startServer } from "../lib/server.mjs"

for (const version of versions) {
  test(`${version.name}: what one creates another finds at once, 40 of 40`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    let found = 0
    const refused = []
    for (let i = 0; i < 40; i++) {
      const created = a.repo.create({ number: i })
      try {
        const handle = await b.find(created.url)
        assert.equal(handle.doc().number, i)
        found++
      } catch (error) {
        refused.push(`${i}: ${error.message}`)
      }
    }
    assert.equal(found, 40, refused.join("\n"))
  })

  test(`${version.name}: two devices write by turns`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    const mine = a.repo.create({ said: [] })
    const theirs = await b.find(mine.url)
    for (let i = 0; i < 10; i++) {
      const [writer, reader] = i % 2 ? [theirs, mine] : [mine, theirs]
      writer.change(doc => doc.said.push(`line ${i}`))
      await allSame([writer, reader], `turn ${i}`)
    }
    assert.deepEqual(theirs.doc().said, Array.from({ length: 10 }, (_, i) => `line ${i}`))
  })

  test(`${version.name}: three devices write at the same time`, async t => {
    const server = await startServer(t)
    const devices = await Promise.all([1, 2, 3].map(() => device(t, version, server)))
    const first = devices[0].repo.create({ posts: {} })
    const handles = [first, await devices[1].find(first.url), await devices[2].find(first.url)]
    for (let round = 0; round < 20; round++) {
      handles.forEach((handle, who) => handle.change(doc => (doc.posts[`${who}-${round}`] = { who, round })))
    }
    await allSame(handles)
    assert.equal(Object.keys(handles[2].doc().posts).length, 60)
  })

  test(`${version.name}: edits made offline on both sides merge after reconnecting`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    const ofA = a.repo.create({ title: "board", list: ["both"], posts: {} })
    const ofB = await b.find(ofA.url)
    for (let cycle = 0; cycle < 3; cycle++) {
      await Promise.all([a.cut(), b.cut()])
      for (let i = 0; i < 30; i++) {
        ofA.change(doc => (doc.posts[`a${cycle}-${i}`] = "from A"))
        ofB.change(doc => (doc.posts[`b${cycle}-${i}`] = "from B"))
      }
      ofA.change(doc => doc.list.unshift(`A${cycle}`))
      ofB.change(doc => doc.list.push(`B${cycle}`))
      assert.ok(!same(ofA, ofB), "a cut line must not carry anything")
      await Promise.all([a.reconnect(), b.reconnect()])
      await allSame([ofA, ofB], `cycle ${cycle}`)
    }
    assert.equal(Object.keys(ofA.doc().posts).length, 180)
    assert.deepEqual(A.toJS(ofA.doc()), A.toJS(ofB.doc()))
    assert.deepEqual([...ofA.doc().list], ["A2", "A1", "A0", "both", "B0", "B1", "B2"])
  })

  test(`${version.name}: a document made offline arrives when the device connects`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server, { offline: true })
    const created = a.repo.create({ made: "offline" })
    created.change(doc => (doc.more = "also offline"))
    await a.reconnect()
    const b = await device(t, version, server)
    const found = await findSoon(b, created.url)
    await allSame([created, found])
    assert.equal(found.doc().more, "also offline")
  })

  test(`${version.name}: text, counters, marks, conflicts, lists, deletions`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    const ofA = a.repo.create({
      text: "Grillen tændes kl. 17",
      seats: new A.Counter(10),
      list: ["a", "b", "c", "d"],
      title: "before",
      gone: { deep: [1, 2, 3] },
      code: new A.ImmutableString("k7q2"),
      when: new Date(0),
      bytes: new Uint8Array([0, 255]),
    })
    const ofB = await b.find(ofA.url)
    await Promise.all([a.cut(), b.cut()])
    ofA.change(doc => {
      A.splice(doc, ["text"], 0, 0, "🔥 ")
      doc.seats.increment(3)
      doc.list.deleteAt(1)
      doc.title = "of A"
      delete doc.gone
      A.mark(doc, ["text"], { start: 0, end: 5, expand: "both" }, "strong", true)
    })
    ofB.change(doc => {
      A.splice(doc, ["text"], doc.text.length, 0, ", ses vi? 👋🏽")
      doc.seats.decrement(1)
      doc.list.insertAt(2, "between")
      doc.title = "of B"
      doc.gone.deep.push(4)
    })
    await Promise.all([a.reconnect(), b.reconnect()])
    await allSame([ofA, ofB])
    for (const handle of [ofA, ofB]) {
      const doc = handle.doc()
      assert.equal(doc.text, "🔥 Grillen tændes kl. 17, ses vi? 👋🏽")
      assert.equal(doc.seats.value, 12)
      assert.deepEqual([...doc.list], ["a", "between", "c", "d"])
      assert.equal("gone" in doc, false)
      assert.deepEqual(Object.values(A.getConflicts(doc, "title")).sort(), ["of A", "of B"])
      assert.equal(A.marks(doc, ["text"]).length, 1)
      assert.equal(String(doc.code), "k7q2")
      assert.deepEqual([...doc.bytes], [0, 255])
    }
  })

  test(`${version.name}: 20 000 characters are pasted, and deleted again`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    const ofA = a.repo.create({ text: "" })
    const ofB = await b.find(ofA.url)
    const pasted = "Rødgrød med fløde. ".repeat(1053).slice(0, 20_000)
    ofA.change(doc => A.splice(doc, ["text"], 0, 0, pasted))
    await allSame([ofA, ofB], "the pasted text")
    assert.equal(ofB.doc().text, pasted)
    ofB.change(doc => A.splice(doc, ["text"], 0, 20_000))
    await allSame([ofA, ofB], "the deletion")
    assert.equal(ofA.doc().text, "")
  })

  test(`${version.name}: a change of 24 kB, an empty change, a change in the past`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    const ofA = a.repo.create({ title: "first" })
    const ofB = await b.find(ofA.url)
    const then = ofA.heads()
    const noise = Array.from({ length: 24_000 }, (_, i) => String.fromCharCode(33 + ((i * i * 31 + i * 7) % 90))).join("")
    ofA.change(doc => (doc.noise = new A.ImmutableString(noise)))
    ofA.update(doc => A.emptyChange(doc))
    ofA.changeAt(then, doc => (doc.title = "written from the past"))
    assert.ok(ofA.heads().length > 1, "changeAt makes a second head")
    await allSame([ofA, ofB])
    assert.equal(String(ofB.doc().noise), noise)
    assert.equal(ofB.doc().title, "written from the past")
  })

  test(`${version.name}: a document without content is a document`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    for (let i = 0; i < 5; i++) {
      const empty = a.repo.create()
      const found = await findSoon(b, empty.url)
      assert.deepEqual(A.toJS(found.doc()), {})
      found.change(doc => (doc.now = "something"))
      await allSame([empty, found])
      assert.equal(empty.doc().now, "something")
    }
  })

  test(`${version.name}: 200 small documents with two devices`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    const made = Array.from({ length: 200 }, (_, number) => a.repo.create({ number, replies: [] }))
    const found = await Promise.all(made.map(handle => findSoon(b, handle.url)))
    found.forEach((handle, i) => handle.change(doc => doc.replies.push(`reply ${i}`)))
    for (let i = 0; i < made.length; i++) await allSame([made[i], found[i]], `document ${i}`)
    assert.deepEqual(made.map(handle => handle.doc().replies[0]), made.map((_, i) => `reply ${i}`))
  })
}

test("devices of both versions share a document", async t => {
  const server = await startServer(t)
  const [a, b] = [await device(t, versions[0], server), await device(t, versions[1], server)]
  const ofA = a.repo.create({ posts: [] })
  const ofB = await findSoon(b, ofA.url)
  for (let i = 0; i < 10; i++) (i % 2 ? ofA : ofB).change(doc => doc.posts.push(i))
  await allSame([ofA, ofB])
  assert.equal(ofA.doc().posts.length, 10)
})

// findSoon finds a document that may still be on its way to the server: it tries again when told "unavailable". Finding at once has a
// test of its own above.
async function findSoon(b, url, tries = 20) {
  for (;;) {
    try {
      return await b.find(url)
    } catch (error) {
      if (--tries === 0) throw error
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}
