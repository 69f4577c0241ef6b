// Taking one change out of a history: what was made after it stays, and nothing of it does.

import assert from "node:assert/strict"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import fc from "fast-check"
import { without } from "../dist/membership/replay.js"

const actor = n => n.toString(16).padStart(32, "0")
const scalar = text => new A.ImmutableString(text)
const page = () => A.from({ posts: {}, notes: {} }, { actor: actor(1) })
const clean = (doc, refused) => A.load(without(doc, refused).bytes)
const last = doc => A.getHeads(doc)[0]
const plain = doc => JSON.parse(JSON.stringify(doc))

test("what was made before and after a refused change stays, with its ids and times", () => {
  let doc = A.change(page(), d => (d.posts.a = { title: scalar("Ladder"), body: "Half an hour", at: new Date(5), n: 3 }))
  const before = A.getHeads(doc)
  doc = A.change(doc, d => (d.posts.b = { title: scalar("refused"), body: "out" }))
  const refused = last(doc)
  doc = A.change(doc, d => (d.posts.c = { title: scalar("Sofa"), body: "free", at: new Date(7), tags: { red: true } }))
  doc = A.change(doc, d => A.splice(d, ["posts", "a", "body"], 12, 0, " would do"))
  doc = A.change(doc, d => A.splice(d, ["posts", "b", "body"], 0, 3, "more of it"))
  const left = clean(doc, refused)
  assert.deepEqual(plain(left), {
    posts: {
      a: { title: "Ladder", body: "Half an hour would do", at: "1970-01-01T00:00:00.005Z", n: 3 },
      c: { title: "Sofa", body: "free", at: "1970-01-01T00:00:00.007Z", tags: { red: true } },
    },
    notes: {},
  })
  assert.ok(left.posts.a.at instanceof Date)
  assert.ok(A.isImmutableString(left.posts.a.title))
  assert.equal(A.hasHeads(left, [refused]), false)
  assert.ok(A.hasHeads(left, before), "what the server may have is the same change")
  assert.doesNotMatch(Buffer.from(without(doc, refused).bytes).toString("latin1"), /refused/)
})

test("what replaced a refused value replaces what that had replaced", () => {
  let doc = A.change(page(), d => (d.posts.a = { title: scalar("one"), count: new A.Counter(1) }))
  doc = A.change(doc, d => (d.posts.a.title = scalar("two")))
  const two = last(doc)
  doc = A.change(doc, d => (d.posts.a.title = scalar("three")))
  const left = clean(doc, two)
  assert.equal(left.posts.a.title.val, "three")
  assert.equal(A.getConflicts(left.posts.a, "title"), undefined)
  assert.equal(clean(A.change(A.clone(doc), d => void delete d.posts.a.title), two).posts.a.title, undefined)

  let removed = A.change(doc, d => void delete d.posts.a.title)
  const gone = last(removed)
  assert.equal(clean(removed, gone).posts.a.title.val, "three")
  removed = A.change(removed, d => (d.posts.a.title = scalar("four")))
  assert.equal(clean(removed, gone).posts.a.title.val, "four")
  assert.equal(A.getConflicts(clean(removed, gone).posts.a, "title"), undefined)
})

test("two windows that leave the same change out have the same changes, and again is the same", () => {
  let doc = A.change(page(), d => (d.posts.a = { title: scalar("refused") }))
  const refused = last(doc)
  doc = A.change(doc, d => (d.posts.b = { title: scalar("kept"), body: "text" }))
  const one = A.change(A.clone(doc, { actor: actor(2) }), d => (d.posts.c = { title: scalar("of one") }))
  const two = A.change(A.clone(doc, { actor: actor(3) }), d => A.splice(d, ["posts", "b", "body"], 4, 0, " of two"))
  const apart = A.merge(clean(one, refused), clean(two, refused))
  const together = clean(A.merge(A.clone(one), two), refused)
  assert.deepEqual(A.getHeads(apart).sort(), A.getHeads(together).sort())
  assert.deepEqual(plain(apart), plain(together))
  // The old and the new side by side, as on a device that was switched off half-way.
  const both = A.merge(A.clone(one), clean(one, refused))
  assert.deepEqual(A.getHeads(clean(both, refused)), A.getHeads(clean(one, refused)))
})

