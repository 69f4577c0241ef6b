// The same for Node, where Automerge's wasm is loaded by itself.

import "@automerge/automerge"
export * from "./index.js"
