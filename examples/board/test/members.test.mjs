// Members: joining by link, QR and typed code, online and not; the owner's screen; what a role may not do; being shut out, and what is left then.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { axe, findOnDisk, shot, SHOTS, sideways } from "./kiosk-harness.mjs";
import { joinBy, PHONE, startProfile, startServer, TABLET, WIDE } from "./members-harness.mjs";

const LANGUAGES = { da: "da-DK", nl: "nl-NL", en: "en-GB" };
let server;
let board;
/** The browser of the board's owner, who set the server up. */
let owner;
const open = [];

async function person(options) {
  const profile = await startProfile(options);
  open.push(profile);
  profile.context.setDefaultTimeout(15_000);
  await profile.page.addInitScript(() => {
    window.print = () => {
      window.printed = true;
    };
    // Making a PDF is no end of printing.
    window.addEventListener("afterprint", (e) => e.stopImmediatePropagation(), true);
  });
  return profile;
}
async function leave(profile) {
  open.splice(open.indexOf(profile), 1);
  await profile.close();
}
/** A new person with a role, by a link from the command line. */
async function joined(role, { wire = server, label = "", ...options } = {}) {
  const someone = await person(options);
  const { link } = await server.invite(board, role, `--label=${label}`);
  await joinBy(someone.page, link.replace(server.url, wire.url));
  await someone.page.locator(".dock").waitFor();
  return someone;
}
const at = (part, place = "", url = server.url) => `${url}/#b=${board}&v=${part}${place && `&p=${place}`}`;

/** Writes a post on a phone and comes back to the board. */
async function post(page, title, { url = server.url, kind = "Question" } = {}) {
  await page.goto(at("new", "", url));
  await page.getByRole("button", { name: kind }).first().click();
  await page.getByLabel("In one line").fill(title);
  const name = page.getByLabel("What shall we call you?");
  if (await name.count()) await name.fill("Ida");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.locator(".toast").waitFor();
}

