// The websocket to the server, as a network of automerge-repo. It promises: at most one socket at a time; never an exception into
// automerge-repo; a connection that is dead without saying so is noticed; close codes are obeyed. What it is given to send while there is
// no connection is dropped, since automerge-repo starts every conversation anew when the server is back.

import { NetworkAdapter, cbor, type Message, type PeerId, type PeerMetadata } from "@automerge/automerge-repo/slim"
import { Value } from "../observable.js"
import { isPermanent } from "./codes.js"
import { Fetch } from "./fetch.js"
import { headsOfSync } from "./heads.js"
import { backoff, defaultTiming, type Timing } from "./timing.js"

/** The connection to the server, for people. Times are in milliseconds since 1970, by the device's clock. */
export interface Connection {
  /** `waiting`: the next try is at nextTry. `refused`: the server does not want this client, says reason; tries are rare. */
  readonly state: "connecting" | "connected" | "waiting" | "refused"
  /** When the server was last heard. */
  readonly lastReached: number | null
  readonly nextTry: number | null
  readonly reason?: string
  /** The code of the close behind reason. */
  readonly code?: number
}

/** The part of WebSocket that is used, as browsers, Node and npm's ws have it. */
export interface Socket {
  binaryType: string
  readonly readyState: number
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  send(data: Uint8Array): void
  close(code?: number, reason?: string): void
}
export type SocketConstructor = new (url: string, protocols?: string[]) => Socket

/** What to do after the end of a connection: try now, try as after any end, or hardly. */
export type Verdict = "now" | "later" | "no"

export interface AdapterOptions {
  url: string
  webSocket: SocketConstructor
  now: () => number
  /** A random number from 0 to 1. */
  unit: () => number
  timing?: Partial<Timing>
  lastReached?: number | null
  /** The server has told heads of a document: durable ones. storageId names its store. */
  onHeads?: (documentId: string, heads: string[], storageId: string | undefined) => void
  /** Whether messages of a document are wanted now. Others are dropped both ways. */
  wanted?: (documentId: string) => boolean
  /** The handshake is done. */
  onJoined?: (storageId: string | undefined) => void
  /**
   * Asked before each connection for the subprotocols that show who this device is. What it throws with `final` is no reason to try soon.
   */
  credentials?: () => Promise<string[]>
  /**
   * The server has ended a connection for a reason that stays, or (with code 0) did not let one in. text is what it said.
   */
  judge?: (code: number, text: string) => Promise<Verdict>
}

const socketOpen = 1
const reachedEvery = 5_000 // milliseconds between notes that the server was heard
const stableAfter = 10_000 // milliseconds that a connection has to last before the waits begin anew

interface Session {
  socket: Socket
  server: PeerId | null
  storageId: string | undefined
  joinedAt: number
  /** Whether a document of this session is known to the server: only then a probe is answered. */
  answers: boolean
  /** Whether something was sent since the server was heard. */
  asked: boolean
  /** What the server said last that was wrong. */
  error: string
  opened: boolean
}

type Timer = ReturnType<typeof setTimeout>

export class SyncAdapter extends NetworkAdapter {
  readonly connection: Value<Connection>
  readonly #options: AdapterOptions
  readonly #timing: Timing
  readonly #fetches = new Map<string, Fetch>()
  #session: Session | null = null
  #attempt = 0
  #retry: Timer | undefined // the next dial
  #watch: Timer | undefined // handshake, idle or answer of the session
  #buffered = 0
  #stopped = true
  #announced: PeerId | null = null
  #asking: object | null = null // credentials are asked for, for this try
  #unhook: () => void = () => {}

  constructor(options: AdapterOptions) {
    super()
    this.#options = options
    this.#timing = { ...defaultTiming, ...options.timing }
    this.connection = new Value<Connection>({ state: "connecting", lastReached: options.lastReached ?? null, nextTry: null })
  }

  // Documents are opened from this device; nothing waits for the network.
  override isReady = (): boolean => true
  override whenReady = (): Promise<void> => Promise.resolve()

