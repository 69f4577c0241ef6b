/** The same field changed on two devices that did not know of each other: all versions are read, and one press keeps one. */
import type { Board, Client, Draft } from "@tavle/client";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { hasVersions } from "../../src/app/versions";
import { forEverybody } from "./axe";
import { Hub, launch, shot } from "./harness";
import { delivered, idOf, onBoard, type Phone, phone, post, send } from "./people";
import { seed, twin, until } from "./seed";

const TITLE = "Changed on two devices at once";
let hub: Hub;
let browser: Browser;
let board: string;
let a: Phone;
/** The author's other device, and the board on it. */
let other: Client;
let opened: Board;

beforeAll(async () => {
  hub = await Hub.start();
  board = await seed(hub.origin, 6);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});
beforeEach(async () => {
  a = await phone(browser, hub, board, "Ada");
  other = await twin(hub.origin, (await a.page.evaluate(() => localStorage.getItem("tavle:device"))) ?? "");
  opened = await other.openBoard(board);
  await opened.openMonths(1);
  return async () => {
    await other.close();
    await a.close();
  };
});

const onServer = () => until(() => opened.posts.get().every((p) => p.delivery === "board"), "the server has the other version");
const here = (id: string) => until(() => opened.post(id).get() !== null, "the other device has the post");

/** keep goes to a button by Tab alone, presses it, and waits until the other device has nothing to settle. */
async function keep(page: Page, name: string | RegExp, id: string): Promise<void> {
  const button = page.getByRole("button", { name }).first();
  await page.evaluate(() => document.getElementById("content")?.focus());
  for (let i = 0; i < 60 && !(await button.evaluate((e) => e === document.activeElement)); i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: TITLE }).waitFor({ state: "detached" });
  await until(() => !hasVersions(opened.post(id).get() ?? { conflicts: { title: [] } }), "settled for the other device too");
}

async function openForm(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Edit" }).click();
  const more = page.locator("details:not([open]) > summary");
  if (await more.count()) await more.first().click();
}
const save = (page: Page) => page.getByRole("button", { name: "Save" }).click();

test("when and place: every time that makes sense, and both places", async () => {
  const { page } = a;
  await page.getByRole("link", { name: "New post" }).click();
  await page.getByRole("button", { name: /^Event/ }).click();
  await page.keyboard.type("Soup in the courtyard");
  await page.getByLabel("Begins").fill("2027-02-05T17:00");
  await page.getByLabel("Where?").fill("Courtyard");
  await send(page);
  await delivered(page);
  const id = idOf(page);
  await here(id);

  await a.wire.cut();
  await openForm(page);
  await page.getByLabel("Begins").fill("2027-02-06T12:00");
  await page.getByLabel("Where?").fill("Laundry");
  await save(page);
  await onBoard(page, "Soup in the courtyard");
  await opened.editPost(id, { when: { start: Date.UTC(2027, 1, 7, 17) }, place: "Stairwell 2" });
  await onServer();
  await a.wire.mend();

  await page.getByRole("heading", { name: TITLE }).waitFor({ timeout: 60_000 });
  for (const version of ["Laundry", "Stairwell 2", "6 February 2027, 12:00", "7 February 2027, 18:00"]) await page.getByRole("button", { name: `Keep “${version}”` }).waitFor();
  await forEverybody(page);
  await shot(page, "phone-conflict-when", { fullPage: true });
  await page.getByRole("button", { name: "Keep “Laundry”" }).click();
  await page.getByRole("button", { name: "Keep “Stairwell 2”" }).waitFor({ state: "detached" });
  await keep(page, "Keep “7 February 2027, 18:00”", id);
  const settled = opened.post(id).get();
  expect([settled?.place, settled?.when?.start]).toEqual(["Laundry", Date.UTC(2027, 1, 7, 17)]);
});

