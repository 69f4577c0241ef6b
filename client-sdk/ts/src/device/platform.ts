// What a client takes from the platform it runs on, where it is not given something else.

import type { StorageAdapterInterface } from "@automerge/automerge-repo/slim"
import { GuardedStorage } from "./guard.js"
import { IndexedDBStorage, nameOf, type DeviceStorage } from "./indexeddb.js"
import { MemoryStorage } from "./memory.js"
import type { SecondPlace } from "./registration.js"

/** Resolves after a while, and keeps no process alive for it. */
export const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    const timer: unknown = setTimeout(resolve, ms)
    ;(timer as { unref?: () => void }).unref?.()
  })

export const platformRandom = (n: number): Uint8Array => crypto.getRandomValues(new Uint8Array(n))

/** localStorage, where there is one. */
export function platformSecondPlace(): SecondPlace | null {
  try {
    return globalThis.localStorage ?? null
  } catch {
    return null
  }
}

/** What connects the windows that share a storage. */
export const siblings = (profile?: string): BroadcastChannel | null =>
  typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(nameOf("tavle", profile))

/** Opens the storage; when it cannot be read, says so and goes on in memory. */
export async function openStorage(
  storage: StorageAdapterInterface | "memory" | undefined,
  told: (failing: string | null) => void,
  profile?: string,
): Promise<GuardedStorage> {
  const inner: DeviceStorage = storage === "memory" ? new MemoryStorage() : (storage ?? new IndexedDBStorage(nameOf("tavle", profile)))
  try {
    await inner.load(["tavle", "device"])
    return new GuardedStorage(inner, told)
  } catch (cause) {
    const reason = `this device's storage cannot be opened: ${(cause as Error)?.message ?? String(cause)}`
    told(reason)
    return new GuardedStorage(new MemoryStorage(), failing => told(failing ?? reason))
  }
}

/** Removes what other parts of the app keep in the page's own storages under names of Tavle. */
export function wipePage(): void {
  for (const name of ["localStorage", "sessionStorage"] as const) {
    try {
      const storage = globalThis[name] as Storage | undefined
      for (const key of Object.keys(storage ?? {})) if (key.startsWith("tavle")) storage!.removeItem(key)
    } catch {
      // The browser shows no storage to this page: then nothing was kept there.
    }
  }
}
