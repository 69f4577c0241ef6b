// From documents to records: what is written there, in plain values and a fixed order. Pure. Names and meanings are those of SCHEMA.md.

import * as A from "@automerge/automerge/slim"
import type { Ack, Closing, Proxy, When } from "./schema.js"
import { defaultZone } from "./time.js"
import { compareOps, compareText, Entry, ExactNode, isDict, ShownNode, type Concurrent, type Dict } from "./values.js"

/** A post as it is written. Times are texts that order; timestamps are milliseconds since 1970, 0 when absent. */
export interface PostRecord {
  id: string
  kind: string
  title: string
  body: string
  lang: string
  author: string
  createdBy: string
  createdAt: string
  clientTime: number
  origin: string
  place: string
  when: Required<When> | null
  urgency: string
  item: { action: string } | null
  lost: string
  helpersWanted: number
  tags: string[]
  categories: string[]
  expiresOn: number
  proxy: Proxy | null
  replies: ReplyRecord[]
  offers: OfferRecord[]
  closings: (Made & Pick<Closing, "id" | "outcome" | "by" | "reopened"> & { createdAt: string })[]
  supports: string[]
  idea: { status: string; reason: string } | null
  terms: TermsRecord[]
  acks: (Made & Omit<Ack, "createdAt"> & { createdAt: string })[]
  handovers: HandoverRecord[]
  concurrent: Concurrent
}

interface Made {
  /** The operation that made the entry: says which is the later one. */
  made: string
}

export interface ReplyRecord {
  id: string
  body: string
  author: string
  createdBy: string
  createdAt: string
  lang: string
  concurrent: Concurrent
}

export interface OfferRecord {
  id: string
  author: string
  createdBy: string
  message: string
  createdAt: string
  withdrawn: boolean
  answers: (Made & { id: string; answer: string; by: string; createdAt: string })[]
  concurrent: Concurrent
}

export interface TermsRecord extends Made {
  id: string
  party: string
  task: string
  place: string
  repeat: string
  start: number
  createdAt: string
  replaces: string[]
}

export interface HandoverRecord extends Made {
  id: string
  secretHash: string
  by: string
  createdAt: string
  claims: (Made & { id: string; secret: string; by: string; createdAt: string })[]
}

export interface ModerationRecord extends Made {
  id: string
  target: string
  action: string
  rule: string
  facts: string
  by: string
  createdAt: string
  restores: string[]
}

/** The root of a document; exact when it is to be read with all concurrent values. */
export const rootOf = (doc: A.Doc<Dict>, exact: boolean, notes: Concurrent | null = null): Entry =>
  new Entry([exact ? new ExactNode(A.getBackend(doc), "_root") : new ShownNode(doc)], notes)

/** Ids under which the page has posts. */
export const postIds = (doc: A.Doc<Dict>): string[] => (isDict(doc.posts) ? Object.keys(doc.posts) : [])

/** Reads a post; null when there is none of this id. exact reads all concurrent values: needed where there may be any. */
export function readPost(doc: A.Doc<Dict>, id: string, exact: boolean): PostRecord | null {
  const notes: Concurrent = {}
  const post = rootOf(doc, exact).entry("posts").entryWith(id, notes)
  return post.exists ? postRecord(id, post, notes) : null
}

const byCreation = <T extends { createdAt: string }>(a: T, b: T): number => compareText(a.createdAt, b.createdAt)
const byMaking = (a: Made, b: Made): number => compareOps(a.made, b.made)

function postRecord(id: string, e: Entry, concurrent: Concurrent): PostRecord {
  const [when, item, idea, proxy] = [e.entry("when"), e.entry("item"), e.entry("idea"), e.entry("proxy")]
  return {
    id, concurrent,
    kind: e.string("kind"), title: e.string("title"), body: e.text("body"), lang: e.string("lang"), author: e.string("author"),
    createdBy: e.string("createdBy"), createdAt: e.time("createdAt"), clientTime: e.millis("clientTime"), origin: e.string("origin"),
    place: e.string("place"), urgency: e.string("urgency"), lost: e.string("lost"),
    helpersWanted: e.number("helpersWanted", 1), expiresOn: e.millis("expiresOn"),
    when: when.exists ? { start: when.millis("start"), end: when.millis("end"), repeat: when.string("repeat"), note: when.string("note") } : null,
    item: item.exists ? { action: item.string("action") } : null,
    idea: idea.exists ? { status: idea.string("status"), reason: idea.string("reason") } : null,
    proxy: proxy.exists ? proxyRecord(proxy) : null,
    tags: e.entry("tags").set(), categories: e.entry("categories").set(), supports: e.entry("supports").set(),
    replies: e.entry("replies").children(replyRecord).sort(byCreation),
    offers: e.entry("offers").children(offerRecord).sort(byCreation),
    closings: e.entry("closings").children((key, x) => ({
      id: key, made: x.made, outcome: x.string("outcome"), by: x.string("by"), createdAt: x.time("createdAt"), reopened: x.marked("reopened"),
    })).sort(byMaking),
    terms: e.entry("terms").children(termsRecord).sort(byMaking),
    acks: e.entry("acks").children((key, x) => ({
      id: key, made: x.made, party: x.string("party"), terms: x.string("terms"), createdAt: x.time("createdAt"),
    })).sort(byMaking),
    handovers: e.entry("handovers").children(handoverRecord).sort(byMaking),
  }
}

