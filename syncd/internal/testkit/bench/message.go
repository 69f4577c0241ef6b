package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// Parts of Automerge's formats that a client needs in order to answer as a stock one does: sync messages, Bloom filters, and of the
// changes in them no more than their hashes and dependencies.

var errShort = errors.New("message ends early")

const (
	chunkDocument = 0
	chunkChange   = 1
	chunkDeflated = 2
	chunkHeader   = 9 // magic, checksum and type
)

// flags say, as a stock client does, that document chunks and deflated changes are understood.
var flags = []byte{0x02, 0x02, 0x84}

// A message is what a client says in a sync message.
type message struct {
	heads    []hash
	need     []hash
	last     []hash // heads that both have
	since    []post // what the client has beyond them
	changes  []post
	declared bool // document chunks and deflated changes are understood
}

func (m message) encode() []byte {
	out := []byte{0x42}
	out = appendHashes(out, m.heads)
	out = appendHashes(out, m.need)
	out = append(out, 1) // one have
	out = appendHashes(out, m.last)
	bloom := encodeBloom(m.since)
	out = binary.AppendUvarint(out, uint64(len(bloom)))
	out = append(out, bloom...)
	out = binary.AppendUvarint(out, uint64(len(m.changes)))
	for _, p := range m.changes {
		out = binary.AppendUvarint(out, uint64(len(p.chunk)))
		out = append(out, p.chunk...)
	}
	if !m.declared {
		return out
	}
	return append(out, flags...)
}

func appendHashes(out []byte, hashes []hash) []byte {
	out = binary.AppendUvarint(out, uint64(len(hashes)))
	for _, h := range hashes {
		out = append(out, h[:]...)
	}
	return out
}

const (
	bloomBits   = 10 // of an entry
	bloomProbes = 7
)

// encodeBloom writes a filter of the changes, or nothing for no changes.
func encodeBloom(entries []post) []byte {
	if len(entries) == 0 {
		return nil
	}
	f := filter{bits: make([]byte, (len(entries)*bloomBits+7)/8), probes: bloomProbes}
	for _, p := range entries {
		for _, x := range f.places(p.hash) {
			f.bits[x/8] |= 1 << (x % 8)
		}
	}
	out := binary.AppendUvarint(nil, uint64(len(entries)))
	return append(append(out, bloomBits, bloomProbes), f.bits...)
}

// A filter is a Bloom filter of changes. Without bits it holds nothing.
type filter struct {
	bits   []byte
	probes int
}

func decodeBloom(data []byte) (filter, error) {
	if len(data) == 0 {
		return filter{}, nil
	}
	r := reader{data: data}
	entries, perEntry, probes := r.number(), r.number(), r.number()
	f := filter{bits: r.data, probes: probes}
	if r.err == nil && (probes > 64 || len(f.bits) != (entries*perEntry+7)/8) {
		r.err = errors.New("a filter of another size than it says")
	}
	return f, r.err
}

func (f filter) places(h hash) []uint32 {
	modulo := uint32(len(f.bits) * 8)
	x := binary.LittleEndian.Uint32(h[0:]) % modulo
	y := binary.LittleEndian.Uint32(h[4:]) % modulo
	z := binary.LittleEndian.Uint32(h[8:]) % modulo
	places := make([]uint32, 0, bloomProbes)
	for range f.probes {
		places = append(places, x)
		x = (x + y) % modulo
		y = (y + z) % modulo
	}
	return places
}

func (f filter) contains(h hash) bool {
	if len(f.bits) == 0 {
		return false
	}
	for _, x := range f.places(h) {
		if f.bits[x/8]&(1<<(x%8)) == 0 {
			return false
		}
	}
	return true
}

// A received message holds what a client looks at.
type received struct {
	heads   []hash
	need    []hash
	have    []have
	changes []change
}

type have struct {
	last  []hash
	since filter
}

// A change is a hash and the hashes it makes old. Each head of a document chunk counts as one: with a table of all changes it stands for what
// it builds on, and without one it makes everything old, as in histories that have a single head and are sent to whoever has nothing.
type change struct {
	hash  hash
	deps  []hash
	chunk []byte // as received
	whole bool
}

// decodeSync reads a sync message of the server. What it returns aliases data.
func decodeSync(data []byte) (received, error) {
	r := reader{data: data}
	r.take(1)
	m := received{heads: r.hashes(), need: r.hashes()}
	for range r.count() {
		h := have{last: r.hashes()}
		var err error
		h.since, err = decodeBloom(r.take(r.count()))
		r.err = errors.Join(r.err, err)
		m.have = append(m.have, h)
	}
	for range r.count() {
		chunks := reader{data: r.take(r.count())}
		for len(chunks.data) > 0 && chunks.err == nil {
			m.changes = append(m.changes, decodeChunk(&chunks)...)
		}
		r.err = errors.Join(r.err, chunks.err)
	}
	return m, r.err
}

// decodeChunk reads one chunk.
func decodeChunk(r *reader) []change {
	before := r.data
	header := r.take(chunkHeader)
	body := r.take(r.count())
	if r.err != nil {
		return nil
	}
	chunk := before[:len(before)-len(r.data)]
	if header[8] == chunkDocument {
		return decodeDocument(r, chunk, body)
	}
	var c change
	if header[8] == chunkDeflated {
		c, r.err = inflating.change(chunk, body)
	} else {
		c, r.err = decodeChange(chunk, body)
	}
	if r.err != nil {
		return nil
	}
	return []change{c}
}

// decodeChange reads a change whose body, inflated, is this.
func decodeChange(chunk, body []byte) (change, error) {
	digest := sha256.New()
	digest.Write(binary.AppendUvarint([]byte{chunkChange}, uint64(len(body))))
	digest.Write(body)
	inner := reader{data: body}
	return change{hash: hash(digest.Sum(nil)), deps: inner.hashes(), chunk: chunk}, inner.err
}

// decodeDocument reads the heads of a document chunk.
func decodeDocument(r *reader, chunk, body []byte) []change {
	inner := reader{data: body}
	for range inner.count() {
		inner.take(inner.count())
	}
	var changes []change
	for _, head := range inner.hashes() {
		changes = append(changes, change{hash: head, chunk: chunk, whole: true})
	}
	r.err = inner.err
	return changes
}
