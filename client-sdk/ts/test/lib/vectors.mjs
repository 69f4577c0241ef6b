// The vectors that Go and TypeScript share.

import { readFileSync } from "node:fs"
import * as A from "@automerge/automerge"

export const vectors = name => JSON.parse(readFileSync(new URL(`../../../../crdt/testdata/board/${name}.json`, import.meta.url)))
export const bytes = hex => Uint8Array.from(Buffer.from(hex, "hex"))
export const hex = buffer => Buffer.from(buffer).toString("hex")

export const documentOf = changes => A.applyChanges(A.init(), changes.map(bytes))[0]
