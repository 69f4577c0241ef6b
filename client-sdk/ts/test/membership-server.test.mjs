// A device and a server that knows its members: joining, roles, visits, the end.

import "fake-indexeddb/auto"
import assert from "node:assert/strict"
import { test } from "node:test"
import WebSocket from "ws"
import { Client, IndexedDBKeeper, IndexedDBStorage, Membership } from "@tavle/client"
import { device, draft, fast, titles } from "./lib/device.mjs"
import { courtyard, Device } from "./lib/member.mjs"
import { startMembers, startServer } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

const connected = ({ client }) => until(() => client.connection.get().state === "connected", "to be connected")
const onBoard = (board, title) => until(() => board.posts.get().some(post => post.title === title && post.delivery === "board"), `${title} to be on the board`)
const code = problem => error => error.name === "Problem" && error.code === problem

test("a stranger is told to join, and is connected when it has", async t => {
  const server = await startMembers(t)
  const { id } = await server.run("board create", "Courtyard")
  const ida = new Device(t, server)
  const client = await ida.on()
  await until(() => client.connection.get().state === "refused", "to be refused")
  assert.equal(client.me.get(), null)
  assert.equal(client.may(id, "post"), false)
  await assert.rejects(ida.membership.join("00000-00000", { label: "x", kind: "phone" }), code("code"))
  await ida.membership.join(await server.invite(id, "resident"), { label: "Ida's phone", kind: "phone" })
  await connected(ida)
  const board = await ida.board(id)
  const post = await board.addPost(draft(board, "Ladder"))
  await onBoard(board, "Ladder")
  assert.equal(post.createdBy, client.me.get().member.ref)
  assert.equal(client.device.get().ref, client.me.get().member.ref)
  assert.equal(board.posts.get()[0].mine, true)
  assert.equal(client.may(board.url, "post"), true)
  assert.equal(client.may(board.url, "moderate"), false)
})

test("a device is still a member after it and the server were off, and writes meanwhile", async t => {
  const server = await startMembers(t)
  const { board: id, ida } = await courtyard(t, server, { ida: "resident" })
  await ida.on()
  await ida.board(id)
  await ida.off()
  await server.stop()
  await ida.on()
  const board = await ida.board(id)
  await board.addPost(draft(board, "offline"))
  assert.equal(ida.client.may(id, "post"), true)
  await server.start()
  await onBoard(board, "offline")
})

test("what a member may changes while it is connected", async t => {
  const server = await startMembers(t)
  const { board: id, ida } = await courtyard(t, server, { ida: "resident" })
  const client = await ida.on()
  await connected(ida)
  const { ref } = client.me.get().member
  await server.run("member grant", "--board", id, "--role", "moderator", ref)
  await until(() => client.may(id, "moderate"), "to be a moderator")
  await connected(ida)
  assert.ok(ida.closes.includes(1012))
})

test("visits at a kiosk write in the kiosk's name, each with its own reference", async t => {
  const server = await startMembers(t)
  const { board: id, kiosk, ida } = await courtyard(t, server, { kiosk: "visitor", ida: "resident" })
  kiosk.options.client = { origin: "kiosk", storage: "memory" }
  const client = await kiosk.on()
  const { ref } = client.me.get().member
  assert.equal(client.me.get().member.kiosk, true)
  const board = await kiosk.board(id)
  client.newVisit()
  const first = await board.addPost(draft(board, "first"))
  assert.match(first.createdBy, new RegExp(`^${ref}\\.[0-9a-z]{26}$`))
  assert.equal(first.mine, true)
  client.newVisit()
  await until(() => board.post(first.id).get().mine === false, "the first post to be somebody else's")
  const second = await board.addPost(draft(board, "second"))
  assert.notEqual(second.createdBy, first.createdBy)
  await onBoard(board, "first")
  await onBoard(board, "second")
  assert.equal(client.device.get().ref, ref)
  await ida.on()
  const idas = await ida.board(id)
  await until(() => titles(idas).length === 2, "both posts")
  ida.client.newVisit() // on a page that is for kiosks
  assert.equal((await idas.addPost(draft(idas, "third"))).createdBy, ida.client.me.get().member.ref)
  assert.deepEqual(client.refusals.get(), [])
})

