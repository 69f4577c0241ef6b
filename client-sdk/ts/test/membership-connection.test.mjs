// What the ends of connections mean to a device of a member, with a server that is a script.

import assert from "node:assert/strict"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import { cbor } from "@automerge/automerge-repo"
import { Client, Membership, MemoryKeeper, MemoryStorage } from "@tavle/client"
import { GuardedStorage } from "../dist/device/guard.js"
import { Refusals } from "../dist/membership/refusals.js"
import { FakeAPI } from "./lib/fake-api.mjs"
import { draft, titles } from "./lib/device.mjs"
import { pause, until } from "./lib/until.mjs"

// Sockets are scripted: script(socket) is called for each, and says what the server does.
function sockets(script) {
  const all = []
  class Socket {
    readyState = 0
    bufferedAmount = 0
    sent = []
    constructor(url, protocols) {
      Object.assign(this, { url, protocols, number: all.push(this) })
      setTimeout(() => script(this), 1)
    }
    open() {
      this.readyState = 1
      this.onopen?.({})
    }
    peer() {
      this.receive({ type: "peer", senderId: "server", targetId: "x", selectedProtocolVersion: "1", peerMetadata: { storageId: "store", isEphemeral: false } })
    }
    receive(message) {
      this.onmessage?.({ data: Uint8Array.from(cbor.encode(message)).buffer })
    }
    send(data) {
      const message = cbor.decode(data)
      this.sent.push(message)
      if (message.type === "join") this.onJoin?.()
      else this.onSend?.(message)
    }
    close() {
      this.readyState = 3
    }
    end(code, reason = "") {
      this.readyState = 3
      this.onclose?.({ code, reason })
    }
  }
  return { Socket, all }
}

const joins = socket => {
  socket.onJoin = () => socket.peer()
  socket.open()
}
const timing = { retryFirst: 20, retryLongest: 80, tick: 50, retryRefused: 400 }

async function member(t, script, { api = new FakeAPI(), storage = new MemoryStorage(), now = Date.now, serverTime = async () => null, times = {} } = {}) {
  const keeper = new MemoryKeeper()
  const membership = await Membership.open({ server: api.origin, fetch: api.fetch, keeper, now })
  await membership.join(api.code, { label: "a phone", kind: "phone" })
  api.calls = []
  const { Socket, all } = sockets(script)
  const client = await Client.open({ url: `${api.origin}/sync`, storage, membership, origin: "phone", webSocket: Socket, secondPlace: null, timing: { ...timing, ...times }, now, serverTime })
  t.after(() => client.close())
  return { api, client, membership, keeper, all, storage }
}

const count = (calls, path) => calls.filter(call => call === path).length

test("each connection shows a ticket of its own, and who the device is is asked anew on each", async t => {
  const { api, client, all } = await member(t, joins)
  await until(() => client.connection.get().state === "connected", "to be connected")
  assert.deepEqual(all[0].protocols, ["tavle.v1", "tavle.ticket.a-ticket"])
  await until(() => count(api.calls, "/v1/me/status") === 1, "the status to be told")
  assert.deepEqual(Object.keys(api.told).sort(), ["appVersion", "clock", "unsent"])
  api.boards = [{ ...api.boards[0], roles: [{ role: "owner", from: 1 }] }]
  all[0].end(1012, "what this device may do has changed")
  await until(() => client.may("board", "editBoard"), "the new role")
  assert.equal(count(api.calls, "/v1/ticket"), 2)
})

test("a device that believes to be in 1970 has its roles, by the server's clock once it has heard that", async t => {
  const api = new FakeAPI()
  const server = Date.UTC(2026, 10, 22)
  const hour = 3_600_000
  api.boards[0].roles = [{ role: "resident", from: server - hour }, { role: "matchmaker", from: server - hour, until: server + hour }, { role: "owner", from: server + hour }]
  let tell = () => {}
  const told = new Promise(resolve => (tell = resolve))
  const { client, membership } = await member(t, joins, { api, now: () => 1000, serverTime: () => told })
  assert.equal(client.may("board", "post"), true, "before the server's clock is known")
  assert.equal(client.may("board", "postForOther"), false)
  tell(server)
  await until(() => client.may("board", "postForOther"), "the role that ends")
  assert.equal(client.may("board", "post"), true)
  assert.equal(client.may("board", "editBoard"), false, "a role that begins later")
  assert.deepEqual(membership.roles("board"), ["resident", "matchmaker"])
})

