// One open document: its changes, and how far each has come: saved on this device, and told by the server as durable.

import * as A from "@automerge/automerge/slim"
import type { DocHandle, DocumentId } from "@automerge/automerge-repo/slim"
import type { Delivery } from "./model/schema.js"
import type { Dict } from "./model/values.js"

/** What the server told of a document: durable heads, of the store with this id. */
export interface Told {
  storageId: string | undefined
  heads: A.Heads
}

/** Which posts, and which replies and offers in them, differ between two moments of a document. */
export interface Touched {
  all: boolean
  posts: Set<string>
  entries: Set<string>
}
const nothingTouched: Touched = { all: false, posts: new Set(), entries: new Set() }

const entryMaps = new Set<A.Prop>(["replies", "offers"])

function touchedBy(patches: A.Patch[]): Touched {
  const touched: Touched = { all: false, posts: new Set(), entries: new Set() }
  for (const { path } of patches) {
    const [root, post, field, entry] = path
    if (root !== "posts" || post === undefined) touched.all = true
    else if (entry !== undefined && entryMaps.has(field!)) touched.entries.add(`${post}/${entry}`)
    else touched.posts.add(String(post))
  }
  return touched
}

export const touches = (touched: Touched, post: string, entry?: string): boolean =>
  touched.all || (entry === undefined ? touched.posts.has(post) : touched.posts.has(post) || touched.entries.has(`${post}/${entry}`))

export const sameHeads = (a: A.Heads, b: A.Heads): boolean => a.length === b.length && [...a].sort().join() === [...b].sort().join()

/** One open document. */
export class OpenDocument {
  readonly id: DocumentId
  readonly handle: DocHandle<Dict>
  readonly #save: () => Promise<void>
  readonly #listeners = new Set<(touched: Touched | null) => void>()
  #told: Told | null = null
  #confirmed: A.Heads = [] // what we have of all heads that the server told
  #saved: A.Heads // what the storage has
  #seen: A.Heads // what listeners know of
  #saving: Promise<void> | null = null
  #saveAgain = false
  #unconfirmed: Touched | null = null
  #unsaved: Touched | null = null
  readonly #conflicted = new Set<string>() // posts in which fields have several values; "" for the rest of the document

  /** save writes the document to storage and returns when it is there. */
  constructor(handle: DocHandle<Dict>, saved: A.Heads, patches: A.Patch[], save: () => Promise<void>) {
    this.id = handle.documentId
    this.#noteConflicts(patches)
    this.handle = handle
    this.#saved = saved
    this.#seen = this.heads
    this.#save = save
  }

  get doc(): A.Doc<Dict> {
    return this.handle.doc() as A.Doc<Dict>
  }

  get heads(): A.Heads {
    return A.getHeads(this.doc)
  }

  /** Changes the document at once, and returns when the change is in storage. */
  change(write: (doc: Dict) => void): Promise<void> {
    this.handle.change(doc => write(doc as Dict))
    return this.save()
  }

  /** Calls fn after each change: with what it touched, or null when only its delivery is another. Returns what ends that. */
  onChange(fn: (touched: Touched | null) => void): () => void {
    this.#listeners.add(fn)
    return () => void this.#listeners.delete(fn)
  }

  /** automerge-repo says that the document has changed. */
  changed(patches: A.Patch[]): void {
    this.#seen = this.heads
    this.#noteConflicts(patches)
    this.#confirm()
    this.#forget()
    this.#tell(this.#withConflicted(touchedBy(patches)))
  }

  /** Whether there are changes that automerge-repo has not said a word about: what they change cannot be seen. */
  get untold(): boolean {
    return !sameHeads(this.#seen, this.heads)
  }

  /** Whether fields of a post have, or had, several values at once; of the document outside of posts, for "". */
  isConflicted(post: string): boolean {
    return this.#conflicted.has(post)
  }

  #noteConflicts(patches: A.Patch[]): void {
    for (const patch of patches)
      if (patch.action === "conflict" || ("conflict" in patch && patch.conflict))
        this.#conflicted.add(patch.path[0] === "posts" && patch.path[1] !== undefined ? String(patch.path[1]) : "")
  }

