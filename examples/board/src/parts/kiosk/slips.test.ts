import { describe, expect, it } from "vitest";
import { none, PARKED_FOR, PARKED_MAX, park, PAUSE, type Slips, sweep, take, WRONG_MAX } from "./slips";

function parked(slips: Slips<string>, what: string, now: number, random = 0.1234) {
  const done = park(slips, what, now, () => random);
  if (!done) throw new Error("no room");
  return done;
}

describe("what is put aside under a slip code", () => {
  it("comes back once, under four digits", () => {
    const { slips, code } = parked(none(), "a draft", 0, 0.0007);
    expect(code).toBe("0007");
    const first = take(slips, code, 1000);
    expect(first.what).toBe("a draft");
    expect(first.slips.parked).toEqual([]);
    expect(take(first.slips, code, 1000).what).toBeNull();
  });

  it("is gone after ten minutes, from memory too", () => {
    const { slips, code } = parked(none(), "a draft", 0);
    expect(take(slips, code, PARKED_FOR - 1).what).toBe("a draft");
    expect(take(slips, code, PARKED_FOR).what).toBeNull();
    expect(JSON.stringify(sweep(slips, PARKED_FOR))).not.toContain("a draft");
  });

  it("never gives two people the same code", () => {
    let slips = none<string>();
    const codes = new Set<string>();
    for (let i = 0; i < PARKED_MAX; i++) {
      const done = parked(slips, String(i), 0, 0.99999);
      slips = done.slips;
      codes.add(done.code);
    }
    expect(codes.size).toBe(PARKED_MAX);
    expect(park(slips, "one more", 0, () => 0.5)).toBeNull();
    expect(park(slips, "one more", PARKED_FOR, () => 0.5)).not.toBeNull();
  });

  it("cannot be found by trying codes", () => {
    let { slips, code } = parked(none(), "a draft", 0);
    for (let i = 0; i < WRONG_MAX; i++) slips = take(slips, "9999", 0).slips;
    expect(take(slips, code, PAUSE - 1)).toMatchObject({ what: null, paused: true });
    expect(take(slips, code, PAUSE).what).toBe("a draft");
  });
});
