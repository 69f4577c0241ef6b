// The documents that are open, through automerge-repo: opening from this device first, saving, and leaving out what the server refused.
// Owns the handles; nobody else changes a document.

import * as A from "@automerge/automerge/slim"
import { Repo, type DocHandle, type DocumentId, type StorageKey } from "@automerge/automerge-repo/slim"
import type { GuardedStorage } from "./device/guard.js"
import { pause } from "./device/platform.js"
import { OpenDocument, sameHeads, type Told } from "./document.js"
import { LeftOut } from "./membership/left-out.js"
import { hexOf } from "./membership/rules/proof.js"
import { ascii } from "./model/ids.js"
import { sha256 } from "./model/sha256.js"
import type { Dict } from "./model/values.js"
import { loadStored, storedPieces, withPieces } from "./stored.js"
import { noteOf, parseNote, toldSpace, unsentPages } from "./unsent.js"

const saveSoon = 50 // milliseconds after news from elsewhere
const keptLongest = 3_000 // milliseconds that a storage which takes nothing can delay the leaving out of a change
const sentAfter = 150 // milliseconds in which automerge-repo hands a change to the network: it gathers them for 100

/** Of a document, what was there with a change and what is without it. */
export interface Left {
  readonly before: A.Doc<Dict>
  readonly after: A.Doc<Dict>
}
/** Keeps for the person what is lost with a change that is left out. Resolves when it is stored. */
export type Keep = (document: DocumentId, change: string, left: Left) => Promise<void>

export class Documents {
  readonly #repo: Repo
  readonly #storage: GuardedStorage
  readonly #open = new Map<DocumentId, Promise<OpenDocument | null>>()
  readonly #ready = new Map<DocumentId, OpenDocument>()
  readonly #closing = new Map<DocumentId, Promise<void>>()
  readonly #told = new Map<string, Told>()
  readonly #noted = new Map<string, string>() // what is kept of what the server confirmed
  readonly #removed = new Set<string>() // automerge-repo believes that these are stored
  readonly #wanted = new Set<string>()
  readonly #leftOut: LeftOut
  readonly #working = new Set<Promise<void>>() // what only shutdown waits for
  readonly #left = new Set<string>() // closed on this connection: the server believes that they got what it sent since
  #siblings: BroadcastChannel | null
  readonly #onReturn: () => void
  readonly #keep: Keep
  #storageId: string | undefined
  #over = false

  /**
   * siblings connects the windows that share the storage. onReturn is called when a document is opened that was closed on this
   * connection: only a new one tells everything about it. keep is called for each change that is left out, before it is.
   */
  constructor(repo: Repo, storage: GuardedStorage, siblings: BroadcastChannel | null, onReturn: () => void, keep: Keep) {
    this.#onReturn = onReturn
    this.#keep = keep
    this.#repo = repo
    this.#storage = storage
    this.#siblings = siblings
    this.#leftOut = new LeftOut(storage)
    if (siblings) siblings.onmessage = event => this.#work(this.#heardSibling(event.data))
  }

  wanted(id: string): boolean {
    return this.#wanted.has(id)
  }

  /** Opens a document from this device, or begins it with its genesis change; null when it is neither here nor can begin here. */
  open(id: DocumentId, genesis: (() => Uint8Array) | null): Promise<OpenDocument | null> {
    const opening = this.#open.get(id) ?? this.#begun(id, genesis)
    this.#open.set(id, opening)
    opening.then(
      document => document ?? this.#open.delete(id),
      () => this.#open.delete(id),
    )
    return opening
  }

