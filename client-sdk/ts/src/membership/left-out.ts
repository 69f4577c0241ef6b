// Which changes the server has refused, so that they are left out of a document wherever they turn up again: in what another window of the
// device saves, or in what was stored when the device was switched off half-way.

import type { GuardedStorage } from "../device/guard.js"

const space = "tavle-left-out"
const most = 200 // changes that are remembered for one document, the latest

export class LeftOut {
  readonly #storage: GuardedStorage
  readonly #known = new Map<string, string[]>()

  constructor(storage: GuardedStorage) {
    this.#storage = storage
  }

  /** Hashes of the changes that were refused in a document, earliest first. */
  async of(document: string): Promise<readonly string[]> {
    const known = this.#known.get(document)
    if (known) return known
    const hashes = parse(await this.#storage.load([space, document]))
    this.#known.set(document, hashes)
    return hashes
  }

  /** Remembers one more, in storage as soon as that takes it. */
  async add(document: string, change: string): Promise<void> {
    const known = await this.of(document)
    if (known.includes(change)) return
    const hashes = [...known, change].slice(-most)
    this.#known.set(document, hashes)
    void this.#storage.save([space, document], new TextEncoder().encode(JSON.stringify(hashes)))
  }

  /** The document is removed from this device. */
  async forget(document: string): Promise<void> {
    this.#known.delete(document)
    await this.#storage.removeRange([space, document])
  }
}

function parse(bytes: Uint8Array | undefined): string[] {
  try {
    const hashes: unknown = JSON.parse(bytes ? new TextDecoder().decode(bytes) : "[]")
    return Array.isArray(hashes) ? hashes.filter(hash => typeof hash === "string") : []
  } catch {
    return []
  }
}
