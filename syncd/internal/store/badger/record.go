package badger

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const (
	// partBytesMax is the largest value that is given to Badger.
	partBytesMax = 512 << 10

	// recordBytesMax is the size of body at which a record takes no further
	// change. A single change may be larger.
	recordBytesMax = 256 << 10

	// recordChangesMax is how many changes a record has at most.
	recordChangesMax = 1 << 16

	// bodyBytesMax bounds what a record may expand to: the largest change after
	// a nearly full record, and lengths.
	bodyBytesMax = store.ChangeBytesMax + 2*recordBytesMax

	sumBytes = 8
)

// sum is an xxHash64 that guards a record or description against bad bits. It
// covers the key too, so that a misplaced one is not taken for another.
type sum uint64

func sumOf(key []byte, parts ...[]byte) sum {
	h := xxhash.New()
	h.Write(key)
	for _, p := range parts {
		h.Write(p)
	}
	return sum(h.Sum64())
}

// digest is a chain of xxHash64 over all changes of a document. It does not
// depend on how they are cut into records.
type digest uint64

func (d digest) next(change []byte) digest {
	var before [sumBytes]byte
	binary.BigEndian.PutUint64(before[:], uint64(d))
	h := xxhash.New()
	h.Write(before[:])
	h.Write(change)
	return digest(h.Sum64())
}

// record is a run of changes of one document.
type record struct {
	doc     id.Document
	first   uint32 // index of the first change
	changes int    // how many

	// value is the header and the stored body. It is cut into parts of at most
	// partBytesMax.
	value []byte
}

func (r record) parts() int { return (len(r.value) + partBytesMax - 1) / partBytesMax }

// part returns the key and value of part i.
func (r record) part(i int) (key, value []byte) {
	end := min((i+1)*partBytesMax, len(r.value))
	return recordKey(r.doc, r.first, i), r.value[i*partBytesMax : end]
}

// encodeRecord takes as many of the changes as fit, at least one, and returns
// them as a record along with the rest.
func (c *codec) encodeRecord(doc id.Document, first uint32, changes [][]byte, effort effort) (record, [][]byte) {
	n, size := 1, len(changes[0])
	for n < min(len(changes), recordChangesMax) && size+len(changes[n]) <= recordBytesMax {
		size += len(changes[n])
		n++
	}
	w := c.compressors[effort].Get().(*compressor)
	defer c.keep(effort, w)
	w.lean, w.before = w.lean[:0], w.before[:0]
	for _, change := range changes[:n] {
		w.lean = appendLean(w.lean, change, &w.before)
	}
	body := len(w.lean)
	encoding, stored, ok := c.compress(effort, w, size)
	if !ok {
		w.lean = appendRaw(w.lean[:0], changes[:n])
		encoding, stored, body = encodingRaw, w.lean, len(w.lean)
	}
	value := make([]byte, 0, 1+3*binary.MaxVarintLen32+sumBytes+len(stored))
	value = append(value, encoding)
	value = binary.AppendUvarint(value, uint64(n))
	value = binary.AppendUvarint(value, uint64(body))
	value = binary.AppendUvarint(value, uint64(len(stored)))
	guard := sumOf(recordKey(doc, first, 0), value, stored)
	value = binary.BigEndian.AppendUint64(value, uint64(guard))
	value = append(value, stored...)
	return record{doc: doc, first: first, changes: n, value: value}, changes[n:]
}

// appendRaw appends the changes as they are, each after its size.
func appendRaw(body []byte, changes [][]byte) []byte {
	for _, change := range changes {
		body = binary.AppendUvarint(body, uint64(len(change)))
		body = append(body, change...)
	}
	return body
}

// cutRaw returns the n changes of such a body, of which they are slices.
func cutRaw(body []byte, n int) ([][]byte, error) {
	changes := make([][]byte, 0, n)
	for range n {
		size, k := binary.Uvarint(body)
		if k <= 0 || size > uint64(len(body)-k) {
			return nil, errShort
		}
		end := k + int(size)
		changes = append(changes, body[k:end:end])
		body = body[end:]
	}
	if len(body) != 0 {
		return nil, fmt.Errorf("%d bytes follow the last change", len(body))
	}
	return changes, nil
}

// encoding says how the body is stored.
func (r record) encoding() byte { return r.value[0] }

// header is what stands before the body of a record.
type header struct {
	encoding byte
	changes  int
	body     int // bytes, expanded
	stored   int // bytes, over all parts
	sum      sum
	length   int // bytes of the header itself
	prefix   int // bytes of the header that the checksum covers
}

var errShort = errors.New("record ends early")

func parseHeader(value []byte) (header, error) {
	if len(value) == 0 {
		return header{}, errShort
	}
	h := header{encoding: value[0], prefix: 1}
	for _, field := range []struct {
		to  *int
		max int
	}{{&h.changes, recordChangesMax}, {&h.body, bodyBytesMax}, {&h.stored, bodyBytesMax}} {
		v, n := binary.Uvarint(value[h.prefix:])
		if n <= 0 || v == 0 || v > uint64(field.max) {
			return h, errors.New("bad header")
		}
		*field.to = int(v)
		h.prefix += n
	}
	if h.changes > h.body {
		return h, errors.New("bad header")
	}
	h.length = h.prefix + sumBytes
	if len(value) < h.length {
		return h, errShort
	}
	h.sum = sum(binary.BigEndian.Uint64(value[h.prefix:]))
	return h, nil
}

// decodeRecord checks the joined parts of a record and returns its changes,
// each in memory that nobody else holds.
func (c *codec) decodeRecord(doc id.Document, first uint32, h header, value []byte) ([][]byte, error) {
	stored := value[h.length:]
	if len(stored) != h.stored {
		return nil, errShort
	}
	if sumOf(recordKey(doc, first, 0), value[:h.prefix], stored) != h.sum {
		return nil, errors.New("checksum does not match")
	}
	body, lean, err := c.expand(h.encoding, stored, h.body)
	if err != nil {
		return nil, err
	}
	if lean {
		return growLean(body, h.changes)
	}
	return cutRaw(body, h.changes)
}

// Keys: a prefix byte, then what the name says, numbers big-endian so that
// Badger's order is ours.
const (
	prefixStore  = 0x00
	prefixMeta   = 0x01
	prefixRecord = 0x02
	prefixNamed  = 0x03
	prefixAuthor = 0x04

	prefixSnapshot = 0x05
	prefixGraph    = 0x06
	prefixIndex    = 0x07
)

const (
	documentBytes   = len(id.Document{})
	recordKeyPrefix = 1 + documentBytes
	recordKeyBytes  = recordKeyPrefix + 4 + 2
)

func metaKey(doc id.Document) []byte {
	return append([]byte{prefixMeta}, doc[:]...)
}

func recordPrefix(doc id.Document) []byte {
	return append(append(make([]byte, 0, recordKeyBytes), prefixRecord), doc[:]...)
}

func recordKey(doc id.Document, first uint32, part int) []byte {
	key := binary.BigEndian.AppendUint32(recordPrefix(doc), first)
	return binary.BigEndian.AppendUint16(key, uint16(part))
}

// parseRecordKey returns where a record key of a known document points.
func parseRecordKey(key []byte) (first uint32, part int, err error) {
	if len(key) != recordKeyBytes {
		return 0, 0, fmt.Errorf("key of %d bytes", len(key))
	}
	tail := key[recordKeyPrefix:]
	return binary.BigEndian.Uint32(tail), int(binary.BigEndian.Uint16(tail[4:])), nil
}
