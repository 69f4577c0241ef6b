package badger

import (
	"bytes"
	"errors"
	"testing"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestSnapshots(t *testing.T) {
	dir := t.TempDir()
	storetest.Snapshots(t, func() store.Store { return mustOpen(t, dir) })
}

func TestIndexes(t *testing.T) {
	dir := t.TempDir()
	storetest.Indexes(t, func() store.Store { return mustOpen(t, dir) })
}

// A crash may leave any of the transactions of PutSnapshot undone, and bits may rot.
func TestWhatIsLeftOfASnapshot(t *testing.T) {
	s, err := Open(Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	doc := id.NewDocument()
	old, chunk := []byte("the one before"), bytes.Repeat([]byte("abcde"), 300_000)
	edit := func(f func(*kv.Txn) error) {
		t.Helper()
		if err := s.db.Update(f); err != nil {
			t.Fatal(err)
		}
	}
	put := func(n int, chunk []byte) {
		t.Helper()
		if err := s.PutSnapshot(doc, n, chunk); err != nil {
			t.Fatal(err)
		}
	}
	put(5, old)
	edit(func(txn *kv.Txn) error { return txn.Set(snapshots.key(doc, 9, 1), chunk[:derivedPartBytes]) })
	if n, got, err := s.Snapshot(doc); err != nil || n != 5 || !bytes.Equal(got, old) {
		t.Errorf("while the next one is being written: of %d changes, %d bytes, %v", n, len(got), err)
	}
	put(9, chunk)
	left := 0
	_ = s.db.View(func(txn *kv.Txn) error {
		it := txn.NewIterator(kv.IteratorOptions{Prefix: snapshots.prefix(doc)})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			left++
		}
		return nil
	})
	if want := 1 + (len(chunk)+derivedPartBytes-1)/derivedPartBytes; left != want {
		t.Errorf("%d keys are left, want %d: the parts and their head", left, want)
	}
	for name, f := range map[string]func(*kv.Txn) error{
		"a part is missing": func(txn *kv.Txn) error { return txn.Delete(snapshots.key(doc, 9, 2)) },
		"a part is damaged": func(txn *kv.Txn) error {
			return txn.Set(snapshots.key(doc, 9, 3), append([]byte{'?'}, chunk[2*derivedPartBytes+1:3*derivedPartBytes]...))
		},
		"the head is damaged": func(txn *kv.Txn) error { return txn.Set(snapshots.key(doc, 9, 0), []byte{1, 2, 3}) },
	} {
		put(9, chunk)
		edit(f)
		if n, got, err := s.Snapshot(doc); !errors.Is(err, store.ErrCorrupt) || got != nil {
			t.Errorf("%s: of %d changes, %d bytes, %v", name, n, len(got), err)
		}
		if err := s.DropSnapshot(doc); err != nil {
			t.Fatal(err)
		}
	}
}
