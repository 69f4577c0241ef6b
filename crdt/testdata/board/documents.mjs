// Writes documents.json: documents that Automerge made as a client makes them,
// and how Automerge reads them. Run it as generate.mjs; the output is the same
// in every run.
import { createHash } from "node:crypto"
import { createRequire } from "node:module"
import { readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const A = createRequire(join(process.cwd(), "from-here.js"))("@automerge/automerge")
const folder = dirname(fileURLToPath(import.meta.url))
const genesis = JSON.parse(readFileSync(join(folder, "genesis.json")))
const hex = b => Buffer.from(b).toString("hex")
const str = s => new A.ImmutableString(s)
const id = name => {
  const bits = [...createHash("sha256").update(name).digest().subarray(0, 16)].map(b => b.toString(2).padStart(8, "0")).join("") + "00"
  return bits.match(/.{5}/g).map(b => "0123456789abcdefghjkmnpqrstvwxyz"[parseInt(b, 2)]).join("")
}
const start = 1779973200000
const at = (minutes, n = 0) => str(String(start + minutes * 60000).padStart(13, "0") + "-" + n.toString(16).padStart(4, "0"))

// device opens a document with its genesis change.
let devices = 0
function device(kind = "page") {
  const c = kind === "board" ? genesis.board : genesis.pages[0]
  const actor = (++devices).toString(16).padStart(2, "0").repeat(16)
  return A.applyChanges(A.init({ actor }), [Uint8Array.from(Buffer.from(c.hex, "hex"))])[0]
}
const edit = (doc, f) => A.change(doc, { time: 1779973200 }, f)
function meet(...docs) {
  const changes = docs.map(d => A.getAllChanges(d))
  return docs.map(d => changes.reduce((all, theirs) => A.applyChanges(all, theirs)[0], d))
}

function plain(v) {
  if (A.isImmutableString(v)) return v.val
  if (v instanceof Date) return v.getTime()
  if (v instanceof A.Counter) return "(counter)"
  if (Array.isArray(v)) return "(list)"
  if (v !== null && typeof v === "object") return Object.fromEntries(Object.keys(v).sort().map(k => [k, plain(v[k])]))
  return v
}

// conflicts lists the keys under which several values stand, as paths.
function conflicts(v, path = [], found = {}) {
  if (v === null || typeof v !== "object" || Array.isArray(v) || A.isImmutableString(v) || v instanceof Date || v instanceof A.Counter) return found
  for (const key of Object.keys(v).sort()) {
    const all = A.getConflicts(v, key)
    if (all) found[[...path, key].join("/")] = Object.values(all).map(plain).map(x => JSON.stringify(x)).sort()
    conflicts(v[key], [...path, key], found)
  }
  return found
}

const documents = []
function write(says, doc, heldBy, reasons) {
  documents.push({ says, heads: A.getHeads(doc).sort(), changes: A.getAllChanges(doc).map(hex), value: plain(doc), conflicts: conflicts(doc), heldBy, reasons })
}

const post = (name, minutes, more = {}) => ({
  kind: str("request"), title: str(name), body: "", lang: str("da"), author: str("Inger"), createdBy: str("device-" + name), createdAt: at(minutes),
  clientTime: new Date(start + minutes * 60000), origin: str("phone"), replies: {}, offers: {}, closings: {}, supports: {}, ...more,
})
const P = id("a post"), Q = id("another post")
const withPost = (more = {}) => edit(device(), d => { d.posts[P] = post("Lån af stige", 0, { body: "Jeg mangler en stige til søndag.", ...more }) })
const joined = doc => A.clone(doc, { actor: (++devices).toString(16).padStart(2, "0").repeat(16) })

// A post with all fields that a post can have.
write("a post with everything", edit(device(), d => {
  d.posts[P] = post("Hjælp til indkøb", 0, {
    body: "Én gang om ugen 🙂\nHelst torsdag.", place: str("opgang 3"), urgency: str("week"), helpersWanted: 2, tags: { indkøb: true, torsdag: true, gammel: false },
    categories: { [id("c")]: true }, expiresOn: new Date(start + 30 * 86400000), lost: str("found"), item: { action: str("seek") },
    when: { start: new Date(start + 86400000), end: new Date(start + 90000000), repeat: str("weekly"), note: str("efter kl. 10") },
    proxy: { kind: str("volunteer"), permission: str("spoken"), permittedAt: new Date(start), permittedUntil: new Date(start + 30 * 86400000),
      callBackBy: str("phone"), connector: str("desk-1") },
    idea: { status: str("declined"), reason: str("for dyrt") }, supports: { m1: true, m2: true },
    replies: { [id("r1")]: { body: "Det kan jeg.", author: str("Bo"), createdBy: str("d2"), createdAt: at(5), lang: str("da") } },
    offers: { [id("o1")]: { author: str("Bo"), createdBy: str("d2"), message: str("torsdag?"), createdAt: at(6),
      answers: { [id("a1")]: { answer: str("accepted"), by: str("device-x"), createdAt: at(7) } } } },
    closings: { [id("k1")]: { outcome: str("foundHere"), by: str("device-x"), createdAt: at(8) } },
  })
}))

{ // the same fields, at the same time
  let a = withPost(), b = joined(a), c = joined(a)
  a = edit(a, d => { d.posts[P].title = str("Stige søges"); A.splice(d, ["posts", P, "body"], 14, 0, "høj ") })
  b = edit(b, d => { d.posts[P].title = str("Stige lånes"); d.posts[P].place = str("gården"); A.splice(d, ["posts", P, "body"], 14, 2, "2 ") })
  c = edit(c, d => { d.posts[P].expiresOn = new Date(start + 86400000); A.updateText(d, ["posts", P, "body"], "Jeg mangler en stige til lørdag. Tak!") })
  ;[a] = meet(a, b, c)
  write("three devices edit one post at the same time", a)
  write("and one of them settles the title", edit(a, d => { d.posts[P].title = str("Stige søges") }))
}

{ // two tabs send the same form before they have met
  let a = withPost(), b = withPost(), far = joined(a)
  far = edit(far, d => {
    d.posts[P].replies[id("r1")] = { body: "Jeg har en.", author: str("Bo"), createdBy: str("d2"), createdAt: at(3), lang: str("da") }
    d.posts[P].supports.m1 = true
  })
  b = edit(b, d => {
    d.posts[P].offers[id("o1")] = { author: str("Eva"), createdBy: str("d3"), message: str("i morgen"), createdAt: at(4), answers: {} }
    d.posts[P].title = str("Lån af en stige")
  })
  ;[a] = meet(a, b, far)
  write("two tabs send one form, and each post gets an answer", a)
}

{ // closing and offering; two helpers accepted; declined later by a device whose clock says 1970
  let a = withPost()
  a = edit(a, d => { for (const [o, who] of [["o1", "Bo"], ["o2", "Eva"]]) {
    d.posts[P].offers[id(o)] = { author: str(who), createdBy: str(who), message: str("gerne"), createdAt: at(1), answers: {} } } })
  let b = joined(a), c = joined(a)
  a = edit(a, d => { d.posts[P].offers[id("o1")].answers[id("a1")] = { answer: str("accepted"), by: str("x"), createdAt: at(5) } })
  b = edit(b, d => { d.posts[P].offers[id("o2")].answers[id("a2")] = { answer: str("accepted"), by: str("y"), createdAt: at(4) }
    d.posts[P].closings[id("k1")] = { outcome: str("notNeeded"), by: str("y"), createdAt: at(4, 1) } })
  c = edit(c, d => { d.posts[P].offers[id("o3")] = { author: str("Per"), createdBy: str("Per"), message: str("nu"), createdAt: at(6), answers: {} } })
  ;[a, b, c] = meet(a, b, c)
  write("a post is closed while help is offered, and two helpers are accepted", a)
  b = edit(b, d => { d.posts[P].offers[id("o1")].answers[id("a3")] = { answer: str("declined"), by: str("x"), createdAt: str("0000000005000-0000") }
    d.posts[P].closings[id("k1")].reopened = str("0000000005000-0001"); d.posts[P].offers[id("o3")].withdrawn = str("0000000005000-0002") })
  write("a device with a clock of 1970 declines, reopens and withdraws", b)
}

{ // removal, edits and restores
  let a = withPost(), b = joined(a), c = joined(a)
  const record = (action, n, more = {}) => ({ target: str(P), action: str(action), rule: str("2"), facts: str("nævner en person"), by: str("mod-" + n), createdAt: at(n), ...more })
  a = edit(a, d => { d.moderation[id("m1")] = record("remove", 1) })
  b = edit(b, d => { d.posts[P].title = str("ny titel"); d.moderation[id("m2")] = record("hide", 2) })
  ;[a, b, c] = meet(a, b, c)
  write("a post is removed while it is edited", a, undefined, { [P]: id("m1") })
  b = edit(b, d => { d.moderation[id("m3")] = record("restore", 3, { restores: { [id("m1")]: true, [id("m2")]: true } }) })
  write("and restored", b)
  c = edit(c, d => { d.moderation[id("m4")] = record("remove", 0) })
  ;[c] = meet(c, b)
  write("and removed by somebody who did not know of the restore", c, undefined, { [P]: id("m4") })
  c = edit(c, d => { d.moderation[id("m5")] = record("remove", 0, { target: str(id("r1")) }); d.moderation[id("m6")] = record("label", 0, { target: str(Q) })
    d.moderation[id("m7")] = record("hide", 9, { target: str(Q) }); d.moderation[id("m8")] = record("hide", 0, { target: str(Q) }) })
  c = edit(c, d => { d.moderation[id("m9")] = record("hide", 0, { target: str(id("r1")) }) })
  write("a reply is removed and hidden, another post hidden twice", c, undefined, { [P]: id("m4"), [id("r1")]: id("m5"), [Q]: id("m7") })
}

{ // sets: an addition wins over a removal that has not seen it
  let a = withPost({ tags: { have: true, stige: true } }), b = joined(a)
  a = edit(a, d => { delete d.posts[P].tags.have; delete d.posts[P].tags.stige })
  b = edit(b, d => { d.posts[P].tags.have = true; d.posts[P].tags.lån = true; d.posts[P].supports.m1 = true })
  write("tags are taken away and given again", meet(a, b)[0])
}

{ // what no version of ours writes
  let a = withPost({ kind: str("timebank"), body: str("not a text"), lang: "a text", helpersWanted: 3.5, tags: ["a", "list"], rating: { stars: 5 }, urgency: 7 })
  a = edit(a, d => { d.posts[P].seen = new A.Counter(3); d.posts[P].replies[id("r1")] = str("not a reply"); d.posts[Q] = "not a post"; d.polls = { x: [1, 2, { y: "z" }] }; d.schema = 9 })
  a = edit(a, d => { d.posts[P].seen.increment(2); d.polls.x[2].y = "w"; d.posts["any key"] = post("en nøgle, som ikke er et id", 9) })
  write("kinds, fields and types that are not known", a)
}

{ // an entry is deleted while others write into it
  let a = withPost(), b = joined(a)
  a = edit(a, d => { delete d.posts[P] })
  b = edit(b, d => { d.posts[P].title = str("stadig her"); A.splice(d, ["posts", P, "body"], 0, 3, "Vi") })
  write("a post is deleted from the map", meet(a, b)[0])
}

{ // terms of an arrangement
  let a = withPost({ kind: str("arrangement"), terms: {}, acks: {} })
  const terms = (party, task, n, more = {}) => ({ party: str(party), task: str(task), createdAt: at(n), ...more })
  a = edit(a, d => { d.posts[P].terms[id("t1")] = terms("klub", "slå bane 2 om fredagen", 1, { start: new Date(start), repeat: str("weekly"), place: str("bane 2") }) })
  a = edit(a, d => { d.posts[P].acks[id("k1")] = { party: str("gartner"), terms: str(id("t1")), createdAt: at(2) } })
  let b = joined(a)
  write("two parties agree", a)
  a = edit(a, d => { d.posts[P].terms[id("t2")] = terms("klub", "torsdag", 3, { replaces: { [id("t1")]: true } }) })
  b = edit(b, d => { d.posts[P].terms[id("t3")] = terms("gartner", "lørdag", 3, { replaces: { [id("t1")]: true } }) })
  write("both propose something else at the same time", meet(a, b)[0])
}

{ // the order of a text in which many write at one place
  let docs = [withPost({ body: "" })]
  for (let i = 0; i < 3; i++) docs.push(joined(docs[0]))
  let seed = 7
  const random = n => Math.floor((seed = (seed * 16807) % 2147483647) / 256) % n
  const words = ["æ", "kaffe ", "🙂", "e\u0301", "\n", "👩‍👩‍👧", "tak ", "x"]
  for (let step = 0; step < 160; step++) {
    const i = random(4)
    docs[i] = edit(docs[i], d => {
      const n = d.posts[P].body.length, from = random(n + 1)
      A.splice(d, ["posts", P, "body"], from, random(4) === 0 ? Math.min(random(6), n - from) : 0, words[random(words.length)])
      if (random(5) === 0) d.posts[P].title = str("titel " + step)
      if (random(7) === 0) d.posts[P].supports["m" + random(4)] = true
      if (random(9) === 0) delete d.posts[P].supports["m" + random(4)]
    })
    if (random(6) === 0) { const j = random(4); if (j !== i) docs[i] = A.applyChanges(docs[i], A.getAllChanges(docs[j]))[0] }
  }
  let [a] = meet(...docs)
  write("four devices write one text", a)
  a = edit(a, d => { A.mark(d, ["posts", P, "body"], { start: 2, end: 8, expand: "both" }, "bold", true); A.splitBlock(d, ["posts", P, "body"], 5, { type: "paragraph" }) })
  write("with a mark and a block", a)
}

{ // a board document
  let a = edit(device("board"), d => {
    d.title = str("Åparken"); d.about = str("Vores tavle"); d.timeZone = str("Europe/Amsterdam"); d.place = str("opgang 1-9"); d.controller = str("Boligforeningen, tlf. på kontoret")
    d.languages = { da: true, nl: true, en: true }; d.demo = true; d.houseRules.da = "Tal pænt."; d.settings.unansweredHours = 24
    d.categories[id("c1")] = { label: { da: str("Vaskeri"), en: str("Laundry") }, icon: str("drop"), order: 2, hidden: false }
    d.categories[id("c2")] = { label: { da: str("Have") }, icon: str("leaf"), order: 1 }
    d.contacts[id("k1")] = { name: str("Ejendomskontoret"), phone: str("på opslaget"), hours: str("8-10"), order: 1 }
    d.pinned[P] = true
  })
  let b = joined(a)
  a = edit(a, d => { d.title = str("Åparkens tavle"); A.splice(d, ["houseRules", "da"], 9, 0, " Hils på naboen."); delete d.pinned[P] })
  b = edit(b, d => { d.title = str("Tavlen"); A.splice(d, ["houseRules", "da"], 0, 3, "Skriv"); d.pinned[Q] = true; d.settings.openDays = 14 })
  write("two owners edit a board", meet(a, b)[0])
}

{ // a volunteer's post is handed over; two phones claim it at the same time
  const hash = s => str(createHash("sha256").update(s).digest("hex"))
  const [slip, lost] = ["0123456789abcdef", "ghjkmnpqrstvwxyz"]
  const handover = (secret, by, n) => ({ secretHash: hash(secret), by: str(by), createdAt: at(n), claims: {} })
  const claim = (secret, by, n) => ({ secret: str(secret), by: str(by), createdAt: at(n) })
  const author = "device-Lån af stige"
  let a = withPost({ proxy: { kind: str("volunteer"), connector: str(author) } })
  a = edit(a, d => { d.posts[P].handovers = { [id("h1")]: handover(slip, author, 1) } })
  let b = joined(a), c = joined(a)
  b = edit(b, d => { d.posts[P].handovers[id("h1")].claims[id("c0")] = claim(lost, "guesser", 2) })
  write("a claim with a wrong secret", b, { [P]: author })
  c = edit(c, d => { d.posts[P].supports.m1 = true; d.posts[P].supports.m2 = true; d.posts[P].supports.m3 = true
    d.posts[P].handovers[id("h1")].claims[id("c2")] = claim(slip, "phone-2", 2) })
  write("a post is claimed", c, { [P]: "phone-2" })
  let e = joined(a)
  e = edit(e, d => { d.posts[P].handovers[id("h1")].claims[id("c1")] = claim(slip, "phone-1", 9) })
  let f = joined(a)
  f = edit(f, d => { d.posts[P].handovers[id("h0")] = handover(lost, "phone-9", 2); d.posts[P].handovers[id("h0")].claims[id("c9")] = claim(lost, "phone-9", 2)
    d.posts[P].handovers[id("h2")] = handover(lost, author, 2) })
  const [all] = meet(b, c, e, f)
  write("two phones claim one post, beside a wrong secret and a hand-over by somebody else", all, { [P]: "phone-1" })
  write("and the author claims it with a slip that was left", edit(all, d => { d.posts[P].handovers[id("h2")].claims[id("c3")] = claim(lost, author, 0) }), { [P]: "phone-1" })
}

const before = (() => { try { return JSON.parse(readFileSync(join(folder, "documents.json"))) } catch { return [] } })()
for (const d of documents) { // what Go reads is kept: go test -update writes it
  const same = before.find(x => x.says === d.says)
  if (same?.read) d.read = same.read
}
writeFileSync(join(folder, "documents.json"), JSON.stringify(documents, null, 1) + "\n")
