// A board of 1 000 posts over 12 months, as a device meets it: how long from a cold start to the list, on a processor four times slower,
// and what is downloaded. `npm run measure`; it needs the built app, bin/syncd and Chromium, and takes about a minute.
import { spawn } from "node:child_process";
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client } from "@tavle/client";
import { chromium } from "playwright-core";
import { WebSocket } from "ws";

/** Memory is a storage that outlives the client that uses it. */
class Memory {
  #chunks = new Map();
  async load(key) { return this.#chunks.get(key.join("/")); }
  async save(key, data) { this.#chunks.set(key.join("/"), data); }
  async remove(key) { this.#chunks.delete(key.join("/")); }
  #below(prefix) { return [...this.#chunks.keys()].filter((key) => `${key}/`.startsWith(`${prefix.join("/")}/`)); }
  async loadRange(prefix) { return this.#below(prefix).map((key) => ({ key: key.split("/"), data: this.#chunks.get(key) })); }
  async removeRange(prefix) { for (const key of this.#below(prefix)) this.#chunks.delete(key); }
}

const POSTS = 1000;
const MONTHS = 12;
const SLOWDOWN = 4;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const syncd = process.env.TAVLE_SYNCD ?? here("../../../bin/syncd");
const data = await mkdtemp(join(tmpdir(), "tavle-measure-"));
const daemon = spawn(syncd, ["serve", "--open", "--listen", "127.0.0.1:0", "--admin-listen", "off", "--log-level", "warn", "--data", data]);
daemon.stderr.pipe(process.stderr);
const line = await new Promise((resolve) => createInterface({ input: daemon.stdout }).once("line", resolve));
const origin = line.replace("listening on ", "");

try {
  const board = await fill();
  await look(board);
} finally {
  daemon.kill();
  await new Promise((resolve) => daemon.once("exit", resolve));
  await rm(data, { recursive: true, force: true });
}

/** fill writes the posts as a device would that has been there all year, without a network, and then connects it. */
async function fill() {
  const samples = JSON.parse(await readFile(here("../../data/posts.json"), "utf8"));
  const storage = new Memory();
  const start = new Date();
  start.setUTCDate(15);
  let clock = 0;
  const turn = (back) => { const then = new Date(start); then.setUTCMonth(then.getUTCMonth() - back); clock = back === 0 ? Date.now() : then.getTime(); };
  turn(MONTHS - 1);
  const offline = await Client.open({ url: null, storage, origin: "import", now: () => clock++ });
  const board = await offline.createBoard({ title: "A large board", languages: ["da", "nl", "en"] });
  for (let i = 0; i < POSTS; i++) {
    turn(MONTHS - 1 - Math.floor((i * MONTHS) / POSTS));
    await board.openMonths(1);
    const sample = samples[i % samples.length];
    const draft = board.newDraft(sample.kind, sample.language);
    Object.assign(draft, { title: `${sample.title} ${i + 1}`.slice(0, 80), body: sample.body, author: sample.author });
    if (sample.kind === "lostFound") draft.lost = "lost";
    await board.addPost(draft);
  }
  await offline.close();
  const online = await Client.open({ url: `${origin.replace("http", "ws")}/sync`, storage, origin: "import", webSocket: WebSocket });
  const sent = await online.openBoard(board.id);
  await sent.openMonths(MONTHS);
  while (sent.posts.get().length < POSTS || !sent.posts.get().every((post) => post.delivery === "board")) await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(`${sent.posts.get().length} posts on ${new Set(sent.posts.get().map((post) => post.month)).size} pages`);
  await online.close();
  return board.id;
}

/** look opens the board in a browser that has never seen it, then again without a network. */
async function look(board) {
  const profile = await mkdtemp(join(tmpdir(), "tavle-profile-"));
  const flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"];
  const open = () => chromium.launchPersistentContext(profile, { executablePath: process.env.TAVLE_CHROMIUM ?? "/usr/bin/chromium", args: flags, viewport: { width: 390, height: 844 }, locale: "da-DK" });
  const visit = async (context, offline) => {
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
    await cdp.send("Network.enable");
    let bytes = 0;
    const documents = new Map();
    cdp.on("Network.webSocketFrameReceived", ({ response }) => {
      const frame = Buffer.from(response.payloadData, "base64");
      bytes += frame.length;
      const named = /documentIdx(.)(.{20,30}?)ddata/s.exec(frame.toString("latin1"));
      if (named) documents.set(named[2], (documents.get(named[2]) ?? 0) + frame.length);
    });
    if (offline) await context.setOffline(true);
    const began = performance.now();
    await page.goto(`${origin}/#b=${board}`);
    await page.locator("article.card").first().waitFor({ timeout: 120_000 });
    const first = performance.now() - began;
    if (!offline) await new Promise((resolve) => setTimeout(resolve, 8000));
    console.log(`${offline ? "again, offline" : "first visit"}: ${Math.round(first)} ms to the first post at ${SLOWDOWN}x slowdown; ` +
      `${documents.size} documents and ${Math.round(bytes / 1000)} kB over the websocket`);
    await page.close();
  };
  const context = await open();
  await visit(context, false);
  await context.close();
  const again = await open();
  await visit(again, true);
  await again.close();
  await rm(profile, { recursive: true, force: true });
}
