/** What people on a phone need, by the ids of the needs. */
import type { Browser, Page } from "playwright-core";
import { encode } from "uqr";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forEverybody } from "./axe";
import { Hub, launch, settle, shot } from "./harness";
import { delivered, idOf, onBoard, phone as person, post, send, toList } from "./people";
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


test("E1 seeking company without a network takes at most six taps, and is on the second device after", async () => {
  const a = await phone("");
  const b = await phone("Bo");
  await a.wire.cut();
  expect(await post(a.page, "Who walks round the lake with me?", "Seeking company A walk")).toBeLessThanOrEqual(6);
  await a.page.locator("article.post").getByText("Waiting to be sent").waitFor();
  await a.wire.mend();
  await onBoard(b.page, "Who walks round the lake with me?");
  await a.close();
  await b.close();
});

test("E2 622 posts are listed and searched without a network", async () => {
  const office = await device(hub.origin);
  const big = await office.createBoard({ title: "Many", languages: ["en"] });
  for (let i = 1; i <= 622; i++) await big.addPost({ ...big.newDraft(i % 2 ? "companion" : "item", "en"), title: `Number ${i}`, body: i === 311 ? "With a unicycle" : "", author: "Sol", place: i % 5 === 0 ? "Cellar" : i % 7 === 0 ? "Yard" : "" });
  await until(() => big.posts.get().every((p) => p.delivery === "board"), "the server has all posts");
  const a = await person(browser, hub, big.id, "Ada");
  await a.page.getByText("622 posts").waitFor({ timeout: 60_000 });
  await a.wire.cut();
  await a.page.reload();
  await a.page.getByText("622 posts").waitFor();
  await a.page.getByLabel("Search").fill("unicyc");
  await a.page.getByText("1 post", { exact: true }).waitFor();
  await a.page.getByRole("link", { name: "Number 311" }).waitFor();
  await a.page.getByLabel("Search").fill("");
  await a.page.getByRole("button", { name: "Things", exact: true }).click();
  await a.page.getByText("311 posts").waitFor();
  await a.page.getByLabel("Place").selectOption("Cellar");
  await a.page.getByText("62 posts").waitFor();
  expect(await a.page.getByRole("article").count()).toBe(60); // drawn a piece at a time
  await a.page.getByRole("button", { name: "Show 2 more" }).click();
  await until(async () => (await a.page.getByRole("article").count()) === 62, "the rest is drawn");
  await office.close();
  await a.close();
});

test("E9 a word about health gives a hint and offers another name, and does not stop anybody", async () => {
  const a = await phone("Ada");
  await a.page.getByRole("link", { name: "New post" }).click();
  await a.page.getByRole("button", { name: /^Seeking company/ }).click();
  await a.page.keyboard.type("Somebody else with depression?");
  await a.page.getByText("This is about health. Everybody can read the board").waitFor();
  await forEverybody(a.page);
  await shot(a.page, "phone-form-health", { fullPage: true });
  await a.page.getByRole("button", { name: "Write under another name" }).click();
  expect(await a.page.getByLabel("What shall we call you?").inputValue()).toBe("A neighbour");
  await send(a.page);
  await onBoard(a.page, "Somebody else with depression?");
  await a.page.getByText(/Posted by A neighbour/).waitFor();
  expect(await a.page.getByText("Posted by Ada").count()).toBe(0);
  // The next post is under the person's own name again.
  await toList(a.page);
  await post(a.page, "A walk on Friday?");
  await a.page.getByText(/Posted by Ada/).waitFor();
  await a.close();
});

test("S2 one phone follows two boards: both are read and written without a network, and what waits on either is sent", async () => {
  const chess = await seed(hub.origin, 4, "Chess in the region");
  const a = await phone("Ada");
  await a.page.goto(`${a.wire.origin}/#b=${chess}`);
  await a.page.getByRole("link", { name: "Chess in the region" }).waitFor({ timeout: 60_000 });
  await a.page.getByRole("article").first().waitFor();
  await a.wire.cut();
  await post(a.page, "Blitz on Tuesday?");
  await a.page.reload();
  await onBoard(a.page, "Blitz on Tuesday?");
  await a.page.getByRole("link", { name: "More", exact: true }).click();
  await a.page.getByRole("link", { name: "My boards" }).click();
  await shot(a.page, "phone-boards-two");
  await a.page.getByRole("listitem").filter({ hasText: "Lindegården" }).getByRole("link", { name: "Open" }).click();
  await a.page.getByRole("link", { name: "Lindegården" }).waitFor();
  expect(await a.page.getByRole("article").count()).toBeGreaterThan(3);
  expect(await a.page.getByRole("heading", { name: "Blitz on Tuesday?" }).count()).toBe(0);
  await post(a.page, "A key was found in the yard");
  await a.page.reload(); // only this board is looked at from here on

  await a.wire.mend();
  await delivered(a.page);
  const other = await device(hub.origin);
  const [one, two] = [await other.openBoard(board), await other.openBoard(chess)];
  await one.openMonths(1);
  await two.openMonths(1);
  await until(() => one.posts.get().some((p) => p.title === "A key was found in the yard"), "the post of the open board was sent");
  await until(() => two.posts.get().some((p) => p.title === "Blitz on Tuesday?"), "the post of the board that is not looked at was sent too");
  await other.close();
  await a.close();
});

