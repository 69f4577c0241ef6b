package storetest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Snapshots holds a store to the contract of store.Snapshots. again opens what the
// last one left.
func Snapshots(t *testing.T, again func() store.Store) {
	derivedFrom(t, again, func(s store.Store) derived {
		x := s.(store.Snapshots)
		return derived{x.PutSnapshot, x.Snapshot, x.DropSnapshot}
	})
}

// Indexes does so for store.Indexes.
func Indexes(t *testing.T, again func() store.Store) {
	derivedFrom(t, again, func(s store.Store) derived {
		x := s.(store.Indexes)
		return derived{x.PutIndex, x.Index, x.DropIndex}
	})
}

// derived is what a store keeps beside a document.
type derived struct {
	put  func(doc id.Document, n int, data []byte) error
	get  func(doc id.Document) (n int, data []byte, err error)
	drop func(doc id.Document) error
}

func derivedFrom(t *testing.T, again func() store.Store, of func(store.Store) derived) {
	s := again()
	kept := of(s)
	a, b := id.NewDocument(), id.NewDocument()
	want := func(doc id.Document, n int, chunk []byte) {
		t.Helper()
		gotN, got, err := kept.get(doc)
		if err != nil || gotN != n || !bytes.Equal(got, chunk) {
			t.Fatalf("of %d changes and %d bytes, %v; want %d and %d", gotN, len(got), err, n, len(chunk))
		}
	}
	put := func(doc id.Document, n int, chunk []byte) {
		t.Helper()
		if err := kept.put(doc, n, chunk); err != nil {
			t.Fatal(err)
		}
	}
	want(a, 0, nil)
	small, large, other := bytes.Repeat([]byte{1}, 100), bytes.Repeat([]byte("abcde"), 300_000), []byte("of b")
	put(b, 7, other)
	put(a, 3, large)
	want(a, 3, large)
	put(a, 3, small) // fewer parts of the same number of changes
	want(a, 3, small)
	put(a, 90, large)
	want(a, 90, large)
	put(a, 2, small) // of a document that was rewritten
	want(a, 2, small)
	want(b, 7, other)
	if err := kept.put(a, 0, small); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("of no changes: %v", err)
	}
	if err := kept.put(a, 1, nil); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("empty: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := kept.put(a, 1, small); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}

	s = again()
	kept = of(s)
	want(a, 2, small)
	want(b, 7, other)
	if err := kept.drop(a); err != nil {
		t.Fatal(err)
	}
	want(a, 0, nil)
	want(b, 7, other)
	if err := kept.drop(a); err != nil {
		t.Errorf("there is nothing to drop: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
