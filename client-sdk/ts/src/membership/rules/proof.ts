// What a device signs, and how it is named: the same on every device and on the server (crdt/testdata/auth). Pure.

import { ascii, firstBytes, idFromBytes } from "../../model/ids.js"
import { sha256 } from "../../model/sha256.js"

/** Algorithms of device keys. `ES256` is ECDSA over P-256 with SHA-256. */
export type Algorithm = "Ed25519" | "ES256"

/** What a proof is for: one for a purpose is none for another. */
export type Purpose = "join" | "session" | "unsent"

/** A raw public key, in base64url without padding. */
export type KeyText = string

/** The id of the device with a raw public key. */
export const deviceId = (alg: Algorithm, key: Uint8Array): string => idFromBytes(firstBytes(`${alg}\0`, key))

/** What is signed. host is as the browser sees it, with a port that is not the usual one. */
export const proofMessage = (purpose: Purpose, host: string, challenge: string, subject: string): string =>
  ["tavle/proof/v1", purpose, host, challenge, subject].join("\n")

/** The subject of a proof for joining with a normal code. */
export const joinSubject = (code: string, alg: Algorithm, key: KeyText): string => [hexOf(sha256(ascii(code))), alg, key].join("\n")

export const hexOf = (bytes: Uint8Array): string => [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("")

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/** Bytes in base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  let text = ""
  for (let at = 0; at < bytes.length; at += 3) {
    const [a, b = 0, c = 0] = bytes.subarray(at, at + 3)
    const three = (a! << 16) | (b << 8) | c
    const count = Math.min(3, bytes.length - at) + 1
    for (let i = 0; i < count; i++) text += letters[(three >> (18 - 6 * i)) & 63]
  }
  return text
}

/** Bytes in base64 with padding. */
export function base64(bytes: Uint8Array): string {
  const text = base64url(bytes).replace(/-/g, "+").replace(/_/g, "/")
  return text + "=".repeat((4 - (text.length % 4)) % 4)
}
