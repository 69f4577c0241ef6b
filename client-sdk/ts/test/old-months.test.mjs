// What was written offline on a page whose month is not open when the device is online again.

import assert from "node:assert/strict"
import { test } from "node:test"
import { MemoryStorage, pageDocument } from "@tavle/client"
import { device, draft, opened, titles } from "./lib/device.mjs"
import { startServer } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

const day = 86_400_000
const onBoard = board => until(() => board.posts.get().every(post => post.delivery === "board"), "all posts to be on the board")

// begun is a board with a post that the server has, made on a day on a device that is off since. clock is everybody's.
async function begun(t, ...date) {
  const server = await startServer(t)
  const clock = { now: Date.UTC(...date) }
  const options = { now: () => clock.now, serverTime: async () => clock.now }
  const storage = new MemoryStorage()
  const yard = { server, clock, options, storage, on: (url = server.url) => device(t, url, { ...options, storage }) }
  const first = await yard.on()
  const board = await first.createBoard({ title: "Courtyard" })
  await board.openMonths(1)
  yard.post = await board.addPost(draft(board, "first"))
  await onBoard(board)
  await first.close()
  // elsewhere is what another device of the same clock finds.
  yard.elsewhere = async (months = 6) => {
    const theirs = await opened(await device(t, server.url, options), board.url)
    await theirs.openMonths(months)
    return theirs
  }
  return { ...yard, url: board.url, id: board.id }
}

// started opens the board as the app does.
async function started(client, url) {
  const board = await client.openBoard(url)
  await board.openMonths(2)
  return board
}

// nowhere is an address at which there is no server.
const nowhere = "ws://127.0.0.1:1/sync"

test("a device that was off and offline for two months sends what it had, and shows it until it is sent", async t => {
  const { server, clock, on, url, elsewhere } = await begun(t, 2026, 9, 20)
  clock.now = Date.UTC(2026, 9, 30)
  const offline = await on(nowhere)
  await (await started(offline, url)).addPost({ ...draft(await offline.openBoard(url), "of October"), expiresOn: null })
  await offline.close()
  clock.now = Date.UTC(2026, 11, 5)
  const still = await on(nowhere)
  const waiting = await started(still, url)
  await until(() => titles(waiting).join() === "of October", "the post to be shown as not sent")
  assert.equal(waiting.posts.get()[0].delivery, "waiting")
  assert.deepEqual(waiting.loading.get().months, ["2026-12", "2026-11"])
  await still.close()

  const back = await on()
  const board = await started(back, url)
  const theirs = await elsewhere()
  await until(() => titles(theirs).join() === "first,of October", "the post to arrive")
  await until(() => titles(board).length === 0, "its page to be let go of")
  await server.stop()
  await board.openMonths(3)
  assert.deepEqual(titles(board), ["first", "of October"])
})

test("a device that is never switched off sends what it had when months end without a connection", async t => {
  const { server, clock, on, url, elsewhere } = await begun(t, 2026, 9, 30)
  const kiosk = await on()
  const board = await started(kiosk, url)
  await until(() => kiosk.connection.get().state === "connected" && board.loading.get().pending.length === 0, "all to be there")
  await server.stop()
  await until(() => kiosk.connection.get().state !== "connected", "the connection to end")
  await board.addPost(draft(board, "at the kiosk"))
  clock.now = Date.UTC(2026, 11, 2)
  await until(() => board.loading.get().months[0] === "2026-12", "the month to end")
  assert.ok(titles(board).includes("at the kiosk"))
  await server.start()
  const theirs = await elsewhere()
  await until(() => titles(theirs).includes("at the kiosk"), "the post to arrive")
})

test("an answer to an older post is sent after the device was switched off and on", async t => {
  const { clock, on, url, post, elsewhere } = await begun(t, 2026, 8, 10)
  clock.now = Date.UTC(2026, 11, 5)
  const offline = await on(nowhere)
  const older = await started(offline, url)
  await older.openMonths(4)
  await older.reply(post.id, { body: "I still have it", author: "Ida" })
  await older.openMonths(2)
  assert.deepEqual(titles(older), ["first"])
  await offline.close()
  await started(await on(), url)
  const theirs = await elsewhere()
  await until(() => theirs.post(post.id).get()?.replies.length === 1, "the answer to arrive")
})

test("what was written while the clock was 70 days ahead is sent when it is right again", async t => {
  const { clock, on, url, elsewhere } = await begun(t, 2026, 10, 10)
  clock.now += 70 * day
  const offline = await on(nowhere)
  const ahead = await started(offline, url)
  await ahead.addPost(draft(ahead, "of January"))
  await offline.close()
  clock.now -= 69 * day
  const back = await on()
  const board = await started(back, url)
  await until(() => titles(board).includes("of January"), "the post to be shown")
  await until(() => !titles(board).includes("of January"), "the post to be sent")
  clock.now += 69 * day
  const theirs = await elsewhere()
  await until(() => titles(theirs).includes("of January"), "the post to arrive")
})

test("pages of which the server has everything are not read at the start", async t => {
  const { clock, on, url, id, storage } = await begun(t, 2026, 8, 10)
  clock.now = Date.UTC(2026, 11, 5)
  const read = []
  const { loadRange } = storage
  storage.loadRange = prefix => (read.push(prefix[0]), loadRange.call(storage, prefix))
  const back = await on()
  const board = await started(back, url)
  const post = await board.addPost(draft(board, "of December"))
  await until(() => board.post(post.id).get()?.delivery === "board", "the post to be on the board")
  assert.ok(read.includes(pageDocument(id, "2026-12")))
  assert.ok(!read.includes(pageDocument(id, "2026-09")))
})
