// A device that has joined a server with members, written from syncd/internal/api/API.md alone, and the addresses that let it in.

import { execFile } from "node:child_process"
import { createHash, generateKeyPairSync, sign } from "node:crypto"
import { promisify } from "node:util"
import { cookies } from "./sockets.mjs"

// operate runs a command of the operator on the server's data, and returns what it prints.
export async function operate(server, ...args) {
  const { stdout } = await promisify(execFile)(server.binary, [...args, "--data", server.data, "--json"])
  return JSON.parse(stdout || "null")
}

export class Member {
  #server
  #cookie

  // join makes a device of a new member with this role on the board.
  static async join(server, board, role) {
    const { code } = await operate(server, "invite", "--board", board, "--role", role)
    const member = new Member()
    member.#server = server
    const { publicKey, privateKey } = generateKeyPairSync("ed25519")
    const key = publicKey.export({ format: "jwk" }).x
    const { challenge } = await member.#call("/v1/challenge", {})
    const secret = createHash("sha256").update(code.replaceAll("-", "").toLowerCase()).digest("hex")
    const lines = ["tavle/proof/v1", "join", server.listen, challenge, secret, "Ed25519", key].join("\n")
    const proof = sign(null, Buffer.from(lines), privateKey).toString("base64url")
    const me = await member.#call("/v1/join", { code, alg: "Ed25519", key, challenge, proof, label: "a stock device", kind: "desk" })
    member.id = me.device.id
    return member
  }

  // withTicket is the address for a client that connects again by itself and can send nothing but an address.
  async withTicket() {
    const { ticket } = await this.#call("/v1/ticket", { for: "url" })
    return `${this.#server.url}/sync?ticket=${ticket}`
  }

  // withCookie is the address of a page of the server in the browser of this member, of which there is one for each server.
  async withCookie() {
    const url = `${this.#server.url}/sync`
    cookies.set(url, this.#cookie)
    return url
  }

  async #call(path, body) {
    const headers = { "content-type": "application/json", ...(this.#cookie && { cookie: this.#cookie }) }
    const answer = await fetch(`http://${this.#server.listen}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    const [set] = answer.headers.getSetCookie()
    if (set) this.#cookie = set.split(";")[0]
    return answer.json()
  }
}
