// What the server confirmed of each document, as the device keeps it, and which pages it therefore has to open to send the rest.

import * as A from "@automerge/automerge/slim"
import type { GuardedStorage } from "./device/guard.js"
import type { Told } from "./document.js"
import { pageDocument, type DocumentId } from "./model/ids.js"
import { loadStored, storedDocuments } from "./stored.js"
import type { Dict } from "./model/values.js"

/** Under which the storage keeps what the server confirmed. */
export const toldSpace = "tavle-told"

/** What is kept of a document: what the server confirmed, and whether that is all that is stored. */
export const noteOf = (told: Told | null, whole: boolean): string => JSON.stringify({ ...told, whole })

/** Reads it. Notes of earlier versions do not say whether it is all. */
export function parseNote(note: string): { told: Told | null; whole: boolean } {
  try {
    const { storageId, heads, whole } = JSON.parse(note) as Partial<Told> & { whole?: boolean }
    return { told: Array.isArray(heads) ? { storageId, heads } : null, whole: whole === true }
  } catch {
    return { told: null, whole: false }
  }
}

/**
 * The stored pages with something that the server is not known to have, those that are open left out. A page of which the server has
 * all is not even read: its note says so.
 */
export async function unsentPages(storage: GuardedStorage, open: (id: string) => boolean): Promise<{ board: string; month: string }[]> {
  const notes = new Map<string, ReturnType<typeof parseNote>>()
  for (const { key, data } of await storage.loadRange([toldSpace])) notes.set(key[1]!, parseNote(new TextDecoder().decode(data)))
  const unsent = []
  for (const id of await storedDocuments(storage)) {
    const { told = null, whole = false } = notes.get(id) ?? {}
    if (whole || open(id)) continue
    const page = await readPage(storage, id, told)
    if (page && !page.whole && !open(id)) unsent.push(page)
  }
  return unsent
}

/** Null when it is no page, or cannot be read. */
async function readPage(storage: GuardedStorage, id: string, told: Told | null): Promise<{ board: string; month: string; whole: boolean } | null> {
  try {
    const doc = await loadStored<Dict>(storage, id)
    const [board, month] = [String(doc.board) as DocumentId, String(doc.month)]
    const known = (told?.heads ?? []).filter(head => A.hasHeads(doc, [head]))
    const whole = A.getChangesMetaSince(doc, known).length === 0
    A.free(doc)
    return pageDocument(board, month) === id ? { board, month, whole } : null
  } catch {
    return null
  }
}
