// What members are shown: the words of their language on every screen and on paper, and the views that are theirs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { joinBy, PHONE, startProfile, startServer, WIDE } from "./members-harness.mjs";

let server;
let board;
const open = [];

/** A new person with a role, in a browser of their own. */
async function joined(role, options = {}) {
  const profile = await startProfile({ viewport: WIDE, ...options });
  open.push(profile);
  profile.context.setDefaultTimeout(15_000);
  await profile.page.addInitScript(() => {
    window.print = () => {
      window.printed = true;
    };
  });
  const { link } = await server.invite(board, role);
  await joinBy(profile.page, link);
  await profile.page.locator(".dock").waitFor();
  return profile;
}
const go = (page, view, place = "") => page.evaluate((hash) => (location.hash = hash), `#b=${board}&v=${view}${place && `&p=${place}`}`);
/** Writes a post that asks for help; it is open then. */
async function post(page, title) {
  await go(page, "new");
  await page.locator(".kind-tile[data-kind=request]").click();
  await page.getByLabel("In one line").fill(title);
  await page.getByLabel("What shall we call you?").fill("Ada");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.locator("article.post").getByText("On the board").waitFor();
}
/** What looks like a key of a message instead of a sentence. */
const keysIn = (text) => text.match(/\b[a-z][A-Za-z]*\.[a-z][A-Za-z]*(\.[A-Za-z]+)*\b/g) ?? [];

before(async () => {
  server = await startServer();
  await server.cli("board", "create", "Lindeparken");
  board = (await server.cli("board", "list")).boards[0].id;
});
after(async () => {
  await Promise.all(open.map((profile) => profile.close()));
  await server?.close();
});

test("whoever tries another language and comes back reads words everywhere, no keys", async () => {
  const { page } = await joined("owner", { locale: "da-DK" });
  await go(page, "settings");
  await page.getByText("English", { exact: true }).click();
  await page.getByRole("heading", { name: "More" }).waitFor();
  await go(page, "owner", "settings"); // its words are fetched in English
  await page.getByRole("button", { name: "Save" }).waitFor();
  await go(page, "settings");
  await page.getByText("Dansk", { exact: true }).click();
  await page.getByRole("heading", { name: "Mere" }).waitFor();
  await go(page, "owner", "settings");
  await page.locator(".owner-settings").getByRole("button", { name: "Gem" }).waitFor();
  assert.deepEqual(keysIn(await page.locator("main").innerText()), []);
});

test("a printed invitation speaks its second language, also one that was never on the screen", async () => {
  const { page } = await joined("owner");
  await go(page, "owner", "invites");
  await page.locator(".owner-part form button[type=submit]").click();
  await page.locator(".invite-card").getByRole("button", { name: "Print" }).click();
  await page.waitForFunction(() => window.printed);
  const also = await page.locator(".roll .letter-also").textContent();
  assert.deepEqual(keysIn(also), []);
  assert.match(also, /tavle/i);
});

test("an answer that was begun is there after a look at the board, and one that is too long is counted", async () => {
  const { page } = await joined("resident", { viewport: PHONE });
  await post(page, "Who has a ladder?");
  const reply = page.getByLabel("Your reply");
  await reply.fill("I have one in the cel");
  await page.getByRole("navigation").getByRole("link", { name: "Board" }).click();
  await page.getByRole("link", { name: "Who has a ladder?" }).click();
  assert.equal(await reply.inputValue(), "I have one in the cel");
  await reply.fill("x".repeat(2003));
  await page.getByText("3 characters too many").waitFor();
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  assert.equal(await page.locator(".toast", { hasText: "could not be saved" }).count(), 0);
  await reply.fill("I have one in the cellar");
  await page.getByRole("button", { name: "Reply", exact: true }).click();
  await page.locator(".said", { hasText: "I have one in the cellar" }).waitFor();
  await page.reload();
  await page.locator(".said", { hasText: "I have one in the cellar" }).waitFor();
  assert.equal(await reply.inputValue(), "", "what was sent is no draft");

  const helper = (await joined("resident", { viewport: PHONE })).page;
  await helper.getByRole("link", { name: "Who has a ladder?" }).click();
  await helper.getByRole("button", { name: "I can help" }).click();
  const words = helper.getByLabel("A few words to go with it");
  await words.fill("y".repeat(1001));
  await helper.getByText("1 character too many").waitFor();
  await words.fill("On Sunday");
  await helper.getByRole("navigation").getByRole("link", { name: "Board" }).click();
  await helper.getByRole("link", { name: "Who has a ladder?" }).click();
  await helper.getByRole("button", { name: "I can help" }).click();
  assert.equal(await words.inputValue(), "On Sunday");
  await helper.getByLabel("What shall we call you?").fill("Bo");
  await helper.getByRole("button", { name: "Send" }).click();
  await helper.locator(".said", { hasText: "On Sunday" }).waitFor();
  await helper.getByRole("button", { name: "Withdraw my offer" }).click();
  await helper.getByRole("button", { name: "I can help" }).click();
  assert.equal(await words.inputValue(), "", "what was sent is no draft");
});

