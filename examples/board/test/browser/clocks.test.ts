/** Clocks: a month that turns while nobody has a network, and tablets whose clock is nowhere near. */
import { Client, monthOf, type SocketConstructor } from "@tavle/client";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { forEverybody } from "./axe";
import { Hub, launch, shot } from "./harness";
import { delivered, onBoard, phone, post, toList, turnClock } from "./people";
import { seed, until } from "./seed";

const HOUR = 3_600_000;
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

test("a month turns on two phones without a network: both posts are on one page of the new month", async () => {
  const today = new Date();
  const turn = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + 1, 1);
  const [before, after] = [turn - 3 * HOUR, turn + HOUR];
  expect(monthOf(before, "Europe/Copenhagen")).not.toBe(monthOf(after, "Europe/Copenhagen"));
  const a = await phone(browser, hub, board, "Ada", { clock: before, serverToo: true });
  const b = await phone(browser, hub, board, "Bo", { clock: before, serverToo: true });
  await a.wire.cut();
  await b.wire.cut();
  for (const { page } of [a, b]) await turnClock(page, after);
  await post(a.page, "Skates in size 38?");
  await post(b.page, "Who clears the snow with me?");
  await a.page.reload(); // a cold start in the new month, still without a network
  await onBoard(a.page, "Skates in size 38?");

  await a.wire.mend();
  await b.wire.mend();
  await delivered(a.page);
  await delivered(b.page);
  for (const { page } of [a, b]) {
    await toList(page);
    await onBoard(page, "Skates in size 38?");
    await onBoard(page, "Who clears the snow with me?");
    // The posts of the month before are still there.
    expect(await page.getByRole("article").count()).toBeGreaterThan(2);
  }

  // A third device opens the new month alone: one document, in which both posts are.
  const third = await Client.open({
    url: `${hub.origin.replace("http", "ws")}/sync`, storage: "memory", origin: "demo", webSocket: WebSocket as unknown as SocketConstructor,
    now: () => after, serverTime: async () => after,
  });
  const opened = await third.openBoard(board);
  await opened.openMonths(1);
  await until(() => opened.posts.get().length === 2, "both posts are on the one page of the month");
  expect(opened.loading.get().months).toEqual([monthOf(after, "Europe/Copenhagen")]);
  expect(new Set(opened.posts.get().map((p) => p.month)).size).toBe(1);
  await third.close();
  await a.close();
  await b.close();
});

describe.each([
  ["1970", Date.UTC(1970, 0, 1, 9)],
  ["2038", Date.UTC(2038, 0, 20, 9)],
])("a tablet whose clock says %s", (year, clock) => {
  test("says so, hides nothing, and what it posts is in its place on the other device", async () => {
    const b = await phone(browser, hub, board, "Bo");
    const open = await b.page.getByRole("article").count();
    const a = await phone(browser, hub, board, "Ada", { clock });
    await a.page.getByText(new RegExp(`The clock of this device is wrong: it says .*${year}`)).waitFor();
    await forEverybody(a.page);
    await shot(a.page, `phone-clock-${year}`);
    // As many open posts as on a device whose clock is right; none has expired, none was written "just now" years ago or ahead.
    await until(async () => (await a.page.getByRole("article").count()) === open, "the same posts are open on both");
    expect(await a.page.getByText("Has expired").count()).toBe(0);

    await a.wire.cut();
    const title = `From a tablet in ${year}`;
    await post(a.page, title);
    await a.page.reload();
    await onBoard(a.page, title);
    await a.page.getByText(/The clock of this device is wrong/).waitFor();
    await toList(a.page);
    await until(async () => (await a.page.getByRole("article").count()) === open + 1, "the same posts and the new one are open");
    expect(await a.page.getByText("Has expired").count()).toBe(0);

    await post(b.page, `Written at home in ${year}`); // meanwhile, by a clock that is right
    await delivered(b.page);
    await a.wire.mend();
    await toList(b.page);
    await onBoard(b.page, title);
    const headings = await b.page.getByRole("article").getByRole("heading").allInnerTexts();
    // Newest first: both are from the last minutes, so both stand before everything that is older.
    expect(headings.slice(0, 2).sort()).toEqual([title, `Written at home in ${year}`].sort());
    await b.page.getByRole("link", { name: title, exact: true }).click();
    await b.page.getByText(/The clock of the device that wrote this was wrong/).waitFor();
    expect(await b.page.getByText("Has expired").count()).toBe(0);
    await onBoard(a.page, `Written at home in ${year}`);
    await a.close();
    await b.close();
  });
});
