// Servers stop, are killed, and are rebuilt from nothing; devices stop and come back as new processes. What was told stays.

import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { allSame, device, headsOf, scratch, stable, versions } from "../lib/device.mjs"
import { startServer } from "../lib/server.mjs"
import { until, within } from "../lib/until.mjs"

for (const version of versions) {
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    test(`${version.name}: two devices go on over a restart by ${signal}`, async t => {
      const server = await startServer(t)
      const [a, b] = [await device(t, version, server), await device(t, version, server)]
      const ofA = a.repo.create({ posts: {} })
      const ofB = await b.find(ofA.url)
      for (let round = 0; round < 3; round++) {
        ofA.change(doc => (doc.posts[`a${round}`] = "before the stop"))
        // 2.5.6 breaks its own document when it has to send while its socket is closing in good order.
        if (signal === "SIGTERM") await allSame([ofA, ofB])
        await server.stop(signal)
        await Promise.all([a.cutOff(), b.cutOff()])
        ofA.change(doc => (doc.posts[`A${round}`] = "while it was down"))
        ofB.change(doc => (doc.posts[`B${round}`] = "while it was down"))
        await server.start()
        await Promise.all([a.connected(), b.connected()])
        await allSame([ofA, ofB], `round ${round}`)
      }
      assert.equal(Object.keys(ofB.doc().posts).length, 9)
      const c = await device(t, version, server)
      const ofC = await c.find(ofA.url)
      await allSame([ofA, ofC], "a device that comes afterwards")
    })
  }

  test(`${version.name}: what the server has told another device survives kill -9, without anyone's help`, async t => {
    const server = await startServer(t)
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await device(t, version, server), await device(t, version, server)]
      const ofA = a.repo.create({ posts: [] })
      const ofB = await b.find(ofA.url)
      for (let i = 0; i < 5; i++) ofA.change(doc => doc.posts.push(`post ${i}`))
      await allSame([ofA, ofB], "both have everything")
      await server.stop("SIGKILL") // at once: what B has was told by the server
      await Promise.all([a.close(), b.close()])
      await server.start()
      const c = await device(t, version, server)
      const ofC = await c.find(ofA.url)
      await allSame([ofB, ofC], `round ${round}: nothing that was told is lost`)
    }
  })

  test(`${version.name}: a server rebuilt from nothing gets everything back from a device`, async t => {
    const server = await startServer(t)
    const storage = scratch()
    const a = await device(t, version, server, { storage })
    const handles = Array.from({ length: 5 }, (_, i) => a.repo.create({ number: i, posts: [] }))
    for (let i = 0; i < 20; i++) handles.forEach(handle => handle.change(doc => doc.posts.push(i)))
    const b = await device(t, version, server)
    for (const handle of handles) await allSame([handle, await b.find(handle.url)], "the server has it")
    await a.repo.flush()
    await b.close()
    await server.wipe()
    await a.connected()
    const c = await device(t, version, server)
    for (const handle of handles) {
      const found = await until(() => c.find(handle.url).catch(() => false), `document ${handle.url} is back`)
      await allSame([handle, found])
      assert.equal(found.doc().posts.length, 20)
    }
  })

  test(`${version.name}: a device with storage comes back as a new process`, async t => {
    const server = await startServer(t)
    const storage = scratch()
    const b = await device(t, version, server)
    const url = await deviceProcess(version, server, storage, "create")
    const ofB = await until(() => b.find(url).catch(() => false), "the document of the first process")
    ofB.change(doc => doc.lines.push("while it was away"))
    const heads = headsOf(ofB)
    await deviceProcess(version, server, storage, "append", url, heads)
    await until(() => ofB.doc().lines.length === 3, "the line of the second process")
    assert.deepEqual([...ofB.doc().lines], ["first process", "while it was away", "second process"])
  })

  test(`${version.name}: a device that kept its sync state but lost the document gets it again`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server)
    const ofA = a.repo.create({ posts: Array.from({ length: 50 }, (_, i) => `post ${i}`) })
    const storage = scratch()
    const before = await device(t, version, server, { storage })
    const ofBefore = await before.find(ofA.url)
    await allSame([ofA, ofBefore])
    await before.repo.flush()
    await before.close()
    for (const kind of ["snapshot", "incremental"]) await before.storage.removeRange([ofA.documentId, kind])
    const after = await device(t, version, server, { storage })
    const ofAfter = await after.find(ofA.url)
    await allSame([ofA, ofAfter])
    assert.equal(ofAfter.doc().posts.length, 50)
  })
}

// deviceProcess runs lib/device-process.mjs to its end and returns what it prints last.
async function deviceProcess(version, server, storage, ...work) {
  const script = fileURLToPath(new URL("../lib/device-process.mjs", import.meta.url))
  const child = spawn(process.execPath, [script, version === stable ? "stable" : "next", server.url, storage, ...work])
  let out = ""
  let err = ""
  child.stdout.on("data", chunk => (out += chunk))
  child.stderr.on("data", chunk => (err += chunk))
  try {
    const code = await within(new Promise(done => child.on("exit", done)), `a device process that does ${work}`, 20_000)
    assert.equal(code, 0, err)
    return out.trim()
  } finally {
    child.kill("SIGKILL")
  }
}
