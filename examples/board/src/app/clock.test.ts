import { expect, test } from "vitest";
import { CLOCK_OFF, clockWrong } from "./clock";

const now = Date.parse("2026-06-05T12:00:00Z");

test("a clock is wrong when the server says so, whatever the posts say", () => {
  expect(clockWrong(0, [], { server: now, asked: 0 })).toBe(true);
  expect(clockWrong(now, [now + 9 * CLOCK_OFF], { server: now + 1000, asked: now })).toBe(false);
});

test("without a server most posts decide, and one that is wrong does not", () => {
  expect(clockWrong(0, [now, now, 5], null)).toBe(true);
  expect(clockWrong(now, [now, now, now + 400 * CLOCK_OFF], null)).toBe(false);
  expect(clockWrong(now, [], null)).toBe(false);
});

test("a clock that was set since it was compared is compared anew", () => {
  expect(clockWrong(now, [now], { server: now, asked: 0 })).toBe(false);
});
