/** The table that owners read says what the server does: both are compared with the page that is made from the server's own table. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { RIGHTS } from "./rights-table";

const page = readFileSync(new URL("../../../../../syncd/docs/roles.md", import.meta.url), "utf8");
const members = ["resident", "connector", "matchmaker", "moderator", "ambassador", "owner", "deputy"];

/** The roles in a cell of the page. */
function rolesIn(cell: string): string[] {
  if (cell === "all") return ["visitor", ...members].sort();
  if (cell === "members") return [...members].sort();
  return cell === "–" ? [] : cell.split(", ").sort();
}

test.each(RIGHTS.filter((r) => r.row))("$id is allowed to whom the server allows it", ({ roles, row }) => {
  const [name, column] = row ?? ["", 0];
  const line = page.split("\n").find((l) => l.startsWith(`| ${name} |`));
  expect(line, name).toBeDefined();
  const cells = (line ?? "").split("|").map((c) => c.trim());
  expect([...roles].sort()).toEqual(rolesIn(cells[2 + column] ?? ""));
});
