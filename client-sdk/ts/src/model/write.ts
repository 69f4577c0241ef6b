// Changes to documents, as functions over a document that is being changed. Pure: times and ids are arguments. They write what they mean
// and leave everything else in place, so that fields of newer versions survive. They throw Invalid or NotFound, and then nothing has
// changed.

import * as check from "./check.js"
import { Invalid } from "./check.js"
import { parseSecret, secretHash, standingClaim } from "./handover.js"
import { standingTerms } from "./post.js"
import { Place, type Written } from "./place.js"
import type * as S from "./schema.js"
import { dayMillis } from "./time.js"
import { type Dict } from "./values.js"

/** Who writes, and when. */
export interface Stamp {
  ref: string
  /** A time as SCHEMA.md has it. */
  time: string
}

/** No such post, reply or offer in the pages that are open. */
export class NotFound extends Error {
  override readonly name = "NotFound"
}

function find(parent: Place, map: string, id: string, what: string): Place {
  const found = parent.at(map).at(id)
  if (!found.exists) throw new NotFound(`there is no ${what} ${id} here`)
  return found
}

const postAt = (page: Dict, id: string): Place => find(Place.root(page), "posts", id, "post")

const date = (ms: number | null | undefined): Date | undefined => (ms === undefined || ms === null ? undefined : new Date(ms))

function write(to: Place, fields: Record<string, Written>): void {
  for (const [key, value] of Object.entries(fields)) if (value !== "") to.set(key, value)
}

/** Makes an entry under an id of its own; null when it is there already. */
function entry(parent: Place, map: string, id: string): Place | null {
  check.validId(id)
  return parent.at(map).at(id).exists ? null : parent.make(map).make(id)
}

function checkDraft(draft: S.Draft): void {
  check.oneOf("kind", draft.kind)
  check.required("kind", draft.kind, check.lineMax)
  check.required("title", draft.title, check.titleMax)
  check.within("body", draft.body, check.bodyMax)
  for (const name of ["lang", "author", "place"] as const) check.within(name, draft[name], check.lineMax)
  check.oneOf("urgency", draft.urgency)
  check.oneOf("lost", draft.lost)
  check.oneOf("item", draft.item?.action)
  check.oneOf("origin", draft.origin)
  checkWhen(draft.when)
  check.labels("tags", draft.tags)
  check.labels("categories", draft.categories)
  check.oneOf("proxyKind", draft.proxy?.kind)
  check.oneOf("permission", draft.proxy?.permission)
  check.oneOf("callBackBy", draft.proxy?.callBackBy)
}

function checkWhen(when: S.When | null | undefined): void {
  check.oneOf("repeat", when?.repeat)
  check.within("note", when?.note, check.noteMax)
}

/** The day after what a post is for has been; 0 for one without a time. */
export function dayAfter(when: S.When | null | undefined): number {
  const last = when?.end ?? when?.start
  return last == null ? 0 : last + dayMillis
}

/** Adds a post, unless the page has one of this id. expiresOn is in milliseconds since 1970, or null. */
export function addPost(page: Dict, draft: S.Draft, by: Stamp & { clientTime: number; origin: string }, expiresOn: number | null): void {
  checkDraft(draft)
  const post = entry(Place.root(page), "posts", draft.id)
  if (!post) return
  write(post, { kind: draft.kind, title: draft.title.trim() })
  post.object.body = draft.body
  write(post, {
    lang: draft.lang, author: draft.author, createdBy: by.ref, createdAt: by.time, clientTime: new Date(by.clientTime), origin: by.origin,
    place: draft.place, urgency: draft.urgency, lost: draft.lost, helpersWanted: draft.helpersWanted, expiresOn: date(expiresOn),
  })
  if (draft.when) setWhen(post, draft.when)
  if (draft.item?.action) write(post.make("item"), { action: draft.item.action })
  if (draft.kind === "idea") write(post.make("idea"), { status: "new" })
  if (draft.proxy) write(post.make("proxy"), proxyFields(draft.proxy, by))
  for (const name of ["tags", "categories"] as const) if (draft[name]?.length) post.setMembers(name, draft[name])
  const maps = ["replies", "offers", "closings", "supports"]
  for (const name of draft.kind === "arrangement" ? [...maps, "terms", "acks"] : maps) post.make(name)
}

