// The server's API as far as a device needs it to join, written down as a script: what it answers can be bent.

import { createPublicKey, randomBytes, verify } from "node:crypto"
import { createHash } from "node:crypto"

const points = { Ed25519: key => ({ kty: "OKP", crv: "Ed25519", x: key.toString("base64url") }),
  ES256: key => ({ kty: "EC", crv: "P-256", x: key.subarray(1, 33).toString("base64url"), y: key.subarray(33).toString("base64url") }) }

// signed tells whether a proof holds.
export function signed({ alg, key }, message, signature) {
  const pub = createPublicKey({ key: points[alg](Buffer.from(key, "base64url")), format: "jwk" })
  const options = alg === "ES256" ? { key: pub, dsaEncoding: "ieee-p1363" } : pub
  return verify(alg === "ES256" ? "sha256" : null, Buffer.from(message), options, Buffer.from(signature, "base64url"))
}

export class FakeAPI {
  code = "7qk2m9xzta"
  leaseDays = 60
  devices = new Map()
  session = null // the cookie that counts
  calls = []
  down = false
  refusal = null // what every call is answered with
  boards = [{ id: "board", title: "Courtyard", lang: "en", timeZone: "Europe/Copenhagen", demo: false, archived: false, roles: [{ role: "resident", from: 1 }] }]
  #challenges = new Set()

  constructor(origin = "http://board.example:8080") {
    this.origin = origin
  }

  fetch = async (url, { method, headers, body }) => {
    const path = new URL(url).pathname
    this.calls.push(path)
    if (this.down) throw new TypeError("fetch failed")
    if (this.refusal) return answer(...this.refusal)
    return this[`${method} ${path}`]?.(JSON.parse(body ?? "{}"), headers) ?? answer(404, { error: "noPath", message: "nothing here" })
  };

  ["POST /v1/challenge"]() {
    const challenge = randomBytes(8).toString("base64url")
    this.#challenges.add(challenge)
    return answer(200, { challenge, expires: 1 })
  }

  ["POST /v1/join"]({ code, alg, key, challenge, proof, label, kind }) {
    if (code !== this.code) return answer(403, { error: "code", message: "This code does not work." })
    const subject = [createHash("sha256").update(code).digest("hex"), alg, key].join("\n")
    if (!this.#proved("join", { alg, key }, challenge, subject, proof)) return answer(403, { error: "proof", message: "no proof" })
    const id = deviceOf(alg, key)
    this.devices.set(id, { id, alg, key, label, kind })
    return this.#in(id)
  }

  ["POST /v1/session"]({ device, challenge, proof }) {
    const known = this.devices.get(device)
    if (!known) return answer(404, { error: "unknownDevice", message: "unknown" })
    if (!this.#proved("session", known, challenge, device, proof)) return answer(403, { error: "proof", message: "no proof" })
    if (known.revoked) return answer(403, { error: "revoked", message: "revoked", reason: known.revoked === "lease" ? "lease" : undefined })
    return this.#in(device)
  }

  ["GET /v1/me"](_, headers) {
    return this.#member(headers, device => answer(200, this.me(device)))
  }

  ["POST /v1/ticket"](_, headers) {
    return this.#member(headers, () => answer(200, { ticket: "a-ticket", expires: 1 }))
  }

  ["POST /v1/me/status"](body, headers) {
    return this.#member(headers, () => ((this.told = body), answer(200, {})))
  }

  me(device) {
    const { id, label, kind } = this.devices.get(device)
    return { device: { id, label, kind, added: 5, leaseDays: this.leaseDays }, member: { ref: "00000000000000000000000004", label: "", kiosk: kind === "kiosk" },
      boards: this.boards, operator: false }
  }

  #proved(purpose, key, challenge, subject, proof) {
    const message = ["tavle/proof/v1", purpose, new URL(this.origin).host, challenge, subject].join("\n")
    return this.#challenges.delete(challenge) && signed(key, message, proof)
  }

  #in(device) {
    this.session = `${device}.${randomBytes(4).toString("hex")}`
    return answer(200, this.me(device), { "set-cookie": `tavle=${this.session}; HttpOnly` })
  }

  #member(headers, then) {
    const cookie = /tavle=([^;]*)/.exec(headers.cookie ?? "")?.[1]
    if (!this.session || cookie !== this.session) return answer(401, { error: "signIn", message: "Who are you?" })
    const device = cookie.split(".")[0]
    return this.devices.get(device).revoked ? answer(401, { error: "revoked", message: "revoked" }) : then(device)
  }
}

const answer = (status, body, headers = {}) => new Response(JSON.stringify(body), { status, headers })

const letters = "0123456789abcdefghjkmnpqrstvwxyz"
function deviceOf(alg, key) {
  const bytes = createHash("sha256").update(`${alg}\0`).update(Buffer.from(key, "base64url")).digest().subarray(0, 16)
  const bits = [...bytes].map(byte => byte.toString(2).padStart(8, "0")).join("").padEnd(130, "0")
  return bits.match(/.{5}/g).map(five => letters[parseInt(five, 2)]).join("")
}
