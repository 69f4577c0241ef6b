// From documents to boards and posts. Pure: the moment and who reads are arguments.

import * as A from "@automerge/automerge/slim"
import { codeOf, type DocumentId } from "./ids.js"
import * as S from "./schema.js"
import { dayMillis, defaultZone, parseTime } from "./time.js"
import { dict, isDict, members, optionalMillis, optionalNumber, optionalText, text, truthy, type Dict } from "./values.js"

/** What reading depends on besides the document. */
export interface Reader {
  /** Reference of the reading device. */
  ref: string
  /** Milliseconds since 1970; null when the device does not trust its clock, and so shows nothing as expired. */
  now: number | null
  month: string
  pinned: ReadonlySet<string>
  /** Hears of each time in what is read. */
  see?(time: string): void
  /** How far an entry has come: of a post, or of a reply or offer in it. */
  delivery(post: string, entry?: string): S.Delivery
}

/** What moderators did to an entry. */
export interface Judgement {
  removed: boolean
  hidden: boolean
  labels: string[]
}
const untouched: Judgement = { removed: false, hidden: false, labels: [] }

const millisOf = (time: unknown): number => parseTime(text(time))?.millis ?? 0

/** Entries of a map of records, oldest first; of equal times, by id. */
function entries(value: unknown): [string, Dict][] {
  return Object.entries(dict(value))
    .filter((entry): entry is [string, Dict] => isDict(entry[1]))
    .sort(([a, x], [b, y]) => compare(text(x.createdAt), text(y.createdAt)) || compare(a, b))
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** What the records of a page's moderation together say of each target. */
export function readModeration(page: unknown): Map<string, Judgement> {
  const judgements = new Map<string, Judgement>()
  for (const [, record] of entries(dict(page).moderation)) {
    const target = text(record.target)
    const before = judgements.get(target) ?? untouched
    const judged = judge(before, text(record.action), text(record.rule))
    judgements.set(target, judged)
  }
  return judgements
}

function judge(before: Judgement, action: string, rule: string): Judgement {
  switch (action) {
    case "remove": return { ...before, removed: true }
    case "hide": return { ...before, hidden: true }
    case "restore": return untouched
    case "label": return { ...before, labels: [...before.labels, rule] }
    default: return before
  }
}

/**
 * The maps that a post was made as. There is one, unless two windows that did not know of each other sent the same form:
 * then the entries of all of them belong to the post.
 */
function versions(posts: Dict, id: string): Dict[] {
  const winner = posts[id]
  const all = Object.values((isAutomerge(posts) && A.getConflicts(posts as A.Doc<Dict>, id)) || {}).filter(isDict) as Dict[]
  if (all.length < 2) return isDict(winner) ? [winner as Dict] : []
  return [winner as Dict, ...all.filter(version => A.getObjectId(version) !== A.getObjectId(winner))]
}

const isAutomerge = (value: Dict): boolean => A.getObjectId(value) !== null

const union = (of: Dict[], field: string): Dict => Object.assign({}, ...of.map(version => dict(version[field])).reverse())

const mergedFields = ["replies", "offers", "closings", "supports", "terms", "acks", "tags", "categories"] as const

/** Reads a post of a page. Null when there is none of this id. */
export function readPost(page: unknown, id: string, judgements: Map<string, Judgement>, reader: Reader): S.Post | null {
  const posts = dict(dict(page).posts)
  const made = versions(posts, id)
  const first = made[0]
  if (!first) return null
  if (reader.see) tellTimes(made, reader.see)
  const raw = made.length === 1 ? first : { ...first, ...Object.fromEntries(mergedFields.map(field => [field, union(made, field)])) }
  return assemble(id, raw, () => conflictsOf(first), judgements, reader)
}

function tellTimes(made: Dict[], see: (time: string) => void): void {
  for (const version of made) {
    see(text(version.createdAt))
    for (const field of timedFields) for (const [, entry] of entries(version[field])) see(text(entry.createdAt))
  }
}
const timedFields = ["replies", "offers", "closings", "terms", "acks"]

function assemble(id: string, raw: Dict, conflicts: () => Record<string, string[]>, judgements: Map<string, Judgement>, reader: Reader): S.Post {
  const { removed, hidden, labels } = judgements.get(id) ?? untouched
  const createdBy = text(raw.createdBy)
  const createdAt = millisOf(raw.createdAt)
  const clientTime = optionalMillis(raw.clientTime) ?? null
  const replies = readReplies(id, raw.replies, judgements, reader)
  const offers = readOffers(id, raw.offers, judgements, reader)
  const closings = readClosings(raw.closings)
  const standing = closings.find(closing => !closing.reopened)
  const expiresOn = optionalMillis(raw.expiresOn) ?? null
  const supports = members(raw.supports)
  const isExpired = expiresOn !== null && reader.now !== null && expiresOn < reader.now
  return {
    id,
    code: codeOf(id),
    kind: text(raw.kind),
    title: removed ? "" : text(raw.title),
    body: removed ? "" : text(raw.body),
    lang: text(raw.lang),
    author: text(raw.author),
    createdBy,
    origin: text(raw.origin),
    createdAt,
    clientTime,
    month: reader.month,
    state: standing ? "closed" : isExpired ? "expired" : "open",
    outcome: standing?.outcome,
    place: optionalText(raw.place),
    when: readWhen(raw.when),
    urgency: optionalText(raw.urgency),
    item: isDict(raw.item) ? { action: text(dict(raw.item).action) } : undefined,
    lost: optionalText(raw.lost),
    helpersWanted: optionalNumber(raw.helpersWanted) ?? 1,
    tags: members(raw.tags),
    categories: members(raw.categories),
    expiresOn,
    proxy: readProxy(raw.proxy),
    replies,
    offers,
    acceptedOffers: offers.filter(offer => offer.accepted),
    closings,
    idea: isDict(raw.idea) ? { status: text(dict(raw.idea).status) || "new", reason: text(dict(raw.idea).reason) } : undefined,
    terms: readTerms(raw.terms),
    acks: entries(raw.acks).map(([key, ack]) => ({ id: key, party: text(ack.party), terms: text(ack.terms), createdAt: millisOf(ack.createdAt) })),
    supports: supports.length,
    supported: supports.includes(reader.ref),
    answered: [...replies, ...offers].some(entry => entry.createdBy !== createdBy),
    pinned: reader.pinned.has(id),
    mine: createdBy === reader.ref,
    removed,
    hidden,
    labels,
    get conflicts() {
      const found = conflicts()
      Object.defineProperty(this, "conflicts", { value: found, enumerable: true })
      return found
    },
    delivery: reader.delivery(id),
    clockSuspect: clientTime === null ? createdAt === 0 : Math.abs(clientTime - createdAt) > dayMillis,
  }
}

function readReplies(post: string, value: unknown, judgements: Map<string, Judgement>, reader: Reader): S.Reply[] {
  return entries(value).map(([id, raw]) => {
    const removed = judgements.get(id)?.removed ?? false
    const createdBy = text(raw.createdBy)
    return {
      id, createdBy, removed,
      body: removed ? "" : text(raw.body),
      author: text(raw.author),
      createdAt: millisOf(raw.createdAt),
      lang: text(raw.lang),
      mine: createdBy === reader.ref,
      delivery: reader.delivery(post, id),
    }
  })
}

function readOffers(post: string, value: unknown, judgements: Map<string, Judgement>, reader: Reader): S.Offer[] {
  return entries(value).map(([id, raw]) => {
    const removed = judgements.get(id)?.removed ?? false
    const createdBy = text(raw.createdBy)
    const answers = entries(raw.answers).map(([key, vote]) => ({
      id: key, answer: text(vote.answer), by: text(vote.by), createdAt: millisOf(vote.createdAt),
    }))
    return {
      id, createdBy, removed, answers,
      author: text(raw.author),
      message: removed ? "" : text(raw.message),
      createdAt: millisOf(raw.createdAt),
      withdrawn: truthy(raw.withdrawn),
      accepted: isAccepted(answers),
      mine: createdBy === reader.ref,
      delivery: reader.delivery(post, id),
    }
  })
}

/** An `accepted` answer with no later `declined` by the same. Answers come oldest first. */
const isAccepted = (answers: S.Answer[]): boolean =>
  answers.some((yes, at) => yes.answer === "accepted" && !answers.slice(at + 1).some(no => no.answer === "declined" && no.by === yes.by))

const readClosings = (value: unknown): S.Closing[] =>
  entries(value).map(([id, raw]) => ({
    id, outcome: text(raw.outcome), by: text(raw.by), createdAt: millisOf(raw.createdAt), reopened: truthy(raw.reopened),
  }))

function readTerms(value: unknown): S.Terms[] {
  const all = entries(value)
  return all.map(([id, raw], at) => ({
    id,
    party: text(raw.party), task: text(raw.task), place: text(raw.place), repeat: text(raw.repeat),
    start: optionalMillis(raw.start),
    createdAt: millisOf(raw.createdAt),
    standing: at === all.length - 1,
  }))
}

function readWhen(value: unknown): S.When | undefined {
  if (!isDict(value)) return undefined
  const raw = dict(value)
  return { start: optionalMillis(raw.start), end: optionalMillis(raw.end), repeat: optionalText(raw.repeat), note: optionalText(raw.note) }
}

function readProxy(value: unknown): S.Proxy | undefined {
  if (!isDict(value)) return undefined
  const raw = dict(value)
  return {
    kind: text(raw.kind) as S.Proxy["kind"],
    permission: text(raw.permission) as S.Proxy["permission"],
    permittedAt: optionalMillis(raw.permittedAt),
    permittedUntil: optionalMillis(raw.permittedUntil),
    callBackBy: text(raw.callBackBy) as S.Proxy["callBackBy"],
    connector: optionalText(raw.connector),
  }
}

const scalarFields = ["title", "author", "lang", "place", "urgency", "lost", "helpersWanted", "expiresOn"]
const mapFields = { when: ["start", "end", "repeat", "note"], item: ["action"], idea: ["status", "reason"] } as const

function conflictsOf(post: Dict): Record<string, string[]> {
  if (!isAutomerge(post)) return {}
  const found: Record<string, string[]> = {}
  const look = (of: Dict, field: string, name: string) => {
    const values = Object.values(A.getConflicts(of as A.Doc<Dict>, field) ?? {}).map(show)
    if (new Set(values).size > 1) found[name] = [...new Set(values)]
  }
  for (const field of scalarFields) look(post, field, field)
  for (const [name, fields] of Object.entries(mapFields))
    if (isDict(post[name])) for (const field of fields) look(dict(post[name]), field, `${name}.${field}`)
  return found
}

const show = (value: unknown): string => optionalText(value) ?? (value instanceof Date ? value.toISOString() : String(value))

/** Reads a board document. */
export function readBoard(id: DocumentId, doc: unknown, delivery: S.Delivery): S.BoardInfo {
  const raw = dict(doc)
  const limits = dict(raw.settings)
  const limit = (name: keyof S.BoardLimits) => optionalNumber(limits[name]) ?? S.defaultLimits[name]
  const byOrder = <T extends { order: number; id: string }>(list: T[]) => list.sort((a, b) => a.order - b.order || compare(a.id, b.id))
  return {
    id,
    title: text(raw.title),
    about: text(raw.about),
    languages: members(raw.languages),
    timeZone: text(raw.timeZone) || defaultZone,
    place: text(raw.place),
    controller: text(raw.controller),
    demo: truthy(raw.demo),
    categories: byOrder(Object.entries(dict(raw.categories)).map(([key, value]) => ({ id: key, ...readCategory(dict(value)) }))),
    houseRules: texts(raw.houseRules),
    contacts: byOrder(Object.entries(dict(raw.contacts)).map(([key, value]) => ({ id: key, ...readContact(dict(value)) }))),
    pinned: members(raw.pinned),
    settings: { openDays: limit("openDays"), closedDays: limit("closedDays"), unansweredHours: limit("unansweredHours") },
    delivery,
  }
}

const texts = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(dict(value)).map(([key, item]) => [key, text(item)]))

const readCategory = (raw: Dict): S.Category => ({
  label: texts(raw.label), icon: text(raw.icon), order: optionalNumber(raw.order) ?? 0, hidden: truthy(raw.hidden),
})

const readContact = (raw: Dict): S.ContactCard => ({
  name: text(raw.name), phone: text(raw.phone), hours: text(raw.hours), note: text(raw.note), order: optionalNumber(raw.order) ?? 0,
})
