// What a visitor needs of the kiosk, each named by its need: from a cold start without internet, by few taps, with answers that count.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { axe, shot, startBrowser, startHouse, until } from "./kiosk-harness.mjs";

let house;
before(async () => {
  house = await startHouse();
});
after(() => house?.close());

/** A tablet: a profile on disk, on which the app was open once with internet and its service worker is at work. */
async function withTablet(run, options = {}) {
  const profile = await mkdtemp(join(tmpdir(), "tavle-tablet-"));
  const context = await startBrowser(profile, { locale: "en-GB", viewport: { width: 1280, height: 800 }, hasTouch: true, ...options });
  try {
    await run(context);
  } finally {
    house.cut(false);
    await context.close().catch(() => {});
    await rm(profile, { recursive: true, force: true });
  }
}

async function openWall(context) {
  const page = await context.newPage();
  await page.addInitScript(() => {
    window.print = () => {
      window.printed = (window.printed ?? 0) + 1;
    };
  });
  await page.goto(`${house.url}/kiosk`);
  await page.locator(".kiosk-card").first().waitFor();
  return page;
}

/** workerAtWork waits until the page is controlled, and everything is kept for offline. */
async function workerAtWork(page) {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
  assert.match(await page.evaluate(() => navigator.serviceWorker.controller.scriptURL), /\/sw\.js$/);
}

/** written: the board and a page of posts are on the disk, not only in the window. Runs in the page. */
async function written() {
  let documents = new Set();
  for (const { name } of await indexedDB.databases()) {
    const db = await new Promise((resolve) => (indexedDB.open(name).onsuccess = (e) => resolve(e.target.result)));
    for (const store of db.objectStoreNames) {
      const keys = await new Promise((resolve) => (db.transaction(store).objectStore(store).getAllKeys().onsuccess = (e) => resolve(e.target.result)));
      documents = documents.union(new Set(keys.filter((k) => k[1] === "snapshot" || k[1] === "incremental").map((k) => k[0])));
    }
    db.close();
  }
  return documents.size >= 2;
}

/** coldWithoutInternet closes the page that is open, cuts the wire and opens the kiosk anew. */
async function coldWithoutInternet(context) {
  const first = await openWall(context);
  await workerAtWork(first);
  await first.waitForFunction(written);
  house.cut(true);
  await first.close();
  return openWall(context);
}

/** post writes a post at the kiosk and gives it as the others see it. */
async function write(page, kind, title, author) {
  await page.getByRole("button", { name: "New post" }).tap();
  await page.getByRole("button", { name: kind }).tap();
  await page.keyboard.type(title);
  await page.getByLabel("What shall we call you?").fill(author);
  await page.getByRole("button", { name: "Post", exact: true }).tap();
  await page.getByText("Thank you. It is saved.").waitFor();
}

async function reply(page, title, words, author) {
  await page.locator(".kiosk-card", { hasText: title }).locator("button").tap();
  await page.getByRole("button", { name: "Reply" }).tap();
  await page.getByLabel("What would you like to say?").fill(words);
  await page.getByLabel("What shall we call you?").fill(author);
  await page.getByRole("button", { name: "Send" }).tap();
  await page.getByText("Thank you. It is saved.").waitFor();
}

const arrived = async (title, fits = () => true) => (await until(house.board.posts, (posts) => posts.some((p) => p.title === title && fits(p)))).find((p) => p.title === title);

