// When a device that cannot reach its server forgets by itself. Pure.

/**
 * How long a device has been without its server, from the only witness it has: its own clock, which may be wrong, jump or stand still.
 *
 * The device looks at its clock when it starts and while it runs, and adds up how far the clock came between two looks. That the clock is
 * wrong by years changes nothing, since only the differences count; and each difference counts only as far as it can be believed:
 *
 * - back, or not at all: nothing;
 * - forward, up to two leases: as much as it says, since devices lie switched off in drawers;
 * - further, as a clock that fell to 2038 does: half a lease, and only once until the server is reached again.
 *
 * So no single jump, and no clock that jumps to and fro, ends a lease. And the look at which it would end is not believed by itself: the
 * clock must be seen to go on, by a minute or more, at a later look. Whoever reaches the server begins anew.
 */
export interface Absence {
  /** What the device's clock said at the last look, in milliseconds since 1970. */
  readonly seen: number
  /** Milliseconds without the server that are believed. */
  readonly away: number
  /** A jump too far to be believed was counted. */
  readonly jumped: boolean
  /** What the clock said when the lease seemed to have ended, or null. */
  readonly due: number | null
}

const dayMillis = 86_400_000
const confirmAfter = 60_000 // milliseconds that the clock has to go on

/** The server was reached. */
export const reached = (now: number): Absence => ({ seen: now, away: 0, jumped: false, due: null })

/** A look at the clock. */
export function look(before: Absence, now: number, leaseDays: number): Absence {
  const lease = leaseDays * dayMillis
  const step = now - before.seen
  if (!(step > 0)) return { ...before, seen: Number.isFinite(now) ? now : before.seen, due: null }
  const far = step > 2 * lease
  const away = before.away + (far ? (before.jumped ? 0 : lease / 2) : step)
  return { seen: now, away, jumped: before.jumped || far, due: away >= lease ? (before.due ?? now) : null }
}

/** Whether the lease has ended, and the clock was seen to go on since it seemed so. */
export const ended = ({ seen, due }: Absence): boolean => due !== null && seen - due >= confirmAfter
