import { parse } from "../../app/route";

/** The document id in whatever a person pastes: a link, or an automerge address. "" when there is none. */
export function boardIn(pasted: string): string {
  const text = pasted.trim();
  const url = text.match(/automerge:([1-9A-HJ-NP-Za-km-z]+)/);
  if (url) return url[1] ?? "";
  const hash = text.indexOf("#");
  return hash < 0 ? "" : parse(text.slice(hash)).board;
}
