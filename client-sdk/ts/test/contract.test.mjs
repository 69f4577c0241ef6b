// Clients against a real syncd.

import assert from "node:assert/strict"
import { test } from "node:test"
import { MemoryStorage } from "@tavle/client"
import { device, draft, titles, opened as found } from "./lib/device.mjs"
import { startServer } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

const delivery = (board, title) => board.posts.get().find(post => post.title === title)?.delivery
const onBoard = (board, ...names) => until(() => names.every(name => delivery(board, name) === "board"), `${names} to be on the board`)
const sees = (board, ...names) => until(() => titles(board).join() === [...names].sort().join(), `${names} to be seen`)

async function opened(client, url) {
  const board = await found(client, url)
  await board.openMonths(2)
  return board
}

async function founded(client, title = "Courtyard") {
  const board = await client.createBoard({ title })
  await board.openMonths(2)
  return board
}

test("two devices see each other's posts, and each knows when its own is on the board", async t => {
  const server = await startServer(t)
  const [a, b] = [await device(t, server.url), await device(t, server.url)]
  const ours = await founded(a)
  const post = await ours.addPost(draft(ours, "Ladder"))
  assert.ok(["device", "waiting"].includes(post.delivery), `at first it is ${post.delivery}`)
  await onBoard(ours, "Ladder")
  const theirs = await opened(b, ours.url)
  await sees(theirs, "Ladder")
  assert.equal(theirs.info.get().title, "Courtyard")
  await theirs.reply(post.id, { body: "I have one", author: "Per" })
  await until(() => ours.posts.get()[0].replies[0]?.body === "I have one", "A to see the reply")
  assert.equal(ours.posts.get()[0].answered, true)
  await until(() => theirs.posts.get()[0].replies[0].delivery === "board", "the reply to be on the board")
  await until(() => ours.loading.get().pending.length === 0, "nothing to be pending")
  assert.deepEqual(ours.loading.get().months.length, 2)
})

test("both post while the server is away, and reload; both see both when it is back", async t => {
  const server = await startServer(t)
  const storage = new MemoryStorage()
  let a = await device(t, server.url, { storage })
  const b = await device(t, server.url)
  let ours = await founded(a)
  await ours.addPost(draft(ours, "before"))
  await onBoard(ours, "before")
  const theirs = await opened(b, ours.url)
  await sees(theirs, "before")
  await server.stop()
  await until(() => a.connection.get().state !== "connected", "A to notice")
  assert.equal((await ours.addPost(draft(ours, "by A"))).delivery, "waiting")
  await theirs.addPost(draft(theirs, "by B"))
  await a.close()

  a = await device(t, server.url, { storage })
  ours = await opened(a, ours.url)
  assert.deepEqual(titles(ours), ["before", "by A"])
  assert.equal(delivery(ours, "by A"), "waiting", "after a reload without a network")
  assert.equal(delivery(ours, "before"), "board", "what the server confirmed is known without a network")
  assert.ok(a.connection.get().lastReached > 0)
  assert.equal(a.boards.get()[0].title, "Courtyard")

  await server.start()
  await sees(ours, "before", "by A", "by B")
  await sees(theirs, "before", "by A", "by B")
  await onBoard(ours, "by A")
})

test("without a server a post is on the device, and never said to be waiting", async t => {
  const a = await device(t, null)
  const board = await founded(a)
  assert.equal((await board.addPost(draft(board, "alone"))).delivery, "device")
  const unreachable = await device(t, "ws://127.0.0.1:1/sync")
  const other = await founded(unreachable)
  assert.equal((await other.addPost(draft(other, "alone"))).delivery, "device")
  await until(() => unreachable.connection.get().state === "waiting", "the connection to wait")
  assert.ok(unreachable.connection.get().nextTry > 0)
})