  override connect(peerId: PeerId, peerMetadata?: PeerMetadata): void {
    this.peerId = peerId
    this.peerMetadata = peerMetadata
    if (!this.#stopped) return
    this.#stopped = false
    this.#unhook = this.#hook()
    this.#dial()
  }

  override disconnect(): void {
    this.#stopped = true
    this.#unhook()
    clearTimeout(this.#retry)
    this.#drop()
    this.connection.patch({ state: "waiting", nextTry: null })
  }

  override send(message: Message): void {
    const session = this.#session
    if (!session?.server || session.socket.readyState !== socketOpen) return
    const documentId = (message as { documentId?: string }).documentId
    if (documentId && this.#options.wanted?.(documentId) === false) return
    this.#write(session, message)
  }

  /** Tries now instead of at the next try; asks for a sign of life when connected. */
  retryNow(): void {
    if (this.#stopped) return
    if (this.#session) return this.#probe()
    this.#attempt = 0
    this.#dial()
  }

  /** Begins a new connection, if there is one: conversations about documents begin anew on it. */
  restart(): void {
    if (!this.#stopped && this.#session?.server) this.#dial()
  }

  /** Asks the server for a document, on this connection and on later ones until it is given up. arrived gets its bytes. */
  fetch(documentId: string, arrived: (bytes: Uint8Array) => void, unavailable: () => void): () => void {
    const line = {
      send: (type: string, data: Uint8Array) => {
        const session = this.#session
        if (session?.server) this.#write(session, { type, documentId, senderId: this.peerId!, data, targetId: session.server })
      },
    }
    const end = (then: () => void) => {
      this.#fetches.delete(documentId)
      then()
    }
    const fetch = new Fetch(line, bytes => end(() => arrived(bytes)), () => end(unavailable))
    this.#fetches.set(documentId, fetch)
    if (this.#session?.server) fetch.begin()
    return () => void this.#fetches.delete(documentId)
  }

  #fetched(fetch: Fetch, type: string, data: unknown): void {
    try {
      fetch.receive(type, data instanceof Uint8Array ? data : undefined)
    } catch (cause) {
      this.#lost(`a message could not be handled: ${String(cause)}`)
    }
  }

  #dial(): void {
    clearTimeout(this.#retry)
    this.#drop()
    this.connection.patch({ state: "connecting", nextTry: null })
    const { credentials } = this.#options
    if (!credentials) return this.#open([])
    const own = {}
    this.#asking = own
    const current = <T>(then: (value: T) => void) => (value: T) => {
      if (this.#asking !== own || this.#stopped) return
      this.#asking = null
      then(value)
    }
    credentials().then(current(protocols => this.#open(protocols)), current(cause => this.#denied(cause)))
  }

  #denied(cause: { message?: string; final?: boolean }): void {
    const reason = cause?.message ?? String(cause)
    if (cause?.final) this.#schedule("refused", this.#timing.retryRefused, reason)
    else this.#wait(reason)
  }

  #open(protocols: string[]): void {
    let socket: Socket
    try {
      const { webSocket, url } = this.#options
      socket = protocols.length > 0 ? new webSocket(url, protocols) : new webSocket(url)
    } catch (cause) {
      return this.#wait(String(cause))
    }
    const session: Session = { socket, server: null, storageId: undefined, joinedAt: 0, answers: false, asked: false, error: "", opened: false }
    this.#session = session
    socket.binaryType = "arraybuffer"
    const current = <E>(handle: (event: E) => void) => (event: E) => {
      if (this.#session === session) handle(event)
    }
    socket.onopen = current(() => this.#join(session))
    socket.onmessage = current((event: { data: unknown }) => this.#receive(session, event.data))
    socket.onclose = current((event: { code: number; reason: string }) => this.#closed(event.code, event.reason))
    socket.onerror = () => {} // a close follows
    this.#expect(this.#timing.handshake, () => this.#lost("the server did not answer in time"))
  }

  #join(session: Session): void {
    session.opened = true
    this.#expect(this.#timing.handshake, () => this.#lost("the server did not answer in time"))
    this.#write(session, {
      type: "join",
      senderId: this.peerId!,
      peerMetadata: this.peerMetadata ?? {},
      supportedProtocolVersions: ["1"],
    })
  }

  #receive(session: Session, data: unknown): void {
    let message: Record<string, unknown>
    try {
      message = cbor.decode(new Uint8Array(data as ArrayBuffer))
    } catch {
      return this.#lost("the server sent something that is no message")
    }
    if (typeof message?.type !== "string") return this.#lost("the server sent something that is no message")
    this.#heard(session)
    if (message.type === "peer") return this.#joined(session, message)
    if (message.type === "error") {
      session.error = String(message.message)
      return this.connection.patch({ reason: session.error })
    }
    if (session.server) this.#deliver(session, message)
  }

  #joined(session: Session, message: Record<string, unknown>): void {
    if (session.server) return
    const metadata = (message.peerMetadata ?? {}) as PeerMetadata
    session.server = message.senderId as PeerId
    session.storageId = metadata.storageId
    session.joinedAt = this.#options.now()
    this.#announced = session.server
    this.connection.set({ state: "connected", lastReached: this.#options.now(), nextTry: null })
    this.#options.onJoined?.(session.storageId)
    for (const fetch of this.#fetches.values()) fetch.begin()
    this.emit("peer-candidate", { peerId: session.server, peerMetadata: metadata })
  }

  #deliver(session: Session, message: Record<string, unknown>): void {
    const { type, documentId, data } = message
    const fetch = this.#fetches.get(documentId as string)
    if (fetch) {
      const told = type === "sync" && data instanceof Uint8Array ? headsOfSync(data) : null
      if (told) this.#options.onHeads?.(documentId as string, told, session.storageId) // it will not tell them again on this connection
      return this.#fetched(fetch, String(type), data)
    }
    if (typeof documentId === "string" && this.#options.wanted?.(documentId) === false) return
    if (type === "sync" && data instanceof Uint8Array) {
      const heads = headsOfSync(data)
      if (!heads) return this.#lost("the server sent a sync message that is none")
      session.answers = true
      this.#options.onHeads?.(documentId as string, heads, session.storageId)
    }
    if (type === "remote-heads-changed") return // the answer to a probe; what it says came as sync already
    try {
      this.emit("message", message as unknown as Message)
    } catch (cause) {
      this.#lost(`a message could not be handled: ${String(cause)}`)
    }
  }

  #write(session: Session, message: object): void {
    session.asked = true
    try {
      session.socket.send(cbor.encode(message))
    } catch {
      this.#lost("the connection broke while something was being sent")
    }
  }

  // Life: anything that comes in. After a while without, the server is asked to repeat the heads it knows, which it answers at once
  // for the documents of this connection (RH2).

  #heard(session: Session): void {
    session.asked = false
    const now = this.#options.now()
    const { joinedAt } = session
    if (joinedAt && now - joinedAt > stableAfter) this.#attempt = 0
    if (Math.abs(now - (this.connection.get().lastReached ?? 0)) >= reachedEvery) this.connection.patch({ lastReached: now })
    this.#expect(this.#timing.idle, () => this.#probe())
  }

  #probe(): void {
    const session = this.#session
    if (!session?.server) return
    if (!session.storageId || !session.answers) return this.#doubt(session)
    this.#buffered = session.socket.bufferedAmount
    this.#write(session, { type: "remote-subscription-change", senderId: this.peerId!, targetId: session.server, add: [session.storageId] })
    this.#await()
  }

  /** Nothing is known to the server that it would answer for. It is only expected to say something to what it was sent since it was heard. */
  #doubt(session: Session): void {
    if (session.asked) this.#expect(this.#timing.answer, () => this.#lost("the server went silent"))
    else this.#expect(this.#timing.idle, () => this.#probe())
  }

  #await(): void {
    this.#expect(this.#timing.answer, () => {
      const left = this.#session?.socket.bufferedAmount ?? 0
      const moves = left > 0 && left < this.#buffered // a long message on a slow line: not dead
      this.#buffered = left
      if (moves) this.#await()
      else this.#lost("the server went silent")
    })
  }

  #expect(ms: number, then: () => void): void {
    clearTimeout(this.#watch)
    this.#watch = setTimeout(then, ms)
  }

  // The end of a session, and the next.

  #closed(code: number, reason: string): void {
    const { error = "", opened = true } = this.#session ?? {}
    this.#drop()
    if (!isPermanent(code)) {
      this.#wait(reason || this.connection.get().reason)
      if (!opened) this.#judge(0, reason)
      return
    }
    const wait = this.#timing.retryRefused * (1 + this.#options.unit() / 10)
    this.#schedule("refused", wait, reason || `the server closed the connection with code ${code}`, code)
    this.#judge(code, error || reason)
  }

  /** Asks what the end of a connection means; until that is known, the next try is where it is. */
  #judge(code: number, text: string): void {
    const retry = this.#retry
    const follow = (verdict: Verdict) => {
      if (this.#stopped || this.#retry !== retry) return
      if (verdict === "now") this.#dial()
      else if (verdict === "later" && code !== 0) this.#wait(this.connection.get().reason)
    }
    this.#options.judge?.(code, text).then(follow, () => follow("later"))
  }

  #lost(reason: string): void {
    this.#drop()
    this.#wait(reason)
  }

