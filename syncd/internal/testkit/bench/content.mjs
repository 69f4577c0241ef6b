// What is posted: the words of examples/data, drawn the same way every time.

import { readFileSync } from "node:fs"

const examples = JSON.parse(readFileSync(new URL("../../../../examples/data/posts.json", import.meta.url), "utf8"))
const words = examples.flatMap(post => post.body.split(/\s+/))

/** Returns a maker of posts; the same seed makes the same posts. */
export function contents(seed = 20260511) {
  let state = seed
  const random = below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const sentence = length => {
    let text = ""
    while (text.length < length) text += words[random(words.length)] + " "
    return text.slice(0, length)
  }
  return (i, author = "") => {
    const example = examples[random(examples.length)]
    return {
      key: random(2 ** 32).toString(36) + author + i,
      kind: example.kind,
      title: sentence(30),
      body: sentence(150 + random(101)),
      author: example.author,
      createdAt: 1780000000000 + i * 60_000 + random(60_000),
    }
  }
}
