import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Result {
  violations: { id: string; nodes: { target: string[]; failureSummary: string }[] }[];
}

/** axe gives what it finds wrong on the page as it is now, in words; nothing when all is well. */
export async function axe(page: Page): Promise<string[]> {
  // Evaluated, and not added as a script: the app's own policy stays in force.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(await readFile(AXE, "utf8"));
  return page.evaluate(async (runOnly) => {
    const found = await (globalThis as unknown as { axe: { run(o: object): Promise<Result> } }).axe.run({ runOnly });
    return found.violations.map((v) => `${v.id} ${v.nodes.slice(0, 3).map((n) => `${n.target.join(" ")}: ${n.failureSummary}`).join(" | ")}`);
  }, TAGS);
}

/** forEverybody: axe finds nothing in light or dark, and at 400 % zoom nothing has to be scrolled sideways. */
export async function forEverybody(page: Page): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await axe(page), colorScheme).toEqual([]);
  }
  const before = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 256 });
  const wide = await page.evaluate(() => document.scrollingElement!.scrollWidth - document.documentElement.clientWidth);
  expect(wide, `at 400 % zoom it scrolls sideways by ${wide} px`).toBeLessThanOrEqual(0);
  if (before) await page.setViewportSize(before);
}
