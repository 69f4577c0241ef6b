// Writes the history that the load consists of: posts of a board, one change each, as automerge writes them. The words are those of examples/data, the sequence is the same every time.
//
//   node posts.mjs COUNT FILE [text]
//
// FILE holds, for every change, its length in 4 bytes (big endian), its hash (32 bytes) and the chunk. The first change makes the board.
// Strings are plain values; with "text" they are collaborative text.

import { readFileSync, writeFileSync } from "node:fs"
import * as A from "@automerge/automerge"

const [count, file, mode] = [Number(process.argv[2]), process.argv[3], process.argv[4]]
const asText = mode === "text"
const examples = JSON.parse(readFileSync(new URL("../../../../examples/data/posts.json", import.meta.url), "utf8"))
const words = examples.flatMap(post => post.body.split(/\s+/))

let state = 20260511
const random = below => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}
const sentence = length => {
  let text = ""
  while (text.length < length) text += words[random(words.length)] + " "
  return text.slice(0, length)
}

// The engine below the JS objects is used directly: a document that is made again as JS objects for every post takes minutes.
const engine = A.getBackend(A.init({ actor: "7a".repeat(16) }))
const put = (object, key, text) => (asText ? engine.putObject(object, key, text) : engine.put(object, key, text, "str"))
put("_root", "title", "Tavle")
const posts = engine.putObject("_root", "posts", {})
engine.commit(null, 1)

const chunks = []
let total = 0
for (let i = 0; ; i++) {
  const change = engine.getLastLocalChange()
  const head = Buffer.alloc(4)
  head.writeUInt32BE(change.length)
  chunks.push(head, Buffer.from(engine.getHeads()[0], "hex"), Buffer.from(change))
  total += change.length
  if (i === count) break
  const example = examples[random(examples.length)]
  const post = engine.putObject(posts, random(2 ** 32).toString(36) + i, {})
  put(post, "kind", example.kind)
  put(post, "title", sentence(30))
  put(post, "body", sentence(150 + random(101)))
  put(post, "author", example.author)
  engine.put(post, "createdAt", 1780000000000 + i * 60_000 + random(60_000), "timestamp")
  engine.putObject(post, "replies", [])
  engine.commit(null, 1780000000 + i * 60)
}
writeFileSync(file, Buffer.concat(chunks))
console.log(`${count} posts, ${Math.round(total / (count + 1))} bytes a change, ${engine.save().length} bytes as a document`)
