// What a device does that does not belong any more: it shows what was not sent, offers it to the server, and forgets everything.

import * as A from "@automerge/automerge/slim"
import type { GuardedStorage } from "../device/guard.js"
import { loadStored, storedDocuments } from "../stored.js"
import type { Membership } from "./membership.js"
import { base64 } from "./rules/proof.js"
import { textsIn } from "./texts.js"

/** What was written on this device and did not reach the server, in one document. */
export interface Unsent {
  readonly document: string
  /** What the person wrote, as text. */
  readonly texts: readonly string[]
}

/** One document of the device with what the server confirmed of it. */
export interface Held {
  document: string
  doc: A.Doc<unknown>
  confirmed: A.Heads
}

const offerMax = 700_000 // bytes of changes in one call: as base64 they are within 1 MiB
const offerTries = 2

/** What is stored, everything or some documents, with what was told about it. Documents that cannot be read are left. */
export async function heldIn(storage: GuardedStorage, toldSpace: string, only?: readonly string[]): Promise<Held[]> {
  const held: Held[] = []
  for (const document of only ?? (await storedDocuments(storage))) {
    try {
      const doc = await loadStored<unknown>(storage, document)
      const told = await storage.load([toldSpace, document])
      const { heads = [] } = told ? (JSON.parse(new TextDecoder().decode(told)) as { heads?: A.Heads }) : {}
      held.push({ document, doc, confirmed: heads.filter(head => A.hasHeads(doc, [head])) })
    } catch {
      // What cannot be read cannot be shown.
    }
  }
  return held
}

/** What the server does not have, as text. Documents of which it has everything are left out. */
export function unsentOf(held: readonly Held[]): Unsent[] {
  return held
    .map(({ document, doc, confirmed }) => ({ document, texts: textsIn(doc, A.view(doc, confirmed)) }))
    .filter(({ texts }) => texts.length > 0)
}

/** Offers what the server does not have to its owner's review. Returns whether all of it arrived. Never throws. */
export async function offer(membership: Membership, held: readonly Held[]): Promise<boolean> {
  let all = true
  for (const { document, doc, confirmed } of held) {
    const known = new Set(A.getChangesMetaSince(doc, confirmed).map(({ hash }) => hash))
    if (known.size === 0) continue
    const metas = A.getChangesMetaSince(doc, [])
    const changes = A.getAllChanges(doc).filter((_, at) => known.has(metas[at]!.hash))
    for (const part of parts(changes)) all = (await offerPart(membership, document, part)) && all
  }
  return all
}

async function offerPart(membership: Membership, document: string, changes: string[]): Promise<boolean> {
  for (let tried = 0; tried < offerTries; tried++) {
    try {
      await membership.offer(document, changes)
      return true
    } catch {
      // Once more: it is the last time that anybody can.
    }
  }
  return false
}

function* parts(changes: Uint8Array[]): Generator<string[]> {
  let part: string[] = []
  let bytes = 0
  for (const change of changes) {
    if (bytes + change.length > offerMax && part.length > 0) {
      yield part
      part = []
      bytes = 0
    }
    part.push(base64(change))
    bytes += change.length
  }
  if (part.length > 0) yield part
}
