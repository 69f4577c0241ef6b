// What a board and a post are for those who read them. SCHEMA.md has the documents behind it.

/** The kinds of post that this version knows. Posts of other kinds are kept and shown. */
export const postKinds = [
  "request", "offer", "item", "companion", "event", "notice", "question", "idea", "lostFound", "arrangement",
] as const
export type PostKind = (typeof postKinds)[number]

export type Outcome = "foundHere" | "foundElsewhere" | "notNeeded"
export type Origin = "phone" | "kiosk" | "desk" | "import" | "demo"
export type Urgency = "today" | "week" | "whenever"
export type ItemAction = "give" | "lend" | "swap" | "seek"
export type IdeaStatus = "new" | "considering" | "planned" | "done" | "declined"
export type ModerationAct = "hide" | "remove" | "restore" | "label"

/**
 * How far a post has come, derived from heads:
 * `unsaved` – only in memory, storage has not taken it (yet: see `device.failing` when it lasts);
 * `device` – saved on this device, no server was ever reached;
 * `waiting` – saved on this device, the server's heads do not contain it;
 * `board` – the heads that the server told contain it, and it tells only what is durable.
 */
export type Delivery = "unsaved" | "device" | "waiting" | "board"

/** An event's or arrangement's time, in milliseconds since 1970. */
export interface When {
  start?: number
  end?: number
  /** `daily`, `weekly` or `monthly`. */
  repeat?: string
  note?: string
}

/** The post is for a neighbour who is not online. Never says who that is. */
export interface Proxy {
  kind: "self" | "family" | "neighbour" | "volunteer" | "professional" | "legalRepresentative"
  permission: "spoken" | "written" | "phone"
  /** Milliseconds since 1970. */
  permittedAt?: number
  /** Milliseconds since 1970; 30 days after permittedAt unless said otherwise. */
  permittedUntil?: number
  callBackBy: "phone" | "visit" | "letter" | "none"
  /** Reference of the volunteer's device. */
  connector?: string
}

/** The record by which something is removed or hidden: the earliest that stands. */
export interface ModerationReason {
  action: "hide" | "remove"
  /** Of the house rules, as the moderator named it. */
  rule: string
  facts: string
  /** Reference of the moderator's device. */
  by: string
  createdAt: number
}

export interface Reply {
  id: string
  body: string
  author: string
  createdBy: string
  createdAt: number
  lang: string
  mine: boolean
  removed: boolean
  hidden: boolean
  /** Why it is removed or hidden. */
  moderation?: ModerationReason
  delivery: Delivery
}

export interface Answer {
  id: string
  answer: string
  by: string
  createdAt: number
}

export interface Offer {
  id: string
  author: string
  createdBy: string
  message: string
  createdAt: number
  withdrawn: boolean
  answers: Answer[]
  /** An `accepted` answer with no later `declined` by the same. */
  accepted: boolean
  mine: boolean
  removed: boolean
  hidden: boolean
  /** Why it is removed or hidden. */
  moderation?: ModerationReason
  delivery: Delivery
}

export interface Closing {
  id: string
  outcome: string
  by: string
  createdAt: number
  reopened: boolean
}

export interface Terms {
  id: string
  party: string
  task: string
  place: string
  repeat: string
  start?: number
  createdAt: number
  /** No others replace it. Two that were proposed at the same time both stand. */
  standing: boolean
}

export interface Ack {
  id: string
  party: string
  terms: string
  createdAt: number
}

/** The post was offered to the neighbour for whom it was written. */
export interface Handover {
  id: string
  by: string
  createdAt: number
  /** Who took it over with a secret, earliest first; with the right one if it `fits`. */
  claims: { id: string; by: string; createdAt: number; fits: boolean }[]
}

