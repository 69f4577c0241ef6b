// The connection when things go wrong: silence, refusal, hanging, closing.

import assert from "node:assert/strict"
import { createServer } from "node:http"
import { test } from "node:test"
import { WebSocketServer } from "ws"
import { cbor } from "@automerge/automerge-repo"
import { isPermanent } from "../dist/net/codes.js"
import { headsOfSync } from "../dist/net/heads.js"
import { backoff, defaultTiming } from "../dist/net/timing.js"
import { device, draft, titles, opened } from "./lib/device.mjs"
import { startProxy } from "./lib/proxy.mjs"
import { startServer } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

const quick = { retryFirst: 50, retryLongest: 200, idle: 150, answer: 200, handshake: 500, tick: 200 }
const state = client => client.connection.get().state
const connected = client => until(() => state(client) === "connected", "a connection")

// startFake runs a server that does with each websocket what handle says.
async function startFake(t, handle) {
  const http = createServer()
  const fake = { sockets: [] }
  const server = new WebSocketServer({ server: http })
  server.on("connection", socket => {
    fake.sockets.push(socket)
    handle(socket, fake.sockets.length)
  })
  await new Promise(done => http.listen(0, "127.0.0.1", done))
  t.after(() => {
    for (const socket of fake.sockets) socket.terminate()
    http.close()
  })
  fake.url = `ws://127.0.0.1:${http.address().port}/sync`
  return fake
}

// welcome answers a join as a server does that has nothing.
const welcome = socket =>
  socket.on("message", data => {
    const { type, senderId } = cbor.decode(data)
    const peer = { type: "peer", senderId: "server", peerMetadata: { storageId: "s", isEphemeral: false }, selectedProtocolVersion: "1", targetId: senderId }
    if (type === "join") socket.send(cbor.encode(peer))
  })

test("a connection that carries nothing any more is noticed, and what was written meanwhile arrives over the next", async t => {
  const server = await startServer(t)
  const proxy = await startProxy(t, server.listen)
  const [a, b] = [await device(t, proxy.url, { timing: quick }), await device(t, server.url)]
  const ours = await a.createBoard({ title: "x" })
  await ours.openMonths(1)
  await ours.addPost(draft(ours, "before"))
  await until(() => ours.posts.get()[0].delivery === "board", "the first post to be on the board")
  const theirs = await opened(b, ours.url)
  await theirs.openMonths(1)
  const states = []
  a.connection.subscribe(() => states.push(state(a)))
  proxy.halfOpen()
  const post = await ours.addPost(draft(ours, "meanwhile"))
  assert.equal(post.delivery, "waiting")
  await until(() => titles(theirs).includes("meanwhile"), "the post to arrive")
  assert.ok(states.includes("waiting"), `it was ${states}`)
  await until(() => ours.post(post.id).get().delivery === "board", "and to be confirmed")
})

test("an idle connection that works is kept", async t => {
  const server = await startServer(t)
  const proxy = await startProxy(t, server.listen)
  const a = await device(t, proxy.url, { timing: { ...quick, answer: 10_000, handshake: 10_000 } })
  const ours = await a.createBoard({ title: "x" })
  await until(() => ours.info.get().delivery === "board", "the board to be on the server")
  const reached = a.connection.get().lastReached
  await until(() => a.connection.get().lastReached > reached, "signs of life on an idle connection", 20_000)
  const sockets = proxy.opened - 1 // one connection asked for the time
  assert.equal(sockets, 1)
})

test("a connection that dies right after the handshake is noticed; one on which nothing is asked is kept", async t => {
  const fake = await startFake(t, welcome)
  const kept = await device(t, fake.url, { timing: quick })
  await connected(kept)
  const dead = await startFake(t, welcome)
  const a = await device(t, dead.url, { timing: quick })
  await a.createBoard({ title: "x" })
  await until(() => dead.sockets.length >= 3, "other connections")
  assert.equal(fake.sockets.length, 1)
})

test("an upgrade that hangs is closed before another is tried", async t => {
  const proxy = await startProxy(t, "127.0.0.1:1")
  proxy.deaf = true
  const a = await device(t, proxy.url, { timing: { ...quick, handshake: 100 } })
  let most = 0
  await until(() => {
    most = Math.max(most, proxy.open())
    return proxy.opened >= 4
  }, "four tries")
  assert.equal(most, 1, "sockets at a time")
  assert.notEqual(state(a), "connected")
})

