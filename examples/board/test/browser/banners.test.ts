/** What the app says about its device and its server: an emptied storage, one that fails, a new version, boards that are not here. */
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forEverybody } from "./axe";
import { cached, fullDisk, Hub, launch, settle, shot, Wire } from "./harness";
import { delivered, onBoard, phone, post, toList } from "./people";
import { seed, until } from "./seed";

let hub: Hub;
let browser: Browser;
let board: string;

beforeAll(async () => {
  hub = await Hub.start();
  board = await seed(hub.origin, 8);
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await hub?.stop();
});

test("an emptied storage is told, never taken for deletion, and what was on the board comes back", async () => {
  const a = await phone(browser, hub, board, "Ada");
  await post(a.page, "Anyone for chess?");
  await delivered(a.page);
  const context = a.page.context();
  await a.page.goto(`${a.wire.origin}/app/config.json`); // the app's origin without the app, which would hold the database open
  await a.page.evaluate(async () => {
    for (const { name } of await indexedDB.databases())
      await new Promise((resolve, reject) => {
        const gone = indexedDB.deleteDatabase(name ?? "");
        gone.onsuccess = resolve;
        gone.onerror = gone.onblocked = reject;
      });
  });
  const page = await context.newPage();
  await page.goto(`${a.wire.origin}/#b=${board}`);
  await page.getByText(/The browser has thrown away what this device had kept/).waitFor();
  await onBoard(page, "Anyone for chess?");
  await forEverybody(page);
  await shot(page, "phone-evicted");
  await page.getByRole("link", { name: "Anyone for chess?" }).click();
  await page.getByRole("button", { name: "Close this post" }).waitFor(); // still this person's own
  await page.getByRole("button", { name: "I understand" }).click();
  await page.getByText(/The browser has thrown away/).waitFor({ state: "detached" });
  await page.reload();
  await onBoard(page, "Anyone for chess?");
  expect(await page.getByText(/The browser has thrown away/).count()).toBe(0);
  await a.close();
});

test("a device that cannot save says so at once and marks the post; when it can again, both go away", async () => {
  const a = await phone(browser, hub, board, "Ada", { before: fullDisk });
  await a.page.evaluate(() => Object.assign(globalThis, { full: true }));
  await post(a.page, "A post on a full disk");
  await a.page.getByRole("alert").filter({ hasText: "This device cannot save right now. Copy what you have written before you close the page." }).waitFor();
  await forEverybody(a.page);
  await shot(a.page, "phone-failing");
  await a.page.evaluate(() => delete (globalThis as { full?: true }).full);
  await a.page.getByRole("alert").waitFor({ state: "detached", timeout: 60_000 });
  await delivered(a.page);
  await a.page.reload();
  await onBoard(a.page, "A post on a full disk");
  await a.close();
});

test("a browser without storage says so, and shows the board all the same", async () => {
  const a = await phone(browser, hub, board, "Ada", {
    before: () => {
      indexedDB.open = () => {
        throw new DOMException("Storage is switched off.", "SecurityError");
      };
    },
  });
  await a.page.getByRole("alert").filter({ hasText: "This device cannot save right now" }).waitFor();
  expect(await a.page.getByRole("article").count()).toBeGreaterThan(3);
  await a.close();
});

test("the hint to install asks the browser, and stays away once closed", async () => {
  const a = await phone(browser, hub, board, "Ada");
  const ready = () =>
    a.page.evaluate(() => {
      const event = Object.assign(new Event("beforeinstallprompt", { cancelable: true }), { prompt: async () => Object.assign(globalThis, { asked: true }) });
      window.dispatchEvent(event);
    });
  expect(await a.page.getByText(/Put Tavle on your home screen/).count()).toBe(0);
  await ready();
  await a.page.getByText(/Put Tavle on your home screen/).waitFor();
  await forEverybody(a.page);
  await shot(a.page, "phone-install");
  await a.page.getByRole("button", { name: "Install" }).click();
  expect(await a.page.evaluate(() => "asked" in globalThis)).toBe(true);
  await a.page.getByRole("note").getByRole("button", { name: "Close" }).click();
  await a.page.getByText(/Put Tavle on your home screen/).waitFor({ state: "detached" });
  await a.page.reload();
  await a.page.getByRole("article").first().waitFor();
  await ready();
  expect(await a.page.getByText(/Put Tavle on your home screen/).count()).toBe(0);
  await a.close();
});

/** A server that passes everything on, and from `next` on serves a version that differs in its page and its list of files. */
class Release {
  next = false;
  private constructor(readonly server: Server, readonly origin: string) {}

