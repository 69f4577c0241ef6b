// Clients against a real syncd.

import assert from "node:assert/strict"
import { test } from "node:test"
import { MemoryStorage } from "@tavle/client"
import { device, draft, titles } from "./lib/device.mjs"
import { startServer } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

test("two devices see each other's posts, and each knows when its own is on the board", async t => {
  const server = await startServer(t)
  const [a, b] = [await device(t, server.url), await device(t, server.url)]
  const ours = await a.createBoard({ title: "Courtyard" })
  await ours.openMonths(2)
  const post = await ours.addPost(draft(ours, "Ladder"))
  assert.ok(["device", "waiting"].includes(post.delivery), `at first it is ${post.delivery}`)
  await until(() => ours.posts.get()[0].delivery === "board", "A's post to be on the board")
  const theirs = await b.openBoard(ours.url)
  await theirs.openMonths(2)
  await until(() => titles(theirs).join() === "Ladder", "B to see A's post")
  assert.equal(theirs.info.get().title, "Courtyard")
  await theirs.reply(post.id, { body: "I have one", author: "Per" })
  await until(() => ours.posts.get()[0].replies[0]?.body === "I have one", "A to see the reply")
  assert.equal(ours.posts.get()[0].answered, true)
})
