// Observables, and the hooks over them.

import assert from "node:assert/strict"
import { test } from "node:test"
import { createElement } from "react"
import { renderToString } from "react-dom/server"
import { useConnection, usePosts } from "@tavle/client/react"
import { Computed, Value } from "../dist/observable.js"
import { device, draft } from "./lib/device.mjs"
import { until } from "./lib/until.mjs"

test("get returns the same until something changes, and several changes are one call", async () => {
  const value = new Value({ a: 1 })
  let calls = 0
  const end = value.subscribe(() => calls++)
  const before = value.get()
  value.patch({ a: 1 })
  assert.equal(value.get(), before)
  value.patch({ a: 2 })
  value.patch({ a: 3 })
  assert.notEqual(value.get(), before)
  await until(() => calls === 1, "one call")
  end()
  value.set({ a: 4 })
  await new Promise(done => setTimeout(done))
  assert.equal(calls, 1)

  let computed = 0
  const sum = new Computed(() => ++computed)
  assert.deepEqual([sum.get(), sum.get()], [1, 1])
  sum.invalidate()
  assert.equal(sum.get(), 2)
})

test("posts that did not change stay the same objects", async t => {
  const client = await device(t, null)
  const board = await client.createBoard({ title: "x" })
  await board.openMonths(1)
  const [one, two] = [await board.addPost(draft(board, "one")), await board.addPost(draft(board, "two"))]
  const before = board.posts.get()
  assert.equal(board.posts.get(), before)
  const kept = before.find(post => post.id === one.id)
  await board.reply(two.id, { body: "x", author: "y" })
  assert.notEqual(board.posts.get(), before)
  assert.equal(board.posts.get().find(post => post.id === one.id), kept)
  assert.equal(board.post("nothing").get(), null)
})

test("hooks draw what is there", async t => {
  const client = await device(t, null)
  const board = await client.createBoard({ title: "x" })
  await board.openMonths(1)
  await board.addPost(draft(board, "Ladder"))
  const View = () => createElement("p", null, `${useConnection(client).state}: ${usePosts(board).map(post => post.title)}`)
  assert.equal(renderToString(createElement(View)), "<p>waiting: Ladder</p>")
})