const permittedFor = 30 * dayMillis

function proxyFields(proxy: S.Proxy, by: Stamp & { clientTime: number }): Record<string, Written> {
  const permittedAt = proxy.permittedAt ?? by.clientTime
  return {
    kind: proxy.kind, permission: proxy.permission, permittedAt: new Date(permittedAt),
    permittedUntil: new Date(proxy.permittedUntil ?? permittedAt + permittedFor),
    callBackBy: proxy.callBackBy, connector: proxy.connector ?? by.ref,
  }
}

function setWhen(post: Place, when: S.When): void {
  const fields = { start: date(when.start), end: date(when.end), repeat: when.repeat || undefined, note: when.note || undefined }
  const there = post.at("when")
  if (!there.exists && Object.values(fields).every(value => value === undefined)) return
  const target = post.make("when")
  for (const [key, value] of Object.entries(fields)) target.set(key, value ?? null)
}

/** Changes fields of a post. What is not named stays; null takes a field away. */
export function editPost(page: Dict, id: string, changes: S.PostChanges): void {
  const post = postAt(page, id)
  if (changes.title !== undefined) check.required("title", changes.title, check.titleMax)
  check.within("body", changes.body, check.bodyMax)
  for (const name of ["lang", "author", "place"] as const) check.within(name, changes[name], check.lineMax)
  check.oneOf("urgency", changes.urgency)
  check.oneOf("lost", changes.lost)
  check.oneOf("item", changes.item?.action)
  checkWhen(changes.when)
  check.labels("tags", changes.tags)
  check.labels("categories", changes.categories)
  post.set("title", changes.title?.trim())
  if (changes.body !== undefined) post.setText(page, ["posts", id], "body", changes.body)
  for (const name of ["lang", "author", "place", "urgency", "lost", "helpersWanted"] as const) post.set(name, changes[name])
  post.set("expiresOn", date(changes.expiresOn))
  if (changes.when) setWhen(post, changes.when)
  else if (changes.when === null) post.clear("when")
  if (changes.item) post.make("item").set("action", changes.item.action)
  else if (changes.item === null) post.clear("item")
  for (const name of ["tags", "categories"] as const) post.setMembers(name, changes[name])
}

/** Sets a later moment of expiry, in milliseconds since 1970; an earlier one changes nothing. */
export function extendPost(page: Dict, id: string, until: number): void {
  const post = postAt(page, id)
  const before = post.shown("expiresOn")
  if (!(before instanceof Date) || until > before.getTime()) post.set("expiresOn", new Date(until))
}

export function addReply(page: Dict, post: string, id: string, reply: { body: string; author: string; lang: string }, by: Stamp): void {
  check.required("body", reply.body, check.replyMax)
  check.within("author", reply.author, check.lineMax)
  const made = entry(postAt(page, post), "replies", id)
  if (!made) return
  made.object.body = reply.body
  write(made, { author: reply.author, createdBy: by.ref, createdAt: by.time, lang: reply.lang })
}

export function addOffer(page: Dict, post: string, id: string, offer: { message: string; author: string }, by: Stamp): void {
  check.within("message", offer.message, check.noteMax)
  check.within("author", offer.author, check.lineMax)
  const made = entry(postAt(page, post), "offers", id)
  if (!made) return
  write(made, { author: offer.author, createdBy: by.ref, message: offer.message, createdAt: by.time })
  made.make("answers")
}

const isMarked = (place: Place, key: string): boolean => ![undefined, null, false].includes(place.shown(key) as undefined)

