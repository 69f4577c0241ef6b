// What membership means to an open client: it refreshes, recovers from refusals, tells how the device is, and ends.

import type { GuardedStorage } from "../device/guard.js"
import { pause, wipePage } from "../device/platform.js"
import type { Documents } from "../documents.js"
import type { Verdict } from "../net/adapter.js"
import { Value } from "../observable.js"
import { toldSpace } from "../unsent.js"
import type { Ended, Ends, Removal } from "./ended.js"
import type { Unsent } from "./leaving.js"
import type { Membership } from "./membership.js"
import { parseRefused, Refusals } from "./refusals.js"

/** This device does not belong any more. */
export interface Revoked {
  /** It was only away for too long, and may join again. */
  readonly lease: boolean
  /** What was written here and not sent. It is here, in memory, and nowhere else on this device. */
  readonly unsent: readonly Unsent[]
  /** Whether the server took it for an owner to look at; null while that is being tried. */
  readonly offered: boolean | null
  /** What was not sent cannot be read, since a part of the app could not be loaded: nothing is removed before the next start has read it. */
  readonly unread: boolean
  /** Everything was removed from this device. */
  readonly wiped: boolean
}

/** What it needs of the client. */
export interface Owned {
  readonly membership: Membership
  readonly storage: GuardedStorage
  readonly documents: () => Documents
  readonly now: () => number
  readonly removal: Removal
  /** Who this device is, or what it may, has changed. */
  changed(): void
  /** Tries to connect. */
  connect(): void
  /** Ends everything that writes or connects. */
  stop(): void
  /** Removes what the client keeps outside of its storage. */
  wipe(): Promise<void>
}

const statusEvery = 3_600_000 // milliseconds
const offerLongest = 30_000 // milliseconds that a network which carries nothing can delay the end
const endedSpace = ["tavle-ended"]
/** What is seldom needed is fetched while it can be had: a web page without a service worker finds no more of it once the server has another version. */
const fetchParts = (): void => void Promise.allSettled([import("./leaving.js"), import("./ended.js"), import("./replay.js"), import("./reasons.js")])

const forbidden = 4403
const unauthorised = 4401

export class Belonging {
  readonly revoked = new Value<Revoked | null>(null)
  readonly refusals: Refusals
  readonly ended = new Value<readonly Ended[]>([])
  #ends: Promise<Ends | null> = Promise.resolve(null)
  readonly #owned: Owned
  readonly #release: (() => void)[]
  #statusAt = -Infinity
  #joined = false
  #state: string

  constructor(owned: Owned) {
    this.#owned = owned
    const { membership, storage, documents, now } = owned
    this.refusals = new Refusals(storage, documents, now)
    this.#state = membership.standing.get().state
    this.#release = [membership.me.subscribe(() => this.#heard()), membership.standing.subscribe(() => this.#stood())]
  }

  /** Begins; when the device was revoked before it started, ends at once. */
  start(): void {
    fetchParts()
    if (this.#state === "revoked") void this.#leave()
    else this.#end()
  }

  close(): void {
    for (const release of this.#release) release()
  }

  /** The connection has begun: what this device may can have changed meanwhile. */
  joined(): void {
    this.#joined = true
    this.#statusAt = -Infinity
    void this.#owned.membership.refresh().then(() => this.tick(), () => {})
  }

  disconnected(): void {
    this.#joined = false
  }

  /** Time has passed. */
  tick(): void {
    const { membership, now, documents } = this.#owned
    void membership.look()
    void this.refusals.load()
    if (!this.#joined || Math.abs(now() - this.#statusAt) < statusEvery) return
    this.#statusAt = now()
    // Of a document of which the server has told nothing yet, it is not known what it lacks.
    const unsent = [...documents().all].reduce((n, document) => n + (document.confirmedHeads ? document.unsent : 0), 0)
    void membership.status(unsent).catch(() => {}) // the next hour tells it
  }

  /** The server has ended a connection, or let none in. */
  async judge(code: number, text: string): Promise<Verdict> {
    const refused = code === forbidden ? parseRefused(text) : null
    if (refused) return this.refusals.recover(refused)
    if (code !== 0 && code !== unauthorised) return "no"
    const renewed = await this.#owned.membership.doubt()
    return renewed ? "now" : this.#owned.membership.standing.get().state === "member" ? "later" : "no"
  }

  /** The person knows that they belong to a board no more, and has what was not sent. */
  async dismissEnded(board: string): Promise<void> {
    await (await this.#ends)?.dismiss(board)
  }

  #heard(): void {
    this.#owned.changed()
    this.#end()
  }

  /** Leaves the boards of which the server has said that they ended. What could not be done is done at the next start. */
  #end(): void {
    if (this.#state === "revoked") return // all of it goes
    this.#ends = this.#ends.then(async ends => {
      const { membership, storage, removal, now } = this.#owned
      const boards = membership.me.get()?.ended ?? []
      if (!ends && boards.length === 0 && !(await storage.has(endedSpace))) return null
      const all = ends ?? new (await import("./ended.js")).Ends({ membership, storage, removal, now, space: endedSpace, all: this.ended })
      await all.leave(boards).catch(() => {})
      return all
    }).catch(() => null)
  }

  #stood(): void {
    const { state } = this.#owned.membership.standing.get()
    if (state === this.#state) return
    this.#state = state
    if (state === "revoked") void this.#leave()
    if (state === "replaced") this.#owned.stop()
    if (state === "member") this.#owned.connect()
  }

  /**
   * First what was not sent is read, so that it can be shown; then it is offered; then everything goes, whatever became of that. It is noted
   * before that it goes, and the key goes last: what is interrupted is finished by the next start.
   */
  async #leave(): Promise<void> {
    const { membership, storage } = this.#owned
    this.#owned.stop()
    this.revoked.set({ lease: membership.standing.get().lease, unsent: [], offered: null, unread: false, wiped: false })
    if (await membership.replaced()) return this.revoked.set(null) // what is here is the other's
    const leaving = await import("./leaving.js").catch(() => null)
    if (!leaving) return this.revoked.patch({ unread: true })
    await Promise.race([this.#offer(leaving).catch(() => {}), pause(offerLongest)])
    if (this.revoked.get()!.offered === null) this.revoked.patch({ offered: false })
    await membership.beginForgetting()
    wipePage()
    await this.#owned.wipe().catch(() => {})
    const gone = await storage.wipe().then(() => true, () => false)
    wipePage()
    if (!gone) return // the next start tries again
    await membership.forget().catch(() => {})
    this.revoked.patch({ wiped: true })
  }

  async #offer({ heldIn, offer, unsentOf }: typeof import("./leaving.js")): Promise<void> {
    const { membership, storage, documents } = this.#owned
    const open = [...documents().all].map(({ id, doc, confirmedHeads }) => ({ document: id, doc, confirmed: confirmedHeads?.heads ?? [] }))
    const stored = await heldIn(storage, toldSpace).catch(() => [])
    const held = [...open, ...stored.filter(({ document }) => !open.some(other => other.document === document))]
    this.revoked.patch({ unsent: unsentOf(held) })
    const offered = await offer(membership, held)
    if (!this.revoked.get()!.wiped) this.revoked.patch({ offered })
  }
}
