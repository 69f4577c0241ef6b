/** What people write is neither written over by a form nor lost by it: edits, storage that is full, two windows. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hub, launch } from "./harness";
import { delivered, idOf, type Phone, phone, post } from "./people";
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
