/**
 * When a shared screen forgets. A pure reducer: it starts no timer and reads no clock; whoever uses it sends a tick about once a second.
 * Times are milliseconds of one clock that only goes forward. Becoming quiet again means: forget everything now.
 */

/** Without a touch or key for this long, it asks. */
export const ASK_AFTER = 75_000;
/** And then waits this long for an answer. */
export const COUNTDOWN = 20_000;

export type Idle =
  | { phase: "quiet" }
  | { phase: "active"; since: number }
  /** `left`: whole seconds until it forgets. */
  | { phase: "asking"; since: number; left: number };

export type IdleEvent =
  /** Any touch, key, scroll or other sign of a person. */
  | { type: "touch" }
  /** The person is done. */
  | { type: "finish" }
  /** `nothing`: there is nothing to forget, so nobody is asked. `busy`: the screen is reading aloud, and a person listens. */
  | { type: "tick"; nothing?: boolean; busy?: boolean };

export const QUIET: Idle = { phase: "quiet" };

/** step gives what follows on an event at `now`; the same object when nothing changes. */
export function step(state: Idle, event: IdleEvent, now: number): Idle {
  if (event.type === "finish") return QUIET;
  if (event.type === "touch") return { phase: "active", since: now };
  if (state.phase === "quiet") return state;
  if (now < state.since) return { ...state, since: now };
  const passed = now - state.since;
  if (state.phase === "asking") {
    const left = Math.ceil((COUNTDOWN - passed) / 1000);
    if (left <= 0) return QUIET;
    return left === state.left ? state : { ...state, left };
  }
  if (event.busy) return { phase: "active", since: now };
  if (passed < ASK_AFTER) return state;
  // A tablet that slept through the question: the person has long gone.
  if (event.nothing || passed >= ASK_AFTER + COUNTDOWN) return QUIET;
  return { phase: "asking", since: now, left: COUNTDOWN / 1000 };
}
