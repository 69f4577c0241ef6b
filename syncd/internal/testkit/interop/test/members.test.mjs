// A server that knows its members, and stock adapters: what lets them in, that they come back by themselves, and that a device which is
// revoked does not.

import assert from "node:assert/strict"
import { test } from "node:test"
import { ImmutableString } from "@automerge/automerge"
import { endingsOf } from "../lib/sockets.mjs"
import { allSame, Device, device, same, versions } from "../lib/device.mjs"
import { Member, operate } from "../lib/member.mjs"
import { isReference, startMembers } from "../lib/server.mjs"
import { until } from "../lib/until.mjs"

const text = value => new ImmutableString(value) // of a board the fields are plain values

// courtyard is a server with a board and two owners, each with a stock device: one let in by what is tried, and one by a ticket.
async function courtyard(t, version, letIn) {
  const server = await startMembers(t)
  const { id } = await operate(server, "board", "create", "Courtyard")
  const [ida, bo] = [await Member.join(server, id, "owner"), await Member.join(server, id, "owner")]
  const url = await ida[letIn]()
  const [phone, desk] = [await device(t, version, { url }), await device(t, version, { url: await bo.withTicket() })]
  const board = `automerge:${id}`
  const handles = [await phone.find(board), await desk.find(board)]
  await allSame(handles)
  return { server, board, ida, bo, url, phone, handles }
}

const options = { skip: isReference }

for (const version of versions) {
  for (const letIn of ["withTicket", "withCookie"]) {
    test(`${version.name} ${letIn}: a device comes back by itself after a cut and after a restart`, options, async t => {
      const { server, url, phone, handles } = await courtyard(t, version, letIn)
      const writeAway = async title => {
        await phone.cutOff()
        handles[0].change(doc => (doc.title = text(title)))
        await phone.connected()
        await allSame(handles)
        assert.equal(String(handles[1].doc().title), title)
      }
      phone.line.socket.terminate()
      await writeAway("written while the line was cut")
      await server.stop("SIGKILL")
      await phone.cutOff()
      await server.start()
      await phone.connected()
      phone.line.socket.terminate()
      await writeAway("written after the restart")
      assert.deepEqual(endingsOf(url).filter(({ status }) => status), [], "no connection is refused")
    })

    test(`${version.name} ${letIn}: a device that is revoked is shut out at once, and for good`, options, async t => {
      const { server, board, ida, bo, url, phone, handles } = await courtyard(t, version, letIn)
      const [own, others] = handles
      await operate(server, "device", "revoke", ida.id)
      const answered = Date.now()
      const { code, at } = await until(() => endingsOf(url)[0], "the connection to end")
      assert.equal(code, 4401)
      t.diagnostic(`closed ${at - answered} ms after the revocation was answered`)
      await phone.cutOff()

      const refused = () => endingsOf(url).filter(({ status }) => status).length
      const before = refused()
      own.change(doc => (doc.about = text("written by a device that is revoked")))
      await until(() => refused() > before + 2, "the adapter to have dialled again")
      await server.restart()
      const later = refused()
      await until(() => refused() > later + 2, "the adapter to have dialled the restarted server")
      assert.deepEqual([...new Set(endingsOf(url).flatMap(({ status }) => status ?? []))], [401])
      assert.equal(phone.repo.peers.length, 0)

      others.change(doc => (doc.title = text("written by one who stayed")))
      const newcomer = await device(t, version, { url: await bo.withTicket() })
      const read = await newcomer.find(board)
      await allSame([others, read])
      assert.equal(String(read.doc().title), "written by one who stayed")
      assert.notEqual(String(read.doc().about), "written by a device that is revoked")
      assert.ok(!same(own, read))
    })
  }

  test(`${version.name}: a stock device without a credential is refused`, options, async t => {
    const server = await startMembers(t)
    const stranger = new Device(version, server, { repo: {} })
    t.after(() => stranger.close())
    const tries = await until(() => endingsOf(server.url).length > 5 && endingsOf(server.url), "several tries")
    assert.deepEqual([...new Set(tries.flatMap(({ status }) => status ?? []))], [401])
    assert.equal(stranger.repo.peers.length, 0)
  })
}
