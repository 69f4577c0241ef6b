// What owners need of their board: the roles that nobody has, the board in other hands, and who did what.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { axe, shot, sideways } from "./kiosk-harness.mjs";
import { joinBy, PHONE, startProfile, startServer, WIDE } from "./members-harness.mjs";

const LANGUAGES = { da: "da-DK", nl: "nl-NL", en: "en-GB" };
const STARTED = { da: "Tavlen blev startet.", nl: "Het prikbord is gestart.", en: "The board was started." };
let server;
let board;
const open = [];

/** A new person with a role, in a browser of their own. */
async function joined(role, label, options = {}) {
  const profile = await startProfile({ viewport: WIDE, ...options });
  open.push(profile);
  profile.context.setDefaultTimeout(15_000);
  const { link } = await server.invite(board, role, `--label=${label}`);
  await joinBy(profile.page, link);
  await profile.page.locator(".dock").waitFor();
  return profile;
}
const at = (place) => `${server.url}/#b=${board}&v=owner&p=${place}`;
const missing = (page) => page.locator(".banner", { has: page.locator("h2") });

/** Gives somebody a role on the screen of the members. */
async function give(page, name, role) {
  const card = page.locator(".member", { hasText: name });
  await card.getByRole("button", { name: "Roles" }).click();
  await card.getByLabel("Give a role").selectOption(role);
  await card.getByRole("button", { name: "Give the role" }).click();
  await card.getByRole("dialog").waitFor({ state: "hidden" });
}

before(async () => {
  server = await startServer();
  await server.cli("board", "create", "Lindeparken");
  board = (await server.cli("board", "list")).boards[0].id;
});
after(async () => {
  await Promise.all(open.map((profile) => profile.close()));
  await server?.close();
});

test("a role that nobody has is named to the owner, with what it is for and a way to invite, until somebody has it", async () => {
  const { page } = await joined("owner", "Old association");
  await joined("resident", "Harbour housing");
  await page.goto(at("members"));
  const sheet = missing(page);
  await sheet.getByRole("heading", { name: "Nobody has these roles yet" }).waitFor();
  assert.deepEqual((await sheet.locator("li strong").allInnerTexts()), ["moderator", "matchmaker", "volunteer", "deputy owner"]);
  assert.deepEqual(await axe(page), []);
  await shot(page, "needs-roles", { fullPage: true });
  await page.setViewportSize(PHONE);
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  assert.equal(await sideways(page), 0, "with large text");
  await page.evaluate(() => (document.documentElement.style.fontSize = ""));
  await page.setViewportSize(WIDE);
  await give(page, "Harbour housing", "moderator");
  await sheet.locator("li", { hasText: "moderator" }).waitFor({ state: "detached" });
  assert.deepEqual((await sheet.locator("li strong").allInnerTexts()), ["matchmaker", "volunteer", "deputy owner"]);
  for (const role of ["matchmaker", "connector"]) await give(page, "Harbour housing", role);
  await sheet.locator("li").nth(1).waitFor({ state: "detached" });
  await sheet.getByRole("link", { name: "Invite somebody" }).click();
  await page.getByRole("heading", { name: "Invitations", exact: true }).waitFor();
  await page.goto(at("members"));
  await give(page, "Harbour housing", "deputy");
  await sheet.waitFor({ state: "detached" });

  // A deputy is offered nothing against an owner that the server would refuse.
  const offered = async ({ page }, name) => {
    await page.goto(at("members"));
    const card = page.locator(".member", { hasText: name });
    await card.getByRole("button", { name: "Rename" }).first().waitFor();
    return Promise.all(["Take off the board", /^Shut out/].map((name) => card.getByRole("button", { name }).count()));
  };
  assert.deepEqual(await offered(open[1], "Old association"), [0, 0]);
  assert.deepEqual(await offered(open[0], "Harbour housing"), [1, 1]);
});