test("close codes are obeyed", async t => {
  for (const code of [1002, 1003, 1007, 1008, 1009, 4400, 4401, 4402, 4403, 4405, 4409, 4410, 4499]) assert.ok(isPermanent(code), code)
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4500, 4508, 4599]) assert.ok(!isPermanent(code), code)

  let refuse = true
  const fake = await startFake(t, socket => {
    welcome(socket)
    if (refuse) socket.on("message", () => socket.close(4401, "this device is not known"))
  })
  const a = await device(t, fake.url, { timing: quick })
  await until(() => state(a) === "refused", "to be refused")
  const { reason, code, nextTry } = a.connection.get()
  assert.equal(reason, "this device is not known")
  assert.equal(code, 4401)
  assert.ok(nextTry - Date.now() > 9 * 60_000, "tries are rare")
  assert.equal(fake.sockets.length, 1)
  refuse = false
  a.retryNow()
  await connected(a)
  assert.equal(a.connection.get().code, undefined)

  fake.sockets.at(-1).close(1012, "back soon")
  await until(() => fake.sockets.length === 3, "another try after a transient close")
  await connected(a)
})

test("waits grow, are shortened at random, and have an end", () => {
  const timing = { ...defaultTiming, retryFirst: 1000, retryLongest: 60_000 }
  assert.deepEqual([0, 1, 5, 6, 1000].map(attempt => backoff(timing, attempt, 0)), [1000, 2000, 32_000, 60_000, 60_000])
  assert.equal(backoff(timing, 0, 1), 500)
  assert.ok(backoff(timing, 3, 0.5) < backoff(timing, 3, 0.1))
})

test("a server that accepts and closes at once is not asked faster and faster", async t => {
  const fake = await startFake(t, socket => {
    welcome(socket)
    socket.on("message", () => socket.close(1013, "overloaded"))
  })
  const a = await device(t, fake.url, { timing: { ...quick, retryFirst: 20, retryLongest: 100_000 } })
  const waits = []
  a.connection.subscribe(() => {
    const { state: now, nextTry } = a.connection.get()
    if (now === "waiting" && nextTry) waits.push(nextTry - Date.now())
  })
  await until(() => waits.some(wait => wait > 200), "a long wait")
})

test("bytes that are no message end the connection and nothing else", async t => {
  const fake = await startFake(t, (socket, count) => {
    welcome(socket)
    const nonsense = [Buffer.from([0xff]), Buffer.from([0xf6]), Buffer.alloc(0), cbor.encode({ type: "sync", documentId: 3, data: new Uint8Array([1, 2]) })]
    socket.on("message", () => socket.send(nonsense[count % nonsense.length]))
  })
  const a = await device(t, fake.url, { timing: quick })
  const board = await a.createBoard({ title: "x" })
  await board.openMonths(1)
  await until(() => fake.sockets.length >= 5, "five connections")
  await board.addPost(draft(board, "still here"))
  assert.deepEqual(titles(board), ["still here"])
  assert.equal(headsOfSync(new Uint8Array([0x42, 0xff, 0xff, 0xff, 0xff, 0xff])), null)
  assert.equal(headsOfSync(new Uint8Array([0x42, 1, 0])), null)
  assert.deepEqual(headsOfSync(new Uint8Array([0x43, 1, ...Array(32).fill(171), 0])), ["ab".repeat(32)])
})

test("what is written while the socket is closing is not lost, and the document lives on", async t => {
  const server = await startServer(t)
  const sockets = []
  const { WebSocket } = await import("ws")
  class Closing extends WebSocket {
    constructor(url) {
      super(url)
      sockets.push(this)
    }
  }
  const a = await device(t, server.url, { timing: quick, webSocket: Closing })
  const ours = await a.createBoard({ title: "x" })
  await ours.openMonths(1)
  for (let round = 0; round < 3; round++) {
    await connected(a)
    sockets.at(-1).close() // no longer open, and the close has not been heard yet
    await ours.addPost(draft(ours, `round ${round}`))
  }
  await until(() => ours.posts.get().every(post => post.delivery === "board") && ours.posts.get().length === 3, "all of it on the board")
})

test("online and a page that becomes visible are reasons to try at once", async t => {
  const server = await startServer(t)
  const listeners = new Map()
  const page = { visibilityState: "visible", addEventListener: (name, fn) => listeners.set(name, fn), removeEventListener() {} }
  Object.assign(globalThis, { document: page, addEventListener: page.addEventListener, removeEventListener: page.removeEventListener })
  t.after(() => {
    delete globalThis.document
    delete globalThis.addEventListener
    delete globalThis.removeEventListener
  })
  const address = server.url
  await server.stop()
  const a = await device(t, address, { timing: { retryFirst: 500_000, retryLongest: 500_000 } })
  for (const event of ["online", "visibilitychange"]) {
    await until(() => state(a) === "waiting", "a long wait")
    await server.start()
    listeners.get(event)()
    await connected(a)
    await server.stop()
  }
})