  /** Begins a document, after an end that is not over. */
  async #begun(id: DocumentId, genesis: (() => Uint8Array) | null): Promise<OpenDocument | null> {
    await this.#closing.get(id)
    return this.#begin(id, genesis)
  }

  async #begin(id: DocumentId, genesis: (() => Uint8Array) | null): Promise<OpenDocument | null> {
    const stored = await this.isStored(id)
    if (!stored && !genesis) return null
    await this.#recall(id)
    this.#wanted.add(id)
    if (this.#left.delete(id)) this.#onReturn()
    if (!stored) return this.#adopt(this.#repo.import<Dict>(genesis!(), { docId: id }), [], [])
    try {
      return await this.#load(id)
    } catch (cause) {
      if (!genesis) throw cause
      // What is stored cannot be read. The page begins anew and gets its posts from the server.
      return this.#adopt(this.#repo.import<Dict>(genesis(), { docId: id }), [], [])
    }
  }

  async #load(id: DocumentId): Promise<OpenDocument> {
    const { handle } = this.#repo.findWithProgress<Dict>(id) as { handle: DocHandle<Dict> }
    const patches: A.Patch[] = []
    const hear = (event: { patches: A.Patch[] }) => void patches.push(...event.patches)
    handle.on("change", hear)
    await this.#repo.find<Dict>(id)
    handle.off("change", hear)
    const document = this.#adopt(handle, A.getHeads(handle.doc()), patches)
    await this.#clean(document).catch(() => {}) // the server refuses it again then
    return document
  }

  /** Takes over a document that was fetched: its bytes as Automerge saves them. */
  take(id: DocumentId, bytes: Uint8Array): OpenDocument {
    this.#wanted.add(id)
    const handle = this.#repo.import<Dict>(bytes, { docId: id })
    const document = this.#adopt(handle, [], A.diff(handle.doc(), [], A.getHeads(handle.doc())))
    this.#noted.delete(id) // what the server told while it was fetched is not kept yet
    this.#open.set(id, Promise.resolve(document))
    return document
  }

  #adopt(handle: DocHandle<Dict>, saved: A.Heads, patches: A.Patch[]): OpenDocument {
    const id = handle.documentId
    const document = new OpenDocument(handle, saved, patches, async () => {
      if (this.#removed.delete(id)) await this.#storage.save([id, "snapshot", "again"], A.save(document.doc))
      if (!document.confirmed) void this.#note(document) // written before the document is
      await this.#repo.flush([id])
      this.#siblings?.postMessage(id)
      await this.#note(document)
    })
    this.#ready.set(id, document)
    const told = this.#told.get(id)
    if (told) document.told(told)
    let timer: ReturnType<typeof setTimeout> | undefined
    document.onChange(() => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        if (this.#ready.get(id) === document) void document.save()
      }, saveSoon)
    })
    handle.on("heads-changed", () => {
      if (this.#ready.get(id) === document) queueMicrotask(() => this.#tellUnseen(document))
    })
    handle.on("change", ({ patches }) => {
      if (this.#ready.get(id) === document) document.changed(patches)
    })
    if (saved.length === 0) void document.save()
    return document
  }

  /**
   * automerge-repo sends nothing of a change that cannot be seen (a conflict that is settled with the value that is shown): it listens
   * to "change", which it emits only when a value is another. The handle then says so here.
   */
  #tellUnseen(document: OpenDocument): void {
    const { id, handle, doc } = document
    if (this.#ready.get(id) !== document || !document.untold) return
    handle.emit("change", { handle, doc, patches: [], patchInfo: { before: doc, after: doc, source: "change" } })
  }

  /** Keeps what the server confirmed, so that it is known in the next session while offline, and whether that is all there is. */
  async #note({ id, confirmedHeads, confirmed }: OpenDocument): Promise<void> {
    const before = this.#noted.get(id)
    if (!confirmedHeads && before === undefined) return
    const note = noteOf(confirmedHeads, confirmed)
    if (note === before) return
    this.#noted.set(id, note)
    await this.#storage.save([toldSpace, id], new TextEncoder().encode(note))
  }

  /** The months of a board's stored pages with something that the server is not known to have. Those that are open are left out. */
  async unsentMonths(board: string): Promise<string[]> {
    const pages = await unsentPages(this.#storage, id => this.#open.has(id as DocumentId))
    return pages.filter(page => page.board === board).map(({ month }) => month)
  }

  /** Lets go of a document: it stays on this device, and no more news of it are asked for. */
  close(id: DocumentId): Promise<void> {
    const closing = this.#close(id).finally(() => this.#closing.delete(id))
    this.#closing.set(id, closing)
    return closing
  }

  // automerge-repo takes the emptying of a document that it drops for a change: it would save the empty document over what is stored. And
  // for a change that is on its way to be sent it would wait two minutes, and say that it failed. So it hears nothing more of the
  // document, and what is on its way is sent first.
  async #close(id: DocumentId): Promise<void> {
    const document = await this.#open.get(id)
    this.#open.delete(id)
    this.#ready.delete(id)
    if (!document) return void this.#wanted.delete(id)
    await document.save()
    document.handle.removeAllListeners()
    await new Promise(sent => setTimeout(sent, sentAfter))
    this.#wanted.delete(id)
    this.#left.add(id)
    await this.#repo.removeFromCache(id)
  }

  /** Removes a document from this device. It is closed. Elsewhere it stays. */
  async remove(id: DocumentId): Promise<void> {
    this.#told.delete(id)
    this.#noted.delete(id)
    this.#removed.add(id)
    await this.#storage.removeRange([id])
    await this.#storage.removeRange([toldSpace, id])
    await this.#leftOut.forget(id)
  }

  async isStored(id: DocumentId): Promise<boolean> {
    return (await this.#storage.has([id, "snapshot"])) || (await this.#storage.has([id, "incremental"]))
  }

  get all(): Iterable<OpenDocument> {
    return this.#ready.values()
  }

  /** The server has told heads of a document. */
  heard(id: string, heads: A.Heads, storageId: string | undefined): void {
    const told = { storageId, heads }
    const before = this.#told.get(id)
    if (before && before.storageId === storageId && sameHeads(before.heads, heads)) return
    this.#told.set(id, told)
    this.#ready.get(id as DocumentId)?.told(told)
  }

  /** A connection to the server with this store has begun. */
  meet(storageId: string | undefined): void {
    this.#storageId = storageId
    this.#left.clear()
    for (const [id, told] of this.#told) if (told.storageId !== storageId) this.#told.delete(id)
    for (const document of this.#ready.values()) document.meet(storageId)
  }

  /** What the server told of a document in an earlier session, so that its posts are known to be on the board while offline. */
  async #recall(id: DocumentId): Promise<void> {
    if (this.#told.has(id)) return
    const bytes = await this.#storage.load([toldSpace, id])
    if (!bytes || this.#told.has(id)) return
    const note = new TextDecoder().decode(bytes)
    this.#noted.set(id, note)
    const { told } = parseNote(note) // without it, it is told anew
    if (told && (this.#storageId === undefined || told.storageId === this.#storageId)) this.#told.set(id, told)
  }

  async #heardSibling(said: DocumentId | { id: DocumentId; leftOut: string }): Promise<void> {
    if (typeof said === "string") return this.#reload(said)
    await this.#leftOut.add(said.id, said.leftOut)
    const document = this.#ready.get(said.id)
    if (document) await this.#clean(document)
  }

  /** Another window has saved a document, perhaps before it has heard what is refused: that would be sent again at once. */
  async #reload(id: DocumentId): Promise<void> {
    const document = this.#ready.get(id)
    if (!document) return
    const refused = await this.#leftOut.of(id)
    if (refused.length > 0) return this.#merge(document, refused)
    const bytes = await this.#repo.storageSubsystem?.loadDocData(id)
    if (!bytes || this.#ready.get(id) !== document) return
    document.handle.update(doc => A.loadIncremental(doc, bytes))
    await this.#clean(document)
  }

  /** Takes in what is stored, without what was refused. automerge-repo hears nothing of it: it may remove what it knows to be stored. */
  async #merge(document: OpenDocument, refused: readonly string[]): Promise<void> {
    const { id } = document
    const doc = await loadStored<Dict>(this.#storage, id)
    const bytes = await cleaned(doc, refused)
    if (this.#ready.get(id) !== document) return
    document.handle.update(now => A.loadIncremental(now, bytes))
    await this.#clean(document)
  }

  /**
   * Takes a change that the server has refused out of a document, now and wherever it turns up again, and keeps what was made after it.
   * When this fails, the change is where it was.
   */
  async leaveOut(id: DocumentId, change: string, keep: Keep): Promise<void> {
    const document = this.#ready.get(id)
    if (document) await this.#clean(document, change, keep)
    await this.#leftOut.add(id, change)
  }

  /**
   * Leaves refused changes, and one more, out of an open document and, later, out of what is stored of it. What another window has stored is
   * taken in first, and what is lost is kept for the person before anything goes. If the device is switched off on the way, both the old and
   * the new are stored, and the next start does it again, to the same end.
   */
  async #clean(document: OpenDocument, change?: string, keep = this.#keep): Promise<void> {
    const { id } = document
    const known = await this.#leftOut.of(id)
    const refused = change === undefined || known.includes(change) ? known : [...known, change]
    if (!refused.some(hash => A.hasHeads(document.doc, [hash]))) return
    const { without } = await import("./membership/replay.js")
    const kept = new Map<string, Promise<void>>()
    for (;;) {
      const before = kept.size
      const stored = await storedPieces(this.#storage, id)
      let doc = withPieces(A.clone(document.doc), stored) // from here on without waiting: what is written meanwhile would be lost
      for (const hash of refused) {
        const left = without(doc, hash)
        if (!left) continue
        const after = A.load<Dict>(left.bytes)
        if (!kept.has(hash)) kept.set(hash, keep(id, hash, { before: doc, after }))
        doc = after
      }
      if (this.#ready.get(id) !== document) return
      const all = Promise.all(kept.values())
      if (kept.size > before) {
        await Promise.race([all, pause(keptLongest)])
        if (change !== undefined) await this.#leftOut.add(id, change)
        continue // it was written on meanwhile, here or in another window
      }
      document.replace(doc)
      const rewritten = async () => {
        await all
        if (change !== undefined) this.#siblings?.postMessage({ id, leftOut: change })
        await this.#rewrite(document, stored.map(({ key }) => key), doc => leave(doc, refused, without))
      }
      return this.#work(rewritten())
    }
  }

  /**
   * Stores a document, and removes what is in it. Its name is that of its content: under one name for all, a window would remove what another
   * had put there since. automerge-repo then hears what is stored now, and may remove all of it with its next change; so what is of another
   * window is taken in at once.
   */
  async #rewrite(document: OpenDocument, others: StorageKey[], clean: (doc: A.Doc<Dict>) => A.Doc<Dict>): Promise<void> {
    const { id, doc } = document
    const key = [id, "snapshot", `without-${hexOf(sha256(ascii(A.getHeads(doc).sort().join())))}`]
    await this.#storage.save(key, A.save(doc))
    for (const other of others) if (other.join() !== key.join()) await this.#storage.remove(other)
    const stored = await this.#repo.storageSubsystem?.loadDoc<Dict>(id)
    if (stored && this.#ready.get(id) === document) document.handle.update(now => A.loadIncremental(now, A.save(clean(stored))))
    await document.save()
  }

  /** Lets work go on for which only shutdown waits. Where that has no time to, the next start does it again, to the same end. */
  #work(work: Promise<void>): void {
    const loud = (cause: unknown) => {
      if (!this.#over) throw cause
    }
    const own = work.catch(loud).finally(() => this.#working.delete(own))
    this.#working.add(own)
  }

  /** Hears nothing more of other windows, finishes what was begun, and saves every document. The storage can be closed then. */
  async shutdown(): Promise<void> {
    this.#over = true
    if (this.#siblings) this.#siblings.onmessage = null
    do await Promise.all([...[...this.#ready.values()].map(document => document.save()), ...this.#working])
    while (this.#working.size > 0)
    this.#ready.clear()
    this.#siblings?.close()
    this.#siblings = null
    for (const adapter of this.#repo.networkSubsystem.adapters) adapter.disconnect()
  }
}

type Without = typeof import("./membership/replay.js").without

/** A document as Automerge saves it, without what the server has refused of it. */
async function cleaned(doc: A.Doc<Dict>, refused: readonly string[]): Promise<Uint8Array> {
  const there = refused.filter(hash => A.hasHeads(doc, [hash]))
  return A.save(there.length === 0 ? doc : leave(doc, there, (await import("./membership/replay.js")).without))
}

/** Leaves refused changes out. */
function leave(doc: A.Doc<Dict>, refused: readonly string[], without: Without): A.Doc<Dict> {
  for (const hash of refused) {
    const left = without(doc, hash) // null: it is not there, or stood on one before
    if (left) doc = A.load(left.bytes)
  }
  return doc
}
