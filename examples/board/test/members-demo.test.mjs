// A demo as people try it: phone, kiosk and desk in tabs of one browser.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startProfile, startServer, TABLET, WIDE } from "./members-harness.mjs";

let server;
let browser;

before(async () => {
  server = await startServer({ demo: true });
  browser = await startProfile({ viewport: WIDE });
  browser.context.setDefaultTimeout(15_000);
});
after(async () => {
  await browser?.close();
  await server?.close();
});

/** A tab with a page, once the app of that page is there; `again` tells whether it was loaded anew since. */
async function tab(path, there) {
  const page = await browser.context.newPage();
  await page.goto(server.url + path);
  await page.locator(there).first().waitFor();
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => (window.kept = true))); // before a cut, which would end its installation
  return { page, again: async () => !(await page.evaluate(() => window.kept === true)) };
}

async function writeOnPhone(page, title) {
  await page.evaluate(() => (location.hash = "#v=new"));
  await page.getByRole("button", { name: "Question" }).first().click();
  await page.getByLabel("In one line").fill(title);
  const name = page.getByLabel("What shall we call you?");
  if (await name.count()) await name.fill("Ida");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.locator(".toast").waitFor();
  await page.evaluate(() => (location.hash = "#"));
}

async function writeAtKiosk(page, title) {
  await page.getByRole("button", { name: "New post" }).click();
  await page.getByRole("button", { name: /^Question/ }).click();
  await page.getByLabel("In one line").fill(title);
  await page.getByLabel("What shall we call you?").fill("Per");
  await page.getByRole("button", { name: "Post", exact: true }).click();
  await page.getByText("Thank you. It is saved.").waitFor();
  await page.getByRole("button", { name: "Finish" }).click();
}

async function writeAtDesk(page, title) {
  await page.getByLabel("In one line").fill(title);
  await page.keyboard.press("Control+Enter");
  await page.locator(".saved-code").waitFor();
}

test("phone, kiosk and desk in tabs of one browser are three devices: each stays what it is, and all that they write offline arrives", async () => {
  const kiosk = await tab("/kiosk", ".kiosk-card-title");
  const phone = await tab("/", ".card");
  const desk = await tab("/desk", ".entry");
  const tabs = [kiosk, phone, desk];
  const members = async () => (await server.cli("member", "list")).members.map((m) => m.ref);
  assert.equal(new Set(await members()).size, 3);

  // A browser tells its pages that the network is back, and does not leave them to wait for their next try.
  const mend = () => {
    server.cut(false);
    return Promise.all(tabs.map(({ page }) => page.evaluate(() => dispatchEvent(new Event("online")))));
  };
  server.cut(true);
  await writeAtKiosk(kiosk.page, "Who found a grey glove?");
  await writeOnPhone(phone.page, "Who has a long ladder?");
  await writeAtDesk(desk.page, "Somebody to carry a sofa?");
  await mend();
  // Other devices see each, so the board has it.
  for (const title of ["Who found a grey glove?", "Somebody to carry a sofa?"]) await phone.page.locator(".card", { hasText: title }).waitFor();
  await kiosk.page.locator(".kiosk-card-title", { hasText: "Who has a long ladder?" }).waitFor();
  for (const { page, again } of tabs) {
    assert.equal(await page.getByText("did not take").count(), 0);
    assert.equal(await again(), false, "a tab was loaded anew");
  }

  // What each is, it is again without a network.
  server.cut(true);
  await kiosk.page.reload();
  await kiosk.page.locator(".kiosk-card-title", { hasText: "Who has a long ladder?" }).waitFor();
  await desk.page.reload();
  await desk.page.locator(".entry").waitFor();
  await phone.page.reload();
  await phone.page.locator(".card", { hasText: "Somebody to carry a sofa?" }).waitFor();
  await writeAtKiosk(kiosk.page, "Who lost a red hat?");
  await mend();
  await phone.page.locator(".card", { hasText: "Who lost a red hat?" }).waitFor();
  assert.equal(new Set(await members()).size, 3, "nobody has joined anew");
});
