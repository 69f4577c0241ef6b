/** Two phones and one board: what is written without a network is there for both when there is one again. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cached, Hub, launch, settle, watch, Wire } from "./harness";
import { seed } from "./seed";

let hub: Hub;
let browser: Browser;
let board: string;

beforeAll(async () => {
  hub = await Hub.start();
  board = await seed(hub.origin, 12);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

async function phone(name: string) {
  const wire = await Wire.to(hub);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "en-GB" });
  await settle(context, { language: "en", name });
  const page = await context.newPage();
  const seen = watch(page);
  await page.goto(`${wire.origin}/#b=${board}`);
  await page.getByRole("article").first().waitFor();
  await cached(page);
  return { wire, page, seen, close: async () => { await context.close(); await wire.cut(); } };
}

/** post writes a request as a person does, and counts the presses. */
async function post(page: Page, title: string): Promise<number> {
  let taps = 0;
  const tap = async (name: string, role: "link" | "button" = "button") => {
    await page.getByRole(role, { name, exact: false }).first().click();
    taps++;
  };
  await tap("New post", "link");
  await tap("Help wanted I need a hand");
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
  await page.locator("form").getByRole("button", { name: "Post", exact: true }).click();
  taps++;
  await page.getByRole("heading", { name: title }).waitFor();
  return taps;
}

const onBoard = (page: Page, title: string) => page.getByRole("heading", { name: title }).waitFor({ timeout: 60_000 });
const toList = (page: Page) => page.getByRole("navigation").getByRole("link", { name: "Board" }).click();

test("a first post takes at most six taps, and the name is asked once", async () => {
  const a = await phone("");
  expect(await post(a.page, "Who has a long ladder?")).toBeLessThanOrEqual(6);
  await toList(a.page);
  expect(await post(a.page, "Who has a short ladder?")).toBeLessThanOrEqual(5);
  await a.page.locator("article.post").getByText("On the board").waitFor();
  await a.close();
});

test("two phones post without a network, reload, meet a server that was killed, and see both posts", async () => {
  const a = await phone("Ada");
  const b = await phone("Bo");
  await a.wire.cut();
  await b.wire.cut();
  await post(a.page, "Can somebody water my tomatoes?");
  await post(b.page, "Who walks with me on Tuesday?");
  await a.page.locator("article.post").getByText("Waiting to be sent").waitFor();

  await a.page.reload();
  await onBoard(a.page, "Can somebody water my tomatoes?");
  await a.page.getByText(/No connection – you can go on/).waitFor();

  await hub.kill();
  await a.wire.mend();
  await b.wire.mend();
  await hub.up();
  await a.page.locator("article.post").getByText("On the board").waitFor({ timeout: 60_000 });
  await toList(a.page);
  await toList(b.page);
  for (const { page } of [a, b]) {
    await onBoard(page, "Can somebody water my tomatoes?");
    await onBoard(page, "Who walks with me on Tuesday?");
  }

  await b.page.getByRole("link", { name: "Can somebody water my tomatoes?" }).click();
  await b.page.getByRole("button", { name: "I can help" }).click();
  await b.page.getByLabel("A few words").fill("On Thursday after work.");
  await b.page.getByRole("button", { name: "Send" }).click();
  await a.page.getByRole("link", { name: "Can somebody water my tomatoes?" }).click();
  await a.page.getByText("On Thursday after work.").waitFor();
  await a.page.getByRole("button", { name: "Accept" }).click();
  await b.page.getByText("Accepted", { exact: true }).waitFor();

  expect([...a.seen.strangers, ...b.seen.strangers]).toEqual([]);
  expect([...a.seen.errors, ...b.seen.errors]).toEqual([]);
  await a.close();
  await b.close();
});

test("closing asks how it went, can be undone, and a draft waits for its writer", async () => {
  const a = await phone("Ada");
  await post(a.page, "A hand with a wardrobe?");
  await a.page.getByRole("button", { name: "Close this post" }).click();
  await a.page.getByRole("button", { name: "I found it somewhere else" }).click();
  await a.page.getByText("Done: found elsewhere").waitFor();
  await a.page.getByRole("button", { name: "Undo" }).click();
  await a.page.getByText("Done: found elsewhere").waitFor({ state: "detached" });

  await a.page.getByRole("link", { name: "New post" }).click();
  await a.page.getByRole("button", { name: /^Question/ }).click();
  await a.page.keyboard.type("When does the laundry open?");
  await a.page.getByText("Your draft is kept").waitFor();
  await toList(a.page);
  await a.page.reload();
  await a.page.getByRole("link", { name: "New post" }).click();
  expect(await a.page.getByLabel("In one line").inputValue()).toBe("When does the laundry open?");
  await a.close();
});
