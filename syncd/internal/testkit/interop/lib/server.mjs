// A sync server as a child process of the test, on a port of its own with a data directory of its own.
//
// TAVLE_SYNCD is the path of the binary to test; "reference" means the server made of automerge-repo's own packages, against which the
// tests themselves are tested. Without it the binary is bin/syncd of this repository.

import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { until, within } from "./until.mjs"

const here = fileURLToPath(new URL(".", import.meta.url))
const named = process.env.TAVLE_SYNCD ?? resolve(here, "../../../../../bin/syncd")
export const isReference = named === "reference"
const command = isReference ? [process.execPath, join(here, "reference-server.mjs")] : [resolve(named)]

const running = new Set()
process.on("exit", () => running.forEach(child => child.kill("SIGKILL")))
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1)) // a test that took too long

// startServer runs a server until the test ends: its process is killed and its directory removed then.
export const startServer = t => begin(t, ["--open"])

// startMembers runs a server that knows its members. The reference has none.
export const startMembers = t => begin(t, [])

async function begin(t, access) {
  const server = new Server(mkdtempSync(join(tmpdir(), "tavle-interop-")), access)
  t.after(async () => {
    await server.stop("SIGKILL")
    rmSync(server.data, { recursive: true, force: true })
  })
  await server.start()
  return server
}

export class Server {
  #child
  #exited
  #log = []

  constructor(data, access) {
    this.data = data
    this.access = access
    this.binary = command[0]
    this.listen = "127.0.0.1:0"
  }

  async start() {
    const flags = [...this.access, "--listen", this.listen, "--admin-listen", "off", "--data", this.data]
    const child = spawn(command[0], [...command.slice(1), "serve", ...flags], { stdio: ["ignore", "pipe", "pipe"] })
    running.add(child)
    this.#child = child
    this.#exited = new Promise(done => {
      child.on("exit", (code, signal) => {
        running.delete(child)
        done(signal ?? code)
      })
      child.on("error", done)
    })
    child.stderr.on("data", chunk => {
      this.#log.push(String(chunk))
      if (this.#log.length > 200) this.#log.shift()
    })
    const ready = new Promise(found => {
      createInterface({ input: child.stdout }).on("line", line => {
        const match = /^listening on http:\/\/(\S+)$/.exec(line)
        if (match) found(match[1])
      })
    })
    const early = this.#exited.then(how => {
      throw new Error(`the server ended (${how}) before it listened:\n${this.log}`)
    })
    early.catch(() => {})
    this.listen = await within(Promise.race([ready, early]), "the server's line “listening on http://…”", 15_000)
    return this
  }

  get url() {
    return `ws://${this.listen}`
  }

  get pid() {
    return this.#child.pid
  }

  get alive() {
    return running.has(this.#child)
  }

  get log() {
    return this.#log.join("").slice(-4000)
  }

  // stop ends the process and waits until it is gone. It returns the exit code or the signal.
  async stop(signal = "SIGTERM") {
    if (this.alive) this.#child.kill(signal)
    return within(this.#exited, `the server's end after ${signal}`, 15_000)
  }

  // restart stops the server and starts it again on the same port and data.
  async restart(signal = "SIGTERM") {
    await this.stop(signal)
    return this.start()
  }

  // wipe stops the server, empties its data directory and starts it again on the same port: a server rebuilt from nothing.
  async wipe() {
    await this.stop("SIGKILL")
    rmSync(this.data, { recursive: true, force: true })
    return this.start()
  }

  // rss is the resident memory of the process in MiB.
  get rss() {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))
    return Number(kib[1]) / 1024
  }

  // calm waits until the process uses almost no processor time.
  async calm() {
    const ticks = () => {
      const fields = readFileSync(`/proc/${this.pid}/stat`, "utf8").split(") ")[1].split(" ")
      return Number(fields[11]) + Number(fields[12])
    }
    let before = ticks()
    let at = Date.now()
    await until(() => {
      if (Date.now() - at < 200) return false
      const now = ticks()
      const busy = now - before
      before = now
      at = Date.now()
      return busy <= 4
    }, "the server to be calm", 30_000)
  }
}