  /** A post that was made twice may have changed in the one that Automerge does not show. */
  #withConflicted(touched: Touched): Touched {
    for (const post of this.#conflicted) if (post) touched.posts.add(post)
    if (this.#conflicted.has("")) touched.all = true
    return touched
  }

  /** The server has told heads. */
  told(told: Told): void {
    if (this.#told && this.#told.storageId !== told.storageId) this.#confirmed = []
    this.#told = told
    this.#confirm()
    this.#forget()
    this.#tell(null)
  }

  /** The server with this store is there; what another store told counts no more. */
  meet(storageId: string | undefined): void {
    if (this.#told && this.#told.storageId !== storageId) this.told({ storageId, heads: [] })
  }

  /** The heads of the server that are here too, and its store. Null when it never told any. */
  get confirmedHeads(): Told | null {
    return this.#told && { storageId: this.#told.storageId, heads: this.#confirmed }
  }

  /** Whether everything that the server told of is here. */
  get caughtUp(): boolean {
    return this.#told !== null && this.#told.heads.every(head => A.hasHeads(this.doc, [head]))
  }

  /** Returns when what the document is now is in storage. */
  save(): Promise<void> {
    this.#saveAgain = true
    this.#saving ??= this.#drain()
    return this.#saving
  }

  async #drain(): Promise<void> {
    try {
      while (this.#saveAgain) {
        this.#saveAgain = false
        const heads = this.heads
        await this.#save()
        if (sameHeads(heads, this.#saved)) continue
        this.#saved = heads
        this.#unsaved = null
        this.#tell(null)
      }
    } finally {
      this.#saving = null // in the same step as the last look at saveAgain: who asks later is not given what is over
    }
  }

  /** How far a post of a page has come, or a reply or offer in it; or the document as a whole. */
  delivery(serverKnown: boolean, post = "", entry?: string): Delivery {
    this.#unconfirmed ??= this.#touchedSince(this.#confirmed)
    if (!touches(this.#unconfirmed, post, entry)) return "board"
    this.#unsaved ??= this.#touchedSince(this.#saved)
    if (touches(this.#unsaved, post, entry)) return "unsaved"
    return serverKnown ? "waiting" : "device"
  }

  /** Puts another history in the place of this one, which may have changes that the other has not. What the server confirmed is in both. */
  replace(other: A.Doc<Dict>): void {
    this.#saved = []
    this.#conflicted.clear()
    this.handle.update(() => other)
    this.#noteConflicts(A.diff(other, [], A.getHeads(other)))
    this.#seen = this.heads
    this.#confirm()
    this.#forget()
    this.#tell({ ...nothingTouched, all: true })
  }

  /** How many changes the server's heads do not contain. */
  get unsent(): number {
    return this.confirmed ? 0 : A.getChangesMetaSince(this.doc, this.#confirmed).length
  }

  /** Whether the server's heads contain all there is. */
  get confirmed(): boolean {
    return sameHeads(this.#confirmed, this.heads)
  }

  #touchedSince(heads: A.Heads): Touched {
    const now = this.heads
    if (sameHeads(heads, now)) return nothingTouched
    return heads.length === 0 ? { ...nothingTouched, all: true } : this.#withConflicted(touchedBy(A.diff(this.doc, heads, now)))
  }

  #confirm(): void {
    if (!this.#told) return
    const known = this.#told.heads.filter(head => A.hasHeads(this.doc, [head]))
    const all = known.length === this.#told.heads.length && known.length > 0
    this.#confirmed = all ? known : [...new Set([...this.#confirmed, ...known])]
  }

  #forget(): void {
    this.#unconfirmed = null
    this.#unsaved = null
  }

  #tell(touched: Touched | null): void {
    for (const fn of [...this.#listeners]) fn(touched)
  }
}