test("S3 an idea is supported, has a status, and is declined only with a reason that everybody reads", async () => {
  const a = await phone("Ada");
  const b = await phone("Bo");
  await post(a.page, "Benches by the pond", "Idea How the place");
  await delivered(a.page);
  const id = idOf(a.page);
  await b.page.getByRole("link", { name: "Benches by the pond" }).click();
  await b.wire.cut();
  await b.page.getByRole("button", { name: "I support this" }).click();
  await b.page.getByText("1 person supports this").waitFor();
  await b.wire.mend();
  await a.page.getByText("1 person supports this").waitFor({ timeout: 60_000 });
  await a.page.getByText("New idea", { exact: true }).waitFor();

  const owner = await device(hub.origin);
  const opened = await owner.openBoard(board);
  await opened.openMonths(1);
  await until(() => opened.post(id).get() !== null, "the owner has the idea");
  await opened.setIdea(id, "considering");
  await a.page.getByText("Being looked at").waitFor();
  await expect(opened.setIdea(id, "declined")).rejects.toThrow(/reason/);
  await opened.setIdea(id, "declined", "The pond belongs to the water company.");
  for (const { page } of [a, b]) {
    await page.getByText("Not going ahead").waitFor();
    await page.getByText("Reason: The pond belongs to the water company.").waitFor();
  }
  await toList(b.page);
  await b.page.getByRole("button", { name: "Idea", exact: true }).click();
  await b.page.getByRole("article").filter({ hasText: "Benches by the pond" }).getByText("Not going ahead").waitFor();
  await owner.close();
  await a.close();
  await b.close();
});

