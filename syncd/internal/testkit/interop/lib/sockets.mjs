// What a browser adds to the websockets of a page: its cookies. Also notes how each connection ends. Both versions of the adapter get
// this class for the one they take themselves, so this module comes before lib/device.mjs among the imports of a test.

import { register } from "node:module"
import WebSocket from "ws"

export const cookies = new Map() // the Cookie header of an address, where a browser has one for the host
const endings = [] // { url, at, code } of connections, { url, at, status } of those that were refused

class PageSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { headers: cookies.has(url) ? { cookie: cookies.get(url) } : {} })
    const end = how => endings.push({ url, at: Date.now(), ...how })
    this.on("error", ({ message }) => {
      const status = /^Unexpected server response: (\d+)$/.exec(message)
      if (status) end({ status: Number(status[1]) })
    })
    this.on("close", code => end({ code }))
  }
}

// endingsOf is how the connections to an address have ended.
export const endingsOf = url => endings.filter(ending => ending.url === url)

globalThis.WebSocket = PageSocket // 2.6 alpha
export default PageSocket // 2.5.6 is given this module for the one that it imports
const resolve = `(name, context, next) => name === "isomorphic-ws" ? { url: "${import.meta.url}", shortCircuit: true } : next(name, context)`
register(`data:text/javascript,export const resolve = ${encodeURIComponent(resolve)}`)
