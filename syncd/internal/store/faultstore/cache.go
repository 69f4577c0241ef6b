package faultstore

import (
	"sync"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// write is what one call stores.
type write struct {
	batch     []store.Append
	records   []store.Record
	isRecords bool
}

func (w write) to(s store.Store) error {
	if w.isRecords {
		return s.PutRecords(w.records)
	}
	return s.Commit(w.batch)
}

// cache is what a page cache is to a disk: everything is in it, and what was not
// flushed is only in it.
type cache struct {
	store *mem.Store

	mu      sync.Mutex
	writes  int     // guarded by mu
	waiting []write // guarded by mu; not flushed yet
}

// newCache returns a cache that holds what the store holds.
func newCache(from store.Store) (*cache, error) {
	c := &cache{store: mem.Open(mem.NewDisk())}
	err := from.Documents(nil, func(doc id.Document, _ store.Info) error { return c.copy(from, doc) })
	if err != nil {
		return nil, err
	}
	err = from.Records(nil, func(key, value []byte) error {
		return c.store.PutRecords([]store.Record{{Key: key, Value: value}})
	})
	return c, err
}

func (c *cache) copy(from store.Store, doc id.Document) error {
	var changes [][]byte
	info, err := from.Load(doc, func(change []byte) error {
		changes = append(changes, change)
		return nil
	})
	if err != nil {
		return err
	}
	var authors []store.ActorAuthor
	err = from.Authors(doc, func(a store.ActorAuthor) error {
		authors = append(authors, a)
		return nil
	})
	if err != nil {
		return err
	}
	counted, torn := changes[:info.Changes], changes[info.Changes:]
	if len(counted) > 0 {
		whole := store.Append{Document: doc, Changes: counted, Heads: info.Heads, Authors: authors}
		if err := c.store.Commit([]store.Append{whole}); err != nil {
			return err
		}
	}
	if len(torn) == 0 {
		return nil
	}
	// One more change than is kept makes it a torn append again.
	rest := store.Append{Document: doc, First: len(counted), Changes: append(torn[:len(torn):len(torn)], nil), Authors: authors}
	return c.store.CommitTorn([]store.Append{rest}, func(int, store.Append) int { return len(torn) })
}

func (c *cache) write(w write, to store.Store, every int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := w.to(c.store); err != nil {
		return err
	}
	c.waiting = append(c.waiting, w)
	if c.writes++; c.writes%every != 0 {
		return nil
	}
	return c.flushLocked(to)
}

func (c *cache) flush(to store.Store) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flushLocked(to)
}

// flushLocked needs mu.
func (c *cache) flushLocked(to store.Store) error {
	for len(c.waiting) > 0 {
		if err := c.waiting[0].to(to); err != nil {
			return err
		}
		c.waiting = c.waiting[1:]
	}
	return nil
}
