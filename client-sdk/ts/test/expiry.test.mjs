// Until when posts stand.

import assert from "node:assert/strict"
import { test } from "node:test"
import { device, draft } from "./lib/device.mjs"

const day = 86_400_000
const noon = Date.UTC(2026, 10, 23, 12)

async function founded(t) {
  const client = await device(t, null, { now: () => noon })
  const board = await client.createBoard({ title: "Courtyard" })
  await board.openMonths(1)
  return board
}

test("a post stands for the board's days, and one with a time at least until the day after it", async t => {
  const board = await founded(t)
  const until = async more => (await board.addPost(draft(board, "Concert", more))).expiresOn
  const start = noon + 53 * day
  assert.equal(await until({}), noon + 30 * day)
  assert.equal(await until({ kind: "event", when: { start: noon + day } }), noon + 30 * day, "soon")
  assert.equal(await until({ kind: "event", when: { start } }), start + day, "late")
  assert.equal(await until({ kind: "event", when: { start, end: start + 2 * day } }), start + 3 * day, "for days")
  assert.equal(await until({ kind: "event", when: { start }, expiresOn: noon + day }), noon + day, "said otherwise")
  assert.equal(await until({ kind: "event", when: { start }, expiresOn: null }), null, "for ever")
})

test("an event that is moved stands until the day after its new time, and never shorter than before", async t => {
  const board = await founded(t)
  const { id } = await board.addPost(draft(board, "Concert", { kind: "event", when: { start: noon + day } }))
  const now = () => board.posts.get().find(post => post.id === id)
  const start = noon + 90 * day
  await board.editPost(id, { when: { start } })
  assert.equal(now().expiresOn, start + day)
  await board.editPost(id, { when: { start: noon + 2 * day } })
  assert.equal(now().expiresOn, start + day)
  await board.editPost(id, { when: { start: start + 9 * day }, expiresOn: start })
  assert.equal(now().expiresOn, start, "said otherwise")
})
