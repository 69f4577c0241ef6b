package main

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
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

// flags say, as a stock client does, that document chunks are understood.
var flags = []byte{0x02, 0x02, 0x84}

// encodeSync writes a sync message whose single have is about last, plus a Bloom filter of what was added since.
func encodeSync(heads, last []hash, added []post) []byte {
	out := []byte{0x42}
	out = appendHashes(out, heads)
	out = append(out, 0, 1) // needs nothing, one have
	out = appendHashes(out, last)
	bloom := encodeBloom(added)
	out = binary.AppendUvarint(out, uint64(len(bloom)))
	out = append(out, bloom...)
	out = binary.AppendUvarint(out, uint64(len(added)))
	for _, p := range added {
		out = binary.AppendUvarint(out, uint64(len(p.chunk)))
		out = append(out, p.chunk...)
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

// encodeBloom writes a filter with 10 bits and 7 probes an entry, or nothing for no entries.
func encodeBloom(entries []post) []byte {
	if len(entries) == 0 {
		return nil
	}
	bits := make([]byte, (len(entries)*10+7)/8)
	modulo := uint32(len(bits) * 8)
	for _, p := range entries {
		x := binary.LittleEndian.Uint32(p.hash[0:]) % modulo
		y := binary.LittleEndian.Uint32(p.hash[4:]) % modulo
		z := binary.LittleEndian.Uint32(p.hash[8:]) % modulo
		for range 7 {
			bits[x/8] |= 1 << (x % 8)
			x = (x + y) % modulo
			y = (y + z) % modulo
		}
	}
	out := binary.AppendUvarint(nil, uint64(len(entries)))
	return append(append(out, 10, 7), bits...)
}

// A received message holds what a client looks at: the sender's heads, and the changes with what each builds on.
type received struct {
	heads   []hash
	changes []change
}

// A change is a hash and the hashes it makes old. A document chunk counts as one change that makes everything old: servers send one only
// of the whole document, and the histories here have a single head.
type change struct {
	hash  hash
	deps  []hash
	whole bool
}

// decodeSync reads a sync message of the server.
func decodeSync(data []byte) (received, error) {
	r := reader{data: data}
	r.take(1)
	m := received{heads: r.hashes()}
	r.hashes()
	for range r.count() {
		r.hashes()
		r.take(r.count())
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
	header := r.take(chunkHeader)
	body := r.take(r.count())
	if r.err != nil {
		return nil
	}
	if header[8] == chunkDocument {
		return decodeDocument(r, body)
	}
	if header[8] == chunkDeflated {
		inflated, err := io.ReadAll(flate.NewReader(bytes.NewReader(body)))
		if err != nil {
			r.err = err
			return nil
		}
		body = inflated
	}
	framed := binary.AppendUvarint([]byte{chunkChange}, uint64(len(body)))
	inner := reader{data: body}
	c := change{hash: sha256.Sum256(append(framed, body...)), deps: inner.hashes()}
	r.err = inner.err
	return []change{c}
}

// decodeDocument reads the heads of a document chunk.
func decodeDocument(r *reader, body []byte) []change {
	inner := reader{data: body}
	for range inner.count() {
		inner.take(inner.count())
	}
	var changes []change
	for _, head := range inner.hashes() {
		changes = append(changes, change{hash: head, whole: true})
	}
	r.err = inner.err
	return changes
}

// A reader takes parts from data until something is wrong; then err says so and everything taken is empty.
type reader struct {
	data []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.data) {
		r.err = errors.Join(r.err, errShort)
		r.data = nil
		return nil
	}
	part := r.data[:n]
	r.data = r.data[n:]
	return part
}

func (r *reader) count() int {
	n, size := binary.Uvarint(r.data)
	if size <= 0 || n > uint64(len(r.data)) {
		r.take(-1)
		return 0
	}
	r.data = r.data[size:]
	return int(n)
}

func (r *reader) hashes() []hash {
	n := r.count()
	var hashes []hash
	for range n {
		if part := r.take(len(hash{})); part != nil {
			hashes = append(hashes, hash(part))
		}
	}
	return hashes
}
