// The kiosk forgets: in the page, in every storage of the browser, and on disk. And it is patient.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { axe, findOnDisk, shot, sideways, startBrowser, startHouse, until } from "./kiosk-harness.mjs";

const LANGUAGES = { da: "da-DK", nl: "nl-NL", en: "en-GB" };
let house;
before(async () => {
  house = await startHouse();
});
afterEach(() => house.cut(false));
after(() => house?.close());

/** open gives the kiosk with its wall up; the clock of the page can be moved. */
async function open(context) {
  const page = await context.newPage();
  await page.clock.install();
  await page.addInitScript(() => {
    window.print = () => {
      window.printed = (window.printed ?? 0) + 1;
    };
  });
  await page.goto(`${house.url}/kiosk`);
  await page.locator(".kiosk-card").first().waitFor();
  return page;
}

/** begin opens the form of a request, by what a person taps. */
async function begin(page) {
  await page.getByRole("button", { name: "New post" }).click();
  await page.getByRole("button", { name: "Help wanted" }).click();
}

async function withProfile(run) {
  const profile = await mkdtemp(join(tmpdir(), "tavle-kiosk-"));
  const context = await startBrowser(profile, { locale: "en-GB", viewport: { width: 820, height: 1180 } });
  try {
    return await run(context, profile);
  } finally {
    await context.close().catch(() => {});
    await rm(profile, { recursive: true, force: true });
  }
}

/** everything that the page and its storages hold, as text. */
function everything(page) {
  return page.evaluate(async () => {
    const found = [location.href, JSON.stringify(history.state), document.documentElement.outerHTML, JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie];
    for (const field of document.querySelectorAll("input, textarea")) found.push(field.value);
    const said = (value) => {
      if (value instanceof Uint8Array || value instanceof ArrayBuffer) return new TextDecoder("utf-8").decode(value);
      if (value && typeof value === "object") return Object.entries(value).map(([k, v]) => `${k} ${said(v)}`).join(" ");
      return String(value);
    };
    for (const { name } of await indexedDB.databases()) {
      const db = await new Promise((resolve) => (indexedDB.open(name).onsuccess = (e) => resolve(e.target.result)));
      for (const store of db.objectStoreNames) {
        const all = await new Promise((resolve) => (db.transaction(store).objectStore(store).getAll().onsuccess = (e) => resolve(e.target.result)));
        for (const value of all) found.push(said(value));
      }
      db.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) found.push(request.url, await (await cache.match(request)).text());
    }
    return found.join("\n");
  });
}

test("asks after 75 seconds, and after 20 more nothing of a draft is left in the page, its storages or on disk", async () => {
  await withProfile(async (context, profile) => {
    const page = await open(context);
    await begin(page);
    await page.getByLabel("In one line").fill("Kvidderkasse lent out");
    await page.getByLabel("Tell a little more").fill("It plays the blomsterpolka");
    await page.getByLabel("What shall we call you?").fill("Sommerfugl");

    await page.clock.fastForward(74_000);
    assert.equal(await page.getByRole("alertdialog").count(), 0);
    await page.clock.fastForward(2_000);
    const question = page.getByRole("alertdialog", { name: "Do you need more time?" });
    await question.waitFor();
    await shot(page, "kiosk-more");
    assert.deepEqual(await axe(page), []);
    assert.match(await question.innerText(), /\b(20|19|18)\b/, "the countdown is in view");

    // A touch, and all is as it was.
    await page.getByRole("button", { name: "Yes, more time" }).click();
    await question.waitFor({ state: "detached" });
    assert.equal(await page.getByLabel("In one line").inputValue(), "Kvidderkasse lent out");

    await page.clock.fastForward(76_000);
    await question.waitFor();
    await page.clock.fastForward(21_000);
    await page.locator(".kiosk-card").first().waitFor();
    assert.doesNotMatch(await everything(page), /kvidderkasse|blomsterpolka|sommerfugl/i);

    await page.goBack().catch(() => {});
    await page.goForward().catch(() => {});
    assert.doesNotMatch(await page.content(), /kvidderkasse|blomsterpolka|sommerfugl/i);

    // What is sent stays: it shows that the search on disk can find words.
    await page.goto(`${house.url}/kiosk`);
    await begin(page);
    await page.getByLabel("In one line").fill("Gyngehest");
    await page.getByLabel("What shall we call you?").fill("Bodil");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await page.getByText("Thank you. It is saved.").waitFor();
    await until(house.board.posts, (posts) => posts.some((p) => p.title === "Gyngehest"));
    await page.getByRole("button", { name: "Finish" }).click();
    await page.locator(".kiosk-card").first().waitFor();
    await context.close();
    assert.notDeepEqual(await findOnDisk(profile, "Gyngehest"), []);
    for (const word of ["vidderkasse", "blomsterpolka", "ommerfugl"]) assert.deepEqual(await findOnDisk(profile, word), [], word);
  });
});

