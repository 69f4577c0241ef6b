// The device's storage: refusing, emptied, shared by two windows, unreadable.

import "fake-indexeddb/auto"
import assert from "node:assert/strict"
import { test } from "node:test"
import { IndexedDBStorage, MemoryStorage } from "@tavle/client"
import { device, draft, fast, titles, opened } from "./lib/device.mjs"
import { startServer } from "./lib/server.mjs"
import { pause, until } from "./lib/until.mjs"

// A storage that refuses to write when told to, as one that is full does.
class Fickle extends MemoryStorage {
  full = false
  async save(key, binary) {
    if (this.full) throw new DOMException("no space", "QuotaExceededError")
    return super.save(key, binary)
  }
}

// What stands for localStorage.
class Place {
  values = new Map()
  getItem = key => this.values.get(key) ?? null
  setItem = (key, value) => this.values.set(key, value)
}

test("a storage that refuses is told at once, and what it refused is written when it can", async t => {
  const storage = new Fickle()
  const a = await device(t, null, { storage, timing: { ...fast, save: 50 } })
  const board = await a.createBoard({ title: "x" })
  await board.openMonths(1)
  storage.full = true
  const post = await board.addPost(draft(board, "unsaved"))
  assert.equal(post.delivery, "unsaved")
  assert.equal(a.device.get().failing, "the device's storage is full")
  storage.full = false
  a.retryNow()
  await until(() => board.posts.get()[0].delivery === "device", "the post to be saved")
  await until(() => a.device.get().failing === null, "nothing to fail")
  await a.close()
  const again = await device(t, null, { storage })
  const reloaded = await again.openBoard(board.url)
  await reloaded.openMonths(1)
  assert.deepEqual(titles(reloaded), ["unsaved"])
})

test("a storage that forgets what it took is noticed at the first write", async t => {
  class Liar extends MemoryStorage {
    async save() {}
  }
  const a = await device(t, null, { storage: new Liar(), timing: { ...fast, save: 50 } })
  await until(() => a.device.get().failing === "what was written cannot be read back", "to be told")
})

test("a post that the storage refused is on the board all the same when there is a server", async t => {
  const server = await startServer(t)
  const storage = new Fickle()
  const a = await device(t, server.url, { storage, timing: { ...fast, save: 50 } })
  const board = await a.createBoard({ title: "x" })
  await board.openMonths(1)
  storage.full = true
  await board.addPost(draft(board, "sent"))
  await until(() => board.posts.get()[0].delivery === "board", "the post to be on the board")
  assert.ok(a.device.get().failing)
})

test("an emptied storage is noticed, keeps the device's name, and is not taken for deletion", async t => {
  const server = await startServer(t)
  const secondPlace = new Place()
  const a = await device(t, server.url, { secondPlace })
  assert.equal(a.device.get().evicted, false)
  const board = await a.createBoard({ title: "Courtyard" })
  await board.openMonths(1)
  const post = await board.addPost(draft(board, "mine"))
  await until(() => board.posts.get()[0].delivery === "board", "the post to be on the board")
  await a.close()

  const storage = new Fickle()
  const emptied = await device(t, server.url, { secondPlace, storage })
  assert.equal(emptied.device.get().evicted, true)
  assert.equal(emptied.device.get().ref, a.device.get().ref)
  assert.equal(emptied.boards.get()[0].title, "Courtyard")
  const back = await emptied.openBoard(emptied.boards.get()[0].url)
  await back.openMonths(1)
  await until(() => back.post(post.id).get()?.mine, "the post to come back from the server")
  await emptied.close()
  const told = await device(t, null, { secondPlace, storage })
  assert.equal(told.device.get().evicted, true, "until somebody has said that they know")
  storage.full = true // as when the page is left before the storage has it
  told.acknowledgeEviction()
  await told.close()
  storage.full = false
  const later = await device(t, null, { secondPlace, storage })
  assert.equal(later.device.get().evicted, false)
})

