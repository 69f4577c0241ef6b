// Errors by which a program decides.

/** A board is not on this device, and could not be fetched now. */
export class NotHere extends Error {
  override readonly name = "NotHere"
  /**
   * `offline`: try again when there is a connection. `unknown`: the server does not have it or does not show it; check the link.
   * `slow`: the server has not sent it in time; try again. `notABoard`: the link leads to something else. `noLink`: this is no link
   * to a board. `revoked`: this device does not belong any more.
   */
  readonly why: "offline" | "unknown" | "slow" | "notABoard" | "noLink" | "revoked"

  constructor(why: NotHere["why"], message: string) {
    super(message)
    this.why = why
  }
}

export { NotFound } from "./model/write.js"
export { Invalid } from "./model/check.js"
