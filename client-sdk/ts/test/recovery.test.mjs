// A change that the server refuses: it is left out, everything else goes on, and nobody else notices.

import assert from "node:assert/strict"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import { MemoryStorage, pageDocument } from "@tavle/client"
import { GuardedStorage } from "../dist/device/guard.js"
import { draft, titles } from "./lib/device.mjs"
import { courtyard, Device } from "./lib/member.mjs"
import { startMembers } from "./lib/server.mjs"
import { stock } from "./lib/stock.mjs"
import { until } from "./lib/until.mjs"

const sent = board => until(() => board.posts.get().every(post => post.delivery === "board"), "all posts to be on the board")
const refused = device => device.closes.filter(code => code === 4403).length

// boAndIda is a board with two residents, on which Bo has a post that Ida has seen. Ida is off.
async function boAndIda(t) {
  const yard = await courtyard(t, await startMembers(t), { bo: "resident", ida: "resident" })
  await yard.bo.on()
  yard.bos = await yard.bo.board(yard.board)
  yard.post = await yard.bos.addPost(draft(yard.bos, "Bo's ladder"))
  await sent(yard.bos)
  yard.page = pageDocument(yard.board, yard.post.month)
  await yard.ida.on()
  const board = await yard.ida.board(yard.board)
  await until(() => titles(board).includes("Bo's ladder"), "Ida to see Bo's post")
  await yard.ida.off()
  return yard
}

test("what was rightly written before and after a refused change arrives, and the person sees what was refused", async t => {
  const { server, board, page, post, bo, bos, ida } = await boAndIda(t)
  await ida.on({ offline: true })
  let idas = await ida.board(board)
  const first = await idas.addPost(draft(idas, "before"))
  await ida.off()
  const bad = await ida.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString("forged title")))
  await ida.on({ offline: true })
  idas = await ida.board(board)
  const second = await idas.addPost(draft(idas, "after"))
  await idas.editPost(first.id, { body: "changed later" })
  await idas.reply(post.id, { body: "I have one", author: "Ida" })
  await ida.off()

  await ida.on()
  idas = await ida.board(board)
  await sent(idas)
  await until(() => titles(bos).length === 3, "Bo to see all posts")
  assert.deepEqual(titles(bos), ["Bo's ladder", "after", "before"])
  const [old, anew] = [bos.post(first.id).get(), bos.post(second.id).get()]
  assert.equal(old.body, "changed later")
  assert.equal(anew.createdAt, second.createdAt)
  assert.equal(anew.createdBy, ida.membership.me.get().member.ref)
  assert.deepEqual(bos.post(post.id).get().replies.map(({ body }) => body), ["I have one"])
  assert.equal(idas.post(post.id).get().title, "Bo's ladder")
  assert.deepEqual(bo.closes, [], "nobody else notices")

  const [refusal, ...more] = ida.client.refusals.get()
  assert.deepEqual(more, [])
  assert.equal(refusal.id, bad)
  assert.equal(refusal.document, page)
  assert.equal(refusal.reason, "notYours")
  assert.deepEqual(refusal.texts, ["forged title"])
  for (const lang of ["da", "nl", "en"]) assert.ok(refusal.sentences[lang].length > 20)
  assert.equal(refused(ida), 1)
  assert.equal(ida.client.connection.get().state, "connected")

  // It is kept until the person has seen it, and is in no document.
  await ida.off()
  await ida.on()
  assert.equal(ida.client.refusals.get()[0].texts[0], "forged title")
  await ida.client.dismissRefusal(bad)
  assert.deepEqual(ida.client.refusals.get(), [])
  await ida.off()
  assert.doesNotMatch(await ida.everything(), /forged/)
  await ida.on()
  idas = await ida.board(board)
  await idas.addPost(draft(idas, "next day"))
  await sent(idas)
  await until(() => titles(bos).includes("next day"), "the next post to arrive")
  assert.equal(refused(ida), 1)
  assert.ok(server)
})

