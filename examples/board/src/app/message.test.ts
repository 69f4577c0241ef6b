/** Every message of every catalogue, filled as a full implementation of ICU's syntax fills it. */
import { readdirSync, readFileSync } from "node:fs";
import { type MessageFormatElement, parse, TYPE } from "@formatjs/icu-messageformat-parser";
import { IntlMessageFormat } from "intl-messageformat";
import { expect, test } from "vitest";
import { formatMessage } from "./message";

const folder = new URL("../messages/", import.meta.url);

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
  for (const [key, text] of Object.entries(JSON.parse(readFileSync(new URL(file, folder), "utf8")) as Record<string, string>)) {
    const gaps = gapsOf(parse(text, { ignoreTag: true }));
    for (let round = 0; round < 4; round++) {
      const values = Object.fromEntries(Object.entries(gaps).map(([name, all]) => [name, all[round % all.length] as string | number]));
      const full = String(new IntlMessageFormat(text, language, undefined, { ignoreTag: true }).format(values));
      expect(formatMessage(text, language, values), `${key} ${JSON.stringify(values)}`).toBe(full);
    }
  }
});
