// Joining and staying a member, against a server that is a script.

import "fake-indexeddb/auto"
import assert from "node:assert/strict"
import { test } from "node:test"
import { IndexedDBKeeper, Membership, MemoryKeeper, takeLink } from "@tavle/client"
import { makeKey, sign } from "../dist/membership/keys.js"
import { FakeAPI, signed } from "./lib/fake-api.mjs"

const phone = { label: "Ida's phone", kind: "phone" }
const day = 86_400_000

const open = (api, options = {}) => Membership.open({ server: api.origin, fetch: api.fetch, keeper: new MemoryKeeper(), ...options })
const code = problem => error => error.name === "Problem" && error.code === problem

test("keys of both kinds sign, and cannot be taken out", async () => {
  for (const alg of ["Ed25519", "ES256"]) {
    const key = await makeKey([alg])
    assert.equal(key.alg, alg)
    assert.ok(signed(key, "hello", await sign(key, "hello")))
    assert.equal(key.private.extractable, false)
    await assert.rejects(crypto.subtle.exportKey("pkcs8", key.private))
  }
})

test("a device joins with a code as it was said, and is a member after it was switched off", async () => {
  const api = new FakeAPI()
  const keeper = new MemoryKeeper()
  const one = await open(api, { keeper })
  assert.equal(one.standing.get().state, "stranger")
  assert.equal(one.may("board", "post"), false)
  const me = await one.join("7QK2M 9XZTA", phone)
  assert.equal(me.member.ref, "00000000000000000000000004")
  assert.equal(one.may("board", "post"), true)
  assert.equal(one.may("automerge:board", "editPost"), true)
  assert.equal(one.may("board", "editPost", "other"), false)
  assert.equal(one.may("board", "editBoard"), false)
  assert.equal(api.devices.get(me.device.id).label, "Ida's phone")

  const again = await open(api, { keeper, fetch: () => assert.fail("a start asks nobody") })
  assert.deepEqual(again.me.get(), me)
  assert.equal(again.standing.get().state, "member")
})

test("what goes wrong while joining has a code that an app can show", async () => {
  const api = new FakeAPI()
  const one = await open(api)
  await assert.rejects(one.join("7qk2m", phone), code("code"))
  assert.deepEqual(api.calls, [], "what is no code is not sent")
  await assert.rejects(one.join("00000-00000", phone), code("code"))
  api.refusal = [429, { error: "slow", message: "wait" }, { "retry-after": "90" }]
  await assert.rejects(one.join(api.code, phone), error => error.code === "slow" && error.seconds === 90)
  api.refusal = [502, "bad gateway"]
  await assert.rejects(one.join(api.code, phone), code("unreachable"))
  api.refusal = null
  api.down = true
  await assert.rejects(one.join(api.code, phone), code("unreachable"))
  assert.equal(one.standing.get().state, "stranger")
  api.down = false
  const full = await open(api, { keeper: Object.assign(new MemoryKeeper(), { save: () => Promise.reject(new Error("no space")) }) })
  await assert.rejects(full.join(api.code, phone), code("storage"))
})

test("an answer that was given before the device was shut out, and comes after, changes nothing", async () => {
  const api = new FakeAPI()
  let hold = null
  const fetch = async (url, init) => {
    const answer = await api.fetch(url, init)
    if (url.endsWith("/v1/me")) await hold
    return answer
  }
  const one = await open(api, { fetch })
  const me = await one.join(api.code, phone)
  let go
  hold = new Promise(resolve => (go = resolve))
  const late = one.refresh()
  await new Promise(resolve => setTimeout(resolve, 5))
  api.devices.get(me.device.id).revoked = true
  await assert.rejects(one.status(0), code("revoked"))
  go()
  await late
  assert.equal(one.standing.get().state, "revoked")
})

test("a join whose answer was lost is made again with the same key", async () => {
  const api = new FakeAPI()
  let lose = true
  const fetch = async (url, init) => {
    const answer = await api.fetch(url, init)
    if (!url.endsWith("/v1/join") || !lose) return answer
    lose = false
    throw new TypeError("network changed")
  }
  const one = await open(api, { fetch })
  await assert.rejects(one.join(api.code, phone), code("unreachable"))
  await one.join(api.code, phone)
  assert.equal(api.devices.size, 1)
})

test("a link's code leaves the address bar and the history before anything is asked", async t => {
  const api = new FakeAPI()
  const page = { hash: "#c=7QK2M-9XZTA&fp=12", pathname: "/", search: "?x=1", origin: "http://elsewhere" }
  const replaced = []
  Object.assign(globalThis, { location: page, history: { state: 5, replaceState: (...call) => replaced.push(call) } })
  t.after(() => {
    delete globalThis.location
    delete globalThis.history
  })
  const one = await open(api)
  api.down = true
  await assert.rejects(one.joinFromLink(page.hash, phone), code("unreachable"))
  assert.deepEqual(replaced, [[5, "", "/?x=1"]])
  assert.equal(await one.joinFromLink("#/board", phone), null)
  assert.deepEqual(takeLink("#c=7QK2M-9XZTA&fp=12"), { code: "7QK2M-9XZTA", fingerprint: "12" })
})

