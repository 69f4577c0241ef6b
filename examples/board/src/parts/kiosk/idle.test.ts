import { describe, expect, it } from "vitest";
import { ASK_AFTER, COUNTDOWN, type Idle, QUIET, step } from "./idle";

/** Ticks once a second from `from` to `to`, both in seconds. */
function ticks(state: Idle, from: number, to: number, more = {}): Idle {
  for (let s = from; s <= to; s++) state = step(state, { type: "tick", ...more }, s * 1000);
  return state;
}

describe("the kiosk's patience", () => {
  it("stays quiet while nobody comes", () => {
    expect(ticks(QUIET, 0, 1000)).toBe(QUIET);
  });

  it("asks after 75 seconds, not before, and counts down from 20", () => {
    const active = step(QUIET, { type: "touch" }, 0);
    expect(ticks(active, 1, 74).phase).toBe("active");
    expect(ticks(active, 1, 75)).toEqual({ phase: "asking", since: 75_000, left: 20 });
    expect(ticks(active, 1, 80)).toMatchObject({ phase: "asking", left: 15 });
    expect(ticks(active, 1, 94)).toMatchObject({ phase: "asking", left: 1 });
    expect(ticks(active, 1, 95)).toBe(QUIET);
  });

  it("lets any touch while it asks start the whole time again", () => {
    const asking = ticks(step(QUIET, { type: "touch" }, 0), 1, 90);
    const again = step(asking, { type: "touch" }, 90_000);
    expect(ticks(again, 91, 164).phase).toBe("active");
    expect(ticks(again, 91, 165).phase).toBe("asking");
  });

  it("never asks somebody who types a key every 50 seconds", () => {
    let state = step(QUIET, { type: "touch" }, 0);
    for (let key = 1; key <= 40; key++) {
      state = ticks(state, (key - 1) * 50 + 1, key * 50);
      expect(state.phase).toBe("active");
      state = step(state, { type: "touch" }, key * 50_000);
    }
  });

  it("asks nobody when there is nothing to forget", () => {
    expect(ticks(step(QUIET, { type: "touch" }, 0), 1, 75, { nothing: true })).toBe(QUIET);
  });

  it("waits for a post that is being read aloud", () => {
    const active = step(QUIET, { type: "touch" }, 0);
    const listening = ticks(active, 1, 300, { busy: true });
    expect(listening.phase).toBe("active");
    expect(ticks(listening, 301, 374).phase).toBe("active");
    expect(ticks(listening, 301, 375).phase).toBe("asking");
  });

  it("forgets at once when the person is done, or when it wakes after both times have passed", () => {
    const active = step(QUIET, { type: "touch" }, 0);
    expect(step(active, { type: "finish" }, 1)).toBe(QUIET);
    expect(step(active, { type: "tick" }, ASK_AFTER + COUNTDOWN)).toBe(QUIET);
  });

  it("does not forget early when the clock steps back", () => {
    const active = step(QUIET, { type: "touch" }, 100_000);
    const back = step(active, { type: "tick" }, 10_000);
    expect(step(back, { type: "tick" }, 84_000).phase).toBe("active");
    expect(step(back, { type: "tick" }, 85_000).phase).toBe("asking");
  });
});
