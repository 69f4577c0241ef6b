// Devices of tests: clients that are closed when the test ends.

import WebSocket from "ws"
import { Client, MemoryStorage } from "@tavle/client"

export const fast = { retryFirst: 50, retryLongest: 400, tick: 200 }

// device opens a client. With a storage it can be opened again, as a device that was switched off and on.
export async function device(t, url, options = {}) {
  const storage = options.storage ?? new MemoryStorage()
  const client = await Client.open({ url, storage, origin: "phone", webSocket: WebSocket, secondPlace: null, timing: fast, ...options })
  t.after(() => client.close())
  return client
}

// draft fills a new draft with what every post needs.
export const draft = (board, title, more = {}) =>
  Object.assign(board.newDraft(more.kind ?? "request", "en"), { title, body: `${title}, please`, author: "Ida" }, more)

export const titles = board => board.posts.get().map(post => post.title).sort()

// opened opens a board that another device has only just made: until it has arrived, the server does not know it.
export async function opened(client, url) {
  for (let tries = 0; ; tries++) {
    try {
      return await client.openBoard(url)
    } catch (cause) {
      if (cause.why !== "unknown" || tries === 200) throw cause
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
}
