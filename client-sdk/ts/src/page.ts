// A page that is open: its posts, read again only where something has changed.

import type { OpenDocument, Touched } from "./document.js"
import { assemble, type Moderation, type Reader } from "./model/post.js"
import { postIds, readPost, type PostRecord } from "./model/read.js"
import type { Delivery, Post } from "./model/schema.js"

/** What a page needs to know of its board and device. */
export interface PageContext {
  ref(): string
  now(): number | null
  pinned(): ReadonlySet<string>
  /** What moderation did, on all pages. */
  moderation(): Moderation
  /** The moderation of this page may be another. All pages are read again. */
  moderated(): void
  see(time: string): void
  serverKnown(): boolean
  changed(): void
}

export class Page {
  readonly month: string
  readonly document: OpenDocument
  readonly #context: PageContext
  readonly #release: () => void
  #posts = new Map<string, Post>()
  #dirty: Set<string> | "all" = "all"
  #deliveryDirty = true

  constructor(month: string, document: OpenDocument, context: PageContext) {
    this.month = month
    this.document = document
    this.#context = context
    this.#release = document.onChange(touched => this.#changed(touched))
  }

  close(): void {
    this.#release()
  }

  /** The posts by id. The map is another one after each change, the posts that stayed the same are the same. */
  get posts(): ReadonlyMap<string, Post> {
    if (this.#dirty === "all" || this.#dirty.size > 0 || this.#deliveryDirty) this.#read()
    return this.#posts
  }

  /** Everything is read again: who is pinned, or what the clock says, has changed. */
  refresh(): void {
    this.#dirty = "all"
  }

  /** Posts whose time has passed since they were read are read again. Reports whether there are any. */
  expire(now: number | null): boolean {
    let any = false
    for (const post of this.#posts.values()) {
      const due = post.expiresOn !== null && now !== null && post.expiresOn <= now
      if (post.state === "closed" || due === (post.state === "expired")) continue
      any = true
      if (this.#dirty !== "all") this.#dirty.add(post.id)
    }
    return any
  }

  #changed(touched: Touched | null): void {
    this.#deliveryDirty = true
    if (touched?.all) this.#context.moderated()
    else if (touched && this.#dirty !== "all") {
      for (const id of touched.posts) this.#dirty.add(id)
      for (const entry of touched.entries) this.#dirty.add(entry.slice(0, entry.indexOf("/")))
    }
    this.#context.changed()
  }

  #delivery(post: string, entry?: string): Delivery {
    return this.document.delivery(this.#context.serverKnown(), post, entry)
  }

  #read(): void {
    const doc = this.document.doc
    const reader: Reader = {
      ref: this.#context.ref(),
      now: this.#context.now(),
      month: this.month,
      pinned: this.#context.pinned(),
      moderation: this.#context.moderation(),
      delivery: (post, entry) => this.#delivery(post, entry),
    }
    const ids = this.#dirty === "all" ? postIds(doc) : [...this.#dirty]
    const posts = this.#dirty === "all" ? new Map<string, Post>() : new Map(this.#posts)
    for (const id of ids) {
      const record = readPost(doc, id, this.document.isConflicted(id))
      if (record) {
        this.#see(record)
        posts.set(id, assemble(record, reader))
      } else posts.delete(id)
    }
    for (const [id, post] of posts) {
      const record = this.#moved(post) ? readPost(doc, id, this.document.isConflicted(id)) : null
      if (record) posts.set(id, assemble(record, reader))
    }
    this.#posts = posts
    this.#dirty = new Set()
    this.#deliveryDirty = false
  }

  /** The device's clock follows the times in a post. */
  #see(record: PostRecord): void {
    const { replies, offers, closings, terms, acks, handovers } = record
    const claims = handovers.flatMap(handover => handover.claims)
    for (const { createdAt } of [record, ...replies, ...offers, ...closings, ...terms, ...acks, ...handovers, ...claims])
      this.#context.see(createdAt)
  }

  /** Whether a post, or something in it, has come further than was read. */
  #moved(post: Post): boolean {
    return (
      this.#delivery(post.id) !== post.delivery ||
      [...post.replies, ...post.offers].some(entry => this.#delivery(post.id, entry.id) !== entry.delivery)
    )
  }
}
