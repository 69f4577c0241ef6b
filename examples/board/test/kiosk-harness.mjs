// What the browser tests of kiosk, desk and paper share: the built app behind a server that can be cut, a real syncd, a board with posts, a browser.
import { spawn } from "node:child_process";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client } from "@tavle/client";
import { chromium } from "playwright-core";

const { WebSocket: webSocket } = createRequire(new URL("../../../client-sdk/ts/package.json", import.meta.url))("ws");
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const SYNCD = process.env.TAVLE_SYNCD ?? here("../../../bin/syncd");
const CHROMIUM = process.env.TAVLE_CHROMIUM ?? "/usr/bin/chromium";
/** Where screenshots and PDFs go; outside of git. */
export const SHOTS = process.env.TAVLE_SHOTS ?? new URL("./artefacts", import.meta.url).pathname;
export const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm", ".svg": "image/svg+xml",
  ".png": "image/png", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json" };
export const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types tavle";

/** passOn carries a websocket to a port of this machine; `sockets` has both ends for as long as they are open. */
export function passOn(port, sockets, request, socket, head) {
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
  const on = connect(port, "127.0.0.1", () => {
    on.write(`${lines.join("\r\n")}\r\n\r\n`);
    on.write(head);
    on.pipe(socket).pipe(on);
  });
  for (const s of [on, socket]) {
    sockets.add(s);
    s.on("error", () => {});
    s.on("close", () => {
      sockets.delete(s);
      on.destroy();
      socket.destroy();
    });
  }
}

