// Two devices post on one board, are cut off, go on posting, and meet again.
//
//   node hello.mjs ws://127.0.0.1:3030 [posts.json]
//
// Nothing below is special to syncd: it is an ordinary automerge-repo program, pointed at a sync server.

import { readFileSync } from "node:fs"
import { Repo } from "@automerge/automerge-repo"
import { WebSocketClientAdapter } from "@automerge/automerge-repo-network-websocket"

const patience = 20_000 // ms that two connected devices may take to become equal
const url = process.argv[2]
if (!url) {
  console.error("usage: node hello.mjs ws://HOST:PORT [posts.json]")
  process.exit(2)
}
const postsFile = process.argv[3] ?? new URL("../data/posts.json", import.meta.url)
const posts = JSON.parse(readFileSync(postsFile, "utf8"))

// --- A device is a repo with one connection, which can be cut. ---------------------------------------------------

class Device {
  constructor(name) {
    this.name = name
    this.line = new WebSocketClientAdapter(url, 500) // when the line drops, try again every 500 ms
    this.repo = new Repo({ network: [this.line] })
  }

  // What a person does at the device. It needs no network: the document on the device is changed.
  post(post) {
    this.board.change(doc => {
      doc.posts[post.id] = post
    })
  }

  reply(postId, reply) {
    this.board.change(doc => {
      doc.posts[postId].replies.push(reply)
    })
  }

  async cutOff() {
    const socket = this.line.socket
    this.line.disconnect()
    await until(`the socket of ${this.name} is closed`, () => socket.readyState === socket.CLOSED)
  }

  async reconnect() {
    this.line.connect(this.repo.peerId, this.line.peerMetadata)
    await this.connected()
  }

  connected() {
    return until(`${this.name} has reached ${url}`, () => this.repo.peers.length > 0)
  }

  get count() {
    return Object.keys(this.board.doc().posts).length
  }
}

// --- The story. ------------------------------------------------------------------------------------------------

const third = Math.ceil(posts.length / 3)
const together = posts.slice(0, third)
const danish = posts.slice(third).filter(post => post.language === "da")
const others = posts.slice(third).filter(post => post.language !== "da")

const a = new Device("the kiosk in the community house")
const b = new Device("a phone on the second floor")
await Promise.all([a.connected(), b.connected()])
say(`Two devices are connected to ${url}: A is ${a.name}, B is ${b.name}.`)

a.board = a.repo.create({ title: "Tavle · Prikbord · Board", posts: {} })
together.forEach(post => a.post(post))
say(`A opens a board and puts ${a.count} posts on it.`)

b.board = await b.repo.find(a.board.url)
await until("B has what A has", equal)
say(`B finds the board and sees ${b.count} posts.`)

await Promise.all([a.cutOff(), b.cutOff()])
say("The line is cut. Both sockets are closed.")

danish.forEach(post => a.post(post))
say(`A goes on, alone: ${danish.length} posts in Danish. A sees ${a.count}.`)

others.forEach(post => b.post(post))
const asked = together.find(post => post.language === "da") // one that A wrote, and both have
const reply = { author: "Noor", createdAt: "2026-06-14T08:00:00Z", body: "Written without a connection: I can help, too." }
b.reply(asked.id, reply)
say(`B goes on, alone: ${others.length} posts in Dutch and English, and a reply to “${asked.title}”. B sees ${b.count}.`)
if (equal() || a.count === posts.length) fail("the devices should not know each other's posts yet")

await Promise.all([a.reconnect(), b.reconnect()])
say("The line is back. Nobody presses anything.")
await until("both devices hold the same", equal)
say(`A sees ${a.count} posts and B sees ${b.count}.`)

// --- Is it true? -----------------------------------------------------------------------------------------------

for (const device of [a, b]) {
  const board = Object.values(device.board.doc().posts)
  const wanted = posts.map(post => post.title).sort()
  const found = board.map(post => post.title).sort()
  if (JSON.stringify(found) !== JSON.stringify(wanted)) fail(`${device.name} does not have every post exactly once`)
  const replies = device.board.doc().posts[asked.id].replies
  if (replies.filter(r => r.body === reply.body).length !== 1) fail(`${device.name} does not have the reply exactly once`)
}

printBoard(a.board.doc())
say(`Both devices are equal: ${posts.length} posts, each exactly once, at ${a.board.url}`)
process.exit(0)

// --- Small helpers. --------------------------------------------------------------------------------------------

// Two devices hold the same when the heads, the newest changes of the history, are the same.
function equal() {
  return a.board.heads().join() === b.board.heads().join()
}

function say(sentence) {
  console.log(`• ${sentence}`)
}

function fail(reason) {
  console.error(`✗ ${reason}`)
  process.exit(1)
}

async function until(what, condition) {
  const deadline = Date.now() + patience
  while (!condition()) {
    if (Date.now() > deadline) fail(`waited ${patience / 1000} s in vain: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

function printBoard(board) {
  const all = Object.values(board.posts).sort((x, y) => (x.createdAt < y.createdAt ? -1 : 1))
  console.log(`\n${board.title}`)
  for (const kind of [...new Set(all.map(post => post.kind))].sort()) {
    console.log(`\n${cell(kind, 14)}${cell("post", 58)}${cell("by", 26)}answers`)
    for (const post of all.filter(post => post.kind === kind)) {
      const answers = String(post.replies.length + post.offers.length)
      console.log(`  ${post.id}  ${post.language}    ${cell(post.title, 58)}${cell(post.author, 26)}${answers.padStart(7)}`)
    }
  }
  console.log()
}

function cell(text, width) {
  return (text.length >= width ? text.slice(0, width - 2) + "…" : text).padEnd(width)
}
