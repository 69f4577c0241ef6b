// The device's key: made on the device, never out of it. Ed25519 where the platform can, otherwise P-256.

import { Problem } from "./errors.js"
import { base64url, deviceId, type Algorithm } from "./rules/proof.js"

/** The key pair of a device. The private half cannot be read, by nobody: it can sign, and be kept as it is. */
export interface DeviceKey {
  readonly alg: Algorithm
  /** The raw public key in base64url without padding. */
  readonly key: string
  /** The id of the device, which follows from the key. */
  readonly device: string
  readonly private: CryptoKey
}

const making = { Ed25519: { name: "Ed25519" }, ES256: { name: "ECDSA", namedCurve: "P-256" } } as const
const signing = { Ed25519: { name: "Ed25519" }, ES256: { name: "ECDSA", hash: "SHA-256" } } as const

/** Makes a key. Throws Problem `insecure` where the platform makes none, as browsers do not on pages without https. */
export async function makeKey(algorithms: readonly Algorithm[] = ["Ed25519", "ES256"]): Promise<DeviceKey> {
  const { subtle } = globalThis.crypto ?? {}
  if (!subtle) throw new Problem("insecure", "no key can be made on this page: open it with https")
  for (const alg of algorithms) {
    const pair = (await subtle.generateKey(making[alg], false, ["sign", "verify"]).catch(() => null)) as CryptoKeyPair | null
    if (!pair) continue
    const raw = new Uint8Array(await subtle.exportKey("raw", pair.publicKey))
    return { alg, key: base64url(raw), device: deviceId(alg, raw), private: pair.privateKey }
  }
  throw new Problem("insecure", "this browser can make no key")
}

/** Signs a text. Returns the signature in base64url without padding. */
export async function sign(key: DeviceKey, message: string): Promise<string> {
  const signature = await crypto.subtle.sign(signing[key.alg], key.private, new TextEncoder().encode(message))
  return base64url(new Uint8Array(signature))
}
