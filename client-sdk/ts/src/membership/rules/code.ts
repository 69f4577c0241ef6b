// Codes of invites as people write and say them, and links that carry one. Pure.

import { isCrockford, plainCode } from "../../model/ids.js"

const codeLength = 10
const textMax = 64 // of what people write

/** Reads the code of an invite as people write it: in capitals, with blanks and hyphens, with letters that look like digits. Null when it is none. */
export function normalCode(said: string): string | null {
  if (said.length > textMax) return null
  const code = plainCode(said.replace(/\u00a0/g, " "))
  return code.length === codeLength && isCrockford(code) ? code : null
}

/** A normal code as it is shown: xxxxx-xxxxx. */
export const showCode = (normal: string): string => `${normal.slice(0, codeLength / 2)}-${normal.slice(codeLength / 2)}`

/** What a link to join with says behind its #. */
export interface JoinLink {
  /** As it stands there: {@link normalCode} reads it. */
  code: string
  /** Of the certificate of a server on the local network. */
  fingerprint: string | null
}

/** Reads the part of an address behind the #, with or without it. Null when there is no code in it. */
export function joinLink(hash: string): JoinLink | null {
  const code = valueOf(hash, "c")
  return code === null ? null : { code, fingerprint: valueOf(hash, "fp") }
}

/** The same part of an address without the code and the fingerprint. Empty when nothing is left. */
export function withoutCode(hash: string): string {
  const left = partsOf(hash).filter(part => !/^(c|fp)=/.test(part))
  return left.length > 0 ? `#${left.join("&")}` : ""
}

const partsOf = (hash: string): string[] => hash.replace(/^#/, "").split("&").filter(part => part !== "")

function valueOf(hash: string, name: string): string | null {
  const part = partsOf(hash).find(part => part.startsWith(`${name}=`))
  if (part === undefined) return null
  const value = part.slice(name.length + 1)
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
