/**
 * Fills the gaps of a message in ICU's syntax, as far as the catalogues use it: {name}, plural with =n, one and other and #, select. A
 * test holds it against a full implementation, which would be a twelfth of all the JavaScript that a phone loads.
 */
export type Values = Record<string, string | number | Date>;

/** Words as they are, the number of the plural around, or a gap. */
type Part = string | { name: string; kind: "" | "plural" | "select"; options: Map<string, Part[]> };

const HASH = "\u0000#";
const rules = new Map<string, Intl.PluralRules>();

/** formatMessage fills a message; a gap without a value stays empty. */
export function formatMessage(text: string, language: string, values: Values = {}): string {
  return fill(parse(text), language, values, 0);
}

function fill(parts: Part[], language: string, values: Values, count: number): string {
  return parts
    .map((part) => {
      if (part === HASH) return count.toLocaleString(language);
      if (typeof part === "string") return part;
      const value = values[part.name] ?? "";
      if (!part.kind) return typeof value === "number" ? value.toLocaleString(language) : String(value);
      const n = Number(value);
      const chosen = part.kind === "select" ? String(value) : part.options.has(`=${n}`) ? `=${n}` : pluralOf(language, n);
      return fill(part.options.get(chosen) ?? part.options.get("other") ?? [], language, values, part.kind === "plural" ? n : count);
    })
    .join("");
}

function pluralOf(language: string, n: number): string {
  let found = rules.get(language);
  if (!found) rules.set(language, (found = new Intl.PluralRules(language)));
  return found.select(n);
}

function parse(text: string): Part[] {
  let at = 0;
  const word = (end: RegExp): string => {
    const start = at;
    while (at < text.length && !end.test(text[at]!)) at++;
    return text.slice(start, at).trim();
  };
  const parts = (inPlural: boolean): Part[] => {
    const found: Part[] = [];
    while (at < text.length && text[at] !== "}") {
      if (text[at] === "{") found.push(gap());
      else if (inPlural && text[at] === "#") {
        found.push(HASH);
        at++;
      } else {
        const start = at;
        while (at < text.length && !(text[at] === "{" || text[at] === "}" || (inPlural && text[at] === "#"))) at++;
        found.push(text.slice(start, at));
      }
    }
    return found;
  };
  const gap = (): Part => {
    at++;
    const name = word(/[,}]/);
    const options = new Map<string, Part[]>();
    if (text[at++] === "}") return { name, kind: "", options };
    const kind = word(/,/) === "select" ? "select" : "plural";
    at++;
    for (let option = word(/[{}]/); text[at] === "{"; option = word(/[{}]/)) {
      at++;
      options.set(option, parts(kind === "plural"));
      at++;
    }
    at++;
    return { name, kind, options };
  };
  return parts(false);
}