test("a session that is gone is renewed once, by a proof", async () => {
  const api = new FakeAPI()
  const one = await open(api)
  await one.join(api.code, phone)
  assert.deepEqual(await one.credentials(), ["tavle.v1", "tavle.ticket.a-ticket"])
  api.session = null
  api.calls = []
  assert.deepEqual(await one.credentials(), ["tavle.v1", "tavle.ticket.a-ticket"])
  assert.deepEqual(api.calls, ["/v1/ticket", "/v1/challenge", "/v1/session", "/v1/ticket"])

  api.calls = []
  api.session = null
  const me = api["GET /v1/me"]
  api["GET /v1/me"] = () => new Response('{"error":"signIn","message":""}', { status: 401 })
  await assert.rejects(one.refresh(), code("signIn"))
  assert.deepEqual(api.calls, ["/v1/me", "/v1/challenge", "/v1/session", "/v1/me"])
  api["GET /v1/me"] = me
})

test("a session that is half over is renewed before it is used, whichever way the clock went", async () => {
  for (const later of [16 * day, -16 * day]) {
    const api = new FakeAPI()
    let now = Date.UTC(2026, 10, 22)
    const one = await open(api, { now: () => now })
    await one.join(api.code, phone)
    api.calls = []
    await one.credentials()
    assert.deepEqual(api.calls, ["/v1/ticket"])
    now += later
    await one.credentials()
    assert.deepEqual(api.calls.slice(1), ["/v1/challenge", "/v1/session", "/v1/ticket"])
    await one.credentials()
    assert.equal(api.calls.length, 5)
  }
})

test("roles that changed are there after a look, and only a change is told", async () => {
  const api = new FakeAPI()
  const one = await open(api)
  await one.join(api.code, phone)
  let told = 0
  one.me.subscribe(() => told++)
  await one.refresh()
  await null
  assert.equal(told, 0)
  api.boards = [{ ...api.boards[0], roles: [{ role: "owner", from: 1 }] }]
  await one.refresh()
  await null
  assert.equal(told, 1)
  assert.equal(one.may("board", "editBoard"), true)
})

test("who was revoked hears it; who is unknown may join again; no answer is neither", async () => {
  const api = new FakeAPI()
  const one = await open(api)
  const { device } = await one.join(api.code, phone)
  api.down = true
  await one.doubt()
  assert.equal(one.standing.get().state, "member")
  api.down = false
  api.refusal = [500, { error: "internal", message: "" }]
  await one.doubt()
  assert.equal(one.standing.get().state, "member")
  api.refusal = null
  const kept = api.devices.get(device.id)
  api.devices.delete(device.id)
  api.session = null
  await one.doubt()
  assert.equal(one.standing.get().state, "unknown")
  assert.ok(one.me.get())
  await one.join(api.code, phone)
  assert.equal(one.standing.get().state, "member")
  assert.ok(api.devices.has(device.id), "with the key that it has")
  api.devices.set(device.id, { ...kept, revoked: "lease" })
  api.session = null
  await one.doubt()
  assert.deepEqual(one.standing.get(), { state: "revoked", lease: true })
  await assert.rejects(one.credentials(), code("revoked"))
})

test("a lease that ended without the server is noticed at the start", async () => {
  const api = new FakeAPI()
  const keeper = new MemoryKeeper()
  const from = Date.UTC(2026, 10, 22)
  const started = async at => (await open(api, { keeper, now: () => from + at * day })).standing.get()
  await (await open(api, { keeper, now: () => from })).join(api.code, phone)
  for (let at = 1; at < 60; at++) assert.equal((await started(at)).state, "member", `after ${at} days`)
  assert.equal((await started(4_000)).state, "member", "a jump to 2037")
  for (let at = 60; at < 62; at++) await started(at)
  assert.deepEqual(await started(62), { state: "revoked", lease: true })
})

test("a device that is connected for longer than its lease goes on: every answer is a sign of the server", async () => {
  const api = new FakeAPI()
  const keeper = new MemoryKeeper()
  let now = Date.UTC(2026, 10, 22)
  const one = await open(api, { keeper, now: () => now })
  await one.join(api.code, phone)
  for (let hours = 0; hours < 61 * 24; hours += 12) {
    now += 12 * 3_600_000
    await one.look()
    await one.status(0)
  }
  now += 120_000
  await one.look()
  assert.equal(one.standing.get().state, "member")
  api.down = true
  for (let days = 1; days < 60; days++) {
    now += day
    await one.look()
    await one.status(0).catch(() => {})
  }
  assert.equal(one.standing.get().state, "member")
  now += day
  await one.look()
  now += 120_000
  await one.look()
  assert.deepEqual(one.standing.get(), { state: "revoked", lease: true }, "no answer is none")
})

