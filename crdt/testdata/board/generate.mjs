// Writes ids.json, genesis.json, months.json, clock.json, words.json, handovers.json and
// numbers.json: what
// SCHEMA.md says, written down a second time in JavaScript, with the genesis
// changes made by Automerge itself. Run it where @automerge/automerge 3.5.0 is
// installed:
//
//     cd examples/hello && npm ci && node ../../crdt/testdata/board/generate.mjs
//
// The output is the same in every run.
import { createHash } from "node:crypto"
import { createRequire } from "node:module"
import { writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const A = createRequire(join(process.cwd(), "from-here.js"))("@automerge/automerge")
const folder = dirname(fileURLToPath(import.meta.url))
const sha = bytes => createHash("sha256").update(bytes).digest()
const hex = bytes => Buffer.from(bytes).toString("hex")
const write = (name, v) => writeFileSync(join(folder, name), JSON.stringify(v, null, 1) + "\n")

const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
function base58check(bytes) {
  const all = Buffer.concat([bytes, sha(sha(bytes)).subarray(0, 4)])
  let n = BigInt("0x" + hex(all)), s = ""
  for (; n > 0n; n /= 58n) s = base58[Number(n % 58n)] + s
  for (const b of all) { if (b) break; s = "1" + s }
  return s
}

const crockford = "0123456789abcdefghjkmnpqrstvwxyz"
function base32(bytes) {
  let bits = [...bytes].map(b => b.toString(2).padStart(8, "0")).join("") + "00"
  return bits.match(/.{5}/g).map(b => crockford[parseInt(b, 2)]).join("")
}

// ids
const boards = ["00000000000000000000000000000000", "000102030405060708090a0b0c0d0e0f",
  hex(sha("tavle/demo/v1")).slice(0, 32), "ffffffffffffffffffffffffffffffff"].map(h => Buffer.from(h, "hex"))
function page(board, month, epoch) {
  const e = Buffer.alloc(4)
  e.writeUInt32BE(epoch)
  return sha(Buffer.concat([Buffer.from("tavle/page/v1\0"), board, Buffer.from(month), e])).subarray(0, 16)
}
const named = b => ({ hex: hex(b), id: base58check(b) })
const pages = []
for (const board of boards) {
  for (const [month, epoch] of [["2026-05", 0], ["2026-06", 0], ["2026-05", 1], ["1970-01", 0], ["2038-01", 4294967295]]) {
    pages.push({ board: hex(board), month, epoch, ...named(page(board, month, epoch)) })
  }
}
const entries = ["00000000000000000000000000000000", "00000000000000000000000000000001", "ffffffffffffffffffffffffffffffff",
  "0123456789abcdeffedcba9876543210", "80000000000000000000000000000000"].map(h => {
  const id = base32(Buffer.from(h, "hex"))
  return { hex: h, id, code: id.slice(0, 4) }
})
write("ids.json", {
  demoBoard: named(boards[2]), boards: boards.map(named), pages, entries,
  notIds: ["", "0", "0".repeat(25), "0".repeat(27), "0".repeat(25) + "1", "0".repeat(25) + "z", "0".repeat(25) + "u", "A".repeat(25) + "0",
    "i" + "0".repeat(25), " " + "0".repeat(25)],
  codes: [["td1w", "td1w"], ["TD1W", "td1w"], [" td 1w ", "td1w"], ["td-1w", "td1w"], ["TD-LW", "td1w"], ["tdiw", "td1w"], ["OK00", "0k00"],
    ["t-d-1-w", "td1w"]].map(([said, code]) => ({ said, code })),
  notCodes: ["", "td1", "td1wx", "tu1w", "td.w", "td1æ", "t d 1 w                "],
})

// genesis changes, by Automerge
const actor = hex(sha("tavle/genesis/v1")).slice(0, 32)
const str = s => new A.ImmutableString(s)
function genesis(edit) {
  const doc = A.change(A.init({ actor }), { time: 0 }, edit)
  const [change] = A.getAllChanges(doc)
  const { seq, startOp, time, message, deps } = A.decodeChange(change)
  if (seq !== 1 || startOp !== 1 || time !== 0 || message || deps.length) throw new Error("not a genesis change")
  return { hex: hex(change), hash: A.getHeads(doc)[0], value: JSON.parse(JSON.stringify(doc)) }
}
const boardGenesis = genesis(d => {
  d.kind = str("board"); d.schema = 1
  d.categories = {}; d.houseRules = {}; d.contacts = {}; d.pinned = {}; d.settings = {}
})
const pageGenesis = (board, month, epoch) => genesis(d => {
  d.kind = str("page"); d.schema = 1; d.board = str(base58check(board)); d.month = str(month); d.epoch = epoch
  d.posts = {}; d.moderation = {}
})
write("genesis.json", {
  actor, board: boardGenesis,
  pages: [[1, "2026-05", 0], [1, "2026-06", 0], [2, "2026-05", 7], [3, "2038-01", 4294967295]]
    .map(([i, month, epoch]) => ({ board: hex(boards[i]), month, epoch, ...pageGenesis(boards[i], month, epoch) })),
})

// months
function monthOf(ms, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit" }).formatToParts(ms)
  const part = type => parts.find(p => p.type === type).value
  return part("year").padStart(4, "0") + "-" + part("month")
}
const moments = ["2026-04-30T21:59:59.999Z", "2026-04-30T22:00:00.000Z", "2026-01-31T22:59:59.999Z", "2026-01-31T23:00:00.000Z",
  "2026-03-31T21:59:59.999Z", "2026-03-31T22:00:00.000Z", "2026-10-31T22:59:59.999Z", "2026-10-31T23:00:00.000Z",
  "2025-12-31T22:59:59.999Z", "2025-12-31T23:00:00.000Z", "2024-02-29T22:59:59.999Z", "2024-02-29T23:00:00.000Z",
  "1970-01-01T00:00:00.000Z", "2038-01-19T03:14:08.000Z", "2286-11-20T17:46:39.999Z"]
const of = []
for (const at of moments) {
  for (const zone of ["Europe/Copenhagen", "Europe/Amsterdam", "UTC", "America/New_York", "Pacific/Kiritimati"]) {
    of.push({ ms: Date.parse(at), at, zone, month: monthOf(Date.parse(at), zone) })
  }
}
of.push({ ms: -1, at: "before 1970", zone: "Europe/Copenhagen", month: "1970-01" })
of.push({ ms: 9007199254740991, at: "after 2286", zone: "UTC", month: "2286-11" })
write("months.json", {
  of,
  steps: [["2026-05", "2026-06"], ["2026-12", "2027-01"], ["2025-12", "2026-01"], ["1999-12", "2000-01"], ["2024-02", "2024-03"]]
    .map(([month, next]) => ({ month, next })),
  notMonths: ["", "2026", "2026-5", "2026-00", "2026-13", "26-05", "2026/05", "2026-05-01", " 2026-05", "２０２６-05", "+026-05"],
})

// the hybrid logical clock
const day = 86400000, now = 1779973200000
const T = (ms, n) => String(ms).padStart(13, "0") + "-" + n.toString(16).padStart(4, "0")
function run(says, steps) {
  let [ms, n] = [0, 0]
  const out = steps.map(([what, at, seen]) => {
    const c = Math.max(0, Math.min(at, 9999999999999))
    if (what === "see") {
      const [m, k] = [parseInt(seen.slice(0, 13), 10), parseInt(seen.slice(14), 16)]
      if (m <= c + day && (m > ms || (m === ms && k > n))) [ms, n] = [m, k]
      return { see: seen, now: at }
    }
    if (ms > c + day || c > ms) [ms, n] = [c, 0]
    else if (n < 0xffff) n++
    else if (ms < 9999999999999) [ms, n] = [ms + 1, 0]
    return { make: T(ms, n), now: at }
  })
  return { says, steps: out }
}
write("clock.json", {
  times: [[0, 0], [now, 0], [now, 1], [now, 0x10], [now, 0xffff], [now + 1, 0], [9999999999999, 0xffff]].map(([m, n]) => ({ millis: m, counter: n, text: T(m, n) })),
  notTimes: ["", "1779973200000", "1779973200000-000", "1779973200000-00000", "1779973200000-000G", "1779973200000-00AF", "177997320000-00000",
    "1779973200000_0000", "+779973200000-0000", " 779973200000-0000"],
  sequences: [
    run("one device", [["make", now], ["make", now], ["make", now + 5], ["make", now + 4], ["make", now - 60000]]),
    run("a time seen is passed", [["see", now, T(now + 1000, 7)], ["make", now], ["make", now + 1000], ["make", now + 1001]]),
    run("a time seen that is older changes nothing", [["make", now], ["see", now, T(now - 1, 9)], ["make", now]]),
    run("exactly 24 hours ahead is followed, a millisecond more is not",
      [["see", now, T(now + day + 1, 0)], ["make", now], ["see", now, T(now + day, 3)], ["make", now]]),
    run("a device whose clock is in 1970", [["make", 5000], ["see", 6000, T(now, 0)], ["make", 6000], ["make", 5500], ["make", now + 10]]),
    run("a device that has never had a clock", [["make", 0], ["make", -5], ["make", 1]]),
    run("a device whose clock is in 2038, and others who see its times", [["make", 2147483648000], ["see", 2147483649000, T(now, 0)],
      ["make", 2147483649000]]),
    run("a device that meets a time of 2038", [["make", now], ["see", now + 1, T(2147483648000, 0)], ["make", now + 2]]),
    run("a clock that is put right, from 2038 to today", [["make", 2147483648000], ["make", now], ["make", now]]),
    run("a clock that is put right, from tomorrow to today", [["make", now + day], ["make", now], ["make", now + 1]]),
    run("the counter runs over", [["see", now, T(now, 0xfffe)], ["make", now], ["make", now], ["make", now]]),
    run("the end of time", [["see", 9999999999999, T(9999999999999, 0xfffe)], ["make", 9999999999999], ["make", 9999999999999],
      ["make", 99999999999999]]),
  ],
})

// words that are searched for
const special = { å: "aa", æ: "ae", ø: "oe", œ: "oe", ß: "ss", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i", "ĳ": "ij", ŋ: "n", ŧ: "t",
  ŉ: "n", ĸ: "k", ſ: "s", ŀ: "l", ς: "σ" }
const fold = s => [...s].map(c => c.toLowerCase()).join("").replace(/a\u030a/g, "å")
  .replace(/[\u00df-\u017f\u0218-\u021b\u03c2]/g, c => special[c] ?? (c === "÷" ? c : c.normalize("NFD"))).replace(/[\u0300-\u036f]/g, "")
const letters = {}
for (const [from, to] of [[0xc0, 0x17f], [0x218, 0x21b]]) {
  for (let c = from; c <= to; c++) letters[String.fromCodePoint(c)] = fold(String.fromCodePoint(c))
}
write("words.json", {
  letters,
  texts: ["Søndag på Ågade 5, kl. 10", "A\u030angstro\u0308m", "Coöperatie ÉÉN ideeën", "IJSSALON ĳsbaan", "Straße", "smørrebrød-fest", "nr. 14: 20,50 kr", "ΣΑΣ",
    "Привіт, сусіди!", "مرحبا بكم", "🙂 tak", "don't", "", "  "]
    .map(text => ({ text, words: fold(text).split(/[^\p{L}\p{M}\p{N}]+/u).filter(w => w) })),
})

// secrets of hand-overs
const secretOf = bytes => [...bytes].map(b => b.toString(2).padStart(8, "0")).join("").match(/.{5}/g).map(b => crockford[parseInt(b, 2)]).join("")
const secrets = [Buffer.alloc(10), Buffer.alloc(10, 0xff), sha("slip").subarray(0, 10), Buffer.from("0123456789abcdef0123", "hex")]
write("handovers.json", {
  secrets: secrets.map(bytes => ({ hex: hex(bytes), secret: secretOf(bytes), hash: hex(sha(secretOf(bytes))) })),
  said: [["0123456789abcdef", "0123456789abcdef"], ["GHJK-MNPQ-RSTV-WXYZ", "ghjkmnpqrstvwxyz"], [" oooo iiii LLLL 2345 ", "0000111111112345"]]
    .map(([said, secret]) => ({ said, secret })),
  notSecrets: ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeu", "0123456789abcdé", " ".repeat(49) + "0123456789abcdef"],
})

// what a board counts: 60 posts of May, of which 49 are answered
const [may, june] = [Date.UTC(2026, 4, 1), Date.UTC(2026, 5, 1)]
const posts = []
const reply = (n, by, ms) => ({ replies: [{ id: "r" + n, body: "x", createdBy: by, createdAt: T(ms, 0) }] })
const offer = (n, by, more = {}) => ({ offers: [{ id: "o" + n, createdBy: by, createdAt: T(may + day, 0), ...more }] })
const accepted = { answers: [{ id: "a", answer: "accepted", by: "x", createdAt: T(june, 0) }] }
const addPost = (n, ms, more) => posts.push({ id: "p" + String(n).padStart(3, "0"), kind: n % 3 ? "request" : "offer", title: "x", createdAt: T(ms, 0),
  helpersWanted: 1, origin: "phone", ...more })
const proxies = ["family", "family", "neighbour", "volunteer", "volunteer", "volunteer", "professional", "self"] // 8 posts at the desk
const answersOf = n => n < 30 ? reply(n, "other", may + 2 * day) : n < 40 ? offer(n, "other", n < 35 ? accepted : {}) : n < 49 ? reply(n, "other", june + 9 * day) // late
  : n < 52 ? reply(n, "author" + n % 20, june) : n < 54 ? offer(n, "other", { withdrawn: true }) : n < 56 ? reply(n, "other", june) : {} // 54, 55: replies that are removed
for (let n = 0; n < 60; n++) {
  const who = n < 8 ? { origin: "desk", createdBy: "desk", proxy: { kind: proxies[n] } } : n < 14 ? { origin: "kiosk", createdBy: "kiosk" } : { createdBy: "author" + n % 20 }
  const end = n === 20 ? { closings: [{ id: "k", outcome: "foundElsewhere", createdAt: T(june, 0) }] } : n === 21 ? { closings: [{ id: "k", outcome: "notNeeded", createdAt: T(june, 0) }] }
    : n === 30 ? { closings: [{ id: "k", outcome: "foundHere", createdAt: T(june, 0) }] } : {}
  addPost(n, may + n * 1000, { ...who, ...answersOf(n), ...end })
}
addPost(60, may + day, { createdBy: "author1", ...reply(60, "other", may + day) }) // removed
addPost(61, may - 1, { createdBy: "author2" }) // the first of author2, in April
addPost(62, june, { createdBy: "new" }) // in June
const gone = ["p060", "r54", "r55"].map((target, n) => ({ id: "m" + n, target, action: "remove", createdAt: T(june, 0) }))
write("numbers.json", {
  pages: [{ board: "x", month: "2026-05", epoch: 0, posts, moderation: gone }],
  cases: [
    // 20 authors, of which those of posts 14 to 33 are first; author2's first is of April
    { from: may, to: june, kinds: [], numbers: { posts: 60, answered: 49, matched: 6, firstTime: 19, kiosk: 6, proxy: 8,
      byProxy: { family: 2, neighbour: 1, volunteer: 3, professional: 1, self: 1 } } },
    { from: may, to: june, kinds: ["offer"], numbers: { posts: 20, answered: 17, matched: 2, firstTime: 7, kiosk: 2, proxy: 3, byProxy: { family: 1, volunteer: 1, professional: 1 } } },
    { from: june, to: june + day, kinds: [], numbers: { posts: 1, answered: 0, matched: 0, firstTime: 1, kiosk: 0, proxy: 0 } },
    { from: june + day, to: june + 2 * day, kinds: [], numbers: { posts: 0, answered: 0, matched: 0, firstTime: 0, kiosk: 0, proxy: 0 } },
  ],
  percents: [[49, 60, 81.7], [0, 60, 0], [60, 60, 100], [1, 3, 33.3], [1, 8, 12.5], [1, 2000, 0.1]].map(([part, all, percent]) => ({ part, all, percent })),
  bands: [[81.7, 70, 80, "above"], [80, 70, 80, "inside"], [70, 70, 80, "inside"], [69.9, 70, 80, "below"]].map(([number, low, high, is]) => ({ number, low, high, is })),
})