test("E1 a first-time visitor seeks company in at most six taps, on a kiosk that started cold without internet; it arrives later", async () => {
  await withTablet(async (context) => {
    const page = await coldWithoutInternet(context);
    await page.getByText("No internet").first().waitFor();
    let taps = 0;
    const tap = async (target) => {
      taps++;
      await target.tap();
    };
    await tap(page.getByRole("button", { name: "New post" }));
    await tap(page.getByRole("button", { name: "Seeking company" }));
    await page.keyboard.type("A walk round the lake");
    await tap(page.getByLabel("What shall we call you?"));
    await page.keyboard.type("Inger");
    await tap(page.getByRole("button", { name: "Post", exact: true }));
    await page.getByText("Thank you. It is saved.").waitFor();
    assert.ok(taps <= 6, `${taps} taps`);
    assert.match(await page.locator(".kiosk-done-state").innerText(), /Waiting to be sent|Saved on this device/);
    assert.match(await page.locator(".kiosk-state").innerText(), /1 thing is waiting/);

    // The visitor leaves, the kiosk is switched off and on: it still says what waits, and sends it.
    await page.getByRole("button", { name: "Finish" }).tap();
    await page.close();
    const again = await openWall(context);
    await again.getByText("1 thing is waiting").waitFor();
    house.cut(false);
    const post = await arrived("A walk round the lake");
    assert.deepEqual([post.kind, post.author, post.origin], ["companion", "Inger", "kiosk"]);
    await again.getByText("waiting", { exact: false }).waitFor({ state: "detached" });
  });
});

test("E3 a reply at the kiosk to what an earlier visitor posted there is an answer; one's own is none, and nothing links the visits", async () => {
  await withTablet(async (context) => {
    const page = await openWall(context);
    await write(page, "Question", "Who has seen a blue glove?", "Aage");
    await page.getByRole("button", { name: "To the board" }).tap();
    await reply(page, "Who has seen a blue glove?", "The left one.", "Aage");
    const asked = await arrived("Who has seen a blue glove?", (p) => p.replies.length === 1);
    assert.equal(asked.answered, false, "one's own reply");
    await page.getByRole("button", { name: "Finish" }).tap();

    await reply(page, "Who has seen a blue glove?", "It lies on the stairs.", "Tove");
    const answered = await arrived("Who has seen a blue glove?", (p) => p.replies.length === 2);
    assert.equal(answered.answered, true, "another visitor's reply");
    const visits = [answered.createdBy, answered.replies[1].createdBy];
    assert.equal(answered.replies[0].createdBy, visits[0]);
    assert.notEqual(visits[1], visits[0]);

    // After a start, too, it is somebody else; and no visit is remembered on the tablet.
    await page.getByRole("button", { name: "Finish" }).tap();
    const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
    for (const visit of visits) assert.ok(!kept.includes(visit));
    await page.reload();
    await page.locator(".kiosk-card").first().waitFor();
    await reply(page, "Who has seen a blue glove?", "I have taken it to the office.", "Bo");
    const last = (await arrived("Who has seen a blue glove?", (p) => p.replies.length === 3)).replies[2].createdBy;
    assert.ok(!visits.includes(last));
  });
});