test("a post that may not be there goes with all that was written to it, and its text is kept for the person", async t => {
  const { board, bos, ida } = await boAndIda(t)
  await ida.on({ offline: true })
  let idas = await ida.board(board)
  const bad = await idas.addPost(draft(idas, "call me", { body: "my number is 010190-1234" }))
  await idas.editPost(bad.id, { body: "my number is 010190-1234, or ring the bell" })
  await idas.addPost(draft(idas, "good"))
  await ida.off()
  await ida.on()
  idas = await ida.board(board)
  await until(() => titles(bos).includes("good"), "the good post to arrive")
  await sent(idas)
  assert.deepEqual(titles(idas), ["Bo's ladder", "good"])
  const [refusal] = ida.client.refusals.get()
  assert.equal(refusal.reason, "identityNumber")
  assert.deepEqual(refusal.texts, ["call me", "my number is 010190-1234, or ring the bell"])
  assert.equal(refused(ida), 1)
})

test("of an answer without words that is refused, the refusal says which it was", async t => {
  const { board, post, ida } = await boAndIda(t)
  await ida.on()
  const idas = await ida.board(board)
  const offer = await idas.offerHelp(post.id, { message: "", author: "Ida 010190-1234" })
  await until(() => ida.client.refusals.get().length === 1, "the refusal")
  const [refusal] = ida.client.refusals.get()
  assert.deepEqual([refusal.reason, refusal.texts, refusal.entries], ["identityNumber", [], [offer]])
  await ida.off()
  await ida.on()
  assert.deepEqual(ida.client.refusals.get()[0].entries, [offer])
})

test("many refused changes are left out one by one, and there is an end to it", async t => {
  const { board, page, post, bos, ida } = await boAndIda(t)
  for (let i = 0; i < 6; i++) {
    await ida.on({ offline: true })
    const idas = await ida.board(board)
    await idas.addPost(draft(idas, `good ${i}`))
    await ida.off()
    await ida.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString(`bad ${i}`)))
  }
  await ida.on()
  const idas = await ida.board(board)
  await until(() => titles(bos).length === 7, "all good posts to arrive")
  await sent(idas)
  assert.equal(bos.post(post.id).get().title, "Bo's ladder")
  assert.equal(ida.client.refusals.get().length, 6)
  assert.equal(refused(ida), 6)
  await until(() => ida.client.connection.get().state === "connected", "to be connected")
})

test("a page that was let go of before the refusal is clean when it is opened again", async t => {
  const { board, page, post, bos, ida } = await boAndIda(t)
  await ida.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString("forged")))
  await ida.on()
  let idas = await ida.board(board)
  await until(() => ida.client.refusals.get().length === 1, "the refusal")
  await ida.client.forgetBoard(board)
  idas = await ida.board(board)
  await until(() => titles(idas).includes("Bo's ladder"), "the page to arrive again")
  await idas.addPost(draft(idas, "good"))
  await until(() => titles(bos).includes("good"), "the next post to arrive")
  assert.equal(refused(ida), 1)
})

test("a device that was switched off while it left a change out does it again, to the same end", async t => {
  const { board, page, post, bos, ida } = await boAndIda(t)
  await ida.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString("forged")))
  await ida.on({ offline: true })
  let idas = await ida.board(board)
  await idas.addPost(draft(idas, "good"))
  await ida.off()
  const before = await ida.storage.loadRange([page])
  await ida.on()
  idas = await ida.board(board)
  await until(() => titles(bos).includes("good"), "the good post to arrive")
  await sent(idas)
  await ida.off()
  for (const { key, data } of before) await ida.storage.save(key, data) // what was not removed yet
  await ida.on()
  idas = await ida.board(board)
  await idas.addPost(draft(idas, "another"))
  await until(() => titles(bos).includes("another"), "another post to arrive")
  assert.deepEqual(titles(bos), ["Bo's ladder", "another", "good"])
  assert.equal(bos.posts.get().filter(({ title }) => title === "good").length, 1)
  assert.equal(idas.post(post.id).get().title, "Bo's ladder")
  assert.equal(refused(ida), 1)
})

// A storage that keeps what it was after each write, as it is found after the power went at that moment.
class Cut extends MemoryStorage {
  moments = []
  noting = false
  async save(key, binary) {
    await super.save(key, binary)
    await this.#note()
  }
  async remove(key) {
    await super.remove(key)
    await this.#note()
  }
  async #note() {
    if (!this.noting) return
    const then = new MemoryStorage()
    for (const { key, data } of await this.loadRange([])) await then.save(key, data)
    this.moments.push(then)
  }
}

