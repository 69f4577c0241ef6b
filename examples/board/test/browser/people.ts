/** What a person does with a phone, by the names that are on its buttons, in English. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { cached, type Hub, settle, watch, Wire } from "./harness";

export interface Phone {
  wire: Wire;
  page: Page;
  /** What must never happen. */
  seen: ReturnType<typeof watch>;
  close: () => Promise<void>;
}

export interface PhoneOptions {
  /** What the device's clock says when the app starts, in ms since 1970; it goes on from there. */
  clock?: number;
  /** The server's clock, as far as the app can ask, says what the device's says: the whole world is at another date. */
  serverToo?: boolean;
  /** Runs in the page before the app. */
  before?: () => void;
  settings?: Record<string, unknown>;
}

/** phone opens the board on a device of its own, behind a wire of its own, and waits until all of the app is on it. */
export async function phone(browser: Browser, hub: Hub, board: string, name: string, options: PhoneOptions = {}): Promise<Phone> {
  const wire = await Wire.to(hub);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "en-GB" });
  await settle(context, { language: "en", name, ...options.settings });
  if (options.clock !== undefined) await setClock(context, options.clock);
  if (options.serverToo) await context.addInitScript(serverClock);
  if (options.before) await context.addInitScript(options.before);
  const page = await context.newPage();
  const seen = watch(page);
  await page.goto(`${wire.origin}/#b=${board}`);
  await page.getByRole("article").first().waitFor();
  await cached(page);
  return { wire, page, seen, close: async () => { await context.close(); await wire.cut(); } };
}

/** setClock makes Date say `start` at the first load; timers stay real, so that connections live as they do. */
async function setClock(context: BrowserContext, start: number): Promise<void> {
  await context.addInitScript((from) => {
    const Real = Date;
    const kept = Number(sessionStorage.getItem("test.clock") ?? from - Real.now());
    const at = { off: kept };
    sessionStorage.setItem("test.clock", String(kept));
    const now = () => Real.now() + at.off;
    class Shifted extends Real {
      constructor(...args: unknown[]) {
        super(...((args.length ? args : [now()]) as []));
      }
      static override now = now;
    }
    globalThis.Date = Shifted as DateConstructor;
    Object.assign(globalThis, { turnClock: (to: number) => sessionStorage.setItem("test.clock", String((at.off = to - Real.now()))) });
  }, start);
}

/** serverClock dates the server's answers by the device's clock. */
function serverClock(): void {
  const ask = globalThis.fetch;
  globalThis.fetch = async (what, how) => {
    const answer = await ask(what, how);
    if (how?.method !== "HEAD") return answer;
    return new Response(null, { status: answer.status, headers: { date: new Date().toUTCString() } });
  };
}

/** turnClock lets the clock of a phone that was opened with one jump to another moment, while the page lives. */
export function turnClock(page: Page, to: number): Promise<void> {
  return page.evaluate((t) => (globalThis as unknown as { turnClock(t: number): void }).turnClock(t), to);
}

/** post writes a post as a person does, and counts the presses. */
export async function post(page: Page, title: string, kind = "Help wanted I need a hand"): Promise<number> {
  let taps = 0;
  const tap = async (name: string, role: "link" | "button" = "button") => {
    await page.getByRole(role, { name, exact: false }).first().click();
    taps++;
  };
  await tap("New post", "link");
  await tap(kind);
  await page.keyboard.type(title); // the first field has the focus by itself
  await page.getByLabel("Tell a little more").click();
  taps++;
  await page.keyboard.type("Some time this week would be lovely.");
  const name = page.getByLabel("What shall we call you?");
  if (await name.isVisible()) {
    await name.click();
    taps++;
    await page.keyboard.type("Second floor");
  }
  await send(page);
  taps++;
  await page.getByRole("heading", { name: title }).waitFor();
  return taps;
}

/** send presses the button under the form. */
export const send = (page: Page) => page.locator("form").getByRole("button", { name: "Post", exact: true }).click();
export const onBoard = (page: Page, title: string) => page.getByRole("heading", { name: title }).waitFor({ timeout: 60_000 });
export const toList = (page: Page) => page.getByRole("navigation").getByRole("link", { name: "Board" }).click();
/** delivered waits until the post that is open is on the board. */
export const delivered = (page: Page) => page.locator("article.post").getByText("On the board").waitFor({ timeout: 60_000 });
/** idOf is the id of the post that is open. */
export const idOf = (page: Page) => page.url().match(/p=(\w+)/)?.[1] ?? "";
