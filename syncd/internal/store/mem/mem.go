// Package mem keeps documents in memory, for tests.
//
// It promises the law of package store for as long as the Disk lives, and is
// never a place for anyone's documents. A Disk outlives the Store that is
// opened on it: closing or abandoning a Store and opening another on the same
// Disk is what a restart is to a process. Faults and crashes are faultstore's.
package mem

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Disk is what survives of a Store. Its methods may be called by several
// goroutines at once.
type Disk struct {
	mu sync.Mutex

	// Guarded by mu.
	storage   id.Storage
	documents map[id.Document]*document
	authors   map[id.Document]map[id.Actor]store.ActorAuthor
	records   map[string][]byte
	snapshots derived
	indexes   derived
	graphs    map[id.Document]graph
}

type document struct {
	// changes may be more than info counts: a torn append ends in changes that
	// it does not.
	changes [][]byte
	info    store.Info
}

// NewDisk returns an empty disk with a storage id of its own.
func NewDisk() *Disk {
	return &Disk{
		storage:   id.NewStorage(),
		documents: make(map[id.Document]*document),
		authors:   make(map[id.Document]map[id.Actor]store.ActorAuthor),
		records:   make(map[string][]byte),
		snapshots: derived{}, indexes: derived{},
		graphs: make(map[id.Document]graph),
	}
}

// ResetStorageID gives the disk another storage id, as a restore does.
func (d *Disk) ResetStorageID() id.Storage {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.storage = id.NewStorage()
	return d.storage
}

// Store is a store.Store on a Disk.
type Store struct {
	disk    *Disk
	storage atomic.Pointer[id.Storage]

	calls store.Calls
}

var _ store.Store = (*Store)(nil)

// Open returns a store on a disk. Like the one on a real disk it is meant to be
// the only one, but this is not checked: an abandoned Store counts as crashed.
func Open(d *Disk) *Store {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, storage := &Store{disk: d}, d.storage
	s.storage.Store(&storage)
	return s
}

// StorageID implements store.Store.
func (s *Store) StorageID() id.Storage { return *s.storage.Load() }

// ResetStorageID gives the store another storage id, as a restore does.
func (s *Store) ResetStorageID() (id.Storage, error) {
	if err := s.calls.Enter(); err != nil {
		return "", err
	}
	defer s.calls.Leave()
	storage := s.disk.ResetStorageID()
	s.storage.Store(&storage)
	return storage, nil
}

// Commit implements store.Store.
func (s *Store) Commit(batch []store.Append) error {
	return s.commit(batch, func(_ int, a store.Append) int { return len(a.Changes) })
}

// CommitTorn stores of each append only the authors and the number of changes
// that keep returns, and does not count those in Info, as a crash during Commit
// may. It is for faultstore.
func (s *Store) CommitTorn(batch []store.Append, keep func(i int, a store.Append) int) error {
	return s.commit(batch, keep)
}

func (s *Store) commit(batch []store.Append, keep func(int, store.Append) int) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.disk.mu.Lock()
	defer s.disk.mu.Unlock()
	if err := s.disk.check(batch); err != nil {
		return err
	}
	for i, a := range batch {
		s.disk.apply(a, keep(i, a))
	}
	return nil
}

// check returns an error if any append cannot be stored. It needs mu.
func (d *Disk) check(batch []store.Append) error {
	seen := make(map[id.Document]bool, len(batch))
	for _, a := range batch {
		if err := a.Check(); err != nil {
			return err
		}
		if seen[a.Document] {
			return fmt.Errorf("document %s is twice in one batch: %w", a.Document, store.ErrConflict)
		}
		seen[a.Document] = true
		have := 0
		if doc := d.documents[a.Document]; doc != nil {
			have = len(doc.changes)
		}
		if a.First != have {
			return fmt.Errorf("document %s has %d changes, append begins at %d: %w",
				a.Document, have, a.First, store.ErrConflict)
		}
	}
	return nil
}

// apply stores the first keep changes. It needs mu.
func (d *Disk) apply(a store.Append, keep int) {
	d.bind(a)
	if keep <= 0 {
		return
	}
	doc := d.documents[a.Document]
	if doc == nil {
		doc = new(document)
		d.documents[a.Document] = doc
	}
	for _, c := range a.Changes[:keep] {
		doc.changes = append(doc.changes, bytes.Clone(c))
		doc.info.StoredBytes += int64(len(c))
	}
	if keep == len(a.Changes) {
		doc.info.Changes = len(doc.changes)
		doc.info.Heads = slices.Clone(a.Heads)
	}
}

// Load implements store.Store.
func (s *Store) Load(doc id.Document, yield func(change []byte) error) (store.Info, error) {
	if err := s.calls.Enter(); err != nil {
		return store.Info{}, err
	}
	defer s.calls.Leave()
	info, changes := s.disk.read(doc)
	for _, c := range changes {
		if err := yield(bytes.Clone(c)); err != nil {
			return info, err
		}
	}
	return info, nil
}

// read returns what is known of a document. The changes are only to be read.
func (d *Disk) read(doc id.Document) (store.Info, [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found := d.documents[doc]
	if found == nil {
		return store.Info{}, nil
	}
	info := found.info
	info.Heads = slices.Clone(info.Heads)
	return info, found.changes
}

// Stat implements store.Store.
func (s *Store) Stat(doc id.Document) (store.Info, bool, error) {
	if err := s.calls.Enter(); err != nil {
		return store.Info{}, false, err
	}
	defer s.calls.Leave()
	info, changes := s.disk.read(doc)
	return info, len(changes) > 0, nil
}

// Documents implements store.Store.
func (s *Store) Documents(after *id.Document, yield func(id.Document, store.Info) error) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	for _, doc := range s.disk.list(after) {
		info, _ := s.disk.read(doc)
		if err := yield(doc, info); err != nil {
			return err
		}
	}
	return nil
}

func (d *Disk) list(after *id.Document) []id.Document {
	d.mu.Lock()
	defer d.mu.Unlock()
	var docs []id.Document
	for doc := range d.documents {
		if after == nil || bytes.Compare(doc[:], after[:]) > 0 {
			docs = append(docs, doc)
		}
	}
	slices.SortFunc(docs, func(a, b id.Document) int { return bytes.Compare(a[:], b[:]) })
	return docs
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.calls.Refuse()
	s.calls.Wait()
	return nil
}
