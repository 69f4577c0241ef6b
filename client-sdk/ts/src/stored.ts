// What automerge-repo has stored of documents on this device, read without it.

import * as A from "@automerge/automerge/slim"
import type { StorageKey } from "@automerge/automerge-repo/slim"
import type { GuardedStorage } from "./device/guard.js"

const kinds = ["snapshot", "incremental"] // in the order in which automerge-repo reads them

/** The ids of the documents of which anything is stored. */
export async function storedDocuments(storage: GuardedStorage): Promise<Set<string>> {
  return new Set((await storage.keys([])).filter(([, kind]) => kinds.includes(kind!)).map(([id]) => id!))
}

/** Takes what is stored of a document into doc, and names the keys under which it was. */
export async function loadStored<T>(storage: GuardedStorage, id: string, doc: A.Doc<T> = A.init<T>()): Promise<{ doc: A.Doc<T>; keys: StorageKey[] }> {
  const keys = []
  for (const kind of kinds)
    for (const { key, data } of await storage.loadRange([id, kind])) {
      if (data) doc = A.loadIncremental(doc, data)
      keys.push(key)
    }
  return { doc, keys }
}
