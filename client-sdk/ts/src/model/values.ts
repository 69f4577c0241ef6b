// Values in documents that anybody may have written. Pure.
//
// An entry is one map of a document. Two devices may have made it each on its own (a form sent from two windows): then it is several
// objects under one key, of which Automerge shows one, and which are read here as one. Looking for that costs a call into wasm for each
// field, so it is done only where a conflict is known to be.

import * as A from "@automerge/automerge/slim"

export type Dict = Record<string, unknown>

/** A value of a field, by its type in the document. */
export type Value =
  | { type: "map"; node: Node }
  | { type: "text"; value: string }
  | { type: "string"; value: string }
  | { type: "number"; value: number }
  | { type: "timestamp"; value: number }
  | { type: "boolean"; value: boolean }
  | { type: "null" | "other" }

/** A map object. */
export interface Node {
  /** The id of the operation that made it. */
  readonly made: string
  keys(): string[]
  /** All values under a key, the one that Automerge shows first. */
  values(key: string): Value[]
}

/** Compares ids of operations: what was written with knowledge of another is later. */
export function compareOps(a: string, b: string): number {
  const [x, y] = [a.split("@"), b.split("@")]
  return Number(x[0]) - Number(y[0]) || compareText(x[1] ?? "", y[1] ?? "")
}

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A map as Automerge shows it: one value for each key. */
export class ShownNode implements Node {
  readonly #map: Dict

  constructor(map: Dict) {
    this.#map = map
  }