/** Waits until those of a browser's files that hold a word are as they should be: it writes and tidies up when it likes. */
async function untilOnDisk(folder, word, fits, what) {
  for (let tries = 0; ; tries++) {
    const files = await findOnDisk(folder, word);
    if (fits(files)) return;
    assert.ok(tries < 100, `${what}: ${files}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

before(async () => {
  server = await startServer();
  owner = await person({ viewport: WIDE });
});
afterEach(() => server.cut(false));
after(async () => {
  await Promise.all(open.map((profile) => profile.close()));
  await server?.close();
});

test("the first owner opens the link from the terminal, makes a board, and gets codes for a kiosk, neighbours and volunteers", async () => {
  const { page } = owner;
  await page.goto(`${server.url}/#c=${await server.setup()}`);
  await page.locator(".code").waitFor();
  assert.equal(page.url(), `${server.url}/`, "the code is not in the address");
  await page.goto("about:blank");
  await page.goBack();
  assert.doesNotMatch(page.url(), /#c=/, "nor in the history");
  await page.locator(".join-form").waitFor();
  await page.getByLabel("Your code").fill((await server.setup()).toUpperCase().replace("-", " "));
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByLabel("Name of the board").fill("Lindegården");
  await page.getByText("Dansk", { exact: true }).click();
  await page.getByRole("button", { name: "Start the board" }).click();
  await page.locator(".invite-card").nth(2).waitFor();
  await page.locator(".invite-card .qr[role=img]").nth(2).waitFor();
  const codes = await page.locator(".code [aria-hidden]").allInnerTexts();
  assert.equal(new Set(codes).size, 3);
  for (const code of codes) assert.match(code, /^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$/);
  await shot(page, "members-first", { fullPage: true });
  const { boards: [made] } = await server.cli("board", "list");
  board = made.id;
  assert.equal(made.title, "Lindegården");
  await page.getByRole("button", { name: "To the board" }).click();
  await page.getByText("The board is empty.").waitFor();
});

test("whoever has a link to join with posts offline, and it is on the board when there is a connection again", async () => {
  const { link } = await server.invite(board, "resident", "--label=Stairwell 4");
  const ida = await person({});
  await ida.page.goto(link);
  await ida.page.getByText("With one press this device belongs to it.").waitFor();
  await shot(ida.page, "members-link");
  assert.equal(ida.page.url(), `${server.url}/`);
  await ida.page.getByRole("button", { name: "Yes, join" }).click();
  await ida.page.getByText("The board is empty.").waitFor();
  await ida.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  server.cut(true);
  await ida.page.getByText("No connection").waitFor();
  await post(ida.page, "Who has a long ladder?");
  await ida.page.goto(at("mine"));
  await ida.page.locator("[data-delivery=waiting]").waitFor();
  server.cut(false);
  await ida.page.getByRole("button", { name: "Try now" }).click().catch(() => {});
  await ida.page.locator("[data-delivery=board]").waitFor();
  await owner.page.getByText("Who has a long ladder?").waitFor();
  // Without internet the app opens as ever: nobody is asked who they are.
  server.cut(true);
  await ida.page.reload();
  await ida.page.getByRole("heading", { name: "My posts" }).waitFor();
  server.cut(false);
  await leave(ida);
});

test("a wrong code and too many of them are said in words, and a code that cannot be sent is kept until it can", async () => {
  const someone = await person({ viewport: TABLET });
  const { page } = someone;
  await page.goto(server.url);
  const field = page.getByLabel("Your code");
  await field.fill("abc");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText("A code has ten letters and figures. Compare").waitFor();
  await field.fill("OIL00 o-iL0x");
  assert.equal(await field.inputValue(), "01100-0110x", "what looks alike is put right, in two groups");
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText("This code does not work.").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  await shot(page, "members-wrong");

  const { code } = await server.invite(board, "resident");
  server.cut(true);
  await field.fill(code);
  await page.getByRole("button", { name: "Join" }).click();
  await page.getByText("The code is kept on this page").waitFor();
  await shot(page, "members-kept");
  assert.deepEqual(await findOnDisk(someone.folder, code), [], "it is kept in memory only");
  server.cut(false);
  await page.locator(".dock").waitFor();
  await leave(someone);
});

test("the owner makes an invitation on the screen; a second device joins with the code as somebody would read it aloud", async () => {
  const { page } = owner;
  await page.goto(at("owner", "invites"));
  await page.getByLabel("As what?").selectOption("connector");
  await page.getByText("Posts for neighbours who are not online").waitFor();
  await page.getByLabel("For whom?").fill("Desk on Tuesdays");
  await page.getByRole("button", { name: "Make the code" }).click();
  await page.locator(".invite-card .qr[role=img]").waitFor();
  const code = await page.locator(".code [aria-hidden]").innerText();
  assert.match(await page.locator(".code .screen-reader").innerText(), /^(\w ){4}\w, (\w ){4}\w$/, "one character at a time");
  assert.ok((await page.locator(".share-link").innerText()).endsWith(`#c=${code}`));
  await shot(page, "members-invite", { fullPage: true });
  await page.getByText("of 1 used").first().waitFor();

  const desk = await person({ viewport: WIDE });
  await desk.page.goto(`${server.url}/desk`);
  await desk.page.getByLabel("Your code").fill(code.toUpperCase().replace("-", " ").replace(/0/g, "O").replace(/1/g, "l"));
  await desk.page.getByText(`The code is ${[...code.slice(0, 5)].join(" ")}, ${[...code.slice(6)].join(" ")}.`).waitFor({ state: "attached" });
  await desk.page.getByLabel("Name of this device").fill("The desk's laptop");
  await desk.page.getByRole("button", { name: "Join" }).click();
  await desk.page.locator(".entry").waitFor();
  // A poster that is printed there has a number; whoever scans it comes to the board, and is counted.
  await desk.page.keyboard.press("Alt+4");
  const noted = desk.page.waitForResponse((r) => r.url().endsWith("/posters") && r.request().method() === "POST");
  await desk.page.getByRole("button", { name: "Print the poster" }).click();
  assert.ok((await noted).ok());
  const number = (await desk.page.locator(".roll").textContent()).match(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/)[0].replace(/-/g, "").toLowerCase();
  const scan = await fetch(`${server.url}/p/${number}`, { redirect: "manual" });
  assert.equal(scan.headers.get("location"), "/");
  await leave(desk);
  await page.goto(at("owner", "posters"));
  const row = page.getByRole("row", { name: "Poster of the board" });
  await row.getByRole("cell", { name: "1", exact: true }).waitFor();
  // It is called something else, and removed when it does not hang any more, with keys alone.
  const change = async () => {
    await page.getByRole("button", { name: "Change: " }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
  };
  await change();
  assert.deepEqual(await axe(page), []);
  await shot(page, "members-poster");
  await page.keyboard.press("Escape");
  const size = page.viewportSize();
  await page.setViewportSize(PHONE);
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  assert.equal(await sideways(page), 0, "with large text");
  await shot(page, "members-posters-large", { fullPage: true });
  await page.evaluate(() => (document.documentElement.style.fontSize = ""));
  await shot(page, "members-posters-phone", { fullPage: true });
  await page.setViewportSize(size);
  await change();
  await page.getByLabel("What it is called").fill("Laundry");
  await page.keyboard.press("Enter");
  await page.getByRole("row", { name: "Laundry" }).waitFor();
  assert.equal(await row.count(), 0);
  await change();
  await page.getByRole("button", { name: "Remove it from the list" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("No poster was scanned yet").waitFor();

  await page.goto(at("owner", "members"));
  const card = page.locator(".member", { hasText: "Desk on Tuesdays" });
  await card.getByText("The desk's laptop").waitFor();
  await card.getByText("volunteer", { exact: true }).waitFor();

  // A role until a day, on top of the other; then it ends.
  await card.getByRole("button", { name: "Roles" }).click();
  await card.getByLabel("Give a role").selectOption("moderator");
  await card.getByLabel("Until (if you like)").fill("2099-12-31");
  await card.getByRole("button", { name: "Give the role" }).click();
  await card.locator(".role-tags").getByText("until 31 December 2099").waitFor();
  await shot(page, "members-roles");
  await card.getByRole("button", { name: "Roles" }).click();
  await card.locator("li", { hasText: "moderator" }).getByRole("button", { name: "End" }).click();
  await card.locator(".role-tags").getByText("until 31 December 2099").waitFor({ state: "detached" });
  await page.goto(at("owner", "invites"));
  await page.locator(".invite-row", { hasText: "Desk on Tuesdays" }).getByText("all used").waitFor();
});

test("what a role may not do is not offered: an observer sees numbers only, a moderator says why, an owner says what becomes of an idea", async () => {
  const observer = await person({});
  await joinBy(observer.page, (await server.invite(board, "observer")).link);
  await observer.page.getByRole("heading", { name: "Numbers of this board" }).waitFor();
  assert.equal(await observer.page.getByText("Who has a long ladder?").count(), 0);
  await observer.page.getByRole("row", { name: "Kiosks" }).waitFor();
  await shot(observer.page, "members-observer");
  await leave(observer);

  const resident = await joined("resident");
  await post(resident.page, "Paint the shed blue", { kind: "Idea" });
  await resident.page.goto(at("owner"));
  await resident.page.getByText("You do not look after this board.").waitFor();
  await resident.page.goto(at("settings"));
  assert.equal(await resident.page.getByRole("link", { name: "Look after the board" }).count(), 0);

  const moderator = await joined("moderator");
  await moderator.page.getByText("Paint the shed blue").click();
  await moderator.page.getByRole("button", { name: "Moderate", exact: true }).click();
  await moderator.page.getByRole("dialog").getByRole("button", { name: "Hide" }).click();
  await moderator.page.getByText("Write the rule and the reason").waitFor();
  await moderator.page.getByLabel("Which house rule?").fill("No colours");
  await moderator.page.getByLabel("What is the reason?").fill("Blue is a colour.");
  await shot(moderator.page, "members-moderate");
  await moderator.page.getByRole("dialog").getByRole("button", { name: "Hide" }).click();
  await moderator.page.getByRole("heading", { name: "This post is hidden" }).waitFor();
  await resident.page.goto(at("mine"));
  await resident.page.getByText("No colours").waitFor();
  assert.equal(await resident.page.getByRole("button", { name: "Moderate" }).count(), 0);
  await moderator.page.getByRole("button", { name: "Moderate", exact: true }).click();
  await moderator.page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await moderator.page.getByRole("heading", { name: "Paint the shed blue" }).waitFor();

  // An offer of help like any entry: taken down with the reason, with the keyboard alone, and nobody takes down their own.
  await post(resident.page, "Carry a sofa", { kind: "Help wanted" });
  const helper = await joined("resident", { label: "Rude helper" });
  await helper.page.getByText("Carry a sofa").click();
  await helper.page.getByRole("button", { name: "I can help" }).click();
  await helper.page.getByLabel("What shall we call you?").fill("Bo");
  await helper.page.getByLabel("A few words to go with it").fill("Only if you pay me");
  await helper.page.locator("form", { hasText: "A few words to go with it" }).getByRole("button", { name: "Send" }).click();
  await helper.page.locator(".said", { hasText: "Only if you pay me" }).waitFor();
  assert.equal(await helper.page.getByRole("button", { name: /^Moderate/ }).count(), 0);
  await moderator.page.goto(at("board"));
  await moderator.page.getByText("Carry a sofa").click();
  await moderator.page.getByText("Only if you pay me").waitFor();
  await moderator.page.getByRole("button", { name: "Moderate: Bo" }).press("Enter");
  const dialog = moderator.page.getByRole("dialog");
  await dialog.getByRole("radio", { name: "Remove" }).check({ force: true });
  await dialog.getByLabel("Which house rule?").fill("Help is free");
  await dialog.getByLabel("What is the reason?").fill("Money was asked for.");
  assert.deepEqual(await axe(moderator.page), []);
  await shot(moderator.page, "members-moderate-offer");
  await dialog.getByRole("button", { name: "Remove" }).press("Enter");
  await moderator.page.getByText("Help is free").waitFor();
  await shot(moderator.page, "members-moderated-offer", { fullPage: true });
  for (const { page } of [helper, resident]) {
    await page.goto(at("board"));
    await page.getByText("Carry a sofa").click();
    await page.getByText("Help is free").waitFor();
    assert.equal(await page.getByText("Only if you pay me").count(), 0);
  }
  await leave(helper);
  await leave(moderator);
  await leave(resident);
});

test("a device that is shut out shows what was not sent, and then nothing of the person is left on it", async () => {
  const wire = await server.wire();
  const lost = await joined("resident", { wire, label: "Marguerite" });
  const { page, folder } = lost;
  await post(page, "Sourdough for Marguerite", { url: wire.url });
  await page.goto(at("mine", "", wire.url));
  await page.locator("[data-delivery=board]").waitFor();
  wire.cut(true);
  await page.getByText("No connection").waitFor();
  await post(page, "Unsent words of Marguerite", { url: wire.url });
  await page.goto(at("mine", "", wire.url));
  await page.locator("[data-delivery=waiting]").waitFor();
  await untilOnDisk(folder, "Sourdough for Marguerite", (files) => files.length > 0, "the search finds what is there");

  // The owner is quicker than the phone, which is still away.
  await owner.page.goto(at("owner", "members"));
  const member = owner.page.locator(".member", { hasText: "Marguerite" });
  await member.getByRole("button", { name: /^Shut out/ }).click();
  await member.getByText("Within a second it can read and write nothing more here").waitFor();
  await shot(owner.page, "members-shut-out");
  await member.getByRole("button", { name: "Yes, shut it out" }).click();
  await owner.page.getByText("is shut out.").waitFor();
  wire.cut(false);
  await page.getByRole("button", { name: "Try now" }).click().catch(() => {});
  await page.getByText("This device has forgotten the board.").waitFor();
  await page.getByText("Unsent words of Marguerite").waitFor();
  await page.getByText("It was also given to the owner").waitFor();
  assert.equal(await page.getByText("Sourdough").count(), 0, "what was sent is not shown again");
  await shot(page, "members-revoked", { fullPage: true });
  assert.deepEqual(await axe(page), []);

  const left = await page.evaluate(async () => ({
    databases: (await indexedDB.databases()).map((d) => d.name),
    storage: Object.keys(localStorage).filter((k) => k.startsWith("tavle")),
    caches: (await Promise.all((await caches.keys()).map(async (name) => {
      const cache = await caches.open(name);
      return Promise.all((await cache.keys()).map(async (r) => ((await (await cache.match(r)).text()).includes("Marguerite") ? r.url : "")));
    }))).flat().filter(Boolean),
  }));
  assert.deepEqual(left, { databases: [], storage: [], caches: [] });
  await page.getByRole("button", { name: "Join with a new code" }).click();
  await page.getByLabel("Your code").waitFor();
  // In tables of the browser's database the bytes stay until it tidies up, as syncd/docs/security.md says.
  const elsewhere = (files) => files.filter((f) => !/IndexedDB.*\.ldb$/.test(f));
  await untilOnDisk(folder, "Sourdough for Marguerite", (files) => elsewhere(files).length === 0, "nothing is left but in a table");
  await page.goto("about:blank");
  await lost.context.close();
  assert.deepEqual(elsewhere(await findOnDisk(folder, "Sourdough for Marguerite")), []);
  open.splice(open.indexOf(lost), 1);

  // What was not sent waits for the owner, who reads and deletes it.
  await owner.page.goto(at("owner", "refused"));
  await owner.page.getByText("Written before the device was shut out").first().waitFor();
  const texts = owner.page.getByRole("button", { name: "Show the text" });
  for (let n = await texts.count(); n > 0; n--) {
    await texts.first().click();
    await owner.page.waitForFunction((left) => [...document.querySelectorAll(".member-list button")].filter((b) => b.textContent.includes("Show the text")).length < left, n);
  }
  await owner.page.locator("blockquote", { hasText: "Unsent words of Marguerite" }).waitFor();
  await shot(owner.page, "members-refused");
  for (let n = await owner.page.locator(".member-list > li").count(); n > 0; n--) {
    await owner.page.getByRole("button", { name: "Delete" }).first().click();
    await owner.page.waitForFunction((left) => document.querySelectorAll(".member-list > li").length < left, n);
  }
  await owner.page.getByText("Nothing was refused.").waitFor();
});

test("who is taken off one of two boards sees what was not sent, and only that board goes from the device", async () => {
  const wire = await server.wire();
  const two = await joined("resident", { wire, label: "Colette" });
  const { page, folder } = two;
  const garden = (await server.cli("board", "create", "Garden")).id;
  const { code } = await server.invite(garden, "resident");
  await page.goto(at("join", "", wire.url));
  await page.getByLabel("Your code").fill(code);
  await page.locator(".join-form .button-primary").click();
  await page.getByRole("heading", { name: "My boards" }).waitFor();
  await post(page, "Rhubarb of Colette", { url: wire.url });
  await page.goto(at("mine", "", wire.url));
  await page.locator("[data-delivery=board]").waitFor();
  wire.cut(true);
  await page.getByText("No connection").waitFor();
  await post(page, "Unsent words of Colette", { url: wire.url });
  await page.goto(at("mine", "", wire.url));
  await page.locator("[data-delivery=waiting]").waitFor();

  await owner.page.goto(at("owner", "members"));
  const member = owner.page.locator(".member", { hasText: "Colette" });
  await member.getByRole("button", { name: "Take off the board" }).click();
  await owner.page.getByText("Their devices remove the board").waitFor();
  await member.getByRole("button", { name: "Yes, take off" }).click();
  await owner.page.locator(".toast", { hasText: "Colette" }).waitFor();
  // A server that answers with an error ends nothing.
  await page.context().route("**/v1/me", (route) => route.fulfill({ status: 503, body: "{}" }));
  wire.cut(false);
  await page.getByRole("button", { name: "Try now" }).click().catch(() => {});
  await page.waitForResponse((r) => r.url().endsWith("/v1/me") && r.status() === 503);
  await page.getByText("Unsent words of Colette").waitFor();
  assert.equal(await page.getByText("You are no longer on").count(), 0);
  await page.context().unroute("**/v1/me");
  await page.reload();
  await page.getByRole("heading", { name: "You are no longer on" }).waitFor();
  await page.getByText("Unsent words of Colette").first().waitFor();
  await page.getByText("It was also given to the owner").waitFor();
  await page.getByText("The board is gone from this device.").waitFor();
  assert.equal(await page.getByText("Rhubarb").count(), 0, "what was sent is not shown again");
  for (const [language, viewport, colorScheme] of [["da", PHONE, "dark"], ["nl", TABLET, "light"], ["en", WIDE, "dark"], ["en", PHONE, "light"]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.evaluate((language) => localStorage.setItem("tavle.settings", JSON.stringify({ ...JSON.parse(localStorage.getItem("tavle.settings")), language })), language);
    await page.reload();
    await page.locator(".revoked-main .banner").waitFor();
    assert.doesNotMatch(await page.locator("main").innerText(), /\b(ended|revoked)\.[a-z]/);
    assert.deepEqual(await axe(page), [], language);
    assert.ok((await sideways(page)) <= 0);
    await shot(page, `members-ended-${language}-${colorScheme}-${viewport.width}`, { fullPage: true });
  }
  // With the keyboard alone.
  await page.getByRole("button", { name: "Go on" }).focus();
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]); // the page begins anew
  await page.getByRole("link", { name: "Garden" }).waitFor();
  await page.goto(`${wire.url}/#v=boards`);
  await page.locator(".list-item", { hasText: "Garden" }).waitFor();
  assert.equal(await page.locator(".list-item").count(), 1);
  await page.goto("about:blank");
  await two.context.close();
  for (const words of ["Rhubarb of Colette", "Unsent words of Colette"])
    assert.deepEqual((await findOnDisk(folder, words)).filter((f) => !/IndexedDB.*\.(log|ldb)$/.test(f)), []);
  open.splice(open.indexOf(two), 1);
});

test("a tampered program's change is refused: its writer reads why and has the text, and the rest arrives", async () => {
  const cheat = await joined("resident", { label: "Tinkerer" });
  const { page } = cheat;
  await post(page, "My honest question");
  await page.goto(at("board"));
  await page.getByText("Who has a long ladder?").waitFor();
  // What a changed copy of the app would do: the page's own client, asked for what no screen offers.
  await page.evaluate(async () => {
    const root = document.getElementById("root");
    const fibers = [root[Object.keys(root).find((k) => k.startsWith("__reactContainer$"))]];
    let board;
    while (!board) {
      const fiber = fibers.pop();
      for (const next of [fiber.sibling, fiber.child]) if (next) fibers.push(next);
      board = fiber.memoizedProps?.value?.board;
    }
    const other = board.posts.get().find((p) => p.title === "Who has a long ladder?");
    await board.editPost(other.id, { title: "I was here" });
  });
  await post(page, "Written after it");
  const banner = page.locator(".refusals");
  await banner.getByText("Somebody else wrote this post or reply.").waitFor();
  await banner.getByText("I was here").waitFor();
  await shot(page, "members-refusal", { fullPage: true });
  assert.deepEqual(await axe(page), []);
  await owner.page.goto(at("board"));
  await owner.page.getByText("Written after it").waitFor();
  await owner.page.getByText("My honest question").waitFor();
  assert.equal(await owner.page.getByText("I was here").count(), 0);
  await page.goto(at("mine"));
  await page.locator(".refusals").waitFor();
  await page.locator("[data-delivery=board]").nth(1).waitFor();
  assert.equal(await page.locator("[data-delivery=board]").count(), 2, "the others are on the board");
  await page.goto(`${server.url}/desk`);
  await page.locator(".refusals").getByText("I was here").waitFor();
  assert.deepEqual(await axe(page), [], "a volunteer at the desk reads it too");
  await page.goto(at("mine"));
  await page.locator(".refusals").getByRole("button", { name: "I understand" }).click();
  await page.locator(".refusals").waitFor({ state: "detached" });
  await page.goto(at("board"));
  await page.getByText("Who has a long ladder?").waitFor();
  assert.equal(await page.getByText("I was here").count(), 0, "and on its own device the other's post is as it was");

  await owner.page.goto(at("owner", "refused"));
  const item = owner.page.locator("li", { hasText: "Tinkerer" });
  await item.getByText("It would have changed what somebody else wrote.").waitFor();
  await item.getByRole("button", { name: "Show the text" }).click();
  await item.locator("blockquote", { hasText: "I was here" }).waitFor();
  await leave(cheat);
});

test("letters: one page a household, in two languages, with a code that works, and how many were used", async () => {
  const { page } = owner;
  await page.goto(at("owner", "settings"));
  await page.getByLabel("Who answers for the data?").fill("Beboerhuset i Lindegården");
  await page.getByLabel("Where is the kiosk?").fill("Beboerhuset, Lindealle");
  await page.getByLabel("English").check();
  await page.getByLabel("House rules: English").fill("Write as you would talk in the stairwell.\nNo names of others.");
  await page.getByRole("button", { name: "Add a contact" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Ejendomskontoret");
  await page.getByLabel("Telephone").fill("00 00 00 00");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The change is saved.").waitFor().catch(async (cause) => {
    throw new Error(`instead of saying that it is saved, the page reads: ${await page.locator("body").innerText()}`, { cause });
  });
  await page.goto(at("about"));
  await page.getByText("No names of others.").waitFor();
  await page.getByText("Ejendomskontoret").waitFor();
  await page.goto(at("owner", "settings"));
  await page.locator("[data-delivery=board]").waitFor();
  assert.equal(await page.locator(".refusals").count(), 0, "the server has taken it");

  await page.goto(at("owner", "letters"));
  await page.getByLabel("How many?").fill("3");
  await page.getByLabel("For which houses?").fill("Lindealle 2–6");
  await page.getByLabel("First language").selectOption("da");
  await page.getByLabel("Second language").selectOption("en");
  await page.getByRole("button", { name: "Make the letters" }).click();
  await page.getByText("3 letters are ready").waitFor();
  await shot(page, "members-letters", { fullPage: true });
  for (const [language, second] of [["da", "en"], ["nl", "da"], ["en", "nl"]]) {
    await page.getByLabel("First language").selectOption(language);
    await page.getByLabel("Second language").selectOption(second);
    await page.evaluate(() => (window.printed = false));
    await page.getByRole("button", { name: "Print 3 letters" }).click();
    await page.waitForFunction(() => window.printed);
    await mkdir(SHOTS, { recursive: true });
    const pdf = (await page.pdf({ preferCSSPageSize: true, path: join(SHOTS, `members-letter-${language}.pdf`) })).toString("latin1");
    assert.equal([...pdf.matchAll(/\/Type\s*\/Page\b(?!s)/g)].length, 3, `${language}: one page a letter`);
    const words = await page.evaluate(() => [...document.querySelectorAll(".roll .letter")].map((l) => l.textContent));
    assert.equal(new Set(words.map((w) => /[0-9a-hjkmnp-tv-z]{5}–[0-9a-hjkmnp-tv-z]{5}/.exec(w)?.[0])).size, 3, "each has a code of its own");
    for (const word of [/Beboerhuset i Lindegården/, /Ejendomskontoret/, { da: /Hvis du hellere vil lade være/, nl: /Als u liever niet meedoet/, en: /If you would rather not/ }[language]]) assert.match(words[0], word);
    if (language === "nl") assert.doesNotMatch(await page.locator(".roll .letter-main").first().innerText(), /\b(je|jij|jouw)\b/i, "paper says u");
    const cut = await page.evaluate(() => {
      document.querySelector(".roll").style.display = "block";
      const letter = document.querySelector(".roll .letter");
      letter.style.width = "182mm";
      const over = letter.scrollHeight - letter.clientHeight;
      letter.style.width = document.querySelector(".roll").style.display = "";
      return over;
    });
    assert.ok(cut <= 1, `${language}: ${cut} px of the letter are cut off`);
  }
  const code = (await page.evaluate(() => document.querySelector(".roll .letter-code").textContent)).replace("–", "-");
  const household = await person({ locale: "da-DK" });
  await joinBy(household.page, `${server.url}/#c=${code}`);
  await household.page.locator(".dock").waitFor();
  await leave(household);
  await page.reload();
  await page.locator(".invite-row", { hasText: "Lindealle 2–6" }).getByText("1 of 3 used").waitFor();
});

test("what the server knows, one more device of one's own, and leaving", async () => {
  const ida = await joined("resident", { label: "Ida, 2nd floor" });
  const { page } = ida;
  await post(page, "Asked on the phone");
  await page.goto(at("settings"));
  await page.getByRole("link", { name: "What the server knows about me" }).click();
  await page.getByText("Ida, 2nd floor").first().waitFor();
  await page.getByText("Nothing that you wrote").waitFor();
  await page.getByRole("button", { name: "Show a code" }).click();
  await page.locator(".invite-card .qr[role=img]").waitFor();
  const code = await page.locator(".code [aria-hidden]").innerText();
  await shot(page, "members-known", { fullPage: true });

  const tablet = await person({ viewport: TABLET });
  await joinBy(tablet.page, `${server.url}/#c=${code}`);
  await tablet.page.goto(at("mine"));
  await tablet.page.getByText("Asked on the phone").waitFor();
  await page.reload();
  const other = page.locator(".device").filter({ hasNotText: "this device" });
  await other.getByRole("button", { name: /^Shut out/ }).click();
  await page.getByRole("button", { name: "Yes, shut it out" }).click();
  await tablet.page.getByText("This device has forgotten the board.").waitFor();
  await leave(tablet);

  await page.getByRole("button", { name: "Leave …" }).click();
  await page.getByRole("button", { name: "Yes, leave" }).click();
  await page.getByText("This device has forgotten the board.").waitFor();
  assert.deepEqual(await page.evaluate(async () => (await indexedDB.databases()).map((d) => d.name)), []);
  await leave(ida);
});

test("the owner names subjects of the board in its languages; whoever writes chooses them, and one that is offered no more stays", async () => {
  const { page } = owner;
  await page.goto(at("owner", "settings"));
  await page.getByRole("button", { name: "Add a subject" }).press("Enter");
  await page.getByLabel("English", { exact: true }).check();
  await page.getByLabel("Name: English").fill("Laundry room");
  await page.getByLabel("Name: Dansk").fill("Vaskeri");
  assert.deepEqual(await axe(page), []);
  await shot(page, "members-categories", { fullPage: true });
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".toast").waitFor();
  const ida = await joined("resident", { locale: "da-DK", colorScheme: "dark" });
  await ida.page.goto(at("new"));
  await ida.page.locator(".kind-tile[data-kind=question]").click();
  await ida.page.getByLabel("Vaskeri").press("Space");
  await ida.page.getByLabel("På én linje").fill("Hvornår er der ledigt?");
  const name = ida.page.getByLabel("Hvad skal vi kalde dig?");
  if (await name.count()) await name.fill("Ida");
  assert.deepEqual(await axe(ida.page), []);
  await shot(ida.page, "members-category-form", { fullPage: true });
  await ida.page.locator("form button[type=submit]").click();
  await ida.page.locator("article .stamp", { hasText: "Vaskeri" }).waitFor();
  await shot(ida.page, "members-category-post", { fullPage: true });
  await page.goto(at("owner", "settings"));
  await page.getByLabel("Not offered for new posts any more").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".toast").waitFor();
  await page.goto(at("new"));
  await page.locator(".kind-tile[data-kind=question]").click();
  await page.getByLabel("In one line").waitFor();
  assert.equal(await page.getByLabel("Laundry room").count(), 0);
  await page.goto(at("board"));
  await page.getByText("Hvornår er der ledigt?").click();
  await page.locator("article .stamp", { hasText: "Laundry room" }).waitFor();
  await leave(ida);
});

test("a kiosk joins once, and is the wall from then on; a demo joins by itself and says so", async () => {
  const kiosk = await person({ viewport: { width: 1080, height: 1920 }, locale: "da-DK" });
  await kiosk.page.goto(`${server.url}/kiosk`);
  await kiosk.page.getByRole("heading", { name: "Gør denne skærm til tavle" }).waitFor();
  await shot(kiosk.page, "members-kiosk-join");
  const { link } = await server.invite(board, "visitor", "--label=Beboerhuset");
  assert.match(link, /\/kiosk#c=/);
  await kiosk.page.goto("about:blank");
  await joinBy(kiosk.page, link);
  await kiosk.page.locator(".kiosk").getByText("Who has a long ladder?").waitFor();
  assert.equal(kiosk.page.url(), `${server.url}/kiosk`);
  await kiosk.page.reload();
  await kiosk.page.locator(".kiosk").getByText("Who has a long ladder?").waitFor();
  await owner.page.goto(at("owner", "members"));
  await owner.page.locator(".member", { hasText: "Beboerhuset" }).getByText("kiosk", { exact: true }).first().waitFor();
  await shot(owner.page, "members-people", { fullPage: true });
  await leave(kiosk);

  const demo = await startServer({ demo: true });
  try {
    const visitor = await person({});
    await visitor.page.goto(demo.url);
    await visitor.page.getByText("This is a demo on this machine. You are one of its owners").waitFor();
    await visitor.page.locator(".card").first().waitFor();
    await shot(visitor.page, "members-demo");
    await visitor.page.goto(`${demo.url}/#v=owner&p=invites`);
    await visitor.page.getByRole("button", { name: "Make the code" }).waitFor();
    await leave(visitor);
    const desk = await person({ viewport: WIDE });
    const { page } = desk;
    await page.goto(`${demo.url}/desk`);
    await page.getByText("This is a demo on this machine. You are one of its owners").waitFor();
    await page.getByText("Practice board – nothing here is real").waitFor();
    for (const [language, viewport, colorScheme] of [["da", PHONE, "dark"], ["nl", TABLET, "dark"], ["en", WIDE, "light"]]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(viewport);
      await page.locator(".desk-select select").selectOption(language);
      await page.locator(`html[lang=${language}] .desk-main .banner`).waitFor();
      assert.deepEqual(await axe(page), [], language);
      assert.ok((await sideways(page)) <= 0, language);
      await shot(page, `members-demo-desk-${language}`);
    }
    await page.getByRole("button", { name: "Close" }).press("Enter");
    await page.getByText("This is a demo on this machine").waitFor({ state: "detached" });
    await page.reload();
    await page.locator(".entry").waitFor();
    assert.equal(await page.getByText("This is a demo on this machine").count(), 0, "once a visit");
    await leave(desk);
    const wall = await person({ viewport: WIDE });
    await wall.page.goto(`${demo.url}/kiosk`);
    await wall.page.locator(".kiosk-card-title").first().waitFor();
    await leave(wall);
  } finally {
    await demo.close();
  }
});

test("too many wrong codes: how long to wait, and nothing can be pressed meanwhile", async () => {
  const alone = await startServer();
  try {
    const guesser = await person({});
    await guesser.page.goto(alone.url);
    const wait = guesser.page.getByText(/Too many tries\. Wait \d+ seconds?/);
    for (let i = 0; i < 30 && !(await wait.count()); i++) {
      await guesser.page.getByLabel("Your code").fill(`0000000${String(i).padStart(3, "0")}`);
      await guesser.page.getByRole("button", { name: "Join" }).click();
      await guesser.page.locator(".field-error, .join-form .banner").first().waitFor();
    }
    await wait.waitFor();
    assert.ok(await guesser.page.getByRole("button", { name: "Join" }).isDisabled());
    await shot(guesser.page, "members-slow");
    await leave(guesser);
  } finally {
    await alone.close();
  }
});

test("no screen of members has violations, in three languages, light and dark; all fit at 400 % and with text twice as large", async () => {
  const check = async (page, name) => {
    assert.deepEqual(await axe(page), [], name);
    const size = page.viewportSize();
    await page.setViewportSize({ width: 320, height: 256 });
    assert.ok((await sideways(page)) <= 0, `${name} scrolls sideways at 400 %`);
    await page.setViewportSize(size);
    await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
    assert.ok((await sideways(page)) <= 0, `${name} scrolls sideways with large text`);
    await page.evaluate(() => document.documentElement.style.removeProperty("font-size"));
  };
  for (const [language, locale] of Object.entries(LANGUAGES)) {
    const stranger = await person({ locale, colorScheme: language === "nl" ? "dark" : "light" });
    for (const path of ["/", "/kiosk", "/desk"]) {
      await stranger.page.goto(server.url + path);
      await stranger.page.locator(".join-form").waitFor();
      await check(stranger.page, `${language} join ${path}`);
    }
    await leave(stranger);
  }
  await leave(await joined("ambassador"));
  const { page } = owner;
  for (const language of Object.keys(LANGUAGES)) {
    for (const theme of ["light", "dark"]) {
      await page.evaluate(([language, theme]) => localStorage.setItem("tavle.settings", JSON.stringify({ ...JSON.parse(localStorage.getItem("tavle.settings")), language, theme })), [language, theme]);
      await page.setViewportSize(theme === "dark" ? PHONE : WIDE);
      await page.goto(at("boards"));
      await page.reload();
      for (const [view, place] of [["owner"], ["owner", "members"], ["owner", "invites"], ["owner", "letters"], ["owner", "settings"], ["owner", "refused"], ["owner", "posters"], ["owner", "numbers"], ["owner", "rights"], ["known"], ["join"], ["first"], ["boards"], ["settings"]]) {
        await page.goto(at(view, place));
        await page.locator("main h1").first().waitFor();
        await page.locator("main p[role=status].quiet", { hasText: "…" }).waitFor({ state: "detached" });
        if (["members", "known"].includes(place ?? view)) await page.locator(".device").first().waitFor();
        if (place === "numbers") await page.locator(".owner-table caption").waitFor();
        await shot(page, `members-${language}-${theme}-${view}${place ? `-${place}` : ""}`, { fullPage: true });
        await check(page, `${language} ${theme} ${view} ${place ?? ""}`);
        const words = await page.locator("main").innerText();
        assert.doesNotMatch(words, /\b(owner|invite|known|letters|rights|role|join|problem|device|refused)\.[a-z]/, `${language} ${view}: a sentence is missing`);
      }
    }
  }
});