/** startSyncd waits until it listens. */
async function startSyncd(data) {
  const child = spawn(SYNCD, ["serve", "--open", "--listen=127.0.0.1:0", "--admin-listen=off", "--free-min=1MiB", `--data=${data}`], { stdio: ["ignore", "pipe", "pipe"] });
  const port = await new Promise((resolve, reject) => {
    let said = "";
    const read = (chunk) => {
      said += chunk;
      const found = /listening on http:\/\/[^:]+:(\d+)/.exec(said);
      if (found) resolve(Number(found[1]));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", () => reject(new Error(`syncd ended: ${said}`)));
  });
  return { child, port };
}

/** startHouse serves the app, syncd behind it, and a board with the demo's posts in it. `cut(true)` is a house without internet. */
export async function startHouse({ dist = process.env.TAVLE_DIST ?? here("../../../syncd/internal/webapp/dist"), seed = true } = {}) {
  if (!existsSync(join(dist, "index.html"))) throw new Error("the app is not built: npm run build");
  const data = await mkdtemp(join(tmpdir(), "tavle-house-"));
  const syncd = await startSyncd(data);
  let board = null;
  let isCut = false;
  /** Scans by poster, while this server counts them; null: it knows no posters. */
  let scans = null;
  const sockets = new Set();
  const server = createServer(async (request, response) => {
    if (isCut) return request.socket.destroy();
    const path = new URL(request.url, "http://x").pathname;
    if (path === "/app/config.json") {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ defaultBoard: board?.url ?? null, open: true }));
    }
    const poster = /^\/p\/([0-9a-z]{12})$/.exec(path)?.[1];
    if (poster && scans) {
      scans.set(poster, (scans.get(poster) ?? 0) + 1);
      response.writeHead(302, { location: "/", "cache-control": "no-store" });
      return response.end();
    }
    if (path === "/v1/posters" && scans) {
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify([...scans].map(([poster, n]) => ({ poster, scans: n }))));
    }
    const file = join(dist, ["/", "/kiosk", "/desk"].includes(path) ? "index.html" : path);
    const found = file.startsWith(dist) && (await stat(file).catch(() => null));
    if (!found?.isFile()) {
      response.writeHead(404);
      return response.end();
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": POLICY });
    createReadStream(file).pipe(response);
  });
  server.on("upgrade", (request, socket, head) => (isCut ? socket.destroy() : passOn(syncd.port, sockets, request, socket, head)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const sync = { url: `ws://127.0.0.1:${syncd.port}/sync`, storage: "memory", webSocket };
  const client = await Client.open({ ...sync, origin: "import" });
  const others = await Client.open({ ...sync, origin: "phone" });
  const settings = { title: "Lindegården", place: "Beboerhuset, Lindealle", controller: "Beboerhuset i Lindegården", languages: ["da", "nl", "en"], demo: true,
    houseRules: { da: "Skriv, som du ville tale i opgangen.\nIngen navne på andre.", nl: "Schrijf zoals u in het portiek zou praten.\nGeen namen van anderen.", en: "Write as you would talk in the stairwell.\nNo names of others." },
    contacts: { c1: { name: "Ejendomskontoret", phone: "00 00 00 00", hours: "8–10", order: 1 }, c2: { name: "Politiet", phone: "114", order: 2 } } };
  board = await client.createBoard(settings);
  await until(board.info, (info) => info.delivery === "board");
  const neighbours = await others.openBoard(board.url);
  await neighbours.openMonths(2);
  if (seed) await fill(board, neighbours);
  const more = [];
  return {
    url,
    board,
    neighbours,
    cut(now) {
      isCut = now;
      if (now) {
        for (const s of sockets) s.destroy();
        server.closeAllConnections();
      }
    },
    /** countPosters makes this a server that counts scans, or one that does not know of it; gives the counts. */
    countPosters(on) {
      scans = on ? new Map() : null;
      return scans;
    },
    /** ago gives the board as a device has it whose clock and server say that it is so many hours earlier. */
    async ago(hours, origin = "desk") {
      const past = await Client.open({ ...sync, origin, now: () => Date.now() - hours * 3_600_000, serverTime: async () => null });
      more.push(past);
      const there = await past.openBoard(board.url);
      await there.openMonths(2);
      return there;
    },
    async close() {
      for (const s of sockets) s.destroy();
      server.closeAllConnections();
      server.close();
      syncd.child.removeAllListeners("exit");
      await Promise.all([client, others, ...more].map((c) => c.close()));
      const ended = new Promise((resolve) => syncd.child.on("exit", resolve));
      syncd.child.kill();
      await ended;
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** The demo's posts, as the import would write them; answers come from other devices. */
async function fill(board, neighbours) {
  const posts = JSON.parse(readFileSync(here("../../data/posts.json"), "utf8"));
  for (const p of posts) {
    const draft = board.newDraft(p.kind, p.language);
    const soon = Date.now() + (2 + (p.title.length % 9)) * 86_400_000;
    Object.assign(draft, { title: p.title, body: p.body, author: p.author ?? "Nabo", place: p.place, urgency: p.urgency, origin: "demo" });
    if (p.item) draft.item = { action: p.item.action };
    if (p.kind === "lostFound") draft.lost = "lost";
    if (p.when) draft.when = { start: soon - (soon % 1_800_000) };
    await board.addPost(draft);
    if (p.replies?.length || p.offers?.length) await until(neighbours.posts, (posts) => posts.some((x) => x.id === draft.id));
    for (const r of p.replies ?? []) await neighbours.reply(draft.id, { body: r.body, author: r.author, lang: p.language });
    for (const o of p.offers ?? []) await neighbours.offerHelp(draft.id, { message: o.message ?? "", author: o.author });
    if (p.status === "fulfilled") await board.close(draft.id, "foundHere");
  }
}

/** until waits for a value of an observable that fits. */
export function until(observable, fits) {
  return new Promise((resolve) => {
    let stop = () => {};
    const look = () => {
      const value = observable.get();
      if (!fits(value)) return false;
      resolve(value);
      stop();
      return true;
    };
    if (!look()) stop = observable.subscribe(look);
  });
}

/** startBrowser opens Chromium; with `profile` a folder on disk that stays, as on a tablet. */
export async function startBrowser(profile, options = {}) {
  const launch = { executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] };
  if (profile) return chromium.launchPersistentContext(profile, { ...launch, ...options });
  return chromium.launch(launch);
}

/** shot keeps a picture to look at. */
export async function shot(page, name, options = {}) {
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), ...options });
}

/** axe gives the violations of the page, each in one line, once no colour is on its way to another. */
export async function axe(page) {
  await page.evaluate(() =>
    Promise.allSettled(document.getAnimations().filter((a) => Number.isFinite(a.effect?.getComputedTiming().endTime)).map((a) => a.finished)),
  );
  await page.evaluate(readFileSync(here("../node_modules/axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ""}`).slice(0, 4).join(" | ")}`);
}

/** sideways says by how many pixels the page is wider than its window. */
export function sideways(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** findOnDisk gives the files under a folder that hold a word, as UTF-8 or UTF-16. A browser may be at work there: a file that goes
    meanwhile may have another name now, so all are looked at once more. */
export async function findOnDisk(folder, word) {
  const needles = [Buffer.from(word, "utf8"), Buffer.from(word, "utf16le")];
  for (let tries = 1; ; tries++) {
    try {
      const hits = [];
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath ?? entry.path, entry.name);
        const bytes = readFileSync(path);
        if (needles.some((n) => bytes.includes(n))) hits.push(path.slice(folder.length));
      }
      return hits;
    } catch (err) {
      if (err.code !== "ENOENT" || tries === 20) throw err;
    }
  }
}
