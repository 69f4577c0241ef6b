// Changes to documents, as functions over a document that is being changed. Pure: times and ids are arguments. They set what they
// mean and leave everything else in place, so that fields of newer versions survive.

import * as A from "@automerge/automerge/slim"
import * as S from "./schema.js"
import { dict, isDict, optionalText, scalar, type Dict } from "./values.js"

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

function child(parent: Dict, key: string): Dict {
  if (!isDict(parent[key])) parent[key] = {}
  return parent[key] as Dict
}

function find(parent: Dict, key: string, id: string, what: string): Dict {
  const found = dict(parent[key])[id]
  if (!isDict(found)) throw new NotFound(`there is no ${what} ${id} here`)
  return found as Dict
}

const postOf = (page: Dict, id: string): Dict => find(page, "posts", id, "post")

function setScalar(target: Dict, key: string, value: string | number | boolean | Date | null | undefined): void {
  if (value === undefined) return
  if (value === null) {
    if (key in target) delete target[key]
    return
  }
  const before = target[key]
  if (typeof value === "string") {
    if (optionalText(before) !== value || !A.isImmutableString(before)) target[key] = scalar(value)
  } else if (value instanceof Date) {
    if (!(before instanceof Date) || before.getTime() !== value.getTime()) target[key] = value
  } else if (before !== value) target[key] = value
}

const date = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms))

function setMembers(target: Dict, key: string, values: readonly string[] | undefined): void {
  if (!values) return
  const set = child(target, key)
  for (const value of values) if (set[value] !== true) set[value] = true
  for (const value of Object.keys(set)) if (!values.includes(value)) delete set[value]
}

function setText(doc: Dict, path: A.Prop[], value: string): void {
  const key = path.at(-1)!
  const parent = path.slice(0, -1).reduce<Dict>((at, step) => at[step] as Dict, doc)
  if (typeof parent[key] === "string") {
    if (parent[key] !== value) A.updateText(doc, path, value)
  } else parent[key] = value
}

function setWhen(post: Dict, when: S.When | null | undefined): void {
  if (when === undefined) return
  if (when === null) return setScalar(post, "when", null)
  const target = child(post, "when")
  setScalar(target, "start", date(when.start) ?? null)
  setScalar(target, "end", date(when.end) ?? null)
  setScalar(target, "repeat", when.repeat ?? null)
  setScalar(target, "note", when.note ?? null)
}

function setItem(post: Dict, item: { action: string } | null | undefined): void {
  if (item === null) setScalar(post, "item", null)
  else if (item) setScalar(child(post, "item"), "action", item.action)
}

/** Adds a post, unless the page has one of this id. expiresOn is in milliseconds since 1970, or null. */
export function addPost(page: Dict, draft: S.Draft, by: Stamp & { clientTime: number; origin: string }, expiresOn: number | null): void {
  const posts = child(page, "posts")
  if (isDict(posts[draft.id])) return
  posts[draft.id] = {}
  const post = posts[draft.id] as Dict
  setScalar(post, "kind", draft.kind)
  setScalar(post, "title", draft.title.slice(0, S.titleMax))
  post.body = draft.body.slice(0, S.bodyMax)
  setScalar(post, "lang", draft.lang)
  setScalar(post, "author", draft.author)
  setScalar(post, "createdBy", by.ref)
  setScalar(post, "createdAt", by.time)
  setScalar(post, "clientTime", new Date(by.clientTime))
  setScalar(post, "origin", by.origin)
  setScalar(post, "place", draft.place || undefined)
  setScalar(post, "urgency", draft.urgency)
  setScalar(post, "lost", draft.lost)
  setScalar(post, "helpersWanted", draft.helpersWanted)
  setScalar(post, "expiresOn", expiresOn === null ? undefined : new Date(expiresOn))
  if (draft.when) setWhen(post, draft.when)
  setItem(post, draft.item)
  if (draft.kind === "idea") post.idea = { status: scalar("new") }
  for (const name of ["tags", "categories"] as const) if (draft[name]?.length) setMembers(post, name, draft[name])
  for (const name of ["replies", "offers", "closings", "supports"]) post[name] = {}
  if (draft.kind === "arrangement") for (const name of ["terms", "acks"]) post[name] = {}
  if (draft.proxy) post.proxy = proxyRecord(draft.proxy, by)
}

function proxyRecord(proxy: S.Proxy, by: Stamp & { clientTime: number }): Dict {
  const record: Dict = {}
  const permittedAt = proxy.permittedAt ?? by.clientTime
  setScalar(record, "kind", proxy.kind)
  setScalar(record, "permission", proxy.permission)
  setScalar(record, "permittedAt", new Date(permittedAt))
  setScalar(record, "permittedUntil", new Date(proxy.permittedUntil ?? permittedAt + 30 * 86_400_000))
  setScalar(record, "callBackBy", proxy.callBackBy)
  setScalar(record, "connector", proxy.connector ?? by.ref)
  return record
}

