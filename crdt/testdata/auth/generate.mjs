// Writes vectors.json: keys, ids of devices and signatures made by WebCrypto, and invite codes as people write them.
//
//   node generate.mjs        (Node 20 or later; nothing to install; keys differ with each run)

import { createHash, webcrypto } from "node:crypto"
import { writeFileSync } from "node:fs"

const { subtle } = webcrypto
const utf8 = new TextEncoder()
const base64url = bytes => Buffer.from(bytes).toString("base64url")
const sha256 = data => createHash("sha256").update(data).digest()

const ALGORITHMS = {
  Ed25519: { key: { name: "Ed25519" }, sign: { name: "Ed25519" } },
  ES256: { key: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
}

// Crockford's base 32, most significant bits first, in lower case, zero bits at the end.
function crockford(bytes) {
  let bits = ""
  for (const b of bytes) bits += b.toString(2).padStart(8, "0")
  while (bits.length % 5 !== 0) bits += "0"
  return bits.match(/.{5}/g).map(five => "0123456789abcdefghjkmnpqrstvwxyz"[parseInt(five, 2)]).join("")
}

const deviceId = (alg, raw) => crockford(sha256(Buffer.concat([Buffer.from(alg + "\0"), raw])).subarray(0, 16))

const CODES = [
  { said: "7qk2m-9xzta", normal: "7qk2m9xzta", shown: "7qk2m-9xzta" },
  { said: " 7QK2M 9XZTA ", normal: "7qk2m9xzta", shown: "7qk2m-9xzta" },
  { said: "7q-k2-m9-xz-ta", normal: "7qk2m9xzta", shown: "7qk2m-9xzta" },
  { said: "OIL00-oil11", normal: "0110001111", shown: "01100-01111" },
]
const NO_CODES = ["", "7qk2m-9xzt", "7qk2m-9xztaa", "7qk2m-9xztu", "7qk2m_9xzta", "7qk2m-9xztæ", "7qk2m\n9xzta"]

const keys = []
const proofs = []
for (const [alg, params] of Object.entries(ALGORITHMS)) {
  for (const host of ["board.example", "localhost:3030"]) {
    const pair = await subtle.generateKey(params.key, false, ["sign", "verify"])
    const raw = Buffer.from(await subtle.exportKey("raw", pair.publicKey))
    const key = base64url(raw)
    const device = deviceId(alg, raw)
    keys.push({ alg, key, device })
    const challenge = base64url(webcrypto.getRandomValues(new Uint8Array(40)))
    const code = CODES[0].normal
    const subjects = { join: `${sha256(code).toString("hex")}\n${alg}\n${key}`, session: device, unsent: device }
    for (const [purpose, subject] of Object.entries(subjects)) {
      const message = `tavle/proof/v1\n${purpose}\n${host}\n${challenge}\n${subject}`
      const signature = base64url(await subtle.sign(params.sign, pair.privateKey, utf8.encode(message)))
      proofs.push({ alg, key, purpose, host, challenge, ...(purpose === "join" ? { code } : {}), subject, message, signature })
    }
  }
}

writeFileSync(new URL("vectors.json", import.meta.url), JSON.stringify({ keys, proofs, codes: CODES, noCodes: NO_CODES }, null, 2) + "\n")
