package badger

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// countRecords is how many keys the records of a document have.
func countRecords(t *testing.T, s *Store, doc id.Document) (n int) {
	t.Helper()
	err := s.db.View(func(txn *kv.Txn) error {
		it := txn.NewIterator(kv.IteratorOptions{Prefix: recordPrefix(doc)})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMergeKeepsTheDocument(t *testing.T) {
	dir, doc := t.TempDir(), storetest.Document(1)
	s := mustOpen(t, dir)
	var want [][]byte
	add := func(n, size int) {
		t.Helper()
		mustCommit(t, s, storetest.AppendOf(doc, len(want), n, size))
		want = append(want, storetest.Changes(doc, len(want), n, size)...)
	}
	check := func() {
		t.Helper()
		got, info, err := storetest.Load(s, doc)
		if err != nil || info.Changes != len(want) || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("%d changes, info %+v, want %d: %v", len(got), info, len(want), err)
		}
	}
	if err := s.Merge(doc); err != nil {
		t.Fatalf("a document that does not exist: %v", err)
	}
	for range 700 {
		add(1, 350)
	}
	add(1, 1<<20) // parts, in the middle
	for range 700 {
		add(2, 350)
	}
	before, _, _ := s.Stat(doc)
	parts := countRecords(t, s, doc)
	if err := s.Merge(doc); err != nil {
		t.Fatal(err)
	}
	after, _, _ := s.Stat(doc)
	if left := countRecords(t, s, doc); left > 10 || parts < 1400 {
		t.Errorf("%d keys became %d, want at most 10", parts, left)
	}
	if after.StoredBytes >= before.StoredBytes {
		t.Errorf("%d bytes became %d", before.StoredBytes, after.StoredBytes)
	}
	check()
	add(3, 350)
	if err := s.Merge(doc); err != nil {
		t.Fatal(err)
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir)
	check()
}

func TestMergeBesideAppendsAndLoads(t *testing.T) {
	doc := storetest.Document(1)
	s := mustOpen(t, t.TempDir())
	for first := range 400 {
		mustCommit(t, s, storetest.AppendOf(doc, first, 1, 350))
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for first := 400; first < 800; first++ {
			if err := s.Commit([]store.Append{storetest.AppendOf(doc, first, 1, 350)}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	wg.Go(func() {
		for range 20 {
			if err := s.Merge(doc); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 20 {
		if got, info, err := storetest.Load(s, doc); err != nil || len(got) != info.Changes {
			t.Errorf("%d changes, info %+v: %v", len(got), info, err)
		}
	}
	wg.Wait()
	got, _, err := storetest.Load(s, doc)
	if err != nil || !slices.EqualFunc(got, storetest.Changes(doc, 0, 800, 350), bytes.Equal) {
		t.Errorf("%d changes, %v; want 800", len(got), err)
	}
}

// Merging must not give a damaged record a good checksum.
func TestMergeLeavesDamageAlone(t *testing.T) {
	doc := storetest.Document(1)
	s := mustOpen(t, t.TempDir())
	for first := range 400 {
		mustCommit(t, s, storetest.AppendOf(doc, first, 1, 350))
	}
	key := recordKey(doc, 123, 0)
	bad := flip(100)(valueIn(t, s, key))
	edit(t, s, func(txn *kv.Txn) error { return txn.Set(key, bad) })
	if err := s.Merge(doc); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("merge: %v, want ErrCorrupt", err)
	}
	if _, _, err := storetest.Load(s, doc); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("load: %v, want ErrCorrupt", err)
	}
}
