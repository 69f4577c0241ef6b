// A member who was taken off a board and stays on others: what was not sent is shown, and that board goes from the device.

import assert from "node:assert/strict"
import { test } from "node:test"
import { MemoryStorage, pageDocument } from "@tavle/client"
import { draft, titles } from "./lib/device.mjs"
import { courtyard, Device } from "./lib/member.mjs"
import { startMembers } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

const onBoard = (board, title) => until(() => board.posts.get().some(post => post.title === title && post.delivery === "board"), `${title} to be on the board`)
const ended = (client, fields = {}) => until(() => {
  const [one] = client.ended.get()
  return one?.removed && Object.entries(fields).every(([key, value]) => one[key] === value) && one
}, "the board to be removed")

// twoBoards is Ida on two boards, with a post on each that the server has. She is on.
async function twoBoards(t) {
  const server = await startMembers(t)
  const yard = await courtyard(t, server, { ida: "resident" })
  const { id: garden } = await server.run("board create", "Garden")
  await yard.ida.membership.join(await server.invite(garden, "resident"), { label: "", kind: "phone" })
  yard.garden = garden
  await yard.ida.on()
  for (const [id, title] of [[yard.board, "Sourdough"], [garden, "Rake"]]) {
    const board = await yard.ida.board(id, 2)
    await board.addPost(draft(board, title))
    await onBoard(board, title)
  }
  return yard
}

// write posts on a board while the device is offline. The device is off before and after.
async function offline(device, id, title) {
  await device.on({ offline: true })
  const board = await device.board(id)
  await board.addPost(draft(board, title))
  await device.off()
}

// takenOff is a device that is off, with a post that was never sent on a board from which its member was taken since.
async function takenOff(t) {
  const yard = await twoBoards(t)
  const { server, board, ida } = yard
  const { ref } = ida.client.me.get().member
  await ida.off()
  await offline(ida, board, "Never sent")
  await server.run("member ungrant", "--board", board, "--role", "resident", ref)
  return { ...yard, ref }
}

test("what was not sent is shown and offered, and nothing of that board is left; the other goes on", async t => {
  const { server, board, garden, ida, ref } = await takenOff(t)
  await offline(ida, garden, "Wheelbarrow")
  await ida.on()
  const end = await ended(ida.client)
  assert.equal(end.board, board)
  assert.equal(end.title, "Courtyard")
  assert.deepEqual(end.unsent.map(({ texts }) => texts), [["Never sent", "Never sent, please"]])
  assert.equal(end.offered, true)
  assert.equal(ida.client.revoked.get(), null)
  assert.deepEqual(ida.client.boards.get().map(({ id }) => id), [garden])
  await assert.rejects(ida.client.openBoard(board), error => error.why === "unknown")
  const { items } = await server.run("quarantine list", "--board", board)
  assert.deepEqual(items.map(({ reason, member }) => [reason, member]), [["unsent", ref]])

  const gardens = await ida.board(garden)
  await onBoard(gardens, "Wheelbarrow")
  assert.deepEqual(titles(gardens), ["Rake", "Wheelbarrow"])
  await ida.off()
  const left = await ida.everything()
  assert.doesNotMatch(left, /Sourdough/)
  assert.match(left, /Never sent/)
  assert.match(left, /Rake/)

  // It is shown until the person has seen it, also without a network; then it is nowhere.
  await ida.on({ offline: true })
  await ended(ida.client, { title: "Courtyard", offered: true })
  await ida.client.dismissEnded(board)
  await ida.off()
  assert.doesNotMatch(await ida.everything(), /Never sent/)
  await ida.on()
  await until(() => ida.client.connection.get().state === "connected", "to be connected")
  assert.deepEqual(ida.client.ended.get(), [])
})

test("a board that ends while it is open takes nothing more, and whoever gets a role again sees it again", async t => {
  const { server, board, ida } = await twoBoards(t)
  const { ref } = ida.client.me.get().member
  const open = await ida.board(board)
  await server.run("member ungrant", "--board", board, "--role", "resident", ref)
  const end = await ended(ida.client)
  assert.deepEqual(end.unsent, [])
  assert.equal(end.offered, null)
  await assert.rejects(open.addPost(draft(open, "too late")), error => error.name === "NotHere")
  assert.deepEqual(await ida.storage.loadRange([pageDocument(board, open.newDraft("request", "en").month)]), [])
  await server.run("member grant", "--board", board, "--role", "resident", ref)
  await until(() => ida.client.may(board, "post"), "to be a resident again")
  const again = await until(() => ida.board(board).catch(() => null), "the board to be there")
  await onBoard(again, "Sourdough")
})

