package badger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"testing"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// seal gives a chunk the checksum that it should have.
func seal(chunk []byte) []byte {
	if len(chunk) > 8 {
		sum := sha256.Sum256(chunk[8:])
		copy(chunk[4:], sum[:4])
	}
	return chunk
}

// child is a chunk that depends on the given ones, with some content.
func child(content []byte, parents ...[]byte) []byte {
	body := binary.AppendUvarint(nil, uint64(len(parents)))
	for _, p := range parents {
		if len(p) < 8 {
			p = make([]byte, 8)
		}
		hash := sha256.Sum256(p[8:])
		body = append(body, hash[:]...)
	}
	body = append(body, content...)
	chunk := append(bytes.Clone(chunkMagic), 0, 0, 0, 0, chunkChange)
	return seal(append(binary.AppendUvarint(chunk, uint64(len(body))), body...))
}

// What makes a change lean must not lose what makes it this change.
func TestLeanChangesComeBack(t *testing.T) {
	board := newCorpus(t, 3, corpusPosts(t, 1)).take(300)
	parent := board[0]
	content, _, _ := cutChunk(parent)
	long := binary.AppendUvarint(bytes.Clone(parent[:9]), uint64(len(content)))
	long[len(long)-1] |= 0x80
	long = append(append(long, 0), content...) // a length that is not the shortest
	far := [][]byte{parent}
	for range 200 {
		far = append(far, child([]byte("x"), far[len(far)-1]))
	}
	for name, changes := range map[string][][]byte{
		"of a board":                   board,
		"in another order":             slices.Concat(board[150:], board[:150]),
		"twice the same":               {parent, parent, child(nil, parent, parent)},
		"with a wrong checksum":        {flip(5)(bytes.Clone(parent)), board[1]},
		"of another type":              {seal(flip(8)(bytes.Clone(parent)))},
		"with a strange length":        {seal(long)},
		"cut":                          {parent[:len(parent)-1], parent[:12], parent[:9], parent[:3], {}},
		"with too many dependencies":   {child([]byte{1}), seal(append(bytes.Clone(child(nil)[:9]), 1, 200))},
		"with several dependencies":    {parent, board[1], child([]byte("both"), parent, board[1]), child([]byte("one"), board[2], parent)},
		"that depends on long ago":     append(far, child([]byte("y"), parent, far[100], far[137], far[199])),
		"with a dependency of zeros":   {{1, 2, 3}, seal(append(append(bytes.Clone(chunkMagic), 0, 0, 0, 0, 1, 33, 1), make([]byte, 32)...))},
		"of ten thousand dependencies": {child([]byte("z"), slices.Repeat(board[:200], 50)...)},
	} {
		var body []byte
		var before hashes
		for _, c := range changes {
			body = appendLean(body, c, &before)
		}
		if got, err := growLean(body, len(changes)); err != nil || !slices.EqualFunc(got, changes, bytes.Equal) {
			t.Errorf("changes %s: %d of %d come back, %v", name, len(got), len(changes), err)
		}
	}
}

// A faulty writer's record is refused before there is memory for what it says.
func TestHostileLeanBodies(t *testing.T) {
	many := func(deps int) []byte { // each dependency is one byte here and 32 there
		one := binary.AppendUvarint(nil, uint64(deps))
		one = append(one, bytes.Repeat([]byte{1}, deps)...)
		body := appendLean(nil, child(nil), new(hashes))
		return append(binary.AppendUvarint(body, uint64(len(one))<<1|1), one...)
	}
	if got, err := growLean(many(1000), 2); err != nil || len(got[1]) < 32_000 {
		t.Fatalf("1000 dependencies: %v", err)
	}
	for name, body := range map[string][]byte{
		"a small body of 90 MiB":            many(90 << 20 / hashBytes),
		"a dependency before the beginning": {3<<1 | 1, 1, 5, 0},
		"a dependency that is cut":          {3<<1 | 1, 1, 0, 0},
		"more dependencies than bytes":      {2<<1 | 1, 9, 1},
		"a dependency that is no byte":      {3<<1 | 1, 1, 0x81, 0},
		"a change longer than the body":     {9 << 1, 1},
		"a long count of dependencies":      {3<<1 | 1, 0x80, 0, 0},
		"nothing":                           {},
		"something after the last change":   {0, 0, 0},
	} {
		n := 1
		if name == "a small body of 90 MiB" {
			n = 2
		}
		if _, err := growLean(body, n); !errors.Is(err, errLean) {
			t.Errorf("%s: %v, want an error", name, err)
		}
	}
}

