/**
 * What the browser tests stand on: a real syncd with the app, wires that can be cut, and Chromium.
 *
 * A wire is a TCP proxy of its own port in front of syncd. Cutting it destroys its connections and refuses new ones, so that the
 * network is really gone for the browser behind it, also for the service worker and for open websockets.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { type PreviewServer, preview } from "vite";
import { until } from "./seed";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const SYNCD = process.env.TAVLE_SYNCD ?? here("../../../../bin/syncd");
const CHROMIUM = process.env.TAVLE_CHROMIUM ?? "/usr/bin/chromium";
const DIST = process.env.TAVLE_DIST ?? here("../../../../syncd/internal/webapp/dist");
/** Where pictures of the screens go; git does not keep them. */
const SHOTS = process.env.TAVLE_SHOTS ?? here("../artefacts");
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"];

function needed(): void {
  if (!existsSync(CHROMIUM)) throw new Error(`The browser tests need Chromium: not found at ${CHROMIUM}. Install it (Debian: apt-get install chromium) or name it in TAVLE_CHROMIUM.`);
  if (!existsSync(SYNCD)) throw new Error(`The browser tests need syncd: not found at ${SYNCD}. Build it with make build or name it in TAVLE_SYNCD.`);
  if (!existsSync(join(DIST, "index.html"))) throw new Error("The browser tests need the built app: npm run build.");
}

/** A syncd with a folder of its own, and the app in front of it. */
export class Hub {
  private child: ChildProcess | null = null;
  private pages: PreviewServer | null = null;
  private constructor(
    private readonly data: string,
    private readonly port: number,
    /** Where pages and websocket are, without a wire: http://127.0.0.1:… */
    public origin: string,
  ) {}

  static async start(): Promise<Hub> {
    needed();
    const port = await freePort();
    const hub = new Hub(await mkdtemp(join(tmpdir(), "tavle-board-")), port, `http://127.0.0.1:${port}`);
    await hub.up();
    const served = await (await fetch(hub.origin)).text();
    if (served !== (await readFile(join(DIST, "index.html"), "utf8"))) {
      // The binary holds another build than the one to be tested: Vite serves the new one, and passes the websocket on.
      const at = { target: hub.origin };
      hub.pages = await preview({
        configFile: here("../../vite.config.ts"),
        root: here("../.."),
        logLevel: "silent",
        preview: { host: "127.0.0.1", port: await freePort(), proxy: { "/sync": { ...at, ws: true }, "/app": at }, headers: { "Content-Security-Policy": policy() } },
      });
      hub.origin = hub.pages.resolvedUrls?.local[0]?.replace(/\/$/, "") ?? "";
    }
    return hub;
  }

  /** up starts the daemon, on the same port and data each time. */
  async up(): Promise<void> {
    const child = spawn(SYNCD, ["serve", "--open", "--listen", `127.0.0.1:${this.port}`, "--admin-listen", "off", "--data", this.data], { stdio: ["ignore", "pipe", "pipe"] });
    this.child = child;
    let said = "";
    child.stdout.on("data", (d: Buffer) => (said += d));
    child.stderr.on("data", (d: Buffer) => (said += d));
    await until(() => said.includes("listening on") || child.exitCode !== null, "syncd listens");
    if (child.exitCode !== null) throw new Error(`syncd ended: ${said}`);
  }

  /** kill ends the daemon as a power cut does. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    this.child = null;
  }

  async stop(): Promise<void> {
    await this.pages?.close();
    await this.kill();
    await rm(this.data, { recursive: true, force: true });
  }
}

/** The policy that syncd sends, from its source, so that Vite's preview is as strict. */
function policy(): string {
  const source = readFileSync(here("../../../../syncd/internal/webapp/webapp.go"), "utf8");
  const found = source.match(/const contentSecurityPolicy = ([\s\S]*?)\n\n/)?.[1];
  if (!found) throw new Error("no contentSecurityPolicy in webapp.go");
  return [...found.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => m[1]).join("");
}

/** A cable between one browser and the hub. */
export class Wire {
  private readonly sockets = new Set<Socket>();
  private server: Server | null = null;
  private constructor(
    private readonly target: number,
    private readonly port: number,
  ) {}

  static async to(hub: Hub): Promise<Wire> {
    const wire = new Wire(Number(new URL(hub.origin).port), await freePort());
    await wire.mend();
    return wire;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async mend(): Promise<void> {
    const server = createServer((near) => {
      const far = connect(this.target, "127.0.0.1");
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.sockets.add(one);
        one.pipe(other);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.sockets.delete(one);
          other.destroy();
        });
      }
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
  }

  async cut(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = null;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

export function launch(): Promise<Browser> {
  needed();
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** A browser with a profile folder of its own, for what has to outlive the browser. */
export function launchProfile(folder: string, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  needed();
  return chromium.launchPersistentContext(folder, { executablePath: CHROMIUM, args: FLAGS, ...options });
}

/** settle chooses language, theme and name before the app starts; the theme by the browser, as a person's device has it. */
export async function settle(context: BrowserContext, settings: Record<string, unknown>): Promise<void> {
  await context.addInitScript((chosen) => {
    if (!localStorage.getItem("tavle.settings")) localStorage.setItem("tavle.settings", JSON.stringify(chosen));
  }, settings);
}

/** watch collects what must never happen: requests to other origins, uncaught errors, and what the policy refused. */
export function watch(page: Page): { strangers: string[]; errors: string[] } {
  const seen = { strangers: [] as string[], errors: [] as string[] };
  page.on("request", (r) => {
    const own = new URL(page.url() === "about:blank" ? r.url() : page.url());
    const { host, protocol } = new URL(r.url());
    if (host !== own.host && protocol !== "blob:") seen.strangers.push(r.url());
  });
  page.on("pageerror", (e) => seen.errors.push(String(e)));
  page.on("console", (m) => {
    // cbor-x asks whether it may compile functions, and goes on without when the policy says no.
    if (/Content Security Policy|TrustedScriptURL|TrustedHTML|Refused to/.test(m.text()) && !/unsafe-eval|TrustedScript'/.test(m.text())) seen.errors.push(m.text());
  });
  return seen;
}

/** fullDisk runs in a page before the app: its disk is full as long as `full` is set. */
export function fullDisk(): void {
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...args) {
    if ("full" in globalThis) throw new DOMException("The disk is full.", "QuotaExceededError");
    return put.apply(this, args);
  };
}

/** cached waits until the service worker holds the whole app. */
export async function cached(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    if (registration.active?.state !== "activated") await new Promise((resolve) => registration.active?.addEventListener("statechange", resolve, { once: true }));
  });
}

/** shot leaves a picture of what is seen, under a name. */
export async function shot(page: Page, name: string, options: { fullPage?: boolean } = {}): Promise<void> {
  await mkdir(SHOTS, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(SHOTS, `${name}.png`), ...options });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (!address || typeof address === "string") throw new Error("no port");
  return address.port;
}
