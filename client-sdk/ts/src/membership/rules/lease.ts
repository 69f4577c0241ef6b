// When a device that cannot reach its server forgets by itself. Pure.

/**
 * How long a device has been without its server, from the only witness it has: its own clock, which may be wrong, jump or stand still.
 *
 * The device looks at its clock when it starts and while it runs, and adds up how far the clock came between two looks. That the clock is
 * wrong by years changes nothing, since only the differences count; and each difference counts only as far as it can be believed:
 *
 * - back, or not at all: nothing;
 * - forward, to where the clock has not been: as much as it says, but never more than half a lease at once. A device that lay in a drawer
 *   for a year and one whose clock fell to 2038 look the same;
 * - forward, after the clock went back: a day at most. A clock that jumps to and fro makes no time.
 *
 * So a jump alone never ends a lease: half of it has to be seen in other steps, and then the clock must be seen to go on by a minute at a
 * later look. A lost tablet that is used forgets on the day its lease ends; one that was switched off for longer, after half a lease of
 * use or when it is switched off and on again as late. Whoever reaches the server begins anew; there a lease ends by the server's clock.
 */
export interface Absence {
  /** What the device's clock said at the last look, in milliseconds since 1970. */
  readonly seen: number
  /** The latest that it said since the server was reached. */
  readonly high: number
  /** Milliseconds without the server that are believed. */
  readonly away: number
  /** What the clock said when the lease seemed to have ended, or null. */
  readonly due: number | null
}

const dayMillis = 86_400_000
const confirmAfter = 60_000 // milliseconds that the clock has to go on

/** The server was reached. */
export const reached = (now: number): Absence => ({ seen: now, high: now, away: 0, due: null })

/** A look at the clock. A look that says nothing changes nothing. */
export function look(before: Absence, now: number, leaseDays: number): Absence {
  if (!Number.isFinite(now)) return before
  const lease = leaseDays * dayMillis
  const step = Math.max(0, now - before.seen)
  const away = before.away + Math.min(step, now > before.high ? lease / 2 : dayMillis)
  const due = now < before.seen || away < lease ? null : (before.due ?? now)
  return { seen: now, high: Math.max(before.high, now), away, due }
}

/** Whether the lease has ended, and the clock was seen to go on since it seemed so. */
export const ended = ({ seen, due }: Absence): boolean => due !== null && seen - due >= confirmAfter
