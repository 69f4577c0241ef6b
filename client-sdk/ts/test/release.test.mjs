// Letting go of pages and boards, and changes that show nothing.

import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { addMonths, MemoryStorage } from "@tavle/client"
import { device, draft, titles, opened } from "./lib/device.mjs"
import { startServer } from "./lib/server.mjs"
import { pause, until } from "./lib/until.mjs"

// leave runs a program to its end, which must come by itself: one that waits for something is killed.
function leave(url) {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./lib/leave.mjs", import.meta.url)), url], { timeout: 30_000 })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", data => (said += data))
  return new Promise(done => child.on("close", (code, signal) => done({ code, signal, said })))
}

test("a program that lets go of its boards ends, and says nothing", async t => {
  const server = await startServer(t)
  const quiet = { code: 0, signal: null, said: "" }
  assert.deepEqual(await Promise.all([leave(""), leave(server.url)]), [quiet, quiet])
})

test("a post that is written just before its page is let go of reaches the others", async t => {
  const server = await startServer(t)
  const ours = await (await device(t, server.url)).createBoard({ title: "Courtyard" })
  await ours.openMonths(2)
  await ours.addPost(draft(ours, "Sofa"))
  await until(() => ours.posts.get()[0].delivery === "board", "the first post to be on the board")
  const month = addMonths(ours.newDraft("request", "en").month, -1)
  await ours.addPost({ ...draft(ours, "Ladder"), month })
  await ours.openMonths(1)
  const theirs = await opened(await device(t, server.url), ours.url)
  await theirs.openMonths(2)
  await until(() => titles(theirs).join() === "Ladder,Sofa", "both posts to arrive")
  await until(() => titles(ours).join() === "Sofa", "the page to be let go of, now that it is sent")
  await server.stop()
  await ours.openMonths(2)
  assert.deepEqual(titles(ours), ["Ladder", "Sofa"])
})

test("a page that is opened again while it is let go of is there, and live", async t => {
  const server = await startServer(t)
  const ours = await (await device(t, server.url)).createBoard({ title: "Courtyard" })
  await ours.openMonths(2)
  const month = addMonths(ours.newDraft("request", "en").month, -1)
  const { id } = await ours.addPost({ ...draft(ours, "Ladder"), month })
  await Promise.all([ours.openMonths(1), ours.openMonths(2), ours.openMonths(1), ours.openMonths(2)])
  assert.deepEqual(titles(ours), ["Ladder"])
  const theirs = await opened(await device(t, server.url), ours.url)
  await theirs.openMonths(2)
  await until(() => theirs.post(id).get(), "the post to arrive")
  await theirs.reply(id, { body: "I have one", author: "Per" })
  await until(() => ours.post(id).get().replies.length === 1, "the reply to arrive")
})

test("a page that was let go of is whole on this device, without a server", async t => {
  const storage = new MemoryStorage()
  const ours = await (await device(t, null, { storage })).createBoard({ title: "Courtyard" })
  await ours.openMonths(2)
  const month = addMonths(ours.newDraft("request", "en").month, -1)
  await ours.addPost({ ...draft(ours, "Ladder"), month })
  await ours.openMonths(1)
  await pause(500) // longer than automerge-repo gathers what is to be saved
  await ours.openMonths(2)
  assert.deepEqual(titles(ours), ["Ladder"])
  const again = await (await device(t, null, { storage })).openBoard(ours.url)
  await again.openMonths(2)
  assert.deepEqual(titles(again), ["Ladder"])
})

test("a conflict that is settled with the value that is shown is settled for all", async t => {
  const server = await startServer(t)
  const boards = [await (await device(t, server.url)).createBoard({ title: "Courtyard" })]
  await until(() => boards[0].info.get().delivery === "board", "the new board to be there for others")
  boards.push(await opened(await device(t, server.url), boards[0].url))
  for (const board of boards) await board.openMonths(1)
  const [ours, theirs] = boards
  const { id } = await ours.addPost(draft(ours, "Ladder"))
  await until(() => theirs.post(id).get(), "the post to arrive")
  await server.stop()
  await ours.editPost(id, { title: "A long ladder", place: "cellar" })
  await theirs.editPost(id, { title: "A short ladder", place: "garden" })
  await server.start()
  const conflicts = board => Object.keys(board.post(id).get().conflicts).sort().join()
  for (const board of boards) await until(() => conflicts(board) === "place,title", "the conflicts to be seen")
  const { title, place } = ours.post(id).get()
  await ours.editPost(id, { title })
  await until(() => conflicts(theirs) === "place", "the settled title to arrive")
  await until(() => ours.post(id).get().delivery === "board", "it to be on the board")
  await theirs.editPost(id, { place })
  for (const board of boards) {
    await until(() => conflicts(board) === "", "the settled place to arrive")
    const post = board.post(id).get()
    assert.deepEqual([post.title, post.place], [title, place])
  }
})
