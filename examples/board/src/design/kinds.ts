/** The ten kinds of post, in the order in which people are asked: needs and gifts first, agreements last. */
export const KINDS = [
  "request", "offer", "item", "companion", "event", "notice", "question", "idea", "lostFound", "arrangement",
] as const;

/** One of the ten. Each has a colour (design/tokens.css, by data-kind), a sign (design/icon.tsx) and a word (kind.* in the messages). */
export type Kind = (typeof KINDS)[number];

/** isKind tells a kind that this version knows from one of a newer version. */
export function isKind(value: string): value is Kind {
  return (KINDS as readonly string[]).includes(value);
}