test("whenever the device is switched off while a change is left out, its text is on the page or is told as refused", async t => {
  const { server, board, ida } = await boAndIda(t)
  const cut = new Cut()
  for (const { key, data } of await ida.storage.loadRange([])) await cut.save(key, data)
  ida.storage = cut
  await ida.on({ offline: true })
  const offline = await ida.board(board)
  await offline.addPost(draft(offline, "Bicycle", { body: "Call 010190-1234" }))
  await offline.addPost(draft(offline, "good"))
  await ida.off()
  cut.noting = true
  await ida.on()
  await sent(await ida.board(board))
  await until(() => ida.client.refusals.get().length === 1, "the refusal")
  await ida.off()
  await server.stop()
  const found = []
  for (const moment of cut.moments) {
    ida.storage = moment
    await ida.on({ offline: true })
    const idas = await ida.board(board)
    const refusals = ida.client.refusals.get()
    found.push(refusals.length === 1 ? refusals[0].texts.join() : titles(idas).includes("Bicycle") ? "on the page" : "nowhere")
    assert.ok(titles(idas).includes("good"))
    await ida.off()
  }
  assert.deepEqual([...new Set(found)].sort(), ["Bicycle,Call 010190-1234", "on the page"])
})

test("a change that cannot be left out yet, since a part of the app is missing, is left where it is", async t => {
  const { board, ida } = await boAndIda(t)
  await ida.on({ offline: true })
  const offline = await ida.board(board)
  await offline.addPost(draft(offline, "Bicycle", { body: "Call 010190-1234" }))
  await ida.off()
  const { has } = GuardedStorage.prototype
  let missing = true
  t.mock.method(GuardedStorage.prototype, "has", function (key) {
    if (missing && key[0] === "tavle-refusals") throw new TypeError("Failed to fetch dynamically imported module")
    return has.call(this, key)
  })
  await ida.on()
  const idas = await ida.board(board)
  await until(() => refused(ida) > 1, "several tries")
  assert.deepEqual(titles(idas), ["Bicycle", "Bo's ladder"])
  missing = false
  await until(() => ida.client.refusals.get().length === 1, "the refusal")
  assert.deepEqual(ida.client.refusals.get()[0].texts, ["Bicycle", "Call 010190-1234"])
  await sent(idas)
})

test("a stock client beside it is not harmed", async t => {
  const { server, board, page, post, ida } = await boAndIda(t)
  const cai = new Device(t, server)
  await cai.join(await server.invite(board, "resident"))
  const { ticket } = await cai.membership.call("POST", "/v1/ticket", { for: "url" })
  const { repo, adapter } = stock(t, `${server.url}?ticket=${ticket}`)
  const handle = await repo.find(`automerge:${page}`)
  await ida.on({ offline: true })
  await (await ida.board(board)).addPost(draft(await ida.board(board), "good"))
  await ida.off()
  await ida.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString("forged")))
  await ida.on()
  await ida.board(board)
  await until(() => Object.values(handle.doc().posts).some(({ title }) => String(title) === "good"), "the stock client to see the good post")
  await until(() => ida.client.refusals.get().length === 1, "the refusal")
  assert.equal(String(handle.doc().posts[post.id].title), "Bo's ladder")
  assert.equal(adapter.cuts, 0)
})

test("a device whose storage is full recovers all the same, and stores it when it can", async t => {
  const { board, page, post, bos, ida } = await boAndIda(t)
  await ida.on({ offline: true })
  await (await ida.board(board)).addPost(draft(await ida.board(board), "good"))
  await ida.off()
  await ida.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString("forged")))
  let full = true
  const { save } = ida.storage
  ida.storage.save = (...args) => (full ? Promise.reject(new DOMException("no space", "QuotaExceededError")) : save.apply(ida.storage, args))
  await ida.on()
  const idas = await ida.board(board)
  await until(() => titles(bos).includes("good"), "the good post to arrive")
  await until(() => ida.client.refusals.get().length === 1, "the refusal")
  assert.equal(idas.post(post.id).get().title, "Bo's ladder")
  full = false
  ida.client.retryNow()
  await until(() => ida.client.device.get().failing === null, "the storage to take it")
  await ida.off()
  await ida.on({ offline: true })
  assert.equal((await ida.board(board)).post(post.id).get().title, "Bo's ladder")
  assert.equal(ida.client.refusals.get().length, 1)
})
