// Weighs what each address loads: the JavaScript that its page imports, with one language, gzipped; fonts, styles and wasm beside it.
// Prints a table and fails when one address needs more JavaScript than the limit.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT = 204_000;
const built = process.env.TAVLE_DIST ? pathToFileURL(`${process.env.TAVLE_DIST}/`) : new URL("../../../syncd/internal/webapp/dist/", import.meta.url);
const dist = new URL("assets/", built);
const files = readdirSync(dist);
const packed = (name) => gzipSync(readFileSync(new URL(name, dist)), { level: 9 }).length;
const named = (start, end = ".js") => files.filter((f) => f.startsWith(`${start}-`) && f.endsWith(end));

/** Everything that a file imports, itself included; imports that wait for a press or an address are not followed. */
function closure(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const code = readFileSync(new URL(name, dist), "utf8");
  for (const [, found] of code.matchAll(/(?:^|[;}\s])(?:import|from)\s*["']\.\/([\w.-]+\.js)["']/g)) closure(found, seen);
  return seen;
}

let failed = false;
const heaviest = (scope) => ["da", "nl", "en"].flatMap((l) => named(`${scope}${l}`)).sort((a, b) => packed(b) - packed(a))[0];
/** What is loaded, and with which catalogues. Whoever joins has the page behind it too by then, and who looks after a board the phone's. */
const loads = {
  phone: [["phone"], [""]],
  kiosk: [["kiosk"], ["", "kiosk."]],
  desk: [["desk"], ["", "desk."]],
  join: [["join"], ["", "member."]],
};
for (const [part, [parts, scopes]] of Object.entries(loads)) {
  const loaded = new Set();
  for (const start of [...named("index"), ...parts.flatMap((p) => named(p)), ...scopes.map(heaviest)]) closure(start, loaded);
  if (named(part).length !== 1) throw new Error(`no single chunk of the ${part} in the build`);
  const sum = [...loaded].reduce((n, f) => n + packed(f), 0);
  failed ||= sum > LIMIT;
  console.log(`${part.padEnd(6)} ${(sum / 1000).toFixed(1).padStart(6)} kB JavaScript in ${loaded.size} files${sum > LIMIT ? "  MORE THAN THE LIMIT" : ""}`);
}
const all = (end) => files.filter((f) => f.endsWith(end));
const total = (list) => (list.reduce((n, f) => n + packed(f), 0) / 1000).toFixed(1).padStart(6);
console.log(`all    ${total(all(".js"))} kB JavaScript, ${total(all(".css"))} kB styles, all parts and languages`);
for (const f of all(".wasm")) console.log(`wasm   ${(packed(f) / 1000).toFixed(1).padStart(6)} kB gzipped, ${(statSync(new URL(f, dist)).size / 1000).toFixed(0)} kB plain`);
console.log(`fonts  ${(all(".woff2").reduce((n, f) => n + statSync(new URL(f, dist)).size, 0) / 1000).toFixed(1).padStart(6)} kB`);
console.log(`limit  ${(LIMIT / 1000).toFixed(1).padStart(6)} kB JavaScript for an address`);
if (failed) process.exit(1);
