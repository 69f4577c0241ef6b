// What members are shown: the words of their language on every screen and on paper, and the views that are theirs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { joinBy, startProfile, startServer, WIDE } from "./members-harness.mjs";

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
