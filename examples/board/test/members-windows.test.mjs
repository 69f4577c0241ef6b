// Members whose device or window is not as one would wish: a clock that is wrong, no service worker, files that are gone.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { axe, shot } from "./kiosk-harness.mjs";
import { joinBy, startProfile, startServer, TABLET, WIDE } from "./members-harness.mjs";

let server;
let board;
const open = [];

before(async () => {
  server = await startServer();
  board = (await server.cli("board", "create", "Courtyard")).id;
});
afterEach(async () => {
  server.cut(false);
  await Promise.all(open.splice(0).map((profile) => profile.close()));
});
after(() => server?.close());

/** A new person with a role. */
async function joined(role, { before: script, arg, ...options } = {}) {
  const profile = await startProfile(options);
  open.push(profile);
  profile.context.setDefaultTimeout(15_000);
  if (script) await profile.context.addInitScript(script, arg);
  await joinBy(profile.page, (await server.invite(board, role, "--label=Ida")).link);
  await profile.page.locator(".dock").waitFor();
  return profile;
}

/** A kiosk with its wall up. */
async function joinedKiosk() {
  const profile = await startProfile({ viewport: TABLET });
  open.push(profile);
  profile.context.setDefaultTimeout(15_000);
  await joinBy(profile.page, (await server.invite(board, "visitor", "--label=Kiosk")).link.replace("/#", "/kiosk#"));
  await profile.page.locator(".kiosk-dock").waitFor();
  return profile;
}

/** In a page before the app: its clock is so many milliseconds off. */
function clockOff(off) {
  const Real = Date;
  const now = () => Real.now() + off;
  globalThis.Date = class extends Real {
    constructor(...parts) {
      super(...(parts.length > 0 ? parts : [now()]));
    }
    static now() {
      return now();
    }
  };
}

for (const [what, off] of [["10 minutes slow", () => -600_000], ["in 1970", () => 5_000 - Date.now()]]) {
  test(`a member whose clock is ${what} sees the board, and an owner their place to look after it`, async () => {
    const { page } = await joined("resident", { before: clockOff, arg: off() });
    await page.getByText("The board is empty.").waitFor();
    await page.reload();
    await page.getByText("The board is empty.").waitFor();
    const owner = await joined("owner", { before: clockOff, arg: off() });
    await owner.page.goto(`${server.url}/#b=${board}&v=settings`);
    await owner.page.getByRole("link", { name: "Look after the board" }).first().waitFor();
  });
}

const at = (view) => `${server.url}/#b=${board}&v=${view}`;

/** Writes a question, or something else, at the address of the form. */
async function ask(page, title, kind = "Question") {
  await page.getByRole("button", { name: kind }).first().click();
  await page.getByLabel("In one line").fill(title);
  await page.getByLabel("What shall we call you?").fill("Ida");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.locator(".toast").waitFor();
}

test("without a service worker and without a network, a part that is not here says so, and the app stays", async () => {
  const { page } = await joined("owner", { serviceWorkers: "block" });
  await page.goto(at("new"));
  await page.getByRole("button", { name: "Question" }).first().waitFor();
  server.cut(true);
  await page.evaluate((hash) => (location.hash = hash), new URL(at("known")).hash);
  const failed = page.getByText("This part cannot be opened right now.");
  await failed.waitFor();
  await page.locator(".dock").waitFor();
  await page.getByRole("main").getByRole("button", { name: "Try now" }).click();
  await failed.waitFor();
  // What is here goes on.
  await page.evaluate((hash) => (location.hash = hash), new URL(at("new")).hash);
  await page.getByRole("button", { name: "Question" }).first().waitFor();
  await page.evaluate((hash) => (location.hash = hash), new URL(at("known")).hash);
  await failed.waitFor();
  server.cut(false);
  await page.getByRole("main").getByRole("button", { name: "Try now" }).click();
  await page.getByRole("heading", { name: "What the server knows about me" }).waitFor();
});

for (const when of ["after the app has started", "before"]) {
  test(`a device that is shut out shows what was not sent, when the server's files were replaced ${when}`, async () => {
    const { context, page } = await joined("resident", { serviceWorkers: "block" });
    const device = await page.evaluate(async () => (await (await fetch("/v1/me")).json()).device.id);
    const replace = () => context.route(/assets\/(leaving|ended|replay|reasons)-/, (route) => route.fulfill({ status: 404 }));
    if (when === "before") await replace();
    await page.goto("about:blank");
    await page.goto(at("new"));
    await page.getByRole("button", { name: "Question" }).first().waitFor();
    await page.waitForLoadState("networkidle");
    server.cut(true);
    await ask(page, "Who has a ladder?");
    await replace();
    await server.cli("device", "revoke", device);
    server.cut(false);
    await page.getByRole("button", { name: "Try now" }).click().catch(() => {});
    if (when === "before") {
      await page.getByText("It stays on this device until it has been shown").waitFor();
      await context.unrouteAll();
      await page.getByRole("button", { name: "Try now" }).click();
    }
    await page.locator(".revoked-unsent").getByText("Who has a ladder?").waitFor();
    await page.getByText("This device has forgotten the board.").waitFor();
  });
}

