// To whom this device belongs, and how it shows that: joining, sessions, credentials of connections, and what ends it.

import { nameOf } from "../device/indexeddb.js"
import { Value, type Observable } from "../observable.js"
import { Calls, type Fetch } from "./calls.js"
import { Problem, problemOf } from "./errors.js"
import { IndexedDBKeeper, MemoryKeeper, type Keeper, type Kept } from "./keeper.js"
import { makeKey, sign, type DeviceKey } from "./keys.js"
import { joinLink, normalCode, withoutCode } from "./rules/code.js"
import { ended, look, reached } from "./rules/lease.js"
import { readMe, rolesOn, type DeviceKind, type Me, type Role } from "./rules/me.js"
import { joinSubject, proofMessage, type Purpose } from "./rules/proof.js"
import { allowed, type Action, type Relation } from "./rules/rights.js"

export interface MembershipOptions {
  /** The server's address; in a browser that of the page is meant mostly: `location.origin`. */
  server: string
  /** Where the key is kept; by default IndexedDB, or memory where there is none. */
  keeper?: Keeper
  /**
   * Which of several devices this is, where pages of one browser are not one device, as in a demo. It has a key, a session and (in its
   * client) a storage of its own, and takes no part in the cookie that the other pages share.
   */
  profile?: string
  /** By default that of the platform. */
  fetch?: Fetch
  /** The device's clock, in milliseconds since 1970. */
  now?: () => number
  /** The app's version, for owners who look after devices. */
  appVersion?: string
}

/**
 * How this device stands with the server.
 *
 * - `stranger`: it has not joined.
 * - `member`: it has.
 * - `unknown`: the server does not know it any more, as after its data were lost: join again. Nothing is removed from the device.
 * - `revoked`: it does not belong any more, and what is on it is removed; `lease` says that it was only away for too long.
 * - `replaced`: in another window, this browser has joined as another device. This window can do nothing more: load it anew.
 */
export interface Standing {
  readonly state: "stranger" | "member" | "unknown" | "revoked" | "replaced"
  readonly lease: boolean
}

/** How a device calls itself when it joins. */
export interface Joining {
  /** What owners see in their list, as "Ida's phone". In no document. */
  label: string
  kind: DeviceKind
}

/** What the server keeps about this member and says to nobody else. Moments are milliseconds since 1970. */
export interface Known {
  member: { ref: string; label: string; kiosk: boolean; operator: boolean; created?: number }
  devices: { id: string; label: string; kind: string; added: number; lastSeen?: number; revoked?: number; appVersion?: string; unsent?: number; clockOffset: number }[]
  roles: { board: string; title?: string; role: string; from?: number; until?: number; by?: string }[]
  invites: { id: string; label?: string; made: number; by?: string }[]
  /** Changes that were refused and that the server keeps for an owner to look at. */
  refused: number
}

const renewAfter = 15 * 86_400_000 // milliseconds: half of what a session lasts
const keepEvery = 600_000 // milliseconds between notes of how long the server was away

/** One device's membership of one server. It is there before and after the device has joined. */
export class Membership {
  /** Who this device is and what it may, as last heard from the server; null before it has joined. */
  readonly me: Observable<Me | null>
  readonly standing: Observable<Standing>
  readonly appVersion: string
  /** @internal */
  readonly profile: string | undefined
  /** @internal What the server's clock says, as far as the client knows; null while it does not. */
  serverNow: () => number | null = () => null
  readonly #calls: Calls
  readonly #keeper: Keeper
  readonly #now: () => number
  readonly #me = new Value<Me | null>(null)
  readonly #standing = new Value<Standing>({ state: "stranger", lease: false })
  #kept: Kept | null = null
  #newKey: DeviceKey | null = null // of a join whose answer has not come
  #renewing: Promise<Me> | null = null
  #keptAt = 0
  #renewals = 0
  #forgetting = false

