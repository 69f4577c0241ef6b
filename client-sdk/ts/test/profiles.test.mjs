// Pages of one browser that are several devices: what the browser gives to all of them is one cookie and one place to store things.

import "fake-indexeddb/auto"
import assert from "node:assert/strict"
import { test } from "node:test"
import WebSocket from "ws"
import { Device } from "./lib/member.mjs"
import { draft, titles } from "./lib/device.mjs"
import { startMembers } from "./lib/server.mjs"
import { until } from "./lib/until.mjs"

// A browser: it has one cookie, sends it along with all that does not forbid it, and shows none.
class Browser {
  cookie = ""

  fetch = async (url, init) => {
    const shared = init.credentials !== "omit"
    const answer = await fetch(url, { ...init, headers: { ...init.headers, ...(shared && this.cookie && { cookie: this.cookie }) } })
    for (const line of answer.headers.getSetCookie()) if (shared) this.cookie = line.split(";")[0]
    return new Response(await answer.text(), { status: answer.status })
  }

  get webSocket() {
    const browser = this
    return class extends WebSocket {
      constructor(url, protocols) {
        super(url, protocols, { headers: { cookie: browser.cookie } })
      }
    }
  }

  page(t, server, profile) {
    return new Device(t, server, { membership: { fetch: this.fetch, keeper: undefined, profile }, client: { storage: undefined, webSocket: this.webSocket } })
  }
}

test("a page with a profile is a device of its own beside the others, with and without a connection, whoever comes first", async t => {
  const server = await startMembers(t)
  const { id } = await server.run("board create", "Courtyard")
  const browser = new Browser()
  const pages = [browser.page(t, server), browser.page(t, server, "kiosk"), browser.page(t, server, "desk")]
  for (const [at, page] of pages.entries()) await page.join(await server.invite(id, at === 1 ? "visitor" : "resident"), at === 1 ? "kiosk" : "phone")
  const own = pages.map(page => page.membership.me.get())
  assert.equal(new Set(own.map(me => me.device.id)).size, 3)

  // All of them at once, as after the server was away; and written before there is a connection.
  for (const [at, page] of pages.entries()) {
    await page.on()
    await page.board(id)
    await page.off()
    await page.on({ offline: true })
    const board = await page.board(id)
    await board.addPost(draft(board, `of ${at}`))
    assert.deepEqual(titles(board), [`of ${at}`], "nothing is shared but the server")
    await page.off()
  }
  await Promise.all(pages.map(page => page.on()))
  const boards = await Promise.all(pages.map(page => page.board(id)))
  for (const board of boards) await until(() => titles(board).length === 3 && board.posts.get().every(post => post.delivery === "board"), "all posts on the board")
  for (const post of boards[0].posts.get()) assert.equal(post.createdBy, own[post.title.at(-1)].member.ref)
  for (const [at, { client, membership, closes }] of pages.entries()) {
    assert.deepEqual(client.refusals.get(), [])
    assert.deepEqual(closes.filter(code => code === 4403), [])
    assert.equal((await membership.refresh()).device.id, own[at].device.id)
    assert.equal(membership.standing.get().state, "member")
  }
})