test("the server hears how a device is, and says what it knows", async t => {
  const server = await startMembers(t)
  const { board: id, ida } = await courtyard(t, server, { ida: "resident" })
  const client = await ida.on()
  await connected(ida)
  const known = await until(async () => {
    const known = await client.known()
    return known.devices[0].appVersion === "7" && known.devices[0].unsent === 0 && known
  }, "the device's state to be known")
  assert.equal(known.member.ref, client.me.get().member.ref)
  assert.deepEqual(known.roles.map(({ board, role }) => [board, role]), [[id, "resident"]])
  assert.equal(known.invites.length, 1)
  assert.equal(known.refused, 0)
})

test("a client without a membership goes on with an open server, and is let in by no other", async t => {
  const open = await device(t, (await startServer(t)).url)
  const board = await open.createBoard({ title: "x" })
  await board.openMonths(1)
  await board.addPost(draft(board, "Ladder"))
  await onBoard(board, "Ladder")
  assert.equal(open.may(board.id, "editBoard"), true)
  const stranger = await device(t, (await startMembers(t)).url)
  await until(() => stranger.connection.get().state === "waiting", "to be refused")
  assert.equal(stranger.connection.get().lastReached, null)
})

// A browser's device: with databases and page storage of its own.
async function browser(t, server, now) {
  const page = new Map()
  const storage = { getItem: key => page.get(key) ?? null, setItem: (key, value) => page.set(key, value), removeItem: key => page.delete(key) }
  const [documents, keeper] = [`documents-${server.listen}`, `key-${server.listen}`]
  const on = async url => {
    const membership = await Membership.open({ server: server.origin, keeper: new IndexedDBKeeper(keeper), now })
    const client = await Client.open({ url, membership, storage: new IndexedDBStorage(documents), origin: "phone", webSocket: WebSocket, secondPlace: storage, timing: fast, now })
    t.after(() => client.close())
    return { membership, client }
  }
  const left = async () => [...(await indexedDB.databases()).map(({ name }) => name).filter(name => name === documents || name === keeper), ...page.keys()]
  return { on, left }
}

test("a device that is revoked shows what it had not sent, offers it, and keeps nothing", async t => {
  const server = await startMembers(t)
  const { id } = await server.run("board create", "Courtyard")
  const { on, left } = await browser(t, server)
  const first = await on(null)
  const { device: { id: deviceId } } = await first.membership.join(await server.invite(id, "resident"), { label: "Ida's phone", kind: "phone" })
  await first.client.close()
  const second = await on(server.url)
  let board = await second.client.openBoard(id)
  await board.openMonths(1)
  await board.addPost(draft(board, "sent long ago"))
  await onBoard(board, "sent long ago")
  await second.client.close()
  const offline = await on(null)
  board = await offline.client.openBoard(id)
  await board.openMonths(1)
  await board.addPost(draft(board, "never sent"))
  await offline.client.close()
  assert.equal((await left()).length, 3)

  await server.run("device revoke", deviceId)
  const { client, membership } = await on(server.url)
  const end = await until(() => client.revoked.get()?.wiped && client.revoked.get(), "to be wiped")
  assert.deepEqual(end.unsent.map(({ texts }) => texts), [["never sent", "never sent, please"]])
  assert.equal(end.offered, true)
  assert.equal(end.lease, false)
  assert.deepEqual(await left(), [])
  await assert.rejects(client.openBoard(id), error => error.why === "revoked")
  assert.equal(membership.me.get(), null)
  const { items } = await server.run("quarantine list", "--board", id)
  assert.deepEqual(items.map(({ reason, device }) => [reason, device]), [["unsent", deviceId]])

  // Nothing is there at the next start either; a new code begins anew, with another key.
  await client.close()
  const again = await on(server.url)
  assert.equal(again.membership.standing.get().state, "stranger")
  const me = await again.membership.join(await server.invite(id, "resident"), { label: "found again", kind: "phone" })
  assert.notEqual(me.device.id, deviceId)
})

