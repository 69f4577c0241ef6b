// The heads at the front of a sync message, read without decoding the rest.

const versions = [0x42, 0x43]
const hashBytes = 32
const countMax = 65_536

/** The heads in a sync message, as hexadecimal hashes. Null when this is no sync message. */
export function headsOfSync(message: Uint8Array): string[] | null {
  if (!versions.includes(message[0]!)) return null
  let count = 0
  let at = 1
  for (let shift = 0; ; shift += 7) {
    const byte = message[at++]
    if (byte === undefined || shift > 21) return null
    count |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  if (count > countMax || at + count * hashBytes > message.length) return null
  const heads: string[] = []
  for (let i = 0; i < count; i++, at += hashBytes) {
    let hash = ""
    for (const byte of message.subarray(at, at + hashBytes)) hash += byte.toString(16).padStart(2, "0")
    heads.push(hash)
  }
  return heads
}
