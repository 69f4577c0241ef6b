// Package storetest holds every implementation of store.Store to its contract.
//
// Run is called from the tests of an implementation. What happens at crashes
// and failed writes is not here but in faultstore and in the implementations,
// since only they can bring those about.
package storetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Opener opens one store. Called again after the store was closed, it opens the
// same store again.
type Opener func() (store.Store, error)

// Run runs the contract as subtests. Each calls place for a store of its own,
// empty and not yet open.
func Run(t *testing.T, place func(t *testing.T) Opener) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *fixture)
	}{
		{"a document that was never appended to is empty", unknownDocument},
		{"appends come back in order, also after opening again", appends},
		{"the store id stays", storageID},
		{"an append that does not continue the document is refused", conflict},
		{"a refused append stores nothing of its batch", conflictStoresNothing},
		{"an append without changes or over a limit is refused", badAppends},
		{"a change may be empty", emptyChange},
		{"a change of 5 MiB", bigChange},
		{"an append of many changes", manyChanges},
		{"a batch larger than a transaction", bigBatch},
		{"the store keeps no reference and gives none away", ownership},
		{"loading stops at an error of yield", yieldError},
		{"3000 documents are listed in order, from anywhere", listing},
		{"documents are committed and loaded side by side", concurrent},
		{"a closed store refuses", closed},
		{"random appends read back as a model says", random},
		{"authors come back with their document, in order", authors},
		{"a refused append binds no actor", authorsOfRefused},
		{"an append of many authors, over several transactions", manyAuthors},
		{"an author over a limit is refused", badAuthors},
		{"records come back in order, also after opening again", records},
		{"records over a limit are refused as a whole", badRecords},
		{"the largest records that fit one call", bigRecords},
		{"the store keeps no reference to a record and gives none away", recordOwnership},
		{"listing records and authors stops at an error of yield", recordYieldError},
		{"random records read back as a model says", randomRecords},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{t: t, opener: place(t)}
			f.open()
			t.Cleanup(func() { f.s.Close() })
			c.run(t, f)
		})
	}
}

// fixture is a store and what the test has put into it.
type fixture struct {
	t      *testing.T
	opener Opener
	s      store.Store
}

func (f *fixture) open() {
	f.t.Helper()
	s, err := f.opener()
	if err != nil {
		f.t.Fatalf("open: %v", err)
	}
	f.s = s
}

func (f *fixture) reopen() {
	f.t.Helper()
	if err := f.s.Close(); err != nil {
		f.t.Fatalf("close: %v", err)
	}
	f.open()
}

func (f *fixture) commit(batch ...store.Append) {
	f.t.Helper()
	if err := f.s.Commit(batch); err != nil {
		f.t.Fatalf("commit: %v", err)
	}
}

// has fails the test unless the document has exactly these changes.
func (f *fixture) has(doc id.Document, want [][]byte, heads []id.ChangeHash) {
	f.t.Helper()
	got, info, err := Load(f.s, doc)
	if err != nil {
		f.t.Fatalf("load %s: %v", doc, err)
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		f.t.Fatalf("load %s: %d changes, want %d, or they differ", doc, len(got), len(want))
	}
	if info.Changes != len(want) || !slices.Equal(info.Heads, heads) {
		f.t.Fatalf("load %s: %d changes and heads %v, want %d and %v", doc, info.Changes, info.Heads, len(want), heads)
	}
	stat, exists, err := f.s.Stat(doc)
	if err != nil || exists != (len(want) > 0) || stat.Changes != info.Changes ||
		!slices.Equal(stat.Heads, info.Heads) || stat.StoredBytes != info.StoredBytes {
		f.t.Fatalf("stat %s: %+v, %t, %v; load said %+v", doc, stat, exists, err, info)
	}
}

// Load returns the changes of a document.
func Load(s store.Store, doc id.Document) ([][]byte, store.Info, error) {
	var changes [][]byte
	info, err := s.Load(doc, func(c []byte) error {
		changes = append(changes, c)
		return nil
	})
	return changes, info, err
}

// Document returns the id of the n-th test document. They are in order.
func Document(n int) id.Document {
	var d id.Document
	binary.BigEndian.PutUint64(d[:], uint64(n))
	sum := sha256.Sum256(d[:])
	copy(d[8:], sum[:])
	return d
}

// Changes returns n changes of about size bytes, the same for the same
// arguments. Half of each is random, as hashes and actors are.
func Changes(doc id.Document, first, n, size int) [][]byte {
	changes := make([][]byte, n)
	for i := range changes {
		changes[i] = change(doc, first+i, size)
	}
	return changes
}

func change(doc id.Document, index, size int) []byte {
	seed := sha256.Sum256(fmt.Appendf(doc[:], "%d %d", index, size))
	r := rand.NewChaCha8(seed)
	c := make([]byte, size)
	half := size / 2
	r.Read(c[:half])
	for i := half; i < size; {
		i += copy(c[i:], "a sentence that comes again and again, as in text. ")
	}
	return c
}

// Heads returns n sorted heads that depend on seed.
func Heads(seed, n int) []id.ChangeHash {
	heads := make([]id.ChangeHash, n)
	for i := range heads {
		heads[i] = sha256.Sum256(fmt.Appendf(nil, "%d %d", seed, i))
	}
	slices.SortFunc(heads, id.ChangeHash.Compare)
	return heads
}

// AppendOf returns an append of n test changes that leaves one head.
func AppendOf(doc id.Document, first, n, size int) store.Append {
	return store.Append{
		Document: doc, First: first,
		Changes: Changes(doc, first, n, size), Heads: Heads(first+n, 1),
	}
}