test("a key stays in IndexedDB as it is, and leaves it when it is forgotten", async () => {
  const keeper = new IndexedDBKeeper("keeper-test")
  assert.equal(await keeper.load(), null)
  const kept = { server: "x", key: { alg: "Ed25519", key: "k", device: "d", private: {} }, me: null, renewed: 1, absence: null }
  await keeper.save(kept)
  assert.deepEqual(await new IndexedDBKeeper("keeper-test").load(), kept)
  await keeper.clear()
  assert.deepEqual((await indexedDB.databases()).filter(({ name }) => name === "keeper-test"), [])
  assert.equal(await keeper.load(), null)
})

// A browser's fetch: the cookie is of all its windows.
function browser(api) {
  let cookie = ""
  return async (url, init) => {
    const answer = await api.fetch(url, { ...init, headers: { ...init.headers, cookie } })
    cookie = answer.headers.get("set-cookie") ?? cookie
    return answer
  }
}

// twoInOne is a browser in which one has joined, and then another in another window. A keeper of its own each has them side by side.
async function twoInOne(sideBySide) {
  const api = new FakeAPI()
  const [fetch, keeper] = [browser(api), new MemoryKeeper()]
  const one = await open(api, { fetch, keeper })
  const first = await one.join(api.code, phone)
  const others = sideBySide ? new MemoryKeeper() : keeper
  if (!sideBySide) await keeper.clear()
  const two = await open(api, { fetch, keeper: others })
  const second = await two.join(api.code, { label: "another's", kind: "phone" })
  assert.notEqual(first.device.id, second.device.id)
  return { api, one, two, first, second, keeper, others }
}

test("a window ends when its browser has joined as another device, and leaves that alone", async t => {
  const { api, one, two, second, keeper } = await twoInOne(false)
  globalThis.location = { origin: api.origin }
  t.after(() => delete globalThis.location)
  const others = await keeper.load()
  await assert.rejects(one.credentials(), code("replaced"))
  assert.equal(one.standing.get().state, "replaced")
  await assert.rejects(one.refresh(), code("replaced"))
  await assert.rejects(one.join(api.code, phone), code("replaced"))
  await one.look()
  await one.forget()
  assert.deepEqual(await keeper.load(), others)
  assert.deepEqual(await two.credentials(), [])
  assert.equal((await two.refresh()).device.id, second.device.id)
})

test("two windows with a key each do not take each other's session for their own", async t => {
  const { api, one, two, first, second, keeper, others } = await twoInOne(true)
  globalThis.location = { origin: api.origin }
  t.after(() => delete globalThis.location)
  for (const [window, me] of [[one, first], [two, second], [one, first]]) {
    assert.deepEqual(await window.credentials(), [])
    assert.equal(api.session.split(".")[0], me.device.id, "the session that the browser shows now")
    assert.equal(window.me.get().device.id, me.device.id)
  }
  for (const [kept, me] of [[keeper, first], [others, second]]) {
    const { key, me: there } = await kept.load()
    assert.deepEqual([key.device, there.device.id], [me.device.id, me.device.id])
  }
})

test("keepers change and remove only what is of the same key", async () => {
  for (const keeper of [new MemoryKeeper(), new IndexedDBKeeper("own-test")]) {
    const of = (device, renewed) => ({ server: "x", key: { alg: "Ed25519", key: "k", device, private: {} }, me: null, renewed, absence: null })
    await keeper.save(of("a", 1), true)
    assert.equal(await keeper.load(), null)
    await keeper.save(of("a", 1))
    await keeper.save(of("b", 2), true)
    await keeper.clear("b")
    assert.deepEqual(await keeper.load(), of("a", 1))
    await keeper.save(of("a", 3), true)
    assert.deepEqual(await keeper.load(), of("a", 3))
    await keeper.clear("a")
    assert.equal(await keeper.load(), null)
  }
})

test("a window hears that another one has joined", async () => {
  const api = new FakeAPI()
  const keeper = new MemoryKeeper()
  const [one, two] = [await open(api, { keeper }), await open(api, { keeper })]
  await assert.rejects(two.credentials(), code("signIn"))
  await one.join(api.code, phone)
  assert.deepEqual(await two.credentials(), ["tavle.v1", "tavle.ticket.a-ticket"])
  assert.equal(two.standing.get().state, "member")
})