test("a server that lets nobody in is asked why, and the session is renewed once: no loop", async t => {
  const { api, all, client } = await member(t, socket => socket.end(1006))
  await until(() => all.length >= 6, "several tries")
  assert.equal(count(api.calls, "/v1/session"), 0)
  api.session = null
  api.calls = []
  const tries = all.length
  await until(() => all.length >= tries + 5, "more tries")
  assert.equal(count(api.calls, "/v1/session"), 1)
  assert.notEqual(client.connection.get().state, "refused")
})

test("a session that the server takes and does not honour is not renewed in a circle", async t => {
  const { api, all } = await member(t, socket => socket.end(1006))
  api["GET /v1/me"] = () => new Response('{"error":"signIn","message":""}', { status: 401 })
  await until(() => all.length >= 3, "several tries")
  const [renewals, tries] = [count(api.calls, "/v1/session"), all.length]
  assert.ok(renewals <= tries, `${renewals} renewals in ${tries} tries`)
})

test("4401 without a revocation that the API confirms removes nothing", async t => {
  const { client, storage, all } = await member(t, socket => {
    joins(socket)
    setTimeout(() => socket.end(4401, "not you"), 5)
  })
  await until(() => all.length >= 3, "more tries")
  assert.equal(client.revoked.get(), null)
  assert.notEqual((await storage.loadRange([])).length, 0)
})

test("4401 that the API confirms ends everything, and nothing is written or dialled after it", async t => {
  const api = new FakeAPI()
  const { client, membership, storage, all } = await member(t, joins, { api })
  await until(() => client.connection.get().state === "connected", "to be connected")
  const board = await client.createBoard({ title: "Courtyard" })
  await board.openMonths(1)
  await board.addPost(draft(board, "unsent"))
  api.devices.get(membership.me.get().device.id).revoked = true
  all.at(-1).end(4401, "revoked")
  await until(() => client.revoked.get()?.wiped, "to be wiped")
  const { unsent, offered } = client.revoked.get()
  assert.ok(unsent.some(({ texts }) => texts.includes("unsent")))
  assert.equal(offered, false, "nobody took it: the API has no such call here")
  const dialled = all.length
  await board.addPost(draft(board, "too late")).catch(() => {})
  client.retryNow()
  await pause(150)
  assert.deepEqual(await storage.loadRange([]), [])
  assert.equal(all.length, dialled)
})

test("a window that is shut out removes nothing when another device has taken its place", async t => {
  const { api, client, membership, keeper, storage, all } = await member(t, joins)
  await until(() => client.connection.get().state === "connected", "to be connected")
  const kept = await keeper.load()
  const other = { ...kept, key: { ...kept.key, device: "another" } }
  await keeper.save(other)
  api.devices.get(membership.me.get().device.id).revoked = true
  all.at(-1).end(4401, "revoked")
  await until(() => membership.standing.get().state === "replaced", "to know that")
  await pause(50)
  assert.equal(client.revoked.get(), null)
  assert.notEqual((await storage.loadRange([])).length, 0)
  assert.deepEqual(await keeper.load(), other)
})

// A server that takes what it is sent, but for changes that say "bad"; it may always name another change than that.
function refusing(state) {
  const stored = new Map()
  return socket => {
    const talks = new Map()
    let over = false // what was sent before the client hears of the end is not looked at
    socket.onJoin = () => socket.peer()
    socket.onSend = ({ type, documentId, data }) => {
      if (over || (type !== "sync" && type !== "request")) return
      const before = stored.get(documentId) ?? A.init()
      const [doc, talk] = A.receiveSyncMessage(A.clone(before), talks.get(documentId) ?? A.initSyncState(), data)
      const bad = A.getAllChanges(doc).map(A.decodeChange).find(change => change.ops.some(({ value }) => value === "bad"))
      if (bad) {
        over = true
        state.refused.push(bad.hash)
        const hash = state.always ?? bad.hash
        socket.receive({ type: "error", senderId: "server", targetId: "x", message: `refused document=${documentId} change=${hash} reason=notYours: It is not yours.` })
        return socket.end(4403, "refused")
      }
      stored.set(documentId, doc)
      const [next, reply] = A.generateSyncMessage(doc, talk)
      talks.set(documentId, next)
      if (reply) socket.receive({ type: "sync", senderId: "server", targetId: "x", documentId, data: reply })
    }
    socket.open()
  }
}

