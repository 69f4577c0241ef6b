// Clients of Yjs servers: real Yjs documents, over plain websockets, with the messages of y-protocols and no awareness. What they do is told
// on standard input, a line of JSON a step, and answered on standard output; scene.go says what the steps are.
//
//   node clients.mjs hocuspocus | y-websocket

import { createInterface } from "node:readline"
import * as Y from "yjs"
import * as sync from "y-protocols/sync"
import * as encoding from "lib0/encoding"
import * as decoding from "lib0/decoding"
import WebSocket from "ws"
import { contents } from "../content.mjs"

const hocuspocus = process.argv[2] === "hocuspocus"
const SYNC = 0, AUTH = 2, REPLY = 4, STATUS = 8
const redialEvery = 5000
const batchPosts = 500
const dialsMax = 50
const silence = 3000

const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))
const now = () => performance.now()
let names = 0
const newName = () => `bench-${process.pid}-${names++}`

/** A document at one client, with or without a connection. */
class Client {
  constructor(name) {
    this.name = name
    this.doc = new Y.Doc()
    this.posts = this.doc.getMap("posts")
    this.count = 0
    this.down = this.up = 0
    this.unacked = 0
    this.waiting = []
    this.posts.observe(event => { this.count += event.keysChanged.size })
    this.doc.on("update", (update, origin) => {
      if (origin === this) return
      if (this.open) { this.unacked++; this.say(SYNC, e => sync.writeUpdate(e, update)) }
    })
  }

  /** Connects, and resolves once the server has told all it has; rejects when the connection fails before. */
  connect(url, within = 20000) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => { reject(new Error(`the server did not tell ${this.name} what it has`)); this.ws.terminate() }, within)
      const synced = () => { clearTimeout(timer); resolve() }
      const ws = (this.ws = new WebSocket(hocuspocus ? url : url + this.name, { perMessageDeflate: false, handshakeTimeout: within }))
      ws.on("open", () => {
        this.open = true
        this.asked = 1
        this.unacked = 0
        if (hocuspocus) this.say(AUTH, e => { encoding.writeVarUint(e, 0); encoding.writeVarString(e, "") })
        this.say(SYNC, e => sync.writeSyncStep1(e, this.doc))
      })
      ws.on("message", data => {
        this.down += data.length
        this.hear(data, synced)
        this.wake()
      })
      ws.on("error", reject)
      ws.on("close", () => { this.open = false; this.wake(); this.onclose?.(); reject(new Error("the server ended the connection")) })
    })
  }

  say(type, write) {
    const e = encoding.createEncoder()
    if (hocuspocus) encoding.writeVarString(e, this.name)
    encoding.writeVarUint(e, type)
    write(e)
    const data = encoding.toUint8Array(e)
    this.up += data.length
    this.ws.send(data)
  }

  hear(data, synced) {
    const d = decoding.createDecoder(new Uint8Array(data.buffer, data.byteOffset, data.length))
    if (hocuspocus) decoding.readVarString(d)
    const type = decoding.readVarUint(d)
    if (type === STATUS && decoding.readVarUint(d) === 1) this.unacked = Math.max(0, this.unacked - 1)
    if (type !== SYNC && type !== REPLY) return
    const e = encoding.createEncoder()
    const step = sync.readSyncMessage(d, e, this.doc, this)
    if (step === sync.messageYjsSyncStep2) { this.asked--; synced() }
    if (step === sync.messageYjsSyncStep1 && encoding.length(e) > 0 && this.open) {
      const answer = encoding.toUint8Array(e)
      this.unacked++
      this.say(SYNC, out => encoding.writeUint8Array(out, answer))
    }
  }

  /** Asks the server what it has, which is how y-websocket is made to say that it has an update: it has no acks. */
  ask() { if (!hocuspocus) { this.asked++; this.say(SYNC, e => sync.writeSyncStep1(e, this.doc)) } }
  acked() { return hocuspocus ? this.unacked === 0 : this.asked <= 0 }

  wake() { this.waiting = this.waiting.filter(({ done, resolve }) => { if (!done() && this.open) return true; resolve(done()); return false }) }

  /** Resolves once done() holds; rejects when the connection ends or time is up before. */
  async until(done, within = 20000) {
    if (done()) return
    let timer
    const ok = await new Promise(resolve => {
      timer = setTimeout(() => resolve(false), within)
      this.waiting.push({ done, resolve })
    })
    clearTimeout(timer)
    if (!ok) throw new Error(`${this.name} waited in vain; it has ${this.count} posts`)
  }

  add({ key, kind, title, body, author, createdAt }) {
    this.doc.transact(() => {
      const post = new Y.Map()
      for (const [name, value] of Object.entries({ kind, title, body, author, createdAt })) post.set(name, value)
      post.set("replies", new Y.Array())
      this.posts.set(key, post)
    })
  }

  async fill(made, from, to) {
    for (let i = from; i < to;) {
      for (const end = Math.min(to, i + batchPosts); i < end; i++) this.add(made(i))
      this.ask()
      await this.until(() => this.acked())
    }
  }

  close() { this.ws?.removeAllListeners("close"); this.open = false; this.ws?.close(); this.ws?.on("error", () => {}) }
}