export function withdrawOffer(page: Dict, post: string, offer: string, by: Stamp): void {
  const found = find(postAt(page, post), "offers", offer, "offer")
  if (!isMarked(found, "withdrawn")) found.set("withdrawn", by.time)
}

export function answerOffer(page: Dict, post: string, offer: string, id: string, answer: "accepted" | "declined", by: Stamp): void {
  check.oneOf("answer", answer)
  const made = entry(find(postAt(page, post), "offers", offer, "offer"), "answers", id)
  if (made) write(made, { answer, by: by.ref, createdAt: by.time })
}

export function closePost(page: Dict, post: string, id: string, outcome: S.Outcome, by: Stamp): void {
  check.oneOf("outcome", outcome)
  const made = entry(postAt(page, post), "closings", id)
  if (made) write(made, { outcome, by: by.ref, createdAt: by.time })
}

/** Takes back all closings that stand. */
export function reopenPost(page: Dict, post: string, by: Stamp): void {
  const closings = postAt(page, post).at("closings")
  for (const id of closings.keys()) {
    const closing = closings.at(id)
    if (closing.exists && !isMarked(closing, "reopened")) closing.set("reopened", by.time)
  }
}

export function supportPost(page: Dict, post: string, on: boolean, ref: string): void {
  const target = postAt(page, post)
  if (on) target.make("supports").set(ref, true)
  else target.at("supports").clear(ref)
}

export function setIdea(page: Dict, post: string, status: S.IdeaStatus, reason = ""): void {
  check.oneOf("status", status)
  if (status === "declined") check.required("reason", reason, check.noteMax)
  check.within("reason", reason, check.noteMax)
  const idea = postAt(page, post).make("idea")
  idea.set("status", status)
  idea.set("reason", reason.trim() || null)
}

/** Terms as a party proposes them. start is in milliseconds since 1970. */
export interface Proposal {
  id?: string
  party: string
  task: string
  place?: string
  repeat?: string
  start?: number
}

/** Proposes terms, in place of all that stand here. */
export function proposeTerms(page: Dict, post: string, id: string, terms: Proposal, by: Stamp): void {
  check.required("party", terms.party, check.lineMax)
  check.required("task", terms.task, check.lineMax)
  check.within("place", terms.place, check.lineMax)
  check.oneOf("repeat", terms.repeat)
  const target = postAt(page, post)
  const standing = standingHere(target.at("terms"))
  const made = entry(target, "terms", id)
  if (!made) return
  const { party, task, place, repeat, start } = terms
  write(made, { party, task, place, repeat, start: date(start), createdAt: by.time })
  if (standing.length > 0) made.setMembers("replaces", standing)
}

function standingHere(terms: Place): string[] {
  const ids = terms.keys().filter(id => terms.at(id).exists)
  const membersOf = (set: Place) => set.keys().filter(key => set.shown(key) === true)
  return [...standingTerms(ids.map(id => ({ id, replaces: membersOf(terms.at(id).at("replaces")) })))]
}

export function acknowledgeTerms(page: Dict, post: string, id: string, terms: string, party: string, by: Stamp): void {
  check.required("party", party, check.lineMax)
  const target = postAt(page, post)
  find(target, "terms", terms, "terms")
  const made = entry(target, "acks", id)
  if (made) write(made, { party, terms, createdAt: by.time })
}

/** Offers a post to its neighbour, who claims it with the secret. Only the author can, and only while the post is still theirs. */
export function handOver(page: Dict, post: string, id: string, secret: string, by: Stamp): void {
  checkSecret(secret)
  const target = postAt(page, post)
  const { createdBy, claim } = handedHere(target)
  if (createdBy !== by.ref || (claim && claim.by !== by.ref)) throw held(post)
  const made = entry(target, "handovers", id)
  if (!made) return
  write(made, { secretHash: secretHash(secret), by: by.ref, createdAt: by.time })
  made.make("claims")
}

