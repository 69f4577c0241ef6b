// What the server refused, for the person who wrote it: kept on the device until they have seen it.

import type { DocumentId } from "../model/ids.js"
import type { GuardedStorage } from "../device/guard.js"
import type { Documents } from "../documents.js"
import { Value, type Observable } from "../observable.js"

/** A change that the server refused. What was made before and after it goes on. */
export interface Refusal {
  /** The hash of the change. */
  readonly id: string
  /** The document in which it was. */
  readonly document: string
  /** When this device heard of it, in milliseconds since 1970 by its own clock. */
  readonly at: number
  /** The code of the reason, as `notYours`. */
  readonly reason: string
  /** What is wrong and what to do, for people. */
  readonly sentences: { readonly da: string; readonly nl: string; readonly en: string }
  /** What the person wrote that is not on the board now, so that they can write it again. */
  readonly texts: readonly string[]
}

/** What the server says about a change that it refuses (SY17 in crdt/wire/PROTOCOL.md). */
export interface Refused {
  document: string
  change: string
  reason: string
  sentence: string
}

const said = /^refused document=([1-9A-HJ-NP-Za-km-z]{1,40}) change=([0-9a-f]{64}) reason=(\w{1,40}): ?([\s\S]*)$/

/** Reads it. Null when the server says something else. */
export function parseRefused(text: string): Refused | null {
  const [, document, change, reason, sentence] = said.exec(text) ?? []
  return document && change && reason ? { document, change, reason, sentence: sentence ?? "" } : null
}

const space = ["tavle-refusals"]
const most = 100 // refusals that are kept, the latest
const triesMost = 3 // for one change, when it is refused though it was left out
const quick = 50 // recoveries in a session before the next try waits as after any end

/** Leaves refused changes out, and keeps what they said. */
export class Refusals {
  readonly #storage: GuardedStorage
  readonly #documents: () => Documents
  readonly #now: () => number
  readonly #all = new Value<readonly Refusal[]>([])
  readonly #tries = new Map<string, number>()
  #recovered = 0
  #unsaved = 0 // writes that are not done

  constructor(storage: GuardedStorage, documents: () => Documents, now: () => number) {
    this.#storage = storage
    this.#documents = documents
    this.#now = now
  }

  /** Latest first. */
  get all(): Observable<readonly Refusal[]> {
    return this.#all
  }

  /** Reads what is kept; another window may have changed it. */
  async load(): Promise<void> {
    const before = this.#all.get()
    if (this.#unsaved > 0) return
    try {
      const bytes = await this.#storage.load(space)
      if (this.#all.get() !== before) return // it changed while this was read
      const all = bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as Refusal[]) : []
      if (JSON.stringify(all) !== JSON.stringify(this.#all.get())) this.#all.set(all)
    } catch {
      // Then what is known goes on to be shown.
    }
  }

  /** The person knows. */
  async dismiss(id: string): Promise<void> {
    await this.#change(all => all.filter(refusal => refusal.id !== id))
  }

  /**
   * The server has refused a change. Returns whether to try again at once, since it is left out now; later, after many; or hardly, when the
   * server goes on refusing what is not there.
   */
  async recover({ document, change, reason, sentence }: Refused): Promise<"now" | "later" | "no"> {
    const tries = (this.#tries.get(change) ?? 0) + 1
    this.#tries.set(change, tries)
    if (tries > triesMost) return "no"
    const left = await this.#documents().leaveOut(document as DocumentId, change)
    if (left) {
      const { lost, sentencesOf } = await import("./reasons.js")
      const refusal = { id: change, document, at: this.#now(), reason, sentences: sentencesOf(reason, sentence), texts: lost(left, change) }
      await this.#change(all => [refusal, ...all.filter(({ id }) => id !== change)].slice(0, most))
    }
    return ++this.#recovered > quick ? "later" : "now"
  }

  async #change(change: (all: readonly Refusal[]) => readonly Refusal[]): Promise<void> {
    await this.load()
    this.#all.set(change(this.#all.get()))
    this.#unsaved++
    void this.#storage.save(space, new TextEncoder().encode(JSON.stringify(this.#all.get()))).finally(() => this.#unsaved--)
  }
}
