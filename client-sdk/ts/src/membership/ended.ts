// What a device does when its member was taken off a board and stays on others: it keeps what was not sent until the person has seen it,
// offers it to the server, and removes the board. Loaded when that has happened.

import type { StorageKey } from "@automerge/automerge-repo/slim"
import type { GuardedStorage } from "../device/guard.js"
import { pause } from "../device/platform.js"
import type { Value } from "../observable.js"
import { toldSpace } from "../unsent.js"
import { heldIn, offer, unsentOf, type Unsent } from "./leaving.js"
import type { Membership } from "./membership.js"

/** A board to which this member belongs no more. */
export interface Ended {
  /** The board's id. */
  readonly board: string
  /** What it was called; empty when that is not known. */
  readonly title: string
  /** When this device heard of it, in milliseconds since 1970 by its own clock. */
  readonly at: number
  /** What was written here and not sent. It is here until {@link Client.dismissEnded}, and nowhere else on this device. */
  readonly unsent: readonly Unsent[]
  /** Whether the server took it for an owner to look at; null while that is being tried, and when there is nothing. */
  readonly offered: boolean | null
  /** The board is not on this device any more. */
  readonly removed: boolean
}

/** How a board goes from this device. */
export interface Removal {
  /** Whether anything of it is here. */
  has(board: string): Promise<boolean>
  title(board: string): string
  /** Ends writing to it. */
  release(board: string): Promise<void>
  /** Its documents that are stored. */
  documents(board: string): Promise<string[]>
  remove(board: string, documents: readonly string[]): Promise<void>
}

/** What it works with. */
export interface Ending {
  readonly membership: Membership
  readonly storage: GuardedStorage
  readonly removal: Removal
  readonly now: () => number
  /** The key under which it keeps them. */
  readonly space: StorageKey
  /** Latest first. */
  readonly all: Value<readonly Ended[]>
}

const offerLongest = 30_000 // milliseconds that a network which carries nothing can delay the end
const saveLongest = 3_000 // milliseconds that a storage which takes nothing can

/** The boards that ended. */
export class Ends {
  readonly #ending: Ending
  #stored = new Set<string>() // boards that are in the storage, unless the person has dismissed them in another window

  constructor(ending: Ending) {
    this.#ending = ending
  }

  /** Leaves those of these boards that are on this device, one after the other. */
  async leave(boards: readonly string[]): Promise<void> {
    const { all, removal } = this.#ending
    const kept = await this.#load()
    if (kept) {
      all.set(kept)
      this.#stored = boardsOf(kept)
    }
    for (const board of boards) if (await removal.has(board)) await this.#leave(board)
    // Switched off before it was noted.
    for (const { board, removed } of all.get()) if (!removed && !(await removal.has(board))) await this.#put(board, { removed: true })
  }

  /** The person knows. */
  async dismiss(board: string): Promise<void> {
    await this.#change(all => all.filter(ended => ended.board !== board))
  }

  // If the device is switched off on the way, the next start does it again, to the same end.
  async #leave(board: string): Promise<void> {
    const { membership, storage, removal, now, all } = this.#ending
    const title = removal.title(board)
    await within(saveLongest, removal.release(board))
    const documents = await removal.documents(board)
    const held = await heldIn(storage, toldSpace, documents)
    const known = all.get().find(other => other.board === board)
    const found = unsentOf(held)
    const unsent = [...found, ...(known?.unsent ?? []).filter(({ document }) => !found.some(other => other.document === document))]
    const entry: Ended = { board, title: title || (known?.title ?? ""), at: now(), unsent, offered: known?.offered ?? null, removed: false }
    this.#stored.delete(board)
    await within(saveLongest, this.#change(all => [entry, ...all.filter(other => other.board !== board)]))
    if (found.length > 0) {
      let offered = false
      await within(offerLongest, offer(membership, held).then(all => (offered = all)))
      await this.#put(board, { offered })
    }
    await removal.remove(board, documents)
    await this.#put(board, { removed: true })
  }

  async #put(board: string, news: Partial<Ended>): Promise<void> {
    await within(saveLongest, this.#change(all => all.map(other => (other.board === board ? { ...other, ...news } : other))))
  }

  // What the person has dismissed in another window is not told once more.
  async #change(change: (all: readonly Ended[]) => readonly Ended[]): Promise<void> {
    const { storage, space, all } = this.#ending
    all.set(change(all.get()))
    const there = boardsOf((await this.#load().catch(() => null)) ?? all.get())
    const dismissed = ({ board }: Ended) => this.#stored.has(board) && !there.has(board)
    if (all.get().some(dismissed)) all.set(all.get().filter(ended => !dismissed(ended)))
    const now = all.get()
    await storage.save(space, new TextEncoder().encode(JSON.stringify(now)))
    for (const board of boardsOf(now)) this.#stored.add(board)
  }

  async #load(): Promise<Ended[] | null> {
    const { storage, space } = this.#ending
    const bytes = await storage.load(space)
    return bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as Ended[]) : null
  }
}

const boardsOf = (all: readonly Ended[]): Set<string> => new Set(all.map(({ board }) => board))
const within = (ms: number, work: Promise<unknown>): Promise<unknown> => Promise.race([work.catch(() => {}), pause(ms)])
