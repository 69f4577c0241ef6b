// What follows from a post: whether it is open, who helps, what moderation did. Pure: the moment and who reads are arguments.

import type * as A from "@automerge/automerge/slim"
import { fits, holderOf } from "./handover.js"
import { codeOf } from "./ids.js"
import { readModeration, type ModerationRecord, type OfferRecord, type PostRecord, type TermsRecord } from "./read.js"
import type * as S from "./schema.js"
import { dayMillis, parseTime } from "./time.js"
import { compareText, type Concurrent, type Dict } from "./values.js"

/** What reading depends on besides the document. */
export interface Reader {
  /** Reference of the reading device. */
  ref: string
  /** Milliseconds since 1970; null when the device does not trust its clock, and so shows nothing as expired. */
  now: number | null
  month: string
  pinned: ReadonlySet<string>
  moderation: Moderation
  /** How far an entry has come: a post, or a reply or offer in it. */
  delivery(post: string, entry?: string): S.Delivery
}

type Reason = Pick<ModerationRecord, "id" | "action" | "rule" | "facts" | "by" | "createdAt">

/** What the records of a page together did to its posts, replies and offers. */
export class Moderation {
  readonly #reasons = new Map<string, Reason>()
  readonly #labels = new Map<string, string[]>()

  /** A removal stands until a restore that knew of it, and counts for more than hiding; of two that stand the earlier says why. */
  constructor(records: readonly ModerationRecord[]) {
    const restored = new Set(records.flatMap(record => (record.action === "restore" ? record.restores : [])))
    for (const record of records) {
      const { id, target, action, rule } = record
      if (restored.has(id)) continue
      const before = this.#reasons.get(target)?.action
      if ((action === "remove" && before !== "remove") || (action === "hide" && !before)) this.#reasons.set(target, record)
      if (action === "label") this.#labels.set(target, [...(this.#labels.get(target) ?? []), rule])
    }
  }

