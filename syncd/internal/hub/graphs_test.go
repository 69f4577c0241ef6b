package hub

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// watched counts what is read of a store, and fails or waits when it is told to.
type watched struct {
	*mem.Store
	loads, reads atomic.Int64
	told         atomic.Int64             // changes that were read one by one, or for the rules
	broken       atomic.Bool              // single changes cannot be read
	door         atomic.Pointer[chan any] // Commit waits until it is closed
}

var errRead = errors.New("the disk is on fire")

func (w *watched) Load(doc id.Document, yield func([]byte) error) (store.Info, error) {
	w.loads.Add(1)
	return w.Store.Load(doc, yield)
}

func (w *watched) ReadFrom(doc id.Document, from int, is func([]byte) bool, yield func(int, []byte) bool) error {
	if w.broken.Load() {
		return errRead
	}
	w.reads.Add(1)
	return w.Store.ReadFrom(doc, from, is, func(i int, change []byte) bool {
		w.told.Add(1)
		return yield(i, change)
	})
}

func (w *watched) Commit(batch []store.Append) error {
	if door := w.door.Load(); door != nil {
		<-*door
	}
	return w.Store.Commit(batch)
}

// graph is of how many changes the stored graph of a document is.
func (w *watched) graph(t *testing.T, doc id.Document) (n int) {
	t.Helper()
	_, _, err := w.LoadGraph(doc, func(_ []byte, of int) error { n = of; return nil }, func([]byte) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

const shortly = 20 * time.Millisecond

func (s *server) untilUnloaded() {
	s.t.Helper()
	eventually(s.t, "the history is unloaded", func() bool { return s.Stats().Loaded == 0 })
}

// written is a document of n changes that a device has written and that was unloaded.
func written(t *testing.T, s *server, n int) (*device, id.Document) {
	t.Helper()
	a, doc := s.device("a"), id.NewDocument()
	for i := range n {
		a.Put(fmt.Sprint("key ", i%50), strings.Repeat("value ", 50))
	}
	a.publish(doc)
	s.untilUnloaded()
	return a, doc
}

func TestADocumentIsOpenedWithItsGraph(t *testing.T) {
	w := &watched{Store: mem.Open(mem.NewDisk())}
	s := newServer(t, w, func(c *Config) { c.IdleTimeout = shortly })
	a, doc := written(t, s, 400)
	if n := w.graph(t, doc); n != 400 {
		t.Fatalf("the graph is of %d changes", n)
	}
	a.Put("key 7", "new")
	a.publish(doc)
	if loads, reads := w.loads.Load(), w.reads.Load(); loads != 0 || reads > 5 {
		t.Errorf("a change on top of the others read all changes %d times, and single ones %d times", loads, reads)
	}
	if bytes := s.Stats().LoadedBytes; bytes > 60<<10 {
		t.Errorf("%d bytes in memory", bytes)
	}
	b := s.device("b")
	b.say(doc)
	b.untilHas(a.Heads())
	s.untilUnloaded()
	if n := w.graph(t, doc); n != 400 {
		t.Errorf("for one change the graph was written anew, of %d", n)
	}
	for range 80 {
		b.Put("key", "v")
	}
	b.publish(doc)
	a.untilHas(b.Heads())
	s.untilUnloaded()
	if n := w.graph(t, doc); n != 481 {
		t.Errorf("the graph is of %d changes", n)
	}
	if w.loads.Load() != 0 {
		t.Error("all changes were read")
	}
}

func TestAGraphOfSomethingElseIsDropped(t *testing.T) {
	w := &watched{Store: mem.Open(mem.NewDisk())}
	s := newServer(t, w, func(c *Config) { c.IdleTimeout = shortly })
	a, doc := written(t, s, 300)
	other := s.device("other")
	for range 300 {
		other.Put("k", "v")
	}
	graph, _ := other.AppendGraph(nil, 0, store.GraphPieceBytesMax)
	for name, graph := range map[string][]byte{"another document's": graph, "no graph": []byte("what is this")} {
		t.Run(name, func(t *testing.T) {
			before := w.loads.Load()
			info, _, err := w.Stat(doc)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.PutGraph(doc, 0, []store.GraphPiece{{Changes: info.Changes, Data: graph}}); err != nil {
				t.Fatal(err)
			}
			a.Put("k", name)
			a.publish(doc)
			if n := w.loads.Load() - before; n != 1 {
				t.Errorf("all changes were read %d times", n)
			}
			eventually(t, "a right graph is there", func() bool { return w.graph(t, doc) > 300 })
			s.untilUnloaded()
		})
	}
}

// A store that cannot be read says nothing about the document: the peers come back,
// and are served from the changes.
func TestAReadThatFailsEndsInReadingAll(t *testing.T) {
	w := &watched{Store: mem.Open(mem.NewDisk())}
	s := newServer(t, w, func(c *Config) { c.IdleTimeout = shortly })
	a, doc := written(t, s, 300)
	w.broken.Store(true)
	b := s.device("b")
	b.say(doc)
	eventually(t, "the peer is told to come back", func() bool { return b.closeCode() != 0 })
	if n := w.graph(t, doc); n != 0 {
		t.Errorf("a graph of %d changes is left", n)
	}
	w.broken.Store(false)
	c := s.device("c")
	c.say(doc)
	c.untilHas(a.Heads())
	if w.loads.Load() != 1 {
		t.Errorf("all changes were read %d times", w.loads.Load())
	}
}

// While an append of a replica that was given up is under way, nobody is told
// anything; afterwards the document is what the store has.
func TestAnAppendOutlivesItsReplica(t *testing.T) {
	w := &watched{Store: mem.Open(mem.NewDisk())}
	s := newServer(t, w, nil)
	a, doc := s.device("a"), id.NewDocument()
	object := a.Change(chunk.Op{Key: "map", Action: chunk.ActionMakeMap})
	for range 40 { // more than is kept in memory of it
		var ops []chunk.Op
		for i := range 1000 {
			ops = append(ops, chunk.Op{Key: fmt.Sprint(i), Action: chunk.ActionSet, Value: chunk.StringValue(strings.Repeat("v", 50))})
		}
		a.Change(ops...)
	}
	a.publish(doc)
	door := make(chan any)
	w.door.Store(&door)
	a.Put("k", "2")
	a.say(doc)
	eventually(t, "the append is under way", func() bool { return s.Stats().Accepted == 42 })
	w.broken.Store(true)
	c := a.Draft(chunk.Op{Object: chunk.OpID{Counter: object.StartOp}, Key: "k", Action: chunk.ActionSet, Value: chunk.IntValue(1)})
	m := exchange.Message{Version: exchange.V1, Heads: a.Heads(), Have: []exchange.Have{{LastSync: a.Heads()}}, Changes: [][]byte{c.Bytes()}}
	a.receive(wire.Sync{Sender: a.peer, Document: doc, Data: m.Append(nil)})
	b := s.device("b")
	eventually(t, "the writer is told to come back", func() bool { return a.closeCode() != 0 })
	w.broken.Store(false)
	b.say(doc)
	eventually(t, "who comes meanwhile is told to come back", func() bool { return b.closeCode() != 0 })
	w.door.Store(nil)
	close(door)
	eventually(t, "the append is stored", func() bool { info, _, err := w.Stat(doc); return err == nil && info.Changes == 42 })
	eventually(t, "the document is closed", func() bool { return s.Stats().Documents == 0 })
	d := s.device("d")
	d.say(doc)
	d.untilHas(a.Heads())
}

// longPage is a page with a post that bo has renamed very often, which anna has, and which was unloaded.
func longPage(t *testing.T, w *watched) (s *server, v village, bo, anna *member, post board.ID) {
	s = newServer(t, w, func(c *Config) { c.Gate, c.IdleTimeout = gate.Members{}, shortly })
	v = newVillage()
	bo, anna = s.member(v, "bo", "actor of bo", rights.Resident), s.member(v, "anna", "actor of anna", rights.Resident)
	post = bo.post("post 0")
	for i := range 1400 {
		bo.rename(post, fmt.Sprint("a title ", i))
	}
	bo.publish(v.page)
	anna.say(v.page)
	anna.untilHas(bo.Heads())
	s.untilUnloaded()
	return s, v, bo, anna, post
}

// The rules of a page judge by all that is on it, also right after it was opened.
func TestTheRulesKnowThePageBeforeTheyJudge(t *testing.T) {
	w := &watched{Store: mem.Open(mem.NewDisk())}
	s, v, bo, anna, first := longPage(t, w)
	if w.graph(t, v.page) < 1000 {
		t.Fatal("the page has no graph")
	}
	bo.rename(first, "another title")
	bo.say(v.page)
	bo.rename(first, "a third title") // a message that waits behind the one before
	next := exchange.Message{
		Version: exchange.V1, Heads: bo.Heads(), Have: []exchange.Have{{LastSync: bo.Heads()}},
		Changes: [][]byte{bo.Author.At(bo.Author.Len() - 1).Bytes()},
	}
	bo.receive(wire.Sync{Sender: bo.peer, Document: v.page, Data: next.Append(nil)})
	anna.untilHas(bo.Heads())
	s.untilUnloaded()
	if loads := w.loads.Load(); loads != 0 {
		t.Errorf("all changes were read %d times", loads)
	}
	anna.rename(first, "anna's title")
	anna.say(v.page)
	if text := anna.refusal(); !strings.Contains(text, "notYours") {
		t.Errorf("a change to another's post: %q", text)
	}
}

// What the rules knew when a page was closed they know when it is opened again, and what is stored of it
// is used only if it is right.
func TestTheRulesRememberThePage(t *testing.T) {
	w := &watched{Store: mem.Open(mem.NewDisk())}
	s, v, bo, anna, first := longPage(t, w)
	stored := bo.Author.Len()
	n, index, err := w.Index(v.page)
	if err != nil || n != stored {
		t.Fatalf("an index of %d changes is stored, of %d: %v", n, stored, err)
	}
	more := func(told func(int64) bool) {
		t.Helper()
		w.told.Store(0)
		bo.rename(first, fmt.Sprint("title ", bo.Author.Len()))
		bo.say(v.page)
		anna.untilHas(bo.Heads())
		if got := w.told.Load(); !told(got) {
			t.Errorf("%d changes were read for one that came", got)
		}
		s.untilUnloaded()
	}
	few := func(n int64) bool { return n < 50 }
	all := func(n int64) bool { return n >= int64(stored) }
	more(few)
	if now, _, _ := w.Index(v.page); now != stored {
		t.Errorf("for one change the index of %d is written anew", stored)
	}
	for name, wrong := range map[string][]byte{
		"damaged": index[:len(index)-1], "of others": append(bytes.Repeat([]byte{1}, 32), index[32:]...), "empty": {1},
	} {
		if err := w.PutIndex(v.page, stored, wrong); err != nil {
			t.Fatal(err)
		}
		more(all)
		now, kept, err := w.Index(v.page)
		if err != nil || now <= stored || bytes.Equal(kept, wrong) {
			t.Errorf("%s: an index of %d changes is stored: %v", name, now, err)
		}
	}
	more(few)
	anna.rename(first, "anna's title")
	anna.say(v.page)
	if text := anna.refusal(); !strings.Contains(text, "notYours") {
		t.Errorf("a change to another's post: %q", text)
	}
}

// Who writes to a page that has to be opened, and leaves at once, has written, and has
// left.
func TestWhoLeavesIsNotHeld(t *testing.T) {
	w := &watched{Store: mem.Open(mem.NewDisk())}
	s := newServer(t, w, func(c *Config) { c.Gate, c.IdleTimeout = gate.Members{}, shortly })
	v := newVillage()
	bo := s.member(v, "bo", "actor of bo", rights.Resident)
	first := bo.post("post 0")
	for i := range 1400 {
		bo.rename(first, fmt.Sprint("a title ", i))
	}
	bo.publish(v.page)
	s.untilUnloaded()
	bo.rename(first, "the last title")
	bo.say(v.page)
	bo.Leave()
	bo.Session.docs = attached{} // the cleanup leaves once more
	eventually(t, "the change is stored", func() bool {
		info, _, err := w.Stat(v.page)
		return err == nil && info.Changes == bo.Author.Len()
	})
	eventually(t, "the page is closed", func() bool { return s.Stats().Documents == 0 })
}
