// Hand-over of a post to the neighbour for whom it was written: its secrets, and who holds a post. Pure: random bytes are arguments.

import { ascii, idFromBytes, isCrockford, plainCode } from "./ids.js"
import { sha256 } from "./sha256.js"
import { compareOps } from "./values.js"

/** Of random bytes that make a secret. */
export const secretBytes = 10
const secretLength = 16

/** Makes a secret: 16 characters, from 10 random bytes. */
export function secretFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== secretBytes) throw new RangeError(`a secret is made of ${secretBytes} bytes, not ${bytes.length}`)
  const long = new Uint8Array(16)
  long.set(bytes)
  return idFromBytes(long).slice(0, secretLength)
}

/** Reads a secret as people write it: in capitals, with blanks and hyphens, with letters that look like digits. Null when it is none. */
export function parseSecret(text: string): string | null {
  if (text.length > 4 * secretLength) return null
  const secret = plainCode(text)
  return secret.length === secretLength && isCrockford(secret) ? secret : null
}

/** What a page has of a secret (as parseSecret returns it): SHA-256 over its characters, in lower-case hexadecimal. */
export const secretHash = (secret: string): string =>
  [...sha256(ascii(secret))].map(byte => byte.toString(16).padStart(2, "0")).join("")

/** Whether a secret is that of a hash. What is not of a secret's form is none. */
export const fits = (secret: string, hash: string): boolean => parseSecret(secret) === secret && secretHash(secret) === hash

interface Claimed {
  made: string
  secret: string
  by: string
}

interface Handed {
  createdBy: string
  handovers: readonly { secretHash: string; by: string; claims: readonly Claimed[] }[]
}

/** The earliest claim that counts: with the secret of a hand-over that the post's author made. */
export function standingClaim({ createdBy, handovers }: Handed): Claimed | null {
  let first: Claimed | null = null
  for (const handover of handovers) {
    if (handover.by !== createdBy) continue
    for (const claim of handover.claims) {
      if (!claim.by || (first && compareOps(claim.made, first.made) >= 0)) continue
      if (fits(claim.secret, handover.secretHash)) first = claim
    }
  }
  return first
}

/** To whom a post belongs: who claimed it first, and otherwise its author. */
export const holderOf = (post: Handed): string => standingClaim(post)?.by ?? post.createdBy
