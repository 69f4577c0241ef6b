// The JavaScript library as an oracle for snapshots. Reads a line of JSON for
// each question and answers with a line of JSON; milliseconds are processor time.
// Run it in a folder where @automerge/automerge is installed.
//
//     {"Seed": n}           -> {"Changes": [base64, …]}
//         a random document with everything that the library can write
//     {"Changes": […], "Covers": n, "Snapshot": base64} -> {"Error": ""} or what is wrong
//         does the snapshot load to what the first n changes give, and with the others to all?
//     {"Peer": name, …}     -> {"Heads": [hex, …], "Message": base64, "Milliseconds": [number]}
//         a peer that syncs, with nothing at first; and "Changes": […], it makes them its own;
//         "Receive": base64, a message; "Generate": true, for its next message, null if there is
//         none; "Same": […], does it read what these changes give? "Forget": true, at its end
//     {"Load": base64, "Times": n} -> {"Milliseconds": [n numbers]}
import { createRequire } from "node:module"
import { createInterface } from "node:readline"
import { join } from "node:path"

const A = createRequire(join(process.cwd(), "from-here.js"))("@automerge/automerge")
const bytes = s => new Uint8Array(Buffer.from(s, "base64"))
const base64 = b => Buffer.from(b).toString("base64")

function isMap(v) {
  return v !== null && typeof v === "object" && !Array.isArray(v) && !(v instanceof A.Counter) &&
    !(v instanceof Date) && !(v instanceof Uint8Array) && !A.isImmutableString(v)
}

// plain is a value with everything that a reader can see of it: the values in
// conflict, and the marks of texts.
function plain(d, v, path) {
  if (v instanceof A.Counter) return { counter: String(v.value) }
  if (v instanceof Date) return { time: v.getTime() }
  if (v instanceof Uint8Array) return { bytes: base64(v) }
  if (A.isImmutableString(v)) return { string: v.val }
  if (typeof v === "bigint") return { big: String(v) }
  if (typeof v === "string") return path ? { text: A.spans(d, path) } : { text: v }
  if (Array.isArray(v)) return v.map((x, i) => field(d, v, i, x, path))
  if (isMap(v)) return Object.fromEntries(Object.keys(v).sort().map(k => [k, field(d, v, k, v[k], path)]))
  return typeof v === "number" && Object.is(v, -0) ? "-0" : v
}

function field(d, object, key, value, path) {
  const all = path ? A.getConflicts(object, key) : undefined
  const out = plain(d, value, path && [...path, key])
  if (!all || Object.keys(all).length < 2) return out
  return [out, Object.fromEntries(Object.keys(all).sort().map(k => [k, plain(d, all[k], undefined)]))]
}

// sorted gives objects their keys in order; spans come with them in any.
const sorted = (_, v) => isMap(v) ? Object.fromEntries(Object.keys(v).sort().map(k => [k, v[k]])) : v
const content = d => JSON.stringify(plain(d, d, []), sorted)
const heads = d => A.getHeads(d).sort().join()

function same(what, got, want) {
  if (heads(got) !== heads(want)) throw new Error(`${what}: heads ${heads(got)}, want ${heads(want)}`)
  if (content(got) !== content(want)) throw new Error(`${what}: reads\n${content(got)}\nwant\n${content(want)}`)
  const changes = d => A.getAllChanges(d).map(base64).sort().join()
  if (changes(got) !== changes(want)) throw new Error(`${what}: other changes`)
}

// What JavaScript shows after changes to a document that it already shows can be
// wrong until the document is loaded again, also for honest changes: counters in conflict.
const again = d => A.load(A.save(d))

// later applies changes to a document that is shown already. For the same reason
// that can fail; then it is undefined.
function later(d, changes) {
  try {
    return again(A.applyChanges(d, changes)[0])
  } catch {
    return undefined
  }
}

function check({ Changes, Covers, Snapshot }) {
  const changes = Changes.map(bytes), snapshot = bytes(Snapshot)
  const apply = list => again(A.applyChanges(A.init(), list)[0])
  const first = apply(changes.slice(0, Covers)), rest = changes.slice(Covers)
  same("the snapshot", A.load(snapshot), first)
  const all = apply(changes)
  const after = later(A.load(snapshot), rest)
  if (after) same("the snapshot, then changes", after, all)
  else if (later(first, rest)) throw new Error("changes after the snapshot fail, and after its changes they do not")
  const both = Buffer.concat([snapshot, ...rest])
  same("both in one", A.load(both), all)
  same("into an empty document", again(A.loadIncremental(A.init(), both)), all)
  const edited = A.change(A.load(snapshot), d => edit(d, () => 0))
  same("saved after an edit", again(edited), apply(A.getAllChanges(edited)))
  return { Error: "" }
}

