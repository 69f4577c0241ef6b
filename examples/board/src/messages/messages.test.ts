/** Three catalogues say the same: equal keys, equal gaps to fill, sentences that can be read. */
import { readdirSync, readFileSync } from "node:fs";
import { type MessageFormatElement, parse, TYPE } from "@formatjs/icu-messageformat-parser";
import { describe, expect, test } from "vitest";

const folder = new URL("./", import.meta.url);
const files = readdirSync(folder).filter((f) => f.endsWith(".json"));
const scopes = [...new Set(files.map((f) => f.replace(/(da|nl|en)\.json$/, "")))];
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Record<string, string>;

/** The names of the gaps in a message, those inside plurals too. */
function gaps(elements: MessageFormatElement[]): string[] {
  return elements.flatMap((e) => {
    if (e.type === TYPE.plural || e.type === TYPE.select) return [e.value, ...Object.values(e.options).flatMap((o) => gaps(o.value))];
    return e.type === TYPE.literal || e.type === TYPE.pound ? [] : [(e as { value: string }).value];
  });
}
const gapsOf = (text: string) => [...new Set(gaps(parse(text, { ignoreTag: true })))].sort();

describe.each(scopes)("catalogue %s", (scope) => {
  const en = read(`${scope}en.json`);
  test.each(["da", "nl"])("%s has the keys and gaps of the English one", (language) => {
    const other = read(`${scope}${language}.json`);
    expect(Object.keys(other).sort()).toEqual(Object.keys(en).sort());
    for (const key of Object.keys(en)) expect(gapsOf(other[key] ?? ""), key).toEqual(gapsOf(en[key] ?? ""));
  });
  test.each(["da", "nl", "en"])("%s has no empty sentence and no plural without the other form", (language) => {
    for (const [key, text] of Object.entries(read(`${scope}${language}.json`))) {
      expect(text.trim(), key).not.toBe("");
      if (/\bplural\b/.test(text)) expect(text, key).toMatch(/other \{/);
    }
  });
});

test("keys of different catalogues do not hide each other", () => {
  const keys = scopes.flatMap((s) => Object.keys(read(`${s}en.json`)));
  expect(keys.filter((k, i) => keys.indexOf(k) !== i)).toEqual([]);
});