test("a device that was closed writes nothing over what the next one has kept", async t => {
  const server = await startServer(t)
  const [storage, secondPlace] = [new MemoryStorage(), new Place()]
  let answer
  const a = await device(t, server.url, { storage, secondPlace, serverTime: () => new Promise(resolve => (answer = resolve)) })
  await until(() => answer, "the device to ask for the time")
  await a.close()
  const next = await device(t, null, { storage, secondPlace })
  const { id } = await next.createBoard({ title: "Courtyard" })
  const kept = () => [...secondPlace.values.values()].join()
  await until(() => kept().includes(id), "the board to be remembered")
  const before = kept()
  answer(Date.now())
  await pause(50)
  assert.equal(kept(), before)
})

test("a storage that cannot be opened is told, and the device goes on in memory", async t => {
  class Shut extends MemoryStorage {
    async load() {
      throw new Error("a mutation operation was attempted on a database that did not allow mutations")
    }
  }
  const a = await device(t, null, { storage: new Shut() })
  assert.match(a.device.get().failing, /cannot be opened/)
  const board = await a.createBoard({ title: "x" })
  await board.openMonths(1)
  await board.addPost(draft(board, "in memory"))
  assert.deepEqual(titles(board), ["in memory"])
})

test("a page that cannot be read begins anew and comes back from the server", async t => {
  const server = await startServer(t)
  const storage = new MemoryStorage()
  const a = await device(t, server.url, { storage })
  const board = await a.createBoard({ title: "x" })
  await board.openMonths(1)
  await board.addPost(draft(board, "kept"))
  await until(() => board.posts.get()[0].delivery === "board", "the post to be on the board")
  await a.close()
  for (const { key } of await storage.loadRange([])) {
    const isPage = (key[1] === "snapshot" || key[1] === "incremental") && key[0] !== board.id
    if (isPage) await storage.save(key, new Uint8Array([1, 2, 3, 4]))
  }
  const b = await device(t, server.url, { storage })
  const again = await opened(b, board.url)
  await again.openMonths(1)
  await until(() => titles(again).join() === "kept", "the post to come back")
})

test("two windows that share IndexedDB see each other's posts without a network", async t => {
  const open = () => device(t, null, { storage: undefined })
  const [left, right] = [await open(), await open()]
  assert.equal(left.device.get().ref, right.device.get().ref)
  const ours = await left.createBoard({ title: "x" })
  await ours.openMonths(1)
  const theirs = await right.openBoard(ours.url)
  await theirs.openMonths(1)
  await ours.addPost(draft(ours, "left"))
  await until(() => titles(theirs).join() === "left", "the other window to see it")
  await theirs.addPost(draft(theirs, "right"))
  await until(() => titles(ours).join() === "left,right", "and the other way round")
  const { documents, bytes } = await left.contents()
  assert.ok(documents === 2 && bytes > 100)
})

test("a board that a second window remembers is not forgotten by what the first notes later", async t => {
  const [storage, secondPlace] = [new MemoryStorage(), new Place()]
  const [one, two] = [await device(t, null, { storage, secondPlace }), await device(t, null, { storage, secondPlace })]
  await one.createBoard({ title: "x" })
  await two.createBoard({ title: "y" })
  await two.close()
  one.acknowledgeEviction() // any note of its own
  await one.close()
  const next = await device(t, null, { storage, secondPlace })
  assert.deepEqual(next.boards.get().map(({ title }) => title).sort(), ["x", "y"])
})

test("a window that is closed while it reads what another has saved waits for that, and fails at nothing", async t => {
  let reading = 0
  let held = Promise.resolve()
  const { loadRange } = IndexedDBStorage.prototype
  t.mock.method(IndexedDBStorage.prototype, "loadRange", async function (prefix) {
    reading++
    await held
    return loadRange.call(this, prefix)
  })
  const opened = async (save, url) => {
    const client = await device(t, null, { storage: undefined, timing: { ...fast, save } })
    const board = await (url ? client.openBoard(url) : client.createBoard({ title: "x" }))
    await board.openMonths(1)
    return { client, board }
  }
  const { board: ours } = await opened(10_000)
  for (const [nth, save] of [10_000, 1].entries()) {
    const { client: other } = await opened(save, ours.url)
    const before = reading
    let release
    held = new Promise(resolve => (release = resolve))
    await ours.addPost(draft(ours, `post ${nth}`))
    await until(() => reading > before, "the other window to read it")
    const closing = other.close()
    if (save === 1) await closing // it waited no longer: the post is on the device, and the next window to open reads it
    release()
    await closing
  }
  const { board: last } = await opened(10_000, ours.url)
  assert.deepEqual(titles(last), ["post 0", "post 1"])
})