/** Takes a post over with the secret of one of its hand-overs. */
export function claimPost(page: Dict, post: string, id: string, secret: string, by: Stamp): void {
  checkSecret(secret)
  const target = postAt(page, post)
  const { createdBy, claim, handovers } = handedHere(target)
  const own = handovers.find(handover => handover.by === createdBy && handover.secretHash === secretHash(secret))
  if (!own) throw new Invalid("malformed", "secret", `this is no secret of a hand-over of post ${post}`)
  if (claim?.by === by.ref) return
  if (claim) throw held(post)
  const made = entry(target.at("handovers").at(own.id), "claims", id)
  if (made) write(made, { secret, by: by.ref, createdAt: by.time })
}

function checkSecret(secret: string): void {
  if (parseSecret(secret) !== secret) throw new Invalid("malformed", "secret", "this is no secret of a hand-over")
}

const held = (post: string): Invalid => new Invalid("held", "heldBy", `post ${post} belongs to somebody else`)

function handedHere(post: Place) {
  const createdBy = textOf(post.shown("createdBy"))
  const children = (of: Place) => of.keys().map(id => ({ id, at: of.at(id) })).filter(({ at }) => at.exists)
  const handovers = children(post.at("handovers")).map(({ id, at }) => ({
    id,
    by: textOf(at.shown("by")),
    secretHash: textOf(at.shown("secretHash")),
    claims: children(at.at("claims")).map(claim => ({
      made: claim.at.made, secret: textOf(claim.at.shown("secret")), by: textOf(claim.at.shown("by")),
    })),
  }))
  return { createdBy, handovers, claim: standingClaim({ createdBy, handovers }) }
}

/** Records an act of moderation; a restore undoes all records for its target that are here. */
export function moderate(page: Dict, id: string, target: string, action: S.ModerationAct, rule: string, facts: string, by: Stamp): void {
  check.validId(target)
  check.oneOf("action", action)
  check.within("rule", rule, check.lineMax)
  check.within("facts", facts, check.noteMax)
  const root = Place.root(page)
  const restores = action === "restore" ? recordsFor(root.at("moderation"), target) : []
  const made = entry(root, "moderation", id)
  if (!made) return
  write(made, { target, action, rule, facts, by: by.ref, createdAt: by.time })
  if (restores.length > 0) made.setMembers("restores", restores)
}

const textOf = (value: unknown): string => String((value as { val?: string } | undefined)?.val ?? "")

const recordsFor = (records: Place, target: string): string[] =>
  records.keys().filter(id => {
    const record = records.at(id)
    return record.exists && textOf(record.shown("target")) === target && textOf(record.shown("action")) !== "restore"
  })

/** Changes settings of a board. What is not named stays. */
export function updateBoard(board: Dict, changes: Partial<S.BoardSettings>): void {
  check.within("title", changes.title, check.titleMax)
  check.within("about", changes.about, check.noteMax)
  for (const name of ["timeZone", "place", "controller"] as const) check.within(name, changes[name], check.lineMax)
  for (const rules of Object.values(changes.houseRules ?? {})) check.within("houseRules", rules, check.houseRulesMax)
  const root = Place.root(board)
  for (const name of ["title", "about", "timeZone", "place", "controller", "demo"] as const) root.set(name, changes[name])
  root.setMembers("languages", changes.languages)
  root.setMembers("pinned", changes.pinned)
  for (const [name, value] of Object.entries(changes.settings ?? {})) root.make("settings").set(name, value)
  for (const [lang, rules] of Object.entries(changes.houseRules ?? {})) root.make("houseRules").setText(board, ["houseRules"], lang, rules)
  for (const [id, { label, ...rest }] of Object.entries(changes.categories ?? {})) {
    const category = root.make("categories").make(id)
    for (const [name, value] of Object.entries(rest)) category.set(name, value)
    for (const [lang, value] of Object.entries(label ?? {})) category.make("label").set(lang, value)
  }
  for (const [id, card] of Object.entries(changes.contacts ?? {})) {
    const contact = root.make("contacts").make(id)
    for (const [name, value] of Object.entries(card)) contact.set(name, value)
  }
}
