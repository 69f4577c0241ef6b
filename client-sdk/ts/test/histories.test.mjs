// Random histories of several devices that are mostly cut off from each other: whatever happens, nothing that somebody wrote is lost or
// hidden, and all devices end with the same board.

import * as A from "@automerge/automerge"
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { pageGenesis } from "../dist/model/genesis.js"
import { boardDocument, idFromBytes, pageDocument } from "../dist/model/ids.js"
import { assemble, Moderation } from "../dist/model/post.js"
import { postIds, readModeration, readPost } from "../dist/model/read.js"
import { addMonths, Clock, monthOf } from "../dist/model/time.js"
import { byNewest } from "../dist/model/views.js"
import * as write from "../dist/model/write.js"

const board = boardDocument(new Uint8Array(16).fill(7))
const start = 1779973200000
const day = 86_400_000
const idOf = number => idFromBytes(Uint8Array.from({ length: 16 }, (_, at) => (at < 4 ? number >>> (8 * at) : 1)))

class Device {
  constructor(number, clock) {
    this.ref = idOf(900 + number)
    this.now = clock
    this.clock = new Clock()
    this.page = A.applyChanges(A.init({ actor: idBytes(number) }), [pageGenesis(board, "2026-05")])[0]
  }

  act(change) {
    const by = { ref: this.ref, time: this.clock.next(this.now), clientTime: this.now, origin: "phone" }
    this.now += 1000
    this.page = A.change(this.page, doc => change(doc, by))
  }

  meet(other) {
    const [a, b] = [A.getAllChanges(this.page), A.getAllChanges(other.page)]
    this.page = A.applyChanges(this.page, b)[0]
    other.page = A.applyChanges(other.page, a)[0]
    for (const device of [this, other]) for (const post of device.posts()) device.clock.see(post.time, device.now)
  }

  posts() {
    const reader = {
      ref: this.ref, now: null, month: "2026-05", pinned: new Set(), delivery: () => "board",
      moderation: new Moderation(readModeration(this.page, true)),
    }
    return postIds(this.page).map(id => assemble(readPost(this.page, id, true), reader)).sort(byNewest)
  }

  has = id => postIds(this.page).includes(id)
  post = id => this.posts().find(post => post.id === id)
}

const idBytes = number => number.toString(16).padStart(2, "0").repeat(16)
const draft = (id, more = {}) => ({ id, month: "2026-05", kind: "request", title: `post ${id.slice(0, 4)}`, body: "a body", lang: "en", author: "Ida", ...more })

// What a step of a history may be. Each names a device and a post by numbers that are taken modulo what there is.
const steps = ["add", "addAgain", "edit", "reply", "offer", "answer", "close", "reopen", "support", "remove", "restore", "unknown", "meet"]
const history = fc.record({
  clocks: fc.array(fc.constantFrom(start, start, start + 7 * day, 0, 2147483648000), { minLength: 2, maxLength: 4 }),
  steps: fc.array(fc.tuple(fc.constantFrom(...steps), fc.nat(63), fc.nat(63), fc.nat(63)), { minLength: 5, maxLength: 60 }),
})

// play runs a history and returns the devices and what was written in it.
function play({ clocks, steps }) {
  const devices = clocks.map((clock, number) => new Device(number + 1, clock))
  const wrote = { posts: [], replies: [], offers: [], closings: [], unknown: [], accepted: [] }
  let made = 0
  const fresh = () => idOf(++made)
  for (const [step, deviceNumber, postNumber, more] of steps) {
    const device = devices[deviceNumber % devices.length]
    const known = postIds(device.page)
    const post = known[postNumber % known.length]
    if (step === "add") {
      const id = fresh()
      device.act((doc, by) => write.addPost(doc, draft(id), by, null))
      wrote.posts.push(id)
    } else if (step === "addAgain" && wrote.posts.length > 0) {
      const id = wrote.posts[postNumber % wrote.posts.length] // a second window sends a form that another has sent
      device.act((doc, by) => write.addPost(doc, draft(id), by, null))
    } else if (step === "meet") device.meet(devices[more % devices.length])
    else if (post) actOn(device, step, post, more, wrote, fresh)
  }
  return { devices, wrote }
}

