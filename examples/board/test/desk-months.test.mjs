// What stands longer than until the month after the one in which it was written: at the kiosk, at the desk, by its link and among one's own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser, startHouse, until } from "./kiosk-harness.mjs";

const DAY = 86_400_000;
let house;
let browser;
before(async () => {
  house = await startHouse({ seed: false });
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await house?.close();
});

async function open(path, wide = true) {
  const context = await browser.newContext({ locale: "en-GB", viewport: wide ? { width: 1280, height: 800 } : { width: 390, height: 844 } });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  await page.goto(house.url + path);
  return page;
}
/** Puts a post on the board some days ago that stands until some days from now; gives its id. */
async function written(daysAgo, title, more = {}) {
  const there = await house.ago(24 * daysAgo);
  const { id } = await there.addPost({ ...there.newDraft("request", "en"), title, author: "Ida", expiresOn: Date.now() + 20 * DAY, ...more });
  await until(there.posts, (posts) => posts.some((p) => p.id === id && p.delivery === "board"));
  return id;
}

test("a post for a neighbour is on the wall and in the desk's lists as long as it stands", async () => {
  await written(75, "Ninety days of shopping", { proxy: { kind: "neighbour", permission: "spoken", callBackBy: "phone" } });
  const kiosk = await open("/kiosk");
  await kiosk.getByRole("button", { name: "Ninety days of shopping" }).waitFor();
  await kiosk.context().close();
  const desk = await open("/desk");
  await desk.locator(".entry").waitFor();
  await desk.keyboard.press("Alt+2");
  await desk.locator("fieldset.choice label").nth(1).click();
  await desk.getByText("Ninety days of shopping").waitFor();
  await desk.context().close();
});

test("the link of an older post finds it, and a link to nothing says so in the end", async () => {
  const id = await written(200, "Half a year of walks", { expiresOn: null });
  const phone = await open(`/#b=${house.board.id}&p=${id}`, false);
  await phone.getByRole("heading", { name: "Half a year of walks" }).waitFor();
  await phone.evaluate((hash) => (location.hash = hash), `b=${house.board.id}&p=${house.board.newDraft("notice", "").id}`);
  await phone.getByText("This post is not on this device.").waitFor();
  // What was opened on the way stays open, and "older" goes on from there.
  await phone.getByRole("navigation").getByRole("link", { name: "Board" }).click();
  await phone.getByRole("link", { name: "Half a year of walks" }).waitFor();
  await phone.getByRole("button", { name: "Show older posts" }).click();
  await phone.waitForTimeout(200);
  assert.equal(await phone.getByRole("link", { name: "Half a year of walks" }).count(), 1);
  await phone.context().close();
});

test("one's own posts are there as long as they stand, and can be changed at the address of their form", async () => {
  const phone = await open("/", false);
  const context = phone.context();
  const then = await context.newPage();
  await then.addInitScript((shift) => {
    const Real = Date;
    const ask = globalThis.fetch;
    globalThis.Date = class extends Real {
      constructor(...args) {
        super(...(args.length ? args : [Real.now() - shift]));
      }
      static now = () => Real.now() - shift;
    };
    globalThis.fetch = async (what, how) => (how?.method === "HEAD" ? new Response(null, { headers: { date: new Date().toUTCString() } }) : ask(what, how));
  }, 75 * DAY);
  await phone.close();
  await then.goto(`${house.url}/#b=${house.board.id}&v=new`);
  await then.getByRole("button", { name: /^Event/ }).click();
  await then.getByLabel("In one line").fill("Concert in the yard");
  await then.getByLabel("Begins").fill(new Date(Date.now() + DAY).toISOString().slice(0, 16));
  await then.getByLabel("What shall we call you?").fill("Ada");
  await then.locator("form").getByRole("button", { name: "Post", exact: true }).click();
  await then.locator("article.post").getByText("On the board").waitFor();
  await then.close();
  const now = await context.newPage();
  await now.goto(`${house.url}/#b=${house.board.id}&v=mine`);
  const link = now.getByRole("link", { name: "Concert in the yard" });
  const id = new URLSearchParams((await link.getAttribute("href")).slice(1)).get("p");
  await now.close();
  const edit = await context.newPage();
  await edit.goto(`${house.url}/#b=${house.board.id}&v=edit&p=${id}`);
  await edit.getByLabel("In one line").fill("Concert in the garden");
  await edit.getByRole("button", { name: "Save" }).click();
  await edit.getByRole("heading", { name: "Concert in the garden" }).waitFor();
  await context.close();
});
