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