  #wait(reason: string | undefined): void {
    if (this.#stopped) return
    this.#schedule("waiting", backoff(this.#timing, this.#attempt++, this.#options.unit()), reason)
  }

  #schedule(state: "waiting" | "refused", wait: number, reason: string | undefined, code?: number): void {
    if (this.#stopped) return
    this.connection.set({ ...this.connection.get(), state, nextTry: this.#options.now() + wait, reason, code })
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#dial(), wait)
  }

  /** Ends the session, if there is one, and tells automerge-repo. */
  #drop(): void {
    clearTimeout(this.#watch)
    this.#asking = null
    const session = this.#session
    this.#session = null
    if (session) {
      const { socket } = session
      socket.onopen = socket.onmessage = socket.onclose = null
      socket.onerror = () => {}
      try {
        socket.close()
      } catch {
        // It was closing, or never opened.
      }
    }
    if (this.#announced) {
      const peerId = this.#announced
      this.#announced = null
      this.emit("peer-disconnected", { peerId })
    }
  }

  /** What a browser says of network and page is a reason to try or to ask, never a state. */
  #hook(): () => void {
    const target = globalThis as Partial<Pick<typeof globalThis, "addEventListener" | "removeEventListener" | "document">>
    const page = target.document
    const nudge = () => {
      if (this.connection.get().state !== "refused") this.retryNow()
    }
    const shown = () => {
      if (page?.visibilityState === "visible") nudge()
    }
    target.addEventListener?.("online", nudge)
    page?.addEventListener("visibilitychange", shown)
    return () => {
      target.removeEventListener?.("online", nudge)
      page?.removeEventListener("visibilitychange", shown)
    }
  }
}
