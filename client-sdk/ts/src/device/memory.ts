// Storage that ends with the page, for kiosks and tests.

import type { Chunk, StorageKey } from "@automerge/automerge-repo/slim"
import type { DeviceStorage } from "./indexeddb.js"

const separator = "\u0000"

export class MemoryStorage implements DeviceStorage {
  readonly #values = new Map<string, Uint8Array>()

  async load(key: StorageKey): Promise<Uint8Array | undefined> {
    return this.#values.get(key.join(separator))
  }

  async save(key: StorageKey, binary: Uint8Array): Promise<void> {
    this.#values.set(key.join(separator), binary)
  }

  async remove(key: StorageKey): Promise<void> {
    this.#values.delete(key.join(separator))
  }

  async loadRange(prefix: StorageKey): Promise<Chunk[]> {
    return this.#under(prefix).map(([key, data]) => ({ key: key.split(separator), data }))
  }

  async removeRange(prefix: StorageKey): Promise<void> {
    for (const [key] of this.#under(prefix)) this.#values.delete(key)
  }

  async keys(prefix: StorageKey): Promise<StorageKey[]> {
    return this.#under(prefix).map(([key]) => key.split(separator))
  }

  #under(prefix: StorageKey): [string, Uint8Array][] {
    const start = prefix.map(part => part + separator).join("")
    return [...this.#values].filter(([key]) => (key + separator).startsWith(start))
  }
}
