/** What people write is neither written over by a form nor lost by it: edits, storage that is full, two windows. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fullDisk, Hub, launch } from "./harness";
import { delivered, idOf, onBoard, type Phone, phone, post, send, toList } from "./people";
import { seed, twin, until } from "./seed";

let hub: Hub;
let browser: Browser;
let board: string;

beforeAll(async () => {
  hub = await Hub.start();
  board = await seed(hub.origin, 6);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

/** The author's other device, with the board on it. */
async function otherDevice(a: Phone) {
  const client = await twin(hub.origin, (await a.page.evaluate(() => localStorage.getItem("tavle:device"))) ?? "");
  const opened = await client.openBoard(board);
  await opened.openMonths(1);
  return { client, opened };
}

test("an edit writes what was changed in its form, and nothing of what another device changed meanwhile", async () => {
  const a = await phone(browser, hub, board, "Ada");
  await post(a.page, "Who has a ladder?");
  await delivered(a.page);
  const id = idOf(a.page);
  const { client, opened } = await otherDevice(a);
  await until(() => opened.post(id).get() !== null, "the other device has the post");

  await a.page.getByRole("link", { name: "Edit" }).click();
  await a.page.getByLabel("In one line").fill("Who has a long ladder?");
  await opened.editPost(id, { body: "Three metres would do.", place: "Block 4" });
  await until(() => opened.post(id).get()?.delivery === "board", "the server has what the other device wrote");
  // Also when the form is closed in between: what it began with is kept with the draft.
  await a.page.getByText("Your draft is kept").waitFor();
  await a.page.goBack();
  await a.page.getByText("Three metres would do.").waitFor();
  await a.page.reload();
  await a.page.getByRole("link", { name: "Edit" }).click();
  expect(await a.page.getByLabel("In one line").inputValue()).toBe("Who has a long ladder?");
  await a.page.getByRole("button", { name: "Save" }).click();

  await until(() => opened.post(id).get()?.title === "Who has a long ladder?", "the other device has the new title");
  const { body, place } = opened.post(id).get() ?? {};
  expect({ body, place }).toEqual({ body: "Three metres would do.", place: "Block 4" });
  await client.close();
  await a.close();
});

/** fill makes a disk of {@link fullDisk} full. */
const fill = (page: Page) => page.evaluate(() => Object.assign(globalThis, { full: true }));
const drafts = (page: Page) => page.evaluate(() => Object.keys(localStorage).filter((k) => k.startsWith("tavle.draft.")).length);

test("a post that the device cannot save is not said to be saved, and its draft stays until it is somewhere else too", async () => {
  const a = await phone(browser, hub, board, "Ada", { before: fullDisk });
  const { page } = a;
  await a.wire.cut();
  await fill(page);
  await post(page, "A ladder for Sunday?");
  await page.locator(".toast").getByText("Not saved yet").waitFor();
  expect(await drafts(page)).toBe(1);

  await page.reload(); // there is room again, and no post
  await page.getByRole("link", { name: "New post" }).click();
  expect(await page.getByLabel("In one line").inputValue()).toBe("A ladder for Sunday?");
  await fill(page);
  await send(page);
  await page.locator(".toast").getByText("Not saved yet").waitFor();
  await a.wire.mend();
  await delivered(page);
  await until(async () => (await drafts(page)) === 0, "the draft has gone");
  await a.close();
});

test("a reply that the device cannot save is one reply, however often the button is pressed", async () => {
  const a = await phone(browser, hub, board, "Ada", { before: fullDisk });
  const { page } = a;
  await page.getByRole("article").first().getByRole("link").first().click();
  const said = page.locator(".said", { hasText: "Ask at the office" });
  await page.getByLabel("Your reply").waitFor();
  await fill(page);
  await page.getByLabel("Your reply").fill("Ask at the office");
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  await said.first().waitFor();
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  await page.getByLabel("Your reply").fill("And at the desk");
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  await page.locator(".said", { hasText: "And at the desk" }).waitFor();
  expect(await said.count()).toBe(1);
  await a.close();
});

test("two windows that go on with one draft make two posts when their words differ, and one when they do not", async () => {
  const a = await phone(browser, hub, board, "Ada");
  const one = a.page;
  await one.getByRole("link", { name: "New post" }).click();
  await one.getByRole("button", { name: /^Question/ }).click();
  await one.keyboard.type("Who found my glove?");
  await one.getByText("Your draft is kept").waitFor();
  const open = async () => {
    const page = await one.context().newPage();
    await page.goto(one.url());
    expect(await page.getByLabel("In one line").inputValue()).toBe("Who found my glove?");
    return page;
  };
  const [two, three] = [await open(), await open()];
  await send(two);
  await delivered(two);
  const same = idOf(two);

  await three.bringToFront();
  await send(three);
  await three.locator("article.post").waitFor();
  expect(idOf(three)).toBe(same);

  await one.bringToFront();
  await one.getByLabel("In one line").fill("Concert in the courtyard on Friday");
  await send(one);
  await one.locator("article.post").getByRole("heading", { name: "Concert in the courtyard on Friday" }).waitFor();
  expect(idOf(one)).not.toBe(same);
  await toList(one);
  await onBoard(one, "Concert in the courtyard on Friday");
  await onBoard(one, "Who found my glove?");
  expect(await one.getByRole("article").filter({ hasText: "Who found my glove?" }).count()).toBe(1);
  await a.close();
});

test("who gave their name with an offer answers under it, without being asked again", async () => {
  const a = await phone(browser, hub, board, "");
  await a.page.getByRole("article").filter({ hasText: /Help wanted|Help offered|Things/ }).first().getByRole("link").click();
  await a.page.getByRole("button", { name: /I can help|I will lend a hand|I am interested/ }).click();
  await a.page.getByLabel("What shall we call you?").fill("Ida");
  await a.page.getByRole("button", { name: "Send" }).click();
  await a.page.getByRole("button", { name: "Withdraw my offer" }).waitFor();
  await a.page.getByLabel("Your reply").fill("Is Saturday all right?");
  await a.page.getByRole("button", { name: "Reply", exact: true }).click();
  await a.page.locator(".said", { hasText: "Is Saturday all right?" }).getByText("Ida", { exact: true }).waitFor();
  await a.close();
});
