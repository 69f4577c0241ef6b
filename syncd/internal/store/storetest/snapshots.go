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
	s := again()
	snapshots := s.(store.Snapshots)
	a, b := id.NewDocument(), id.NewDocument()
	want := func(doc id.Document, n int, chunk []byte) {
		t.Helper()
		gotN, got, err := snapshots.Snapshot(doc)
		if err != nil || gotN != n || !bytes.Equal(got, chunk) {
			t.Fatalf("snapshot of %d changes and %d bytes, %v; want %d and %d", gotN, len(got), err, n, len(chunk))
		}
	}
	put := func(doc id.Document, n int, chunk []byte) {
		t.Helper()
		if err := snapshots.PutSnapshot(doc, n, chunk); err != nil {
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
	if err := snapshots.PutSnapshot(a, 0, small); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a snapshot of no changes: %v", err)
	}
	if err := snapshots.PutSnapshot(a, 1, nil); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("an empty snapshot: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := snapshots.PutSnapshot(a, 1, small); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}

	s = again()
	snapshots = s.(store.Snapshots)
	want(a, 2, small)
	want(b, 7, other)
	if err := snapshots.DropSnapshot(a); err != nil {
		t.Fatal(err)
	}
	want(a, 0, nil)
	want(b, 7, other)
	if err := snapshots.DropSnapshot(a); err != nil {
		t.Errorf("there is nothing to drop: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
