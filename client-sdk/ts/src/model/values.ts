// Values out of documents that anybody may have written: what has another type than expected counts as absent. Pure.

import * as A from "@automerge/automerge/slim"

export type Dict = Record<string, unknown>

/** A scalar string or a text, or undefined. */
export function optionalText(value: unknown): string | undefined {
  if (typeof value === "string") return value
  return A.isImmutableString(value) ? value.val : undefined
}

export const text = (value: unknown): string => optionalText(value) ?? ""

export const optionalNumber = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : typeof value === "bigint" ? Number(value) : undefined

/** A timestamp in milliseconds since 1970. */
export function optionalMillis(value: unknown): number | undefined {
  if (!(value instanceof Date)) return undefined
  const ms = value.getTime()
  return Number.isFinite(ms) ? ms : undefined
}

export const truthy = (value: unknown): boolean => value === true

/** A map, or an empty one. Never a list, text, date or scalar string. */
export function dict(value: unknown): Dict {
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value)
  return isMap && !(value instanceof Date) && !(value instanceof Uint8Array) && !A.isImmutableString(value) ? (value as Dict) : {}
}

export const isDict = (value: unknown): boolean => dict(value) === value

/** The members of a set: keys whose value is true. */
export const members = (value: unknown): string[] => Object.entries(dict(value)).flatMap(([key, on]) => (on === true ? [key] : []))

/** A scalar string for a document. */
export const scalar = (value: string): A.ImmutableString => new A.ImmutableString(value)
