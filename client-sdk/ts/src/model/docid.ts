// Document ids as text: base58check, through the library that automerge-repo uses for it.

import {
  documentIdToBinary as decode,
  stringifyAutomergeUrl,
  type BinaryDocumentId,
  type DocumentId,
} from "@automerge/automerge-repo/slim"
export type { DocumentId }

/** Writes 16 bytes as a document id. */
export const binaryToDocumentId = (bytes: Uint8Array): DocumentId =>
  toAutomergeUrl(bytes).slice("automerge:".length) as DocumentId

/** Reads a document id. Throws when it is none, or returns null when asked to be lenient. */
export function documentIdToBinary(id: DocumentId, lenient: true): Uint8Array | null
export function documentIdToBinary(id: DocumentId): Uint8Array
export function documentIdToBinary(id: DocumentId, lenient = false): Uint8Array | null {
  const bytes = decode(id) ?? null
  if (!bytes && !lenient) throw new TypeError(`${id} is no document id`)
  return bytes
}

/** The automerge URL of a document, from its id as text or as 16 bytes. */
export const toAutomergeUrl = (id: DocumentId | Uint8Array): string =>
  stringifyAutomergeUrl(typeof id === "string" ? id : (id as BinaryDocumentId))
