// What devices and servers must compute alike, and what a device decides by itself.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import * as A from "@automerge/automerge"
import fc from "fast-check"
import { demoBoard } from "@tavle/client"
import { joinLink, normalCode, showCode, withoutCode } from "../dist/membership/rules/code.js"
import { ended, look, reached } from "../dist/membership/rules/lease.js"
import { readMe, rolesOn, serverNow } from "../dist/membership/rules/me.js"
import { base64, base64url, deviceId, joinSubject, proofMessage } from "../dist/membership/rules/proof.js"
import { reasonCodes, sentencesOf } from "../dist/membership/reasons.js"
import { textsIn } from "../dist/membership/texts.js"
import { pageGenesis } from "../dist/model/genesis.js"
import { actions, allowed, owns, relationTo } from "../dist/membership/rules/rights.js"
import { signed } from "./lib/fake-api.mjs"

const vectors = JSON.parse(readFileSync(new URL("../../../crdt/testdata/auth/vectors.json", import.meta.url)))

test("devices are named, and proofs are written, as the vectors have them", () => {
  assert.ok(vectors.keys.length > 0 && vectors.proofs.length > 0)
  for (const { alg, key, device } of vectors.keys) assert.equal(deviceId(alg, Buffer.from(key, "base64url")), device)
  for (const { alg, key, purpose, host, challenge, subject, code, message, signature } of vectors.proofs) {
    if (purpose === "join") assert.equal(joinSubject(code, alg, key), subject)
    assert.equal(proofMessage(purpose, host, challenge, subject), message)
    assert.ok(signed({ alg, key }, message, signature))
  }
})

test("codes are read as people write them", () => {
  assert.ok(vectors.codes.length > 0 && vectors.noCodes.length > 0)
  for (const { said, normal, shown } of vectors.codes) {
    assert.equal(normalCode(said), normal, said)
    assert.equal(showCode(normal), shown)
  }
  for (const said of vectors.noCodes) assert.equal(normalCode(said), null, JSON.stringify(said))
})

test("a link carries a code behind its #, and is left without it", () => {
  assert.deepEqual(joinLink("#c=7QK2M-9XZTA&fp=ab12"), { code: "7QK2M-9XZTA", fingerprint: "ab12" })
  assert.deepEqual(joinLink("board/x&c=7qk2m9xzta"), { code: "7qk2m9xzta", fingerprint: null })
  assert.equal(joinLink("#/board/x"), null)
  assert.equal(joinLink(""), null)
  assert.equal(withoutCode("#c=7qk2m9xzta&fp=ab"), "")
  assert.equal(withoutCode("#/board/x&c=7qk2m9xzta&month=2026-11"), "#/board/x&month=2026-11")
  assert.doesNotThrow(() => joinLink("#c=%zz"))
})

test("base64url is that of everybody else", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), bytes => {
    assert.equal(base64url(bytes), Buffer.from(bytes).toString("base64url"))
    assert.equal(base64(bytes), Buffer.from(bytes).toString("base64"))
  }))
})

test("roles hold from and until their moments", () => {
  const board = roles => ({ id: "b", title: "", lang: "", timeZone: "", demo: false, archived: false, roles })
  const me = readMe({ device: { id: "d" }, member: { ref: "m" }, boards: [board([{ role: "resident", from: 10, until: 20 }, { role: "owner", from: 15 }])] })
  assert.deepEqual([5, 10, 15, 20].map(now => rolesOn(me, "b", now)), [[], ["resident"], ["resident", "owner"], ["owner"]])
  assert.deepEqual(rolesOn(me, "other", 15), [])
  assert.deepEqual([5, 10, 15, 20].map(now => rolesOn(me, "b", now, false)), [["owner"], ["resident", "owner"], ["resident", "owner"], ["owner"]])
  for (const strange of [null, 7, {}, { device: {} }, { device: { id: "x" } }, { device: { id: 3 }, member: { ref: "m" } }]) assert.equal(readMe(strange), null)
})

test("the server's moment is known by what both clocks said", () => {
  const [hour, year] = [3_600_000, 365 * 86_400_000]
  const server = 50 * year
  const at = (now, device) => serverNow(now, { server, device }) - server
  const second = 1000
  assert.equal(at(server - hour + 5, server - hour), 5 + second, "an hour slow")
  assert.equal(at(server + hour + 5, server + hour), 5 + second, "an hour fast")
  assert.equal(at(hour, 0), hour + second, "in 1970 since then")
  assert.equal(at(0, server), second, "put back to 1970 since then")
  assert.equal(at(server + 7, 0), 7 + second, "put right since then")
  assert.equal(at(server + 30 * year + 5, server + 30 * year), 5 + second, "30 years ahead")
})

const law = JSON.parse(readFileSync(new URL("../../../crdt/testdata/board/rights.json", import.meta.url)))