function actOn(device, step, post, more, wrote, fresh) {
  const id = fresh()
  const offers = device.post(post).offers
  const offer = offers[more % Math.max(1, offers.length)]
  if (step === "edit") device.act(doc => write.editPost(doc, post, { title: `title ${more}`, body: `a body, edited ${more}`, tags: [`t${more % 5}`] }))
  if (step === "reply") {
    device.act((doc, by) => write.addReply(doc, post, id, { body: `reply ${id}`, author: "Per", lang: "en" }, by))
    wrote.replies.push([post, id])
  }
  if (step === "offer") {
    device.act((doc, by) => write.addOffer(doc, post, id, { message: `offer ${id}`, author: "Eva" }, by))
    wrote.offers.push([post, id])
  }
  if (step === "answer" && offer) {
    device.act((doc, by) => write.answerOffer(doc, post, offer.id, id, "accepted", by))
    wrote.accepted.push([post, offer.id])
  }
  if (step === "close") {
    device.act((doc, by) => write.closePost(doc, post, id, "foundHere", by))
    wrote.closings.push([post, id])
  }
  if (step === "reopen") device.act((doc, by) => write.reopenPost(doc, post, by))
  if (step === "support") device.act((doc, by) => write.supportPost(doc, post, more % 2 === 0, by.ref))
  if (step === "remove") device.act((doc, by) => write.moderate(doc, id, post, "remove", "1", "", by))
  if (step === "restore") device.act((doc, by) => write.moderate(doc, id, post, "restore", "", "", by))
  if (step === "unknown") {
    const field = `field${id}`
    device.act(doc => {
      doc.posts[post][field] = { of: new A.ImmutableString("a newer version"), list: [1, 2] }
    })
    wrote.unknown.push([post, field])
  }
}

function meetAll(devices) {
  for (let round = 0; round < 2; round++) for (const device of devices) for (const other of devices) if (other !== device) device.meet(other)
}

// What of a post is the same for every reader.
const comparable = posts => JSON.parse(JSON.stringify(posts, (key, value) => (key === "mine" || key === "supported" ? undefined : value)))

test("no post is hidden, no reply lost, and all devices see the same, whatever the order and the clocks", () => {
  fc.assert(
    fc.property(history, input => {
      const { devices, wrote } = play(input)
      meetAll(devices)
      const [first, ...others] = devices
      const seen = first.posts()
      for (const device of others) assert.deepEqual(comparable(device.posts()), comparable(seen))
      assert.deepEqual(seen.map(post => post.id).sort(), [...new Set(wrote.posts)].sort())
      const entries = (post, list) => first.post(post)[list].map(entry => entry.id)
      for (const list of ["replies", "offers", "closings"])
        for (const [post, id] of wrote[list]) assert.ok(entries(post, list).includes(id), `${list} of ${post} lack ${id}`)
      for (const [post, offer] of wrote.accepted) assert.ok(entries(post, "acceptedOffers").includes(offer), "an accepted helper is not shown")
      for (const post of seen) if (!post.removed) assert.ok(post.title && post.body, "a post without its words")
    }),
    { numRuns: 150 },
  )
})