  /** What the records of several pages did: each page by itself, and a removal on any counts. */
  static together(pages: A.Doc<Dict>[]): Moderation {
    const all = new Moderation([])
    for (const page of pages) {
      const own = new Moderation(readModeration(page, true))
      for (const [target, reason] of own.#reasons) if (overrules(reason, all.#reasons.get(target))) all.#reasons.set(target, reason)
      for (const [target, labels] of own.#labels) all.#labels.set(target, [...all.labels(target), ...labels])
    }
    return all
  }

  removed = (target: string): boolean => this.#reasons.get(target)?.action === "remove"
  hidden = (target: string): boolean => this.#reasons.get(target)?.action === "hide"
  labels = (target: string): string[] => this.#labels.get(target) ?? []

  /** The record by which something is hidden or removed. */
  reason = (target: string): Reason | undefined => this.#reasons.get(target)

  /** The same, for those who ask why. */
  why(target: string): S.ModerationReason | undefined {
    const reason = this.reason(target)
    if (!reason) return undefined
    const { action, rule, facts, by, createdAt } = reason
    return { action: action as "hide" | "remove", rule, facts, by, createdAt: millisOf(createdAt) }
  }
}

/** Whether a record of another page says more than one, or the same earlier. */
function overrules(reason: Reason, other: Reason | undefined): boolean {
  if (!other || reason.action !== other.action) return !other || reason.action === "remove"
  return (compareText(reason.createdAt, other.createdAt) || compareText(reason.id, other.id)) < 0
}

const millisOf = (time: string): number => parseTime(time)?.millis ?? 0
const dated = <T extends { createdAt: string; made?: string }>({ made: _, createdAt, ...rest }: T) => ({ ...rest, createdAt: millisOf(createdAt) })

/** Whether somebody accepted an offer and did not decline it later. Answers come earliest first. */
export function isAccepted(answers: readonly { answer: string; by: string }[]): boolean {
  const last = new Map<string, string>()
  for (const { answer, by } of answers) if (answer === "accepted" || answer === "declined") last.set(by, answer)
  return [...last.values()].includes("accepted")
}

/** Ids of the terms that no others replace. */
export function standingTerms(terms: readonly Pick<TermsRecord, "id" | "replaces">[]): Set<string> {
  const replaced = new Set(terms.flatMap(({ id, replaces }) => replaces.filter(other => other !== id)))
  return new Set(terms.map(({ id }) => id).filter(id => !replaced.has(id)))
}

/** The post that a reader sees. */
export function assemble(record: PostRecord, reader: Reader): S.Post {
  const { id, createdBy, moderation } = { ...record, moderation: reader.moderation }
  const removed = moderation.removed(id)
  const replies = record.replies.map(reply => readReply(id, reply, reader))
  const offers = record.offers.map(offer => readOffer(id, offer, reader))
  const standing = record.closings.find(closing => !closing.reopened)
  const expired = record.expiresOn !== 0 && reader.now !== null && record.expiresOn <= reader.now
  const heldBy = holderOf(record)
  const byOther = (entry: { createdBy: string; removed: boolean }) =>
    entry.createdBy !== createdBy && entry.createdBy !== heldBy && !entry.removed
  const stands = standingTerms(record.terms)
  const createdAt = millisOf(record.createdAt)
  return {
    id,
    code: codeOf(id),
    kind: record.kind,
    title: removed ? "" : record.title,
    body: removed ? "" : record.body,
    lang: record.lang,
    author: record.author,
    createdBy,
    heldBy,
    handovers: record.handovers.map(readHandover),
    origin: record.origin,
    createdAt,
    time: record.createdAt,
    clientTime: record.clientTime || null,
    month: reader.month,
    state: standing ? "closed" : expired ? "expired" : "open",
    outcome: standing?.outcome,
    place: record.place || undefined,
    when: record.when ? withoutZeros(record.when) : undefined,
    urgency: record.urgency || undefined,
    item: record.item ?? undefined,
    lost: record.lost || undefined,
    helpersWanted: record.helpersWanted,
    tags: record.tags,
    categories: record.categories,
    expiresOn: record.expiresOn || null,
    proxy: record.proxy ?? undefined,
    replies,
    offers,
    acceptedOffers: offers.filter(offer => offer.accepted && !offer.withdrawn && !offer.removed),
    closings: record.closings.map(dated),
    idea: record.idea ? { status: record.idea.status || "new", reason: record.idea.reason } : undefined,
    terms: record.terms.map(({ replaces, start, ...terms }) => ({ ...dated(terms), start: start || undefined, standing: stands.has(terms.id) })),
    acks: record.acks.map(dated),
    agreed: agreedTerms(record, stands),
    supports: record.supports.length,
    supported: record.supports.includes(reader.ref),
    answered: replies.some(byOther) || offers.some(offer => byOther(offer) && !offer.withdrawn),
    pinned: reader.pinned.has(id),
    mine: heldBy === reader.ref,
    removed,
    hidden: moderation.hidden(id),
    moderation: moderation.why(id),
    labels: moderation.labels(id),
    conflicts: removed ? {} : asText(record.concurrent),
    delivery: reader.delivery(id),
    clockSuspect: createdAt === 0 || (record.clientTime !== 0 && Math.abs(record.clientTime - createdAt) > dayMillis),
  }
}

/** The terms that stand alone and that another party said yes to. */
function agreedTerms(record: PostRecord, stands: Set<string>): string | undefined {
  const [only, ...more] = record.terms.filter(terms => stands.has(terms.id))
  const agreed = only && more.length === 0 && record.acks.some(ack => ack.terms === only.id && ack.party !== only.party)
  return agreed ? only.id : undefined
}

const readHandover = ({ id, by, createdAt, claims, secretHash: hash }: PostRecord["handovers"][number]): S.Handover => ({
  id,
  by,
  createdAt: millisOf(createdAt),
  claims: claims.map(claim => ({
    id: claim.id, by: claim.by, createdAt: millisOf(claim.createdAt), fits: fits(claim.secret, hash),
  })),
})

function readReply(post: string, reply: PostRecord["replies"][number], reader: Reader): S.Reply {
  const { concurrent: _, ...rest } = reply
  const removed = reader.moderation.removed(reply.id)
  const delivery = reader.delivery(post, reply.id)
  return { ...dated(rest), body: removed ? "" : reply.body, mine: reply.createdBy === reader.ref, removed, hidden: reader.moderation.hidden(reply.id), moderation: reader.moderation.why(reply.id), delivery }
}

function readOffer(post: string, offer: OfferRecord, reader: Reader): S.Offer {
  const { concurrent: _, ...rest } = offer
  const removed = reader.moderation.removed(offer.id)
  return {
    ...dated(rest),
    message: removed ? "" : offer.message,
    answers: offer.answers.map(dated),
    accepted: isAccepted(offer.answers),
    mine: offer.createdBy === reader.ref,
    removed,
    hidden: reader.moderation.hidden(offer.id),
    moderation: reader.moderation.why(offer.id),
    delivery: reader.delivery(post, offer.id),
  }
}

/** Concurrent values as text. */
export const asText = (concurrent: Concurrent): Record<string, string[]> =>
  Object.fromEntries(Object.entries(concurrent).map(([field, values]) => [field, values.map(String)]))

const withoutZeros = (when: Required<S.When>): S.When =>
  Object.fromEntries(Object.entries(when).filter(([, value]) => value !== 0 && value !== ""))