/** Does something with the open board of a page. */
async function onBoard(page, change) {
  const board = await page.evaluateHandle(() => {
    const root = document.getElementById("root");
    const fibers = [root[Object.keys(root).find((k) => k.startsWith("__reactContainer$"))]];
    for (;;) {
      const fiber = fibers.pop();
      for (const next of [fiber.sibling, fiber.child]) if (next) fibers.push(next);
      if (fiber.memoizedProps?.value?.board) return fiber.memoizedProps.value.board;
    }
  });
  await board.evaluate(change);
}

/** A question at the kiosk, to which something is added on its way that the server refuses. */
async function askRefused(page, title) {
  await onBoard(page, (board) => {
    const add = board.addPost.bind(board);
    board.addPost = (draft) => add({ ...draft, proxy: { kind: "neighbour", permission: "spoken", callBackBy: "phone" } });
  });
  await page.getByRole("button", { name: "New post" }).click();
  await page.getByRole("button", { name: /^Question/ }).click();
  await page.getByLabel("In one line").fill(title);
  await page.getByLabel("What shall we call you?").fill("Per");
  await page.getByRole("button", { name: "Post", exact: true }).click();
}

/** Something refused is written at the kiosk without a network, and its writer has gone when the server hears of it: nobody is told. */
async function refusedLater(page, write) {
  server.cut(true);
  await write();
  await page.getByText("Thank you. It is saved.").waitFor();
  await page.getByRole("button", { name: "Finish" }).click();
  await page.getByText("1 thing is waiting to be sent.").waitFor();
  server.cut(false);
  await page.getByText("waiting to be sent").waitFor({ state: "detached" });
  assert.equal(await page.getByText("did not take").count(), 0);
}

test("a kiosk tells who wrote it what was refused, and nobody else", async () => {
  const { page } = await joinedKiosk();
  await askRefused(page, "Who found my grey glove?");
  const refused = page.getByRole("alert").filter({ hasText: "The board did not take what you wrote" });
  await refused.getByText("Who found my grey glove?").waitFor();
  await shot(page, "kiosk-refused");
  assert.deepEqual(await axe(page), []);
  await page.getByRole("button", { name: "Finish" }).click();
  await page.locator('.kiosk-main[data-at="wall"]').waitFor();
  assert.equal(await page.getByText("grey glove").count(), 0);

  await refusedLater(page, () => askRefused(page, "Who found my green hat?"));
  assert.equal(await page.getByText("green hat").count(), 0);
});

test("a kiosk tells who offered help without a word that it was refused, and nobody else", async () => {
  const neighbour = await joined("resident");
  await neighbour.page.goto(at("new"));
  await ask(neighbour.page, "Who has a long ladder?", "Help wanted");
  await neighbour.page.locator("article.post").getByText("On the board").waitFor();
  const { page } = await joinedKiosk();
  await onBoard(page, (board) => {
    const offer = board.offerHelp.bind(board);
    board.offerHelp = (post, help) => offer(post, { ...help, author: "Per 010190-1234" });
  });
  const offerHelp = async () => {
    await page.getByRole("button", { name: "Who has a long ladder?" }).click();
    await page.getByRole("button", { name: "I can help" }).click();
    await page.getByLabel("What shall we call you?").fill("Per");
    await page.getByRole("button", { name: "Send", exact: true }).click();
  };
  await offerHelp();
  const refused = page.getByRole("alert").filter({ hasText: "The board did not take what you wrote" });
  await refused.getByText("The text has a CPR or BSN number in it.").waitFor();
  await page.getByRole("button", { name: "Finish" }).click();
  await refused.waitFor({ state: "detached" });

  await refusedLater(page, offerHelp);
});

test("a kiosk that the server does not know any more says so, and does not blame the internet", async () => {
  const { page } = await joinedKiosk();
  await page.route("**/v1/me", (route) => route.fulfill({ status: 401, json: { error: "signIn", message: "" } }));
  await page.route("**/v1/session", (route) => route.fulfill({ status: 404, json: { error: "unknownDevice", message: "" } }));
  server.cut(true);
  await page.getByText("No internet").waitFor();
  server.cut(false);
  await page.getByText("The board takes nothing from this screen right now.").waitFor({ timeout: 30_000 });
  assert.equal(await page.getByText("No internet").count(), 0);
});

test("a desk that cannot save says so, and does not call it saved", async () => {
  const { page } = await joined("connector", { viewport: WIDE });
  await page.goto(`${server.url}/desk`);
  await page.locator(".entry").waitFor();
  server.cut(true);
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("The disk is full.", "QuotaExceededError");
    };
  });
  await page.keyboard.press("1");
  await page.keyboard.press("1");
  await page.getByLabel("Tell a little more").fill("Two bags");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("alert").filter({ hasText: "This device cannot save right now." }).waitFor();
  await page.getByRole("heading", { name: "Not saved yet." }).waitFor();
  assert.deepEqual(await axe(page), []);
});
