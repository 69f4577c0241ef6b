/** What a moderator took down or hid: readers and authors are told so in words, why, and by whom. */
import type { Board, Client } from "@tavle/client";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forEverybody } from "./axe";
import { Hub, launch, shot } from "./harness";
import { delivered, idOf, onBoard, phone, post } from "./people";
import { device, seed, until } from "./seed";

let hub: Hub;
let browser: Browser;
let board: string;
let office: Client;
let opened: Board;

beforeAll(async () => {
  hub = await Hub.start();
  board = await seed(hub.origin, 6);
  browser = await launch();
  office = await device(hub.origin);
  opened = await office.openBoard(board);
  await opened.openMonths(1);
});
afterAll(async () => {
  await office?.close();
  await browser?.close();
  await hub?.stop();
});

const RULE = "No names of others";
const FACTS = "A neighbour's full name stood in it.";
const here = (id: string) => until(() => opened.post(id).get() !== null, "the moderator's device has the post");

test("a post that was removed: reader and author read that, why and by whom, and its text is gone", async () => {
  const author = await phone(browser, hub, board, "Ada");
  await post(author.page, "Who took the pram?");
  await delivered(author.page);
  const id = idOf(author.page);
  const reader = await phone(browser, hub, board, "Bo");
  await reader.page.getByRole("link", { name: "Who took the pram?" }).click();
  await here(id);
  await opened.moderate(id, "remove", RULE, FACTS);

  for (const { page } of [reader, author]) {
    await onBoard(page, "This post was removed");
    const text = await page.getByRole("article").innerText();
    expect(text).toContain(`House rule: ${RULE}`);
    expect(text).toContain(`Reason: ${FACTS}`);
    expect(text).toMatch(/Done by a moderator, (just now|\d+ minutes? ago)/);
    expect(await page.getByText("Who took the pram?").count()).toBe(0);
    await forEverybody(page);
  }
  expect(await reader.page.getByText("You wrote this.").count()).toBe(0);
  await author.page.getByText("You wrote this. If you do not agree").waitFor();
  await shot(author.page, "phone-removed-author");
  await author.page.getByRole("navigation").getByRole("link", { name: "Mine" }).click();
  const removed = author.page.getByRole("region", { name: "Removed" });
  await removed.getByRole("link", { name: "This post was removed" }).waitFor();
  await removed.getByText(FACTS).waitFor();
  await shot(author.page, "phone-removed-mine");
  await author.page.reload(); // the device keeps it, also for a cold start
  await removed.getByText(RULE).waitFor();
  await removed.getByRole("link", { name: "This post was removed" }).click();
  await author.page.locator("article.post").getByRole("link", { name: "House rules and contacts" }).click();
  await author.page.getByText("Ejendomskontoret").waitFor();
  await author.close();
  await reader.close();
});

test("a reply and an offer that were removed say why in their place; the others stay", async () => {
  const author = await phone(browser, hub, board, "Ada");
  await post(author.page, "A hand with the hedge?");
  await delivered(author.page);
  const id = idOf(author.page);
  await here(id);
  const rude = await opened.reply(id, { body: "Cut it yourself.", author: "Kim" });
  await opened.reply(id, { body: "On Saturday I can.", author: "Kim" });
  const sale = await opened.offerHelp(id, { message: "Cheap, call my firm.", author: "Sol" });
  for (const text of ["Cut it yourself.", "On Saturday I can.", "Cheap, call my firm."]) await author.page.getByText(text).waitFor();
  await opened.moderate(rude, "remove", "Be kind", "");
  await opened.moderate(sale, "remove", "", "Advertising");

  const item = (page: Page, text: string) => page.getByRole("listitem").filter({ hasText: text });
  await item(author.page, "This reply was removed.").getByText("House rule: Be kind").waitFor();
  await item(author.page, "This offer was removed.").getByText("Reason: Advertising").waitFor();
  for (const text of ["Cut it yourself.", "Cheap, call my firm."]) expect(await author.page.getByText(text).count()).toBe(0);
  await author.page.getByText("On Saturday I can.").waitFor();
  expect(await item(author.page, "This offer was removed.").getByRole("button", { name: "Accept" }).count()).toBe(0);
  await forEverybody(author.page);
  await shot(author.page, "phone-removed-answers", { fullPage: true });
  await author.close();
});

test("a hidden post is covered and can be asked for, by the keyboard too; restored it stands as before", async () => {
  const author = await phone(browser, hub, board, "Ada");
  await post(author.page, "Loud music every night");
  await delivered(author.page);
  const id = idOf(author.page);
  await here(id);
  await opened.moderate(id, "hide", "Be kind", "Waits for a talk with both.");
  await onBoard(author.page, "This post is hidden");
  expect(await author.page.getByText("Loud music every night").count()).toBe(0);
  await author.page.getByText("Waits for a talk with both.").waitFor();
  await forEverybody(author.page);
  await shot(author.page, "phone-hidden");
  await author.page.getByRole("button", { name: "Show it all the same" }).focus();
  await author.page.keyboard.press("Enter");
  await onBoard(author.page, "Loud music every night");
  await opened.moderate(id, "restore");
  await author.page.getByText("This post is hidden").waitFor({ state: "detached" });
  await author.close();
});
