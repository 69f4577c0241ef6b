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
}

/** A place for it. */
export interface Keeper {
  load(): Promise<Kept | null>
  save(kept: Kept): Promise<void>
  /** Removes everything, and the place itself where that is possible. */
  clear(): Promise<void>
}

/** A keeper that ends with the page, or with the process: for tests. */
export class MemoryKeeper implements Keeper {
  #kept: Kept | null = null

  async load(): Promise<Kept | null> {
    return this.#kept && { ...this.#kept }
  }

  async save(kept: Kept): Promise<void> {
    this.#kept = { ...kept }
  }

  async clear(): Promise<void> {
    this.#kept = null
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
    return this.#run<Kept | undefined>("readonly", kept => kept.get(only)).then(kept => kept ?? null)
  }

  async save(kept: Kept): Promise<void> {
    await this.#run("readwrite", store => store.put(kept, only))
  }

  async clear(): Promise<void> {
    await this.#run("readwrite", kept => kept.clear())
    await deleteDatabase(this.#name)
  }

  /** One transaction on a connection of its own: it is used seldom, and nothing then hinders the database from being deleted. */
  async #run<T>(mode: IDBTransactionMode, ask: (kept: IDBObjectStore) => IDBRequest): Promise<T> {
    const database = await open(this.#name)
    try {
      return await new Promise<T>((resolve, reject) => {
        const transaction = database.transaction(store, mode, { durability: mode === "readwrite" ? "strict" : "default" })
        const request = ask(transaction.objectStore(store))
        transaction.oncomplete = () => resolve(request.result as T)
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
