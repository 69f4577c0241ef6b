// Automerge is a wasm module that has to be there before anything else.

import * as A from "@automerge/automerge/slim"

/** The address of `@automerge/automerge/automerge.wasm`, its bytes, or what fetch returns for it. */
export type Wasm = string | URL | Uint8Array | ArrayBuffer | Response | WebAssembly.Module | Promise<Response>

/** Loads Automerge, once. In Node it is there by itself; in a browser the first call names the wasm. */
export async function ready(wasm?: Wasm): Promise<void> {
  if (A.isWasmInitialized()) return
  if (wasm === undefined) throw new Error("Automerge is not loaded: give the address of automerge.wasm in the option wasm")
  await A.initializeWasm(wasm as never)
}
