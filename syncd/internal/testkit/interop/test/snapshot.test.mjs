// Newcomers to a long document are sent it as one chunk, and read what everyone reads.

import assert from "node:assert/strict"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import { allSame, device, versions } from "../lib/device.mjs"
import { isReference, startServer } from "../lib/server.mjs"
import { until } from "../lib/until.mjs"

const posts = 300
const text = n => `Who has number ${n}? I looked for it in the cellar, on the stairs and in the courtyard.`

// received counts the bytes of sync messages that reach a device.
function received(device) {
  const count = { bytes: 0, chunks: 0 }
  device.line.on("message", message => {
    if (message.type !== "sync") return
    count.bytes += message.data.length
    if (message.data[0] === 0x43) count.chunks++
  })
  return count
}

for (const version of versions) {
  test(`${version.name}: a newcomer to ${posts} posts is sent them as one`, { skip: isReference }, async t => {
    const server = await startServer(t)
    const author = await device(t, version, server)
    const mine = author.repo.create({ posts: {} })
    for (let n = 0; n < posts; n++) mine.change(doc => (doc.posts[n] = { text: text(n), replies: [] }))
    const first = await device(t, version, server)
    const one = received(first)
    const theirs = await first.find(mine.url)
    await allSame([mine, theirs])
    await until(async () => {
      const newcomer = await device(t, version, server)
      const count = received(newcomer)
      const handle = await newcomer.find(mine.url)
      await allSame([mine, handle])
      return count.chunks > 0 && count.bytes < one.bytes / 3
    }, "a newcomer to be sent less than a third of the bytes", 20_000)
    const last = await device(t, version, server)
    const handle = await last.find(mine.url)
    handle.change(doc => {
      doc.posts[7].replies.push("I have it")
      A.splice(doc, ["posts", "8", "text"], 0, 3, "What")
    })
    await allSame([mine, theirs, handle])
    assert.equal(mine.doc().posts[7].replies[0], "I have it")
    assert.equal(mine.doc().posts[8].text, text(8).replace("Who", "What"))
  })

  test(`${version.name}: one that begins as all others do is sent a chunk too`, { skip: isReference }, async t => {
    const server = await startServer(t)
    const author = await device(t, version, server)
    const genesis = A.save(A.change(A.init({ actor: "aa".repeat(16) }), { time: 0 }, doc => (doc.posts = {})))
    const mine = author.repo.import(genesis)
    for (let n = 0; n < posts; n++) mine.change(doc => (doc.posts[n] = { text: text(n) }))
    await until(async () => {
      const newcomer = await device(t, version, server)
      const count = received(newcomer)
      const handle = newcomer.repo.import(genesis, { docId: mine.documentId })
      await allSame([mine, handle])
      return count.chunks > 0
    }, "a newcomer to be sent a chunk", 20_000)
  })

  for (const wrote of [false, true]) {
    test(`${version.name}: one that was away for long${wrote ? ", and wrote," : ""} is sent a chunk`, { skip: isReference }, async t => {
      const server = await startServer(t)
      const [author, away] = [await device(t, version, server), await device(t, version, server)]
      const mine = author.repo.create({ posts: {} })
      for (let n = 0; n < 20; n++) mine.change(doc => (doc.posts[n] = { text: text(n), replies: [] }))
      const theirs = await away.find(mine.url)
      await allSame([mine, theirs])
      await away.cut()
      for (let n = 20; n < posts; n++) mine.change(doc => (doc.posts[n] = { text: text(n), replies: [] }))
      await until(async () => { // newcomers are what snapshots are made for
        const newcomer = await device(t, version, server)
        const count = received(newcomer)
        await allSame([mine, await newcomer.find(mine.url)])
        return count.chunks > 0
      }, "a snapshot", 20_000)
      if (wrote) {
        theirs.change(doc => {
          doc.posts[3].replies.push("I had it all the time")
          A.splice(doc, ["posts", "4", "text"], 0, 3, "What")
        })
      }
      const count = received(away)
      await away.reconnect()
      await allSame([mine, theirs])
      assert.ok(count.chunks > 0, "no chunk was sent")
      assert.ok(count.bytes < posts * 80, `${count.bytes} bytes were sent`)
      mine.change(doc => doc.posts[5].replies.push("from one"))
      theirs.change(doc => doc.posts[250].replies.push("from the other"))
      await allSame([mine, theirs])
      assert.deepEqual([...mine.doc().posts[3].replies], wrote ? ["I had it all the time"] : [])
      assert.equal(mine.doc().posts[4].text, wrote ? text(4).replace("Who", "What") : text(4))
      assert.equal(Object.keys(theirs.doc().posts).length, posts)
    })
  }
}
