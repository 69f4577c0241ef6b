package hub

import (
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// full is a store whose disk is full until it is not.
type full struct {
	*mem.Store
	mu sync.Mutex
	on bool
}

func (f *full) Commit(batch []store.Append) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.on {
		return store.ErrFull
	}
	return f.Store.Commit(batch)
}

func (f *full) set(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = on
}

// P7
func TestAFullDiskMeansReadOnly(t *testing.T) {
	disk := &full{Store: mem.Open(mem.NewDisk())}
	s := newServer(t, disk, func(c *Config) { c.Replica.RetryWait = 20 * time.Millisecond })
	a, b := s.device("a"), s.device("b")
	doc := id.NewDocument()
	a.Put("k", "1")
	a.publish(doc)
	stored := a.Heads()
	disk.set(true)
	a.Put("k", "2")
	a.say(doc)
	eventually(t, "the write fails", func() bool { return s.Stats().StoreErrors > 0 })
	b.say(doc)
	b.untilHas(stored)
	disk.set(false)
	b.untilHas(a.Heads())
}

// P3, P7, SY20
func TestWhatIsWrittenWhileTheDiskIsFullArrives(t *testing.T) {
	disk := &full{Store: mem.Open(mem.NewDisk())}
	s := newServer(t, disk, func(c *Config) { c.Replica.RetryWait = 20 * time.Millisecond })
	a, b := s.device("a"), s.device("b")
	doc := id.NewDocument()
	a.Put("k", "1")
	a.publish(doc)
	b.say(doc)
	b.untilHas(a.Heads())
	disk.set(true)
	a.Put("k", "2")
	a.say(doc)
	failures := func() int64 { return s.Stats().StoreErrors }
	eventually(t, "the write fails", func() bool { return failures() > 0 })
	a.Put("k", "3")
	a.say(doc)
	eventually(t, "what comes then is not taken", func() bool { return s.Stats().Refused > 0 })
	for before := failures(); failures() < before+3; time.Sleep(time.Millisecond) {
		if a.closeCode() != 0 {
			t.Fatal("it was sent away while the disk was full")
		}
	}
	disk.set(false)
	eventually(t, "it is asked to come back", func() bool { return a.closeCode() == wire.CloseStorage })
	if b.closeCode() != 0 {
		t.Errorf("who had only read was closed with %d", b.closeCode())
	}
	again := s.device("a")
	again.Author = a.Author
	again.publish(doc)
	b.untilHas(a.Heads())
	if again.closeCode() != 0 {
		t.Errorf("when it had come back it was closed with %d", again.closeCode())
	}
}