test("a board in other hands: the old owner's devices see nothing of it any more, and what was done says who did it", async () => {
  const [{ page: old }, { page: heir }] = open;
  await old.evaluate((board) => fetch(`/v1/boards/${board}/invites`, { method: "POST", headers: { "content-type": "application/json" }, body: '{"role":"moderator","label":"Way back"}' }), board);
  await old.goto(at("members"));
  await give(old, "Harbour housing", "owner");
  await heir.goto(at("members"));
  const card = heir.locator(".member", { hasText: "Old association" });
  await card.getByRole("button", { name: "Take off the board" }).click();
  await card.getByRole("button", { name: "Yes, take off" }).click();
  await heir.locator(".toast", { hasText: "Old association does not belong to the board any more. 1 invitation of theirs does not work any more." }).waitFor();
  const statuses = await old.evaluate(async (board) => {
    const ask = async (path, method = "GET") => (await fetch(`/v1/boards/${board}/${path}`, { method, headers: { "content-type": "application/json" }, body: method === "GET" ? undefined : "{}" })).status;
    return [await ask("members"), await ask("audit"), await ask("numbers"), await ask("archive", "POST")];
  }, board);
  assert.deepEqual(statuses, [404, 404, 404, 404]);
  await card.waitFor({ state: "detached" });
  assert.equal(await heir.locator(".member").count(), 1, "the others are as they were");
  await old.getByRole("heading", { name: "You are no longer on Lindeparken" }).waitFor();
  await old.getByRole("button", { name: "Go on" }).click();
  await old.getByRole("heading", { name: "You belong to no board now" }).waitFor();
  await shot(old, "needs-old-owner", { fullPage: true });
  assert.equal(await old.getByText("Harbour housing").count(), 0);

  await heir.goto(at("history"));
  await heir.getByRole("heading", { name: "What was done" }).waitFor();
  const entries = heir.locator(".owner-part ol > li");
  await entries.first().waitFor();
  const texts = await entries.allInnerTexts();
  assert.match(texts[0], /^Old association was taken off the board: owner\. 1 invitation of theirs does not work any more\.\s+.*by Harbour housing \(you\)$/s);
  assert.match(texts[1], /^Harbour housing \(you\) got a role: owner\.\s+.*by Old association$/s);
  assert.match(texts.at(-1), /^The board was started\.\s+.*by whoever runs the server$/s);
  assert.deepEqual(await axe(heir), []);
  await shot(heir, "needs-history", { fullPage: true });
  await heir.goto(at("invites"));
  await heir.locator(".invite-row[data-open=false]", { hasText: "Way back" }).getByText("whoever made it may not invite any more").waitFor();
});

test("what was done is read on a phone in three languages, page by page", async () => {
  for (let n = 0; n < 30; n++) {
    await server.cli("invite", `--board=${board}`, "--role=resident");
    await server.cli("board", "rename", `Lindeparken ${n}`, `--board=${board}`);
  }
  for (const [language, locale] of Object.entries(LANGUAGES)) {
    const { page } = await joined("deputy", `Deputy ${language}`, { locale, viewport: PHONE });
    await page.goto(at("history"));
    const entries = page.locator(".owner-part ol > li");
    await entries.nth(49).waitFor();
    assert.equal(await entries.count(), 50);
    assert.equal(await sideways(page), 0);
    assert.deepEqual(await axe(page), []);
    await shot(page, `needs-history-${language}`);
    const more = page.locator(".owner-part > div > button");
    await more.click();
    await more.waitFor({ state: "detached" });
    const texts = await entries.allInnerTexts();
    assert.ok(texts.at(-1).startsWith(STARTED[language]), "the last page ends with the first thing that was done");
    assert.ok(!texts.some((text) => text.includes("history.")));
    await page.goto(at("members"));
    await page.locator(".member").first().waitFor();
    assert.equal(await sideways(page), 0);
    await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
    assert.equal(await sideways(page), 0, "with large text");
  }
});

test("two owners with the settings open at once: both keep what they changed", async () => {
  const [one, two] = [await joined("owner", "Association"), await joined("owner", "Caretaker")];
  for (const { page } of [one, two]) {
    await page.goto(at("settings"));
    await page.locator(".owner-settings").waitFor();
  }
  await one.page.getByLabel("Name of the board").fill("Lindeparken 2");
  await one.page.getByLabel("Where is the kiosk?").fill("Yard 4");
  await one.page.getByRole("button", { name: "Save" }).click();
  await two.page.locator(".head-title", { hasText: "Lindeparken 2" }).waitFor();
  await two.page.getByLabel("About the board").first().fill("For all of us.");
  await two.page.getByRole("button", { name: "Save" }).click();
  await two.page.locator(".toast").waitFor();
  assert.equal(await two.page.getByLabel("Where is the kiosk?").inputValue(), "Yard 4", "the form shows what stands");
  // Saved once more, nothing is changed back.
  await two.page.getByRole("button", { name: "Save" }).click();
  await two.page.locator(".owner-settings .delivery").getByText("On the board").waitFor();
  await one.page.goto(at("numbers"));
  await one.page.goto(at("settings"));
  await one.page.getByLabel("About the board").first().waitFor();
  const values = ["Name of the board", "About the board", "Where is the kiosk?"].map((label) => one.page.getByLabel(label).first().inputValue());
  assert.deepEqual(await Promise.all(values), ["Lindeparken 2", "For all of us.", "Yard 4"]);
});

test("a board that is renamed offline has its new name everywhere when there is a connection", async () => {
  const { page } = await joined("owner", "Offline");
  await page.goto(at("settings"));
  await page.getByLabel("Name of the board").fill("Lime park");
  server.cut(true);
  await page.getByRole("button", { name: "Save" }).click();
  await page.locator(".toast").waitFor();
  assert.deepEqual(await page.locator(".toast").allInnerTexts().then((all) => all.filter((x) => !/saved/i.test(x))), []);
  server.cut(false);
  for (let tries = 0; (await server.cli("board", "list")).boards[0].title !== "Lime park"; tries++) {
    assert.ok(tries < 100, "the server keeps the old title");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
});
