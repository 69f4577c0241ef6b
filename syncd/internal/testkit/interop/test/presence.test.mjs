// Ephemeral messages: who is here and what they point at. They reach the others, are never stored, and survive a reconnect.

import assert from "node:assert/strict"
import { test } from "node:test"
import { allSame, device, versions } from "../lib/device.mjs"
import { startServer } from "../lib/server.mjs"
import { until } from "../lib/until.mjs"

// listen collects what arrives at a handle.
function listen(handle) {
  const heard = []
  handle.on("ephemeral-message", ({ message }) => heard.push(message.from))
  return heard
}

// broadcastUntil repeats a broadcast until all have heard it: ephemeral messages may be lost while a peer is not yet known to be interested.
async function broadcastUntil(handle, from, hearers, what) {
  await until(() => {
    if (hearers.every(heard => heard.includes(from))) return true
    handle.broadcast({ from, at: [1, 2.5, "æ"] })
    return false
  }, what)
}

for (const version of versions) {
  test(`${version.name}: presence reaches everyone, both ways and after a reconnect`, async t => {
    const server = await startServer(t)
    const devices = await Promise.all([1, 2, 3].map(() => device(t, version, server)))
    const first = devices[0].repo.create({ title: "board" })
    const handles = [first, await devices[1].find(first.url), await devices[2].find(first.url)]
    await allSame(handles)
    const heard = handles.map(listen)
    for (const who of [0, 1, 2]) {
      const others = heard.filter((_, i) => i !== who)
      await broadcastUntil(handles[who], `before-${who}`, others, `presence of ${who}`)
    }
    await devices[1].cut()
    await broadcastUntil(handles[0], "while-cut", [heard[2]], "presence among those who stayed")
    await devices[1].reconnect()
    for (const who of [0, 1, 2]) {
      const others = heard.filter((_, i) => i !== who)
      await broadcastUntil(handles[who], `after-${who}`, others, `presence of ${who} after a reconnect`)
    }
    heard.forEach((list, i) => assert.ok(!list.some(from => from.endsWith(`-${i}`)), "nobody hears themselves"))
    assert.ok(!heard[1].includes("while-cut"), "what was said while away is not kept")
    await allSame(handles)
  })

  test(`${version.name}: one who has only found the document hears and is heard at once`, async t => {
    const server = await startServer(t)
    const [a, b] = [await device(t, version, server), await device(t, version, server)]
    const ofA = a.repo.create({ title: "board" })
    const ofB = await b.find(ofA.url)
    await allSame([ofA, ofB])
    const [heardA, heardB] = [listen(ofA), listen(ofB)]
    await broadcastUntil(ofB, "reader", [heardA], "presence of a device that has written nothing")
    await broadcastUntil(ofA, "writer", [heardB], "presence of the writer")
    for (let i = 0; i < 50; i++) ofA.broadcast({ from: `n${i}` })
    await until(() => heardB.includes("n49"), "the last of 50 quick messages")
    const numbers = heardB.filter(from => /^n\d/.test(from)).map(from => Number(from.slice(1)))
    assert.deepEqual(numbers, [...new Set(numbers)].sort((x, y) => x - y), "in order, none twice")
  })
}
