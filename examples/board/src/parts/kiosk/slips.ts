/**
 * What people have put aside under a slip code. In memory only: a page that reloads has forgotten it. Pure; times are milliseconds
 * of one clock, randomness comes from outside.
 */

/** How long something stays put aside. */
export const PARKED_FOR = 10 * 60_000;
/** At most so many at a time. */
export const PARKED_MAX = 20;
/** After so many wrong codes nobody can try for a while. */
export const WRONG_MAX = 5;
/** That while. */
export const PAUSE = 60_000;

export interface Slips<T> {
  parked: readonly { code: string; until: number; what: T }[];
  wrong: number;
  pausedUntil: number;
}

export function none<T>(): Slips<T> {
  return { parked: [], wrong: 0, pausedUntil: 0 };
}

/** sweep drops what has been put aside for too long; the same object when there is nothing to drop. */
export function sweep<T>(slips: Slips<T>, now: number): Slips<T> {
  const parked = slips.parked.filter((p) => p.until > now);
  return parked.length === slips.parked.length ? slips : { ...slips, parked };
}

/** park puts something aside under a new code of four digits; null when there is no room. `random` gives numbers in [0, 1). */
export function park<T>(slips: Slips<T>, what: T, now: number, random: () => number): { slips: Slips<T>; code: string } | null {
  const swept = sweep(slips, now);
  if (swept.parked.length >= PARKED_MAX) return null;
  let number = Math.floor(random() * 10_000);
  const taken = new Set(swept.parked.map((p) => p.code));
  while (taken.has(four(number))) number = (number + 1) % 10_000;
  const code = four(number);
  return { slips: { ...swept, parked: [...swept.parked, { code, until: now + PARKED_FOR, what }] }, code };
}

export type Taken<T> = { slips: Slips<T>; what: T | null; paused: boolean };

/** take gives back what stands under a code and forgets it. `paused`: too many wrong codes, try later. */
export function take<T>(slips: Slips<T>, code: string, now: number): Taken<T> {
  const swept = sweep(slips, now);
  if (now < swept.pausedUntil) return { slips: swept, what: null, paused: true };
  const found = swept.parked.find((p) => p.code === code);
  if (found) return { slips: { parked: swept.parked.filter((p) => p !== found), wrong: 0, pausedUntil: 0 }, what: found.what, paused: false };
  const wrong = swept.wrong + 1;
  const paused = wrong >= WRONG_MAX;
  return { slips: { ...swept, wrong: paused ? 0 : wrong, pausedUntil: paused ? now + PAUSE : 0 }, what: null, paused };
}

function four(number: number): string {
  return String(number).padStart(4, "0");
}
