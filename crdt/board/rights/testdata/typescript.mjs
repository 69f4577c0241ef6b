// Writes what members do with the TypeScript client, each change with who made it:
//
//     cd client-sdk/ts && node --input-type=module < ../../crdt/board/rights/testdata/typescript.mjs > ../../crdt/board/rights/testdata/typescript.json
//
// The output is the same in every run.
import * as A from "@automerge/automerge"
import { createHash } from "node:crypto"
import { boardGenesis, pageGenesis } from "./dist/model/genesis.js"
import { secretFromBytes } from "./dist/model/handover.js"
import { boardDocument, idFromBytes, isId } from "./dist/model/ids.js"
import { Clock } from "./dist/model/time.js"
import * as write from "./dist/model/write.js"

const bytes = name => createHash("sha256").update(name).digest().subarray(0, 16)
const id = name => idFromBytes(bytes(name))
const start = 1779973200000
const month = "2026-05"
const board = boardDocument(bytes("a board"))

class Device {
  constructor(name, genesis, actor = name) {
    Object.assign(this, { name, ref: id(name), now: start, clock: new Clock() })
    this.doc = A.applyChanges(A.init({ actor: Buffer.from(bytes("actor of " + actor)).toString("hex") }), [genesis])[0]
  }
  visit(name) {
    this.ref = `${id(this.name)}.${id(name)}`
  }
  act(change) {
    this.now += 1000
    const by = { ref: this.ref, time: this.clock.next(this.now), clientTime: this.now, origin: "phone" }
    this.doc = A.change(this.doc, { time: this.now / 1000 }, doc => change(doc, by))
  }
}

const said = []
/** Devices, and their meeting: everybody has everything. */
function cast(genesis, ...names) {
  const devices = Object.fromEntries(names.map(name => [name, new Device(name, genesis)]))
  const all = Object.values(devices)
  const known = new Set()
  const changes = []
  const meet = () => {
    for (const device of all)
      for (const change of A.getAllChanges(device.doc)) {
        const hex = Buffer.from(change).toString("hex")
        if (known.has(hex)) continue
        known.add(hex)
        changes.push({ by: device.name, hex })
      }
    for (const device of all) device.doc = A.applyChanges(device.doc, changes.map(({ hex }) => Buffer.from(hex, "hex")))[0]
  }
  const done = (says, document) => {
    meet()
    said.push({ says, document, changes })
  }
  return { ...devices, meet, done }
}

const draft = (name, more = {}) => ({ id: id(name), month, kind: "request", title: name, body: "Hvem kan hjælpe 🙂?", lang: "da", author: "Inger", ...more })
const P = id("sofa")