  static async of(origin: string): Promise<Release> {
    const target = new URL(origin);
    const to = (q: IncomingMessage) => ({ host: target.hostname, port: target.port, method: q.method, path: q.url, headers: { ...q.headers, "accept-encoding": "identity" } });
    const server = createServer((question, answer) => {
      const path = question.url?.split("?")[0] ?? "";
      question.pipe(
        request(to(question), (from) => {
          const parts: Buffer[] = [];
          from.on("data", (d: Buffer) => parts.push(d));
          from.on("end", () => {
            const { "content-length": _, etag: __, ...headers } = from.headers;
            const body = Buffer.concat(parts);
            answer.writeHead(from.statusCode ?? 500, headers);
            answer.end(release.next ? changed(path, body) : body);
          });
        }).on("error", () => answer.destroy()),
      );
    });
    server.on("upgrade", (question, near, head) => {
      const asked = request(to(question));
      asked.on("upgrade", (from, far) => {
        near.write(`HTTP/1.1 101 Switching Protocols\r\n${Object.entries(from.headers).map(([k, v]) => `${k}: ${String(v)}`).join("\r\n")}\r\n\r\n`);
        far.write(head);
        far.pipe(near).on("error", () => far.destroy());
        near.pipe(far).on("error", () => near.destroy());
      });
      asked.on("error", () => near.destroy());
      asked.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const release = new Release(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return release;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function changed(path: string, body: Buffer): Buffer | string {
  if (path === "/sw.js") return body.toString().replace(/(url:"index\.html",revision:")\w+/, "$1next");
  if (path === "/" || path === "/index.html") return body.toString().replace("</head>", '<meta name="version" content="next"></head>');
  return body;
}

test("a new version is told, waits while somebody writes, and is there at the next start", async () => {
  const release = await Release.of(hub.origin);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  await settle(context, { language: "en", name: "Ada" });
  const version = (page: Page) => page.locator('meta[name="version"]').count();
  const first = await context.newPage();
  await first.goto(`${release.origin}/#b=${board}`);
  await first.getByRole("article").first().waitFor();
  await cached(first);
  await first.reload(); // now the service worker serves it
  await first.getByRole("link", { name: "New post" }).click();
  await first.getByRole("button", { name: /^Question/ }).click();
  await first.keyboard.type("Half a sent");

  release.next = true;
  await first.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    // Installed, and waiting until nobody uses the old one.
    while (!registration.waiting) await new Promise((resolve) => setTimeout(resolve, 50));
  });
  await first.keyboard.type("ence");
  expect(await first.getByLabel("In one line").inputValue()).toBe("Half a sentence");
  expect(await version(first)).toBe(0);
  expect(await first.getByText(/A new version is ready/).count()).toBe(0); // not while one writes
  await toList(first);
  await first.getByText("A new version is ready. It starts the next time you open Tavle.").waitFor();
  await forEverybody(first);
  await shot(first, "phone-update");
  expect(await first.evaluate(async () => Boolean((await navigator.serviceWorker.ready).waiting))).toBe(true);
  await first.close();

  // A page that opens while the browser still lets go of the old one keeps the old version alive: so again, until it is let go of.
  let second = await context.newPage();
  await until(async () => {
    await second.goto(`${release.origin}/#b=${board}&v=new`);
    expect(await second.getByLabel("In one line").inputValue()).toBe("Half a sentence");
    if ((await version(second)) === 1) return true;
    await second.close();
    second = await context.newPage();
    return false;
  }, "the new version started");
  await toList(second);
  await second.getByRole("article").first().waitFor();
  expect(await second.getByText(/A new version is ready/).count()).toBe(0);
  await context.close();
  release.close();
});

test("a board that the server does not know, and one that cannot be reached yet", async () => {
  const wire = await Wire.to(hub);
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  await settle(context, { language: "en", name: "Ada" });
  const page = await context.newPage();
  const unknown = "2PufXoHy2jGQPnhPrKTshKmLaxvW";
  await page.goto(`${wire.origin}/#b=${unknown}`);
  await cached(page);
  await page.getByText(/The server does not know this board|This is not a link to a board/).waitFor({ timeout: 60_000 });
  await forEverybody(page);
  await shot(page, "phone-board-unknown");
  await wire.cut();
  await page.goto(`${wire.origin}/#b=${board}`);
  await page.reload();
  await page.getByText("This board is not on this device yet. It appears as soon as the server is reached.").waitFor({ timeout: 60_000 });
  await page.getByText(/Not connected yet|No connection/).waitFor();
  await forEverybody(page);
  await shot(page, "phone-board-away");
  await wire.mend();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByRole("article").first().waitFor({ timeout: 60_000 });
  await context.close();
  await wire.cut();
});
