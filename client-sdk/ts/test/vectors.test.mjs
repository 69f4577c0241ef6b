// The model against the vectors that the Go tests read too.

import * as A from "@automerge/automerge"
import assert from "node:assert/strict"
import { test } from "node:test"
import { boardGenesis, pageGenesis } from "../dist/model/genesis.js"
import { holderOf, parseSecret, secretFromBytes, secretHash } from "../dist/model/handover.js"
import * as ids from "../dist/model/ids.js"
import { Moderation } from "../dist/model/post.js"
import { postIds, readBoard, readModeration, readPost } from "../dist/model/read.js"
import { addMonths, Clock, formatTime, monthOf, parseTime } from "../dist/model/time.js"
import { byNewest } from "../dist/model/views.js"
import { findPersonalData } from "../dist/model/personal.js"
import { descriptions, descriptionWords, healthWords, suspicionWords } from "../dist/model/personal-words.js"
import { fold, words } from "../dist/model/words.js"
import { bytes, documentOf, hex, vectors } from "./lib/vectors.mjs"

test("ids of boards, pages and entries, and post codes", () => {
  const v = vectors("ids")
  assert.equal(ids.demoBoard(), v.demoBoard.id)
  for (const board of v.boards) assert.equal(ids.boardDocument(bytes(board.hex)), board.id)
  for (const page of v.pages) assert.equal(ids.pageDocument(ids.boardDocument(bytes(page.board)), page.month, page.epoch), page.id)
  for (const entry of v.entries) {
    assert.equal(ids.idFromBytes(bytes(entry.hex)), entry.id)
    assert.ok(ids.isId(entry.id))
    assert.equal(ids.codeOf(entry.id), entry.code)
  }
  for (const text of v.notIds) assert.equal(ids.isId(text), false, text)
  for (const { said, code } of v.codes) assert.equal(ids.parseCode(said), code, said)
  for (const said of v.notCodes) assert.equal(ids.parseCode(said), null, said)
})

test("genesis changes, byte for byte", () => {
  const v = vectors("genesis")
  assert.equal(hex(boardGenesis()), v.board.hex)
  for (const page of v.pages) {
    const genesis = pageGenesis(ids.boardDocument(bytes(page.board)), page.month, page.epoch)
    assert.equal(hex(genesis), page.hex)
    assert.equal(A.decodeChange(genesis).hash, page.hash)
  }
})

test("months", () => {
  const v = vectors("months")
  for (const { ms, at, zone, month } of v.of) assert.equal(monthOf(ms, zone), month, `${at} in ${zone}`)
  for (const { month, next } of v.steps) assert.equal(addMonths(month, 1), next)
})

test("times and clocks", () => {
  const v = vectors("clock")
  for (const { millis, counter, text } of v.times) {
    assert.equal(formatTime(millis, counter), text)
    assert.deepEqual(parseTime(text), { millis, counter })
  }
  for (const text of v.notTimes) assert.equal(parseTime(text), null, text)
  for (const { says, steps } of v.sequences) {
    const clock = new Clock()
    for (const { see, make, now } of steps)
      if (see !== undefined) clock.see(see, now)
      else assert.equal(clock.next(now), make, says)
  }
})

test("words that are searched for", () => {
  const v = vectors("words")
  for (const [letter, folded] of Object.entries(v.letters)) assert.equal(fold(letter), folded, letter)
  for (const { text, words: wanted } of v.texts) assert.deepEqual(words(text), wanted, text)
})

// asGo writes a record as Go does: without what is empty, with other names for two things.
function asGo(value) {
  if (Array.isArray(value)) return value.map(asGo)
  if (value === null || typeof value !== "object") return value
  const entries = Object.entries(value).flatMap(([key, item]) => {
    if (key === "made") return []
    const own = asGo(item)
    const empty = own === null || own === undefined || own === "" || own === 0 || own === false || (Array.isArray(own) && own.length === 0)
    const none = typeof own === "object" && own !== null && !Array.isArray(own) && Object.keys(own).length === 0
    return empty || none ? [] : [[key, own]]
  })
  return Object.fromEntries(entries)
}

// readPage reads all values of a page, or only where Automerge says that there are several.
function readPage(doc, exact) {
  const flagged = A.diff(doc, [], A.getHeads(doc)).flatMap(patch => (patch.conflict || patch.action === "conflict" ? [patch.path[1]] : []))
  const posts = postIds(doc).map(id => readPost(doc, id, exact || flagged.includes(id))).filter(Boolean)
  posts.sort((a, b) => byNewest({ ...a, time: a.createdAt }, { ...b, time: b.createdAt }))
  return { posts, moderation: readModeration(doc, exact) }
}

// What Go says of a page, in the same form; epoch, month and board are the page's own.
const pageOf = ({ posts, moderation = [] }) => asGo({ posts, moderation })

for (const { says, changes, heldBy, reasons, read } of vectors("documents")) {
  test(`a document is read as Go reads it: ${says}`, { skip: !read && "Go has not said" }, () => {
    const doc = documentOf(changes)
    if (doc.kind.val === "board") return assert.deepEqual(asGo(readBoard(doc)), asGo(read))
    assert.deepEqual(asGo(readPage(doc, true)), pageOf(read))
    assert.deepEqual(asGo(readPage(doc, false)), pageOf(read), "the short way")
    for (const [id, holder] of Object.entries(heldBy ?? {}))
      for (const exact of [true, false]) assert.equal(holderOf(readPost(doc, id, exact)), holder)
    const moderation = new Moderation(readModeration(doc, true))
    const targets = readModeration(doc, true).map(record => record.target)
    const why = targets.flatMap(target => (moderation.reason(target) ? [[target, moderation.reason(target).id]] : []))
    assert.deepEqual(Object.fromEntries(why), reasons ?? {})
  })
}

test("secrets of hand-overs", () => {
  const v = vectors("handovers")
  for (const { hex, secret, hash } of v.secrets) {
    assert.equal(secretFromBytes(bytes(hex)), secret)
    assert.equal(secretHash(secret), hash)
  }
  for (const { said, secret } of v.said) assert.equal(parseSecret(said), secret, said)
  for (const said of v.notSecrets) assert.equal(parseSecret(said), null, said)
})

test("a document that Go wrote is read as Go reads it", () => {
  const { changes, read } = vectors("written")
  const doc = documentOf(changes)
  assert.deepEqual(asGo(readPage(doc, true)), pageOf(read))
  assert.deepEqual(asGo(readPage(doc, false)), pageOf(read), "the short way")
})

test("personal data", () => {
  const v = vectors("personal")
  assert.deepEqual([...healthWords].sort(), v.words.health)
  assert.deepEqual([...suspicionWords].sort(), v.words.suspicion)
  const { words: apart, ...languages } = v.descriptions
  const sorted = ({ who, looks }) => ({ who: [...who].sort(), looks: [...looks].sort() })
  assert.equal(descriptionWords, apart)
  assert.deepEqual(Object.fromEntries(Object.entries(descriptions).map(([lang, lists]) => [lang, sorted(lists)])), languages)
  for (const { text, found } of v.cases) {
    const own = findPersonalData(text).map(({ kind, start, end }) => ({ kind, text: text.slice(start, end) }))
    assert.deepEqual(own, found, text)
  }
})
