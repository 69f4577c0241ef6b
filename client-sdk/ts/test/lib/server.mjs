// A syncd of its own for a test. TAVLE_SYNCD is the path of the binary; without it, bin/syncd of this repository.

import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const binary = resolve(process.env.TAVLE_SYNCD ?? fileURLToPath(new URL("../../../../bin/syncd", import.meta.url)))

const running = new Set()
process.on("exit", () => running.forEach(child => child.kill("SIGKILL")))

// startServer runs a server until the test ends: its process is killed and its directory removed then.
export async function startServer(t) {
  const server = new Server(mkdtempSync(join(tmpdir(), "tavle-client-")))
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

  constructor(data) {
    this.data = data
    this.listen = "127.0.0.1:0"
  }

  get url() {
    return `ws://${this.listen}/sync`
  }

  async start() {
    const child = spawn(binary, ["serve", "--open", "--listen", this.listen, "--admin-listen", "off", "--data", this.data], {
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