{
  const { anna, bo, carl, dina, eva, finn, kiosk, meet, done } = cast(pageGenesis(board, month), "anna", "bo", "carl", "dina", "eva", "finn", "kiosk")
  anna.act((d, by) => write.addPost(d, draft("sofa", {
    tags: ["sofa", "tung"], categories: [id("c")], place: "opgang 3", urgency: "week", helpersWanted: 2, when: { start, note: "efter kl. 10" }, item: { action: "seek" },
  }), by, start + 1e9))
  anna.act((d, by) => write.addPost(d, draft("idea", { kind: "idea" }), by, null))
  anna.act((d, by) => write.addPost(d, draft("arrangement", { kind: "arrangement" }), by, null))
  carl.act((d, by) => write.addPost(d, draft("for a neighbour", { proxy: { kind: "neighbour", permission: "spoken", callBackBy: "phone" } }), by, start + 1e9))
  kiosk.visit("first")
  kiosk.act((d, by) => write.addPost(d, draft("at the kiosk", { origin: "kiosk" }), { ...by, origin: "kiosk" }, start + 1e9))
  meet()
  kiosk.visit("second")
  kiosk.act((d, by) => write.addReply(d, P, id("kiosk's reply"), { body: "Ja!", author: "Per", lang: "da" }, by))
  kiosk.act((d, by) => write.addOffer(d, P, id("kiosk's offer"), { message: "", author: "Per" }, by))
  kiosk.act((d, by) => write.supportPost(d, id("idea"), true, by.ref))
  kiosk.act((d, by) => write.supportPost(d, id("idea"), false, by.ref))
  bo.act((d, by) => write.addReply(d, P, id("reply"), { body: "Jeg kan på lørdag.", author: "Bo", lang: "da" }, by))
  bo.act((d, by) => write.addOffer(d, P, id("offer"), { message: "gerne", author: "Bo" }, by))
  bo.act((d, by) => write.proposeTerms(d, id("arrangement"), id("terms"), { party: "Afd. 7", task: "snerydning", start }, by))
  anna.act(d => write.editPost(d, P, {
    title: "Sofa og bord", body: "Hvem kan hjælpe med at bære?", tags: ["sofa"], categories: [], place: null, when: { start, end: start + 1000 }, item: null, urgency: "today",
  }))
  anna.act(d => write.extendPost(d, P, start + 2e9))
  anna.act(d => write.editPost(d, P, { when: null, expiresOn: null, helpersWanted: 3, body: "Tak!" }))
  carl.act((d, by) => write.handOver(d, id("for a neighbour"), id("handover"), secretFromBytes(bytes("slip").subarray(0, 10)), by))
  carl.act(d => write.editPost(d, id("at the kiosk"), { title: "Rettet ved bordet" }))
  dina.act(d => write.editPost(d, id("for a neighbour"), { body: "Rettet af Dina." }))
  dina.act((d, by) => write.closePost(d, P, id("closing"), "foundElsewhere", by))
  eva.act((d, by) => write.moderate(d, id("record"), P, "hide", "2", "for langt", by))
  finn.act(d => write.setIdea(d, id("idea"), "declined", "for dyrt"))
  meet()
  anna.act((d, by) => write.answerOffer(d, P, id("offer"), id("answer"), "accepted", by))
  anna.act((d, by) => write.reopenPost(d, P, by))
  anna.act((d, by) => write.closePost(d, P, id("closing 2"), "foundHere", by))
  anna.act((d, by) => write.proposeTerms(d, id("arrangement"), id("terms 2"), { party: "Beboerne", task: "snerydning hver dag" }, by))
  bo.act((d, by) => write.withdrawOffer(d, P, id("offer"), by))
  bo.act((d, by) => write.acknowledgeTerms(d, id("arrangement"), id("ack"), id("terms"), "Afd. 7", by))
  eva.act((d, by) => write.moderate(d, id("record 2"), P, "restore", "", "", by))
  finn.act(d => write.setIdea(d, id("idea"), "planned"))
  bo.act((d, by) => write.claimPost(d, id("for a neighbour"), id("claim"), secretFromBytes(bytes("slip").subarray(0, 10)), by))
  meet()
  bo.act(d => write.editPost(d, id("for a neighbour"), { title: "Nu min egen", body: "Jeg har selv en telefon nu." }))
  done("a page", "page")
}

{ // one form that two tabs of a device send
  const { anna, finn, meet, done } = cast(pageGenesis(board, month), "anna", "finn")
  const tab = new Device("anna", pageGenesis(board, month), "a tab")
  for (const device of [anna, tab]) device.act((d, by) => write.addPost(d, draft("idea", { kind: "idea", tags: ["x"] }), by, null))
  meet()
  finn.act((d, by) => write.addReply(d, id("idea"), id("reply"), { body: "Ja.", author: "Finn", lang: "da" }, by))
  anna.doc = A.applyChanges(anna.doc, A.getAllChanges(tab.doc))[0]
  anna.act(d => write.editPost(d, id("idea"), { title: "Bænk i gården", body: "Én bænk.", tags: ["y"] }))
  meet()
  finn.act(d => write.setIdea(d, id("idea"), "done"))
  done("two tabs", "page")
}

{
  const { finn, gry, meet, done } = cast(boardGenesis(), "finn", "gry")
  finn.act(d => write.updateBoard(d, {
    title: "Tavlen", about: "For opgang 3", timeZone: "Europe/Amsterdam", place: "opgang 3", controller: "Ejendomskontoret", demo: true, languages: ["da", "nl"],
    pinned: [P], settings: { openDays: 20 }, houseRules: { da: "Vær venlig.", nl: "Wees aardig." },
    categories: { [id("c")]: { label: { da: "Cykler", nl: "Fietsen" }, icon: "bike", order: 1, hidden: false } },
    contacts: { [id("office")]: { name: "Ejendomskontoret", phone: "33 66 33 66", hours: "9-12", note: "", order: 1 } },
  }))
  meet()
  gry.act(d => write.updateBoard(d, { title: "Opslagstavlen", pinned: [], languages: ["da"], houseRules: { da: "Vær flink." }, contacts: { [id("office")]: { hours: "9-14" } } }))
  done("a board document", "board")
}
if (!isId(P)) throw new Error("no id")
console.log(JSON.stringify({ board, month, said }, null, 1))
