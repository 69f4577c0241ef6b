// Writes the histories of this folder with the JavaScript library, the client
// that most documents come from. Run it where @automerge/automerge 3.5.0 is
// installed, for instance
//
//     cd examples/hello && npm ci && node ../../crdt/testdata/histories/generate.mjs
//
// The output is the same in every run: actors, times and random numbers are
// fixed. README.md says what is in a file.
import { createRequire } from "node:module"
import { readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const A = createRequire(join(process.cwd(), "from-here.js"))("@automerge/automerge")
const folder = dirname(fileURLToPath(import.meta.url))
const base64 = bytes => Buffer.from(bytes).toString("base64")

// tagged is a value as JSON: what JSON has no type for becomes {"$type": …}.
function tagged(v) {
  if (v instanceof A.Counter) return { $counter: v.value }
  if (v instanceof Date) return { $time: v.getTime() }
  if (v instanceof Uint8Array) return { $bytes: base64(v) }
  if (A.isImmutableString(v)) return v.val
  if (typeof v === "bigint") return Number(v)
  if (Array.isArray(v)) return v.map(tagged)
  if (v !== null && typeof v === "object") {
    return Object.fromEntries(Object.keys(v).sort().map(k => [k, tagged(v[k])]))
  }
  return v
}

function write(name, says, doc) {
  const file = {
    says,
    heads: A.getHeads(doc).sort(),
    value: tagged(doc),
    changes: A.getAllChanges(doc).map(base64),
    saved: base64(A.save(doc)),
  }
  writeFileSync(join(folder, name + ".json"), JSON.stringify(file, null, 1) + "\n")
}

let random = 1
function below(n) {
  random = (Math.imul(random, 1103515245) + 12345) >>> 0
  return (random >>> 8) % n
}
const pick = list => list[below(list.length)]

let clock = 1_700_000_000
const at = () => ({ time: clock++ })
const init = actor => A.init({ actor })
const change = (d, f, message) => A.change(d, { ...at(), message }, f)
const clone = (d, actor) => A.clone(d, { actor })

{
  let d = change(init("aa"), d => {
    d.null = null
    d.yes = true
    d.no = false
    d.int = 42
    d.negative = -9007199254740991
    d.float = 0.1
    d.string = "Fællesspisning 🍲"
    d.empty = ""
    d.immutable = new A.ImmutableString("fixed")
    d.bytes = new Uint8Array([0, 1, 254, 255])
    d.noBytes = new Uint8Array([])
    d.time = new Date(1700000000123)
    d.old = new Date(-5000)
    d.counter = new A.Counter(-3)
    d.list = [1, "two", [3, [4]], { five: 6 }, null]
    d.map = { nested: { deeper: { deepest: [] } } }
  }, "every kind of value")
  d = change(d, d => { delete d.null; d.counter.increment(10); d.counter.decrement(2); d.list.splice(1, 2); d.int = 43 })
  d = A.emptyChange(d, { ...at(), message: "nothing" })
  d = A.change(d, { time: -1 }, d => { d["key with \u0000 and é"] = "negative time" })
  write("values", "every kind of value, deletes, an empty change, a negative time", d)
}

{
  let one = change(init("01"), d => { d.n = new A.Counter(0); d.l = ["a", "b", "c"]; d.k = "start"; d.m = {} })
  let two = clone(one, "0002"), three = clone(one, "00")
  one = change(one, d => { d.k = "one"; d.n.increment(1); d.l[1] = "one"; d.m.x = { from: "one" }; d.l.push("end 1") })
  two = change(two, d => { d.k = "two"; d.n.increment(2); d.l.deleteAt(1); d.m.x = { from: "two" }; d.l.push("end 2") })
  three = change(three, d => { delete d.k; d.n.increment(4); d.l.insertAt(1, "three"); d.m.x = 3; d.n = new A.Counter(100) })
  one = A.merge(one, two)
  two = A.merge(two, three)
  one = change(one, d => { d.n.increment(8); d.m.x.more = true; d.l[1] = "again" })
  two = change(two, d => { d.n.increment(16); d.m.x = "settled"; delete d.l[0] })
  write("conflicts", "three actors write the same keys, elements and counters; two heads", A.merge(one, two))
}

{
  let d = change(init("0a"), d => { d.text = "The kitchen is open on Friday" })
  let e = clone(d, "0b")
  d = change(d, d => {
    A.mark(d, ["text"], { start: 4, end: 11, expand: "both" }, "bold", true)
    A.mark(d, ["text"], { start: 0, end: 29, expand: "none" }, "link", "https://example.org")
  })
  e = change(e, d => {
    A.splice(d, ["text"], 4, 7, "hall 🙂")
    A.mark(d, ["text"], { start: 2, end: 8, expand: "after" }, "bold", false)
    A.splitBlock(d, ["text"], 8, { type: "paragraph", parents: [], attrs: {} })
  })
  d = A.merge(d, e)
  d = change(d, d => {
    A.unmark(d, ["text"], { start: 5, end: 9 }, "bold")
    A.joinBlock(d, ["text"], 8)
    A.splitBlock(d, ["text"], 3, { type: "heading", parents: ["quote"], attrs: { level: 2 } })
    A.updateText(d, ["text"], "The hall 👩‍👩‍👧 is closed on Friday")
  })
  d = change(d, d => A.updateBlock(d, ["text"], 0, { type: "list", parents: [], attrs: {} }))
  write("marks", "text with concurrent edits, marks and blocks", d)
}

{
  let d = change(init("ff00"), d => { d.list = []; d.log = "" })
  const heads = [A.getHeads(d)]
  for (let i = 0; i < 6; i++) {
    d = change(d, d => { d.list.push(i); d["k" + i] = i })
    heads.push(A.getHeads(d))
  }
  d = A.changeAt(d, heads[2], at(), d => { d.list.unshift("into the past"); d.k1 = "changed" }).newDoc
  d = A.changeAt(d, heads[4], at(), d => { d.list.splice(0, 2, "again"); delete d.k3 }).newDoc
  d = change(d, d => { d.done = true })
  write("changeat", "changes on old versions of the document, made by its own author", d)
}

{
  const word = () => pick(["mad", "ladder", "fiets", "kød", "🙂", "tak", "buurt", "\n", "e\u0301"])
  let d = change(init("10"), d => { d.posts = {} })
  let e = clone(d, "20")
  for (let i = 0; i < 12; i++) {
    const post = () => ({ title: word() + " " + word(), body: Array.from({ length: 4 }, word).join(" "), replies: [], thanks: new A.Counter(0) })
    d = change(d, d => { d.posts["d" + i] = post() })
    e = change(e, d => { d.posts["e" + i] = post() })
    if (below(3) === 0) {
      d = A.merge(d, e)
      e = A.merge(e, d)
    }
    d = change(d, d => {
      const p = d.posts[pick(Object.keys(d.posts))]
      p.thanks.increment(1)
      p.replies.push({ by: "d", text: word() })
      A.splice(p, ["title"], below(2), 1, word())
    })
    e = change(e, d => {
      const keys = Object.keys(d.posts)
      if (below(4) === 0) delete d.posts[pick(keys)]
      else A.splice(d, ["posts", pick(keys), "body"], 0, below(3), word())
    })
  }
  write("board", "a small board of two devices that meet now and then", A.merge(d, e))
}

{
  let d = change(init("7e".repeat(16)), d => { d.text = "" })
  d = change(d, d => { d.text = Array.from({ length: 1500 }, () => pick("abcdefghij klmnop")).join("") })
  d = change(d, d => { A.splice(d, ["text"], 10, 1400) })
  write("long", "a long text in one change, most of it deleted in the next", d)
}

{
  // These changes the Go side built; what JavaScript makes of them is added.
  const { changes } = JSON.parse(readFileSync(join(folder, "built.json"), "utf8"))
  const [d] = A.applyChanges(init("77"), changes.map(c => Buffer.from(c, "base64")))
  write("built", "built by package chunk: every action and value, a mark, a settled conflict", d)
}
