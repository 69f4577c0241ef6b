// What automerge-repo has stored of documents on this device, read without it.

import * as A from "@automerge/automerge/slim"
import type { Chunk } from "@automerge/automerge-repo/slim"
import type { GuardedStorage } from "./device/guard.js"

const kinds = ["snapshot", "incremental"] // in the order in which automerge-repo reads them

/** The ids of the documents of which anything is stored. */
export async function storedDocuments(storage: GuardedStorage): Promise<Set<string>> {
  return new Set((await storage.keys([])).filter(([, kind]) => kinds.includes(kind!)).map(([id]) => id!))
}

/** What is stored of a document, in pieces. */
export async function storedPieces(storage: GuardedStorage, id: string): Promise<Chunk[]> {
  const pieces = []
  for (const kind of kinds) pieces.push(...(await storage.loadRange([id, kind])))
  return pieces
}

/** Takes pieces into a document. */
export function withPieces<T>(doc: A.Doc<T>, pieces: readonly Chunk[]): A.Doc<T> {
  for (const { data } of pieces) if (data) doc = A.loadIncremental(doc, data)
  return doc
}

/** Reads what is stored of a document. */
export const loadStored = async <T>(storage: GuardedStorage, id: string): Promise<A.Doc<T>> =>
  withPieces(A.init<T>(), await storedPieces(storage, id))
