import { beforeEach, expect, test } from "vitest";
import { ago, clock, day, dayAndClock, dayAndYear, fromLocal, sameDay, setTimeZone, toLocal } from "./time";

beforeEach(() => setTimeZone("Europe/Copenhagen"));

test("a field's hour is the board's hour, on both sides of the change of clocks", () => {
  for (const text of ["2026-06-13T16:00", "2026-12-04T14:00", "2026-03-29T01:59", "2026-03-29T03:00", "2026-10-25T01:30", "2026-10-25T04:00", "2026-01-01T00:00"]) {
    expect(toLocal(fromLocal(text))).toBe(text);
  }
  expect(fromLocal("2026-06-13T16:00")).toBe(Date.UTC(2026, 5, 13, 14));
  expect(fromLocal("2026-12-04T14:00")).toBe(Date.UTC(2026, 11, 4, 13));
  for (const text of ["", "tomorrow", "2026-13-40T99:99"]) expect(fromLocal(text)).toBeUndefined();
});

test("a day without an hour is only a day", () => {
  const now = Date.UTC(2026, 5, 1);
  expect(dayAndClock("en", Date.UTC(2026, 5, 12, 22), now)).toBe("Saturday 13 June");
  expect(dayAndClock("en", Date.UTC(2026, 5, 13, 14), now)).toMatch(/^Saturday,? 13 June, 16:00$/);
  expect(sameDay(Date.UTC(2026, 5, 12, 22), Date.UTC(2026, 5, 13, 21))).toBe(true);
  expect(clock("da", Date.UTC(2026, 5, 13, 14))).toBe("16.00");
});

test("a moment that is none is shown as some day, and breaks no page", () => {
  for (const at of [9e15, 9e18, -9e15, Number.NaN]) {
    for (const text of [day("en", at), dayAndYear("da", at), clock("nl", at), dayAndClock("en", at), toLocal(at)]) expect(text).toMatch(/\d/);
  }
  expect(ago("en", 9e15)).toMatch(/\d/);
});

test("an unknown zone leaves the device's, and a clock that runs ahead says now", () => {
  setTimeZone("Nowhere/At_All");
  expect(clock("en", Date.now())).toMatch(/^\d\d:\d\d$/);
  expect(ago("en", Date.now() + 86_400_000)).toBe("time.now"); // without a catalogue the key shows itself
});

test("a moment that no calendar has is said as the nearest, and takes no page with it", () => {
  for (const at of [Infinity, -Infinity, 1e16, -1e16, 8.64e15, -8.64e15, Number.NaN]) {
    for (const say of [day, dayAndYear, dayAndClock, clock, ago]) expect(say("en", at), `${say.name}(${at})`).toMatch(/\w/);
    expect(() => [toLocal(at), sameDay(at, 0)]).not.toThrow();
  }
  expect(dayAndYear("en", 1e16)).toBe("13 September 275760");
});