test("what is said to be on the board survives kill -9", async t => {
  const server = await startServer(t)
  const a = await device(t, server.url)
  const ours = await founded(a)
  const said = new Set()
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 4; n++) await ours.addPost(draft(ours, `post ${round}.${n}`))
    await until(() => delivery(ours, `post ${round}.0`) === "board", "the first of a round")
    await server.stop("SIGKILL")
    for (const post of ours.posts.get()) if (post.delivery === "board") said.add(post.title)
    await server.start()
    const fresh = await device(t, server.url)
    const theirs = await opened(fresh, ours.url)
    await until(() => [...said].every(title => titles(theirs).includes(title)), "all that was said to be there")
    await fresh.close()
  }
  await until(() => ours.posts.get().every(post => post.delivery === "board"), "everything")
})

test("a server that was rebuilt from nothing is not believed to have what the old one had", async t => {
  const server = await startServer(t)
  const a = await device(t, server.url)
  const ours = await founded(a)
  await ours.addPost(draft(ours, "Ladder"))
  await onBoard(ours, "Ladder")
  await server.wipe()
  const states = new Set()
  ours.posts.subscribe(() => states.add(delivery(ours, "Ladder")))
  await server.start()
  await until(() => states.has("waiting"), "the post to wait again")
  await onBoard(ours, "Ladder")
  const fresh = await device(t, server.url)
  await sees(await opened(fresh, ours.url), "Ladder")
})

test("ten taps, a reload and a second window make one post", async t => {
  const server = await startServer(t)
  const storage = new MemoryStorage()
  const a = await device(t, server.url, { storage })
  const ours = await founded(a)
  const form = draft(ours, "Once")
  await Promise.all(Array.from({ length: 10 }, () => ours.addPost(form)))
  await a.close()
  const again = await device(t, null, { storage })
  const reloaded = await opened(again, ours.url)
  await reloaded.addPost({ ...form })
  assert.deepEqual(titles(reloaded), ["Once"])
  await again.close()

  const [left, right] = [await device(t, server.url, { storage }), await device(t, server.url)]
  const mine = await opened(left, ours.url)
  await onBoard(mine, "Once")
  const theirs = await opened(right, ours.url)
  await server.stop()
  const twice = draft(mine, "Twice")
  await mine.addPost(twice)
  await theirs.addPost({ ...twice, title: "Twice!" })
  await mine.reply(twice.id, { body: "left", author: "L" })
  await theirs.reply(twice.id, { body: "right", author: "R" })
  await server.start()
  for (const board of [mine, theirs]) {
    await until(() => board.post(twice.id).get()?.replies.length === 2, "both replies under one post")
    assert.equal(board.posts.get().length, 2)
  }
  await until(() => mine.post(twice.id).get().replies.every(reply => reply.delivery === "board"), "both replies to be on the board")
})

test("a board that is not here says why", async t => {
  const server = await startServer(t)
  const unknown = "automerge:4XCJDsNXqiVVH6KTRX4NDnch3KVC"
  const online = await device(t, server.url)
  await until(() => online.connection.get().state === "connected", "a connection")
  await assert.rejects(online.openBoard(unknown), { name: "NotHere", why: "unknown" })
  await assert.rejects(online.openBoard("what?"), { name: "NotHere", why: "noLink" })
  const alone = await device(t, null)
  await assert.rejects(alone.openBoard(unknown), { name: "NotHere", why: "offline" })
  const cut = await device(t, "ws://127.0.0.1:1/sync", { timing: { retryFirst: 50, connect: 200 } })
  await assert.rejects(cut.openBoard(unknown), { name: "NotHere", why: "offline" })

  const owner = await device(t, server.url)
  const board = await founded(owner)
  await board.addPost(draft(board, "Ladder"))
  await onBoard(board, "Ladder")
  const late = await online.openBoard(`https://tavle.example/b#${board.id}`)
  assert.equal(late.id, board.id)
})

test("the same board can be asked for again after it was not there", async t => {
  const server = await startServer(t)
  const owner = await device(t, null)
  const board = await founded(owner)
  const other = await device(t, server.url)
  await assert.rejects(other.openBoard(board.url), { why: "unknown" })
  await assert.rejects(other.openBoard(board.url), { why: "unknown" })
})

