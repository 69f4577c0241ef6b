// Fetches one document from the server before automerge-repo knows of it: automerge-repo cannot forget a document that was not to be had, nor
// ask for it again on the same connection.

import * as A from "@automerge/automerge/slim"

/** What the conversation is held over. */
export interface FetchLine {
  /** Sends a message about the document to the server; drops it when there is no connection. */
  send(type: "request" | "sync", data: Uint8Array): void
}

/** One side of a conversation about a document of which nothing is here. */
export class Fetch {
  readonly #line: FetchLine
  readonly #arrived: (bytes: Uint8Array) => void
  readonly #unavailable: () => void
  #doc = A.init<Record<string, unknown>>()
  #state = A.initSyncState()

  /** arrived gets the whole document; unavailable is called when the server does not have it or does not show it. */
  constructor(line: FetchLine, arrived: (bytes: Uint8Array) => void, unavailable: () => void) {
    this.#line = line
    this.#arrived = arrived
    this.#unavailable = unavailable
  }

  /** Begins on a new connection. What came over an earlier one is kept. */
  begin(): void {
    this.#state = A.initSyncState()
    this.#speak(A.getHeads(this.#doc).length === 0 ? "request" : "sync")
  }

  /** A message of the server about the document. */
  receive(type: string, data: Uint8Array | undefined): void {
    if (type === "doc-unavailable") return this.#unavailable()
    if (type !== "sync" || !data) return
    const [doc, state] = A.receiveSyncMessage(this.#doc, this.#state, data)
    this.#doc = doc
    this.#state = state
    const theirs = state.theirHeads ?? []
    if (theirs.length > 0 && theirs.every(head => A.hasHeads(doc, [head]))) return this.#arrived(A.save(doc))
    this.#speak("sync")
  }

  #speak(type: "request" | "sync"): void {
    const [state, message] = A.generateSyncMessage(this.#doc, this.#state)
    this.#state = state
    if (message) this.#line.send(type, message)
  }
}
