import { expect, test } from "vitest";
import { CLOCK_OFF, clockWrong } from "./clock";

const now = Date.parse("2026-06-05T12:00:00Z");
const later = now + 400 * CLOCK_OFF;

test("a clock is wrong when the server said so, whatever the posts say, also days later", () => {
  expect(clockWrong(0, [], { server: now, device: 0 })).toBe(true);
  expect(clockWrong(9 * CLOCK_OFF, [], { server: now, device: 0 })).toBe(true);
  expect(clockWrong(later + 9 * CLOCK_OFF, [now], { server: now, device: later })).toBe(true);
  expect(clockWrong(now, [later], { server: now + 1000, device: now })).toBe(false);
});

test("a clock that was set since is no longer wrong", () => {
  expect(clockWrong(now, [now], { server: now, device: 0 })).toBe(false);
  expect(clockWrong(now, [now], { server: now, device: later })).toBe(false);
});

test("without a server most posts decide, and one that is wrong does not", () => {
  expect(clockWrong(0, [now, now, 5], null)).toBe(true);
  expect(clockWrong(0, [now], { server: now, device: now })).toBe(true);
  expect(clockWrong(now, [now, now, later], null)).toBe(false);
  expect(clockWrong(now, [], null)).toBe(false);
});
