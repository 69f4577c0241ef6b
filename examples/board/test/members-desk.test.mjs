// Where everybody is a member: who is no volunteer is not let fill in what would be refused, the posts of a kiosk are looked after at
// the desk, and a slip that hands a post over leads somebody on who does not belong yet.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { shot } from "./kiosk-harness.mjs";
import { joinBy, startProfile, startServer, WIDE } from "./members-harness.mjs";

let server;
let board;
const open = [];
before(async () => {
  server = await startServer();
  await server.cli("board", "create", "Lindeparken");
  board = (await server.cli("board", "list")).boards[0].id;
});
after(async () => {
  await Promise.all(open.map((profile) => profile.close()));
  await server?.close();
});

/** A browser of somebody, with a role or none; at the desk, the kiosk or on the phone. */
async function person(role, path = "/") {
  const profile = await startProfile({ viewport: WIDE });
  open.push(profile);
  profile.context.setDefaultTimeout(15_000);
  await profile.page.addInitScript(() => {
    window.print = () => {
      window.printed = true;
    };
  });
  if (role) {
    const { link } = await server.invite(board, role, `--label=${role}`);
    await joinBy(profile.page, link.replace(/\/[a-z]*#/, `${path}#`));
  }
  return profile.page;
}

test("what was written at the kiosk is answered and closed at the desk, by its code", async () => {
  const kiosk = await person("visitor", "/kiosk");
  await kiosk.getByRole("button", { name: "New post" }).click();
  await kiosk.getByRole("button", { name: "Help wanted" }).click();
  await kiosk.getByLabel("In one line").fill("A wheel of a pram");
  await kiosk.getByLabel("What shall we call you?").fill("Ida");
  await kiosk.getByRole("button", { name: "Post", exact: true }).click();
  await kiosk.getByText("Everybody in the house can read it now.").waitFor();
  const code = await kiosk.locator(".kiosk-slip-code").innerText();

  const resident = await person("resident");
  await resident.getByRole("link", { name: /A wheel of a pram/ }).click();
  await resident.getByRole("button", { name: "I can help" }).click();
  await resident.locator("form textarea").first().fill("I have one.");
  const name = resident.getByLabel("What shall we call you?");
  if (await name.isVisible()) await name.fill("Mehmet");
  await resident.locator("form").getByRole("button", { name: "Send" }).click();

  const desk = await person("connector", "/desk");
  await desk.locator(".entry").waitFor();
  await desk.keyboard.press("Alt+6");
  await desk.getByLabel("Code", { exact: true }).fill(code);
  const card = desk.getByRole("article", { name: /A wheel of a pram/ });
  await card.getByRole("button", { name: /^Accept/ }).click();
  await resident.getByText("accepted", { exact: false }).first().waitFor();
  await card.getByRole("button", { name: "Edit" }).click();
  await card.getByLabel("In one line").fill("A wheel of a blue pram");
  await desk.keyboard.press("Control+Enter");
  await desk.getByRole("article", { name: /blue pram/ }).getByRole("button", { name: "Done: found here" }).click();
  await kiosk.getByRole("button", { name: "See the post" }).click();
  await kiosk.getByRole("heading", { name: "A wheel of a blue pram" }).waitFor();
  await kiosk.locator(".stamp").waitFor();
  assert.equal(await desk.locator(".refusal, .refusals").count(), 0);

  // Nobody but the desk: a resident who knows the code is offered nothing of this.
  await resident.goto(`${server.url}/desk`);
  await resident.getByRole("button", { name: "Find", exact: false }).first().click();
  await resident.getByLabel("Code", { exact: true }).fill(code);
  await resident.getByRole("article", { name: /blue pram/ }).waitFor();
  assert.deepEqual(await resident.locator(".desk-card button").allInnerTexts(), []);
});

test("a resident at the desk reads who may write for a neighbour, and has no form that would be refused", async () => {
  const page = await person("resident");
  await page.goto(`${server.url}/desk`);
  await page.getByText("Only volunteers and matchmakers can write for a neighbour").waitFor();
  assert.equal(await page.getByLabel("In one line").isVisible(), false);
  await shot(page, "members-desk-resident");
});

test("a slip for somebody who does not belong yet: what comes first and where to get it, on the slip and on the page", async () => {
  const desk = await person("connector", "/desk");
  await desk.getByLabel("In one line").fill("Milk for the neighbour");
  await desk.keyboard.press("Control+Enter");
  await desk.locator(".saved").getByText("On the board").waitFor();
  await desk.keyboard.press("Alt+2");
  await desk.locator(".desk-card").getByRole("button", { name: /Hand over/ }).click();
  await desk.getByRole("button", { name: "Print the slip" }).click();
  await desk.waitForFunction(() => window.printed);
  assert.match(await desk.locator(".roll").textContent(), /it asks for a code to join first/);
  const secret = await desk.locator(".hand-over-secret").textContent();

  const neighbour = await person("");
  const tried = [];
  neighbour.on("request", (request) => request.method() === "POST" && tried.push(request.url()));
  await neighbour.goto(`${server.url}/#v=claim`);
  await neighbour.getByText("this device has to join the board first").waitFor();
  await neighbour.locator(".code-input").fill(secret);
  await neighbour.locator(".join-form button[type=submit]").click();
  await neighbour.getByText("The secret on a slip from the desk is longer").waitFor();
  assert.deepEqual(tried, [], "the secret is not sent");
  await shot(neighbour, "members-claim-join");
  // With a code it goes on to where the slip leads.
  const { code } = await server.invite(board, "resident");
  await neighbour.locator(".code-input").fill(code);
  await neighbour.locator(".join-form button[type=submit]").click();
  await neighbour.getByRole("button", { name: "Take it over" }).waitFor();
});