test("a wipe that is interrupted is finished by the next start, whoever that is", async t => {
  const server = await startMembers(t)
  const { board: id, ida } = await courtyard(t, server, { ida: "resident" })
  await ida.on({ offline: true })
  await ida.off()
  await ida.on()
  const board = await ida.board(id)
  await board.addPost(draft(board, "Ladder"))
  await onBoard(board, "Ladder")
  const removing = ida.storage.removeRange
  ida.storage.removeRange = () => new Promise(() => {}) // the power goes
  await server.run("device revoke", ida.client.me.get().device.id)
  await until(async () => (await ida.keeper.load())?.forgetting === "all", "the wipe to be noted")
  assert.match(await ida.everything(), /Ladder/)
  ida.storage.removeRange = removing

  // Whoever joins on it next finds nothing of it, and is not wiped again.
  const next = Object.assign(new Device(t, server), { storage: ida.storage, keeper: ida.keeper })
  await next.join(await server.invite(id, "resident"))
  const { device } = next.membership.me.get()
  assert.notEqual(device.id, ida.membership.me.get().device.id)
  await next.on({ offline: true })
  assert.doesNotMatch(await next.everything(), /Ladder/)
  assert.equal(next.client.me.get().device.id, device.id)
  await next.off()
  assert.equal((await next.keeper.load()).forgetting, undefined)
})

test("a database that a sleeping window holds open does not hold up the end", async t => {
  const storage = new IndexedDBStorage("asleep")
  await storage.save(["a"], new Uint8Array([1]))
  t.mock.method(indexedDB, "deleteDatabase", () => ({})) // a request of which nothing is heard
  await storage.destroy()
})

test("a device that is connected is shut out at once", async t => {
  const server = await startMembers(t)
  const { board: id, ida } = await courtyard(t, server, { ida: "resident" })
  const client = await ida.on()
  const board = await ida.board(id)
  await board.addPost(draft(board, "Ladder"))
  await onBoard(board, "Ladder")
  await server.run("device revoke", client.me.get().device.id)
  await until(() => client.revoked.get()?.wiped, "to be wiped")
  assert.deepEqual(await ida.storage.loadRange([]), [])
  assert.equal(await ida.keeper.load(), null)
  assert.deepEqual(client.boards.get(), [])
  assert.deepEqual(client.revoked.get().unsent, [])
})

test("a lease that ended without the server locks and wipes at the start", async t => {
  const server = await startMembers(t)
  let now = Date.now()
  const { on, left } = await browser(t, server, () => now)
  const { id } = await server.run("board create", "Courtyard")
  const first = await on(server.url)
  await first.membership.join(await server.invite(id, "resident"), { label: "lost", kind: "phone" })
  const board = await first.client.openBoard(id)
  await board.openMonths(1)
  await board.addPost(draft(board, "Ladder"))
  await onBoard(board, "Ladder")
  await first.client.close()
  await server.stop()
  for (const days of [20, 20, 19]) {
    now += days * 86_400_000
    const { client } = await on(null)
    assert.equal(client.revoked.get(), null)
    await client.openBoard(id)
    await client.close()
  }
  for (const minutes of [1440, 2]) {
    now += minutes * 60_000
    const { client, membership } = await on(null)
    if (minutes !== 2) {
      assert.equal(membership.standing.get().state, "member")
      await client.close()
      continue
    }
    await assert.rejects(client.openBoard(id), error => error.why === "revoked")
    await until(() => client.revoked.get().wiped, "to be wiped")
    assert.equal(client.revoked.get().lease, true)
  }
  assert.deepEqual(await left(), [])
})