test("no claim of a post is lost, and all devices agree who holds it", () => {
  const secretOf = number => (number % 4 === 0 ? "1" : "0").repeat(16)
  const step = fc.tuple(fc.constantFrom("handOver", "claim", "claim", "support", "meet"), fc.nat(2), fc.nat(63))
  let counted = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 4, maxLength: 20 }), steps => {
      const devices = [1, 2, 3].map(number => new Device(number, start))
      const [author] = devices
      const [post, ...ids] = Array.from({ length: 40 }, (_, at) => idOf(at + 1))
      author.act((doc, by) => write.addPost(doc, draft(post), by, null))
      author.act((doc, by) => write.handOver(doc, post, ids.pop(), secretOf(1), by))
      meetAll(devices)
      const claimed = []
      for (const [step, at, more] of steps) {
        const [device, before, id] = [devices[at], A.getHeads(devices[at].page), ids.pop()]
        try {
          if (step === "meet") device.meet(devices[more % 3])
          if (step === "support") device.act((doc, by) => write.supportPost(doc, post, more % 2 === 0, by.ref))
          if (step === "handOver") device.act((doc, by) => write.handOver(doc, post, id, secretOf(more), by))
          if (step === "claim") device.act((doc, by) => write.claimPost(doc, post, id, secretOf(more), by))
          if (step === "claim" && A.getHeads(device.page).join() !== before.join()) claimed.push([device.ref, id])
        } catch (error) {
          assert.equal(error.name, "Invalid", String(error)) // not the author, a wrong secret, or somebody else was first
          assert.deepEqual(A.getHeads(device.page), before)
        }
      }
      meetAll(devices)
      const seen = devices.map(device => device.post(post))
      for (const { heldBy, handovers } of seen) {
        assert.equal(heldBy, seen[0].heldBy)
        const claims = handovers.flatMap(handover => handover.claims)
        assert.deepEqual(claims.map(claim => claim.id).sort(), claimed.map(([, id]) => id).sort())
        assert.ok(claims.every(claim => claim.fits))
        assert.ok(claimed.length === 0 ? heldBy === author.ref : claimed.some(([by]) => by === heldBy), "held by nobody who claimed it")
      }
      counted += claimed.length
    }),
    { numRuns: 100 },
  )
  assert.ok(counted > 50, `only ${counted} claims in all histories`)
})

test("fields of a newer version survive edits of an older one", () => {
  const a = new Device(1, start)
  const id = idOf(1)
  a.act((doc, by) => write.addPost(doc, draft(id, { when: { start } }), by, null))
  a.act(doc => {
    doc.posts[id].rating = { stars: 5 }
    doc.posts[id].when.room = new A.ImmutableString("3")
    doc.posts[id].tags = { unknown: true, later: new A.ImmutableString("yes") }
    doc.polls = { one: true }
  })
  a.act((doc, by) => {
    write.editPost(doc, id, { title: "new", body: "other", when: { start: start + day }, tags: ["unknown"] })
    write.closePost(doc, id, idOf(2), "foundHere", by)
  })
  assert.deepEqual(A.toJS(a.page).posts[id].rating, { stars: 5 })
  assert.equal(a.page.posts[id].when.room.val, "3")
  assert.deepEqual(a.page.polls, { one: true })
  assert.deepEqual(a.post(id).when, { start: start + day })
})

test("closing and offering at the same time are both shown, and two accepted helpers are", () => {
  const [a, b] = [new Device(1, start), new Device(2, 0)]
  const id = idOf(1)
  a.act((doc, by) => write.addPost(doc, draft(id), by, null))
  a.meet(b)
  a.act((doc, by) => write.addOffer(doc, id, idOf(2), { message: "I", author: "x" }, by))
  b.act((doc, by) => write.addOffer(doc, id, idOf(3), { message: "me too", author: "y" }, by))
  a.act((doc, by) => write.answerOffer(doc, id, idOf(2), idOf(4), "accepted", by))
  b.act((doc, by) => write.answerOffer(doc, id, idOf(3), idOf(5), "accepted", by))
  b.act((doc, by) => write.closePost(doc, id, idOf(6), "notNeeded", by))
  a.meet(b)
  const post = a.post(id)
  assert.equal(post.state, "closed")
  assert.equal(post.outcome, "notNeeded")
  assert.deepEqual(post.acceptedOffers.map(offer => offer.id).sort(), [idOf(2), idOf(3)].sort())
})

