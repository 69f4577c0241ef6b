// Calls to the server's HTTP API. One is tried once: whoever calls decides whether to try again.

import { Problem } from "./errors.js"

/** The part of fetch that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

const timeout = 20_000 // milliseconds

/** Calls the API of one server. */
export class Calls {
  /** The server's origin, as `https://board.example`. */
  readonly origin: string
  readonly #fetch: Fetch
  #cookies = new Map<string, string>() // where the platform keeps none: browsers do, and show none

  constructor(server: string, fetch: Fetch) {
    this.origin = new URL(server.replace(/^ws/, "http")).origin
    this.#fetch = fetch
  }

  /** The host as proofs name it. */
  get host(): string {
    return new URL(this.origin).host
  }

  /** Whether the page is of the server's origin, so that the browser sends its cookie along. */
  get sameOrigin(): boolean {
    return typeof location !== "undefined" && location.origin === this.origin
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path)
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.#call<T>("POST", path, JSON.stringify(body))
  }

  /** Forgets the cookies that the platform does not keep. */
  forget(): void {
    this.#cookies.clear()
  }

  async #call<T>(method: string, path: string, body?: string): Promise<T> {
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" }
    if (this.#cookies.size > 0) headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ")
    let answer: Response
    try {
      const signal = AbortSignal.timeout(timeout)
      answer = await this.#fetch(this.origin + path, { method, headers, body, signal, cache: "no-store", credentials: "same-origin" })
    } catch (cause) {
      throw new Problem("unreachable", `the server cannot be reached: ${String(cause)}`)
    }
    this.#keep(answer)
    const said = (await answer.json().catch(() => null)) as Record<string, unknown> | null
    if (answer.ok && said) return said as T
    throw problemIn(answer, said)
  }

  #keep(answer: Response): void {
    for (const line of answer.headers.getSetCookie?.() ?? []) {
      const [pair = ""] = line.split(";")
      const at = pair.indexOf("=")
      if (at > 0) this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }
}

function problemIn(answer: Response, said: Record<string, unknown> | null): Problem {
  const { error, message, reason } = said ?? {}
  const text = typeof message === "string" ? message : `the server answered with ${answer.status}`
  const wait = Number(answer.headers.get("retry-after") ?? NaN)
  const seconds = Number.isFinite(wait) ? wait : null
  if (typeof error === "string") return new Problem(error, text, seconds, typeof reason === "string" ? reason : null)
  if (answer.status === 401) return new Problem("signIn", text)
  if (answer.status === 429) return new Problem("slow", text, seconds ?? 60)
  return new Problem("unreachable", text, seconds)
}
