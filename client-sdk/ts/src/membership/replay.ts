// What is left of a document when the server has refused one of its changes. Pure.

import * as A from "@automerge/automerge/slim"
import { ascii } from "../model/ids.js"
import { sha256 } from "../model/sha256.js"
import { compareOpIds, Order, type Op } from "./replay-order.js"
import { hexOf } from "./rules/proof.js"

const actorBytes = 16

/**
 * Takes one change out of a history, and keeps what was made after it.
 *
 * What is not made in knowledge of the refused change stays as it is, byte for byte: the server has it, or will. Each later change is
 * written anew, as it would have been without the refused one: the same operations with the same ids of posts and the same times. An
 * operation inside something that the refused change made is left out; one that replaces a value of the refused change replaces what
 * that had replaced; a letter that was typed after a refused one stands after the letter before it. A change of which nothing is left
 * is left out.
 *
 * A change that is written anew depends on nothing but its own history and the hash of the refused change: its actor is a hash of the
 * old one and that, its number and its operations count on from what it stands on. So two windows of a device that do this for
 * themselves, or one that does it again after it was switched off half-way, make the same changes, and what they have merges. To draw
 * new random actors was the other way; it doubles every post of a device that is switched off at the wrong moment.
 *
 * Automerge's JSON form of changes has no bytes and no numbers beyond 2⁵³, and no version of this client writes them. When a later change
 * has them, or cannot be written anew for another reason, all that was made after the refused one is left out with it.
 *
 * Returns null when the change is not in the document.
 */
export function without(doc: A.Doc<unknown>, refused: string): Replayed | null {
  if (!A.hasHeads(doc, [refused])) return null
  try {
    return replay(doc, new Rewriting(doc, refused))
  } catch {
    return replay(doc, new Cut(refused))
  }
}

/** A document without a change. */
export interface Replayed {
  /** The document as Automerge saves it. */
  readonly bytes: Uint8Array
  /** How many of its changes were written anew. */
  readonly rewritten: number
}

/** What becomes of the refused change and of those that were made after it. */
interface Treatment {
  readonly refused: string
  /** A change that stays as it is. */
  stays(meta: A.ChangeMetadata): void
  /** A change that was made after the refused one. Returns what stands for it. */
  follows(meta: A.ChangeMetadata): Anew | null
}

/** A change that was written anew. */
interface Anew {
  readonly hash: string
  readonly bytes: Uint8Array
}

function replay(doc: A.Doc<unknown>, treatment: Treatment): Replayed {
  const affected = new Set<string>()
  const changes = new Map<string, Uint8Array>() // by hash: what is written anew can be there already, from another window
  let rewritten = 0
  const bytes = A.getAllChanges(doc) // each behind what it depends on, as the metadata are
  A.getChangesMetaSince(doc, []).forEach((meta, at) => {
    if (meta.hash !== treatment.refused && !meta.deps.some(dep => affected.has(dep))) {
      treatment.stays(meta)
      changes.set(meta.hash, bytes[at]!)
      return
    }
    affected.add(meta.hash)
    const anew = treatment.follows(meta)
    if (!anew) return
    changes.set(anew.hash, anew.bytes)
    rewritten++
  })
  const [clean] = A.applyChanges(A.init<Record<string, unknown>>(), [...changes.values()])
  if (A.stats(clean).numChanges !== changes.size) throw new Error("a change was written anew that does not stand on what there is")
  return { bytes: A.save(clean), rewritten }
}

/** Leaves out everything that was made after the refused change. */
class Cut implements Treatment {
  constructor(readonly refused: string) {}
  stays(): void {}
  follows = (): null => null
}

class Rewriting implements Treatment {
  readonly refused: string
  readonly #doc: A.Doc<unknown>
  readonly #maxOps = new Map<string, number>() // of the changes of the new history, by hash
  readonly #standing = new Map<string, string[]>() // for a change that is not in it: hashes that are
  readonly #renamed = new Map<string, string>() // operations, old to new
  readonly #gone = new Map<string, readonly string[]>() // operations, and the values that each was to replace
  readonly #orders = new Map<string, Order>()
  readonly #bared = new Map<string, string[]>() // what a deletion that is gone was to take away, by object and key
  readonly #count = new Map<string, number>() // changes of each new actor