  get made(): string {
    return A.getObjectId(this.#map) ?? "0@"
  }

  keys(): string[] {
    return Object.keys(this.#map).sort()
  }

  values(key: string): Value[] {
    return Object.hasOwn(this.#map, key) ? [shown(this.#map[key])] : []
  }
}

function shown(value: unknown): Value {
  if (typeof value === "string") return { type: "text", value }
  if (A.isImmutableString(value)) return { type: "string", value: value.val }
  if (typeof value === "number" || typeof value === "bigint") return { type: "number", value: Number(value) }
  if (typeof value === "boolean") return { type: "boolean", value }
  if (value === null) return { type: "null" }
  if (value instanceof Date) return { type: "timestamp", value: value.getTime() }
  return isDict(value) ? { type: "map", node: new ShownNode(value as Dict) } : { type: "other" }
}

type Backend = ReturnType<typeof A.getBackend>

/** A map with all concurrent values of its fields, read from Automerge itself. */
export class ExactNode implements Node {
  readonly #backend: Backend
  readonly made: string

  constructor(backend: Backend, id: string) {
    this.#backend = backend
    this.made = id
  }

  keys(): string[] {
    return this.#backend.keys(this.made).sort()
  }

  values(key: string): Value[] {
    const all = this.#backend.getAll(this.made, key) as unknown as [string, unknown, string?][]
    const opOf = ([, value, op]: [string, unknown, string?]) => op ?? String(value)
    return all.sort((a, b) => compareOps(opOf(b), opOf(a))).map(full => this.#value(full))
  }

  #value([type, value]: [string, unknown, string?]): Value {
    switch (type) {
      case "map": return { type: "map", node: new ExactNode(this.#backend, value as string) }
      case "text": return { type: "text", value: this.#backend.text(value as string) }
      case "str": return { type: "string", value: value as string }
      case "int": case "uint": case "f64": return { type: "number", value: Number(value) }
      case "timestamp": return { type: "timestamp", value: (value as Date).getTime() }
      case "boolean": return { type: "boolean", value: value as boolean }
      case "null": return { type: "null" }
      default: return { type: "other" }
    }
  }
}

/** Concurrent values of fields, the one shown first. Names of fields in maps are like `when.start`. */
export type Concurrent = Record<string, (string | number | boolean)[]>

const timeForm = /^\d{13}-[0-9a-f]{4}$/
export const timeZero = "0000000000000-0000"

/** An entry: one map, made once or more than once. A value of another type than expected counts as absent. */
export class Entry {
  readonly #nodes: Node[]
  readonly #notes: Concurrent | null
  readonly #prefix: string

  /** notes takes the names and values of fields that have several. */
  constructor(nodes: Node[], notes: Concurrent | null = null, prefix = "") {
    this.#nodes = nodes
    this.#notes = notes
    this.#prefix = prefix
  }

  get exists(): boolean {
    return this.#nodes.length > 0
  }

  /** The earliest operation that made it. */
  get made(): string {
    return this.#nodes.map(node => node.made).reduce((a, b) => (compareOps(b, a) < 0 ? b : a))
  }

  /** The map under a key. */
  entry(key: string): Entry {
    return new Entry(this.#under(key), this.#notes, `${this.#prefix}${key}.`)
  }

  /** The map under a key, as an entry of its own whose concurrent values go to notes. */
  entryWith(key: string, notes: Concurrent): Entry {
    return new Entry(this.#under(key), notes)
  }

  keys(): string[] {
    const [only, ...more] = this.#nodes
    if (!only) return []
    return more.length === 0 ? only.keys() : [...new Set(this.#nodes.flatMap(node => node.keys()))].sort()
  }

  /** Each key under which a map stands, in the order of keys. */
  children<T>(read: (key: string, child: Entry, notes: Concurrent) => T): T[] {
    return this.keys().flatMap(key => {
      const nodes = this.#under(key)
      if (nodes.length === 0) return []
      const notes: Concurrent = {}
      return [read(key, new Entry(nodes, notes), notes)]
    })
  }

  /** The members of a set, sorted. */
  set(): string[] {
    const plain = new Entry(this.#nodes)
    return this.keys().filter(key => plain.bool(key))
  }

  string = (key: string): string =>
    this.#pick(key, value => (value.type === "string" ? value.value : undefined)) ?? ""

  time = (key: string): string =>
    this.#pick(key, value => (value.type === "string" && timeForm.test(value.value) ? value.value : undefined)) ?? timeZero

  /** A timestamp in milliseconds since 1970; 0 when there is none. */
  millis = (key: string): number =>
    this.#pick(key, value => (value.type === "timestamp" && Number.isFinite(value.value) ? value.value : undefined)) ?? 0

  /** A whole number. */
  number = (key: string, otherwise: number): number =>
    this.#pick(key, value => (value.type === "number" && Number.isSafeInteger(value.value) ? value.value : undefined)) ?? otherwise

  bool = (key: string): boolean =>
    this.#pick(key, value => (value.type === "boolean" ? value.value : undefined)) ?? false

  /** The text under a key. */
  text = (key: string): string =>
    this.#pick(key, value => (value.type === "text" ? value.value : undefined)) ?? ""

  /** Whether a field has any value but false and null. */
  marked = (key: string): boolean =>
    this.#pick(key, value => {
      if (value.type === "map" || value.type === "text" || value.type === "other") return undefined
      return value.type !== "null" && !(value.type === "boolean" && !value.value)
    }) ?? false

  #under(key: string): Node[] {
    return this.#nodes.flatMap(node => node.values(key).flatMap(value => (value.type === "map" ? [value.node] : [])))
  }

  #pick<T extends string | number | boolean>(key: string, fits: (value: Value) => T | undefined): T | undefined {
    const found: T[] = []
    for (const node of this.#nodes)
      for (const value of node.values(key)) {
        const own = fits(value)
        if (own !== undefined && !found.includes(own)) found.push(own)
      }
    if (found.length > 1 && this.#notes) this.#notes[this.#prefix + key] = found
    return found[0]
  }
}

/** Whether a value in a document, or in one that is being changed, is a map. */
export const isDict = (value: unknown): value is Dict =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date) && !(value instanceof Uint8Array) &&
  !A.isImmutableString(value) && !A.isCounter(value)

/** A scalar string for a document. */
export const scalar = (value: string): A.ImmutableString => new A.ImmutableString(value)
