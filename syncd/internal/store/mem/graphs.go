package mem

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// graph is of the first n changes of a document.
type graph struct {
	n    int
	data []byte
}

var _ store.Graphs = (*Store)(nil)

// PutGraph implements store.Graphs.
func (s *Store) PutGraph(doc id.Document, first int, pieces []store.GraphPiece) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	g := s.disk.graphs[doc]
	if first == 0 {
		g = graph{}
	}
	data, n := slices.Clone(g.data), first
	for _, p := range pieces {
		if p.Changes < 1 || len(p.Data) == 0 || len(p.Data) > store.GraphPieceBytesMax {
			return fmt.Errorf("graph of document %s: a piece of %d changes and %d bytes: %w", doc, p.Changes, len(p.Data), store.ErrTooLarge)
		}
		data, n = append(data, p.Data...), n+p.Changes
	}
	found := s.disk.documents[doc]
	if g.n != first || found == nil || n != found.info.Changes || n != len(found.changes) || len(pieces) == 0 {
		return fmt.Errorf("graph of %d changes of document %s: %w", n, doc, store.ErrConflict)
	}
	s.disk.graphs[doc] = graph{n, data}
	return nil
}

// LoadGraph implements store.Graphs.
func (s *Store) LoadGraph(
	doc id.Document, take func(graph []byte, n int) error, yield func(change []byte) error,
) (store.Info, bool, error) {
	if err := s.calls.Enter(); err != nil {
		return store.Info{}, false, err
	}
	defer s.calls.Leave()
	info, changes := s.disk.read(doc)
	s.disk.mu.Lock()
	g := s.disk.graphs[doc]
	s.disk.mu.Unlock()
	switch {
	case g.n == 0:
		return info, false, nil
	case g.n > len(changes) || info.Changes != len(changes):
		return info, true, fmt.Errorf("%w: graph of %d changes of document %s, which has %d", store.ErrCorrupt, g.n, doc, len(changes))
	}
	if err := take(bytes.Clone(g.data), g.n); err != nil {
		return info, true, err
	}
	for _, c := range changes[g.n:] {
		if err := yield(bytes.Clone(c)); err != nil {
			return info, true, err
		}
	}
	return info, true, nil
}

// DropGraph implements store.Graphs.
func (s *Store) DropGraph(doc id.Document) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	delete(s.disk.graphs, doc)
	return nil
}

// ReadFrom implements store.Graphs.
func (s *Store) ReadFrom(doc id.Document, from int, is func([]byte) bool, yield func(int, []byte) bool) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	_, changes := s.disk.read(doc)
	if from < 0 || from >= len(changes) || !is(changes[from]) {
		return fmt.Errorf("%w: document %s has no such change %d", store.ErrCorrupt, doc, from)
	}
	for i, c := range changes[from:] {
		if !yield(from+i, bytes.Clone(c)) {
			return nil
		}
	}
	return nil
}
