// The first change of every document: the same on every device, byte for byte. Pure.

import * as A from "@automerge/automerge/slim"
import { firstBytes, type DocumentId } from "./ids.js"

/** The version of SCHEMA.md that documents begin with. */
export const schemaVersion = 1

const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, "0")).join("")

function genesis(write: (root: Record<string, unknown>) => void): Uint8Array {
  const empty = A.init<Record<string, unknown>>({ actor: hex(firstBytes("tavle/genesis/v1")) })
  const doc = A.change(empty, { time: 0 }, write)
  const change = A.getLastLocalChange(doc)
  A.free(doc)
  if (!change) throw new Error("a genesis change has operations")
  return change
}

/** The change that a board document begins with, the same for every board. */
export const boardGenesis = (): Uint8Array =>
  genesis(root => {
    root.kind = new A.ImmutableString("board")
    root.schema = new A.Int(schemaVersion)
    for (const name of ["categories", "houseRules", "contacts", "pinned", "settings"]) root[name] = {}
  })

/** The change that a page document begins with. */
export const pageGenesis = (board: DocumentId, month: string, epoch = 0): Uint8Array =>
  genesis(root => {
    root.kind = new A.ImmutableString("page")
    root.schema = new A.Int(schemaVersion)
    root.board = new A.ImmutableString(board)
    root.month = new A.ImmutableString(month)
    root.epoch = new A.Int(epoch)
    root.posts = {}
    root.moderation = {}
  })
