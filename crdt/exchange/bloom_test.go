package exchange

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

func hashOf(n uint32) id.ChangeHash {
	return sha256.Sum256(binary.BigEndian.AppendUint32(nil, n))
}

// A false positive costs two messages, and makes a peer hold what came too early.
func TestFiltersHoldWhatWasAddedAndLittleElse(t *testing.T) {
	const trials = 200
	for _, want := range []struct{ entries, bytes, falseInMillion int }{
		{0, 1, 0}, {1, 8 + 4, 200}, {3, 24 + 4, 100}, {8, 64 + 4, 100}, {25, 63 + 4, 1_000}, {51, 64 + 4, 15_000}, {200, 250 + 6, 15_000},
	} {
		next := uint32(0)
		wrong := 0
		for range trials {
			b := newBloom(want.entries)
			first := next
			for range want.entries {
				b.add(hashOf(next).Start())
				next++
			}
			encoded := b.append(nil)
			if len(encoded) != want.bytes || b.encodedSize() != want.bytes {
				t.Fatalf("%d entries take %d bytes, said to be %d", want.entries, len(encoded), b.encodedSize())
			}
			b, err := decodeBloom(encoded[len(encoded)-b.bodySize():])
			if err != nil {
				t.Fatal(err)
			}
			for ; first < next; first++ {
				if !b.contains(hashOf(first).Start()) {
					t.Fatalf("of %d entries one is not there", want.entries)
				}
			}
			for range 1_000 {
				if b.contains(hashOf(next).Start()) {
					wrong++
				}
				next++
			}
		}
		if inMillion := wrong * 1_000_000 / (trials * 1_000); inMillion > want.falseInMillion {
			t.Errorf("with %d entries %d of a million others look as if they were there", want.entries, inMillion)
		}
	}
}