test("begin and end: the combinations in which the end comes after the begin", async () => {
  const { page } = a;
  const draft = { ...opened.newDraft("event", "en"), title: "Choir", author: "Ada", when: { start: Date.UTC(2027, 1, 5, 17), end: Date.UTC(2027, 1, 5, 18) } };
  await opened.addPost(draft);
  await onServer();
  await page.getByRole("link", { name: "Choir" }).click();
  await a.wire.cut();
  await openForm(page);
  await page.getByLabel("Begins").fill("2027-02-06T10:00");
  await page.getByLabel("Ends").fill("2027-02-06T11:00");
  await save(page);
  await opened.editPost(draft.id, { when: { start: Date.UTC(2027, 1, 7, 9), end: Date.UTC(2027, 1, 7, 10) } });
  await onServer();
  await a.wire.mend();
  await page.getByRole("heading", { name: TITLE }).waitFor({ timeout: 60_000 });
  const offered = await page.getByRole("button", { name: /^Keep/ }).allInnerTexts();
  expect(offered.sort()).toEqual([
    "Keep “6 February 2027, 10:00 – 11:00”",
    "Keep “6 February 2027, 10:00 – 7 February 2027, 11:00”",
    "Keep “7 February 2027, 10:00 – 11:00”",
  ]);
  await keep(page, "Keep “6 February 2027, 10:00 – 11:00”", draft.id);
  expect(opened.post(draft.id).get()?.when).toEqual({ start: Date.UTC(2027, 1, 6, 9), end: Date.UTC(2027, 1, 6, 10) });
});

test("what to do with a thing", async () => {
  const { page } = a;
  await post(page, "A cargo bike", "Things Give, lend, swap or look for something");
  await openForm(page);
  await page.getByText("give away", { exact: true }).click();
  await save(page);
  await delivered(page);
  const id = idOf(page);
  await until(() => opened.post(id).get()?.item?.action === "give", "the other device has the post");
  await a.wire.cut();
  await openForm(page);
  await page.getByText("lend", { exact: true }).click();
  await save(page);
  await opened.editPost(id, { item: { action: "swap" } });
  await onServer();
  await a.wire.mend();
  await page.getByRole("button", { name: "Keep “swap”" }).waitFor({ timeout: 60_000 });
  await keep(page, "Keep “lend”", id);
  expect(opened.post(id).get()?.item?.action).toBe("lend");
});

test("one form sent from two windows with two texts: both are read, one is kept", async () => {
  const { page } = a;
  await page.getByRole("link", { name: "New post" }).click();
  await page.getByRole("button", { name: /^Question/ }).click();
  await page.keyboard.type("Who knows the birds here?");
  await page.getByLabel("Tell a little more").fill("One sings at four in the morning.");
  await page.getByText("Your draft is kept").waitFor();
  const kept = await page.evaluate((b) => localStorage.getItem(`tavle.draft.${b}.new`), board);
  const { draft } = JSON.parse(kept ?? "{}") as { draft: Draft };
  await a.wire.cut();
  await send(page);
  await onBoard(page, draft.title);
  await opened.addPost({ ...draft, author: "Ada", body: "It is small and brown." });
  await onServer();
  await a.wire.mend();

  await page.getByRole("heading", { name: TITLE }).waitFor({ timeout: 60_000 });
  const panel = page.getByRole("region", { name: TITLE });
  for (const text of ["One sings at four in the morning.", "It is small and brown."]) await panel.getByText(text).waitFor();
  await forEverybody(page);
  await shot(page, "phone-conflict-body", { fullPage: true });
  const first = (await panel.locator(".prose").first().innerText()).trim();
  await keep(page, "Keep this one", draft.id);
  await until(() => opened.post(draft.id).get()?.body === first, "the kept text is everybody's");
});

test("whoever is not the author reads both and is offered no choice", async () => {
  const reader = await phone(browser, hub, board, "Bo");
  const draft = { ...opened.newDraft("notice", "en"), title: "Water off", author: "Ada", place: "Stairwell 1" };
  await opened.addPost(draft);
  await onServer();
  await a.page.getByRole("link", { name: "Water off" }).click();
  await a.wire.cut();
  await openForm(a.page);
  await a.page.getByLabel("Where?").fill("Stairwell 5");
  await save(a.page);
  await opened.editPost(draft.id, { place: "Stairwell 9" });
  await onServer();
  await a.wire.mend();
  await reader.page.getByRole("link", { name: "Water off" }).click();
  const panel = reader.page.getByRole("region", { name: TITLE });
  await panel.getByText("Stairwell 5").waitFor({ timeout: 60_000 });
  await panel.getByText("Stairwell 9").waitFor();
  expect(await panel.getByRole("button").count()).toBe(0);
  await reader.close();
});
