// Writes the vectors of this folder with the reference implementation:
//
//   npm install @automerge/automerge@3.5.0 && node generate.mjs
//
// Run it from a copy outside the repository. Actors and times are fixed, so
// that running it again changes nothing but what the library changed.

import * as A from '@automerge/automerge'
import { writeFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'

const OPS_SHOWN = 80 // longer changes are compared by their hash alone
const options = time => ({ time })
const base64 = bytes => Buffer.from(bytes).toString('base64')

function start(actor, fill, time = 1700000000, message) {
  return A.change(A.init({ actor }), { time, message }, fill)
}

function edit(doc, fill, time = 1700000001) {
  return A.change(doc, options(time), fill)
}

function fork(doc, actor, fill) {
  return edit(A.clone(doc, { actor }), fill)
}

function uleb(n) {
  const out = []
  for (; n >= 0x80; n = Math.floor(n / 0x80)) out.push(n % 0x80 | 0x80)
  return Buffer.from([...out, n])
}

// The chunk of a change in its deflated form, which JS reads but does not write.
// That the reference reads it like the plain one is checked here.
function deflated(bytes, hash) {
  let start = 9
  while (bytes[start++] >= 0x80);
  const body = deflateRawSync(bytes.subarray(start))
  const chunk = Buffer.concat([bytes.subarray(0, 8), Buffer.from([2]), uleb(body.length), body])
  if (A.decodeChange(chunk).hash !== hash) throw new Error('the reference reads another change')
  return base64(chunk)
}

function words(count) {
  const list = ['bread', 'brød', 'lamp', 'garden', 'Tuesday', 'bicycle', 'hjælp', 'koffie', 'stairs', 'key']
  let seed = 7
  let text = ''
  while (text.length < count) {
    seed = (seed * 1103515245 + 12345) % 2147483648
    text += list[seed % list.length] + ' '
  }
  return text.slice(0, count)
}

const scenarios = {
  'every kind of value': () => start('aa', d => {
    Object.assign(d, {
      null: null, yes: true, no: false, int: -129, big: 2 ** 40, float: 2.5, half: -0.5, string: 'words',
      scalar: new A.ImmutableString('not a text'), bytes: new Uint8Array([0, 1, 254, 255]), none: new Uint8Array(),
      date: new Date(-5000), counter: new A.Counter(64), uint: new A.Uint(300), whole: new A.Float64(5),
      map: { inner: { deep: 1 } }, list: [1, 'two', [3], { four: 4 }], empty: '', 'key ✓ ключ': 'смешано 🎉 e\u0301',
    })
    d[''] = 'the empty key'
  }),

  'a message, a time before 1970': () => start('aa', d => { d.a = 1 }, -62135596800, 'Bageren er åben 🥐'),

  'an empty change': () => A.emptyChange(start('aa', d => { d.a = 1 }), { time: 5, message: 'nothing' }),

  'only an empty change': () => A.emptyChange(A.init({ actor: 'aa' }), { time: 0 }),

  'a person': () => {
    const doc = A.init({ actor: 'aa', author: 'c0ffee' })
    return edit(edit(doc, d => { d.a = 1 }), d => { d.a = 2 })
  },

  'counters': () => {
    let a = start('aa', d => { d.n = new A.Counter(10); d.list = [new A.Counter()] })
    let b = fork(a, '01', d => { d.n.increment(5); d.list[0].increment(-3) })
    a = edit(a, d => { d.n.decrement(70); d.n.increment(1); d.n = new A.Counter(1) })
    return edit(A.merge(a, b), d => { d.n.increment(2) })
  },

  'conflicts in maps and lists, and their end': () => {
    const root = start('bb', d => { d.key = 0; d.list = ['x', 'y']; d.gone = 1 })
    let doc = root
    for (const actor of ['aa', 'cc', 'dd', '00']) {
      doc = A.merge(doc, fork(root, actor, d => { d.key = actor; d.list[1] = actor; if (actor < 'b') delete d.gone }))
    }
    doc = edit(doc, d => { d.list[0] = 'still' })
    return edit(doc, d => { d.key = 'one'; d.list[1] = 'one'; d.list.splice(0, 1) })
  },

  'deletes': () => {
    let doc = start('aa', d => { d.list = [1, 2, 3, 4, 5, 6]; d.text = 'abcdefgh'; d.m = { a: 1, b: { c: 2 } } })
    doc = edit(doc, d => { d.list.splice(1, 3); A.splice(d, ['text'], 2, 4, ''); delete d.m.b })
    return edit(doc, d => { delete d.list; delete d.m; d.text = 'x' })
  },

  'objects in lists': () => {
    let doc = start('aa', d => { d.posts = [] })
    doc = edit(doc, d => { d.posts.push({ title: 'Ladder', tags: ['lend', 'tools'], by: { ref: 'm-1' } }) })
    doc = edit(doc, d => { d.posts.unshift({ title: 'Soup', at: new Date(1700000000000) }) })
    return edit(doc, d => { d.posts[1].tags.push('heavy'); d.posts[0].title = 'Soup on Friday' })
  },

  'marks and blocks': () => {
    let doc = start('aa', d => { d.text = 'the quick brown fox' })
    doc = edit(doc, d => { A.mark(d, ['text'], { start: 4, end: 9, expand: 'both' }, 'bold', true) })
    doc = edit(doc, d => { A.mark(d, ['text'], { start: 0, end: 3, expand: 'none' }, 'link', 'https://example.org') })
    doc = edit(doc, d => { A.mark(d, ['text'], { start: 2, end: 2, expand: 'after' }, 'bold', true) })
    doc = edit(doc, d => { A.unmark(d, ['text'], { start: 5, end: 7, expand: 'before' }, 'bold') })
    doc = edit(doc, d => { A.splice(d, ['text'], 6, 1, 'II') })
    doc = edit(doc, d => { A.splitBlock(d, ['text'], 4, { type: 'paragraph', parents: [], attrs: {} }) })
    doc = edit(doc, d => { A.updateBlock(d, ['text'], 4, { type: 'heading', parents: ['x'], attrs: { level: 1 } }) })
    return edit(doc, d => { A.joinBlock(d, ['text'], 4) })
  },

  'writing at an earlier point': () => {
    let doc = start('aa', d => { d.n = 1; d.text = 'abc' })
    const early = A.getHeads(doc)
    for (let i = 0; i < 4; i++) doc = edit(doc, d => { d.n = i })
    doc = A.changeAt(doc, early, options(3), d => { d.n = 99; d.text = 'abq' }).newDoc
    return A.changeAt(doc, [], options(4), d => { d.alone = true }).newDoc
  },

  'many actors': () => {
    let doc = start('50', d => { d.list = ['a'] })
    const root = doc
    for (let i = 0; i < 40; i++) {
      const actor = ((i * 37) % 251 + 1).toString(16).padStart(2, '0').repeat(1 + i % 4)
      doc = A.merge(doc, fork(root, actor, d => { d.list[0] = actor; d.list.push(i) }))
    }
    doc = edit(doc, d => { d.list.splice(0, d.list.length) })
    return edit(doc, d => { d.done = true })
  },

  'the same key many times': () => {
    let doc = start('aa', d => { for (let i = 0; i < 60; i++) d.k = i })
    return edit(doc, d => { for (let i = 0; i < 5; i++) { delete d.k; d.k = 'v' + i; d['k' + (i % 2)] = true } })
  },

  'many small changes': () => {
    let doc = start('aa', d => { d.text = '' })
    for (let i = 0; i < 120; i++) doc = edit(doc, d => { A.splice(d, ['text'], i, 0, 'abc xyz'[i % 7]) }, 1700000000 + i)
    return doc
  },

  'a text of 20 000 characters': () => {
    let doc = start('aa', d => { d.text = words(20000) })
    doc = edit(doc, d => { A.splice(d, ['text'], 5000, 10000, '') })
    return edit(doc, d => { A.splice(d, ['text'], 0, 10000, 'short again') })
  },
}

const vectors = Object.entries(scenarios).map(([name, run]) => {
  const doc = run()
  const changes = A.getAllChanges(doc).map(bytes => {
    const { hash, ops } = A.decodeChange(bytes)
    return {
      hash, bytes: base64(bytes), ...(ops.length <= OPS_SHOWN && { ops }),
      ...(bytes.length > 2000 && { deflated: deflated(bytes, hash) }),
    }
  })
  return { name, heads: A.getHeads(doc), document: base64(A.save(doc)), changes }
})

const lines = vectors.map(v => JSON.stringify(v))
writeFileSync('vectors.json', '[\n' + lines.join(',\n') + '\n]\n')