// What S2 says of its own size is not believed either.
func TestHostileS2(t *testing.T) {
	c := newCodec()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := c.expand(encodingLeanS2, binary.AppendUvarint(nil, 1<<30), 100)
	runtime.ReadMemStats(&after)
	if err == nil || after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Errorf("%d bytes of memory for a body of 100 that says it has 1 GiB: %v", after.TotalAlloc-before.TotalAlloc, err)
	}
}

// Changes of a board take fewer bytes than they have, alone and merged.
func TestABoardTakesFewerBytesThanItsChanges(t *testing.T) {
	changes, doc := newCorpus(t, 5, corpusPosts(t, 1)).take(1000), storetest.Document(1)
	s := mustOpen(t, t.TempDir())
	raw := 0
	for first, c := range changes {
		raw += len(c)
		mustCommit(t, s, store.Append{Document: doc, First: first, Changes: [][]byte{c}, Heads: storetest.Heads(1, 1)})
	}
	stored := func() int {
		t.Helper()
		got, info, err := storetest.Load(s, doc)
		if err != nil || !slices.EqualFunc(got, changes, bytes.Equal) {
			t.Fatalf("%d changes, %v", len(got), err)
		}
		return int(info.StoredBytes)
	}
	if alone := stored(); alone*100 > raw*85 {
		t.Errorf("one by one %d bytes of changes take %d", raw, alone)
	}
	if err := s.Merge(doc); err != nil {
		t.Fatal(err)
	}
	if merged := stored(); merged*100 > raw*40 {
		t.Errorf("merged, %d bytes of changes take %d", raw, merged)
	}
}

// Records of format 1, raw and zstd, are read and merged with what came after.
func TestOldRecordsAreRead(t *testing.T) {
	changes, doc := newCorpus(t, 6, corpusPosts(t, 1)).take(400), storetest.Document(1)
	s := mustOpen(t, t.TempDir())
	m := meta{heads: storetest.Heads(1, 1)}
	edit(t, s, func(txn *kv.Txn) error {
		for first := 0; first < 300; {
			n := 1 + first/20
			n = min(n, 300-first)
			r := oldRecord(s.codec, doc, uint32(first), changes[first:first+n])
			if err := txn.Set(r.part(0)); err != nil {
				return err
			}
			m.records++
			m.storedBytes += int64(len(r.value))
			first += n
		}
		m.changes, m.reserved, m.digest = 300, 300, digestOf(changes[:300])
		return txn.Set(metaKey(doc), m.encode(doc))
	})
	check := func(n int) {
		t.Helper()
		if got, _, err := storetest.Load(s, doc); err != nil || !slices.EqualFunc(got, changes[:n], bytes.Equal) {
			t.Fatalf("%d changes, want %d: %v", len(got), n, err)
		}
	}
	check(300)
	for first := 300; first < 400; first++ {
		mustCommit(t, s, store.Append{Document: doc, First: first, Changes: changes[first : first+1], Heads: m.heads})
	}
	check(400)
	before := countRecords(t, s, doc)
	if err := s.Merge(doc); err != nil {
		t.Fatal(err)
	}
	check(400)
	if after := countRecords(t, s, doc); after >= before {
		t.Errorf("%d records became %d", before, after)
	}
}

// oldRecord is a record as format 1 has it.
func oldRecord(c *codec, doc [16]byte, first uint32, changes [][]byte) record {
	body := appendRaw(nil, changes)
	encoding, stored := byte(encodingRaw), body
	if len(body) >= 1<<10 {
		encoding, stored = encodingZstd, c.compressors[effortCommit].Get().(*compressor).zstd.EncodeAll(body, nil)
	}
	value := binary.AppendUvarint([]byte{encoding}, uint64(len(changes)))
	value = binary.AppendUvarint(value, uint64(len(body)))
	value = binary.AppendUvarint(value, uint64(len(stored)))
	value = binary.BigEndian.AppendUint64(value, uint64(sumOf(recordKey(doc, first, 0), value, stored)))
	return record{doc: doc, first: first, changes: len(changes), value: append(value, stored...)}
}
