// Where in a document is written: an entry that may have been made more than once, as proxies of a document that is being changed. A field
// is written in the first object of the entry and taken out of the others, so that what is written stands alone. Pure.

import * as A from "@automerge/automerge/slim"
import { compareOps, isDict, scalar, type Dict } from "./values.js"

/** A value to write; null takes a field away, undefined leaves it. */
export type Written = string | number | boolean | Date | null | undefined

export class Place {
  readonly #objects: Dict[]

  private constructor(objects: Dict[]) {
    this.#objects = objects
  }

  static root = (doc: Dict): Place => new Place([doc])

  get exists(): boolean {
    return this.#objects.length > 0
  }

  /** The earliest operation that made it. */
  get made(): string {
    return this.#objects.map(object => A.getObjectId(object as A.Doc<Dict>) ?? "0@").reduce((a, b) => (compareOps(b, a) < 0 ? b : a))
  }

  /** The object that is written to. */
  get object(): Dict {
    return this.#objects[0]!
  }

  /** The map under a key. */
  at(key: string): Place {
    return new Place(this.#objects.flatMap(object => mapsUnder(object, key)))
  }

  /** The map under a key, made if there is none. */
  make(key: string): Place {
    const there = this.at(key)
    if (there.exists) return there
    this.object[key] = {}
    return this.at(key)
  }

  /** Keys of all objects. */
  keys(): string[] {
    return [...new Set(this.#objects.flatMap(object => Object.keys(object)))].sort()
  }

  /** The value that is shown, of whatever type. */
  shown(key: string): unknown {
    return this.#objects.find(object => key in object)?.[key]
  }

  /** Writes a scalar, unless it is there and stands alone. */
  set(key: string, value: Written): void {
    if (value === undefined) return
    if (value === null) return this.clear(key)
    if (this.#standsAlone(key, value)) return
    this.object[key] = typeof value === "string" ? scalar(value) : value
    this.#clearOthers(key)
  }

  clear(key: string): void {
    for (const object of this.#objects) if (key in object) delete object[key]
  }

  /** Makes the set under a key exactly these; additions that others make at the same time stay. */
  setMembers(key: string, values: readonly string[] | undefined): void {
    if (!values) return
    const has = this.at(key)
    for (const value of [...new Set(values)].sort()) if (has.shown(value) !== true) this.make(key).set(value, true)
    for (const value of has.keys()) if (!values.includes(value)) has.clear(value)
  }

  /** Edits the text under a key so that it becomes this; what others write in it at the same time stays. */
  setText(doc: Dict, path: A.Prop[], key: string, value: string): void {
    if (typeof this.object[key] !== "string") this.object[key] = value
    else if (this.object[key] !== value) A.updateText(doc, [...path, key], value)
    this.#clearOthers(key)
  }

  #clearOthers(key: string): void {
    for (const object of this.#objects.slice(1)) if (key in object) delete object[key]
  }

  #standsAlone(key: string, value: Exclude<Written, null | undefined>): boolean {
    const before = this.object[key]
    if (this.#objects.slice(1).some(object => key in object) || A.getConflicts(this.object as A.Doc<Dict>, key)) return false
    if (typeof value === "string") return A.isImmutableString(before) && before.val === value
    if (value instanceof Date) return before instanceof Date && before.getTime() === value.getTime()
    return before === value
  }
}

function mapsUnder(object: Dict, key: string): Dict[] {
  const all = A.getConflicts(object as A.Doc<Dict>, key) as Record<string, unknown> | undefined
  if (!all) return isDict(object[key]) ? [object[key]] : []
  return Object.keys(all).sort((a, b) => compareOps(b, a)).map(op => all[op]).filter(isDict)
}
