// Why something is not shown, for those who ask.

import assert from "node:assert/strict"
import { test } from "node:test"
import { device, draft, opened } from "./lib/device.mjs"
import { startServer } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

test("a post, a reply and an offer say why they were removed or hidden, until they are restored", async t => {
  const client = await device(t, null)
  const board = await client.createBoard({ title: "Courtyard" })
  await board.openMonths(1)
  const { id } = await board.addPost(draft(board, "Ladder"))
  const reply = await board.reply(id, { body: "No", author: "Per" })
  const offer = await board.offerHelp(id, { message: "Yes", author: "Eva" })
  const post = () => board.post(id).get()
  await board.moderate(id, "hide", "2", "It names a person.")
  await board.moderate(reply, "remove", "3", "Rude.")
  await board.moderate(offer, "hide", "4", "Twice.")
  const ref = client.device.get().ref
  const { createdAt, ...why } = post().moderation
  assert.deepEqual(why, { action: "hide", rule: "2", facts: "It names a person.", by: ref })
  assert.ok(Math.abs(createdAt - Date.now()) < 60_000)
  assert.deepEqual([post().replies[0].moderation.rule, post().replies[0].body, post().offers[0].moderation.facts], ["3", "", "Twice."])
  await board.moderate(id, "remove", "5", "A telephone number.")
  await board.moderate(id, "remove", "6", "Again.")
  assert.deepEqual([post().removed, post().hidden, post().title, post().moderation.rule], [true, false, "", "5"])
  for (const target of [id, reply, offer]) await board.moderate(target, "restore")
  assert.deepEqual([post().moderation, post().replies[0].moderation, post().offers[0].moderation], [undefined, undefined, undefined])
  assert.equal(post().title, "Ladder")
})

test("a post that is edited while it is removed stays removed, with its reason, on both devices", async t => {
  const server = await startServer(t)
  const ours = await (await device(t, server.url)).createBoard({ title: "Courtyard" })
  await ours.openMonths(1)
  const { id } = await ours.addPost(draft(ours, "Ladder"))
  await until(() => ours.info.get().delivery === "board", "the new board to be there for others")
  const theirs = await opened(await device(t, server.url), ours.url)
  await theirs.openMonths(1)
  await until(() => theirs.post(id).get(), "the post to arrive")
  await server.stop()
  await theirs.moderate(id, "remove", "1", "Not for here.")
  await ours.editPost(id, { title: "A long ladder" })
  await server.start()
  await until(() => ours.post(id).get().removed, "the removal to arrive")
  await until(() => theirs.posts.get()[0].delivery === "board" && ours.posts.get()[0].delivery === "board", "all to be on the board")
  for (const board of [ours, theirs]) {
    const post = board.post(id).get()
    assert.deepEqual([post.removed, post.title, post.body, post.moderation.facts], [true, "", "", "Not for here."])
  }
})
