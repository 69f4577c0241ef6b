package hub

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// fresh asks for a document as a client does that has nothing, and returns what
// it is sent until it has some heads: how many document chunks, and how many
// changes one by one.
func (d *device) fresh(doc id.Document, flags *exchange.Flags, heads []id.ChangeHash) (chunks, changes int) {
	d.t.Helper()
	m := exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}, Flags: flags}
	d.receive(wire.Sync{Sender: d.peer, Document: doc, Data: m.Append(nil), Request: true})
	for deadline := time.Now().Add(10 * time.Second); !slices.Equal(d.Heads(), heads); {
		sync, ok := d.next().(wire.Sync)
		if !ok {
			if time.Now().After(deadline) {
				d.t.Fatalf("%s: waited in vain for the document", d.peer)
			}
			time.Sleep(time.Millisecond)
			continue
		}
		message, err := exchange.Decode(sync.Data, exchange.Limits{})
		if err != nil {
			d.t.Fatal(err)
		}
		for _, entry := range message.Changes {
			for raw, err := range chunk.Split(entry, chunk.DefaultLimits) {
				if err != nil {
					d.t.Fatal(err)
				}
				if raw.Type == chunk.TypeDocument {
					chunks++
				} else {
					changes++
				}
			}
		}
		if _, err := message.Offer(d.History, nil); err != nil {
			d.t.Fatal(err)
		}
		d.MarkDurable(d.Len())
		d.state.Receive(d.History, message)
		d.say(doc)
	}
	return chunks, changes
}

// later has documents leave their snapshots to the hub, as large ones do.
func later(c *Config) {
	c.Replica.MakeSnapshot = func([]*chunk.Change) (*history.Snapshot, error) { return nil, nil }
}

func TestWhoHasNothingIsSentASnapshot(t *testing.T) {
	disk := mem.NewDisk()
	s := mem.Open(disk)
	doc := id.NewDocument()
	var heads []id.ChangeHash
	const changes = 700 // some pieces
	t.Run("made when it was missed", func(t *testing.T) {
		srv := newServer(t, s, func(c *Config) { c.Snapshots = s; later(c) })
		a := srv.device("a")
		for i := range changes {
			a.Put(fmt.Sprint("key ", i%7), fmt.Sprint(i))
		}
		a.publish(doc)
		heads = a.Heads()
		if chunks, one := srv.device("first").fresh(doc, &exchange.Flags{}, heads); chunks != 0 || one != changes {
			t.Errorf("the first newcomer is sent %d chunks and %d changes", chunks, one)
		}
		eventually(t, "a snapshot is made", func() bool { return srv.Stats().SnapshotsMade == 1 })
		eventually(t, "newcomers are sent it", func() bool {
			chunks, one := srv.device("second"+fmt.Sprint(time.Now().UnixNano())).fresh(doc, &exchange.Flags{}, heads)
			return chunks == 1 && one == 0
		})
		if chunks, one := srv.device("plain").fresh(doc, nil, heads); chunks != 0 || one != changes {
			t.Errorf("one who did not declare to read it is sent %d chunks and %d changes", chunks, one)
		}
		a.Put("key", "later")
		a.publish(doc)
		heads = a.Heads()
		if chunks, one := srv.device("later").fresh(doc, &exchange.Flags{}, heads); chunks != 1 || one != 1 {
			t.Errorf("after one more change a newcomer is sent %d chunks and %d changes", chunks, one)
		}
		if made := srv.Stats().SnapshotsMade; made != 1 {
			t.Errorf("%d snapshots were made of the same changes", made)
		}
	})
	t.Run("kept, and served without the history", func(t *testing.T) {
		n, data, err := s.Snapshot(doc)
		if err != nil || n != changes {
			t.Fatalf("kept: of %d changes, %v", n, err)
		}
		// As if nothing had been written since.
		only := mem.Open(mem.NewDisk())
		copyDocument(t, s, only, doc, n)
		if err := only.PutSnapshot(doc, n, data); err != nil {
			t.Fatal(err)
		}
		srv := newServer(t, only, func(c *Config) { c.Snapshots = only; later(c) })
		info, _, err := only.Stat(doc)
		if err != nil {
			t.Fatal(err)
		}
		if chunks, one := srv.device("a").fresh(doc, &exchange.Flags{}, info.Heads); chunks != 1 || one != 0 {
			t.Errorf("a newcomer is sent %d chunks and %d changes", chunks, one)
		}
		if n := srv.Stats().Loads; n != 0 {
			t.Errorf("%d histories were loaded", n)
		}
	})
	t.Run("dropped when it is wrong", func(t *testing.T) {
		n, data, err := s.Snapshot(doc)
		if err != nil {
			t.Fatal(err)
		}
		for name, wrong := range map[string]func() error{
			"damaged":          func() error { return s.PutSnapshot(doc, n, append(bytes.Clone(data[:len(data)-1]), '?')) },
			"of fewer changes": func() error { return s.PutSnapshot(doc, n-1, data) },
		} {
			if err := wrong(); err != nil {
				t.Fatal(err)
			}
			srv := newServer(t, s, func(c *Config) { c.Snapshots = s; later(c) })
			if chunks, one := srv.device(name).fresh(doc, &exchange.Flags{}, heads); chunks != 0 || one != changes+1 {
				t.Errorf("%s: a newcomer is sent %d chunks and %d changes", name, chunks, one)
			}
			if srv.Stats().SnapshotsWrong != 1 {
				t.Errorf("%s: %d wrong snapshots were noticed", name, srv.Stats().SnapshotsWrong)
			}
			eventually(t, "a new one is made", func() bool { return srv.Stats().SnapshotsMade == 1 })
		}
	})
}

