// Writes the changes that the load consists of: posts of a board, one change each, as automerge writes them. They are the same every time.
//
//   node posts.mjs COUNT FILE                 one after the other, by one author
//   node posts.mjs AUTHORS EACH FILE          on top of the first change of the above, by authors who do not know of each other
//   node posts.mjs check CHUNKS               how many posts, and which heads, automerge finds in the chunks of the file
//   node posts.mjs save CHUNKS DOCUMENT       the same chunks as one document chunk, and which changes automerge finds in it
//
// FILE holds, for every change, its length in 4 bytes (big endian), its hash (32 bytes) and the chunk. The first change of a history makes
// the board. Strings are plain values.

import { readFileSync, writeFileSync } from "node:fs"
import * as A from "@automerge/automerge"
import { contents } from "./content.mjs"

// The engine below the JS objects is used directly: a document that is made again as JS objects for every post takes minutes.
function newBoard() {
  const engine = A.getBackend(A.init({ actor: "7a".repeat(16) }))
  engine.put("_root", "title", "Tavle", "str")
  engine.putObject("_root", "posts", {})
  engine.commit(null, 1)
  return engine
}

function addPost(engine, { key, kind, title, body, author, createdAt }) {
  const posts = engine.getWithType("_root", "posts")[1]
  const post = engine.putObject(posts, key, {})
  for (const [name, text] of Object.entries({ kind, title, body, author })) engine.put(post, name, text, "str")
  engine.put(post, "createdAt", createdAt, "timestamp")
  engine.putObject(post, "replies", [])
  engine.commit(null, Math.floor(createdAt / 1000))
}

function record(engine) {
  const change = engine.getLastLocalChange()
  const head = Buffer.alloc(4)
  head.writeUInt32BE(change.length)
  return [head, Buffer.from(engine.getHeads()[0], "hex"), Buffer.from(change)]
}

function chain(count) {
  const engine = newBoard()
  const made = contents()
  const chunks = record(engine)
  for (let i = 0; i < count; i++) {
    addPost(engine, made(i))
    chunks.push(...record(engine))
  }
  return chunks
}

function branches(authors, each) {
  const board = newBoard()
  const chunks = []
  for (let author = 0; author < authors; author++) {
    const engine = board.fork((author + 1).toString(16).padStart(32, "0"))
    const made = contents(author + 1)
    for (let i = 0; i < each; i++) {
      addPost(engine, made(i, `-${author}-`))
      chunks.push(...record(engine))
    }
  }
  return chunks
}

function load(file) {
  const engine = A.getBackend(A.init())
  engine.loadIncremental(readFileSync(file))
  return engine
}

function check(file) {
  const engine = load(file)
  const posts = engine.getWithType("_root", "posts")[1]
  return { posts: engine.keys(posts).length, heads: engine.getHeads() }
}

function save(file, saved) {
  writeFileSync(saved, load(file).save())
  const engine = load(saved)
  return { heads: engine.getHeads(), changes: engine.getChangesMeta([]).map(change => change.hash) }
}

const args = process.argv.slice(2)
if (args[0] === "check") console.log(JSON.stringify(check(args[1])))
else if (args[0] === "save") console.log(JSON.stringify(save(args[1], args[2])))
else if (args.length === 2) writeFileSync(args[1], Buffer.concat(chain(Number(args[0]))))
else writeFileSync(args[2], Buffer.concat(branches(Number(args[0]), Number(args[1]))))
