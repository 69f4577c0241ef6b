// A syncd of its own for a test. TAVLE_SYNCD is the path of the binary; without it, bin/syncd of this repository.

import { execFile, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const binary = resolve(process.env.TAVLE_SYNCD ?? fileURLToPath(new URL("../../../../bin/syncd", import.meta.url)))

const running = new Set()
process.on("exit", () => running.forEach(child => child.kill("SIGKILL")))

// startServer runs a server until the test ends: its process is killed and its directory removed then.
export const startServer = t => begin(t, ["--open"])

// startMembers runs a server that knows its members.
export const startMembers = t => begin(t, [])

async function begin(t, flags) {
  const server = new Server(mkdtempSync(join(tmpdir(), "tavle-client-")), flags)
  t.after(async () => {
    await server.stop()
    rmSync(server.data, { recursive: true, force: true })
  })
  await server.start()
  return server
}

class Server {
  #child
  #ended

  constructor(data, flags) {
    this.data = data
    this.flags = flags
    this.listen = "127.0.0.1:0"
  }

  get url() {
    return `ws://${this.listen}/sync`
  }

  get origin() {
    return `http://${this.listen}`
  }

  // run runs a command of the operator, and returns what it prints as JSON.
  run(...args) {
    const [command, ...rest] = args.flatMap(arg => arg.split(" "))
    return new Promise((done, failed) => {
      const all = [command, ...(["invite", "setup"].includes(command) ? [] : [rest.shift()]), "--data", this.data, "--json", ...rest]
      execFile(binary, all, (error, stdout) => (error ? failed(error) : done(JSON.parse(stdout || "null"))))
    })
  }

  // invite makes a code for a role.
  async invite(board, role, uses = 1) {
    const { code } = await this.run("invite", "--board", board, "--role", role, "--uses", String(uses))
    return code
  }

  async start() {
    const child = spawn(binary, ["serve", ...this.flags, "--listen", this.listen, "--admin-listen", "off", "--data", this.data], {
      stdio: ["ignore", "pipe", "ignore"],
    })
    running.add(child)
    this.#child = child
    this.#ended = new Promise(done => {
      child.on("exit", () => {
        running.delete(child)
        done()
      })
      child.on("error", done)
    })
    this.listen = await new Promise((found, failed) => {
      createInterface({ input: child.stdout }).on("line", line => {
        const match = /^listening on http:\/\/(\S+)$/.exec(line)
        if (match) found(match[1])
      })
      this.#ended.then(() => failed(new Error(`${binary} ended before it listened`)))
    })
  }

  // stop kills the process, by default with -9, and waits until it is gone.
  async stop(signal = "SIGKILL") {
    if (running.has(this.#child)) this.#child.kill(signal)
    await this.#ended
  }

  // wipe ends the server and removes its data: what starts next is a server rebuilt from nothing.
  async wipe() {
    await this.stop()
    rmSync(this.data, { recursive: true, force: true })
  }
}