async function each(n, atOnce, f) {
  let next = 0
  await Promise.all(Array.from({ length: Math.min(n, atOnce) }, async () => { while (next < n) await f(next++) }))
}

/** A new document with so many posts on the server. */
async function start(url, count, made = contents()) {
  const c = new Client(newName())
  c.doc.getMap("meta").set("title", "Tavle")
  await c.connect(url)
  c.ask()
  await c.until(() => c.acked())
  await c.fill(made, 0, count)
  c.close()
  return c
}

const traffic = clients => clients.reduce((sum, c) => ({ down: sum.down + c.down, up: sum.up + c.up }), { down: 0, up: 0 })
const since = (before, after) => ({ down: after.down - before.down, up: after.up - before.up })

const vector = doc => JSON.stringify([...Y.decodeStateVector(Y.encodeStateVector(doc))].sort((a, b) => a[0] - b[0]))

function same(clients, posts) {
  const first = vector(clients[0].doc)
  for (const c of clients) {
    if (c.posts.size !== posts || vector(c.doc) !== first) throw new Error(`${c.name} has ${c.posts.size} posts, and should have ${posts} and the state of all others`)
  }
}

class Ingest {
  async prepare(url) {
    this.clients = Array.from({ length: this.peers }, () => new Client(newName()))
    await each(this.peers, dialsMax, async i => { await this.clients[i].connect(url) })
    await sleep(200)
    for (const c of this.clients) { c.doc.getMap("meta").set("title", "Tavle"); c.ask(); await c.until(() => c.acked()) }
  }
  async act() {
    const waits = []
    const before = traffic(this.clients)
    await each(this.peers, this.peers, async i => {
      const made = contents()
      for (let n = 0; n < this.each; n++) {
        const post = made(n)
        const began = now()
        this.clients[i].add(post)
        this.clients[i].ask()
        await this.clients[i].until(() => this.clients[i].acked())
        waits.push(now() - began)
      }
    })
    return { n: this.peers * this.each, waits, ...since(before, traffic(this.clients)) }
  }
  async check(url) {
    await each(this.peers, dialsMax, async i => {
      const reader = new Client(this.clients[i].name)
      await reader.connect(url)
      await reader.until(() => reader.count === this.each)
      same([this.clients[i], reader], this.each)
      reader.close()
    })
  }
}

class Fanout {
  async prepare(url) {
    this.writer = await start(url, 1)
    await this.writer.connect(url)
    this.clients = Array.from({ length: this.peers }, () => new Client(this.writer.name))
    await each(this.peers, dialsMax, async i => { await this.clients[i].connect(url); await this.clients[i].until(() => this.clients[i].count === 1) })
    await sleep(1500)
  }
  async act() {
    const waits = [], sent = []
    const before = traffic(this.clients)
    const all = this.clients.map(c => {
      let got = 0
      return c.until(() => {
        for (; got < c.count - 1; got++) waits.push(now() - sent[got])
        return got === this.each
      }, this.within * 1000)
    })
    const made = contents(2)
    const began = now()
    for (let n = 0; n < this.each; n++) {
      await sleep(Math.max(0, began + (n + 1) * 1000 / this.perSecond - now()))
      const post = made(n)
      sent.push(now())
      this.writer.add(post)
    }
    await Promise.all(all)
    return { n: waits.length, waits, ...since(before, traffic(this.clients)) }
  }
  async check() { same([this.writer, ...this.clients], 1 + this.each) }
}