test("no answer, an error, and a server that does not know the board end nothing", async t => {
  const { server, board, garden, ida } = await twoBoards(t)
  const { ref } = ida.client.me.get().member
  await ida.off()
  await offline(ida, board, "Never sent")
  const answers = [
    () => Promise.reject(new TypeError("fetch failed")),
    () => new Response("bad gateway", { status: 502 }),
    () => new Response(JSON.stringify({ error: "unknownBoard", message: "no such board" }), { status: 404 }),
    () => new Response(JSON.stringify({ error: "role", message: "no" }), { status: 403 }),
    () => new Response(JSON.stringify({ ended: [board, garden] }), { status: 500 }),
    () => new Response(JSON.stringify({ ended: [board, garden] }), { status: 200 }), // does not say whose answer it is
    me => new Response(JSON.stringify({ ...me, boards: [], ended: undefined }), { status: 200 }), // a server from a backup, or an older one
  ]
  const me = ida.membership.me.get()
  for (const answer of answers) {
    let asked = 0
    ida.options = { membership: { fetch: async url => (asked++, url.endsWith("/v1/me") ? answer(me) : new Response("{}", { status: 502 })) } }
    await ida.on({ offline: true })
    await ida.membership.refresh().catch(() => {})
    assert.ok(asked > 0)
    await new Promise(resolve => setTimeout(resolve, 100))
    assert.deepEqual(ida.client.ended.get(), [])
    assert.equal((await ida.board(board)).posts.get().length, 2)
    assert.equal(ida.client.boards.get().length, 2)
    await ida.off()
  }
  await server.run("member ungrant", "--board", board, "--role", "resident", ref)
  ida.options = {}
  await ida.on()
  await ended(ida.client)
})

test("a device that is switched off on the way goes on at the next start, without the server", async t => {
  const { server, ida } = await takenOff(t)
  await ida.join(await server.invite((await server.run("board create", "Third")).id, "resident")) // hears what ended, with no client there
  await server.stop()
  await ida.on({ offline: true })
  const end = await ended(ida.client)
  assert.deepEqual(end.unsent.map(({ texts }) => texts), [["Never sent", "Never sent, please"]])
  assert.equal(end.offered, false)
  await ida.off()
  assert.doesNotMatch(await ida.everything(), /Sourdough/)
})

// A storage that is full while it is told to be, and says when what begins so is written.
class Full extends MemoryStorage {
  full = false
  on = null
  async save(key, binary) {
    if (this.full) throw new DOMException("no space", "QuotaExceededError")
    await this.on?.(key, binary)
    return super.save(key, binary)
  }
}

test("a device that is switched off before it notes that a board is removed knows it at the next start", async t => {
  const { ida } = await takenOff(t)
  const full = new Full()
  for (const { key, data } of await ida.storage.loadRange([])) await full.save(key, data)
  ida.storage = full
  full.on = (key, binary) => (key[0] === "tavle-ended" && new TextDecoder().decode(binary).includes('"removed":true') ? new Promise(() => {}) : null)
  await ida.on()
  await ended(ida.client)
  await ida.off()
  full.on = null
  await ida.on({ offline: true })
  const end = await ended(ida.client, { title: "Courtyard" })
  assert.deepEqual(end.unsent.map(({ texts }) => texts), [["Never sent", "Never sent, please"]])
})

test("a device whose storage is full leaves a board that ended all the same, and what could not be written does not come back", async t => {
  const yard = await courtyard(t, await startMembers(t), { ida: "resident" })
  const { server, board, ida } = yard
  await ida.membership.join(await server.invite((await server.run("board create", "Garden")).id, "resident"), { label: "", kind: "phone" })
  ida.storage = new Full()
  await ida.on()
  const open = await ida.board(board)
  await open.addPost(draft(open, "Rake"))
  await onBoard(open, "Rake")
  const page = pageDocument(board, open.posts.get()[0].month)
  ida.storage.full = true
  void open.addPost(draft(open, "Spade"))
  await server.run("member ungrant", "--board", board, "--role", "resident", ida.client.me.get().member.ref)
  await until(() => ida.client.ended.get().length === 1, "the end")
  ida.storage.full = false
  ida.client.retryNow()
  await ended(ida.client)
  await until(() => ida.client.device.get().failing === null, "the storage to take what waits")
  assert.deepEqual(await ida.storage.loadRange([page]), [])
})

test("what was dismissed in one window is not told again by another that was still offering it", async t => {
  const { server, board, ida } = await takenOff(t)
  let goOn
  const held = new Promise(resolve => (goOn = resolve))
  const slow = async (url, request) => {
    if (request.method === "POST" && String(url).includes("unsent")) await held
    return fetch(url, request)
  }
  const window = membership => Object.assign(new Device(t, server, { membership }), { keeper: ida.keeper, storage: ida.storage })
  const [one, two] = [window({ fetch: slow }), window({})]
  await one.on()
  await until(() => one.client.ended.get()[0]?.unsent.length === 1, "the first window to offer it")
  await two.on()
  await ended(two.client, { offered: true })
  await two.client.dismissEnded(board)
  goOn()
  await until(() => one.client.ended.get().length === 0, "the first window to take note")
  await one.off()
  await two.off()
  assert.doesNotMatch(await ida.everything(), /Never sent/)
})
