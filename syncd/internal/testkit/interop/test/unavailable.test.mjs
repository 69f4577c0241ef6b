// A document that nobody has: the answer comes in bounded time, and is not the last word.

import assert from "node:assert/strict"
import { test } from "node:test"
import { allSame, device, stable, versions } from "../lib/device.mjs"
import { startServer } from "../lib/server.mjs"
import { until } from "../lib/until.mjs"

const bound = 4000 // ms, far above the grace a server may give to others who might have it

for (const version of versions) {
  test(`${version.name}: an unknown document is unavailable in bounded time`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server)
    await assert.rejects(a.find(version.generateAutomergeUrl(), bound), /unavailable/)
  })

  test(`${version.name}: the same with another, idle device connected`, async t => {
    const server = await startServer(t)
    const idle = await device(t, version, server)
    idle.repo.create({ other: "document" })
    const a = await device(t, version, server)
    await assert.rejects(a.find(version.generateAutomergeUrl(), bound), /unavailable/)
  })

  test(`${version.name}: 50 unknown documents asked for at once`, async t => {
    const server = await startServer(t)
    const a = await device(t, version, server)
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => a.find(version.generateAutomergeUrl(), bound)))
    for (const answer of answers) assert.match(String(answer.reason), /unavailable/)
  })

  test(`${version.name}: a document that appears after “unavailable” is found the next time`, async t => {
    const server = await startServer(t)
    const b = await device(t, version, server)
    const a = await device(t, version, server, { offline: true })
    const created = a.repo.create({ late: true })
    await assert.rejects(b.find(created.url, bound), /unavailable/)
    await a.reconnect()
    const found = await until(() => b.find(created.url).catch(() => false), "the document that has appeared")
    await allSame([created, found])
    assert.equal(found.doc().late, true)
    found.change(doc => (doc.answer = "here"))
    await allSame([created, found])
  })
}

test(`${stable.name}: a document that was unavailable can be brought by the one who asked`, async t => {
  const server = await startServer(t)
  const a = await device(t, stable, server)
  const url = stable.generateAutomergeUrl()
  await assert.rejects(a.find(url, bound), /unavailable/)
  const { documentId } = stable.parseAutomergeUrl(url)
  const donor = await device(t, stable, server, { offline: true })
  const source = donor.repo.create({ from: "a backup" })
  const brought = donor.repo.import(await donor.repo.export(source.documentId), { docId: documentId })
  await donor.reconnect()
  const found = await until(() => a.find(url).catch(() => false), "the imported document")
  await allSame([brought, found])
})
