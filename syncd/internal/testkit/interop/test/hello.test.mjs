// The example that the README shows, and the posts it plays with.

import assert from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { startServer } from "../lib/server.mjs"
import { within } from "../lib/until.mjs"

const examples = new URL("../../../../../examples/", import.meta.url)
const posts = JSON.parse(readFileSync(new URL("data/posts.json", examples), "utf8"))

test("examples/hello: two devices post while cut off and merge after", async t => {
  if (!existsSync(new URL("hello/node_modules", examples))) return t.skip("examples/hello: npm ci has not been run")
  const server = await startServer(t)
  const child = spawn(process.execPath, [fileURLToPath(new URL("hello/hello.mjs", examples)), server.url])
  t.after(() => child.kill("SIGKILL"))
  let out = ""
  child.stdout.on("data", chunk => (out += chunk))
  child.stderr.on("data", chunk => (out += chunk))
  const code = await within(new Promise(done => child.on("exit", done)), "the end of hello", 40_000)
  assert.equal(code, 0, out)
  assert.match(out, new RegExp(`${posts.length} posts, each exactly once, at automerge:`))
  for (const post of posts) assert.equal(out.split(`  ${post.id}  `).length, 2, `${post.id} is printed once`)
})

test("make run says how its syncd ended, when that alone was told to stop or was killed", async t => {
  if (!existsSync(new URL("hello/node_modules", examples))) return t.skip("examples/hello: npm ci has not been run")
  if (!existsSync(new URL("../bin/syncd", examples))) return t.skip("make build has not been run")
  const ends = [
    ["SIGINT", 0, /^syncd was told to stop, and did\.$/m],
    ["SIGKILL", 1, /^syncd was ended by signal 9\.$/m],
  ]
  await Promise.all(ends.map(async ([signal, code, says]) => {
    const data = mkdtempSync(join(tmpdir(), "tavle-run-"))
    const story = spawn(fileURLToPath(new URL("../syncd/internal/testkit/story.sh", examples)), ["--listen", "127.0.0.1:0", "--data", data])
    t.after(() => (story.kill("SIGTERM"), rmSync(data, { recursive: true, force: true })))
    let out = ""
    const ended = new Promise(done => story.on("close", done))
    const serving = new Promise(done => story.stdout.on("data", chunk => (out += chunk).includes("bin/syncd member list") && done()))
    story.stderr.on("data", chunk => (out += chunk))
    await within(Promise.race([serving, ended]), "the demo board", 60_000)
    const [pid] = spawnSync("pgrep", ["-P", story.pid, "syncd"], { encoding: "utf8" }).stdout.split("\n")
    assert.ok(Number(pid) > 0, `no syncd runs:\n${out}`)
    process.kill(Number(pid), signal)
    assert.equal(await within(ended, `the end by ${signal}`, 20_000), code, out)
    assert.match(out, says)
  }))
})

test("examples/data: posts are of every kind in every language, and name nobody", () => {
  const languages = ["da", "nl", "en"]
  const kinds = ["request", "offer", "item", "companion", "event", "notice", "question", "idea", "lostFound", "arrangement"]
  assert.equal(new Set(posts.map(post => post.id)).size, posts.length, "ids are unique")
  assert.equal(new Set(posts.map(post => post.title)).size, posts.length, "titles are unique")
  for (const language of languages) {
    for (const kind of kinds) {
      assert.ok(posts.some(post => post.language === language && post.kind === kind), `${language} ${kind}`)
    }
  }
  for (const post of posts) {
    assert.ok(post.title.length <= 60 && post.body.length >= 80 && post.body.length <= 400, post.title)
    for (const answer of [...post.replies, ...post.offers]) assert.ok(answer.createdAt > post.createdAt, post.title)
    const text = JSON.stringify([post.title, post.body, post.author, post.place, post.replies, post.offers].map(stripTimes))
    assert.doesNotMatch(text, /@|\d{5}|\d\d \d\d \d\d/, `${post.title}: no addresses or numbers of people`)
  }
})

function stripTimes(part) {
  return Array.isArray(part) ? part.map(({ createdAt, ...rest }) => rest) : part
}