// generator gives the numbers of a seed (mulberry32).
function generator(seed) {
  return n => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const words = ["", "a", "tak", "kød", "🙂", "é", "\n", "grød ", "lang ".repeat(60)]
const keys = ["a", "b", "c", "é", "🙂"]

function value(below) {
  return [
    () => below(100) - 50, () => null, () => true, () => words[below(9)], () => new A.Counter(below(5)),
    () => new A.ImmutableString(words[below(8)]), () => new Date(below(1e9)), () => new Uint8Array([1, below(9)]),
    () => [], () => ({}), () => [1, words[below(9)]], () => ({ a: words[below(9)], b: 1 }), () => below(9) / 7, () => words[below(9)],
  ][below(14)]()
}

// edit makes one random edit somewhere in the document.
function edit(d, below) {
  let at = d, path = []
  for (;;) {
    const inner = Object.keys(at).filter(k => {
      const v = at[k]
      return Array.isArray(v) || isMap(v) || typeof v === "string"
    })
    if (inner.length === 0 || below(3) === 0) break
    const k = inner[below(inner.length)]
    const key = Array.isArray(at) ? Number(k) : k
    path = [...path, key]
    if (typeof at[k] === "string") return editText(d, path, at[k], below)
    at = at[k]
  }
  if (Array.isArray(at)) return editList(at, below)
  const key = keys[below(keys.length)]
  if (at[key] instanceof A.Counter && below(3) > 0) at[key].increment(below(9) - 4)
  else if (key in at && below(4) === 0) delete at[key]
  else at[key] = value(below)
}

function editList(list, below) {
  const i = below(list.length + 1)
  if (i < list.length && list[i] instanceof A.Counter && below(2) === 0) list[i].increment(below(9) - 4)
  else if (i < list.length && below(3) === 0) list.splice(i, 1)
  else if (i < list.length && below(3) === 0) list[i] = value(below)
  else list.splice(i, 0, value(below))
}

function editText(d, path, text, below) {
  const from = below(text.length + 1), to = from + below(text.length - from + 1)
  const expand = ["none", "before", "after", "both"][below(4)]
  const kind = below(6)
  if (kind === 0 && to > from) A.mark(d, path, { start: from, end: to, expand }, ["bold", "link"][below(2)], [true, "x", null, 3][below(4)])
  else if (kind === 1 && to > from) A.unmark(d, path, { start: from, end: to, expand }, ["bold", "link"][below(2)])
  else if (kind === 2) A.splitBlock(d, path, from, { type: "paragraph", parents: [] })
  else A.splice(d, path, from, Math.min(to - from, 3), words[below(words.length)])
}

function random(seed) {
  const below = generator(seed)
  let clock = 1_700_000_000
  const replicas = []
  for (let i = 0; i < 1 + below(4); i++) {
    replicas.push(A.init({ actor: (below(200) + 16).toString(16) + "0" + i }))
  }
  for (let n = 3 + below(40); n > 0; n--) {
    const i = below(replicas.length)
    if (below(3) === 0) {
      const other = below(replicas.length)
      if (other !== i) replicas[i] = A.merge(replicas[i], replicas[other])
      continue
    }
    const options = { time: clock += below(100) - 20, message: below(3) === 0 ? words[below(8)] : undefined }
    if (below(12) === 0) replicas[i] = A.emptyChange(replicas[i], options)
    else replicas[i] = A.change(replicas[i], options, d => {
      for (let n = 1 + below(5); n > 0; n--) edit(d, below)
    })
  }
  if (replicas.every(d => A.getHeads(d).length === 0)) replicas[0] = A.emptyChange(replicas[0], { time: clock })
  const all = replicas.reduce((a, b) => A.merge(a, b))
  return { Changes: A.getAllChanges(all).map(base64) }
}

// spent is the processor time since then, in milliseconds.
function spent(since) {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

const peers = new Map()

function peer(q) {
  const p = peers.get(q.Peer) ?? { doc: A.init(), state: A.initSyncState() }
  peers.set(q.Peer, p)
  let m = null
  const from = process.cpuUsage()
  if (q.Changes) [p.doc] = A.applyChanges(p.doc, q.Changes.map(bytes))
  if (q.Receive) [p.doc, p.state] = A.receiveSyncMessage(p.doc, p.state, bytes(q.Receive))
  if (q.Generate) [p.state, m] = A.generateSyncMessage(p.doc, p.state)
  if (q.Same) same("the peer", A.load(A.save(p.doc)), A.load(A.save(A.applyChanges(A.init(), q.Same.map(bytes))[0])))
  const took = spent(from)
  if (q.Forget) peers.delete(q.Peer), A.free(p.doc)
  return { Heads: q.Forget ? [] : A.getHeads(p.doc), Message: m ? base64(m) : null, Milliseconds: [took] }
}

function load(data, times) {
  const took = []
  for (let i = 0; i < times; i++) {
    const from = process.cpuUsage()
    const d = A.load(bytes(data))
    A.getHeads(d)
    took.push(spent(from))
    A.free(d)
  }
  return { Milliseconds: took }
}

console.error = () => {} // the library prints the stack of each panic
for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  const q = JSON.parse(line)
  let reply
  try {
    if (q.Snapshot !== undefined) reply = check(q)
    else if (q.Peer) reply = peer(q)
    else if (q.Load !== undefined) reply = load(q.Load, q.Times)
    else reply = random(q.Seed)
  } catch (err) {
    reply = { Error: String(err?.stack ?? err).slice(0, 4000) }
  }
  console.log(JSON.stringify(reply))
}
