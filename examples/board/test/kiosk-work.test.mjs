// What somebody writes at the kiosk stays theirs until they send it or go, whatever else they touch; and it means what they meant.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { shot, sideways, startBrowser, startHouse, until } from "./kiosk-harness.mjs";

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

async function open(options = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1024, height: 768 }, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  await page.goto(`${house.url}/kiosk`);
  await page.locator(".kiosk-card").first().waitFor();
  return page;
}

const toWall = (page) => page.getByRole("button", { name: "To the board" }).click();
const goOn = (page, title) => page.locator(".kiosk-unfinished", { hasText: title }).getByRole("button", { name: "Go on writing" }).click();

test("who answers a post meanwhile finds all again that they had begun: the post, and each answer", async () => {
  const page = await open();
  await page.getByRole("button", { name: "New post" }).click();
  await page.getByRole("button", { name: "Help wanted" }).click();
  await page.getByLabel("In one line").fill("My long request");
  await page.getByLabel("Tell a little more").fill("With many words");
  const titles = [];
  for (const n of [0, 1]) {
    await toWall(page);
    titles.push(await page.locator(".kiosk-card-title button").nth(n).innerText());
    await page.locator(".kiosk-card-title button").nth(n).click();
    await page.locator(".kiosk-acts").getByRole("button", { name: "Reply" }).click();
    await page.getByLabel("What would you like to say?").fill(`Answer ${n}`);
  }
  await toWall(page);
  assert.equal(await page.locator(".kiosk-unfinished").count(), 3);
  await shot(page, "kiosk-unfinished");
  await goOn(page, titles[0]);
  assert.equal(await page.getByLabel("What would you like to say?").inputValue(), "Answer 0");
  await page.getByLabel("What shall we call you?").fill("Ida");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".kiosk-done").waitFor();
  await toWall(page);
  assert.equal(await page.locator(".kiosk-unfinished").count(), 2);
  await page.getByRole("button", { name: "New post" }).click();
  assert.equal(await page.getByLabel("In one line").inputValue(), "My long request");
  assert.equal(await page.getByLabel("Tell a little more").inputValue(), "With many words");
  await page.context().close();
});

test("an event begins at the board's hour, on a tablet of any zone", async () => {
  const page = await open({ timezoneId: "America/New_York" });
  await page.getByRole("button", { name: "New post" }).click();
  await page.getByRole("button", { name: "Event" }).click();
  await page.getByLabel("In one line").fill("Soup in the garden");
  await page.getByLabel("Begins").fill("2026-12-05T16:00");
  await page.getByLabel("What shall we call you?").fill("Ida");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  const posts = await until(house.board.posts, (all) => all.some((p) => p.title === "Soup in the garden"));
  assert.equal(posts.find((p) => p.title === "Soup in the garden").when.start, Date.parse("2026-12-05T16:00+01:00"));
  await page.getByRole("button", { name: "See the post" }).click();
  await page.locator(".kiosk-post-facts", { hasText: "16:00" }).waitFor();
  await page.context().close();
});

test("an event at the kiosk has an end, and none before it begins", async () => {
  const page = await open();
  await page.getByRole("button", { name: "New post" }).click();
  await page.getByRole("button", { name: "Event" }).click();
  await page.getByLabel("In one line").fill("Waffles in the yard");
  await page.getByLabel("Begins").fill("2031-01-15T17:00");
  await page.getByLabel("Ends").fill("2031-01-15T16:00");
  await page.getByLabel("What shall we call you?").fill("Ida");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.getByText("It ends before it begins.").waitFor();
  assert.ok(await page.getByRole("button", { name: "Post", exact: true }).isVisible(), "it is not sent");
  await page.getByLabel("Ends").fill("2031-01-15T19:00");
  await page.getByText("It ends before it begins.").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Post", exact: true }).click();
  const posts = await until(house.board.posts, (all) => all.some((p) => p.title === "Waffles in the yard"));
  assert.deepEqual(posts.find((p) => p.title === "Waffles in the yard").when, { start: Date.parse("2031-01-15T17:00+01:00"), end: Date.parse("2031-01-15T19:00+01:00") });
  await page.context().close();
});