class Storm {
  async prepare(url) {
    const herd = this.kind === "herd"
    this.devices = []
    this.wanted = this.peers * this.each + (herd ? 1 : 0)
    const write = Array.from({ length: this.peers }, (_, i) => {
      const made = contents(i + 1)
      return Array.from({ length: this.each }, (_, n) => made(n, `-${i}-`))
    })
    await each(this.boards, dialsMax, async () => {
      const founder = await start(url, 0)
      const base = Y.encodeStateAsUpdate(founder.doc)
      if (herd) {
        await founder.connect(url)
        await founder.fill(contents(999), 0, 1)
        founder.close()
      }
      for (let i = 0; i < this.peers; i++) {
        const d = new Client(founder.name)
        Y.applyUpdate(d.doc, base)
        for (const post of write[i]) d.add(post)
        this.devices.push(d)
      }
    })
  }
  async act(url) {
    const began = now()
    const waits = []
    let refused = 0, over = false
    const all = Promise.all(this.devices.map(d => new Promise(resolve => {
      let had = false
      const done = () => {
        if (!had && d.count === this.wanted && (hocuspocus ? d.unacked === 0 : true)) { had = true; waits.push(now() - began); resolve() }
        return had
      }
      const dial = () => {
        if (over) return
        let failed = false
        const again = () => {
          if (failed || over) return
          failed = true
          refused++
          setTimeout(dial, (Math.floor((now() - began) / redialEvery) + 1) * redialEvery - (now() - began))
        }
        d.onclose = again
        d.connect(url, redialEvery).catch(again)
        d.waiting = [{ done, resolve: () => {} }]
        d.wake = () => done()
      }
      dial()
    })))
    const failed = await Promise.race([all.then(() => false), sleep(this.within * 1000).then(() => true)])
    over = true
    for (const d of this.devices) d.close()
    const r = { n: this.devices.length, waits, refused, ...traffic(this.devices) }
    if (failed) throw new Error(`${this.devices.length - waits.length} of ${this.devices.length} devices lack something`)
    return r
  }
  async check() {
    for (let i = 0; i < this.devices.length; i += this.peers) same(this.devices.slice(i, i + this.peers), this.wanted)
  }
}

class Fetch {
  async prepare(url) {
    this.name = (await start(url, this.each)).name
    const first = new Client(this.name)
    await first.connect(url)
    await first.until(() => first.count === this.each)
    await sleep((1000 + this.each) / 2)
    first.close()
  }
  async act(url) {
    const c = (this.reader = new Client(this.name))
    const began = now()
    await c.connect(url)
    await c.until(() => c.count === this.each)
    return { n: 1, waits: [now() - began], down: c.down, up: c.up }
  }
  async check() { same([this.reader], this.each) }
}

class Idle {
  async prepare(url) {
    const boards = []
    await each(this.boards, dialsMax, async () => { boards.push((await start(url, 1)).name) })
    this.clients = Array.from({ length: this.peers }, (_, i) => new Client(boards[i % this.boards]))
    await each(this.peers, dialsMax, async i => {
      await this.clients[i].connect(url)
      await this.clients[i].until(() => this.clients[i].count === 1)
    })
  }
  async act() { await sleep(this.within * 1000); return { n: this.peers } }
  async check() {
    const ended = this.clients.filter(c => !c.open).length
    if (ended > 0) throw new Error(`the server ended ${ended} of ${this.peers} idle connections`)
  }
}

class Crash {
  async prepare(url) {
    this.ingest = Object.assign(new Ingest(), { peers: this.peers })
    await this.ingest.prepare(url)
    this.acks = this.ingest.clients.map(() => 0)
  }
  async act() {
    await Promise.all(this.ingest.clients.map(async (c, i) => {
      const made = contents()
      for (let n = 0; c.open; n++) {
        c.add(made(n))
        try {
          if (c.open) c.ask()
          await c.until(() => c.acked())
        } catch { return }
        if (!c.open) return
        this.acks[i]++
      }
    }))
    return { n: this.acks.reduce((a, b) => a + b, 0) }
  }
  async check(url) {
    let n = 0, missing = 0
    await Promise.all(this.ingest.clients.map(async (c, i) => {
      const reader = new Client(c.name)
      await reader.connect(url)
      try { await reader.until(() => reader.count >= this.acks[i], silence) } catch { /* what is missing is counted */ }
      n += this.acks[i]
      missing += Math.max(0, this.acks[i] - reader.count)
      reader.close()
    }))
    return { n, missing }
  }
}

const scenes = { ingest: Ingest, fanout: Fanout, storm: Storm, herd: Storm, fetch: Fetch, idle: Idle, crash: Crash }
let scene
for await (const line of createInterface({ input: process.stdin })) {
  const { step, argument } = JSON.parse(line)
  let answer
  try {
    if (step === "play") { scene = Object.assign(new scenes[argument.kind](), argument); answer = {} }
    else answer = { result: (await scene[step](argument)) ?? {} }
  } catch (error) {
    answer = { error: String(error?.message ?? error) }
  }
  process.stdout.write(JSON.stringify(answer) + "\n")
}
process.exit(0)
