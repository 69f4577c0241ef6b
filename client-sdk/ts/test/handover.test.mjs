// A volunteer's post becomes the neighbour's own.

import * as A from "@automerge/automerge"
import assert from "node:assert/strict"
import { test } from "node:test"
import { pageGenesis } from "../dist/model/genesis.js"
import { boardDocument, idFromBytes } from "../dist/model/ids.js"
import * as write from "../dist/model/write.js"
import { device, draft, opened } from "./lib/device.mjs"
import { startServer } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

const proxy = { kind: "volunteer", permission: "spoken", callBackBy: "visit" }
const held = (board, id) => board.post(id).get()?.heldBy

// A board of a desk with a proxy post, and phones that see it.
async function handed(t, phones) {
  const server = await startServer(t)
  const client = await device(t, server.url, { origin: "desk" })
  const desk = await client.createBoard({ title: "Courtyard" })
  await desk.openMonths(1)
  const post = await desk.addPost(draft(desk, "Groceries", { proxy }))
  const secret = await desk.handOver(post.id)
  const others = []
  for (let n = 0; n < phones; n++) {
    const phone = await device(t, server.url)
    const board = await opened(phone, desk.url)
    await board.openMonths(1)
    await until(() => board.post(post.id).get()?.handovers.length === 1, "the hand-over to arrive")
    others.push({ client: phone, board, ref: phone.device.get().ref })
  }
  return { server, client, ref: client.device.get().ref, desk, post, secret, others }
}

const rejects = (promise, why) => assert.rejects(promise, error => error.name === "Invalid" && error.why === why)

test("a neighbour takes a proxy's post over with the secret of the slip, typed by hand", async t => {
  const { client, ref, desk, post, secret, others: [phone] } = await handed(t, 1)
  assert.match(secret, /^[0-9a-hjkmnp-tv-z]{16}$/)
  assert.equal(desk.post(post.id).get().mine, true)
  const wrong = (secret[0] === "0" ? "1" : "0") + secret.slice(1)
  await rejects(phone.board.claim(post.id, wrong), "malformed")
  await rejects(phone.board.claim(post.id, "hello"), "malformed")
  await assert.rejects(phone.board.claim(post.code === "0000" ? "0001" : "0000", secret), { name: "NotFound" })
  assert.equal(phone.board.post(post.id).get().mine, false)

  const said = secret.toUpperCase().match(/..../g).join(" - ")
  assert.equal(await phone.board.claim(post.code.toUpperCase(), said), post.id)
  assert.equal(await phone.board.claim(post.id, secret), post.id, "a second tap is no second claim")
  const mine = phone.board.post(post.id).get()
  assert.deepEqual([mine.mine, mine.heldBy, mine.createdBy, mine.handovers[0].claims.length], [true, phone.ref, ref, 1])
  await until(() => held(desk, post.id) === phone.ref, "the desk to know")
  const theirs = desk.post(post.id).get()
  assert.deepEqual([theirs.mine, theirs.proxy.kind, theirs.title], [false, "volunteer", "Groceries"], "its history stays")
  assert.deepEqual(desk.list({ mine: true }), [])
  await rejects(desk.claim(post.id, secret), "held")
  await rejects(desk.handOver(post.id), "held")
  assert.equal((await client.contents()).posts, 1)
})

test("the secret is in no document before it is used", () => {
  const board = boardDocument(new Uint8Array(16).fill(7))
  const [secret, id] = ["0123456789abcdef", byte => idFromBytes(new Uint8Array(16).fill(byte))]
  const by = { ref: id(9), time: "1779973200000-0000", clientTime: 0, origin: "desk" }
  let page = A.applyChanges(A.init(), [pageGenesis(board, "2026-05")])[0]
  page = A.change(page, doc => write.addPost(doc, { id: id(1), kind: "request", title: "Groceries", body: "" }, by, null))
  page = A.change(page, doc => write.handOver(doc, id(1), id(2), secret, by))
  assert.equal(JSON.stringify(page).includes(secret), false)
  page = A.change(page, doc => write.claimPost(doc, id(1), id(3), secret, { ...by, ref: id(8) }))
  assert.equal(JSON.stringify(page).includes(secret), true)
})

test("two phones claim one post while cut off: the earlier operation counts, and both are seen", async t => {
  const { server, desk, post, secret, others: [early, late] } = await handed(t, 2)
  await server.stop()
  await late.board.support(post.id, true) // so that its claim is the later one
  await late.board.claim(post.id, secret)
  await early.board.claim(post.id, secret)
  await server.start()
  for (const board of [desk, early.board, late.board]) {
    await until(() => board.post(post.id).get().handovers[0].claims.length === 2, "both claims to be seen")
    const { heldBy, handovers } = board.post(post.id).get()
    assert.equal(heldBy, early.ref)
    assert.deepEqual(handovers[0].claims.map(claim => [claim.by, claim.fits]), [[early.ref, true], [late.ref, true]])
  }
  assert.deepEqual([early.board.post(post.id).get().mine, late.board.post(post.id).get().mine], [true, false])
})

test("a neighbour without a telephone gets from a request to a match", async t => {
  const { desk, post, others: [phone] } = await handed(t, 1)
  const counted = board => board.numbers({ from: 0, to: Date.now() + 86_400_000 })
  const offer = await phone.board.offerHelp(post.id, { message: "On Thursday", author: "Bo" })
  await until(() => desk.post(post.id).get().offers.length === 1, "the offer to arrive")
  await desk.answerOffer(post.id, offer, "accepted")
  await until(() => phone.board.post(post.id).get().acceptedOffers.length === 1, "the yes to arrive")
  for (const board of [desk, phone.board]) {
    const { posts, answered, matched, proxy, byProxy, firstTime } = counted(board)
    assert.deepEqual([posts, answered, matched, proxy, byProxy, firstTime], [1, 1, 1, 1, { volunteer: 1 }, 0])
  }
})

test("only the author of a post hands it over", async t => {
  const { post, others: [phone] } = await handed(t, 1)
  await rejects(phone.board.handOver(post.id), "held")
})

test("what author and holder write is no answer", async t => {
  const { desk, post, secret, others: [phone] } = await handed(t, 1)
  await phone.board.claim(post.id, secret)
  await phone.board.reply(post.id, { body: "Thursdays, please", author: "Inger" })
  await until(() => desk.post(post.id).get().replies.length === 1, "the reply to arrive")
  assert.equal(desk.post(post.id).get().answered, false)
})
