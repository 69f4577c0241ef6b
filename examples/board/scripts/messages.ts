/**
 * Catalogues as modules: src/messages/*.json, asked for with ?icu, become modules of strings and of functions that fill a message. ICU's syntax is
 * read here, while the app is built; what is wrong in it stops the build with the file and the key. Devices load no parser and no code from text.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import MessageFormat from "@messageformat/core";
import compileModule from "@messageformat/core/lib/compile-module.js";
import { parse, type Token } from "@messageformat/parser";
import type { Plugin } from "vite";

const QUERY = "?icu";
/** Before the path of a catalogue, whose end is .js then: no plugin for JSON takes it for its own, and its chunk has the catalogue's name. */
const PREFIX = "\0messages:";
const RUNTIME = ["@messageformat/runtime", "@messageformat/runtime/lib/cardinals"];
const WORD = { id: "word", module: fileURLToPath(new URL("../src/app/message.ts", import.meta.url)), formatter: String };

/** messages is the plugin for the app and for its tests. */
export function messages(): Plugin {
  return {
    name: "messages",
    enforce: "pre",
    // Found by Vite's server only when a language is loaded, they would make it begin again.
    config: () => ({ optimizeDeps: { include: RUNTIME } }),
    async resolveId(source, importer) {
      if (!source.endsWith(`.json${QUERY}`)) return null;
      const found = await this.resolve(source.slice(0, -QUERY.length), importer, { skipSelf: true });
      return found && PREFIX + found.id.replace(/json$/, "js");
    },
    async load(id) {
      if (!id.startsWith(PREFIX)) return null;
      const file = id.slice(PREFIX.length).replace(/js$/, "json");
      this.addWatchFile(file);
      return { code: compileCatalogue(file, JSON.parse(await readFile(file, "utf8"))), moduleType: "js", map: null };
    },
  };
}

/**
 * compileCatalogue gives the source of a module whose default export has the keys of a catalogue: a string where nothing is to be filled
 * in, else a function of the values. The language is the file's last name but one: kiosk.da.json. Errors name the file and the key.
 */
export function compileCatalogue(file: string, catalogue: Record<string, unknown>): string {
  const language = /(\w+)\.json$/.exec(file)?.[1] ?? "";
  if (MessageFormat.supportedLocalesOf(language).length === 0) throw new Error(`${file}: no language in its name`);
  const format = new MessageFormat(language, { customFormatters: { word: WORD } });
  const { cardinals, ordinals } = format.resolvedOptions().plurals[0]!;
  const plain: Record<string, string> = {};
  const filled: Record<string, string> = {};
  for (const [key, text] of Object.entries(catalogue)) {
    try {
      if (typeof text !== "string") throw new Error("not a text");
      const tokens = parse(text, { cardinal: cardinals, ordinal: ordinals });
      refuseLooseBraces(tokens);
      if (tokens.every((token) => token.type === "content")) plain[key] = tokens.map((token) => token.value).join("");
      else compileModule(format, { [key]: (filled[key] = withWords(text, tokens)) });
    } catch (cause) {
      throw new Error(`${file}: ${key}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  const code = compileModule(format, filled).replace(/^export default /m, "const filled = ");
  return `${code}\nexport default { ...${JSON.stringify(plain)}, ...filled };\n`;
}

/** The parser takes a brace that opens or closes nothing for a word; here it is a slip of the translator's. */
function refuseLooseBraces(tokens: Token[]): void {
  for (const token of tokens) {
    if (token.type === "content" && /[{}]/.test(token.ctx.text.replace(/'[{}#](?:[^']|'')*'/g, ""))) throw new Error(`loose brace in: ${token.ctx.text}`);
    if ("cases" in token) for (const c of token.cases) refuseLooseBraces(c.tokens);
  }
}

/** Gaps for words, {name}, are filled by word() of the app, which writes numbers as the language does; the library would write them plain. */
function withWords(text: string, tokens: Token[]): string {
  return gapsOf(tokens)
    .sort((a, b) => b.at - a.at)
    .reduce((all, { at, length, name }) => `${all.slice(0, at)}{${name}, word}${all.slice(at + length)}`, text);
}

function gapsOf(tokens: Token[]): { at: number; length: number; name: string }[] {
  return tokens.flatMap((token) => {
    if (token.type === "argument") return { at: token.ctx.offset, length: token.ctx.text.length, name: token.arg };
    return "cases" in token ? token.cases.flatMap((c) => gapsOf(c.tokens)) : [];
  });
}
