// The desk: a request by keyboard alone, what it refuses, whom it tells to call, and all of it without internet.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, shot, sideways, startBrowser, startHouse, until } from "./kiosk-harness.mjs";

const LANGUAGES = { da: "da-DK", nl: "nl-NL", en: "en-GB" };
const WIDE = { width: 1280, height: 800 };
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
  const context = await browser.newContext({ locale: "en-GB", viewport: WIDE, ...options });
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.print = () => {};
  });
  await page.goto(`${house.url}/desk`);
  await page.locator(".entry").waitFor();
  return page;
}

test("a request is entered by keyboard alone, in under 15 keys besides its text, and says nothing about who it is", async () => {
  const page = await open();
  let keys = 0;
  const press = async (...names) => {
    for (const name of names) {
      keys++;
      await page.keyboard.press(name);
    }
  };
  // Help wanted, shopping, family, by phone, today, 30 days, a call, this week; then the text.
  await press("1", "1", "2", "2", "1", "1", "1", "2", "Tab");
  await page.keyboard.type("Milk and bread once a week");
  await page.evaluate(() => {
    new MutationObserver(() => {
      const saved = document.querySelector(".saved");
      if (saved) window.focusCame ??= saved.contains(document.activeElement);
    }).observe(document.body, { childList: true, subtree: true });
  });
  await press("Control+Enter");
  assert.ok(keys < 15, `${keys} keys`);
  const code = (await page.locator(".saved-code").innerText()).toLowerCase();
  assert.ok(await page.evaluate(() => window.focusCame), "no key is lost between the code and the focus");
  const [post] = (await until(house.board.posts, (posts) => posts.some((p) => p.code === code))).filter((p) => p.code === code);
  assert.equal(post.title, "Help with shopping");
  assert.equal(post.author, "A neighbour");
  assert.equal(post.origin, "desk");
  assert.equal(post.urgency, "week");
  assert.deepEqual([post.proxy.kind, post.proxy.permission, post.proxy.callBackBy], ["family", "phone", "phone"]);
  assert.equal(post.proxy.permittedUntil - post.proxy.permittedAt, 30 * 86_400_000);
  await shot(page, "desk-saved");

  // The next neighbour: the choices are kept, Enter takes them.
  await page.keyboard.press("Enter");
  await page.locator(".entry").waitFor();
  assert.ok(await page.getByRole("radio", { name: "Family" }).isChecked());
  await page.keyboard.press("Enter");
  await page.keyboard.press("5");
  for (let i = 0; i < 6; i++) await page.keyboard.press("Enter");
  await page.keyboard.type(" on Sunday");
  await page.keyboard.press("Control+Enter");
  await page.locator(".saved-code").waitFor();
  assert.match(await page.locator(".saved-title").innerText(), /on Sunday/);
  await page.context().close();
});

test("refuses numbers and addresses with a kind word that points at them, and saves nothing meanwhile", async () => {
  const page = await open();
  const before = house.board.posts.get().length;
  await page.getByLabel("In one line").fill("Shopping");
  for (const [text, words, why] of [
    ["Born 070761-4285, ring", "070761-4285", /CPR/],
    ["Her BSN is 111222333", "111222333", /BSN/],
    ["Call 20 30 40 50 after four", "20 30 40 50", /phone number/],
    ["Write to bodil@example.dk", "bodil@example.dk", /e-mail/],
    ["She lives at Lindevej 12", "Lindevej 12", /address/],
  ]) {
    await page.getByLabel("Tell a little more").fill(text);
    assert.equal(await page.locator(".refused mark").innerText(), words);
    assert.match(await page.locator(".refused-why").innerText(), why);
    await page.keyboard.press("Control+Enter");
    assert.equal(await page.locator(".saved").count(), 0);
  }
  await page.getByLabel("Tell a little more").fill("For Mrs Jensen, who has dementia");
  await page.getByText("Is this a name (Mrs Jensen)?").waitFor();
  await page.getByText("This says something about health (dementia)").waitFor();
  assert.equal(house.board.posts.get().length, before);
  await page.keyboard.press("Control+Enter");
  await page.locator(".saved").waitFor();
  await page.context().close();
});

test("tells what has happened since the last call, and closes what was found elsewhere, with a way back", async () => {
  const page = await open();
  await page.keyboard.press("1");
  await page.keyboard.press("3");
  await page.keyboard.press("Control+Enter");
  const code = (await page.locator(".saved-code").innerText()).toLowerCase();
  const post = (await until(house.neighbours.posts, (posts) => posts.some((p) => p.code === code))).find((p) => p.code === code);
  await house.neighbours.offerHelp(post.id, { author: "Mehmet", message: "I have a drill." });
  await page.keyboard.press("Alt+2");
  const card = page.locator(".desk-card", { hasText: code });
  await card.getByText("Mehmet can help.").waitFor();
  await card.getByRole("button", { name: "Has been told" }).click();
  await card.getByText("Nothing new since then.").waitFor();
  await page.reload();
  await page.locator(".entry").waitFor();
  await page.keyboard.press("Alt+2");
  await card.getByText("Nothing new since then.").waitFor();
  await house.neighbours.reply(post.id, { body: "I come at four.", author: "Mehmet" });
  await card.getByText("I come at four.").waitFor();

  await card.getByRole("button", { name: "Helper found elsewhere" }).click();
  await until(house.board.posts, (posts) => posts.some((p) => p.id === post.id && p.state === "closed" && p.outcome === "foundElsewhere"));
  await page.getByRole("button", { name: "Undo" }).click();
  await until(house.board.posts, (posts) => posts.some((p) => p.id === post.id && p.state === "open"));
  await page.context().close();
});

