// Views over posts, against the vectors that Go reads too.

import "@automerge/automerge"
import assert from "node:assert/strict"
import { test } from "node:test"
import { band, numbers, percent } from "../dist/model/numbers.js"
import { assemble, isAccepted, Moderation, standingTerms } from "../dist/model/post.js"
import { bestNow, clockTrusted, parseTime } from "../dist/model/time.js"
import { byCode, byNewest, matches, replyRate, search, similar, unanswered } from "../dist/model/views.js"
import { vectors } from "./lib/vectors.mjs"

const none = { title: "", body: "", lang: "", author: "", createdBy: "", createdAt: "0000000000000-0000", clientTime: 0, origin: "", place: "" }
const lists = { tags: [], categories: [], replies: [], offers: [], closings: [], supports: [], terms: [], acks: [], handovers: [] }
const empty = { ...none, ...lists, kind: "", urgency: "", lost: "", when: null, item: null, proxy: null, idea: null, helpersWanted: 1, expiresOn: 0, concurrent: {} }
const filled = post => ({
  ...empty, ...post,
  replies: (post.replies ?? []).map(reply => ({ ...none, ...reply })),
  offers: (post.offers ?? []).map(offer => ({ ...none, message: "", withdrawn: false, answers: [], ...offer })),
})

const v = vectors("views")
const moderation = new Moderation(v.pages.flatMap(page => (page.moderation ?? []).map(record => ({ restores: [], ...record }))))

function read(now, offset) {
  const records = v.pages.flatMap(page => page.posts.map(filled))
  const trusted = clockTrusted(now, { server: now - offset, device: now }, records.map(record => parseTime(record.createdAt).millis))
  const reader = { ref: "me", now: trusted ? now : null, month: "2026-05", pinned: new Set(), moderation, delivery: () => "board" }
  return { trusted, posts: records.map(record => assemble(record, reader)).sort(byNewest) }
}

const { posts } = read(v.now, v.offset)
const idsOf = list => list.map(post => post.id)

test("lists and search", () => {
  assert.deepEqual(idsOf(posts), v.order)
  for (const { filter, ids } of v.lists) {
    if (filter.query && filter.removed) continue // what was removed is not read, and so not found
    const { status, query, ...rest } = filter
    const wanted = { ...rest, state: status ?? "all" }
    assert.deepEqual(idsOf(search(posts, query ?? "", wanted)), ids, JSON.stringify(filter))
  }
  for (const { said, ids } of v.codes) assert.deepEqual(idsOf(byCode(posts, said)), ids, said)
})

test("a list without a state holds what is open", () => {
  const open = posts.filter(post => matches(post, {}))
  assert.ok(open.length > 0 && open.every(post => post.state === "open"))
})

test("the unanswered, and the reply rate", () => {
  assert.deepEqual(idsOf(unanswered(posts, v.now, v.unansweredHours)), v.unanswered)
  for (const { kinds, from, to, answered, posts: all } of v.replyRates)
    assert.deepEqual(replyRate(posts, { from, to }, kinds.length ? kinds : undefined), { answered, all }, `${kinds} ${from}`)
})

test("a clock that is not trusted lets nothing expire", () => {
  for (const { now, offset, trusted } of v.trusted) {
    const own = read(now, offset)
    assert.equal(own.trusted, trusted, `${now}, ${offset} ahead`)
    if (!trusted) assert.ok(own.posts.every(post => post.state !== "expired"))
  }
})

test("the best guess at the moment corrects a clock that was off at the last contact", () => {
  const day = 86_400_000
  const server = 1779973200000
  const cases = [
    ["a good clock", server + 5, 0, { server, device: server + 3 }, server + 5],
    ["1970, an hour after the contact", 3_600_000, 0, { server, device: 0 }, server + 3_600_000],
    ["2038, an hour after the contact", server + 9999 * day + 3_600_000, 0, { server, device: server + 9999 * day }, server + 3_600_000],
    ["set right since", server + day, 0, { server, device: 5 }, server + day],
    ["fallen back since", 7, 0, { server, device: server }, server],
    ["never in contact, but times were seen", 7, server - 9, null, server - 9],
    ["never in contact", 7, 0, null, 7],
  ]
  for (const [says, now, seen, contact, best] of cases) assert.equal(bestNow(now, seen, contact), best, says)
})

test("an answer is somebody's, and terms stand until replaced", () => {
  const answer = (said, by) => ({ answer: said, by })
  assert.equal(isAccepted([answer("accepted", "a"), answer("declined", "b"), answer("thinking", "a")]), true)
  assert.equal(isAccepted([answer("accepted", "a"), answer("declined", "a")]), false)
  assert.deepEqual([...standingTerms([{ id: "1", replaces: [] }, { id: "2", replaces: ["1"] }, { id: "3", replaces: ["1", "3"] }])], ["2", "3"])
})

test("posts that say much the same", () => {
  const draft = { kind: "request", title: "En stige", body: "Lån af en stige til søndag" }
  assert.deepEqual(idsOf(similar(posts, draft)), ["aaaa1"])
  assert.deepEqual(similar(posts, { ...draft, kind: "event" }), [])
})

test("numbers of a period: reply rate, first posts, proxies, matches", () => {
  const { pages, cases, percents, bands } = vectors("numbers")
  const moderation = new Moderation(pages[0].moderation.map(record => ({ restores: [], ...record })))
  const reader = { ref: "me", now: null, month: "2026-05", pinned: new Set(), moderation, delivery: () => "board" }
  const posts = pages[0].posts.map(post => assemble(filled(post), reader))
  for (const { from, to, kinds, numbers: wanted } of cases) {
    assert.deepEqual(numbers(posts, { from, to }, kinds), { byProxy: {}, ...wanted }, `${kinds} ${from}`)
    const { answered, all } = replyRate(posts, { from, to }, kinds.length ? kinds : undefined)
    assert.deepEqual([answered, all], [wanted.answered, wanted.posts])
  }
  for (const { part, all, percent: wanted } of percents) assert.equal(percent(part, all), wanted)
  assert.equal(percent(0, 0), null)
  for (const { number, low, high, is } of bands) assert.equal(band(number, low, high), is)
})
