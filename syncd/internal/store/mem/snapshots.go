package mem

import (
	"bytes"
	"fmt"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// snapshot is of the first n changes of a document.
type snapshot struct {
	n     int
	chunk []byte
}

var _ store.Snapshots = (*Store)(nil)

// PutSnapshot implements store.Snapshots.
func (s *Store) PutSnapshot(doc id.Document, n int, chunk []byte) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	if n < 1 || len(chunk) == 0 {
		return fmt.Errorf("snapshot of document %s: %d bytes of %d changes: %w", doc, len(chunk), n, store.ErrTooLarge)
	}
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	s.disk.snapshots[doc] = snapshot{n, bytes.Clone(chunk)}
	return nil
}

// Snapshot implements store.Snapshots.
func (s *Store) Snapshot(doc id.Document) (n int, chunk []byte, err error) {
	if err := s.calls.Enter(); err != nil {
		return 0, nil, err
	}
	defer s.calls.Leave()
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	found := s.disk.snapshots[doc]
	return found.n, bytes.Clone(found.chunk), nil
}

// DropSnapshot implements store.Snapshots.
func (s *Store) DropSnapshot(doc id.Document) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	delete(s.disk.snapshots, doc)
	return nil
}