test("M5 a poster printed at the kiosk opens its post, is counted without saying who, and works where nobody counts or without internet", async () => {
  await withTablet(async (context) => {
    const page = await openWall(context);
    const title = await page.locator(".kiosk-card-title").first().innerText();
    await page.locator(".kiosk-card-title button").first().tap();
    await page.getByRole("button", { name: "Print a poster" }).tap();
    await page.waitForFunction(() => window.printed === 1);
    const said = await page.locator(".roll").textContent();
    assert.ok(said.includes(title));
    const number = /Poster ((?:[0-9A-Z]{4}-){2}[0-9A-Z]{4})/.exec(said)?.[1].replaceAll("-", "").toLowerCase();
    assert.match(number, /^[0-9a-hjkmnp-tv-z]{12}$/);
    const post = house.board.posts.get().find((p) => p.title === title);
    const link = `${house.url}/p/${number}#b=${house.board.id}&p=${post.id}`;

    // Printed again, it is another sheet of paper.
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    await page.getByRole("button", { name: "Print a poster" }).tap();
    await page.waitForFunction(() => window.printed === 2);
    assert.ok(!(await page.locator(".roll").textContent()).includes(number.toUpperCase().match(/.{4}/g).join("-")));

    // A phone that was never here scans it where the server counts.
    const counts = house.countPosters(true);
    const browser = await startBrowser();
    try {
      const stranger = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: "en-GB" });
      const phone = await stranger.newPage();
      const asked = [];
      phone.on("request", (r) => asked.push(r.url()));
      await phone.goto(link);
      await phone.getByRole("heading", { name: title }).waitFor();
      assert.deepEqual([...counts], [[number, 1]]);
      assert.ok(asked.every((url) => new URL(url).host === new URL(house.url).host), "own origin only");
      assert.ok(asked.every((url) => !new URL(url).pathname.includes(post.id)), "the server is not told which post");

      // With the app installed a scan counts as well; and it opens where nobody counts, and without internet.
      await workerAtWork(phone);
      const open = async () => {
        const next = await stranger.newPage();
        await next.goto(link);
        await next.getByRole("heading", { name: title }).waitFor();
        assert.equal(new URL(next.url()).pathname, "/");
        await next.close();
      };
      await open();
      assert.equal(counts.get(number), 2);

      // The desk shows the count.
      const desk = await stranger.newPage();
      await desk.goto(`${house.url}/desk`);
      await desk.locator(".entry").waitFor();
      await desk.keyboard.press("Alt+5");
      const row = desk.locator(".poster-scans li", { hasText: number.slice(0, 4).toUpperCase() });
      assert.equal(await row.locator("strong").innerText(), "2");
      await shot(desk, "desk-scans");

      house.countPosters(false);
      await open();
      await desk.keyboard.press("Alt+1");
      await desk.keyboard.press("Alt+5");
      await desk.locator(".figures").waitFor();
      assert.equal(await desk.locator(".poster-scans").count(), 0, "nothing is shown where nobody counts");
      house.cut(true);
      await open();
    } finally {
      house.cut(false);
      house.countPosters(false);
      await browser.close();
    }
  });
});

test("Dutch says u on every screen of the kiosk, and no screen lets a key show itself", async () => {
  await withTablet(
    async (context) => {
      const page = await openWall(context);
      /** What the app itself says: without posts, which have a language of their own. */
      const look = async (name) => {
        const said = await page.evaluate(() => {
          const copy = document.body.cloneNode(true);
          for (const e of copy.querySelectorAll(".kiosk-card, .kiosk-post-paper [lang], .prose, .kiosk-write-head .quiet, script")) e.remove();
          const labels = [...copy.querySelectorAll("[aria-label], [placeholder], [title]")].flatMap((e) => [e.getAttribute("aria-label"), e.getAttribute("placeholder"), e.title]);
          return `${copy.textContent} ${labels.join(" ")}`;
        });
        assert.doesNotMatch(said, /\b(je|jij|jou|jouw|jullie)\b/i, name);
        assert.doesNotMatch(said, /\b(kiosk|post|form|print|kind|board)\.[a-z]+[A-Z]?\w*/, name);
      };
      await look("wall");
      await page.locator(".kiosk-help").tap();
      await look("help");
      await page.keyboard.press("Escape");
      await page.locator(".kiosk-card-title button").first().tap();
      await look("post");
      await page.locator(".kiosk-acts .button").first().tap();
      await look("help form");
      await page.locator("textarea").fill("Bel 06 12345678 of mail tove@example.nl, burn-out");
      await page.locator(".kiosk-write-acts .button-primary").tap();
      await look("help form, hints and errors");
      await page.locator(".kiosk-dock .button").first().tap();
      await page.locator(".kiosk-dock .button-primary").tap();
      await look("kinds");
      for (let kind = 0; kind < 9; kind++) {
        await page.locator(".kiosk-choose button").nth(kind).tap();
        await page.locator(".kiosk-write-acts .button-primary").tap();
        await page.locator(".field-error").first().waitFor();
        await look(`form ${kind}`);
        await page.locator(".kiosk-dock .button").first().tap();
        await page.locator(".kiosk-dock .button-primary").tap();
      }
      assert.deepEqual(await axe(page), []);
    },
    { locale: "nl-NL" },
  );
});
