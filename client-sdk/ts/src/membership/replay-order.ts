// The order of the elements of a list or text, those that were deleted included, at any moment of a history. Pure.

import * as A from "@automerge/automerge/slim"

/** An operation, as decoded changes have it. */
export type Op = A.DecodedChange["ops"][number] & { elemId?: string; insert?: boolean }

/** Compares ids of operations, as Automerge orders them. */
export function compareOpIds(a: string, b: string): number {
  const [[one = "", first = ""], [other = "", second = ""]] = [a.split("@"), b.split("@")]
  return Number(one) - Number(other) || (first < second ? -1 : first > second ? 1 : 0)
}

interface Element {
  readonly id: string
  readonly after: string
  readonly change: string
}

/**
 * The elements form a tree: each hangs on the one after which it was inserted, later ones before earlier ones, and the order is that of
 * walking through it. An element never moves, so what stood before another at some moment is what is left of the tree at that moment.
 */
export class Order {
  readonly #elements = new Map<string, Element>()
  readonly #on = new Map<string, Element[]>() // what hangs on an element, in their order
  readonly #doc: A.Doc<unknown>
  #past: { of: string; changes: Set<string> } = { of: "", changes: new Set() }

  /** Reads what was ever inserted into an object. */
  constructor(doc: A.Doc<unknown>, object: string) {
    this.#doc = doc
    for (const { hash } of A.getChangesMetaSince(doc, [])) {
      const { actor, startOp, ops } = A.inspectChange(doc, hash)!
      ;(ops as Op[]).forEach((op, at) => {
        if (op.obj === object && op.insert) this.#insert({ id: `${startOp + at}@${actor}`, after: op.elemId!, change: hash })
      })
    }
    for (const all of this.#on.values()) all.sort((a, b) => compareOpIds(b.id, a.id))
  }

  #insert(element: Element): void {
    this.#elements.set(element.id, element)
    const beside = this.#on.get(element.after)
    if (beside) beside.push(element)
    else this.#on.set(element.after, [element])
  }

  /** The element before another, or "_head", when the operation by of a change was made. */
  before(id: string, change: string, by: string): string {
    const past = this.#pastOf(change)
    const there = (element: Element) => past.has(element.change) && (element.change !== change || compareOpIds(element.id, by) < 0)
    const own = this.#elements.get(id)!
    const beside = this.#on.get(own.after)!
    for (let at = beside.indexOf(own) - 1; at >= 0; at--) if (there(beside[at]!)) return this.#last(beside[at]!.id, there)
    return own.after
  }

  /** The last element of what hangs on one. */
  #last(id: string, there: (element: Element) => boolean): string {
    for (;;) {
      const next = this.#on.get(id)?.findLast(there)
      if (!next) return id
      id = next.id
    }
  }

  /** A change and all that it knew of. Asked in the order of the history. */
  #pastOf(change: string): Set<string> {
    if (this.#past.of === change) return this.#past.changes
    const depsOf = (hash: string) => A.inspectChange(this.#doc, hash)!.deps
    const deps = depsOf(change)
    const next = deps.length === 1 && deps[0] === this.#past.of
    const changes = next ? this.#past.changes : new Set<string>()
    const queue = [change]
    for (let hash = queue.pop(); hash !== undefined; hash = queue.pop()) {
      if (changes.has(hash)) continue
      changes.add(hash)
      queue.push(...depsOf(hash))
    }
    this.#past = { of: change, changes }
    return changes
  }
}