/** Changes fields of a post. What is not named stays; null takes a field away. */
export function editPost(page: Dict, id: string, changes: S.PostChanges): void {
  const post = postOf(page, id)
  setScalar(post, "title", changes.title?.slice(0, S.titleMax))
  if (changes.body !== undefined) setText(page, ["posts", id, "body"], changes.body.slice(0, S.bodyMax))
  for (const name of ["lang", "author", "place", "urgency", "lost", "helpersWanted"] as const) setScalar(post, name, changes[name])
  setScalar(post, "expiresOn", date(changes.expiresOn))
  setWhen(post, changes.when)
  setItem(post, changes.item)
  for (const name of ["tags", "categories"] as const) setMembers(post, name, changes[name])
}

/** Adds a record under an id of its own, unless it is there. Strings become scalars. */
function record(parent: Dict, key: string, id: string, fields: Record<string, string | number | boolean | Date | undefined>): void {
  const records = child(parent, key)
  if (isDict(records[id])) return
  records[id] = {}
  for (const [name, value] of Object.entries(fields)) setScalar(records[id] as Dict, name, value)
}

export function addReply(page: Dict, post: string, id: string, reply: { body: string; author: string; lang: string }, by: Stamp): void {
  const target = postOf(page, post)
  if (isDict(dict(target.replies)[id])) return
  record(target, "replies", id, { author: reply.author, createdBy: by.ref, createdAt: by.time, lang: reply.lang })
  const made = (target.replies as Dict)[id] as Dict
  made.body = reply.body.slice(0, S.bodyMax)
}

export function addOffer(page: Dict, post: string, id: string, offer: { message: string; author: string }, by: Stamp): void {
  const target = postOf(page, post)
  if (isDict(dict(target.offers)[id])) return
  record(target, "offers", id, { author: offer.author, createdBy: by.ref, message: offer.message, createdAt: by.time })
  const made = (target.offers as Dict)[id] as Dict
  made.answers = {}
}

export const withdrawOffer = (page: Dict, post: string, offer: string): void =>
  setScalar(find(postOf(page, post), "offers", offer, "offer"), "withdrawn", true)

export const answerOffer = (page: Dict, post: string, offer: string, id: string, answer: "accepted" | "declined", by: Stamp): void =>
  record(find(postOf(page, post), "offers", offer, "offer"), "answers", id, { answer, by: by.ref, createdAt: by.time })

export const closePost = (page: Dict, post: string, id: string, outcome: S.Outcome, by: Stamp): void =>
  record(postOf(page, post), "closings", id, { outcome, by: by.ref, createdAt: by.time })

export const reopenPost = (page: Dict, post: string, closing: string): void =>
  setScalar(find(postOf(page, post), "closings", closing, "closing"), "reopened", true)

export function supportPost(page: Dict, post: string, on: boolean, ref: string): void {
  const supports = child(postOf(page, post), "supports")
  if (on && supports[ref] !== true) supports[ref] = true
  if (!on && ref in supports) delete supports[ref]
}

export function setIdea(page: Dict, post: string, status: S.IdeaStatus, reason: string | undefined): void {
  if (status === "declined" && !reason?.trim()) throw new TypeError("a declined idea has a reason")
  const idea = child(postOf(page, post), "idea")
  setScalar(idea, "status", status)
  setScalar(idea, "reason", reason?.trim() || null)
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

export const proposeTerms = (page: Dict, post: string, id: string, terms: Proposal, by: Stamp): void =>
  record(postOf(page, post), "terms", id, {
    party: terms.party, task: terms.task, place: terms.place, repeat: terms.repeat, start: date(terms.start), createdAt: by.time,
  })

export const acknowledgeTerms = (page: Dict, post: string, id: string, terms: string, party: string, by: Stamp): void =>
  record(postOf(page, post), "acks", id, { party, terms, createdAt: by.time })

export const moderate = (
  page: Dict, id: string, target: string, action: S.ModerationAct, rule: string, facts: string, by: Stamp,
): void => record(page, "moderation", id, { target, action, rule, facts, by: by.ref, createdAt: by.time })

/** Changes settings of a board. What is not named stays. */
export function updateBoard(board: Dict, changes: Partial<S.BoardSettings>): void {
  for (const name of ["title", "about", "timeZone", "place", "controller", "demo"] as const) setScalar(board, name, changes[name])
  setMembers(board, "languages", changes.languages)
  setMembers(board, "pinned", changes.pinned)
  for (const [name, value] of Object.entries(changes.settings ?? {})) setScalar(child(board, "settings"), name, value)
  for (const [lang, rules] of Object.entries(changes.houseRules ?? {})) {
    child(board, "houseRules")
    setText(board, ["houseRules", lang], rules)
  }
  for (const [id, { label, ...rest }] of Object.entries(changes.categories ?? {})) {
    const category = child(child(board, "categories"), id)
    for (const [name, value] of Object.entries(rest)) setScalar(category, name, value)
    for (const [lang, value] of Object.entries(label ?? {})) setScalar(child(category, "label"), lang, value)
  }
  for (const [id, card] of Object.entries(changes.contacts ?? {}))
    for (const [name, value] of Object.entries(card)) setScalar(child(child(board, "contacts"), id), name, value)
}