test("an observer is offered no writing, and has the numbers wherever posts would be", async () => {
  const writer = await joined("resident", { viewport: PHONE });
  await post(writer.page, "A lift to the library");
  const link = await writer.page.evaluate(() => location.hash.slice(1));
  const { page } = await joined("observer", { viewport: PHONE });
  await page.getByRole("heading", { name: "Numbers of this board" }).waitFor();
  assert.deepEqual(await page.locator(".dock a").allInnerTexts(), ["Board", "More"]);
  for (const hash of [link, "v=new", "v=mine", "v=about", `b=${board}&v=owner`]) {
    await page.evaluate((to) => (location.hash = to), hash);
    await page.getByRole("heading", { name: "Numbers of this board" }).waitFor();
  }
  await go(page, "device");
  await page.getByRole("heading", { name: "Numbers of this board" }).waitFor({ state: "detached" });
  // A board that is somebody else's is not there.
  await page.evaluate((to) => (location.hash = to), "b=4NMNnkMhL8jXrdJ9jamS58PAVdXu");
  await page.getByRole("heading", { name: /board/ }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Numbers of this board" }).count(), 0);
});

/** How far the colours of a text and of what it stands on are apart, as WCAG counts. */
const contrast = (locator) =>
  locator.evaluate((element) => {
    const light = (colour) => {
      const [r, g, b] = colour.match(/[\d.]+/g).map((n) => (n / 255 <= 0.04045 ? n / 255 / 12.92 : ((n / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const { color, backgroundColor } = getComputedStyle(element);
    const [low, high] = [light(color), light(backgroundColor)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  });

test("taking a post over: a code that is unknown here is named, not the secret, and what cannot be pressed yet is read", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page } = await joined("resident", { viewport: PHONE, colorScheme, reducedMotion: "reduce" });
    await go(page, "claim");
    const take = page.getByRole("button", { name: "Take it over" });
    await take.waitFor();
    await page.mouse.move(0, 0);
    assert.ok((await contrast(take)) >= 4.5, `contrast ${await contrast(take)}`);
    await page.getByLabel("Your code").fill("zzzz");
    await page.getByLabel("The secret on the slip").fill("0123 4567 89AB CDEF");
    await take.click({ force: true });
    await page.getByText("No post with this code has come to this phone.").waitFor();
    assert.equal(await page.getByText("This secret does not belong to the post.").count(), 0);
  }
});

test("on a server with members the share sheet does not promise that everybody can read", async () => {
  const { page } = await joined("resident", { viewport: PHONE });
  await post(page, "Who walks the dog?");
  await page.getByRole("button", { name: "Share" }).click();
  await page.getByRole("dialog").getByText("Only those who belong to the board").waitFor();
  assert.equal(await page.getByText("without an account").count(), 0);
});

test("an event ends after it begins, and of a title that was deleted nothing is kept", async () => {
  const { page } = await joined("resident", { viewport: PHONE });
  await go(page, "new");
  await page.locator(".kind-tile[data-kind=event]").click();
  const title = page.getByLabel("In one line");
  await title.fill("C");
  await page.getByText("draft", { exact: false }).first().waitFor();
  await title.fill("");
  await go(page, "mine");
  await page.getByRole("heading", { name: "My posts" }).waitFor();
  assert.equal(await page.getByRole("heading", { name: "Not posted yet" }).count(), 0);
  await go(page, "new");
  await page.locator(".kind-tile[data-kind=event]").click();
  await title.fill("Concert");
  await page.getByLabel("What shall we call you?").fill("Ada");
  await page.getByLabel("Begins").fill("2031-01-15T17:00");
  await page.getByLabel("Ends").fill("2031-01-15T16:00");
  await page.getByText("It ends before it begins.").waitFor();
  await page.getByRole("button", { name: "Post", exact: true }).click();
  assert.equal(await page.getByLabel("Ends").evaluate((field) => new Promise((done) => requestAnimationFrame(() => done(field === document.activeElement)))), true);
  await page.getByLabel("Ends").fill("2031-01-15T19:00");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.locator("article.post").getByText("On the board").waitFor();
});