test("what one window has written anew does not cost another what it wrote meanwhile", () => {
  let doc = A.change(page(), d => (d.posts.a = { title: scalar("refused") }))
  const refused = last(doc)
  doc = A.change(doc, d => (d.posts.b = { title: scalar("of both") }))
  const later = A.change(A.clone(doc, { actor: actor(2) }), d => (d.posts.c = { title: scalar("of one, later") }))
  const met = A.merge(A.clone(later, { actor: actor(3) }), clean(doc, refused))
  const left = without(A.change(met, d => (d.notes.x = "of both histories")), refused)
  assert.deepEqual(plain(A.load(left.bytes)), { posts: { b: { title: "of both" }, c: { title: "of one, later" } }, notes: { x: "of both histories" } })
  assert.ok(A.hasHeads(A.load(left.bytes), A.getHeads(clean(later, refused))), "as if it had been alone")
})

test("several refused changes are left out one after the other, until nothing is refused", () => {
  let doc = page()
  const refused = []
  for (let i = 0; i < 12; i++) doc = A.change(doc, d => (d.posts[`p${i}`] = { title: scalar(i % 3 ? "good" : "bad"), body: "x" }))
  for (let rounds = 0; rounds < 4; rounds++) {
    const at = A.getAllChanges(doc).map(A.decodeChange).find(change => change.ops.some(op => op.value === "bad"))
    refused.push(at.hash)
    doc = clean(doc, at.hash)
  }
  assert.deepEqual(Object.keys(doc.posts).sort(), ["p1", "p10", "p11", "p2", "p4", "p5", "p7", "p8"])
  for (const hash of refused) assert.equal(A.hasHeads(doc, [hash]), false)
})

test("a change that is not there is left out of nothing", () => {
  assert.equal(without(page(), "00".repeat(32)), null)
})

test("what cannot be written anew goes with the refused change, and what was before stays", () => {
  let doc = A.change(page(), d => (d.posts.a = { title: scalar("before") }))
  doc = A.change(doc, d => (d.posts.b = {}))
  const refused = last(doc)
  doc = A.change(doc, d => (d.posts.c = { bytes: new Uint8Array([1, 2]) }))
  doc = A.change(doc, d => (d.posts.c.more = 1))
  assert.deepEqual(Object.keys(clean(doc, refused).posts), ["a"])
})

// The text as all its letters in order, with the change that wrote and the one that deleted each.
class Letters {
  all = []
  visible = () => this.all.filter(letter => letter.deleted === null)
  splice(at, count, text, by) {
    const shown = this.visible()
    for (const letter of shown.slice(at, at + count)) letter.deleted = by
    const before = at === 0 ? 0 : this.all.indexOf(shown[at - 1]) + 1
    this.all.splice(before, 0, ...[...text].map(letter => ({ letter, made: by, deleted: null })))
  }
  without = by => this.all.filter(({ made, deleted }) => made !== by && (deleted === null || deleted === by)).map(({ letter }) => letter).join("")
}

const edit = fc.oneof(
  fc.record({ kind: fc.constant("text"), at: fc.nat(9), count: fc.nat(3), text: fc.stringMatching(/^[a-z]{0,4}$/) }),
  fc.record({ kind: fc.constant("set"), key: fc.constantFrom("x", "y", "z"), value: fc.nat(99) }),
  fc.record({ kind: fc.constant("del"), key: fc.constantFrom("x", "y", "z") }),
)

test("any history without any of its changes is as if that had not been made", () => {
  fc.assert(
    fc.property(fc.array(fc.array(edit, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 14 }), fc.nat(13), (edits, pick) => {
      const letters = new Letters()
      const [expected, shown] = [{}, {}]
      let doc = A.change(page(), d => (d.body = ""))
      const hashes = []
      const skipped = pick % edits.length
      edits.forEach((several, by) => {
        const heads = last(doc)
        doc = A.change(doc, d => {
          for (const { kind, at, count, text, key, value } of several) {
            if (kind === "text") {
              const length = letters.visible().length
              const from = Math.min(at, length)
              const most = Math.min(count, length - from)
              A.splice(d, ["body"], from, most, text)
              letters.splice(from, most, text, by)
              continue
            }
            if (shown[key] === value) continue // nothing is written then
            for (const notes of by === skipped ? [d.notes, shown] : [d.notes, shown, expected]) {
              if (kind === "set") notes[key] = value
              else delete notes[key]
            }
          }
        })
        hashes.push(last(doc) === heads ? null : last(doc))
      })
      const refused = hashes[skipped]
      if (!refused) return
      const left = clean(doc, refused)
      assert.deepEqual(plain(left.notes), expected)
      assert.equal(left.body, letters.without(skipped))
      const twice = clean(A.merge(A.clone(doc), left), refused)
      assert.deepEqual(A.getHeads(twice), A.getHeads(left))
      // What comes later stands on it.
      assert.equal(A.change(left, d => (d.notes.later = 1)).notes.later, 1)
    }),
    { numRuns: 150 },
  )
})
