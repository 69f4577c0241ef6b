// A device in a process of its own, with storage: it is started, works, and is gone.
//
//   node device-process.mjs stable|next URL STORAGE create              prints the URL of the document it made
//   node device-process.mjs stable|next URL STORAGE append DOC HEADS    waits for HEADS, appends a line

import { Device, headsOf, next, stable } from "./device.mjs"
import { until } from "./until.mjs"

const [version, url, storage, work, doc, heads] = process.argv.slice(2)
const device = new Device(version === "next" ? next : stable, { url }, { storage, gossip: true, repo: {} })
await device.connected()
const serverStorage = device.repo.getStorageIdOfPeer(device.serverPeer)
if (serverStorage) device.repo.subscribeToRemotes([serverStorage])

let handle
if (work === "create") {
  handle = device.repo.create({ lines: ["first process"] })
} else {
  handle = await device.find(doc)
  await until(() => headsOf(handle) === heads, "what was written while this device was away")
  handle.change(d => d.lines.push("second process"))
}
await until(() => handle.getSyncInfo(serverStorage)?.lastHeads.join() === headsOf(handle), "the server to have it")
await device.repo.flush()
console.log(handle.url)
process.exit(0)
