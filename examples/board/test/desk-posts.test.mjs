// What a volunteer writes at the desk is there when they come back to it, and what was written at a kiosk is found by its code.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, shot, sideways, startBrowser, startHouse, until } from "./kiosk-harness.mjs";

let house;
let browser;
before(async () => {
  house = await startHouse();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await house?.close();
});

async function openDesk() {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  await page.goto(`${house.url}/desk`);
  await page.locator(".entry").waitFor();
  return page;
}

const pick = (page, word) => page.locator(".key", { hasText: word }).first().click();
const has = (posts, fits) => until(posts, (all) => all.some(fits)).then((all) => all.find(fits));

test("a post that is half written is there after a look at the call list; one that is saved makes room for the next", async () => {
  const page = await openDesk();
  await pick(page, "Family");
  await pick(page, "Earlier");
  await page.getByLabel("Date of the permission").fill("2026-01-02");
  await page.getByLabel("In one line").fill("A bed to carry upstairs");
  await page.getByLabel("Tell a little more").fill("Third floor, no lift");
  await page.keyboard.press("Alt+2");
  await page.getByRole("heading", { name: "Neighbours to tell" }).waitFor();
  assert.equal(await page.locator(".entry").isVisible(), false);
  await page.keyboard.press("Alt+1");
  assert.equal(await page.getByLabel("In one line").inputValue(), "A bed to carry upstairs");
  assert.equal(await page.getByLabel("Tell a little more").inputValue(), "Third floor, no lift");
  assert.equal(await page.getByLabel("Date of the permission").inputValue(), "2026-01-02");
  assert.ok(await page.getByRole("radio", { name: "Family" }).isChecked());
  assert.ok(await page.evaluate(() => document.activeElement?.closest("[data-question]") !== null), "the focus is in the form");
  await pick(page, "Today");
  await page.keyboard.press("Control+Enter");
  await page.locator(".saved").waitFor();
  await page.keyboard.press("Alt+2");
  await page.keyboard.press("Alt+1");
  await page.locator(".entry").waitFor();
  assert.equal(await page.getByLabel("In one line").inputValue(), "");
  await page.context().close();
});

test("a permission of an earlier day needs that day, and none to come", async () => {
  const page = await openDesk();
  const before = house.board.posts.get().length;
  await pick(page, "Earlier");
  await page.getByLabel("In one line").fill("A lamp to change");
  const date = page.getByLabel("Date of the permission");
  const day = (n) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10);
  for (const wrong of ["", day(2)]) {
    await date.fill(wrong);
    await page.keyboard.press("Control+Enter");
    await page.getByText("Enter the day, today or before.").waitFor();
    assert.ok(await date.evaluate((e) => e === document.activeElement));
  }
  assert.equal(house.board.posts.get().length, before);
  await date.fill(day(-3));
  await page.keyboard.press("Control+Enter");
  const code = (await page.locator(".saved-code").innerText()).toLowerCase();
  const { proxy } = await has(house.board.posts, (p) => p.code === code);
  assert.equal(new Date(proxy.permittedAt).toISOString().slice(0, 10), day(-3));
  await page.context().close();
});

test("an event that is entered for a neighbour has its time; what is none has none", async () => {
  const page = await openDesk();
  assert.equal(await page.getByLabel("Begins").count(), 0);
  await pick(page, "Event");
  await page.getByLabel("In one line").fill("Songs in the hall");
  await page.getByLabel("Begins").fill("2031-01-15T17:00");
  await page.getByLabel("Ends").fill("2031-01-15T16:00");
  await page.keyboard.press("Control+Enter");
  await page.getByText("It ends before it begins.").waitFor();
  assert.equal(await page.locator(".saved").count(), 0);
  await page.getByLabel("Ends").fill("2031-01-15T19:00");
  await page.keyboard.press("Control+Enter");
  await page.locator(".saved").waitFor();
  const event = await has(house.board.posts, (p) => p.title === "Songs in the hall");
  assert.deepEqual(event.when, { start: Date.parse("2031-01-15T17:00+01:00"), end: Date.parse("2031-01-15T19:00+01:00") });

  await page.getByRole("button", { name: "Next neighbour" }).click();
  await pick(page, "Event");
  await page.getByLabel("Begins").fill("2031-01-15T17:00");
  await pick(page, "Question");
  await page.getByLabel("In one line").fill("When do we sing?");
  await page.keyboard.press("Control+Enter");
  assert.equal((await has(house.board.posts, (p) => p.title === "When do we sing?")).when, undefined);
  await page.context().close();
});

test("a post of the kiosk is found by its code as somebody says it, changed, and closed", async () => {
  const draft = Object.assign(house.neighbours.newDraft("request", "en"), { title: "A wheel of a pram", body: "It has come off", author: "Ida", origin: "kiosk" });
  await house.neighbours.addPost(draft);
  const { code } = await has(house.board.posts, (p) => p.id === draft.id);
  const page = await openDesk();
  await page.keyboard.press("Alt+6");
  const field = page.getByLabel("Code", { exact: true });
  await page.waitForFunction(() => document.activeElement?.matches(".desk-find input"));
  await field.fill("0000");
  await page.getByText("No post with this code is on this device.").waitFor();
  await field.fill(` ${code.slice(0, 2).toUpperCase()} ${code.slice(2)}`);
  const card = page.getByRole("article", { name: "A wheel of a pram" });
  await card.getByText("Written at the kiosk").waitFor();
  assert.deepEqual(await axe(page), []);
  await shot(page, "desk-find");
  await page.setViewportSize({ width: 320, height: 640 });
  assert.ok((await sideways(page)) <= 0);
  await page.setViewportSize({ width: 1280, height: 800 });
  await card.getByRole("button", { name: "Edit" }).click();
  await card.getByLabel("Tell a little more").fill("It has come off, and rolled away");
  await page.keyboard.press("Control+Enter");
  await has(house.neighbours.posts, (p) => p.id === draft.id && p.body === "It has come off, and rolled away");
  await card.getByRole("button", { name: "Helper found elsewhere" }).click();
  await has(house.neighbours.posts, (p) => p.id === draft.id && p.state === "closed");
  await card.getByRole("button", { name: "Open again" }).click();
  await has(house.neighbours.posts, (p) => p.id === draft.id && p.state === "open");
  await page.context().close();
});
