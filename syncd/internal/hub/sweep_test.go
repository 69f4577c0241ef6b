package hub

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// What many have left at once is unloaded a few at a time, all of it, also when some
// take long.
func TestFewDocumentsAreUnloadedAtATime(t *testing.T) {
	const documents = 5 * unloadsMax
	var now, most, all atomic.Int32
	s := newServer(t, mem.Open(mem.NewDisk()), func(c *Config) {
		c.IdleTimeout = 100 * time.Millisecond
		c.Tidy = func(id.Document) error {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(50 * time.Millisecond)
			now.Add(-1)
			all.Add(1)
			return nil
		}
	})
	for range documents {
		d := s.device(id.NewDocument().String())
		doc := id.NewDocument()
		d.Put("key", "value")
		d.publish(doc)
		d.Leave()
	}
	eventually(t, "all are unloaded", func() bool { return s.Stats().Loaded == 0 && all.Load() >= documents })
	if n := most.Load(); n > unloadsMax || n == 0 {
		t.Errorf("%d were unloaded at a time", n)
	}
	eventually(t, "nobody holds a place any more", func() bool { return len(s.unloads) == 0 })
}
