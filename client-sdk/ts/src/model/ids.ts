// Ids and post codes of SCHEMA.md. Pure: random bytes are arguments.

import { binaryToDocumentId, documentIdToBinary, toAutomergeUrl, type DocumentId } from "./docid.js"
import { sha256 } from "./sha256.js"

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz" // Crockford's, without i, l, o and u
const idBytes = 16
const idLength = 26
const codeLength = 4

/** Makes an id of a post, reply, offer or vote: 26 characters, from 16 random bytes. */
export function idFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== idBytes) throw new RangeError(`an id is made of ${idBytes} bytes, not ${bytes.length}`)
  let id = ""
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; ) {
      bits -= 5
      id += alphabet[(held >> bits) & 31]
    }
    held &= 31
  }
  return id + alphabet[(held << (5 - bits)) & 31]
}

/** Whether text is an id of a post, reply, offer or vote. */
export function isId(text: string): boolean {
  if (text.length !== idLength) return false
  for (const letter of text) if (!alphabet.includes(letter)) return false
  return (alphabet.indexOf(text[idLength - 1]!) & 3) === 0
}

/** The post code of a post, for people to say and to print: the first 20 bits of its id. Several posts may share one. */
export const codeOf = (postId: string): string => postId.slice(0, codeLength)

/** Reads a post code as people write it: in capitals, with blanks and hyphens, with letters that look like digits. Null when it is none. */
export function parseCode(text: string): string | null {
  if (text.length > 4 * codeLength) return null
  const code = plainCode(text)
  return code.length === codeLength && isCrockford(code) ? code : null
}

/** What people wrote, without blanks, hyphens, capitals and letters that look like digits. */
export const plainCode = (text: string): string => text.toLowerCase().replace(/[ -]/g, "").replace(/[il]/g, "1").replace(/o/g, "0")

/** Whether a text has only characters of ids and codes. */
export const isCrockford = (text: string): boolean => [...text].every(letter => alphabet.includes(letter))

/** Bytes of a text that is ASCII. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, letter => letter.charCodeAt(0))

/** The first 16 bytes of SHA-256 over text (ASCII) and more bytes. */
export function firstBytes(text: string, ...more: Uint8Array[]): Uint8Array {
  const parts = [ascii(text), ...more]
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return sha256(all).slice(0, idBytes)
}

/** The document id of a board's page for a month "YYYY-MM": the same on every device. The epoch is 0 unless the page was rewritten. */
export function pageDocument(board: DocumentId, month: string, epoch = 0): DocumentId {
  const number = Uint8Array.of(epoch >>> 24, epoch >>> 16, epoch >>> 8, epoch)
  return binaryToDocumentId(firstBytes("tavle/page/v1\0", documentIdToBinary(board), ascii(month), number))
}

/** The document id of the demo board: the same everywhere, and it holds nothing real. */
export const demoBoard = (): DocumentId => binaryToDocumentId(firstBytes("tavle/demo/v1"))

/** The document id of a board, from 16 random bytes. */
export const boardDocument = (bytes: Uint8Array): DocumentId => binaryToDocumentId(bytes)

/** Finds a board's document id in what people have: an id, an automerge URL, or a link that contains one. Null when there is none. */
export function findBoardId(text: string): DocumentId | null {
  const words = text.split(/[^1-9A-HJ-NP-Za-km-z]+/).reverse()
  for (const word of words) {
    const bytes = word.length >= 20 && word.length <= 32 ? documentIdToBinary(word as DocumentId, true) : null
    if (bytes?.length === idBytes) return word as DocumentId
  }
  return null
}

export { toAutomergeUrl, type DocumentId }