test("the table of rights is that of the server, action by role by relation", () => {
  assert.deepEqual([...new Set(law.rules.map(({ action }) => action))].sort(), [...actions].sort())
  for (const { action, relation, roles } of law.rules)
    for (const role of law.roles) assert.equal(allowed([role], action, relation), roles.includes(role), `${role} ${action} ${relation}`)
  assert.equal(allowed(["resident"], "editPost"), true)
  assert.equal(allowed(["visitor"], "editPost"), false)
  assert.equal(allowed(["matchmaker"], "moderate"), false)
  assert.equal(allowed(["moderator"], "moderate"), true)
  assert.equal(allowed(["owner"], "somethingNew", "own"), false)
  assert.equal(allowed(["emperor"], "post", "own"), false)
  assert.equal(allowed([], "post", "own"), false)
})

test("what programs write into a page is no text of a person", () => {
  const page = A.load(pageGenesis(demoBoard(), "2026-11"))
  assert.deepEqual(textsIn(page, {}), [])
  assert.deepEqual(textsIn({ ...page, posts: { first: { kind: "request", body: "a ladder", title: "Who has" } } }, page), ["Who has", "a ladder"])
})

test("the sentences about refused changes are those of the server", () => {
  assert.deepEqual(law.reasons.map(({ code }) => code), reasonCodes)
  for (const { code, da, nl, en } of law.reasons) assert.deepEqual(sentencesOf(code, "something"), { da, nl, en })
  assert.equal(sentencesOf("madeLater", "What the server said.").en, "What the server said.")
  assert.equal(sentencesOf("madeLater").en, sentencesOf("unknown").en)
})

test("how a member stands to a post", () => {
  const post = { createdBy: "m", heldBy: "m", origin: "phone" }
  assert.equal(relationTo(post, "m"), "own")
  assert.equal(relationTo({ ...post, createdBy: "k.1", heldBy: "k.1", origin: "kiosk" }, "k"), "own")
  assert.equal(relationTo({ ...post, createdBy: "k.1", heldBy: "k.1", origin: "kiosk" }, "m"), "kiosk")
  assert.equal(relationTo({ ...post, createdBy: "c", heldBy: "c", proxy: { kind: "x" } }, "m"), "proxy")
  assert.equal(relationTo({ ...post, createdBy: "c", heldBy: "n", proxy: { kind: "x" } }, "m"), "other")
  assert.equal(relationTo({ ...post, createdBy: "c", heldBy: "m", proxy: { kind: "x" } }, "m"), "own")
  assert.equal(owns("m", "mm"), false)
  assert.equal(owns("", ""), false)
})

const day = 86_400_000
const start = Date.UTC(2026, 10, 22)
const days = (absence, list) => list.reduce((state, at) => look(state, start + at * day, 60), absence)

test("a lease ends for a device that is used without its server, and not a day before", () => {
  const used = n => days(reached(start), Array.from({ length: n * 4 }, (_, i) => (i + 1) / 4))
  assert.equal(ended(used(60)), false)
  assert.equal(ended(days(used(59), [59.9, 59.99])), false)
  assert.equal(ended(days(used(60), [60.01])), true)
  assert.equal(ended(look(reached(start + 60 * day), start + 61 * day, 60)), false)
})

test("no jump of the clock ends a lease: not to 2038, not to 1970, not to and fro", () => {
  const to2038 = (Date.UTC(2038, 0, 19) - start) / day
  const to1970 = -start / day
  assert.equal(ended(days(reached(start), [to2038, to2038 + 1, to2038 + 2])), false)
  assert.equal(ended(days(reached(start), [to1970, to1970 + 1, 0, 1, 2])), false)
  assert.equal(ended(days(reached(start), Array.from({ length: 20 }, (_, i) => (i % 2 ? 0 : 100) + i / 24))), false)
  assert.equal(ended(days(reached(start), [1, to2038, 2, to2038, 3, to2038, 4, to1970, 5])), false)
  assert.equal(ended(look(reached(start), NaN, 60)), false)
})

test("a device that lay in a drawer is believed by and by", () => {
  const drawer = days(reached(start), [200, 200.1])
  assert.equal(ended(drawer), false)
  assert.equal(ended(days(drawer, [400, 400.1])), true)
})

test("whatever the clock says, less than half a lease of steps and one jump keeps the device", () => {
  const steps = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 29 })
  const jump = fc.double({ min: -30_000, max: 30_000, noNaN: true })
  fc.assert(fc.property(steps, jump, fc.nat(29), (small, far, where) => {
    let at = 0
    let absence = reached(start)
    small.forEach((step, i) => {
      at += step + (i === where ? far : 0)
      absence = days(absence, [at])
    })
    assert.equal(ended(absence), false)
  }))
})