test("hints at a similar request, and shows who waits with the reason", async () => {
  const page = await open();
  const title = house.board.posts.get().find((p) => p.kind === "request" && p.state === "open").title;
  await page.getByLabel("In one line").fill(title);
  await page.getByText("There is something like it already").waitFor();

  // On this board nobody is left waiting for a single hour.
  const draft = house.board.newDraft("question", "en");
  await house.board.addPost({ ...draft, title: "Who knows this bird?", author: "Ole" });
  await house.board.updateSettings({ settings: { unansweredHours: 0 } });
  try {
    await page.keyboard.press("Alt+3");
    const card = page.locator(".desk-card", { hasText: "Who knows this bird?" });
    await card.getByText("Nobody has said anything yet.").waitFor();
    await house.board.reply(draft.id, { body: "It is small and blue.", author: "Ole" });
    await card.getByText("Only the one who asks has written.").waitFor();
    await shot(page, "desk-queue");
    await house.neighbours.reply(draft.id, { body: "A blue tit.", author: "Tove" });
    await card.waitFor({ state: "detached" });
  } finally {
    await house.board.updateSettings({ settings: { unansweredHours: 48 } });
  }
  await page.context().close();
});

test("works without internet and sends later", async () => {
  const page = await open();
  house.cut(true);
  try {
    await page.keyboard.press("1");
    await page.keyboard.press("6");
    await page.getByLabel("Tell a little more").fill("Water the balcony");
    await page.keyboard.press("Control+Enter");
    const code = (await page.locator(".saved-code").innerText()).toLowerCase();
    assert.match(await page.locator(".delivery").innerText(), /Waiting to be sent|Saved on this device/);
    await page.keyboard.press("Alt+4");
    await page.locator(".preview").first().waitFor();
    house.cut(false);
    await until(house.board.posts, (posts) => posts.some((p) => p.code === code));
  } finally {
    house.cut(false);
  }
  await page.context().close();
});

test("has no violations in three languages, light and dark, and fits when zoomed to 400 %", async () => {
  for (const [language, locale] of Object.entries(LANGUAGES)) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open({ locale, colorScheme, viewport: colorScheme === "light" ? WIDE : { width: 390, height: 844 } });
      const check = async (name) => {
        await shot(page, `desk-${language}-${colorScheme}-${name}`);
        assert.deepEqual(await axe(page), [], `${language} ${colorScheme} ${name}`);
        const size = page.viewportSize();
        await page.setViewportSize({ width: 320, height: 256 });
        assert.ok((await sideways(page)) <= 0, `${language} ${name} scrolls sideways`);
        await page.setViewportSize(size);
      };
      await page.keyboard.press("1");
      await page.keyboard.press("3");
      await page.locator("textarea").fill("Ring 20 30 40 50, fru Jensen, depression");
      await check("refused");
      await page.locator("textarea").fill("…");
      await page.keyboard.press("Control+Enter");
      const code = (await page.locator(".saved-code").innerText()).toLowerCase();
      await check("saved");
      const { id } = (await until(house.neighbours.posts, (posts) => posts.some((p) => p.code === code))).find((p) => p.code === code);
      await house.neighbours.offerHelp(id, { author: "Mehmet", message: "…" });
      await page.keyboard.press("Alt+2");
      await page.locator(".desk-offers").first().waitFor();
      await page.keyboard.press("ArrowDown");
      await check("news");
      await page.keyboard.press("e");
      await check("edit");
      await page.keyboard.press("Escape");
      await page.keyboard.press("h");
      await check("hand-over");
      await page.keyboard.press("Enter");
      await page.locator(".hand-over-secret").waitFor({ state: "attached" });
      await check("handed");
      await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
      await page.keyboard.press("Enter");
      await page.keyboard.press("f");
      await until(house.board.posts, (posts) => posts.some((p) => p.id === id && p.state === "closed"));
      await page.locator(".choice-option").nth(2).click();
      await page.locator(".desk-card").first().waitFor();
      await check("ended");
      await page.locator(".toast .button").last().click();
      await page.keyboard.press("Alt+1");
      for (const [i, part] of ["entry", "calls", "queue", "papers", "numbers", "find"].entries()) {
        await page.keyboard.press(`Alt+${i + 1}`);
        await page.locator(`.desk-tab:nth-child(${i + 1})[aria-current]`).waitFor();
        await page.locator("main h1").first().waitFor();
        await check(part);
      }
      await page.context().close();
    }
  }
});
