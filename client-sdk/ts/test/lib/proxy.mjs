// A TCP proxy that can stop forwarding without closing anything: Wi-Fi that is there and carries nothing.

import { connect, createServer } from "node:net"

export async function startProxy(t, target) {
  const [host, port] = target.split(":")
  const sockets = new Set()
  const proxy = { deaf: false, opened: 0, open: () => [...sockets].filter(socket => !socket.destroyed).length }
  const server = createServer(inbound => {
    proxy.opened++
    const own = { deaf: proxy.deaf }
    sockets.add(inbound)
    inbound.on("close", () => sockets.delete(inbound))
    if (own.deaf) return inbound.on("error", () => {}).resume()
    const outbound = connect(Number(port), host)
    proxy.silence ??= []
    proxy.silence.push(() => (own.deaf = true))
    inbound.on("data", data => own.deaf || outbound.write(data))
    outbound.on("data", data => own.deaf || inbound.write(data))
    for (const [one, other] of [[inbound, outbound], [outbound, inbound]]) {
      one.on("error", () => {})
      one.on("close", () => own.deaf || other.destroy())
    }
    t.after(() => outbound.destroy())
  })
  await new Promise(done => server.listen(0, "127.0.0.1", done))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  proxy.url = `ws://127.0.0.1:${server.address().port}/sync`
  // halfOpen silences all connections there are. New ones work.
  proxy.halfOpen = () => proxy.silence.splice(0).forEach(silence => silence())
  return proxy
}
