// Paper: slip, sheet of the week and poster as PDF, in three languages, each on the paper it is made for.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SHOTS, startBrowser, startHouse } from "./kiosk-harness.mjs";

const LANGUAGES = { da: "da-DK", nl: "nl-NL", en: "en-GB" };
const MM = 72 / 25.4;
/** What neighbours have written, who say je to one another. */
let POSTS_IN_DUTCH = /$^/;
let house;
let browser;
before(async () => {
  house = await startHouse();
  browser = await startBrowser();
  const titles = house.board.posts.get().map((p) => p.title.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  POSTS_IN_DUTCH = new RegExp(titles.join("|"), "g");
  await mkdir(SHOTS, { recursive: true });
});
after(async () => {
  await browser?.close();
  await house?.close();
});

async function open(path, locale) {
  const context = await browser.newContext({ locale, viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.print = () => {
      window.printed = true;
    };
    // Making the PDF is no end of printing: the paper stays until the test has looked at it.
    window.addEventListener("afterprint", (e) => !window.looked && e.stopImmediatePropagation(), true);
  });
  await page.goto(house.url + path);
  return page;
}

/** printed waits for the paper and gives its pages in mm; a picture of it is kept to look at. */
async function printed(page, name) {
  await page.waitForFunction(() => window.printed);
  const pdf = await page.pdf({ preferCSSPageSize: true, printBackground: false, path: join(SHOTS, `${name}.pdf`) });
  const text = pdf.toString("latin1");
  const pages = [...text.matchAll(/\/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]/g)].map((m) => [Math.round(m[1] / MM), Math.round(m[2] / MM)]);
  const viewport = page.viewportSize();
  await page.emulateMedia({ media: "print" });
  const [width = 210, height = 297] = pages[0] ?? [];
  const margin = width > 100 ? 28 : 12;
  await page.setViewportSize({ width: Math.round(((width - margin) * 96) / 25.4), height: Math.round(((height - margin) * 96) / 25.4) });
  const words = await page.locator(".roll").innerText();
  const cut = await page.evaluate(() => document.querySelector(".roll").scrollWidth - document.documentElement.clientWidth);
  await writeFile(join(SHOTS, `${name}.png`), await page.screenshot());
  await page.emulateMedia({ media: null }); // not "screen": that would be printed next time
  await page.setViewportSize(viewport);
  await page.evaluate(() => {
    window.printed = false;
    window.looked = true;
    window.dispatchEvent(new Event("afterprint"));
    window.looked = false;
  });
  assert.ok(cut <= 0, `${name} is wider than its paper`);
  return { pages, words };
}

for (const [language, locale] of Object.entries(LANGUAGES)) {
  test(`the neighbour's slip, the sheet and the poster are A4 (${language})`, async () => {
    const page = await open("/desk", locale);
    await page.locator(".entry").waitFor();
    await page.keyboard.type("11111111");
    await page.locator("textarea").fill("Mælk, brød og en halv liter fløde, en gang om ugen. En kop kaffe er klar bagefter, og posen står ved døren. ".repeat(3));
    await page.keyboard.press("Control+Enter");
    const code = await page.locator(".saved-code").innerText();
    await page.keyboard.press("p");
    const slip = await printed(page, `print-slip-${language}`);
    assert.deepEqual(slip.pages, [[210, 297]]);
    assert.ok(slip.words.toUpperCase().includes(code.toUpperCase()));
    assert.match(slip.words, { da: /Du kan altid få det at se/, nl: /U kunt het altijd inzien/, en: /You can always see it/ }[language], "what happens with the data");
    assert.match(slip.words, /Beboerhuset i Lindegården/, "who answers for the data");
    assert.match(slip.words, /00 00 00 00/, "whom to call");

    await page.keyboard.press("Alt+4");
    await page.locator(".papers button").nth(0).click();
    const week = await printed(page, `print-week-${language}`);
    assert.deepEqual(week.pages, [[210, 297]]);
    assert.ok((await house.board.posts.get()).filter((p) => week.words.toUpperCase().includes(p.code.toUpperCase())).length >= 12, "a sheet full of posts");
    await page.locator(".papers button").nth(1).click();
    const poster = await printed(page, `print-poster-${language}`);
    assert.deepEqual(poster.pages, [[210, 297]]);
    assert.match(poster.words, /[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/, "the poster's number");

    await page.keyboard.press("Alt+2");
    await page.locator(".desk-card", { hasText: code.toLowerCase() }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("h");
    await page.keyboard.press("Enter");
    const handOver = await printed(page, `print-hand-over-${language}`);
    assert.deepEqual(handOver.pages, [[210, 297]]);
    assert.match(handOver.words, /([0-9A-HJKMNP-TV-Z]{4}\s+){3}[0-9A-HJKMNP-TV-Z]{4}/, "the secret in four groups");
    await page.locator(".desk-hand-over .button-primary").click();
    await page.keyboard.press("a");
    const postPoster = await printed(page, `print-poster-post-${language}`);
    assert.deepEqual(postPoster.pages, [[210, 297]]);
    assert.ok(postPoster.words.toUpperCase().includes(code.toUpperCase()));
    const all = [slip, week, poster, handOver, postPoster].map((paper) => paper.words).join("\n");
    if (language === "nl") assert.doesNotMatch(all.replace(POSTS_IN_DUTCH, ""), /\b(je|jij|jou|jouw|jullie)\b/i, "paper says u");
    await page.context().close();
  });

  test(`the slip to take along is narrow and on one piece (${language})`, async () => {
    const page = await open("/kiosk", locale);
    await page.locator(".kiosk-card-title button").first().click();
    await page.locator(".kiosk-acts button .icon").first().waitFor();
    await page.locator(".kiosk-acts button").nth(2).click();
    const slip = await printed(page, `print-along-${language}`);
    assert.deepEqual(slip.pages, [[80, 190]]);
    await page.context().close();
  });
}

test("the poster of a post is one A4, however long its words are", async () => {
  const draft = house.neighbours.newDraft("request", "en");
  const when = { start: Date.now() + 86_400_000 };
  await house.neighbours.addPost({ ...draft, title: "Who can carry the old wardrobe from the fourth floor down to the yard on Sunday?", body: "It is heavy, and the stairs are narrow.\n".repeat(10), place: "Stairwell 4, by the laundry and the bicycles", when, author: "Ida" });
  const page = await open("/kiosk", "en-GB");
  await page.locator(".kiosk-card", { hasText: "old wardrobe" }).getByRole("button").click();
  await page.getByRole("button", { name: "Print a poster" }).click();
  const poster = await printed(page, "print-poster-long");
  assert.deepEqual(poster.pages, [[210, 297]]);
  assert.match(poster.words, /Free\. No account/);
  await page.context().close();
});
