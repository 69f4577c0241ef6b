// What an app can show when the server says no.

/**
 * Why a call to the server failed:
 *
 * - `code`: the code is unknown, used, too old or locked; the server does not say which. Ask for a new one.
 * - `slow`: too many attempts; `seconds` says how long to wait.
 * - `unreachable`: there was no answer, or none that can be understood. Try again later.
 * - `revoked`: this device does not belong any more.
 * - `unknownDevice`: the server does not know this device. Join again.
 * - `replaced`: this browser has joined as another device, in another window. Load this one anew.
 * - `signIn`: this device has not joined.
 * - `insecure`: this page was not loaded over https, so that no key can be made.
 * - `storage`: the device cannot keep its key.
 * - others, such as `role`, `lastOwner` or `full`: as the server names them. Show the message.
 */
export type ProblemCode =
  | "code" | "slow" | "unreachable" | "revoked" | "replaced" | "unknownDevice" | "signIn" | "insecure" | "storage"
  | "role" | "lastOwner" | "tooMany" | "full" | "busy" | (string & {})

/** A call to the server failed. */
export class Problem extends Error {
  override readonly name = "Problem"
  readonly code: ProblemCode
  /** How long to wait before another try, in seconds. */
  readonly seconds: number | null
  /** More about `revoked`: `lease` when the device was not seen for too long. */
  readonly reason: string | null

  constructor(code: ProblemCode, message: string, seconds: number | null = null, reason: string | null = null) {
    super(message)
    this.code = code
    this.seconds = seconds
    this.reason = reason
  }

  /** Whether another try alone changes nothing. */
  get final(): boolean {
    return ["signIn", "revoked", "replaced", "unknownDevice"].includes(this.code)
  }
}

/** The problem in what was thrown. */
export const problemOf = (cause: unknown): Problem =>
  cause instanceof Problem ? cause : new Problem("unreachable", `the server cannot be reached: ${(cause as Error)?.message ?? String(cause)}`)
