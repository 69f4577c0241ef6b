package mem

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// bind stores the authors of an append. It needs mu.
func (d *Disk) bind(a store.Append) {
	if len(a.Authors) == 0 {
		return
	}
	known := d.authors[a.Document]
	if known == nil {
		known = make(map[id.Actor]store.ActorAuthor)
		d.authors[a.Document] = known
	}
	for _, author := range a.Authors {
		known[author.Actor] = author
	}
}

// Authors implements store.Store.
func (s *Store) Authors(doc id.Document, yield func(store.ActorAuthor) error) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	for _, a := range s.disk.authorsOf(doc) {
		if err := yield(a); err != nil {
			return err
		}
	}
	return nil
}

func (d *Disk) authorsOf(doc id.Document) []store.ActorAuthor {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.SortedFunc(maps.Values(d.authors[doc]), func(a, b store.ActorAuthor) int {
		return strings.Compare(string(a.Actor), string(b.Actor))
	})
}

// PutRecords implements store.Store.
func (s *Store) PutRecords(records []store.Record) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	if err := store.CheckRecords(records); err != nil {
		return err
	}
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	for _, r := range records {
		if r.Value == nil {
			delete(s.disk.records, string(r.Key))
			continue
		}
		s.disk.records[string(r.Key)] = append([]byte{}, r.Value...)
	}
	return nil
}

// Records implements store.Store.
func (s *Store) Records(prefix []byte, yield func(key, value []byte) error) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	for _, r := range s.disk.recordsBelow(string(prefix)) {
		if err := yield(r.Key, bytes.Clone(r.Value)); err != nil {
			return err
		}
	}
	return nil
}

// recordsBelow returns records whose values are only to be read.
func (d *Disk) recordsBelow(prefix string) []store.Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []store.Record
	for key, value := range d.records {
		if strings.HasPrefix(key, prefix) {
			found = append(found, store.Record{Key: []byte(key), Value: value})
		}
	}
	slices.SortFunc(found, func(a, b store.Record) int { return bytes.Compare(a.Key, b.Key) })
	return found
}
