// Calls to the server's HTTP API. One is tried once: whoever calls decides whether to try again.

import { Problem } from "./errors.js"

/** The part of fetch that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

const timeout = 20_000 // milliseconds

/** Calls the API of one server. */
export class Calls {
  /** The server's origin, as `https://board.example`. */
  readonly origin: string
  /** What shows who calls, where the browser's cookie does not; empty until there is a session. */
  bearer = ""
  readonly #fetch: Fetch
  readonly #apart: boolean
  #cookies = new Map<string, string>() // where the platform keeps none: browsers do, and show none

  /** apart: no cookie is sent or kept, since it would be that of another device in this browser. */
  constructor(server: string, fetch: Fetch, apart: boolean) {
    this.origin = new URL(server.replace(/^ws/, "http")).origin
    this.#fetch = fetch
    this.#apart = apart
  }

  /** The host as proofs name it. */
  get host(): string {
    return new URL(this.origin).host
  }

  /** Whether the page is of the server's origin, so that the browser's cookie shows who calls. */
  get sameOrigin(): boolean {
    return !this.#apart && typeof location !== "undefined" && location.origin === this.origin
  }

  /** Whether a session has to be begun before anything else. */
  get signedOut(): boolean {
    return this.#apart && !this.bearer
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path)
  }

  post<T>(path: string, body: object = {}): Promise<T> {
    return this.#call<T>("POST", path, JSON.stringify(body))
  }

  /** Forgets the session, as far as the platform does not keep it. */
  forget(): void {
    this.#cookies.clear()
    this.bearer = ""
  }

  async #call<T>(method: string, path: string, body?: string): Promise<T> {
    const headers: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" }
    if (this.bearer) headers.authorization = `Bearer ${this.bearer}`
    if (this.#cookies.size > 0) headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ")
    let answer: Response
    try {
      const signal = AbortSignal.timeout(timeout)
      const credentials = this.#apart ? "omit" : "same-origin"
      answer = await this.#fetch(this.origin + path, { method, headers, body, signal, cache: "no-store", credentials })
    } catch (cause) {
      throw new Problem("unreachable", `the server cannot be reached: ${String(cause)}`)
    }
    this.#keep(answer)
    const said = (await answer.json().catch(() => null)) as Record<string, unknown> | null
    if (answer.ok && said) return said as T
    throw problemIn(answer, said)
  }

  #keep(answer: Response): void {
    if (this.#apart) return
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
