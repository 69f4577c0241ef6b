// Where a device keeps its key and who it belongs to: apart from the documents, since a key is kept as it is and never as bytes.

import { deleteDatabase } from "../device/indexeddb.js"
import type { DeviceKey } from "./keys.js"
import type { Absence } from "./rules/lease.js"
import type { Me } from "./rules/me.js"

/** What a device keeps about belonging to one server. */
export interface Kept {
  /** The origin of the server. */
  server: string
  key: DeviceKey
  me: Me
  /** When the session was renewed last, by the device's clock, in milliseconds since 1970. */
  renewed: number
  absence: Absence
  /** A wipe was begun: of `all`, of which the key goes last; or of the `documents` of who was here before this device joined anew. */
  forgetting?: "all" | "documents"
}

/**
 * A place for it, which all windows share: another window may have joined as another device meanwhile. So what is kept can be changed or
 * removed only as long as it is of the same key, in one step.
 */
export interface Keeper {
  load(): Promise<Kept | null>
  /** Keeps it; with own, only in the place of something of the same key. */
  save(kept: Kept, own?: boolean): Promise<void>
  /** Removes everything, and the place itself where that is possible; of a device, only what is of its key. */
  clear(device?: string): Promise<void>
}

const isOf = (kept: Kept | null | undefined, device: string | undefined): boolean => device === undefined || kept?.key.device === device

/** A keeper that ends with the page, or with the process: for tests. */
export class MemoryKeeper implements Keeper {
  #kept: Kept | null = null

  async load(): Promise<Kept | null> {
    return this.#kept && { ...this.#kept }
  }

  async save(kept: Kept, own = false): Promise<void> {
    if (isOf(this.#kept, own ? kept.key.device : undefined)) this.#kept = { ...kept }
  }

  async clear(device?: string): Promise<void> {
    if (isOf(this.#kept, device)) this.#kept = null
  }
}

const store = "kept"
const only = "device"

/** A keeper in a small IndexedDB database of its own. The key lies there as the browser's own object. */
export class IndexedDBKeeper implements Keeper {
  readonly #name: string

  constructor(name = "tavle-member") {
    this.#name = name
  }

  load(): Promise<Kept | null> {
    return this.#run("readonly")
  }

  async save(kept: Kept, own = false): Promise<void> {
    await this.#run("readwrite", (before, store) => isOf(before, own ? kept.key.device : undefined) && store.put(kept, only))
  }

  async clear(device?: string): Promise<void> {
    const before = await this.#run("readwrite", (before, store) => isOf(before, device) && store.clear())
    if (isOf(before, device)) await deleteDatabase(this.#name)
  }

  /**
   * Reads what is kept, does something with it, and returns what it was: one transaction on a connection of its own. It is used seldom, and
   * nothing then hinders the database from being deleted.
   */
  async #run(mode: IDBTransactionMode, then?: (before: Kept | null, store: IDBObjectStore) => unknown): Promise<Kept | null> {
    const database = await open(this.#name)
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(store, mode, { durability: mode === "readwrite" ? "strict" : "default" })
        const request = transaction.objectStore(store).get(only) as IDBRequest<Kept | undefined>
        request.onsuccess = () => then?.(request.result ?? null, transaction.objectStore(store))
        transaction.oncomplete = () => resolve(request.result ?? null)
        transaction.onabort = () => reject(transaction.error ?? request.error ?? new Error("the browser aborted a transaction"))
      })
    } finally {
      database.close()
    }
  }
}

const open = (name: string): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(store)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    request.onblocked = () => reject(new Error("another window holds an older database open"))
  })