test("months that are let go of are no longer followed, and are complete when opened again", async t => {
  const server = await startServer(t)
  let now = Date.UTC(2026, 4, 20)
  const clock = { now: () => now, serverTime: async () => null }
  const [a, b] = [await device(t, server.url, clock), await device(t, server.url, clock)]
  const ours = await founded(a)
  await ours.addPost(draft(ours, "in May"))
  await onBoard(ours, "in May")
  const theirs = await opened(b, ours.url)
  await sees(theirs, "in May")
  now = Date.UTC(2026, 5, 2)
  await until(() => ours.loading.get().months[0] === "2026-06", "the new month to open by itself")
  await ours.addPost(draft(ours, "in June"))
  await theirs.openMonths(1)
  await sees(theirs, "in June")
  const may = ours.posts.get().find(post => post.title === "in May").id
  await ours.reply(may, { body: "late", author: "A" })
  await until(() => ours.post(may).get().replies[0].delivery === "board", "the reply to be on the board")
  await theirs.openMonths(2)
  await until(() => theirs.posts.get().find(post => post.title === "in May")?.replies[0]?.body === "late", "the reply in the older month")
})

test("a month that turns while both are cut off is one page", async t => {
  const server = await startServer(t)
  let now = Date.UTC(2026, 4, 31, 21, 30)
  const clock = { now: () => now, serverTime: async () => null }
  const [a, b] = [await device(t, server.url, clock), await device(t, server.url, clock)]
  const ours = await founded(a)
  await ours.addPost(draft(ours, "in May"))
  await onBoard(ours, "in May")
  const theirs = await opened(b, ours.url)
  await sees(theirs, "in May")
  await server.stop()
  const form = draft(ours, "begun in May")
  now = Date.UTC(2026, 4, 31, 22, 30) // it is June in Copenhagen
  for (const board of [ours, theirs]) await until(() => board.loading.get().months[0] === "2026-06", "June")
  assert.equal((await ours.addPost(form)).month, "2026-05")
  assert.equal((await ours.addPost(draft(ours, "A in June"))).month, "2026-06")
  await theirs.addPost(draft(theirs, "B in June"))
  await server.start()
  for (const board of [ours, theirs]) await sees(board, "in May", "begun in May", "A in June", "B in June")
})

for (const [says, at] of [["1970", 5_000], ["2038", 2147483648000]]) {
  test(`a device whose clock says ${says} posts where the others read, and only its label is doubtful`, async t => {
    const server = await startServer(t)
    const a = await device(t, server.url)
    const ours = await founded(a)
    await ours.addPost(draft(ours, "right", { expiresOn: Date.now() + 1000 * 86_400_000 }))
    await onBoard(ours, "right")
    const began = Date.now()
    const wrong = await device(t, server.url, { now: () => at + Date.now() - began })
    const theirs = await opened(wrong, ours.url)
    await sees(theirs, "right")
    assert.equal(theirs.posts.get()[0].state, "open", "nothing expires by a clock that is not trusted")
    const post = await theirs.addPost(draft(theirs, "wrong"))
    assert.equal(post.month, ours.posts.get()[0].month)
    assert.equal(post.clockSuspect, true)
    await sees(ours, "right", "wrong")
    assert.equal(ours.posts.get().find(post => post.title === "wrong").state, "open")
    assert.equal(ours.posts.get().find(post => post.title === "right").clockSuspect, false)
  })
}

test("a board is forgotten here, and can be had again from the server", async t => {
  const server = await startServer(t)
  const a = await device(t, server.url)
  const ours = await founded(a)
  await ours.addPost(draft(ours, "Ladder"))
  await onBoard(ours, "Ladder")
  const before = await a.contents()
  assert.ok(before.documents >= 3 && before.bytes > 100 && before.boards === 1 && before.posts === 1, JSON.stringify(before))
  await a.forgetBoard(ours.id)
  assert.deepEqual(a.boards.get(), [])
  assert.equal((await a.contents()).documents, 0)
  const again = await opened(a, ours.url)
  await sees(again, "Ladder")
  await again.addPost(draft(again, "Second"))
  const { documents, posts } = await a.contents()
  assert.ok(documents >= 3 && posts === 2)
})
