// What a person wrote, out of values of documents. Pure.

import { isImmutableString } from "@automerge/automerge/slim"

// Fields that programs write, or of which people choose one.
const notText = new Set([
  "kind", "lang", "languages", "author", "createdBy", "createdAt", "clientTime", "origin", "by", "at", "id", "urgency", "lost", "action", "outcome",
  "status", "permission", "callBackBy", "connector", "post", "target", "secret", "secretHash", "claimedBy", "claimedAt", "answer", "party", "terms",
  "repeat", "icon", "timeZone", "pinned", "board", "month",
])

const stringIn = (value: unknown): string | null =>
  typeof value === "string" ? value : isImmutableString(value) ? String(value) : null

/** The texts in a value that are not at the same place in another, each once, titles before what they stand over. */
export function textsIn(value: unknown, beside?: unknown): string[] {
  const texts: string[] = []
  collect(value, beside, texts)
  return [...new Set(texts)]
}

function collect(value: unknown, beside: unknown, into: string[]): void {
  const text = stringIn(value)
  if (text !== null) {
    if (text.trim() !== "" && text !== stringIn(beside)) into.push(text)
    return
  }
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return
  const other = typeof beside === "object" && beside !== null ? (beside as Record<string, unknown>) : {}
  const parts = Object.entries(value).sort(([a], [b]) => Number(b === "title") - Number(a === "title"))
  for (const [key, part] of parts) if (!notText.has(key)) collect(part, other[key], into)
}
