// Who this device is, and whether its storage is still the one it had: kept in the storage itself and in a second place, so that an
// emptied storage is noticed and never taken for deletion.

import { idFromBytes, isId } from "../model/ids.js"
import type { Contact } from "../model/time.js"
import type { GuardedStorage } from "./guard.js"

/** A board that this device remembers. */
export interface BoardSummary {
  readonly id: string
  readonly url: string
  readonly title: string
  readonly demo: boolean
}

/** What is kept in both places. Times are in milliseconds since 1970. */
export interface Registration {
  /** The device's reference: random, and no person. */
  ref: string
  firstSeen: number
  /** The storage was found empty, and nobody has said that they know. */
  evicted: boolean
  /** The browser was asked not to clear the storage: some ask the person, and once is enough. */
  askedToPersist: boolean
  boards: BoardSummary[]
  lastReached: number | null
  contact: Contact | null
  /** The newest time that was seen or made, and the device's clock then. */
  newestSeen: number
}

/** A second place: localStorage, or what stands for it. */
export type SecondPlace = Pick<Storage, "getItem" | "setItem"> & Partial<Pick<Storage, "removeItem">>

const key = ["tavle", "device"]
export const secondKey = "tavle:device"

export class Registry {
  readonly #storage: GuardedStorage
  #second: SecondPlace | null
  #record: Registration
  #writing: Promise<void> | null = null
  #due = false
  #closed = false

  private constructor(storage: GuardedStorage, second: SecondPlace | null, record: Registration) {
    this.#storage = storage
    this.#second = second
    this.#record = record
  }

  static async open(storage: GuardedStorage, second: SecondPlace | null, now: number, random: (n: number) => Uint8Array): Promise<Registry> {
    const [first, other] = [parse(decode(await storage.load(key))), parse(readSecond(second))]
    const fresh = { ref: "", firstSeen: now, evicted: false, askedToPersist: false, boards: [], lastReached: null, contact: null, newestSeen: 0 }
    const record: Registration = { ...fresh, ...other, ...first }
    if (!record.ref) record.ref = idFromBytes(random(16))
    if (other && !first) record.evicted = true
    else if (other?.evicted === false) record.evicted = false // the second place is written at once, the storage a moment later
    const registry = new Registry(storage, second, record)
    if (!first || !other) registry.#write()
    return registry
  }

  get record(): Registration {
    return this.#record
  }

  /** Changes something. Boards, and what people know of them, are as the second place has them: another window may have changed them. */
  update(changes: Partial<Registration>): void {
    if (this.#closed) return
    const { boards, evicted } = parse(readSecond(this.#second)) ?? {}
    this.#record = { ...this.#record, ...(boards && { boards }), ...(evicted !== undefined && { evicted }), ...changes }
    this.#write()
  }

  /** Changes the boards that are remembered, those that another window has remembered in the meantime included. */
  updateBoards(change: (boards: BoardSummary[]) => BoardSummary[]): void {
    this.update({ boards: change(parse(readSecond(this.#second))?.boards ?? this.#record.boards) })
  }

  /** Removes the second place's copy, and writes none again. */
  forget(): void {
    this.#second?.removeItem?.(secondKey)
    this.#second = null
  }

  /** Changes nothing any more: another client may use both places from now on. */
  close(): void {
    this.#closed = true
  }

  /** Resolves when what was changed last is in the storage. */
  get written(): Promise<void> {
    return this.#writing ?? Promise.resolve()
  }

  async #save(): Promise<void> {
    while (this.#due) {
      this.#due = false
      await this.#storage.save(key, new TextEncoder().encode(JSON.stringify(this.#record)))
    }
    this.#writing = null
  }

  #write(): void {
    const text = JSON.stringify(this.#record)
    this.#due = true
    this.#writing ??= this.#save()
    try {
      this.#second?.setItem(secondKey, text)
    } catch {
      // Only the second place: without it an eviction goes unnoticed, and nothing else.
    }
  }
}

const decode = (bytes: Uint8Array | undefined): string | null => (bytes ? new TextDecoder().decode(bytes) : null)

function readSecond(second: SecondPlace | null): string | null {
  try {
    return second?.getItem(secondKey) ?? null
  } catch {
    return null
  }
}

function parse(text: string | null): Partial<Registration> | null {
  try {
    const record = JSON.parse(text ?? "null") as Partial<Registration> | null
    return record && typeof record.ref === "string" && isId(record.ref) ? record : null
  } catch {
    return null
  }
}