test("a storage that was closed or removed does not make its database anew", async () => {
  for (const end of ["close", "destroy"]) {
    const storage = new IndexedDBStorage(`ended by ${end}`)
    await storage.save(["a"], new Uint8Array([1]))
    await storage[end]()
    await assert.rejects(storage.has(["a"]), /closed/)
    await assert.rejects(storage.save(["a"], new Uint8Array([2])), /closed/)
  }
  assert.deepEqual((await indexedDB.databases()).filter(({ name }) => name.startsWith("ended by")).map(({ name }) => name), ["ended by close"])
})

test("IndexedDB storage says when a transaction is aborted, and opens again after the browser closed it", async () => {
  const storage = new IndexedDBStorage("test")
  await storage.save(["a", "snapshot", "1"], new Uint8Array([1]))
  await storage.save(["ab", "snapshot", "1"], new Uint8Array([2]))
  assert.deepEqual([...(await storage.load(["a", "snapshot", "1"]))], [1])
  assert.equal((await storage.loadRange(["a"])).length, 1, "a prefix is whole parts of a key")
  assert.equal(await storage.has(["a"]), true)
  assert.equal(await storage.has(["c"]), false)
  assert.deepEqual(await storage.keys([]), [["a", "snapshot", "1"], ["ab", "snapshot", "1"]])
  const put = IDBObjectStore.prototype.put
  IDBObjectStore.prototype.put = function (...values) {
    const request = put.apply(this, values)
    this.transaction.abort()
    return request
  }
  await assert.rejects(storage.save(["a", "snapshot", "2"], new Uint8Array([1])))
  IDBObjectStore.prototype.put = put
  await storage.removeRange(["a"])
  assert.equal(await storage.has(["a"]), false)
  assert.equal(await storage.load(["nothing"]), undefined)
  await new Promise(done => (indexedDB.deleteDatabase("test").onsuccess = done)) // which closes it first
  assert.equal(await storage.has(["ab"]), false)
  await storage.save(["ab"], new Uint8Array([3]))
  assert.deepEqual([...(await storage.load(["ab"]))], [3])
})

test("the browser is asked once not to clear the storage", async t => {
  let asked = 0
  const manager = { persisted: async () => false, persist: async () => ++asked > 0, estimate: async () => ({ usage: 7, quota: 9 }) }
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator")
  Object.defineProperty(globalThis, "navigator", { value: { storage: manager }, configurable: true })
  t.after(() => (before ? Object.defineProperty(globalThis, "navigator", before) : delete globalThis.navigator))
  const storage = new MemoryStorage()
  for (const persisted of [true, false]) {
    const a = await device(t, null, { storage })
    await until(() => a.device.get().usage === 7, "the browser's estimate")
    assert.equal(a.device.get().persisted, persisted)
    await a.close()
  }
  assert.equal(asked, 1)
})

test("on a device that many people visit, a later visit answers an earlier one, and none is linked to another", async t => {
  const storage = new MemoryStorage()
  const a = await device(t, null, { storage, origin: "kiosk" })
  const board = await a.createBoard({ title: "x" })
  await board.openMonths(1)
  a.newVisit()
  const { id } = await board.addPost(draft(board, "asked at the kiosk"))
  await board.reply(id, { body: "I forgot to say: on Monday", author: "Ida" })
  assert.equal(board.post(id).get().answered, false, "nobody answers herself")
  a.newVisit()
  await until(() => !board.post(id).get().mine, "the post to be another's")
  await board.reply(id, { body: "I come on Monday", author: "Bo" })
  const post = board.post(id).get()
  assert.equal(post.answered, true)
  assert.deepEqual(post.replies.map(reply => reply.mine), [false, true])
  const references = [post.createdBy, post.replies[1].createdBy, a.device.get().ref]
  assert.equal(new Set(references).size, 3)
  const kept = (await storage.loadRange(["tavle"])).map(({ data }) => new TextDecoder().decode(data)).join()
  for (const visit of references.slice(0, 2)) assert.ok(!kept.includes(visit), "no visit is remembered")
})
