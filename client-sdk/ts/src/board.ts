// A board that is open: its settings and the posts of the months that are open. Everything works without a network.

import type { OpenDocument } from "./document.js"
import type { Documents } from "./documents.js"
import { NotHere } from "./errors.js"
import { Invalid } from "./model/check.js"
import { parseSecret, secretBytes, secretFromBytes } from "./model/handover.js"
import { idFromBytes, isId, pageDocument, toAutomergeUrl, type DocumentId } from "./model/ids.js"
import { pageGenesis } from "./model/genesis.js"
import { numbers, type Numbers } from "./model/numbers.js"
import { asText, Moderation } from "./model/post.js"
import { readBoard } from "./model/read.js"
import type * as S from "./model/schema.js"
import { addMonths, dayMillis, monthOf } from "./model/time.js"
import * as views from "./model/views.js"
import * as write from "./model/write.js"
import type { Dict } from "./model/values.js"
import { Computed, Value, type Observable } from "./observable.js"
import { Page, type PageContext } from "./page.js"

/** What a board needs of its client. */
export interface BoardHost {
  readonly documents: Documents
  /** Reference of this device, or of who is visiting it. */
  ref(): string
  readonly origin: S.Origin
  /** What the device's clock says. */
  deviceNow(): number
  /** The best guess at the moment. */
  now(): number
  /** The moment, or null when the device does not trust its clock, given what the posts at hand are labelled. */
  trustedNow(labels: readonly number[]): number | null
  nextTime(): string
  see(time: string): void
  serverKnown(): boolean
  /** There is a server to send to. */
  readonly sends: boolean
  random(bytes: number): Uint8Array
  saved(promise: Promise<void>): Promise<void>
  titled(id: DocumentId, title: string, demo: boolean): void
}

/** Which months are open, newest first, and of which the server has not told everything yet. */
export interface Loading {
  readonly months: readonly string[]
  readonly pending: readonly string[]
}

export class Board {
  readonly id: string
  /** The automerge URL of the board. */
  readonly url: string
  readonly info: Observable<S.BoardInfo>
  readonly loading: Observable<Loading>
  /** Of the open months, newest first; and of other months those that are not on the board yet, or have an answer that is not. */
  readonly posts: Observable<S.Post[]>
  readonly #host: BoardHost
  readonly #document: OpenDocument
  readonly #context: PageContext
  readonly #info: Computed<S.BoardInfo>
  readonly #loading: Value<Loading>
  readonly #posts: Computed<S.Post[]>
  readonly #single = new Map<string, Computed<S.Post | null>>()
  #pages: Page[] = [] // newest first: of the months that should be open, and of others while they have something that was not sent
  #unsent: readonly string[] = [] // months of pages that were stored with something that was not sent, to be opened
  #span = 0
  #released = false
  #trusted = true
  #moderation: Moderation | null = null // of all pages; null when it has to be read again
  #pinned: ReadonlySet<string> = new Set()
  #opening: Promise<void> = Promise.resolve()

