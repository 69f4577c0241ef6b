package exchange

import (
	"encoding/binary"
	"fmt"

	"github.com/tavle-org/tavle/crdt/id"
)

// The parameters of the filters that are made here. Ten bits an entry give 1 % false
// positives, each of which costs two more messages. Up to 51 entries there are more bits,
// as many as fit into 64 bytes: with eight entries a false positive is one in 300 000,
// with one entry one in 14 000 (it would be one in 100). Other parameters may be received
// within the bounds below; a peer chooses them, and the work of a look-up grows with them.
const (
	bloomBitsPerEntry    = 10
	bloomBitsSmall       = 512
	bloomProbes          = 7
	bloomBitsPerEntryMax = 64
	bloomProbesMax       = 64
)

// Bloom is a Bloom filter over change hashes. The zero value is empty.
//
// Encoding: nothing at all when empty, else the number of entries, bits an
// entry and probes as LEB128, and ceil(entries × bits an entry / 8) bytes. The
// probes of a hash come from its first three little-endian 32-bit words x, y, z
// modulo the number m of bits: x, then x ← x+y, y ← y+z for each further one.
type Bloom struct {
	entries      uint64
	bitsPerEntry uint64
	probes       int
	bits         []byte
}

// Empty tells whether the filter has no entry.
func (b Bloom) Empty() bool { return b.entries == 0 }

func newBloom(entries int) Bloom {
	if entries == 0 {
		return Bloom{}
	}
	bits := min(max(bloomBitsSmall/entries, bloomBitsPerEntry), bloomBitsPerEntryMax)
	b := Bloom{entries: uint64(entries), bitsPerEntry: uint64(bits), probes: bloomProbes}
	b.bits = make([]byte, b.size())
	return b
}

func (b Bloom) size() uint64 { return (b.entries*b.bitsPerEntry + 7) / 8 }

// decodeBloom reads a whole filter; the caller has bounded its length.
func decodeBloom(data []byte) (Bloom, error) {
	if len(data) == 0 {
		return Bloom{}, nil
	}
	r := reader{rest: data}
	b := Bloom{entries: r.uint(), bitsPerEntry: r.uint()}
	probes := r.uint()
	switch {
	case r.err != nil:
		return Bloom{}, fmt.Errorf("a Bloom filter is cut off")
	case b.entries == 0 && len(r.rest) == 0:
		return Bloom{}, nil
	case b.entries == 0 || b.entries > 8*uint64(len(data)):
		return Bloom{}, fmt.Errorf("a Bloom filter of %d bytes with %d entries", len(data), b.entries)
	case b.bitsPerEntry == 0 || b.bitsPerEntry > bloomBitsPerEntryMax:
		return Bloom{}, fmt.Errorf("a Bloom filter with %d bits an entry", b.bitsPerEntry)
	case probes == 0 || probes > bloomProbesMax:
		return Bloom{}, fmt.Errorf("a Bloom filter with %d probes", probes)
	case uint64(len(r.rest)) != b.size():
		return Bloom{}, fmt.Errorf("a Bloom filter with %d bytes of bits, not %d", len(r.rest), b.size())
	}
	b.probes = int(probes)
	b.bits = append([]byte(nil), r.rest...)
	return b, nil
}

func (b Bloom) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(b.bodySize()))
	if b.entries == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, b.entries)
	dst = binary.AppendUvarint(dst, b.bitsPerEntry)
	dst = binary.AppendUvarint(dst, uint64(b.probes))
	return append(dst, b.bits...)
}

// encodedSize is how many bytes append appends.
func (b Bloom) encodedSize() int { return uvarintSize(b.bodySize()) + b.bodySize() }

func (b Bloom) bodySize() int {
	if b.entries == 0 {
		return 0
	}
	return uvarintSize(int(b.entries)) + uvarintSize(int(b.bitsPerEntry)) + uvarintSize(b.probes) + len(b.bits)
}

func (b Bloom) add(h id.HashStart) {
	b.probe(h, func(bit uint32) bool {
		b.bits[bit>>3] |= 1 << (bit & 7)
		return true
	})
}

// contains tells whether h was added, or looks as if it had been.
func (b Bloom) contains(h id.HashStart) bool {
	if b.entries == 0 {
		return false
	}
	all := true
	b.probe(h, func(bit uint32) bool {
		all = b.bits[bit>>3]&(1<<(bit&7)) != 0
		return all
	})
	return all
}

// probe calls visit with the bits of h until it returns false.
func (b Bloom) probe(h id.HashStart, visit func(bit uint32) bool) {
	m := uint64(8 * len(b.bits))
	x := uint64(binary.LittleEndian.Uint32(h[0:])) % m
	y := uint64(binary.LittleEndian.Uint32(h[4:])) % m
	z := uint64(binary.LittleEndian.Uint32(h[8:])) % m
	for range b.probes {
		if !visit(uint32(x)) {
			return
		}
		x = (x + y) % m
		y = (y + z) % m
	}
}