const proxyRecord = (x: Entry): Proxy => ({
  kind: x.string("kind") as Proxy["kind"],
  permission: x.string("permission") as Proxy["permission"],
  permittedAt: x.millis("permittedAt") || undefined,
  permittedUntil: x.millis("permittedUntil") || undefined,
  callBackBy: x.string("callBackBy") as Proxy["callBackBy"],
  connector: x.string("connector") || undefined,
})

const replyRecord = (id: string, x: Entry, concurrent: Concurrent): ReplyRecord => ({
  id, concurrent,
  body: x.text("body"), author: x.string("author"), createdBy: x.string("createdBy"), createdAt: x.time("createdAt"), lang: x.string("lang"),
})

const offerRecord = (id: string, x: Entry, concurrent: Concurrent): OfferRecord => ({
  id, concurrent,
  author: x.string("author"), createdBy: x.string("createdBy"), message: x.string("message"), createdAt: x.time("createdAt"),
  withdrawn: x.marked("withdrawn"),
  answers: x.entry("answers").children((key, vote) => ({
    id: key, made: vote.made, answer: vote.string("answer"), by: vote.string("by"), createdAt: vote.time("createdAt"),
  })).sort(byMaking),
})

const termsRecord = (id: string, x: Entry): TermsRecord => ({
  id, made: x.made,
  party: x.string("party"), task: x.string("task"), place: x.string("place"), repeat: x.string("repeat"), start: x.millis("start"),
  createdAt: x.time("createdAt"), replaces: x.entry("replaces").set(),
})

const handoverRecord = (id: string, x: Entry): HandoverRecord => ({
  id, made: x.made,
  secretHash: x.string("secretHash"), by: x.string("by"), createdAt: x.time("createdAt"),
  claims: x.entry("claims").children((key, claim) => ({
    id: key, made: claim.made, secret: claim.string("secret"), by: claim.string("by"), createdAt: claim.time("createdAt"),
  })).sort(byMaking),
})

/** The moderation records of a page, the earliest first. */
export function readModeration(doc: A.Doc<Dict>, exact: boolean): ModerationRecord[] {
  return rootOf(doc, exact).entry("moderation").children((id, x) => ({
    id, made: x.made,
    target: x.string("target"), action: x.string("action"), rule: x.string("rule"), facts: x.string("facts"), by: x.string("by"),
    createdAt: x.time("createdAt"), restores: x.entry("restores").set(),
  })).sort(byMaking)
}

/** What is written in a board document. */
export interface BoardRecord {
  title: string
  about: string
  languages: string[]
  timeZone: string
  place: string
  controller: string
  demo: boolean
  categories: { id: string; label: Record<string, string>; icon: string; order: number; hidden: boolean }[]
  houseRules: Record<string, string>
  contacts: { id: string; name: string; phone: string; hours: string; note: string; order: number }[]
  pinned: string[]
  settings: { openDays: number; closedDays: number; unansweredHours: number }
  concurrent: Concurrent
}

/** Reads a board document. */
export function readBoard(doc: A.Doc<Dict>): BoardRecord {
  const concurrent: Concurrent = {}
  const e = rootOf(doc, true, concurrent)
  const settings = e.entry("settings")
  const byOrder = <T extends { order: number }>(list: T[]): T[] => list.sort((a, b) => a.order - b.order)
  return {
    title: e.string("title"), about: e.string("about"), place: e.string("place"), controller: e.string("controller"),
    timeZone: e.string("timeZone") || defaultZone,
    demo: e.bool("demo"),
    languages: e.entry("languages").set(),
    pinned: e.entry("pinned").set(),
    settings: {
      openDays: settings.number("openDays", 30),
      closedDays: settings.number("closedDays", 90),
      unansweredHours: settings.number("unansweredHours", 48),
    },
    houseRules: byLanguage(e.entry("houseRules"), (rules, lang) => rules.text(lang)),
    categories: byOrder(e.entry("categories").children((id, x) => ({
      id, icon: x.string("icon"), order: x.number("order", 0), hidden: x.bool("hidden"),
      label: byLanguage(x.entry("label"), (label, lang) => label.string(lang)),
    }))),
    contacts: byOrder(e.entry("contacts").children((id, x) => ({
      id, name: x.string("name"), phone: x.string("phone"), hours: x.string("hours"), note: x.string("note"), order: x.number("order", 0),
    }))),
    concurrent,
  }
}

const byLanguage = (e: Entry, read: (e: Entry, lang: string) => string): Record<string, string> =>
  Object.fromEntries(e.keys().map(lang => [lang, read(e, lang)]).filter(([, said]) => said !== ""))