export interface Post {
  readonly id: string
  /** Four characters, for people to say and to print. */
  readonly code: string
  readonly kind: string
  readonly title: string
  readonly body: string
  readonly lang: string
  readonly author: string
  readonly createdBy: string
  /** Whose post it is: of the first who claimed it with the secret of a hand-over, and otherwise of its author. */
  readonly heldBy: string
  /** Earliest first. */
  readonly handovers: Handover[]
  readonly origin: string
  /** A label in milliseconds since 1970. */
  readonly createdAt: number
  /** The same as a time of SCHEMA.md, by which lists are ordered. */
  readonly time: string
  /** What the author's clock said, in milliseconds since 1970. */
  readonly clientTime: number | null
  readonly month: string
  readonly state: "open" | "closed" | "expired"
  /** Of the earliest closing that was not taken back. */
  readonly outcome?: string
  readonly place?: string
  readonly when?: When
  readonly urgency?: string
  readonly item?: { action: string }
  readonly lost?: string
  readonly helpersWanted: number
  readonly tags: string[]
  readonly categories: string[]
  readonly expiresOn: number | null
  readonly proxy?: Proxy
  /** Oldest first. */
  readonly replies: Reply[]
  /** Oldest first. */
  readonly offers: Offer[]
  /** Those that stand: not withdrawn, not removed. More than `helpersWanted` are all here. */
  readonly acceptedOffers: Offer[]
  /** Earliest first, those that were taken back included. */
  readonly closings: Closing[]
  readonly idea?: { status: string; reason: string }
  /** Earliest first. */
  readonly terms: Terms[]
  readonly acks: Ack[]
  /** The id of the terms that stand alone and that another party said yes to. */
  readonly agreed?: string
  readonly supports: number
  /** Whether this device supports it. */
  readonly supported: boolean
  /** A reply or an offer by somebody else than its author and its holder. */
  readonly answered: boolean
  readonly pinned: boolean
  /** This device holds it. */
  readonly mine: boolean
  readonly removed: boolean
  readonly hidden: boolean
  /** Why it is removed or hidden. */
  readonly moderation?: ModerationReason
  /** Labels that moderators gave it. */
  readonly labels: string[]
  /**
   * Concurrent values of fields that several devices changed without knowing of each other, as text; the one shown is first. Moments are
   * digits, in milliseconds since 1970. Names are like `title` and `when.start`.
   */
  readonly conflicts: Readonly<Record<string, readonly string[]>>
  readonly delivery: Delivery
  /** Its times do not fit together: a device's clock was wrong. Only a label. */
  readonly clockSuspect: boolean
}

/** A post as its form holds it. Its id is fixed, so that adding it twice makes one post. */
export interface Draft {
  readonly id: string
  /** The month whose page it goes to, fixed for the same reason. */
  readonly month: string
  kind: string
  title: string
  body: string
  lang: string
  author: string
  place?: string
  when?: When
  urgency?: string
  item?: { action: string }
  lost?: string
  helpersWanted?: number
  tags?: string[]
  categories?: string[]
  /** Milliseconds since 1970; null for never. By default the board's `openDays` from now, and not before the day after `when`. */
  expiresOn?: number | null
  proxy?: Proxy
  origin?: Origin
}

export type PostChanges = Partial<
  Pick<Draft, "title" | "body" | "lang" | "author" | "tags" | "categories"> & {
    place: string | null
    urgency: string | null
    when: When | null
    item: { action: string } | null
    lost: string | null
    helpersWanted: number
    expiresOn: number
  }
>

export interface BoardLimits {
  openDays: number
  closedDays: number
  unansweredHours: number
}
export const defaultLimits: BoardLimits = { openDays: 30, closedDays: 90, unansweredHours: 48 }

export interface Category {
  label: Record<string, string>
  icon: string
  order: number
  hidden: boolean
}

export interface ContactCard {
  name: string
  phone: string
  hours: string
  note: string
  order: number
}

export interface BoardSettings {
  title: string
  about?: string
  languages?: string[]
  timeZone?: string
  place?: string
  controller?: string
  demo?: boolean
  categories?: Record<string, Partial<Category>>
  houseRules?: Record<string, string>
  contacts?: Record<string, Partial<ContactCard>>
  pinned?: string[]
  settings?: Partial<BoardLimits>
}

export interface BoardInfo {
  id: string
  title: string
  about: string
  languages: string[]
  timeZone: string
  place: string
  controller: string
  demo: boolean
  categories: ({ id: string } & Category)[]
  houseRules: Record<string, string>
  contacts: ({ id: string } & ContactCard)[]
  pinned: string[]
  settings: BoardLimits
  /** Concurrent values of fields, the one shown first. */
  conflicts: Readonly<Record<string, readonly string[]>>
  /** Heads of the server contain the board document as it is here. */
  delivery: Delivery
}