test("somebody who types with pauses of 50 seconds finishes", async () => {
  await withProfile(async (context) => {
    const page = await open(context);
    await begin(page);
    const line = page.getByLabel("In one line");
    for (const word of ["Who ", "has ", "a ", "ladder ", "for ", "a ", "slow ", "hand?"]) {
      await line.pressSequentially(word);
      await page.clock.fastForward(50_000);
      assert.equal(await page.getByRole("alertdialog").count(), 0);
    }
    await page.getByLabel("What shall we call you?").fill("Aage");
    await page.clock.fastForward(50_000);
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await until(house.board.posts, (posts) => posts.some((p) => p.title === "Who has a ladder for a slow hand?" && p.author === "Aage" && p.origin === "kiosk"));
  });
});

test("a draft that was put aside comes back once, under its code, also when somebody else was there in between", async () => {
  await withProfile(async (context) => {
    const page = await open(context);
    await begin(page);
    await page.getByLabel("In one line").fill("Half a thought");
    await page.getByRole("button", { name: "Put aside" }).click();
    const code = await page.locator(".kiosk-slip-code").innerText();
    assert.match(code, /^\d{4}$/);
    await page.getByRole("button", { name: "Finish" }).click();
    assert.doesNotMatch(await everything(page), /Half a thought/);

    await page.getByRole("button", { name: "I have a code" }).click();
    await shot(page, "kiosk-resume");
    for (const digit of code) await page.getByRole("button", { name: digit, exact: true }).click();
    assert.equal(await page.getByLabel("In one line").inputValue(), "Half a thought");
    await page.getByRole("button", { name: "Put aside" }).click();
    await page.getByRole("button", { name: "Finish" }).click();
    await page.getByRole("button", { name: "I have a code" }).click();
    for (const digit of code) await page.getByRole("button", { name: digit, exact: true }).click();
    await page.getByText("That code is not here").waitFor();
  });
});

test("says that nothing is saved while the device cannot save, and does not send anybody away", async () => {
  await withProfile(async (context) => {
    const page = await context.newPage();
    await page.goto(`${house.url}/kiosk`);
    await page.locator(".kiosk-card").first().waitFor();
    house.cut(true);
    await page.evaluate(() => {
      const put = IDBObjectStore.prototype.put;
      window.full = true;
      IDBObjectStore.prototype.put = function (...args) {
        if (window.full) throw new DOMException("The disk is full.", "QuotaExceededError");
        return put.apply(this, args);
      };
    });
    await begin(page);
    await page.getByLabel("In one line").fill("Who found my grey glove?");
    await page.getByLabel("What shall we call you?").fill("Per");
    await page.getByRole("button", { name: "Post", exact: true }).click();
    await page.getByRole("heading", { name: "Not saved yet." }).waitFor();
    const said = await page.locator(".kiosk-done").innerText();
    assert.match(said, /This screen cannot save it right now/);
    assert.doesNotMatch(said, /safely leave/);
    await shot(page, "kiosk-unsaved");
    await page.evaluate(() => (window.full = false));
    await page.getByRole("heading", { name: "Thank you. It is saved." }).waitFor();
  });
});

test("hints at suspicions and health without refusing, answers with a name for one act, prints and shows a QR code", async () => {
  await withProfile(async (context) => {
    const page = await open(context);
    await begin(page);
    await page.getByLabel("In one line").fill("A man with a dark hood, and I have a depression");
    await page.getByText("This looks like a suspicion about somebody").waitFor();
    assert.ok(await page.getByText("Ejendomskontoret").isVisible(), "the office is named");
    await page.getByText("This says something about health").waitFor();
    await page.getByRole("button", { name: "To the board" }).click();
    await page.getByText("You are writing something.").waitFor();

    await page.locator(".kiosk-card-title button", { hasText: "Hvem kan hjælpe" }).or(page.locator(".kiosk-card-title button")).first().click();
    assert.equal(await page.getByRole("button", { name: "Read aloud" }).count(), 0, "no voice, no button");
    await page.getByRole("button", { name: "Print a slip" }).click();
    await page.waitForFunction(() => window.printed === 1);
    await page.getByRole("button", { name: "Take along" }).click();
    await page.getByRole("img", { name: /QR/ }).first().waitFor();
    await page.getByRole("button", { name: "Reply" }).click();
    await page.getByLabel("What would you like to say?").fill("I will look in my cellar.");
    await page.getByLabel("What shall we call you?").fill("Tove");
    await page.getByRole("button", { name: "Send" }).click();
    await until(house.board.posts, (posts) => posts.some((p) => p.replies.some((r) => r.author === "Tove")));
    await page.getByRole("button", { name: "Finish" }).click();
    await page.locator(".kiosk-card-title button").first().click();
    await page.getByRole("button", { name: "Reply" }).click();
    assert.equal(await page.getByLabel("What shall we call you?").inputValue(), "", "the name is not kept");
  });
});