// fullDisk keeps no snapshot until there is room.
type fullDisk struct {
	store.Snapshots
	tried, room atomic.Bool
}

func (f *fullDisk) PutSnapshot(doc id.Document, changes int, data []byte) error {
	f.tried.Store(true)
	if !f.room.Load() {
		return errors.New("no room")
	}
	return f.Snapshots.PutSnapshot(doc, changes, data)
}

func TestASnapshotThatCouldNotBeKeptIsMadeLater(t *testing.T) {
	s := mem.Open(mem.NewDisk())
	disk := &fullDisk{Snapshots: s}
	srv := newServer(t, s, func(c *Config) { c.Snapshots = disk; later(c) })
	doc, a := id.NewDocument(), srv.device("a")
	for i := range 200 {
		a.Put("key", fmt.Sprint(i))
	}
	a.publish(doc)
	newcomer := func(n int) { srv.device(fmt.Sprint("newcomer ", n)).fresh(doc, &exchange.Flags{}, a.Heads()) }
	newcomer(0)
	eventually(t, "a snapshot is made", disk.tried.Load)
	disk.room.Store(true)
	n := 0
	eventually(t, "a snapshot is kept", func() bool {
		n++
		newcomer(n)
		return srv.Stats().SnapshotsMade == 1
	})
}

// halting is a store in which reading a document halts on the way, once.
type halting struct {
	*mem.Store
	once            sync.Once
	halted, release chan struct{}
}

func (h *halting) Load(doc id.Document, yield func([]byte) error) (store.Info, error) {
	n := 0
	return h.Store.Load(doc, func(change []byte) error {
		if n++; n == readStep/2 {
			h.once.Do(func() {
				close(h.halted)
				<-h.release
			})
		}
		return yield(change)
	})
}

// A server that is stopped does not wait for a snapshot, and keeps no half of one. The
// next one makes it when it is missed again.
func TestASnapshotThatWasStoppedIsMadeByTheNextServer(t *testing.T) {
	disk, doc := mem.NewDisk(), id.NewDocument()
	var heads []id.ChangeHash
	t.Run("stopped", func(t *testing.T) {
		s := &halting{Store: mem.Open(disk), halted: make(chan struct{}), release: make(chan struct{})}
		srv := newServer(t, s, func(c *Config) { c.Snapshots = s; later(c) })
		a := srv.device("a")
		for i := range 2 * readStep {
			a.Put("key", fmt.Sprint(i))
		}
		a.publish(doc)
		heads = a.Heads()
		srv.device("b").fresh(doc, &exchange.Flags{}, heads)
		<-s.halted
		go func() {
			<-srv.stop
			close(s.release)
		}()
	})
	s := mem.Open(disk)
	if n, data, err := s.Snapshot(doc); n != 0 || data != nil || err != nil {
		t.Fatalf("%d bytes of %d changes are kept, %v", len(data), n, err)
	}
	srv := newServer(t, s, func(c *Config) { c.Snapshots = s; later(c) })
	if chunks, one := srv.device("c").fresh(doc, &exchange.Flags{}, heads); chunks != 0 || one != 2*readStep {
		t.Errorf("a newcomer is sent %d chunks and %d changes", chunks, one)
	}
	eventually(t, "the snapshot is made", func() bool { return srv.Stats().SnapshotsMade == 1 })
	eventually(t, "a newcomer is sent it", func() bool {
		chunks, one := srv.device(fmt.Sprint(time.Now().UnixNano())).fresh(doc, &exchange.Flags{}, heads)
		return chunks == 1 && one == 0
	})
}

// copyDocument copies the first n changes.
func copyDocument(t *testing.T, from, to *mem.Store, doc id.Document, n int) {
	t.Helper()
	h := history.New(history.Limits{})
	a := store.Append{Document: doc}
	_, err := from.Load(doc, func(change []byte) error {
		if h.Len() == n {
			return nil
		}
		a.Changes = append(a.Changes, change)
		return h.Restore(change)
	})
	a.Heads = h.Heads()
	if err := errors.Join(err, to.Commit([]store.Append{a})); err != nil {
		t.Fatal(err)
	}
}

// slow is a store that keeps a snapshot when it is allowed to.
type slow struct {
	store.Snapshots
	asked, allowed chan struct{}
}

