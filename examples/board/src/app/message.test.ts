/** Every message of every catalogue as it is compiled, filled as another implementation of ICU's syntax fills it; and what does not compile. */
import { readdirSync, readFileSync } from "node:fs";
import { type MessageFormatElement, parse, TYPE } from "@formatjs/icu-messageformat-parser";
import { IntlMessageFormat } from "intl-messageformat";
import { expect, test } from "vitest";
import { compileCatalogue } from "../../scripts/messages.ts";
import { type Catalogue, formatMessage } from "./message";

const folder = new URL("../messages/", import.meta.url);
const compiled = import.meta.glob<Catalogue>("../messages/*.json", { query: "?icu", import: "default", eager: true });

/** The gaps of a message with what may stand in them: counts, choices, words. */
function gapsOf(elements: MessageFormatElement[], into: Record<string, (string | number)[]> = {}): Record<string, (string | number)[]> {
  for (const e of elements) {
    if (e.type === TYPE.literal || e.type === TYPE.pound) continue;
    if (e.type === TYPE.plural) into[e.value] = [0, 1, 2, 1234];
    else if (e.type === TYPE.select) into[e.value] = [...Object.keys(e.options), "something"];
    else into[(e as { value: string }).value] ??= ["Ærø – “a” & <b>", 7];
    if (e.type === TYPE.plural || e.type === TYPE.select) for (const o of Object.values(e.options)) gapsOf(o.value, into);
  }
  return into;
}

const files = readdirSync(folder).filter((f) => f.endsWith(".json"));
test.each(files)("%s", (file) => {
  const language = file.slice(-7, -5);
  const sources = JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Record<string, string>;
  const messages = compiled[`../messages/${file}`]!;
  expect(Object.keys(messages).sort()).toEqual(Object.keys(sources).sort());
  for (const [key, text] of Object.entries(sources)) {
    const gaps = gapsOf(parse(text, { ignoreTag: true }));
    expect(typeof messages[key], key).toBe(Object.keys(gaps).length === 0 ? "string" : "function");
    for (let round = 0; round < 4; round++) {
      const values = Object.fromEntries(Object.entries(gaps).map(([name, all]) => [name, all[round % all.length] as string | number]));
      const full = String(new IntlMessageFormat(text, language, undefined, { ignoreTag: true }).format(values));
      expect(formatMessage(messages[key]!, values), `${key} ${JSON.stringify(values)}`).toBe(full);
    }
  }
});

test("numbers are written as the language writes them, and a gap without a value stays empty", () => {
  const of = (language: string) => compiled[`../messages/desk.${language}.json`]!["desk.n.of"]!;
  expect(formatMessage(of("da"), { part: 1234, all: 5678 })).toBe("1.234 af 5.678");
  expect(formatMessage(of("en"), { part: 1234, all: 5678 })).toBe("1,234 of 5,678");
  expect(formatMessage(of("nl"), { part: 1 })).toBe("1 van ");
  expect(formatMessage(of("nl"))).toBe(" van ");
});

test("what stands in quotes is words, brackets too", () => {
  const code = compileCatalogue("en.json", { plain: "it''s '{'here'}'", filled: "{a}'s '{b}'" });
  expect(code).toContain(JSON.stringify("it's {here}"));
  expect(code).toContain(JSON.stringify("'s {b}"));
});

test.each([
  ["a gap that is not closed", "{name"],
  ["a closing bracket too many", "a name}"],
  ["a gap without a name", "a {} b"],
  ["a loose bracket in a plural", "{n, plural, other {# {} posts}}"],
  ["a plural without the other form", "{n, plural, one {# post}}"],
  ["a plural without the other form inside of another", "{n, plural, other {{m, plural, =0 {none}}}}"],
  ["a choice without the other form", "{who, select, me {I}}"],
  ["a plural form that Danish does not have", "{n, plural, few {# posts} other {# posts}}"],
  ["a kind that there is not", "{n, amount}"],
  ["what is not a text", 7],
])("%s stops the build and is named", (_, text) => {
  expect(() => compileCatalogue("src/messages/desk.da.json", { good: "a {b}", "desk.bad": text })).toThrow(/^src\/messages\/desk\.da\.json: desk\.bad: /);
});
