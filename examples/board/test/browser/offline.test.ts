/** The app shell and the board open from a cold start without a network. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cached, Hub, launchProfile, settle, Wire } from "./harness";
import { seed, until } from "./seed";

test("the browser is closed, the network cut, the browser opened again: the board is there, and search finds", async () => {
  const hub = await Hub.start();
  const wire = await Wire.to(hub);
  const folder = await mkdtemp(join(tmpdir(), "tavle-profile-"));
  try {
    const board = await seed(hub.origin, 30);
    const before = await launchProfile(folder);
    await settle(before, { language: "en", name: "Ada" });
    const first = await before.newPage();
    await first.goto(`${wire.origin}/#b=${board}`);
    await first.getByRole("article").first().waitFor();
    await cached(first);
    const count = await first.getByRole("article").count();
    await before.close();

    await wire.cut();
    await hub.kill();
    const after = await launchProfile(folder);
    const page = await after.newPage();
    await page.goto(`${wire.origin}/`);
    await until(async () => (await page.getByRole("article").count()) === count, "every post is there");
    await page.getByText(/you can go on/).waitFor();
    await page.getByLabel("Search").fill("rolgordijn");
    await page.getByRole("heading", { name: "Wie kan een rolgordijn ophangen?" }).waitFor();
    await page.goto(`${wire.origin}/#v=about`);
    await page.getByText("Ejendomskontoret").waitFor();
    for (const part of ["kiosk", "desk"]) {
      const response = await page.goto(`${wire.origin}/${part}`);
      expect(response?.fromServiceWorker()).toBe(true);
    }
    await after.close();
  } finally {
    await hub.stop();
    await wire.cut();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});
