/** Two phones and one board: what is written without a network is there for both when there is one again. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Hub, launch } from "./harness";
import { onBoard, phone as person, post, toList } from "./people";
import { device, seed, until } from "./seed";

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

const phone = (name: string) => person(browser, hub, board, name);

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

test("one title changed on two phones at once: both are shown, and one press keeps one", async () => {
  const a = await phone("Ada");
  await post(a.page, "Walk in the park");
  await a.page.locator("article.post").getByText("On the board").waitFor();
  const id = a.page.url().match(/p=(\w+)/)?.[1] ?? "";
  await a.wire.cut();
  await a.page.getByRole("link", { name: "Edit" }).click();
  await a.page.getByLabel("In one line").fill("Walk in the park on Sunday");
  await a.page.getByRole("button", { name: "Save" }).click();
  await onBoard(a.page, "Walk in the park on Sunday");
  const other = await device(hub.origin);
  const opened = await other.openBoard(board);
  await opened.openMonths(1);
  await until(() => opened.post(id).get() !== null, "the other device has the post");
  await opened.editPost(id, { title: "Walk in the park on Saturday" });
  await until(() => opened.posts.get().every((p) => p.delivery === "board"), "the server has the other title");
  await a.wire.mend();

  await a.page.getByRole("heading", { name: "Changed on two devices at once" }).waitFor({ timeout: 60_000 });
  for (const title of ["Walk in the park on Sunday", "Walk in the park on Saturday"]) await a.page.getByRole("button", { name: `Keep “${title}”` }).waitFor();
  // Which of the two is shown is chance; the one that is shown already has to reach the others as well.
  const shown = (await a.page.locator("article.post h1").innerText()).trim();
  await a.page.getByRole("button", { name: `Keep “${shown}”` }).click();
  await a.page.getByRole("heading", { name: "Changed on two devices at once" }).waitFor({ state: "detached" });
  await until(() => opened.post(id).get()?.title === shown && !opened.post(id).get()?.conflicts.title, "settled for the other device too");
  await other.close();
  await a.close();
});

test("S5 two groups agree without a network in the field; the other sees it", async () => {
  const club = await phone("Ball club");
  const mower = await phone("Lawn crew");
  await club.page.getByRole("link", { name: "New post" }).click();
  await club.page.getByRole("button", { name: /^Agreement/ }).click();
  await club.page.keyboard.type("Mow pitch 2 on Fridays");
  await club.page.getByLabel("Begins").fill("2026-12-04T14:00");
  await club.page.getByText("every week").click();
  await club.page.locator("form").getByRole("button", { name: "Post", exact: true }).click();
  await club.page.getByText("Ball club proposes").waitFor();

  await mower.page.getByRole("link", { name: "Mow pitch 2 on Fridays" }).click({ timeout: 60_000 });
  await mower.page.getByText("Ball club proposes").waitFor();
  await mower.wire.cut();
  await mower.page.getByRole("button", { name: "We agree" }).click();
  await mower.page.getByText("Lawn crew agrees").waitFor();
  await mower.wire.mend();
  await club.page.getByText("Lawn crew agrees").waitFor({ timeout: 60_000 });

  // Both propose something else while neither hears the other: both proposals stand.
  await club.wire.cut();
  await mower.wire.cut();
  for (const [{ page }, task] of [[club, "Mow pitch 2 on Thursdays"], [mower, "Mow pitch 2 on Saturdays"]] as const) {
    await page.getByRole("button", { name: "Propose something else" }).click();
    await page.getByLabel("Task").fill(task);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText(task).waitFor();
  }
  await club.wire.mend();
  await mower.wire.mend();
  for (const { page } of [club, mower]) {
    await page.getByText("Mow pitch 2 on Thursdays").waitFor({ timeout: 60_000 });
    await page.getByText("Mow pitch 2 on Saturdays").waitFor({ timeout: 60_000 });
    await page.getByText(/Two proposals stand side by side/).waitFor();
  }
  await club.close();
  await mower.close();
});

test("M1 one of each kind is made without a network, found by its filter, and closed", async () => {
  const a = await phone("Ada");
  await a.wire.cut();
  const kinds = ["Help wanted", "Help offered", "Things", "Seeking company", "Event", "Notice", "Question", "Idea", "Lost and found", "Agreement"];
  for (const kind of kinds) {
    const title = `Made offline: ${kind}`;
    await a.page.getByRole("navigation").getByRole("link", { name: "New post" }).click();
    await a.page.locator(".kind-grid").getByRole("button", { name: new RegExp(`^${kind}`) }).click();
    await a.page.keyboard.type(title);
    await a.page.locator("form").getByRole("button", { name: "Post", exact: true }).click();
    await a.page.getByRole("heading", { level: 1, name: title }).waitFor();
    await toList(a.page);
    await a.page.getByRole("button", { name: kind, exact: true }).click();
    await a.page.getByRole("link", { name: title }).click();
    await a.page.getByRole("button", { name: "Close this post" }).click();
    await a.page.getByRole("button", { name: "I no longer need it" }).click();
    await a.page.getByText("No longer needed").first().waitFor();
    await toList(a.page);
    expect(await a.page.getByRole("link", { name: title }).count()).toBe(0);
    await a.page.getByRole("button", { name: "All", exact: true }).click();
  }
  expect(a.seen.strangers).toEqual([]);
  await a.close();
});
