// A client made by hand: it can send anything, and never tries again.

import { randomBytes } from "node:crypto"
import { Encoder, decode } from "cbor-x"
import WebSocket from "ws"
import { until, within } from "./until.mjs"

const encoder = new Encoder({ tagUint8Array: false, useRecords: false })
export const cbor = value => encoder.encode(value)

export class RawPeer {
  received = []
  closed = false

  // connect opens a socket, without joining.
  static async connect(server) {
    const peer = new RawPeer()
    peer.id = `raw-${randomBytes(8).toString("hex")}`
    peer.socket = new WebSocket(server.url, { perMessageDeflate: false })
    peer.socket.on("message", data => peer.#receive(data))
    peer.socket.on("close", code => {
      peer.closed = true
      peer.code = code
    })
    peer.socket.on("error", () => {})
    await within(
      new Promise((open, fail) => peer.socket.once("open", open).once("error", fail)),
      "an open socket",
    )
    return peer
  }

  // join connects, joins and waits for the server's answer.
  static async join(server) {
    const peer = await RawPeer.connect(server)
    peer.send({ type: "join", senderId: peer.id, peerMetadata: { isEphemeral: true }, supportedProtocolVersions: ["1"] })
    peer.server = (await until(() => peer.received.find(m => m.type === "peer"), "the answer to join")).senderId
    return peer
  }

  #receive(data) {
    const message = decode(data)
    this.received.push(message)
    this.onMessage?.(message)
  }

  // frame sends bytes as a binary frame, or a string as a text frame.
  frame(data) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(data)
  }

  send(message) {
    this.frame(cbor(message))
  }

  sync(documentId, data, more = {}) {
    this.send({ type: "sync", senderId: this.id, targetId: this.server, documentId, data, ...more })
  }

  close() {
    this.socket.terminate()
  }
}
