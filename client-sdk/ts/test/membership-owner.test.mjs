// Looking after a board over the network: invites, letters, members, devices, what was refused, posters.

import assert from "node:assert/strict"
import { test } from "node:test"
import { BoardOffice, createBoard, inviteDevice, leave, revokeOwnDevice } from "@tavle/client/owner"
import { courtyard, Device } from "./lib/member.mjs"
import { startMembers } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

const code = problem => error => error.name === "Problem" && error.code === problem

test("an owner invites, grants, looks after devices, and shuts one out", async t => {
  const server = await startMembers(t)
  const { board, olga, ida } = await courtyard(t, server, { olga: "owner", ida: "resident" })
  const office = new BoardOffice(olga.membership, `automerge:${board}`)
  const invite = await office.invite({ role: "resident", label: "new neighbour", uses: 2 })
  assert.match(invite.code, /^[0-9a-z]{5}-[0-9a-z]{5}$/)
  assert.ok(invite.link.includes(invite.code))
  const bo = new Device(t, server)
  const me = await bo.join(invite.code)
  const { batch, letters } = await office.letters({ role: "resident", count: 3, label: "stairs 4" })
  const { invites, batches } = await office.invites()
  assert.equal(letters.length, 3)
  assert.equal(batches.find(use => use.batch === batch).invites, 3)
  assert.equal(invites.find(({ id }) => id === invite.id).uses, 1)
  assert.equal((await office.revokeInvite(invite.id)).open, false)

  await office.label(me.member.ref, "Bo, 2nd floor")
  await office.grant(me.member.ref, "moderator", { until: Date.now() + 60_000 })
  assert.deepEqual((await bo.membership.refresh()).boards[0].roles.map(({ role }) => role).sort(), ["moderator", "resident"])
  await office.ungrant(me.member.ref, "moderator")
  const members = await office.members()
  assert.equal(members.find(({ ref }) => ref === me.member.ref).label, "Bo, 2nd floor")
  assert.equal(members.length, 3)

  await office.renameDevice(me.device.id, "Bo's old phone")
  const device = (await office.devices()).find(({ id }) => id === me.device.id)
  assert.equal(device.label, "Bo's old phone")
  assert.equal((await office.numbers()).members, 3)
  await office.revokeDevice(me.device.id)
  await bo.membership.doubt()
  assert.equal(bo.membership.standing.get().state, "revoked")
  await office.remove(ida.membership.me.get().member.ref)
  assert.deepEqual(ida.membership.me.get().boards.length, 1)
  assert.deepEqual((await ida.membership.refresh()).boards, [])
  assert.deepEqual(await office.refused(), [])
  await office.addPoster("0123456789ab", "door 4").catch(error => assert.equal(error.code, "invalid"))
  assert.ok(Array.isArray(await office.posters()))
  assert.equal((await office.rename("Courtyard East")).title, "Courtyard East")

  const done = await office.audit({ limit: 3 })
  assert.deepEqual(done.entries.map(({ act }) => act), ["boardRenamed", "removed", "deviceRevoked"])
  assert.equal(done.entries[1].by, olga.membership.me.get().member.ref)
  assert.deepEqual(done.entries[1].roles, ["resident"])
  const before = await office.audit({ before: done.next })
  assert.ok(before.entries.length > 3 && before.entries[0].n < done.entries[2].n && before.next === undefined)
  assert.deepEqual((await office.numbers()).ambassadors, { total: 0, years: [] })
})

test("a resident is told that this is not for residents, and a stranger hears of no board", async t => {
  const { board, ida, server } = await courtyard(t, await startMembers(t), { ida: "resident" })
  const office = new BoardOffice(ida.membership, board)
  await assert.rejects(office.members(), code("role"))
  await assert.rejects(office.invite({ role: "owner" }), code("role"))
  await assert.rejects(createBoard(ida.membership, { title: "x", lang: "en" }), code("role"))
  const { id } = await server.run("board create", "Elsewhere")
  await assert.rejects(new BoardOffice(ida.membership, id).members(), code("unknownBoard"))
})

test("a member adds a second device, loses the first, and leaves", async t => {
  const { board, ida, server } = await courtyard(t, await startMembers(t), { ida: "resident" })
  const { code } = await inviteDevice(ida.membership)
  const second = new Device(t, server)
  const me = await second.join(code, "desk")
  assert.equal(me.member.ref, ida.membership.me.get().member.ref)
  assert.equal(me.boards[0].id, board)
  await revokeOwnDevice(second.membership, ida.membership.me.get().device.id)
  await ida.membership.doubt()
  assert.equal(ida.membership.standing.get().state, "revoked")
  const client = await second.on()
  await second.board(board)
  await leave(second.membership)
  await until(() => client.revoked.get()?.wiped, "to be wiped")
  assert.deepEqual(await second.storage.loadRange([]), [])
})