  /** @internal Boards are opened by the client. */
  constructor(document: OpenDocument, host: BoardHost) {
    this.id = document.id
    this.url = toAutomergeUrl(document.id)
    this.#host = host
    this.#document = document
    this.#info = new Computed<S.BoardInfo>(() => {
      const { concurrent, ...record } = readBoard(document.doc)
      return { id: document.id, ...record, conflicts: asText(concurrent), delivery: document.delivery(host.serverKnown()) }
    })
    this.#loading = new Value<Loading>({ months: [], pending: [] })
    this.#posts = new Computed(before => this.#collect(before))
    this.info = this.#info
    this.loading = this.#loading
    this.posts = this.#posts
    this.#context = {
      ref: () => host.ref(),
      now: () => (this.#trusted ? host.deviceNow() : null),
      pinned: () => this.#pinned,
      moderation: () => (this.#moderation ??= Moderation.together(this.#pages.map(page => page.document.doc))),
      moderated: () => this.#moderated(),
      see: time => host.see(time),
      serverKnown: () => host.serverKnown(),
      changed: () => this.#changed(),
    }
    document.onChange(() => this.#settingsChanged())
    this.#settingsChanged()
    if (host.sends) void this.#findUnsent()
  }

  /**
   * Opens the current month and the n - 1 before it, and lets go of others as soon as the server has what was written on them. Returns
   * when what is on this device of them can be read; never waits for the network. When a month ends, the new one is opened by itself.
   */
  openMonths(n: number): Promise<void> {
    this.#span = Math.max(1, Math.floor(n))
    return this.#follow()
  }

  /** A post of the open months; null when it is in none. */
  post(id: string): Observable<S.Post | null> {
    let post = this.#single.get(id)
    if (!post) {
      post = new Computed(() => this.#find(id))
      this.#single.set(id, post)
    }
    return post
  }

  /** Posts in which every word of the query begins a word, newest first. Works on the open months, and offline. */
  search(query: string, filter: views.Filter = {}): S.Post[] {
    return views.search(this.posts.get(), query, filter)
  }

  /** Posts that pass a filter, newest first. Open ones unless the filter says otherwise. */
  list(filter: views.Filter = {}): S.Post[] {
    return this.posts.get().filter(post => views.matches(post, filter))
  }

  /** Open requests, companions, items sought and questions that nobody else answered in the board's `unansweredHours`; newest first. */
  unanswered(): S.Post[] {
    return views.unanswered(this.posts.get(), this.#host.now(), this.info.get().settings.unansweredHours)
  }

  /** Of the posts of a period, how many somebody else answered. */
  replyRate(period: views.Period, kinds?: readonly string[]): { answered: number; all: number } {
    return views.replyRate(this.posts.get(), period, kinds)
  }

  /** What is counted of the posts of a period, of the open months. {@link percent} and {@link band} make shares and targets of it. */
  numbers(period: views.Period, kinds?: readonly string[]): Numbers {
    return numbers(this.posts.get(), period, kinds)
  }

  /** Open posts of the same kind that say much the same. */
  similar(draft: Pick<S.Draft, "kind" | "title" | "body"> & { id?: string }): S.Post[] {
    return views.similar(this.posts.get(), draft)
  }

  /** Posts of a post code, as a person said or typed it; several if they share it. */
  byCode(said: string): S.Post[] {
    return views.byCode(this.posts.get(), said)
  }

  /** Begins a post. Its id is fixed here, so that adding it twice makes one post. */
  newDraft(kind: string, lang: string): S.Draft {
    return { id: this.#newId(), month: this.#currentMonth(), kind, title: "", body: "", lang, author: "" }
  }

  /**
   * Adds a post, unless there is one of this id. Resolves when it is saved on this device; when the storage fails it resolves
   * all the same after three seconds, with a post whose delivery is `unsaved`.
   */
  async addPost(draft: S.Draft): Promise<S.Post> {
    const before = this.#find(draft.id)
    if (before) return before
    const page = await this.#pageFor(draft.month)
    const { openDays } = this.info.get().settings
    const standing = Math.max(this.#host.now() + openDays * dayMillis, write.dayAfter(draft.when))
    const expiresOn = draft.expiresOn === undefined ? standing : draft.expiresOn
    const by = { ...this.#stamp(), clientTime: this.#host.deviceNow(), origin: draft.origin ?? this.#host.origin }
    await this.#change(page.document, doc => write.addPost(doc, draft, by, expiresOn))
    return page.posts.get(draft.id)!
  }

  /**
   * Changes fields of a post. What is not named stays; null takes a field away. Moved by its author to after its `expiresOn`, it
   * stands until the day after.
   */
  editPost(id: string, changes: S.PostChanges): Promise<void> {
    const post = this.#find(id)
    const until = write.dayAfter(changes.when)
    const moved = post?.mine && post.expiresOn !== null && until > post.expiresOn // helpers may change when, but not expiresOn
    return this.#onPost(id, doc => write.editPost(doc, id, moved ? { expiresOn: until, ...changes } : changes))
  }

  /** Answers a post. With an id of a form's own, sending twice makes one reply. Returns the id. */
  async reply(postId: string, reply: { id?: string; body: string; author: string; lang?: string }): Promise<string> {
    const id = reply.id ?? this.#newId()
    const lang = reply.lang ?? this.#find(postId)?.lang ?? ""
    await this.#onPost(postId, doc => write.addReply(doc, postId, id, { ...reply, lang }, this.#stamp()))
    return id
  }

  /** "I can help". With an id of a form's own, sending twice makes one offer. Returns the id. */
  async offerHelp(postId: string, offer: { id?: string; message: string; author: string }): Promise<string> {
    const id = offer.id ?? this.#newId()
    await this.#onPost(postId, doc => write.addOffer(doc, postId, id, offer, this.#stamp()))
    return id
  }

  withdrawOffer(postId: string, offerId: string): Promise<void> {
    return this.#onPost(postId, doc => write.withdrawOffer(doc, postId, offerId, this.#stamp()))
  }

  answerOffer(postId: string, offerId: string, answer: "accepted" | "declined"): Promise<void> {
    return this.#onPost(postId, doc => write.answerOffer(doc, postId, offerId, this.#newId(), answer, this.#stamp()))
  }

  /** Closes a post with its outcome. Returns the id of the closing. */
  async close(postId: string, outcome: S.Outcome): Promise<string> {
    const id = this.#newId()
    await this.#onPost(postId, doc => write.closePost(doc, postId, id, outcome, this.#stamp()))
    return id
  }

  /** Takes all closings of a post back, of which one may be named: it is open again. */
  reopen(postId: string, _closingId?: string): Promise<void> {
    return this.#onPost(postId, doc => write.reopenPost(doc, postId, this.#stamp()))
  }

  /** Lets a post expire some days from now; never earlier than it would have. */
  extend(postId: string, days: number): Promise<void> {
    return this.#onPost(postId, doc => write.extendPost(doc, postId, this.#host.now() + days * dayMillis))
  }

  /** "Me too", or no longer. */
  support(postId: string, on: boolean): Promise<void> {
    return this.#onPost(postId, doc => write.supportPost(doc, postId, on, this.#host.ref()))
  }

  /** Sets the status of an idea. A declined one needs a reason. */
  setIdea(postId: string, status: S.IdeaStatus, reason?: string): Promise<void> {
    return this.#onPost(postId, doc => write.setIdea(doc, postId, status, reason))
  }

  /** Proposes terms of an arrangement. Returns their id. */
  async propose(postId: string, terms: write.Proposal): Promise<string> {
    const id = terms.id ?? this.#newId()
    await this.#onPost(postId, doc => write.proposeTerms(doc, postId, id, terms, this.#stamp()))
    return id
  }

  /** A party agrees to terms. */
  acknowledge(postId: string, termsId: string, party = this.#host.ref()): Promise<void> {
    return this.#onPost(postId, doc => write.acknowledgeTerms(doc, postId, this.#newId(), termsId, party, this.#stamp()))
  }

  /**
   * Offers a post that this device wrote for a neighbour to them. Returns the secret for their slip, 16 characters: it is nowhere else,
   * and whoever claims the post with it first has it. A second hand-over has a secret of its own; the first stays good.
   */
  async handOver(postId: string): Promise<string> {
    const secret = secretFromBytes(this.#host.random(secretBytes))
    await this.#onPost(postId, doc => write.handOver(doc, postId, this.#newId(), secret, this.#stamp()))
    return secret
  }

  /**
   * Takes over a post by its id or post code, with the secret of the slip as a person typed it. Returns the id of the post. Throws
   * Invalid with `malformed` when the secret is of no hand-over of the post, and with `held` when somebody else was first.
   */
  async claim(postIdOrCode: string, said: string): Promise<string> {
    const secret = parseSecret(said)
    if (!secret) throw new Invalid("malformed", "secret", "this is no secret of a hand-over")
    const found = isId(postIdOrCode) ? [postIdOrCode] : this.byCode(postIdOrCode).map(post => post.id)
    if (found.length === 0) throw new write.NotFound(`there is no post ${postIdOrCode} in the open months`)
    for (const [at, id] of found.entries()) {
      try {
        await this.#onPost(id, doc => write.claimPost(doc, id, this.#newId(), secret, this.#stamp()))
        return id
      } catch (error) {
        const other = error instanceof Invalid && error.why === "malformed" && at + 1 < found.length
        if (!other) throw error
      }
    }
    throw new write.NotFound(`there is no post ${postIdOrCode} in the open months`)
  }

  /** Writes a moderation record about a post, or about a reply or offer. */
  async moderate(target: string, action: S.ModerationAct, rule = "", facts = ""): Promise<void> {
    const page = this.#pages.find(page => [...page.posts.values()].some(post => holds(post, target)))
    if (!page) throw new write.NotFound(`there is nothing ${target} in the open months`)
    await this.#change(page.document, doc => write.moderate(doc, this.#newId(), target, action, rule, facts, this.#stamp()))
  }

  /** Changes settings of the board. What is not named stays. */
  updateSettings(changes: Partial<S.BoardSettings>): Promise<void> {
    return this.#change(this.#document, doc => write.updateBoard(doc, changes))
  }

  /** @internal Time has passed. */
  tick(): void {
    const missing = this.#months().some(month => !this.#pages.some(page => page.month === month))
    if (missing || this.#pages.some(page => !this.#stays(page))) void this.#follow()
    if (this.#doubtClock()) this.#changed()
    const now = this.#context.now()
    if (this.#pages.map(page => page.expire(now)).some(Boolean)) this.#changed()
    this.#setLoading()
  }

  /** @internal The server is known from now on, or somebody else reads. */
  refresh(): void {
    for (const page of this.#pages) page.refresh()
    this.#info.invalidate()
    this.#changed()
    this.tick()
  }

  /** @internal Lets go of all documents. */
  async release(): Promise<void> {
    this.#released = true
    this.#span = 0
    await this.#follow()
    await this.#host.documents.close(this.#document.id)
  }

  #newId(): string {
    return idFromBytes(this.#host.random(16))
  }

  #stamp(): write.Stamp {
    return { ref: this.#host.ref(), time: this.#host.nextTime() }
  }

  #currentMonth(): string {
    return monthOf(this.#host.now(), this.info.get().timeZone)
  }

  #mustBeHere(): void {
    if (this.#released) throw new NotHere("unknown", "this board was removed from this device")
  }

  /** The months that should be open. */
  #months(): string[] {
    if (this.#released) return []
    const current = this.#currentMonth()
    return Array.from({ length: this.#span }, (_, back) => addMonths(current, -back))
  }

  /** Opens the months that should be open, and closes others. One at a time. */
  #follow(): Promise<void> {
    this.#opening = this.#opening.then(() => this.#align(), () => this.#align())
    return this.#opening
  }

  async #align(): Promise<void> {
    const have = new Map(this.#pages.map(page => [page.month, page]))
    const staying = this.#pages.filter(page => this.#stays(page)).map(page => page.month)
    const months = [...new Set([...this.#months(), ...staying, ...(this.#released ? [] : this.#unsent)])].sort().reverse()
    this.#unsent = []
    const pages = await Promise.all(months.map(month => have.get(month) ?? this.#openPage(month)))
    this.#pages = pages
    this.#moderated()
    this.#setLoading()
    this.#changed()
    const left = [...have.values()].filter(page => !months.includes(page.month))
    for (const page of left) page.close()
    await Promise.all(left.map(page => this.#host.documents.close(page.document.id)))
  }

  /** Only an open page is sent: one that has something for the server stays until it is there. */
  #stays(page: Page): boolean {
    if (this.#months().includes(page.month)) return true
    return this.#host.sends && !this.#released && !page.document.confirmed
  }

  /** Opens the pages that were stored with something that was not sent: perhaps their months were over before there was a connection. */
  async #findUnsent(): Promise<void> {
    const months = await this.#host.documents.unsentMonths(this.id).catch(() => []) // those that cannot be read cannot be sent
    this.#unsent = months
    if (months.length > 0) await this.#follow()
  }

  async #openPage(month: string): Promise<Page> {
    const id = this.id as DocumentId
    const document = await this.#host.documents.open(pageDocument(id, month), () => pageGenesis(id, month))
    return new Page(month, document!, this.#context)
  }

  /** The page for a new post: of the draft's month if that is this or the last one, else of the current month. */
  async #pageFor(month: string): Promise<Page> {
    this.#mustBeHere()
    const current = this.#currentMonth()
    const target = month === addMonths(current, -1) ? month : current
    await this.#opening
    if (!this.#months().includes(target) || !this.#pages.some(page => page.month === target)) {
      this.#span = Math.max(this.#span, target === current ? 1 : 2)
      await this.#follow()
    }
    return this.#pages.find(page => page.month === target)!
  }

  #find(id: string): S.Post | null {
    for (const page of this.#pages) {
      const post = page.posts.get(id)
      if (post) return post
    }
    return null
  }

  async #onPost(id: string, change: (doc: Dict) => void): Promise<void> {
    const page = this.#pages.find(page => page.posts.has(id))
    if (!page) throw new write.NotFound(`there is no post ${id} in the open months`)
    await this.#change(page.document, change)
  }

  async #change(document: OpenDocument, change: (doc: Dict) => void): Promise<void> {
    this.#mustBeHere()
    return this.#host.saved(document.change(change))
  }

  #settingsChanged(): void {
    this.#info.invalidate()
    const info = this.info.get()
    if (info.pinned.join() !== [...this.#pinned].join()) {
      this.#pinned = new Set(info.pinned)
      for (const page of this.#pages) page.refresh()
      this.#changed()
    }
    this.#host.titled(this.#document.id, info.title, info.demo)
  }

  #moderated(): void {
    this.#moderation = null
    for (const page of this.#pages) page.refresh()
  }

  #changed(): void {
    this.#posts.invalidate()
    for (const post of this.#single.values()) post.invalidate()
    this.#setLoading()
  }

  /** Asks whether the clock is to be trusted, given the posts at hand; if that is new, they are read again. Reports whether it is. */
  #doubtClock(): boolean {
    const labels = this.#pages.flatMap(page => [...page.posts.values()].map(post => post.createdAt))
    const trusted = this.#host.trustedNow(labels) !== null
    if (trusted === this.#trusted) return false
    this.#trusted = trusted
    for (const page of this.#pages) page.refresh()
    return true
  }

  #setLoading(): void {
    const wanted = this.#months()
    const pages = this.#pages.filter(page => wanted.includes(page.month))
    const months = pages.map(page => page.month)
    const pending = pages.filter(page => !page.document.caughtUp).map(page => page.month)
    const before = this.#loading.get()
    if (before.months.join() !== months.join() || before.pending.join() !== pending.join()) this.#loading.set({ months, pending })
  }

  #collect(before: S.Post[] | undefined): S.Post[] {
    this.#doubtClock()
    const months = this.#months()
    const seen = new Map<string, S.Post>()
    for (const page of this.#pages) {
      const all = months.includes(page.month)
      for (const [id, post] of page.posts) if (!seen.has(id) && (all || waits(post))) seen.set(id, post)
    }
    const posts = [...seen.values()].sort(views.byNewest)
    const same = before?.length === posts.length && posts.every((post, at) => post === before[at])
    return same ? before : posts
  }
}

const waits = (post: S.Post): boolean => [post, ...post.replies, ...post.offers].some(({ delivery }) => delivery !== "board")
const holds = (post: S.Post, id: string): boolean =>
  post.id === id || post.replies.some(reply => reply.id === id) || post.offers.some(offer => offer.id === id)
