// The way in: one client is one device, its storage and its connection.

import * as A from "@automerge/automerge/slim"
import { Repo, type NetworkAdapterInterface, type PeerId } from "@automerge/automerge-repo/slim"
import { Board, type BoardHost } from "./board.js"
import type { GuardedStorage } from "./device/guard.js"
import { openStorage, pause, platformRandom, platformSecondPlace, siblings, wipePage } from "./device/platform.js"
import { Registry, secondKey, type BoardSummary } from "./device/registration.js"
import type { OpenDocument } from "./document.js"
import { Documents, type Keep } from "./documents.js"
import { NotHere } from "./errors.js"
import { boardGenesis } from "./model/genesis.js"
import { boardDocument, findBoardId, idFromBytes, pageDocument, type DocumentId } from "./model/ids.js"
import type { BoardSettings } from "./model/schema.js"
import { addMonths, bestNow, Clock, clockTrusted, defaultZone, monthOf, parseTime } from "./model/time.js"
import { rootOf } from "./model/read.js"
import { updateBoard } from "./model/write.js"
import { SyncAdapter, type Connection, type SocketConstructor } from "./net/adapter.js"
import { serverTime } from "./net/server-time.js"
import { Value, type Observable } from "./observable.js"
import { Belonging, type Revoked } from "./membership/belonging.js"
import type { Ended, Removal } from "./membership/ended.js"
import type { Known, Membership } from "./membership/membership.js"
import { serverNow, type Me } from "./membership/rules/me.js"
import type { Action, Relation } from "./membership/rules/rights.js"
import type { Refusal } from "./membership/refusals.js"
import { defaultTiming, type ClientOptions, type ClientTiming, type DeviceState } from "./options.js"
import { ready } from "./wasm.js"

const monthsAhead = 1
const monthsBack = 24 // that forgetting a board looks for pages in

export class Client {
  /** The connection to the server. Without a server it is `waiting` with no next try. */
  readonly connection: Observable<Connection>
  readonly device: Observable<DeviceState>
  /** Boards that this device remembers, oldest first. */
  readonly boards: Observable<BoardSummary[]>
  readonly deviceName: string | undefined
  /** Who this device is and what it may; null before it has joined, and on open servers. */
  readonly me: Observable<Me | null>
  /** This device does not belong any more: show what was not sent, and nothing else. To join again, open a new client. Null while it belongs. */
  readonly revoked: Observable<Revoked | null>
  /** What the server refused of what was written here, latest first, until it is dismissed. Everything else goes on. */
  readonly refusals: Observable<readonly Refusal[]>
  /**
   * Boards to which this member belongs no more, while the device stays: they are removed from it. Show what was not sent, until it is
   * dismissed. Only what the server says of this member ends a board; silence, trouble and a board that it does not know never do.
   */
  readonly ended: Observable<readonly Ended[]>
  readonly #belonging: Belonging | null
  readonly #options: ClientOptions
  readonly #timing: ClientTiming
  readonly #registry: Registry
  readonly #storage: GuardedStorage
  readonly #device: Value<DeviceState>
  readonly #boards: Value<BoardSummary[]>
  readonly #documents: Documents
  readonly #adapter: SyncAdapter | null
  readonly #clock = new Clock()
  readonly #open = new Map<DocumentId, Promise<Board>>()
  readonly #ticker: ReturnType<typeof setInterval>
  readonly #now: () => number
  readonly #random: (n: number) => Uint8Array
  #serverKnown: boolean
  #stopped = false
  #visit = "" // the reference of who is at this device now, when that is not the device's own

