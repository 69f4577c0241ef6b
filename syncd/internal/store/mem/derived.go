package mem

import (
	"bytes"
	"fmt"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// derived is what is kept beside documents, and is of the first n changes of each.
type derived map[id.Document]derivedData

type derivedData struct {
	n    int
	data []byte
}

var (
	_ store.Snapshots = (*Store)(nil)
	_ store.Indexes   = (*Store)(nil)
)

// PutSnapshot implements store.Snapshots.
func (s *Store) PutSnapshot(doc id.Document, n int, chunk []byte) error {
	return s.putDerived(s.disk.snapshots, doc, n, chunk)
}

// Snapshot implements store.Snapshots.
func (s *Store) Snapshot(doc id.Document) (n int, chunk []byte, err error) {
	return s.derived(s.disk.snapshots, doc)
}

// DropSnapshot implements store.Snapshots.
func (s *Store) DropSnapshot(doc id.Document) error { return s.dropDerived(s.disk.snapshots, doc) }

// PutIndex implements store.Indexes.
func (s *Store) PutIndex(doc id.Document, n int, index []byte) error {
	return s.putDerived(s.disk.indexes, doc, n, index)
}

// Index implements store.Indexes.
func (s *Store) Index(doc id.Document) (n int, index []byte, err error) {
	return s.derived(s.disk.indexes, doc)
}

// DropIndex implements store.Indexes.
func (s *Store) DropIndex(doc id.Document) error { return s.dropDerived(s.disk.indexes, doc) }

func (s *Store) putDerived(d derived, doc id.Document, n int, data []byte) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	if n < 1 || len(data) == 0 {
		return fmt.Errorf("%d bytes of %d changes of document %s: %w", len(data), n, doc, store.ErrTooLarge)
	}
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	d[doc] = derivedData{n, bytes.Clone(data)}
	return nil
}

func (s *Store) derived(d derived, doc id.Document) (n int, data []byte, err error) {
	if err := s.calls.Enter(); err != nil {
		return 0, nil, err
	}
	defer s.calls.Leave()
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	found := d[doc]
	return found.n, bytes.Clone(found.data), nil
}

func (s *Store) dropDerived(d derived, doc id.Document) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	delete(d, doc)
	return nil
}
