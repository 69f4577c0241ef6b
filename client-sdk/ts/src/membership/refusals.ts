// What the server refused, for the person who wrote it: kept on the device until they have seen it.

import type { DocumentId } from "../model/ids.js"
import type { GuardedStorage } from "../device/guard.js"
import type { Documents, Left } from "../documents.js"
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
  /** The posts, replies and offers that are not on the board now, by id. */
  readonly entries: readonly string[]
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

/** What is kept of a refusal: each under a key of its own, so that windows do not undo what another has done. */
type Kept = Refusal & { readonly seen?: boolean }

const space = "tavle-refusals"
const most = 100 // refusals that are kept, the latest; those that were seen too, since another window may hear of them later
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
  #changes = 0
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
    if (this.#unsaved > 0) return
    const changes = this.#changes
    try {
      const stored = await this.#storage.loadRange([space])
      if (this.#changes !== changes) return // it changed while this was read
      const kept = stored.map(({ data }) => ({ entries: [], ...JSON.parse(new TextDecoder().decode(data)) }) as Kept).sort(latestFirst)
      this.#show(kept.slice(0, most).filter(({ seen }) => !seen))
      for (const { id } of kept.slice(most)) void this.#storage.remove([space, id])
    } catch {
      // Then what is known goes on to be shown.
    }
  }

  /** The person knows. */
  async dismiss(id: string): Promise<void> {
    const refusal = this.#all.get().find(other => other.id === id)
    if (!refusal) return
    const seen = { ...refusal, texts: [], entries: [], seen: true }
    this.#tell(seen)
    void this.#store(seen)
  }

  /**
   * The server has refused a change. Returns whether to try again at once, since it is left out now; later, after many; or hardly, when the
   * server goes on refusing what is not there.
   */
  async recover({ document, change, reason, sentence }: Refused): Promise<"now" | "later" | "no"> {
    const tries = this.#tries.get(change) ?? 0
    if (tries >= triesMost) return "no"
    const made: Refusal[] = []
    await this.#documents().leaveOut(document as DocumentId, change, async (id, hash, left) => {
      const refusal = await this.#make(id, hash, left, hash === change ? { reason, sentence } : {})
      if (!refusal) return
      made.push(refusal)
      await this.#store(refusal)
    })
    this.#tries.set(change, tries + 1) // a try that failed, as when a part of the app cannot be loaded, is none: nothing was left out
    for (const refusal of made) this.#tell(refusal)
    await this.load()
    return ++this.#recovered > quick ? "later" : "now"
  }

  /** Keeps what is lost with a change that is left out later than it was refused: the device was switched off half-way. Resolves when it is stored. */
  async keep(document: string, change: string, left: Left): Promise<void> {
    const refusal = await this.#make(document, change, left, {})
    if (!refusal) return
    this.#tell(refusal)
    await this.#store(refusal)
  }

  /** Null when it is known: from another window, or from before. */
  async #make(document: string, change: string, left: Left, { reason = "unknown", sentence }: Partial<Refused>): Promise<Refusal | null> {
    const { entriesLost, lost, sentencesOf } = await import("./reasons.js")
    if (await this.#storage.has([space, change]).catch(() => false)) return null
    const [sentences, texts, entries] = [sentencesOf(reason, sentence), lost(left, change), entriesLost(left)]
    return { id: change, document, at: this.#now(), reason, sentences, texts, entries }
  }

  #tell(refusal: Kept): void {
    this.#changes++
    const others = this.#all.get().filter(({ id }) => id !== refusal.id)
    this.#show(refusal.seen ? others : [refusal, ...others].sort(latestFirst))
  }

  #store(refusal: Kept): Promise<void> {
    this.#unsaved++
    return this.#storage.save([space, refusal.id], new TextEncoder().encode(JSON.stringify(refusal))).finally(() => this.#unsaved--)
  }

  #show(all: readonly Refusal[]): void {
    if (JSON.stringify(all) !== JSON.stringify(this.#all.get())) this.#all.set(all)
  }
}

const latestFirst = (a: Refusal, b: Refusal): number => b.at - a.at || (a.id < b.id ? -1 : 1)
