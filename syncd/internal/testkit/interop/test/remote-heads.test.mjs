// How an app shows "on the board": it subscribes to the storage id of the server and compares the heads it hears with its own.

import assert from "node:assert/strict"
import { test } from "node:test"
import { device, headsOf, scratch, versions } from "../lib/device.mjs"
import { startServer } from "../lib/server.mjs"
import { until } from "../lib/until.mjs"

const saved = (handle, storageId) => handle.getSyncInfo(storageId)?.lastHeads.slice().sort().join() === headsOf(handle)

for (const version of versions) {
  test(`${version.name}: the heads that the server has saved become those of the writer`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server, { gossip: true })
    const storageId = a.repo.getStorageIdOfPeer(a.serverPeer)
    assert.match(storageId, /^[0-9a-f-]{36}$/, "the server names its store")
    a.repo.subscribeToRemotes([storageId])
    const handle = a.repo.create({ posts: [] })
    for (let i = 0; i < 5; i++) {
      handle.change(doc => doc.posts.push(i))
      await until(() => saved(handle, storageId), `change ${i} to be saved`)
    }
    await a.cut()
    handle.change(doc => doc.posts.push("offline"))
    assert.ok(!saved(handle, storageId), "nothing is saved while the line is cut")
    await a.reconnect()
    await until(() => saved(handle, storageId), "what was written offline to be saved")
  })

  test(`${version.name}: the storage id is the same after a restart, and another after the data is gone`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server)
    const before = a.repo.getStorageIdOfPeer(a.serverPeer)
    await server.restart("SIGTERM")
    const b = await device(t, version, server)
    assert.equal(b.repo.getStorageIdOfPeer(b.serverPeer), before)
    await server.wipe()
    const c = await device(t, version, server)
    assert.notEqual(c.repo.getStorageIdOfPeer(c.serverPeer), before)
  })

  test(`${version.name}: a device hears of the heads of another device's store`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server, { gossip: true, storage: scratch() })
    const b = await device(t, version, server, { gossip: true })
    const storeOfA = await a.repo.storageId()
    const ofA = a.repo.create({ posts: [] })
    const ofB = await b.find(ofA.url)
    b.repo.subscribeToRemotes([storeOfA])
    ofB.change(doc => doc.posts.push("by B"))
    await until(() => saved(ofB, storeOfA), "B to hear that A's store has its change")
    assert.equal(headsOf(ofA), headsOf(ofB))
  })
}
