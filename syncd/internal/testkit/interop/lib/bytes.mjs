// The binary forms that the hostile tests need: LEB128, chunks and sync messages, written with no more checks than asked for.

import { createHash } from "node:crypto"
import { deflateRawSync, inflateRawSync } from "node:zlib"

export const bytes = (...parts) => Buffer.concat(parts.map(p => (typeof p === "number" ? Buffer.from([p]) : Buffer.from(p))))
export const hex = text => Buffer.from(text.replace(/\s/g, ""), "hex")

// uleb and sleb write unsigned and signed LEB128 of numbers and bigints.
export function uleb(value) {
  let rest = BigInt(value)
  const out = []
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    out.push(rest ? low | 0x80 : low)
  } while (rest)
  return Buffer.from(out)
}

export function sleb(value) {
  let rest = BigInt(value)
  const out = []
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    if ((rest === 0n && !(low & 0x40)) || (rest === -1n && low & 0x40)) return Buffer.from([...out, low])
    out.push(low | 0x80)
  }
}

// readUleb returns the value at an offset and the offset after it.
export function readUleb(buffer, at) {
  let value = 0n
  for (let shift = 0n; ; shift += 7n) {
    const byte = buffer[at++]
    if (byte === undefined) throw new Error("LEB128 past the end")
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return [Number(value), at]
  }
}

export const lengthPrefixed = part => bytes(uleb(part.length), part)

const magic = hex("85 6f 4a 83")
export const documentChunk = 0
export const changeChunk = 1
export const deflatedChunk = 2

// chunk wraps a body and gives it a true checksum. The hash is that of the change.
export function chunk(type, body) {
  const framed = bytes(type, uleb(body.length), body)
  const hash = createHash("sha256").update(framed).digest()
  return { bytes: bytes(magic, hash.subarray(0, 4), framed), hash }
}

// deflated turns the body of a change into a deflated chunk, whose hash is that of the plain one. inflatedLength may lie.
export function deflated(body) {
  const { hash } = chunk(changeChunk, body)
  const small = deflateRawSync(body, { level: 9 })
  return { bytes: bytes(magic, hash.subarray(0, 4), deflatedChunk, uleb(small.length), small), hash }
}

// bodyOf returns the plain body of a change chunk as automerge writes it.
export function bodyOf(change) {
  const buffer = Buffer.from(change)
  const [length, at] = readUleb(buffer, 9)
  const body = buffer.subarray(at, at + length)
  return buffer[8] === deflatedChunk ? inflateRawSync(body) : Buffer.from(body)
}

// Column ids of an operation: object actor and counter, key actor, counter and string, insert, action, value metadata and value,
// predecessor count, actor and counter.
export const column = {
  objActor: 0x01, objCounter: 0x02, keyActor: 0x11, keyCounter: 0x13, keyString: 0x15, insert: 0x34, action: 0x42,
  valueMeta: 0x56, value: 0x57, predCount: 0x70, predActor: 0x71, predCounter: 0x73,
}

// rleRun is one run of an RLE column: count times the same value. Automerge writes a single value as a literal run.
export const rleRun = (count, value) => bytes(sleb(count === 1 ? -1 : count), value)

// change builds the chunk of a change. columns is a list of [id, bytes], in the order given.
export function change({ deps = [], actor = "aa".repeat(16), seq = 1, startOp = 1, time = 0, others = [], columns = [], tail = [] }) {
  const body = bytes(
    uleb(deps.length), ...deps.map(dep => hex(dep)),
    lengthPrefixed(hex(actor)), uleb(seq), uleb(startOp), sleb(time), uleb(0),
    uleb(others.length), ...others.map(other => lengthPrefixed(hex(other))),
    uleb(columns.length), ...columns.map(([id, data]) => bytes(uleb(id), uleb(data.length))),
    ...columns.map(([, data]) => data), tail,
  )
  return { ...chunk(changeChunk, body), body }
}

// setKey are the columns of count operations that each set a key of the root map to the same small number, or of what is replaced.
export function setKey({ count = 1, key = "hostile", ...replaced } = {}) {
  const name = Buffer.from(key)
  const columns = {
    keyString: rleRun(count, lengthPrefixed(name)),
    insert: uleb(count),
    action: rleRun(count, uleb(1)),
    valueMeta: rleRun(count, uleb((1 << 4) | 4)),
    value: Buffer.alloc(Math.min(Number(count), 1000), 7),
    predCount: rleRun(count, uleb(0)),
    ...replaced,
  }
  return Object.entries(columns).filter(([, data]) => data).map(([name, data]) => [column[name], data]).sort(([a], [b]) => a - b)
}

// syncMessage builds the payload of a sync message. have is a list of {lastSync, bloom}.
export function syncMessage({ type = 0x42, heads = [], need = [], have = [{}], changes = [], tail = [] } = {}) {
  const hashes = list => bytes(uleb(list.length), ...list.map(hash => Buffer.from(hash)))
  return bytes(
    type, hashes(heads), hashes(need),
    uleb(have.length), ...have.map(({ lastSync = [], bloom = [] }) => bytes(hashes(lastSync), lengthPrefixed(Buffer.from(bloom)))),
    uleb(changes.length), ...changes.map(one => lengthPrefixed(Buffer.from(one))), tail,
  )
}
