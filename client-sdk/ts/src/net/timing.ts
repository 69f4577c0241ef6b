// How long the connection waits for what. All in milliseconds.

export interface Timing {
  /** For the websocket to open, and then for the server's `peer`. */
  handshake: number
  /** Of silence, before the server is asked for a sign of life. It pings every 25 s, but browsers do not show that. */
  idle: number
  /** For the answer to that. */
  answer: number
  /** The first wait before another try, doubled each time, up to the longest. Each is shortened at random by up to a half. */
  retryFirst: number
  retryLongest: number
  /** Between tries when the server has refused this client. */
  retryRefused: number
}

export const defaultTiming: Timing = {
  handshake: 15_000,
  idle: 25_000,
  answer: 10_000,
  retryFirst: 1_000,
  retryLongest: 60_000,
  retryRefused: 600_000,
}

/** The wait before try number attempt, which counts from 0. unit is a random number from 0 to 1. */
export function backoff(timing: Timing, attempt: number, unit: number): number {
  const full = Math.min(timing.retryLongest, timing.retryFirst * 2 ** Math.min(attempt, 30))
  return full * (1 - unit / 2)
}