  /** Reads what the device keeps. Never waits for the network, and never fails: where nothing can be read, the device has to join. */
  static async open(options: MembershipOptions): Promise<Membership> {
    const membership = new Membership(options)
    await membership.#recall()
    await membership.look()
    return membership
  }

  private constructor({ server, keeper, profile, fetch = globalThis.fetch.bind(globalThis), now = Date.now, appVersion = "" }: MembershipOptions) {
    this.#calls = new Calls(server, fetch, profile !== undefined)
    this.#keeper = keeper ?? (typeof indexedDB === "undefined" ? new MemoryKeeper() : new IndexedDBKeeper(nameOf("tavle-member", profile)))
    this.profile = profile
    this.#now = now
    this.appVersion = appVersion
    this.me = this.#me
    this.standing = this.#standing
  }

  /** The origin of the server. */
  get server(): string {
    return this.#calls.origin
  }

  /**
   * Joins with the code of an invite, as a person typed it or a link carries it. A device that has joined before gets what the code gives
   * besides. Throws {@link Problem}: `code`, `slow`, `unreachable`, `insecure`, `storage`, or another of the server's. After `unreachable`
   * the same call may be made again: if the server had heard the first, it counts once.
   */
  async join(said: string, { label, kind }: Joining): Promise<Me> {
    const code = normalCode(said)
    if (!code) throw new Problem("code", "a code has ten letters and digits")
    if (await this.replaced()) throw another()
    const key = (this.#kept && this.#standing.get().state !== "revoked" ? this.#kept.key : null) ?? this.#newKey ?? (await makeKey())
    this.#newKey = key
    const { challenge, proof } = await this.#prove(key, "join", joinSubject(code, key.alg, key.key))
    const { appVersion } = this
    const me = meIn(await this.#calls.post("/v1/join", { code, alg: key.alg, key: key.key, challenge, proof, label, kind, appVersion }))
    const kept: Kept = { server: this.#calls.origin, key, me, renewed: this.#now(), absence: reached(this.#now()) }
    if (this.#forgetting) kept.forgetting = "documents"
    await this.#keeper.save(kept).catch(cause => {
      throw new Problem("storage", `the device cannot keep its key: ${String(cause)}`)
    })
    this.#newKey = null
    this.#take(kept)
    return me
  }

  /**
   * Joins with a link: hash is `location.hash`, or what is behind the # in a link that was scanned. Null when there is no code in it. The
   * code leaves the address bar and the history at once, whether it works or not.
   */
  async joinFromLink(hash: string, joining: Joining): Promise<Me | null> {
    const link = takeLink(hash)
    return link && this.join(link.code, joining)
  }

  /** Whether this member may do something on a board: to what stands so to them, or to anything at all. For what an app shows. */
  may(board: string, action: Action, relation?: Relation): boolean {
    return this.#me.get() !== null && allowed(this.roles(board), action, relation)
  }

  /** The roles that this member has on a board now: by the server's clock, as far as that is known. */
  roles(board: string): readonly Role[] {
    const me = this.#me.get()
    return me ? this.#rolesOn(me, board.replace(/^automerge:/, "")) : []
  }

  /** Asks the server who this device is, and renews the session if that has ended. Throws {@link Problem}. */
  async refresh(): Promise<Me> {
    const me = meIn(await this.call("GET", "/v1/me"))
    return (await this.#heard(me)) ? me : this.#reclaim()
  }

  /** Everything that the server knows about this member. */
  known(): Promise<Known> {
    return this.call<Known>("GET", "/v1/me/known")
  }

  /** Tells how the device is doing. */
  async status(unsent: number): Promise<void> {
    await this.call("POST", "/v1/me/status", { appVersion: this.appVersion, clock: this.#now(), unsent })
  }

  /** Calls the server's API as this member, renewing the session once if it has to. Throws {@link Problem}. */
  async call<T = unknown>(method: "GET" | "POST", path: string, body?: object): Promise<T> {
    if (!this.#kept) throw new Problem("signIn", "this device has not joined")
    if (this.#standing.get().state === "replaced") throw another()
    const once = async () => {
      const answer = await (method === "GET" ? this.#calls.get<T>(path) : this.#calls.post<T>(path, body))
      if (this.#kept) this.#kept.absence = reached(this.#now())
      return answer
    }
    try {
      if (!this.#calls.signedOut) return await once()
    } catch (cause) {
      const problem = this.#note(problemOf(cause))
      if (problem.code !== "signIn") throw problem
    }
    await this.#renew()
    return once().catch(cause => {
      throw this.#note(problemOf(cause))
    })
  }

  /** @internal What the next connection shows: subprotocols, or nothing when the browser sends its cookie. Throws {@link Problem}. */
  async credentials(): Promise<string[]> {
    const kept = this.#kept ?? (await this.#recall())
    if (!kept) throw new Problem("signIn", "this device has not joined")
    const { state } = this.#standing.get()
    if (state === "revoked") throw new Problem("revoked", "this device does not belong any more")
    if (await this.replaced()) throw another()
    if (Math.abs(this.#now() - kept.renewed) > renewAfter || state === "unknown") await this.#renew()
    if (this.#calls.sameOrigin) {
      // The cookie belongs to the browser: what is written here must not be sent in the name of another device.
      await this.refresh().catch(cause => {
        if (problemOf(cause).final) throw cause
      })
      return []
    }
    const { ticket } = await this.call<{ ticket: string }>("POST", "/v1/ticket", { for: "socket" })
    return ["tavle.v1", `tavle.ticket.${ticket}`]
  }

  /** @internal The server did not let a connection in, or ended it: asks why. Returns whether the session had to be renewed. Never throws. */
  async doubt(): Promise<boolean> {
    const before = this.#renewals
    await this.refresh().catch(() => {})
    return this.#renewals > before
  }

  /** @internal Whether another window has joined as another device: then this one ends. Never throws. */
  async replaced(): Promise<boolean> {
    if (!this.#kept) return false
    const there = await this.#keeper.load().catch(() => null)
    if (!there || there.key.device === this.#kept.key.device) return false
    this.#standing.patch({ state: "replaced" })
    return true
  }

  /** @internal Sends what a revoked device had not sent. Throws {@link Problem}. */
  async offer(document: string, changes: string[]): Promise<void> {
    const kept = this.#kept!
    const { challenge, proof } = await this.#prove(kept.key, "unsent", kept.key.device)
    await this.#calls.post("/v1/unsent", { device: kept.key.device, challenge, proof, document, changes })
  }

  /** @internal Looks at the clock: the server may have been away for so long that the lease has ended. */
  async look(): Promise<void> {
    const kept = this.#kept
    if (!kept) return
    const now = this.#now()
    const before = kept.absence
    kept.absence = look(before, now, kept.me.device.leaseDays)
    if (ended(kept.absence)) this.#revoked(true)
    if (Math.abs(now - this.#keptAt) < keepEvery && before.due === kept.absence.due) return
    this.#keptAt = now
    await this.#keep()
  }

  /** @internal A wipe was begun, and not finished: it comes before anything else. */
  get forgetting(): boolean {
    return this.#forgetting
  }

  /** @internal Notes that a wipe has begun. Never throws. */
  async beginForgetting(): Promise<void> {
    if (!this.#kept) return
    this.#kept.forgetting = "all"
    await this.#keep()
  }

  /** @internal What was on the device of others is gone; who has joined since stays. */
  async endForgetting(): Promise<void> {
    this.#forgetting = false
    if (!this.#kept) return this.#keeper.clear()
    delete this.#kept.forgetting
    await this.#keep()
  }

  /** @internal Removes the key and everything that was kept. */
  async forget(): Promise<void> {
    const device = this.#kept?.key.device
    this.#kept = null
    this.#newKey = null
    this.#calls.forget()
    this.#me.set(null)
    await this.#keeper.clear(device)
  }

  /** Reads what is kept: another window of the device may have joined. */
  async #recall(): Promise<Kept | null> {
    const kept = await this.#keeper.load().catch(() => null)
    if (kept?.server !== this.#calls.origin) return null
    this.#forgetting = kept.forgetting !== undefined
    if (kept.forgetting === "all") return null
    this.#take(kept)
    return kept
  }

  #rolesOn(me: Me, board: string): Role[] {
    const now = this.serverNow()
    return rolesOn(me, board, now ?? this.#now(), now !== null)
  }

  #take(kept: Kept): void {
    this.#kept = kept
    this.#keptAt = kept.absence.seen
    this.#me.set(kept.me)
    this.#standing.set({ state: "member", lease: false })
  }

  async #prove(key: DeviceKey, purpose: Purpose, subject: string): Promise<{ challenge: string; proof: string }> {
    const { challenge } = await this.#calls.post<{ challenge: string }>("/v1/challenge")
    return { challenge, proof: await sign(key, proofMessage(purpose, this.#calls.host, challenge, subject)) }
  }

  #renew(): Promise<Me> {
    this.#renewing ??= this.#session().finally(() => (this.#renewing = null))
    return this.#renewing
  }

  async #session(): Promise<Me> {
    if (!this.#kept) throw new Problem("signIn", "this device has not joined")
    const { key } = this.#kept
    try {
      const { challenge, proof } = await this.#prove(key, "session", key.device)
      const request = { device: key.device, challenge, proof, for: this.profile === undefined ? undefined : "bearer" }
      const answer = await this.#calls.post<{ ticket?: string }>("/v1/session", request)
      const me = meIn(answer)
      this.#calls.bearer = answer.ticket ?? ""
      if (this.#kept) this.#kept.renewed = this.#now()
      this.#renewals++
      await this.#heard(me)
      return me
    } catch (cause) {
      throw this.#note(problemOf(cause))
    }
  }

  /** Returns false when the server speaks of another device than this. */
  async #heard(me: Me): Promise<boolean> {
    if (!this.#kept || this.#over) return true // said before the device was shut out, and heard after it
    if (me.device.id !== this.#kept.key.device) return false
    this.#kept.me = me
    this.#kept.absence = reached(this.#now())
    if (JSON.stringify(me) !== JSON.stringify(this.#me.get())) this.#me.set(me)
    this.#standing.patch({ state: "member", lease: false })
    await this.#keep()
    return true
  }

  /** The browser's session is of another device. Either that has taken this one's place, or it is the turn of this one's key. */
  async #reclaim(): Promise<Me> {
    if (await this.replaced()) throw another()
    return this.#renew()
  }

  /** Whether nothing that is heard changes how this device stands. */
  get #over(): boolean {
    return ["revoked", "replaced"].includes(this.#standing.get().state)
  }

  async #keep(): Promise<void> {
    if (this.#kept) await this.#keeper.save(this.#kept, true).catch(() => {}) // it is told again at the next connection
  }

  /** A problem may say how this device stands. */
  #note(problem: Problem): Problem {
    if (problem.code === "revoked") this.#revoked(problem.reason === "lease")
    if (problem.code === "unknownDevice" && !this.#over) this.#standing.patch({ state: "unknown" })
    return problem
  }

  #revoked(lease: boolean): void {
    if (!this.#over) this.#standing.set({ state: "revoked", lease })
  }
}

const another = (): Problem => new Problem("replaced", "this browser has joined as another device in another window")

function meIn(answer: unknown): Me {
  const me = readMe(answer)
  if (!me) throw new Problem("unreachable", "the server did not say who this device is")
  return me
}

/** Takes the code of a link out of the address bar and the history of the page. Null when there is none. */
export function takeLink(hash: string): { code: string; fingerprint: string | null } | null {
  const link = joinLink(hash)
  if (!link) return null
  if (typeof history !== "undefined" && typeof location !== "undefined" && location.hash.replace(/^#/, "") === hash.replace(/^#/, ""))
    history.replaceState(history.state, "", location.pathname + location.search + withoutCode(hash))
  return link
}