test("S4 a post is shared as text, link and QR code without names; the link opens it for a stranger", async () => {
  const a = await phone("Adalbert");
  await a.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await post(a.page, "A reading circle starts");
  await delivered(a.page);
  const link = `${a.wire.origin}/#b=${board}&p=${idOf(a.page)}`;
  await a.page.getByRole("button", { name: "Share …" }).first().click();
  const sheet = a.page.getByRole("dialog", { name: "Share this post" });
  await sheet.getByRole("button", { name: "Copy the text" }).click();
  const text = await a.page.evaluate(() => navigator.clipboard.readText());
  expect(text).toContain("Help wanted: A reading circle starts");
  expect(text).toContain("Some time this week would be lovely.");
  expect(text.endsWith(link)).toBe(true);
  expect(text).not.toContain("Adalbert");
  await sheet.getByRole("button", { name: "Copy the link" }).click();
  expect(await a.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  // The code on the screen, module by module, is that of the link.
  const code = encode(link, { ecc: "M", border: 2 });
  const dark = code.data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  expect(await sheet.getByRole("img", { name: "QR code with the link" }).locator("path").getAttribute("d")).toBe(dark);

  const stranger = await browser.newContext({ locale: "nl-NL" });
  const page = await stranger.newPage();
  await page.goto(link);
  await page.getByRole("heading", { level: 1, name: "A reading circle starts" }).waitFor();
  await page.getByRole("link", { name: "Prikbord" }).first().waitFor(); // in the stranger's language
  expect(await stranger.cookies()).toEqual([]);
  await stranger.close();
  await a.close();
});

test("B16 two phones prepare one event without a network: what both wrote is there", async () => {
  const a = await phone("Ada");
  const b = await phone("Bo");
  await a.page.getByRole("link", { name: "New post" }).click();
  await a.page.getByRole("button", { name: /^Event/ }).click();
  await a.page.keyboard.type("Street art day");
  await a.page.getByLabel("Tell a little more").fill("We paint the underpass. Bring old clothes.");
  await send(a.page);
  await delivered(a.page);
  await b.page.getByRole("link", { name: "Street art day" }).click();
  expect(await b.page.getByRole("link", { name: "Edit" }).count()).toBe(0); // not before the author has said yes
  await b.page.getByRole("button", { name: "I will lend a hand" }).click();
  await b.page.getByLabel("A few words").fill("I can bring spray cans.");
  await b.page.getByRole("button", { name: "Send" }).click();
  await a.page.getByRole("button", { name: "Accept" }).click({ timeout: 60_000 });
  await b.page.getByText("You help with this, so you can change it too.").waitFor({ timeout: 60_000 });

  await a.wire.cut();
  await b.wire.cut();
  const edit = async (page: Page, change: (page: Page) => Promise<void>) => {
    await page.getByRole("link", { name: "Edit" }).click();
    await change(page);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { level: 1, name: "Street art day" }).waitFor();
  };
  await edit(a.page, async (page) => {
    await page.getByLabel("Tell a little more").fill("On Saturday we paint the underpass. Bring old clothes.");
    await page.getByLabel("Begins").fill("2027-05-08T11:00");
  });
  await edit(b.page, async (page) => {
    expect(await page.getByLabel("What shall we call you?").count()).toBe(0); // the name is the author's
    await page.getByLabel("Tell a little more").fill("We paint the underpass. Bring old clothes. There is soup after.");
    await page.getByLabel("Where?").fill("Underpass");
  });
  await a.wire.mend();
  await b.wire.mend();
  for (const { page } of [a, b]) {
    await page.getByText("On Saturday we paint the underpass. Bring old clothes. There is soup after.").waitFor({ timeout: 60_000 });
    await page.getByText("8 May 2027, 11:00").waitFor();
    await page.locator(".post-facts").getByText("Underpass").waitFor();
    expect(await page.getByRole("heading", { name: "Changed on two devices at once" }).count()).toBe(0);
  }
  await a.close();
  await b.close();
});

test("B20 words that accuse show the rule and whom to call, from this device alone", async () => {
  const a = await phone("Ada");
  await a.wire.cut();
  await a.page.getByRole("link", { name: "New post" }).click();
  expect(await a.page.getByRole("button", { name: /suspic/i }).count()).toBe(0); // no kind for it
  await a.page.getByRole("button", { name: /^Notice/ }).click();
  await a.page.keyboard.type("Suspicious man in a red jacket by the cellars");
  const note = a.page.getByRole("note").filter({ hasText: "House rule: no suspicions and no descriptions of people on the board." });
  await note.waitFor();
  expect(await note.getByRole("link", { name: "00 00 00 00" }).getAttribute("href")).toBe("tel:00000000");
  await note.getByText("Ejendomskontoret").waitFor();
  await note.getByText(/112/).waitFor();
  await forEverybody(a.page);
  await shot(a.page, "phone-form-suspicion", { fullPage: true });
  await a.page.getByLabel("In one line").fill("The light by the cellars is broken");
  await note.waitFor({ state: "detached" });
  await a.close();
});

test("M2 reading, posting, answering and sharing ask no other origin, and leave no cookie", async () => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  await settle(context, { language: "en", name: "Ada" });
  const asked: string[] = [];
  context.on("request", (r) => asked.push(r.url())); // pages and service workers alike
  const page = await context.newPage();
  page.on("websocket", (s) => asked.push(s.url()));
  await page.goto(`${hub.origin}/#b=${board}`);
  await page.getByRole("article").first().click();
  await page.getByLabel("Your reply").fill("Thank you for asking.");
  await page.getByRole("button", { name: "Reply" }).click();
  await page.getByRole("listitem").filter({ hasText: "Thank you for asking." }).waitFor();
  await toList(page);
  await post(page, "Who has a bicycle pump?");
  await page.getByRole("button", { name: "Share …" }).first().click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  for (const view of ["mine", "settings", "boards", "device", "about"]) {
    await page.goto(`${hub.origin}/#b=${board}&v=${view}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
  }
  await page.evaluate(() => navigator.serviceWorker.ready);
  const hosts = new Set(asked.filter((u) => !u.startsWith("blob:")).map((u) => new URL(u).host));
  expect(asked.some((u) => u.startsWith("ws://"))).toBe(true);
  expect([...hosts]).toEqual([new URL(hub.origin).host]);
  expect(await context.cookies()).toEqual([]);
  await context.close();
});