  /** Opens the device's storage and starts to connect. Never waits for the network. */
  static async open(options: ClientOptions): Promise<Client> {
    await ready(options.wasm)
    const inMemory = options.storage === "memory"
    const device = new Value<DeviceState>({ ref: "", persisted: null, evicted: false, failing: null })
    const told = (failing: string | null) => device.patch({ failing })
    const profile = options.membership?.profile
    const storage = await openStorage(options.storage, told, profile)
    const second = options.secondPlace !== undefined ? options.secondPlace : inMemory || options.storage || profile !== undefined ? null : platformSecondPlace()
    if (options.membership?.forgetting) {
      // A wipe was interrupted. Whoever uses the device now finds nothing of it.
      wipePage()
      second?.removeItem?.(secondKey)
      await options.wipe?.().catch(() => {})
      await storage.clear()
      await options.membership.endForgetting()
    }
    const now = options.now ?? Date.now
    const registry = await Registry.open(storage, second, now(), options.random ?? platformRandom)
    device.patch({ ref: registry.record.ref, evicted: registry.record.evicted })
    const client = new Client(options, storage, registry, device)
    await client.#belonging?.refusals.load()
    client.#belonging?.start()
    if (!inMemory) void client.#persist()
    return client
  }

  private constructor(options: ClientOptions, storage: GuardedStorage, registry: Registry, device: Value<DeviceState>) {
    this.#options = options
    this.#timing = { ...defaultTiming, ...options.timing }
    this.#now = options.now ?? Date.now
    this.#random = options.random ?? platformRandom
    this.#storage = storage
    this.#registry = registry
    this.#device = device
    this.#boards = new Value(registry.record.boards)
    this.#serverKnown = registry.record.lastReached !== null
    const { membership } = options
    this.#belonging = membership ? this.#belong(membership) : null
    this.me = membership?.me ?? new Value<Me | null>(null)
    this.revoked = this.#belonging?.revoked ?? new Value<Revoked | null>(null)
    this.refusals = this.#belonging?.refusals.all ?? new Value<readonly Refusal[]>([])
    this.ended = this.#belonging?.ended ?? new Value<readonly Ended[]>([])
    this.#adapter = this.#connect()
    this.connection = this.#adapter?.connection ?? new Value<Connection>({ state: "waiting", lastReached: null, nextTry: null })
    this.device = device
    this.boards = this.#boards
    this.deviceName = options.deviceName
    const repo = new Repo({
      storage,
      network: this.#adapter ? [this.#adapter as NetworkAdapterInterface] : [],
      peerId: `tavle-${idFromBytes(this.#random(16))}` as PeerId,
      isEphemeral: options.storage === "memory",
    })
    const keep: Keep = async (...lost) => this.#belonging?.refusals.keep(...lost)
    this.#documents = new Documents(repo, storage, options.storage ? null : siblings(membership?.profile), () => this.#adapter?.restart(), keep)
    this.#ticker = setInterval(() => this.#tick(), this.#timing.tick)
    this.connection.subscribe(() => this.#connectionChanged())
    device.patch({ ref: this.#own })
  }

  /**
   * Whether this member may do something on a board: to what stands so to them (see {@link relationTo}), or to anything at all. An app shows
   * what it may; what is really written is judged by the server. On open servers everybody may everything.
   */
  may(board: string, action: Action, relation?: Relation): boolean {
    return this.#options.membership?.may(board, action, relation) ?? true
  }

  /** Everything that the server knows about this member. */
  known(): Promise<Known> {
    const { membership } = this.#options
    return membership ? membership.known() : Promise.reject(new Error("this client has no membership"))
  }

  /** The person knows that this was refused. */
  async dismissRefusal(id: string): Promise<void> {
    await this.#belonging?.refusals.dismiss(id)
  }

  /** The person knows that they belong to this board no more. */
  async dismissEnded(board: string): Promise<void> {
    await this.#belonging?.dismissEnded(board)
  }

  /** Makes a board on this device. The server hears of it when there is a connection. */
  async createBoard(settings: BoardSettings): Promise<Board> {
    if (this.revoked.get()) throw new NotHere("revoked", "this device does not belong any more")
    const document = (await this.#documents.open(boardDocument(this.#random(16)), boardGenesis))!
    const { languages = [], timeZone = defaultZone, ...rest } = settings
    await this.#saved(document.change(doc => updateBoard(doc, { ...rest, languages, timeZone })))
    const board = this.#board(document)
    this.#open.set(document.id, Promise.resolve(board))
    return board
  }

  /**
   * Opens a board by its id, its URL or a link that contains one: from this device, or else from the server. Throws {@link NotHere}
   * when neither has it.
   */
  openBoard(urlOrId: string): Promise<Board> {
    const id = findBoardId(urlOrId)
    if (!id) return Promise.reject(new NotHere("noLink", `${urlOrId} is no link to a board`))
    if (this.revoked.get()) return Promise.reject(new NotHere("revoked", "this device does not belong any more"))
    if (this.me.get()?.ended?.includes(id)) return Promise.reject(new NotHere("unknown", "this member belongs to this board no more"))
    const opening = this.#open.get(id) ?? this.#openBoard(id)
    this.#open.set(id, opening)
    opening.catch(() => this.#open.delete(id))
    return opening
  }

  /** Removes a board from this device: its documents, and that it was here. Elsewhere it stays. */
  async forgetBoard(urlOrId: string): Promise<void> {
    const id = findBoardId(urlOrId)
    if (!id) return
    await this.#release(id)
    await this.#remove(id, await this.#documentsOf(id))
  }

  async #release(id: DocumentId): Promise<void> {
    const board = await this.#open.get(id)
    await board?.release()
    this.#open.delete(id)
  }

  async #remove(id: DocumentId, documents: readonly DocumentId[]): Promise<void> {
    for (const document of documents) await this.#documents.remove(document)
    this.#remember(boards => boards.filter(board => board.id !== id))
  }

  /** Saves what is not saved yet, and ends the connection. */
  async close(): Promise<void> {
    this.#stop()
    this.#belonging?.close()
    const newestSeen = Math.max(this.#registry.record.newestSeen, this.#seenMillis)
    this.#registry.update({ newestSeen })
    this.#registry.close()
    const saved = Promise.all([this.#documents.shutdown(), this.#registry.written])
    await Promise.race([saved, pause(this.#timing.save)])
    this.#storage.close()
  }

  /** What is on this device: documents, their bytes, boards, and posts of the open months. */
  async contents(): Promise<{ documents: number; bytes: number; boards: number; posts: number }> {
    const chunks = await this.#storage.loadRange([])
    const documents = new Set<string>()
    let bytes = 0
    for (const { key, data } of chunks) {
      bytes += data?.length ?? 0
      if (key[1] === "snapshot" || key[1] === "incremental") documents.add(key[0]!)
    }
    const open = await Promise.allSettled(this.#open.values())
    const posts = open.reduce((n, board) => n + (board.status === "fulfilled" ? board.value.posts.get().length : 0), 0)
    return { documents: documents.size, bytes, boards: this.#boards.get().length, posts }
  }

  /** Tries to connect now, and to write what could not be written. */
  retryNow(): void {
    this.#storage.retryNow()
    this.#adapter?.retryNow()
  }

  /**
   * Somebody else is at this device: from now on what is made here carries a new random reference in the place of the device's (or, behind
   * a dot, after that of the kiosk that it belongs to), so that a reply to what an earlier person posted is an answer. Kept in memory only:
   * two visits have nothing in common but the kiosk and, in the documents' history, the actor of the page that was loaded.
   */
  newVisit(): void {
    this.#visit = idFromBytes(this.#random(16))
    this.#each(board => board.refresh())
  }

  /** The person knows that the storage was emptied. */
  acknowledgeEviction(): void {
    this.#registry.update({ evicted: false })
    this.#device.patch({ evicted: false })
  }

  #connect(): SyncAdapter | null {
    const { url, membership } = this.#options
    if (url === null) return null
    const webSocket = this.#options.webSocket ?? (globalThis.WebSocket as unknown as SocketConstructor | undefined)
    if (!webSocket) throw new Error("this platform has no WebSocket: give one in the option webSocket")
    return new SyncAdapter({
      url: url.replace(/^http/, "ws"),
      webSocket,
      now: this.#now,
      unit: () => new DataView(this.#random(4).slice().buffer).getUint32(0) / 2 ** 32,
      timing: this.#options.timing,
      lastReached: this.#registry.record.lastReached,
      wanted: id => this.#documents.wanted(id),
      onHeads: (id, heads, storageId) => this.#documents.heard(id, heads, storageId),
      onJoined: storageId => this.#joined(storageId),
      credentials: membership && (() => membership.credentials()),
      judge: this.#belonging ? (code, text) => this.#belonging!.judge(code, text) : undefined,
    })
  }

  #belong(membership: Membership): Belonging {
    membership.serverNow = () => {
      const { contact } = this.#registry.record
      return contact && serverNow(this.#now(), contact)
    }
    return new Belonging({
      membership,
      storage: this.#storage,
      documents: () => this.#documents,
      now: this.#now,
      removal: this.#removal(),
      changed: () => {
        this.#device.patch({ ref: this.#own })
        this.#each(board => board.refresh())
      },
      connect: () => this.#adapter?.retryNow(),
      stop: () => this.#stop(),
      wipe: async () => {
        this.#registry.forget()
        this.#boards.set([])
        await this.#options.wipe?.()
      },
    })
  }

  #removal(): Removal {
    const known = (id: string) => this.#boards.get().find(board => board.id === id)
    return {
      has: async id => known(id) !== undefined || (await this.#documents.isStored(id as DocumentId)),
      title: id => known(id)?.title ?? "",
      release: id => this.#release(id as DocumentId).catch(() => {}), // it could not be opened
      documents: id => this.#documentsOf(id as DocumentId),
      remove: (id, documents) => this.#remove(id as DocumentId, documents as DocumentId[]),
    }
  }

  #stop(): void {
    this.#stopped = true
    clearInterval(this.#ticker)
    this.#adapter?.disconnect()
  }

  /** The reference of the member, or of this device where there are none. */
  get #own(): string {
    return this.#options.membership?.me.get()?.member.ref ?? this.#registry.record.ref
  }

  /** Who writes: that, or who is visiting it. A person's own device has no visitors, whatever page it shows: a member counts once. */
  get #ref(): string {
    const me = this.#options.membership?.me.get()
    if (!this.#visit || (me && !me.member.kiosk)) return this.#own
    return me ? `${this.#own}.${this.#visit}` : this.#visit
  }

  #joined(storageId: string | undefined): void {
    this.#documents.meet(storageId)
    this.#belonging?.joined()
    void this.#askTime()
  }

  /** What the server's clock says, so that a wrong clock of the device is known. */
  async #askTime(): Promise<void> {
    const ask = this.#options.serverTime ?? serverTime
    const before = this.#now()
    const server = await ask(this.#options.url!).catch(() => null)
    const after = this.#now()
    if (server === null || this.#stopped) return
    this.#registry.update({ contact: { server, device: Math.round((before + after) / 2) } })
    this.#tick()
  }

  #connectionChanged(): void {
    const { state, lastReached } = this.connection.get()
    if (state !== "connected") this.#belonging?.disconnected()
    if (lastReached !== this.#registry.record.lastReached) this.#registry.update({ lastReached })
    if (!this.#serverKnown && lastReached !== null) {
      this.#serverKnown = true
      this.#each(board => board.refresh())
    }
  }

  #tick(): void {
    const seen = this.#seenMillis
    if (seen > this.#registry.record.newestSeen) this.#registry.update({ newestSeen: seen })
    this.#belonging?.tick()
    this.#each(board => board.tick())
  }

  get #seenMillis(): number {
    return parseTime(this.#clock.last)!.millis
  }

  #bestNow(): number {
    const { newestSeen, contact } = this.#registry.record
    return bestNow(this.#now(), newestSeen, contact)
  }

  #each(fn: (board: Board) => void): void {
    for (const opening of this.#open.values()) void opening.then(fn, () => {})
  }

  async #openBoard(id: DocumentId): Promise<Board> {
    const document = (await this.#documents.open(id, null)) ?? (await this.#fetch(id))
    return this.#board(document)
  }

  #board(document: OpenDocument): Board {
    if (rootOf(document.doc, false).string("kind") !== "board") throw new NotHere("notABoard", `${document.id} is no board`)
    const board = new Board(document, this.#host())
    const { id, url } = board
    this.#remember(boards => (boards.some(known => known.id === id) ? boards : [...boards, { id, url, title: "", demo: false }]))
    const { title, demo } = board.info.get()
    this.#titled(document.id, title, demo)
    return board
  }

  async #fetch(id: DocumentId): Promise<OpenDocument> {
    if (!this.#adapter) throw new NotHere("offline", "this board is not on this device, and there is no server")
    let giveUp = () => {}
    const arrived = new Promise<Uint8Array>((resolve, reject) => {
      const unavailable = () => reject(new NotHere("unknown", "the server does not have this board, or does not show it"))
      giveUp = this.#adapter!.fetch(id, resolve, unavailable)
    })
    arrived.catch(() => {})
    try {
      await Promise.race([arrived, this.#connected()])
      const late = pause(this.#timing.arrive).then(() => {
        throw new NotHere("slow", "the server has not sent this board yet: try again")
      })
      return this.#documents.take(id, await Promise.race([arrived, late]))
    } finally {
      giveUp()
    }
  }

  /** Resolves when there is a connection, and throws when there is none in time. */
  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer)
        release()
        settle()
      }
      const look = () => {
        const { state, reason } = this.connection.get()
        if (state === "connected") end(resolve)
        if (state === "refused") end(() => reject(new NotHere("offline", `the server refuses this device: ${reason}`)))
      }
      const release = this.connection.subscribe(look)
      const offline = () => reject(new NotHere("offline", "this board is not on this device, and there is no connection to the server"))
      const timer = setTimeout(() => end(offline), this.#timing.connect)
      look()
    })
  }

  #host(): BoardHost {
    const client = this
    return {
      documents: this.#documents,
      ref: () => client.#ref,
      origin: this.#options.origin,
      deviceNow: () => client.#now(),
      now: () => client.#bestNow(),
      trustedNow: labels => (clockTrusted(client.#now(), client.#registry.record.contact, labels) ? client.#now() : null),
      nextTime: () => client.#clock.next(client.#bestNow()),
      see: time => client.#clock.see(time, client.#bestNow()),
      serverKnown: () => client.#serverKnown,
      sends: this.#adapter !== null,
      random: bytes => client.#random(bytes),
      saved: promise => client.#saved(promise),
      titled: (id, title, demo) => client.#titled(id, title, demo),
    }
  }

  #saved(saving: Promise<void>): Promise<void> {
    return Promise.race([saving, pause(this.#timing.save)])
  }

  #titled(id: DocumentId, title: string, demo: boolean): void {
    const known = this.#boards.get().find(board => board.id === id)
    if (!known || (known.title === title && known.demo === demo)) return
    this.#remember(boards => boards.map(board => (board.id === id ? { ...board, title, demo } : board)))
  }

  #remember(change: (boards: BoardSummary[]) => BoardSummary[]): void {
    this.#registry.updateBoards(change)
    this.#boards.set(this.#registry.record.boards)
  }

  /** The documents of a board on this device: itself and its pages. */
  async #documentsOf(id: DocumentId): Promise<DocumentId[]> {
    const current = monthOf(this.#bestNow(), defaultZone)
    const pages: DocumentId[] = []
    for (let back = -monthsAhead; back <= monthsBack; back++) {
      const page = pageDocument(id, addMonths(current, -back))
      if (await this.#documents.isStored(page)) pages.push(page)
    }
    return [id, ...pages]
  }

  /** Asks the browser, once in the life of this device, not to clear the storage. */
  async #persist(): Promise<void> {
    const manager = globalThis.navigator?.storage as StorageManager | undefined
    if (!manager?.persist) return
    try {
      const ask = !this.#registry.record.askedToPersist
      const persisted = (await manager.persisted()) || (ask && (await manager.persist()))
      if (ask) this.#registry.update({ askedToPersist: true })
      const { usage, quota } = await manager.estimate()
      this.#device.patch({ persisted, usage, quota })
    } catch {
      // The browser does not say.
    }
  }
}

/** Whether Automerge is there; for those who look before they open. */
export const isReady = (): boolean => A.isWasmInitialized()
