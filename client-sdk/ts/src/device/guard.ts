// What stands between automerge-repo and a storage: a write that fails is told at once and tried until it succeeds, since automerge-repo
// itself forgets it; the first write of a session is read back.

import type { Chunk, StorageAdapterInterface, StorageKey } from "@automerge/automerge-repo/slim"
import type { DeviceStorage } from "./indexeddb.js"

const retryFirst = 500 // milliseconds
const retryLongest = 30_000

/** A write that is being tried again, until what it writes is removed. */
interface Failing {
  readonly key?: StorageKey
  over: boolean
}

export class GuardedStorage implements StorageAdapterInterface {
  readonly #inner: DeviceStorage
  readonly #told: (failing: string | null) => void
  readonly #failing = new Set<Failing>() // writes that are being tried again
  #checked = false
  #closed = false
  #wiped = false
  #wake: (() => void)[] = []

  /** told hears the reason when writing fails, and null when everything is written again. */
  constructor(inner: DeviceStorage, told: (failing: string | null) => void) {
    this.#inner = inner
    this.#told = told
  }

  async load(key: StorageKey): Promise<Uint8Array | undefined> {
    return this.#wiped ? undefined : this.#inner.load(key)
  }

  async loadRange(prefix: StorageKey): Promise<Chunk[]> {
    return this.#wiped ? [] : this.#inner.loadRange(prefix)
  }

  async save(key: StorageKey, binary: Uint8Array): Promise<void> {
    if (this.#wiped) return
    return this.#insist(() => this.#write(key, binary), key)
  }

  async remove(key: StorageKey): Promise<void> {
    if (this.#wiped) return
    return this.#insist(() => this.#inner.remove(key))
  }

  async removeRange(prefix: StorageKey): Promise<void> {
    if (this.#wiped) return
    for (const failing of this.#failing) if (prefix.every((part, at) => failing.key?.[at] === part)) failing.over = true // or it would come back
    this.retryNow()
    return this.#insist(() => this.#inner.removeRange(prefix))
  }

  async has(prefix: StorageKey): Promise<boolean> {
    if (this.#wiped) return false
    if (this.#inner.has) return this.#inner.has(prefix)
    return (await this.#inner.loadRange(prefix)).length > 0
  }

  async keys(prefix: StorageKey): Promise<StorageKey[]> {
    if (this.#wiped) return []
    if (this.#inner.keys) return this.#inner.keys(prefix)
    return (await this.#inner.loadRange(prefix)).map(chunk => chunk.key)
  }

  /** Tries failed writes again now. */
  retryNow(): void {
    const wake = this.#wake
    this.#wake = []
    for (const fn of wake) fn()
  }

  /** Removes everything, and goes on. */
  async clear(): Promise<void> {
    for (const first of new Set((await this.keys([])).map(([first]) => first!))) await this.removeRange([first])
  }

  /** Removes everything, the storage itself where it can be removed, and takes nothing more. */
  async wipe(): Promise<void> {
    const keys = await this.keys([])
    this.#wiped = true
    this.retryNow()
    for (const first of new Set(keys.map(([first]) => first!))) await this.#inner.removeRange([first])
    await this.#inner.destroy?.()
  }

  /** Gives up writes that still fail. */
  close(): void {
    this.#closed = true
    this.retryNow()
    this.#inner.close?.()
  }

  async #write(key: StorageKey, binary: Uint8Array): Promise<void> {
    await this.#inner.save(key, binary)
    if (this.#checked) return
    const back = await this.#inner.load(key)
    if (!back || back.length !== binary.length || back.some((byte, at) => byte !== binary[at]))
      throw new Error("what was written cannot be read back")
    this.#checked = true
  }

  async #insist(write: () => Promise<void>, key?: StorageKey): Promise<void> {
    const own: Failing = { key, over: false }
    for (let wait = retryFirst; ; wait = Math.min(wait * 2, retryLongest)) {
      try {
        if (!own.over) await write()
        if (this.#failing.delete(own) && this.#failing.size === 0) this.#told(null)
        return
      } catch (cause) {
        if (this.#closed || this.#wiped) return
        this.#failing.add(own)
        this.#told(reasonOf(cause))
        await this.#pause(wait)
      }
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#wake.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
}

const reasonOf = (cause: unknown): string => {
  const { name, message } = cause as Error
  return name === "QuotaExceededError" ? "the device's storage is full" : message || String(cause)
}
