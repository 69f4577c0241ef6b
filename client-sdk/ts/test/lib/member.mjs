// Members of tests: devices that belong to a server.

import WebSocket from "ws"
import * as A from "@automerge/automerge"
import { Client, Membership, MemoryKeeper, MemoryStorage } from "@tavle/client"
import { fast } from "./device.mjs"

// Watched notes how connections end.
export function watched(closes) {
  return class extends WebSocket {
    constructor(...args) {
      super(...args)
      this.on("close", code => closes.push(code))
    }
  }
}

// A device of a member: it can be switched off and on, with and without its server.
export class Device {
  storage = new MemoryStorage()
  keeper = new MemoryKeeper()
  closes = []

  constructor(t, server, options = {}) {
    Object.assign(this, { t, server, options })
  }

  async join(code, kind = "phone") {
    await this.#open()
    return this.membership.join(code, { label: `a ${kind}`, kind })
  }

  async #open() {
    const { server, keeper, options } = this
    this.membership = await Membership.open({ server: server.origin, keeper, appVersion: "7", ...options.membership })
  }

  // on starts the device; offline it has no address to connect to.
  async on({ offline = false } = {}) {
    await this.#open()
    const { storage, membership, options } = this
    const url = offline ? null : this.server.url
    this.client = await Client.open({
      url, storage, membership, origin: "phone", webSocket: watched(this.closes), secondPlace: null, timing: fast, ...options.client,
    })
    const { client } = this
    this.t.after(() => client.close())
    return client
  }

  off() {
    return this.client.close()
  }

  async board(id, months = 1) {
    const board = await this.client.openBoard(id)
    await board.openMonths(months)
    return board
  }

  // tamper changes a stored document as a program can that is not this client. Returns the hash of the change. The device is off.
  async tamper(document, change, actor) {
    const load = async kind => (await this.storage.loadRange([document, kind])).map(({ data }) => data)
    let doc = A.init(actor ? { actor } : {})
    for (const data of [...(await load("snapshot")), ...(await load("incremental"))]) doc = A.loadIncremental(doc, data)
    const heads = A.getHeads(doc)
    doc = A.change(doc, change)
    await this.storage.save([document, "incremental", `tampered-${A.getHeads(doc)[0]}`], A.saveSince(doc, heads))
    return A.getHeads(doc)[0]
  }

  // everything is all that is stored, as text, inflated where it is a document.
  async everything() {
    const chunks = await this.storage.loadRange([])
    const texts = chunks.map(({ key, data }) => `${key.join("/")} ${Buffer.from(data).toString("latin1")}`)
    for (const { key, data } of chunks) {
      if (key[1] !== "snapshot" && key[1] !== "incremental") continue
      const doc = A.loadIncremental(A.init(), data)
      texts.push(...A.getAllChanges(doc).map(bytes => JSON.stringify(A.decodeChange(bytes).ops.map(({ value }) => value))))
      texts.push(JSON.stringify(doc))
    }
    return texts.join("\n")
  }
}

// courtyard makes a board with members of roles: { server, board, ida: Device, … }.
export async function courtyard(t, server, roles) {
  const { id } = await server.run("board create", "Courtyard")
  const devices = {}
  for (const [name, role] of Object.entries(roles)) {
    devices[name] = new Device(t, server)
    await devices[name].join(await server.invite(id, role), role === "visitor" ? "kiosk" : "phone")
  }
  return { server, board: id, ...devices }
}
