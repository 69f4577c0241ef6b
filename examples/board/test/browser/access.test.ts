/** Every phone screen for everybody: axe, keyboard alone, 400 % zoom; and the pictures that people look at. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { axe } from "./axe";
import { Hub, launch, settle, shot } from "./harness";
import { seed } from "./seed";

let hub: Hub;
let browser: Browser;
let board: string;

beforeAll(async () => {
  hub = await Hub.start();
  board = await seed(hub.origin, 60);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

interface Screen { name: string; open: (page: Page) => Promise<void> }
/** Turns to a view, which may have to be loaded. */
const at = (view: string) => async (page: Page) => {
  await page.evaluate((h) => new Promise<void>((turned) => {
    if (location.hash === `#${h}`) return turned();
    addEventListener("hashchange", () => turned(), { once: true });
    location.hash = h;
  }), `b=${board}${view}`);
  await page.locator("h1").first().waitFor();
};
const firstOf = (kind: string) => async (page: Page) => {
  await at("")(page);
  await page.locator(`.card[data-kind=${kind}] a`).first().click();
  await page.locator("article.post").waitFor();
};
const screens: Screen[] = [
  { name: "board", open: at("") },
  { name: "post", open: firstOf("request") },
  { name: "idea", open: firstOf("idea") },
  { name: "agreement", open: firstOf("arrangement") },
  { name: "kinds", open: at("&v=new") },
  { name: "form", open: async (page) => { await at("&v=new")(page); await page.locator(".kind-tile[data-kind=item]").click(); await page.locator("summary").click(); } },
  { name: "share", open: async (page) => { await firstOf("event")(page); await page.locator(".post-tools button").click(); await page.locator("dialog[open]").waitFor(); } },
  { name: "mine", open: at("&v=mine") },
  { name: "more", open: at("&v=settings") },
  { name: "about", open: at("&v=about") },
  { name: "boards", open: at("&v=boards") },
  { name: "device", open: at("&v=device") },
];

async function open(language: string, theme: "light" | "dark", size: { width: number; height: number }, textSize = 1): Promise<Page> {
  const context = await browser.newContext({ viewport: size, colorScheme: theme, serviceWorkers: "block", bypassCSP: true, reducedMotion: "reduce" });
  await settle(context, { language, name: "Ada", textSize });
  const page = await context.newPage();
  await page.goto(`${hub.origin}/#b=${board}`);
  await page.locator(".card").first().waitFor();
  return page;
}

/** A modal dialog would stay open over the next screen. */
const leave = (page: Page) => page.keyboard.press("Escape");

describe.each(["da", "nl", "en"])("in %s", (language) => {
  test.each(["light", "dark"] as const)("axe finds nothing, %s", async (theme) => {
    const page = await open(language, theme, { width: 390, height: 844 });
    const found: string[] = [];
    for (const screen of screens) {
      await screen.open(page);
      await shot(page, `phone-${screen.name}-${language}-${theme}`);
      found.push(...(await axe(page)).map((v) => `${screen.name}: ${v}`));
      await leave(page);
    }
    await page.context().close();
    expect(found).toEqual([]);
  });
});

test.each([
  ["400 % zoom", { width: 320, height: 256 }, 1],
  ["a small phone with very large text", { width: 360, height: 640 }, 1.6],
  ["a tablet", { width: 820, height: 1180 }, 1],
  ["a desk", { width: 1280, height: 800 }, 1],
])("nothing scrolls sideways and targets are large: %s", async (name, size, textSize) => {
  const page = await open("nl", "light", size, textSize);
  for (const screen of screens) {
    await screen.open(page);
    const wide = await page.evaluate(() => document.scrollingElement!.scrollWidth - document.documentElement.clientWidth);
    expect(wide, `${screen.name} scrolls sideways by ${wide} px`).toBeLessThanOrEqual(0);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>("button, select, input:not([type=radio]), textarea, summary, .choice-option, a.button, a.dock-place, a.list-item")]
        .filter((e) => e.getClientRects().length > 0)
        .map((e) => ({ e, r: e.getBoundingClientRect() }))
        .filter(({ r }) => r.height < 47.5 || r.width < 47.5)
        .map(({ e, r }) => `${e.className} ${e.textContent} ${Math.round(r.width)}x${Math.round(r.height)}`),
    );
    expect(small, screen.name).toEqual([]);
    await shot(page, `${name.replace(/\W+/g, "-")}-${screen.name}`);
    await leave(page);
  }
  await page.context().close();
});

test("with the keyboard alone: read, post, reply, close", async () => {
  const page = await open("en", "light", { width: 390, height: 844 });
  /** Tab until the element with this name has the focus, and a ring that one sees. */
  const to = async (name: string | RegExp) => {
    for (let i = 0; i < 120; i++) {
      await page.keyboard.press("Tab");
      const now = await page.evaluate(() => {
        const e = document.activeElement as HTMLElement;
        const labels = [...((e as HTMLInputElement).labels ?? [])].map((l) => l.textContent).join(" ");
        return `${e.getAttribute("aria-label") ?? ""} ${labels} ${e.textContent ?? ""}`.trim();
      });
      if (typeof name === "string" ? now === name : name.test(now)) {
        const ring = await page.evaluate(() => {
          const e = document.activeElement as HTMLElement;
          const shown = [e, e.closest(".card"), e.closest(".choice-option")].filter(Boolean) as HTMLElement[];
          return shown.some((x) => parseFloat(getComputedStyle(x).outlineWidth) >= 2 && getComputedStyle(x).outlineStyle !== "none");
        });
        expect(ring, `focus is seen on ${name}`).toBe(true);
        return;
      }
    }
    throw new Error(`not reached by the keyboard: ${name}`);
  };
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter"); // skip to the content
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
  await page.reload();
  await page.locator(".card").first().waitFor();
  await to("New post");
  await page.keyboard.press("Enter");
  await to(/^Question/);
  await page.keyboard.press("Enter");
  await page.keyboard.type("Where does one borrow a drill?");
  await to(/^Tell a little more/);
  await page.keyboard.type("For an hour on Saturday.");
  await to("Post");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Where does one borrow a drill?" }).waitFor();
  await to(/^Your reply/);
  await page.keyboard.type("Found one in the cellar.");
  await to("Reply");
  await page.keyboard.press("Enter");
  await page.getByRole("listitem").filter({ hasText: "Found one in the cellar." }).waitFor();
  await page.evaluate(() => document.getElementById("content")?.focus());
  await to("Close this post");
  await page.keyboard.press("Enter");
  await to("I found it here on the board");
  await page.keyboard.press("Enter");
  await page.getByText("Done: found here").waitFor();
  await page.context().close();
});