test("what is asked for is in view: the pattern to take along, and all of the page on a small screen with larger text", async () => {
  const page = await open();
  await page.locator(".kiosk-card-title button").first().click();
  await page.getByRole("button", { name: "Take along on your phone" }).click();
  const below = await page.evaluate(() => document.querySelector(".kiosk-dock").getBoundingClientRect().top - document.querySelector(".kiosk-qr").getBoundingClientRect().bottom);
  await shot(page, "kiosk-take-along");
  assert.ok(below >= 0, `${-below} px of the pattern are under the bar`);
  await page.setViewportSize({ width: 600, height: 960 });
  await page.getByRole("button", { name: "Larger text" }).click();
  assert.ok((await sideways(page)) <= 0, "one post");
  await toWall(page);
  assert.ok((await sideways(page)) <= 0, "the wall");
  await page.getByRole("button", { name: "New post" }).click();
  assert.ok((await sideways(page)) <= 0, "the choice");
  await shot(page, "kiosk-small-large");
  await page.context().close();
});

test("what is missing is said where one looks: the field has the focus", async () => {
  const page = await open();
  await page.getByRole("button", { name: "New post" }).click();
  await page.getByRole("button", { name: "Things" }).click();
  await page.getByLabel("What shall we call you?").fill("Ida");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.locator("[aria-invalid]:focus").waitFor();
  assert.equal(await page.getByLabel("In one line").evaluate((field) => field === document.activeElement), true);
  await page.context().close();
});

test("a word without a break stays in its card, and upright, in larger text, nothing at the end is under the bar", async () => {
  const draft = house.neighbours.newDraft("notice", "en");
  await house.neighbours.addPost({ ...draft, title: `${"Neighbourhood".repeat(5)}!`, body: `https://example.org/${"a".repeat(200)}`, author: "Ida" });
  await until(house.board.posts, (all) => all.some((p) => p.id === draft.id));
  const page = await open({ locale: "nl-NL", viewport: { width: 800, height: 1280 } });
  const card = page.locator(".kiosk-card", { hasText: "Neighbourhood" });
  await card.waitFor();
  const outside = () => page.evaluate(() => [...document.querySelectorAll(".kiosk-card, .kiosk-post-paper")].filter((c) => c.scrollWidth > c.parentElement.clientWidth).length);
  assert.equal(await outside(), 0, "the wall");
  await shot(page, "kiosk-long-word");
  await card.getByRole("button").click();
  await page.locator(".kiosk-post-paper").waitFor();
  assert.ok((await outside()) === 0 && (await sideways(page)) <= 0, "the post");
  await page.getByRole("button", { name: "Grotere letters" }).click();
  await page.getByRole("button", { name: "Naar het prikbord" }).click();
  await page.getByRole("button", { name: "Hulp", exact: true }).waitFor();
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight));
  const over = await page.evaluate(() => document.querySelector(".kiosk-main").getBoundingClientRect().bottom - document.querySelector(".kiosk-dock").getBoundingClientRect().top);
  await shot(page, "kiosk-upright-large-end");
  assert.ok(over <= 1, `the bar hides ${over} px`);
  await page.context().close();
});

test("the code of what was put aside can be typed at once on a keyboard", async () => {
  const page = await open();
  await page.getByRole("button", { name: "New post" }).click();
  await page.getByRole("button", { name: "Help wanted" }).click();
  await page.getByLabel("In one line").fill("Put aside");
  await page.getByRole("button", { name: "Put aside for 10 minutes" }).click();
  const code = await page.locator(".kiosk-slip-code").innerText();
  await toWall(page);
  await page.getByRole("button", { name: "I have a code" }).click();
  await page.locator(".kiosk-pad").waitFor();
  await page.keyboard.type(code);
  await page.getByLabel("In one line").waitFor();
  assert.equal(await page.getByLabel("In one line").inputValue(), "Put aside");
  await page.context().close();
});
