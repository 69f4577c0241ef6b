// Parts of the package that load when they are needed, and cannot be loaded: nothing is thrown away that only they can show.

import assert from "node:assert/strict"
import { register } from "node:module"
import { test } from "node:test"
import { until } from "./lib/until.mjs"

const gone = /\/(leaving|ended|reasons|replay)\.js$/
const hook = `export const resolve = (name, context, next) => { if (${gone}.test(name)) throw new Error("404"); return next(name, context) }`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
const { Belonging } = await import("../dist/membership/belonging.js")
const { Refusals } = await import("../dist/membership/refusals.js")
const { Value } = await import("../dist/observable.js")

test("a device that is revoked removes nothing while it cannot read what was not sent", async () => {
  const removed = []
  const membership = { me: new Value(null), standing: new Value({ state: "revoked", lease: false }), replaced: async () => false, forget: async () => removed.push("the key") }
  const storage = { wipe: async () => removed.push("documents") }
  const belonging = new Belonging({ membership, storage, documents: () => ({ all: [] }), now: () => 0, stop: () => {}, wipe: async () => removed.push("the rest") })
  belonging.start()
  await until(() => belonging.revoked.get()?.unread || belonging.revoked.get()?.wiped, "what the device does")
  assert.deepEqual([belonging.revoked.get().unread, belonging.revoked.get().wiped, removed], [true, false, []])
})

test("nothing is left out while the person cannot be told of it", async () => {
  let left = 0
  const leaveOut = async (document, change, keep) => {
    await keep(document, change, {})
    left++
  }
  const refusals = new Refusals({}, () => ({ leaveOut }), () => 0)
  await assert.rejects(refusals.recover({ document: "d", change: "c", reason: "notYours", sentence: "" }))
  assert.equal(left, 0)
})