  constructor(doc: A.Doc<unknown>, refused: string) {
    this.#doc = doc
    this.refused = refused
  }

  stays({ hash, maxOp }: A.ChangeMetadata): void {
    this.#maxOps.set(hash, maxOp)
  }

  follows({ hash }: A.ChangeMetadata): Anew | null {
    const change = A.inspectChange(this.#doc, hash)
    if (!change) throw new Error(`change ${hash} is not there`)
    const deps = [...new Set(change.deps.flatMap(dep => this.#standing.get(dep) ?? [dep]))].sort()
    const startOp = deps.reduce((most, dep) => Math.max(most, this.#maxOps.get(dep)!), 0) + 1
    const actor = this.#actor(change.actor)
    const ops: Op[] = []
    change.ops.forEach((op, at) => {
      const was = `${change.startOp + at}@${change.actor}`
      const left = this.#operation(op as Op, was, hash)
      if (left) this.#renamed.set(was, `${startOp + ops.push(left) - 1}@${actor}`)
    })
    if (ops.length === 0) {
      this.#standing.set(hash, deps)
      return null
    }
    const seq = (this.#count.get(actor) ?? 0) + 1
    this.#count.set(actor, seq)
    const { time, message } = change
    const bytes = A.encodeChange({ actor, author: null, seq, startOp, time, message, deps, ops })
    const { hash: anew } = A.decodeChange(bytes)
    this.#standing.set(hash, [anew])
    this.#maxOps.set(anew, startOp + ops.length - 1)
    return { hash: anew, bytes }
  }

  #actor(was: string): string {
    return hexOf(sha256(ascii(`tavle/without/v1\0${this.refused}${was}`)).subarray(0, actorBytes))
  }

  /** The operation as it stands in the new history, or null when it does not. */
  #operation(op: Op, was: string, change: string): Op | null {
    const pred = this.#replaced(op)
    const inGone = this.#gone.has(op.obj)
    const ofGone = op.elemId !== undefined && !op.insert && this.#gone.has(op.elemId)
    const ofNothing = pred.length === 0 && (op.action === "del" || op.action === "inc" || (op.elemId !== undefined && !op.insert))
    if (change === this.refused || inGone || ofGone || ofNothing) {
      this.#gone.set(was, pred)
      if (op.action === "del" && !inGone && op.elemId === undefined) this.#bare(op, pred)
      return null
    }
    const left: Op = { ...op, obj: this.#name(op.obj), pred }
    if (op.elemId !== undefined) left.elemId = this.#element(op, was, change)
    return left
  }

  /** The values that an operation replaces in the new history. */
  #replaced(op: Op): string[] {
    const all = new Set<string>()
    for (const id of op.pred ?? []) {
      const gone = this.#gone.get(id)
      if (!gone) all.add(this.#name(id))
      else if (op.action !== "inc") for (const before of gone) all.add(before)
    }
    if (op.elemId === undefined && op.action !== "inc") for (const id of this.#bared.get(placeOf(op)) ?? []) all.add(id)
    return [...all].sort(compareOpIds)
  }

  #bare(op: Op, pred: string[]): void {
    this.#bared.set(placeOf(op), [...(this.#bared.get(placeOf(op)) ?? []), ...pred])
  }

  /** The element at which an operation stands: for one that is gone, what stood before it then. */
  #element({ obj, elemId }: Op, was: string, change: string): string {
    let id = elemId!
    while (this.#gone.has(id)) {
      const order = this.#orders.get(obj) ?? new Order(this.#doc, obj)
      this.#orders.set(obj, order)
      id = order.before(id, change, was)
    }
    return this.#name(id)
  }

  #name(id: string): string {
    return this.#renamed.get(id) ?? id
  }
}

const placeOf = (op: Op): string => `${op.obj} ${op.key}`