func (s *slow) PutSnapshot(doc id.Document, n int, chunk []byte) error {
	s.asked <- struct{}{}
	<-s.allowed
	return s.Snapshots.PutSnapshot(doc, n, chunk)
}

// loads counts how often each document is read.
type loads struct {
	*mem.Store
	mu sync.Mutex
	of map[id.Document]int
}

func (l *loads) Load(doc id.Document, yield func([]byte) error) (store.Info, error) {
	l.mu.Lock()
	l.of[doc]++
	l.mu.Unlock()
	return l.Store.Load(doc, yield)
}

func (l *loads) count(doc id.Document) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.of[doc]
}

// Neither one that is unloaded, nor one that newcomers are served from.
func TestWhoWaitsForASnapshotIsNotReadMeanwhile(t *testing.T) {
	s := &loads{Store: mem.Open(mem.NewDisk()), of: map[id.Document]int{}}
	snapshots := &slow{s.Store, make(chan struct{}, 10), make(chan struct{})}
	srv := newServer(t, s, func(c *Config) { c.Snapshots, c.IdleTimeout = snapshots, 300*time.Millisecond; later(c) })
	docs := []id.Document{id.NewDocument(), id.NewDocument(), id.NewDocument()}
	for i, doc := range docs {
		a := srv.device(fmt.Sprint("writer ", i))
		for k := range 200 {
			a.Put("key", fmt.Sprint(k))
		}
		a.publish(doc)
		if i < 2 {
			srv.device(fmt.Sprint("newcomer ", i)).fresh(doc, &exchange.Flags{}, a.Heads())
		}
		if i == 0 {
			<-snapshots.asked // and the others have to wait
		}
	}
	eventually(t, "all are unloaded", func() bool { return srv.Stats().Loaded == 0 })
	for i, doc := range docs[1:] {
		if n := s.count(doc); n != 0 {
			t.Errorf("document %d was read %d times", i+1, n)
		}
	}
	close(snapshots.allowed)
	eventually(t, "all are made", func() bool { return srv.Stats().SnapshotsMade == 3 })
	for i, doc := range docs {
		if n := s.count(doc); n != 1 {
			t.Errorf("document %d was read %d times in all", i, n)
		}
	}
}

// The first newcomer of a small document is sent a snapshot, which is made for it, and
// kept when the document is unloaded.
func TestASmallDocumentMakesItsSnapshotItself(t *testing.T) {
	s := mem.Open(mem.NewDisk())
	srv := newServer(t, s, func(c *Config) { c.Snapshots, c.IdleTimeout = s, 300*time.Millisecond })
	doc, a := id.NewDocument(), srv.device("a")
	for i := range 100 {
		a.Put(fmt.Sprint("key ", i), "a value that is much the same in each")
	}
	a.publish(doc)
	for i := range 2 {
		if chunks, one := srv.device(fmt.Sprint("newcomer ", i)).fresh(doc, &exchange.Flags{}, a.Heads()); chunks != 1 || one != 0 {
			t.Errorf("newcomer %d is sent %d chunks and %d changes", i, chunks, one)
		}
	}
	if made := srv.Stats().SnapshotsMade; made != 1 {
		t.Errorf("%d snapshots were made", made)
	}
	if chunks, one := srv.device("plain").fresh(doc, nil, a.Heads()); chunks != 0 || one != 100 {
		t.Errorf("one who did not declare to read it is sent %d chunks and %d changes", chunks, one)
	}
	eventually(t, "the history is unloaded and its snapshot kept", func() bool {
		n, _, err := s.Snapshot(doc)
		return err == nil && n == 100 && srv.Stats().Loaded == 0
	})
	loads := srv.Stats().Loads
	if chunks, one := srv.device("later").fresh(doc, &exchange.Flags{}, a.Heads()); chunks != 1 || one != 0 {
		t.Errorf("one who comes later is sent %d chunks and %d changes", chunks, one)
	}
	if srv.Stats().Loads != loads || srv.Stats().SnapshotsMade != 1 {
		t.Errorf("for one who comes later %d histories were loaded, and %d snapshots made in all",
			srv.Stats().Loads-loads, srv.Stats().SnapshotsMade)
	}
}

func TestASnapshotThatADocumentMakesWrongIsReported(t *testing.T) {
	s := mem.Open(mem.NewDisk())
	srv := newServer(t, s, func(c *Config) {
		c.Snapshots = s
		c.Replica.MakeSnapshot = func([]*chunk.Change) (*history.Snapshot, error) { return nil, history.ErrSnapshot }
	})
	doc, a := id.NewDocument(), srv.device("a")
	for i := range 100 {
		a.Put("key", fmt.Sprint(i))
	}
	a.publish(doc)
	if chunks, one := srv.device("newcomer").fresh(doc, &exchange.Flags{}, a.Heads()); chunks != 0 || one != 100 {
		t.Errorf("a newcomer is sent %d chunks and %d changes", chunks, one)
	}
	if wrong := srv.Stats().SnapshotsWrong; wrong != 1 {
		t.Errorf("%d wrong snapshots were counted", wrong)
	}
}