test("reads aloud with a voice of the device, and stops", async () => {
  await withProfile(async (context) => {
    const page = await context.newPage();
    await page.addInitScript(() => {
      const voices = ["da-DK", "nl-NL", "en-GB"].map((lang) => ({ lang, localService: true, name: lang }));
      const synth = { speaking: false, said: [], getVoices: () => voices, speak: (u) => { synth.speaking = true; synth.said.push(u.lang); }, cancel: () => { synth.speaking = false; }, addEventListener() {}, removeEventListener() {} };
      Object.defineProperty(window, "speechSynthesis", { value: synth });
      window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    });
    await page.goto(`${house.url}/kiosk`);
    const card = page.locator(".kiosk-card").first();
    const lang = await card.locator(".kiosk-card-title").getAttribute("lang");
    await card.locator("button").click();
    await page.getByRole("button", { name: "Read aloud" }).click();
    assert.deepEqual(await page.evaluate(() => speechSynthesis.said.map((l) => l.slice(0, 2))), [lang]);
    await page.getByRole("button", { name: "Stop reading" }).click();
    assert.equal(await page.evaluate(() => speechSynthesis.speaking), false);
  });
});

test("has no violations in three languages, light and dark, large targets, and fits when zoomed to 400 %", async () => {
  const browser = await startBrowser();
  try {
    for (const [language, locale] of Object.entries(LANGUAGES)) {
      for (const colorScheme of ["light", "dark"]) {
        const viewport = colorScheme === "light" ? { width: 820, height: 1180 } : { width: 1280, height: 800 };
        const context = await browser.newContext({ locale, colorScheme, viewport });
        const page = await open(context);
        const check = async (name) => {
          await shot(page, `kiosk-${language}-${colorScheme}-${name}`);
          assert.deepEqual(await axe(page), [], `${language} ${colorScheme} ${name}`);
          const small = await page.evaluate(() => [...document.querySelectorAll("button, input:not(.screen-reader), textarea, .choice-option")]
            .filter((e) => e.checkVisibility() && !e.closest(".kiosk-card") && Math.min(e.offsetHeight, e.offsetWidth) < 63.5).map((e) => e.outerHTML.slice(0, 90)));
          assert.deepEqual(small, [], "targets of at least 64 px");
        };
        await check("wall");
        await page.locator(".kiosk-card-title button").first().click();
        await page.locator(".kiosk-main h1").first().waitFor();
        await check("post");
        await page.locator(".kiosk-dock button").first().click();
        await page.locator(".kiosk-dock .button-primary").click();
        await check("kind");
        await page.locator(".kiosk-choose button").nth(2).click();
        await check("write");
        await page.locator(".kiosk-help").click();
        await page.getByRole("dialog").waitFor();
        await check("help");
        await page.keyboard.press("Escape");
        await page.locator(".kiosk-write input").last().fill("Tove");
        await page.locator(".kiosk-write-acts .button").nth(1).click();
        await page.locator(".kiosk-parked").waitFor();
        await check("parked");
        await page.locator(".kiosk-dock button").first().click();
        await page.locator(".kiosk-dock button").nth(1).click();
        await check("resume");
        for (let i = 0; i < 4; i++) await page.locator(".kiosk-pad button").last().press("0");
        await page.locator(".kiosk-resume .field-error").waitFor();
        await check("resume-wrong");
        await page.locator(".kiosk-dock button").first().click();
        await page.locator(".kiosk-card-title button").first().click();
        await page.locator(".kiosk-acts .button").nth(1).click();
        await page.locator(".kiosk-write-acts .button-primary").click();
        await page.locator(".field-error").first().waitFor();
        await check("reply-errors");
        await page.locator("textarea").fill("OK");
        await page.locator(".kiosk-write input").last().fill("Tove");
        await page.locator(".kiosk-write-acts .button-primary").click();
        await page.locator(".kiosk-done").waitFor();
        await check("done");
        await page.locator(".kiosk-dock button").first().click();
        await page.locator(".kiosk-dock .button-primary").click();
        await page.locator(".kiosk-choose button").nth(2).click();
        await page.setViewportSize({ width: 320, height: 256 });
        assert.ok((await sideways(page)) <= 0, "no sideways scrolling on the form");
        await page.locator(".kiosk-dock button").first().click();
        await page.locator(".kiosk-card").first().waitFor();
        assert.ok((await sideways(page)) <= 0, "no sideways scrolling on the wall");
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
});
