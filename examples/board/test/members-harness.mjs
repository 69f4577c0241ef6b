// What the browser tests of members stand on: the built app in front of a real syncd that knows its members, with a wire that can be cut.
import { execFile, spawn } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer, request as ask } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import { passOn, POLICY, TYPES } from "./kiosk-harness.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const SYNCD = process.env.TAVLE_SYNCD ?? here("../../../bin/syncd");
const CHROMIUM = process.env.TAVLE_CHROMIUM ?? "/usr/bin/chromium";
const DIST = process.env.TAVLE_DIST ?? here("../../../syncd/internal/webapp/dist");
const PAGES = ["/", "/kiosk", "/desk"];

/** A wire to the server: an address of its own, at which the app is, and behind which everything else is passed on until it is cut. */
async function openWire(port) {
  let isCut = false;
  const sockets = new Set();
  const server = createServer(async (request, response) => {
    if (isCut) return request.socket.destroy();
    const { pathname } = new URL(request.url, "http://x");
    const file = join(DIST, PAGES.includes(pathname) ? "index.html" : pathname);
    const found = file.startsWith(DIST) && (await stat(file).catch(() => null));
    if (found?.isFile()) {
      response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": POLICY });
      return createReadStream(file).pipe(response);
    }
    const { method, url, headers } = request;
    const on = ask({ host: "127.0.0.1", port: port(), method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    on.on("error", () => response.destroy());
    request.pipe(on);
  });
  server.on("upgrade", (request, socket, head) => (isCut ? socket.destroy() : passOn(port(), sockets, request, socket, head)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const end = () => {
    for (const s of sockets) s.destroy();
    server.closeAllConnections();
  };
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut(now) {
      isCut = now;
      if (now) end();
    },
    close() {
      end();
      server.close();
    },
  };
}

/** startServer serves the app of the build in front of a syncd with members; with `demo` one with a demo board. */
export async function startServer({ demo = false } = {}) {
  if (!existsSync(join(DIST, "index.html"))) throw new Error("the app is not built: npm run build");
  const data = await mkdtemp(join(tmpdir(), "tavle-members-"));
  let port = 0;
  const first = await openWire(() => port);
  const wires = [first];
  const flags = ["serve", `--data=${data}`, "--listen=127.0.0.1:0", "--admin-listen=off", "--free-min=1MiB", `--public-url=${first.url}`];
  const child = spawn(SYNCD, demo ? [...flags, "--demo"] : flags, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  port = await new Promise((resolve, reject) => {
    const read = (chunk) => {
      said += chunk;
      const found = /listening on http:\/\/[^:]+:(\d+)/.exec(said);
      if (found) resolve(Number(found[1]));
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", () => reject(new Error(`syncd ended: ${said}`)));
  });
  const run = promisify(execFile);
  const cli = async (...args) => JSON.parse((await run(SYNCD, [...args, `--data=${data}`, "--json"])).stdout || "null");
  return {
    url: first.url,
    cut: first.cut,
    /** Another way to the server, for one person alone: {url, cut}. */
    async wire() {
      const wire = await openWire(() => port);
      wires.push(wire);
      return wire;
    },
    /** The code of whoever sets the server up, as it stands on the terminal. */
    async setup() {
      for (let i = 0; i < 100 && !/code +\w{5}-\w{5}/.test(said); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      return /code +(\w{5}-\w{5})/.exec(said)?.[1] ?? "";
    },
    /** cli runs a command beside the daemon and reads what it answers. */
    cli,
    /** invite makes a code on the command line. */
    invite: (board, role, ...more) => cli("invite", `--board=${board}`, `--role=${role}`, ...more),
    async close() {
      for (const wire of wires) wire.close();
      child.removeAllListeners("exit");
      const ended = new Promise((resolve) => child.on("exit", resolve));
      child.kill();
      await ended;
      await rm(data, { recursive: true, force: true });
    },
  };
}

export const PHONE = { width: 390, height: 844 };
export const TABLET = { width: 820, height: 1180 };
export const WIDE = { width: 1280, height: 800 };

/** startProfile is one person's browser, with a folder on disk that stays. */
export async function startProfile({ locale = "en-GB", viewport = PHONE, ...options } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "tavle-profile-"));
  const context = await chromium.launchPersistentContext(folder, { executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"], locale, viewport, ...options });
  return {
    folder,
    context,
    page: context.pages()[0] ?? (await context.newPage()),
    async close() {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** joinBy opens a link of an invitation and says yes. */
export async function joinBy(page, link) {
  await page.goto(link);
  await page.locator(".join-form .button-primary").click();
  await page.locator(".join").waitFor({ state: "detached" });
}