test("a refused change is not sent again, and the next connection follows at once", async t => {
  const state = { refused: [] }
  const { client, all } = await member(t, refusing(state), { times: { retryRefused: 60_000 } })
  const board = await client.createBoard({ title: "Courtyard" })
  await board.openMonths(1)
  await board.addPost(draft(board, "good"))
  await board.addPost(draft(board, "bad"))
  await board.addPost(draft(board, "also good"))
  await until(() => client.refusals.get().length === 1, "the refusal")
  await until(() => client.connection.get().state === "connected", "to be connected again")
  assert.deepEqual(titles(board), ["also good", "good"])
  assert.deepEqual(client.refusals.get()[0].texts, ["bad", "bad, please"])
  await pause(600)
  assert.equal(state.refused.length, 1)
  assert.ok(all.length <= 3)
})

test("a device that is closed while a change is being left out has nothing to complain of", async t => {
  const state = { refused: [] }
  let closing = null
  // Closed as soon as it is asked for what is to be rewritten; it writes slowly, so that the closing is over before.
  class Closing extends MemoryStorage {
    async save(key, binary) {
      await pause(100)
      return super.save(key, binary)
    }
    async loadRange(key) {
      if (closing) await closing.then(() => Promise.reject(new Error("this storage was closed")))
      const found = await super.loadRange(key)
      if (state.refused.length > 0 && key[1] === "incremental") await (closing = client.close())
      return found
    }
  }
  const { client } = await member(t, refusing(state), { storage: new Closing(), times: { save: 1, retryRefused: 60_000 } })
  const board = await client.createBoard({ title: "Courtyard" })
  await board.openMonths(1)
  await board.addPost(draft(board, "bad"))
  await until(() => closing !== null, "the device to be closed")
  await pause(500) // a rejection that nobody hears fails the test
})

test("a server that goes on refusing what is not there is not asked in a circle", async t => {
  const state = { refused: [], always: "ab".repeat(32) }
  const { client, all } = await member(t, refusing(state))
  const board = await client.createBoard({ title: "Courtyard" })
  await board.openMonths(1)
  await board.addPost(draft(board, "bad"))
  await until(() => client.connection.get().state === "refused" && client.connection.get().code === 4403, "to be refused")
  await pause(300)
  assert.ok(all.length <= 8, `${all.length} connections`)
  assert.deepEqual(client.refusals.get(), [])
  assert.deepEqual(titles(board), ["bad"])
})

test("a refusal that the person has seen does not come back from a read that began before", async () => {
  const kept = ["a", "b"].map(id => ({ data: new TextEncoder().encode(JSON.stringify({ id, at: 1 })) }))
  const reads = []
  const storage = { loadRange: () => new Promise(resolve => reads.push(() => resolve(kept))), save: async () => {} }
  const refusals = new Refusals(storage, () => null, Date.now)
  const begun = refusals.load()
  reads.shift()()
  await begun
  const late = refusals.load()
  await refusals.dismiss("a")
  reads.shift()()
  await late
  assert.deepEqual(refusals.all.get().map(({ id }) => id), ["b"])
})

test("a refusal that the person has seen does not come back when another window hears of it later", async () => {
  const storage = new GuardedStorage(new MemoryStorage(), () => {})
  const doc = A.from({ posts: {} })
  const documents = { leaveOut: (id, change, keep) => keep(id, change, { before: doc, after: doc }) }
  const [one, two] = [1, 2].map(() => new Refusals(storage, () => documents, Date.now))
  const refused = { document: "", change: A.getHeads(doc)[0], reason: "notYours", sentence: "" }
  await two.recover(refused)
  await two.dismiss(refused.change)
  assert.deepEqual(two.all.get(), [])
  assert.equal(await one.recover(refused), "now")
  await one.load()
  await two.load()
  assert.deepEqual([one.all.get(), two.all.get()], [[], []])
})