test("a title that two devices changed shows both values until somebody settles it", () => {
  const [a, b] = [new Device(1, start), new Device(2, start)]
  const id = idOf(1)
  a.act((doc, by) => write.addPost(doc, draft(id, { body: "a ladder for sunday" }), by, null))
  a.meet(b)
  a.act(doc => write.editPost(doc, id, { title: "A", body: "a tall ladder for sunday" }))
  b.act(doc => write.editPost(doc, id, { title: "B", body: "a ladder for sunday, please" }))
  a.meet(b)
  assert.deepEqual([...a.post(id).conflicts.title].sort(), ["A", "B"])
  assert.equal(a.post(id).conflicts.title[0], a.post(id).title)
  assert.equal(a.post(id).body, "a tall ladder for sunday, please")
  const kept = a.post(id).title
  a.act(doc => write.editPost(doc, id, { title: kept }))
  a.meet(b)
  assert.deepEqual(b.post(id).conflicts, {})
  assert.equal(b.post(id).title, kept)
})

test("a month that turns while two devices are cut off is one page", () => {
  const zone = "Europe/Copenhagen"
  const [before, after] = [Date.UTC(2026, 4, 31, 21, 59, 59), Date.UTC(2026, 4, 31, 22, 0, 0)]
  assert.equal(monthOf(before, zone), "2026-05")
  assert.equal(monthOf(after, zone), addMonths("2026-05", 1))
  assert.equal(pageDocument(board, monthOf(after, zone)), pageDocument(board, "2026-06"))
  assert.deepEqual(pageGenesis(board, "2026-06"), pageGenesis(board, monthOf(after + day, zone)))
})

test("nothing that is too long, missing or unknown is written, and nothing changes then", () => {
  const a = new Device(1, start)
  const add = more => () => a.act((doc, by) => write.addPost(doc, draft(idOf(1), more), by, null))
  for (const more of [{ title: "x".repeat(81) }, { title: " " }, { body: "x".repeat(4001) }, { kind: "rumour" }, { id: "short" }, { tags: Array(21).fill("t") }])
    assert.throws(add(more), { name: "Invalid" })
  assert.deepEqual(postIds(a.page), [])
  add({ title: "🙂".repeat(80), body: "x".repeat(4000) })()
  assert.throws(() => a.act(doc => write.setIdea(doc, idOf(1), "declined", " ")), { name: "Invalid" })
  assert.throws(() => a.act((doc, by) => write.addReply(doc, idOf(9), idOf(2), { body: "x", author: "", lang: "" }, by)), { name: "NotFound" })
})

test("support is given and taken back, once for each device", () => {
  const [a, b] = [new Device(1, start), new Device(2, start)]
  const id = idOf(1)
  a.act((doc, by) => write.addPost(doc, draft(id, { kind: "idea" }), by, null))
  a.meet(b)
  for (const device of [a, b, a]) device.act((doc, by) => write.supportPost(doc, id, true, by.ref))
  a.meet(b)
  assert.deepEqual([a.post(id).supports, a.post(id).supported], [2, true])
  a.act((doc, by) => write.supportPost(doc, id, false, by.ref))
  a.meet(b)
  assert.deepEqual([b.post(id).supports, a.post(id).supported, b.post(id).supported], [1, false, true])
})

test("an edit of a post that two windows made stands alone, and so does what it takes away", () => {
  const [a, b] = [new Device(1, start), new Device(2, start)]
  const id = idOf(1)
  a.act((doc, by) => write.addPost(doc, draft(id, { title: "left", place: "here", tags: ["x"] }), by, null))
  b.act((doc, by) => write.addPost(doc, draft(id, { title: "right", place: "there", tags: ["x", "y"], body: "other" }), by, null))
  a.meet(b)
  assert.equal(a.post(id).conflicts.title.length, 2)
  assert.deepEqual(a.post(id).tags, ["x", "y"])
  b.act(doc => write.editPost(doc, id, { title: "both", place: null, tags: ["y"], body: "one body" }))
  a.meet(b)
  const { title, place, tags, body, conflicts } = a.post(id)
  assert.deepEqual({ title, place, tags, body }, { title: "both", place: undefined, tags: ["y"], body: "one body" })
  assert.deepEqual(Object.keys(conflicts), ["createdBy"], "who made it stays as both wrote it")
})
