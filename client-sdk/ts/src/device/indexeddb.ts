// Storage in IndexedDB. Unlike automerge-repo's own adapter it hears of a transaction that is aborted (a full disk is told that way, and
// the promise would wait for ever), opens the database again after the browser closed it, and can look for keys without reading values.

import type { Chunk, StorageAdapterInterface, StorageKey } from "@automerge/automerge-repo/slim"

const store = "documents"

/** Storage that can say whether there is anything under a prefix, and how much it holds, without reading it all. */
export interface DeviceStorage extends StorageAdapterInterface {
  has?(prefix: StorageKey): Promise<boolean>
  keys?(prefix: StorageKey): Promise<StorageKey[]>
  close?(): void
  /** Removes the storage itself. */
  destroy?(): Promise<void>
}

/** The name of a database; of a profile, one that no other has. */
export const nameOf = (what: string, profile: string | undefined): string => (profile === undefined ? what : `${what}:${profile}`)

export class IndexedDBStorage implements DeviceStorage {
  readonly #name: string
  #database: Promise<IDBDatabase> | null = null
  #closed = false

  constructor(name = "tavle") {
    this.#name = name
  }

  load(key: StorageKey): Promise<Uint8Array | undefined> {
    return this.#run("readonly", documents => documents.get(key), binaryOf)
  }

  save(key: StorageKey, binary: Uint8Array): Promise<void> {
    return this.#run("readwrite", documents => documents.put({ key, binary }, key), nothing)
  }

  remove(key: StorageKey): Promise<void> {
    return this.#run("readwrite", documents => documents.delete(key), nothing)
  }

  async loadRange(prefix: StorageKey): Promise<Chunk[]> {
    const values: { key: StorageKey; binary: Uint8Array }[] = await this.#run("readonly", documents => documents.getAll(range(prefix)), same)
    return values.map(({ key, binary }) => ({ key, data: binary }))
  }

  removeRange(prefix: StorageKey): Promise<void> {
    return this.#run("readwrite", documents => documents.delete(range(prefix)), nothing)
  }

  keys(prefix: StorageKey): Promise<StorageKey[]> {
    return this.#run("readonly", documents => documents.getAllKeys(range(prefix)), keys => keys as StorageKey[])
  }

  async has(prefix: StorageKey): Promise<boolean> {
    return this.#run("readonly", documents => documents.count(range(prefix)), count => count > 0)
  }

  close(): void {
    this.#closed = true
    void this.#database?.then(database => database.close())
    this.#database = null
  }

  async destroy(): Promise<void> {
    this.#closed = true
    await this.#database?.then(database => database.close(), () => {})
    this.#database = null
    await deleteDatabase(this.#name)
  }

  async #run<R, T>(mode: IDBTransactionMode, ask: (documents: IDBObjectStore) => IDBRequest<R>, answer: (result: R) => T): Promise<T> {
    const database = await this.#open()
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode, { durability: mode === "readwrite" ? "strict" : "default" })
      const request = ask(transaction.objectStore(store))
      transaction.oncomplete = () => resolve(answer(request.result))
      transaction.onabort = () => reject(transaction.error ?? request.error ?? new Error("the browser aborted a transaction"))
    })
  }

  #open(): Promise<IDBDatabase> {
    if (this.#closed) return Promise.reject(new Error("this storage was closed")) // opening would make the database anew
    this.#database ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(this.#name, 1)
      request.onupgradeneeded = () => request.result.createObjectStore(store)
      request.onsuccess = () => resolve(this.#watch(request.result))
      request.onerror = () => reject(request.error)
      request.onblocked = () => reject(new Error("another window holds an older database open"))
    }).catch(cause => {
      this.#database = null
      throw cause
    })
    return this.#database
  }

  #watch(database: IDBDatabase): IDBDatabase {
    const gone = () => {
      this.#database = null
    }
    database.onclose = gone
    database.onversionchange = () => {
      database.close()
      gone()
    }
    return database
  }
}

const deleteLongest = 2_000 // milliseconds

/** Deletes a database. Another window that holds it open delays that, and does not fail it; one that sleeps does not even say so. */
export const deleteDatabase = (name: string): Promise<void> =>
  new Promise(resolve => {
    const request = indexedDB.deleteDatabase(name)
    const timer = setTimeout(resolve, deleteLongest)
    request.onsuccess = request.onerror = request.onblocked = () => {
      clearTimeout(timer)
      resolve()
    }
  })

const same = <T>(value: T): T => value
const nothing = (): void => {}
const range = (prefix: StorageKey): IDBKeyRange => IDBKeyRange.bound(prefix, [...prefix, "\uffff"])

const binaryOf = (value: unknown): Uint8Array | undefined => (value as { binary?: Uint8Array } | undefined)?.binary
