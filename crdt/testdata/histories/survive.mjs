// Does with histories what a reader of the document would do, and says where
// that fails. Reads lines of {"Changes": [base64, …]} and answers each with a
// line: empty, or what went wrong. Run it as generate.mjs.
import { createRequire } from "node:module"
import { createInterface } from "node:readline"
import { join } from "node:path"

const A = createRequire(join(process.cwd(), "from-here.js"))("@automerge/automerge")

// text is a value with sorted keys, so that equal documents give equal texts.
function text(v) {
  return JSON.stringify(v, (_, v) => {
    if (typeof v === "bigint") return String(v)
    if (v !== null && typeof v === "object" && Object.getPrototypeOf(v) === Object.prototype) {
      return Object.fromEntries(Object.keys(v).sort().map(k => [k, v[k]]))
    }
    return v
  })
}

// edit writes a little into everything that the root holds.
function edit(d) {
  for (const key of Object.keys(d)) {
    const v = d[key]
    if (Array.isArray(v)) v.push(1)
    else if (typeof v === "string") A.splice(d, [key], 0, 0, "q")
    else if (v !== null && typeof v === "object" && Object.getPrototypeOf(v) === Object.prototype) v.edited = true
    else d[key] = "edited"
  }
}

// oneByOne applies changes as they arrive. Where counters are in conflict, the
// values that JavaScript shows can then be wrong, also for honest changes, until
// the document is loaded again; only a panic counts here.
function oneByOne(changes) {
  let d = A.init()
  try {
    for (const c of changes) [d] = A.applyChanges(d, [c])
  } catch (err) {
    if (err.name === "PanicError" || err instanceof WebAssembly.RuntimeError) throw err
    return
  }
  if (text(A.getHeads(d)) !== text(A.getHeads(A.applyChanges(A.init(), changes)[0]))) throw new Error("one by one: other heads")
}

function live(changes) {
  oneByOne(changes)
  const [d] = A.applyChanges(A.init(), changes)
  const saved = A.load(A.save(d))
  if (text(A.getHeads(saved)) !== text(A.getHeads(d))) throw new Error("saved: other heads")
  if (text(saved) !== text(d)) throw new Error("saved: " + text(saved) + ", before " + text(d))
  if (A.getAllChanges(d).length !== changes.length) throw new Error("changes were not applied")
  for (const key of Object.keys(d)) if (typeof d[key] === "string") A.spans(d, [key])
  A.load(A.save(A.change(saved, edit)))
}

console.error = () => {} // the library prints the stack of each panic
for await (const line of createInterface({ input: process.stdin })) {
  try {
    live(JSON.parse(line).Changes.map(c => Buffer.from(c, "base64")))
    console.log("")
  } catch (err) {
    console.log(String(err).replaceAll("\n", " "))
  }
}
