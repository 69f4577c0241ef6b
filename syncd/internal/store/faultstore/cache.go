package faultstore

import (
	"sync"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// cache is what a page cache is to a disk: everything is in it, and what was not
// flushed is only in it.
type cache struct {
	store *mem.Store

	mu      sync.Mutex
	commits int              // guarded by mu
	waiting [][]store.Append // guarded by mu; not flushed yet
}

// newCache returns a cache that holds what the store holds.
func newCache(from store.Store) (*cache, error) {
	c := &cache{store: mem.Open(mem.NewDisk())}
	err := from.Documents(nil, func(doc id.Document, _ store.Info) error { return c.copy(from, doc) })
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
	counted, torn := changes[:info.Changes], changes[info.Changes:]
	if len(counted) > 0 {
		whole := store.Append{Document: doc, Changes: counted, Heads: info.Heads}
		if err := c.store.Commit([]store.Append{whole}); err != nil {
			return err
		}
	}
	if len(torn) == 0 {
		return nil
	}
	// One more change than is kept makes it a torn append again.
	rest := store.Append{Document: doc, First: len(counted), Changes: append(torn[:len(torn):len(torn)], nil)}
	return c.store.CommitTorn([]store.Append{rest}, func(int, store.Append) int { return len(torn) })
}

func (c *cache) commit(batch []store.Append, to store.Store, every int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.store.Commit(batch); err != nil {
		return err
	}
	c.waiting = append(c.waiting, batch)
	if c.commits++; c.commits%every != 0 {
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
		if err := to.Commit(c.waiting[0]); err != nil {
			return err
		}
		c.waiting = c.waiting[1:]
	}
	return nil
}
