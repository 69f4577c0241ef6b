// SHA-256 without waiting and without a secure context: a house's own server on the local network is often plain http, where browsers
// have no crypto.subtle.

import { Hash } from "fast-sha256"

export const sha256 = (bytes: Uint8Array): Uint8Array => new Hash().update(bytes).digest()
