// Two windows of one device, of which both hold a change that the server refuses.

import "fake-indexeddb/auto"
import assert from "node:assert/strict"
import { test } from "node:test"
import WebSocket from "ws"
import * as A from "@automerge/automerge"
import { IndexedDBStorage, pageDocument } from "@tavle/client"
import { draft, titles } from "./lib/device.mjs"
import { courtyard, Device } from "./lib/member.mjs"
import { startMembers } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

const sent = board => until(() => board.posts.get().every(post => post.delivery === "board"), "all posts to be on the board")

// ladder makes a board on which Bo has posted, and with Ida, whose windows the tests are about.
async function ladder(t) {
  const { server, board: id, bo, ida } = await courtyard(t, await startMembers(t), { bo: "resident", ida: "resident" })
  await bo.on()
  const bos = await bo.board(id)
  const post = await bos.addPost(draft(bos, "Bo's ladder"))
  await sent(bos)
  return { server, id, bos, ida, post, page: pageDocument(id, post.month) }
}

test("both windows leave the change out, and what each wrote arrives once", async t => {
  const { server, id, bos, ida, post, page } = await ladder(t)

  const window = () => Object.assign(new Device(t, server, { client: { storage: undefined } }), { keeper: ida.keeper, storage: new IndexedDBStorage() })
  const [one, two] = [window(), window()]
  await one.on()
  const first = await one.board(id)
  await until(() => titles(first).includes("Bo's ladder"), "Bo's post")
  await one.off()
  await one.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString("forged")))

  // Both have it, and each writes after it, before there is a connection.
  await one.on({ offline: true })
  await two.on({ offline: true })
  await (await one.board(id)).addPost(draft(await one.board(id), "of one"))
  await (await two.board(id)).addPost(draft(await two.board(id), "of two"))
  await until(async () => titles(await one.board(id)).length === 3 && titles(await two.board(id)).length === 3, "each to see the other's")
  await one.off()
  await two.off()

  await Promise.all([one.on(), two.on()])
  const boards = [await one.board(id), await two.board(id)]
  for (const [at, board] of boards.entries()) await board.addPost(draft(board, `later ${at}`))
  for (const board of boards) {
    await until(() => titles(board).length === 5, "all posts")
    await sent(board)
    assert.equal(board.post(post.id).get().title, "Bo's ladder")
  }
  await until(() => titles(bos).length === 5, "Bo to see all posts")
  assert.deepEqual(titles(bos), ["Bo's ladder", "later 0", "later 1", "of one", "of two"])
  for (const device of [one, two]) assert.ok(device.closes.filter(code => code === 4403).length <= 3, String(device.closes))
  for (const { client } of [one, two]) await until(() => client.refusals.get().length === 1, "each window to show the refusal, once")
  assert.deepEqual(one.client.refusals.get()[0].texts, ["forged"])
  await two.client.dismissRefusal(one.client.refusals.get()[0].id)
  await until(() => one.client.refusals.get().length === 0, "the other window to see that it was dismissed")
  await one.off()
  await two.off()
  const last = window()
  await last.on({ offline: true })
  const board = await last.board(id)
  assert.equal(titles(board).length, 5)
  assert.equal(board.post(post.id).get().title, "Bo's ladder")
})

test("what another window saves that has not heard of a refusal yet brings nothing refused back", async t => {
  const { server, id, bos, ida, post, page } = await ladder(t)
  const one = Object.assign(new Device(t, server, { client: { storage: undefined } }), { keeper: ida.keeper, storage: new IndexedDBStorage() })
  await one.on()
  await until(async () => titles(await one.board(id)).includes("Bo's ladder"), "Bo's post")
  const own = await (await one.board(id)).addPost(draft(await one.board(id), "Ida's sofa"))
  await sent(await one.board(id))
  await one.off()
  await one.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString("forged")))
  const [forged] = await one.storage.loadRange([page, "incremental"])
  await one.on()
  await one.board(id)
  await until(async () => !(await one.storage.load(forged.key)), "the change to be left out")
  await one.off() // what is stored is tidied up then
  await one.on()
  const board = await one.board(id)

  const seen = new Set()
  t.after(board.posts.subscribe(() => titles(board).forEach(title => seen.add(title))))
  await one.storage.save(forged.key, forged.data)
  await one.tamper(page, doc => (doc.posts[own.id].title = new A.ImmutableString("Ida's red sofa")))
  const other = new BroadcastChannel("tavle")
  t.after(() => other.close())
  other.postMessage(page)
  await until(() => titles(bos).includes("Ida's red sofa"), "Bo to see what the other window wrote")
  assert.ok(seen.has("Ida's red sofa"))
  assert.equal(seen.has("forged"), false)
  assert.deepEqual(one.closes.filter(code => code === 4403), [4403])
})

test("what one window has stored without a refused change, another never writes over", async t => {
  const { server, id, bos, ida, post, page } = await ladder(t)
  const stored = new Map()
  const over = []
  class Watched extends IndexedDBStorage {
    async save(key, data) {
      const name = key[2] ?? ""
      if (name.startsWith("without-")) {
        const heads = A.getHeads(A.load(data)).sort().join()
        if ((stored.get(name) ?? heads) !== heads) over.push(name)
        stored.set(name, heads)
      }
      return super.save(key, data)
    }
  }
  // With a storage of their own, windows do not hear each other: each sleeps while the other works.
  let away = true
  class Later extends WebSocket {
    constructor(url, protocols) {
      super(away ? "ws://127.0.0.1:1/" : url, protocols)
    }
  }
  const window = client => Object.assign(new Device(t, server, { client }), { keeper: ida.keeper, storage: new Watched() })
  const [one, two, last] = [window(), window({ webSocket: Later }), window()]
  await one.on()
  await until(async () => titles(await one.board(id)).includes("Bo's ladder"), "Bo's post")
  await one.off()
  one.storage = new Watched()
  await one.tamper(page, doc => (doc.posts[post.id].title = new A.ImmutableString("forged")))
  const [forged] = await one.storage.loadRange([page, "incremental"])

  await two.on()
  const second = await two.board(id)
  await one.on()
  await one.board(id)
  await until(async () => !(await one.storage.load(forged.key)), "the first to leave the change out")
  await second.addPost(draft(second, "of the second"))
  away = false
  await until(() => titles(bos).includes("of the second"), "the second to leave the change out, and to send what it wrote")
  await one.off()
  await two.off()
  assert.deepEqual(over, [], "each window removes what it knows: under a name that stands for something else now, it would remove that")
  await last.on({ offline: true })
  assert.deepEqual(titles(await last.board(id)), ["Bo's ladder", "of the second"])
})
