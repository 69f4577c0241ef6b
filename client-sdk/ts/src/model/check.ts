// What writers may write. Readers take what is there. Pure. Lengths are in Unicode code points.

import { isId } from "./ids.js"

export const titleMax = 80
export const bodyMax = 4000
export const replyMax = 2000
export const houseRulesMax = 4000
/** Of every other string. */
export const lineMax = 200
/** Of about, message, reason, facts and note. */
export const noteMax = 1000
/** Of one post: tags, and categories. */
export const tagsMax = 20

const words = {
  kind: "request offer item companion event notice question idea lostFound arrangement",
  origin: "phone kiosk desk import demo",
  urgency: "today week whenever",
  item: "give lend swap seek",
  lost: "lost found",
  repeat: "daily weekly monthly",
  proxyKind: "self family neighbour volunteer professional legalRepresentative",
  permission: "spoken written phone",
  callBackBy: "phone visit letter none",
  outcome: "foundHere foundElsewhere notNeeded",
  answer: "accepted declined",
  status: "new considering planned done declined",
  action: "hide remove restore label",
}

/** Something may not be written. Nothing has changed. */
export class Invalid extends Error {
  override readonly name = "Invalid"
  readonly why: "tooLong" | "required" | "malformed" | "held"
  /** The field, by its name in SCHEMA.md. */
  readonly field: string

  constructor(why: Invalid["why"], field: string, message: string) {
    super(message)
    this.why = why
    this.field = field
  }
}

/** Throws Invalid for a text that is longer than that. */
export function within(field: string, value: string | null | undefined, limit: number): void {
  const length = value ? [...value].length : 0
  if (length > limit) throw new Invalid("tooLong", field, `${field} has ${length} characters, and ${limit} are allowed`)
}

/** Throws Invalid for a text that is empty or too long. */
export function required(field: string, value: string | undefined, limit: number): void {
  if (!value?.trim()) throw new Invalid("required", field, `${field} is missing`)
  within(field, value, limit)
}

/** Throws Invalid for a value that is none of the field's words. */
export function oneOf(field: keyof typeof words, value: string | null | undefined): void {
  if (value && !words[field].split(" ").includes(value)) throw new Invalid("malformed", field, `${field} is none of ${words[field]}`)
}

/** Throws Invalid for what is no id. */
export function validId(...ids: string[]): void {
  for (const id of ids) if (!isId(id)) throw new Invalid("malformed", "id", `${id} is no id`)
}

/** Throws Invalid for tags or categories that are too many or too long. */
export function labels(field: string, values: readonly string[] | undefined): void {
  if (values && values.length > tagsMax) throw new Invalid("tooLong", field, `${values.length} ${field}, and ${tagsMax} are allowed`)
  for (const value of values ?? []) required(field, value, lineMax)
}
