package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/replica"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/groupcommit"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// server is a hub on a memory store, or on one that fails.
type server struct {
	*Hub
	t         *testing.T
	committer *groupcommit.Committer
	peers     int
}

func newServer(t *testing.T, s store.Store, adjust func(*Config)) *server {
	t.Helper()
	committer := groupcommit.New(s, groupcommit.Config{})
	cfg := Config{Peer: "server", Store: s, Committer: committer, Gate: gate.Open{},
		Replica: replica.Config{Grace: 20 * time.Millisecond}}
	if adjust != nil {
		adjust(&cfg)
	}
	srv := &server{Hub: New(cfg), t: t, committer: committer}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		committer.Close()
		goleak.VerifyNone(t, goleak.IgnoreCurrent())
	})
	return srv
}

// device is a connection with a copy of a document behind it. Frames to it are
// kept; wait looks at them.
type device struct {
	*historytest.Author
	*Session
	t     *testing.T
	peer  id.Peer
	state exchange.State

	mu     sync.Mutex
	frames [][]byte
	closed int
}

func (d *device) Send(f wire.Frame) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frames = append(d.frames, slices.Concat(f.Head, slices.Concat(f.Body...), f.Tail))
}

func (d *device) SendLossy(f wire.Frame) { d.Send(f) }

func (d *device) Close(code int, _ string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed == 0 {
		d.closed = code
	}
}

func (d *device) Cut(code int, text string)    { d.Close(code, text) }
func (d *device) Recall(code int, text string) { d.Close(code, text) }

func (d *device) closeCode() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

func (d *device) next() wire.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.frames) == 0 {
		return nil
	}
	m, err := wire.Decode(d.frames[0], wire.DefaultLimits)
	if err != nil {
		d.t.Errorf("the hub sends %v", err)
	}
	d.frames = d.frames[1:]
	return m
}

func (s *server) device(name string) *device {
	s.t.Helper()
	s.peers++
	d := &device{Author: historytest.New(name), t: s.t, peer: id.Peer(name)}
	session, err := s.Join(&gate.Principal{}, wire.Join{Sender: d.peer}, d)
	if err != nil {
		s.t.Fatal(err)
	}
	d.Session = session
	s.t.Cleanup(session.Leave)
	return d
}

func (d *device) receive(m wire.Message) {
	d.t.Helper()
	d.Wait(0)
	if _, err := d.Receive(m); err != nil {
		d.t.Fatal(err)
	}
}

func (d *device) say(doc id.Document) {
	d.t.Helper()
	if data := exchange.NewRound(d.History).Generate(&d.state).Bytes(); data != nil {
		d.receive(wire.Sync{Sender: d.peer, Document: doc, Data: data})
	}
}

// until takes in what comes until done, which is asked after each message.
func (d *device) until(what string, done func(wire.Message) bool) {
	d.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		m := d.next()
		if m == nil {
			time.Sleep(time.Millisecond)
			continue
		}
		if sync, ok := m.(wire.Sync); ok {
			message, err := exchange.Decode(sync.Data, exchange.Limits{})
			if err != nil {
				d.t.Fatal(err)
			}
			for _, raw := range message.Changes {
				c, err := chunk.ParseChange(raw, chunk.Limits{})
				if err != nil {
					d.t.Fatal(err)
				}
				d.Take(c)
			}
			d.state.Receive(d.History, message)
			d.say(sync.Document)
		}
		if done(m) {
			return
		}
	}
	d.t.Fatalf("%s: waited in vain for %s (closed with %d)", d.peer, what, d.closeCode())
}

func (d *device) untilHas(heads []id.ChangeHash) {
	d.t.Helper()
	d.until("the heads of the other", func(wire.Message) bool { return slices.Equal(d.Heads(), heads) })
}

// publish says what is new and waits until the server has it.
func (d *device) publish(doc id.Document) {
	d.t.Helper()
	d.say(doc)
	d.until("its own changes to be saved", func(m wire.Message) bool {
		sync, ok := m.(wire.Sync)
		if !ok {
			return false
		}
		message, err := exchange.Decode(sync.Data, exchange.Limits{})
		return err == nil && slices.Equal(message.Heads, d.Heads())
	})
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestDevicesShareADocument(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	a, b := s.device("a"), s.device("b")
	doc := id.NewDocument()
	a.Put("k", "1")
	a.publish(doc)
	b.say(doc)
	b.untilHas(a.Heads())
	b.Put("k", "2")
	b.say(doc)
	a.untilHas(b.Heads())
}

func TestMemoryComesBack(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), func(c *Config) { c.IdleTimeout = 20 * time.Millisecond })
	a, b := s.device("a"), s.device("b")
	doc := id.NewDocument()
	a.Put("k", "1")
	a.publish(doc)
	b.say(doc)
	b.untilHas(a.Heads())
	eventually(t, "the history is unloaded while peers listen", func() bool {
		st := s.Stats()
		return st.Loaded == 0 && st.LoadedBytes == 0 && st.Documents == 1
	})
	// They are served as before, with what is new and no more.
	a.Put("k", "2")
	a.say(doc)
	b.untilHas(a.Heads())
	a.Leave()
	b.Leave()
	a.Session.docs, b.Session.docs = attached{}, attached{} // the cleanup leaves once more
	eventually(t, "nothing is left of the document", func() bool { return s.Stats().Documents == 0 })
}

// SY16
func TestManyDocumentsOfOneDeviceDoNotHoldUpAnother(t *testing.T) {
	const documents = 3000
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	many, other := s.device("many"), s.device("other")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range documents {
			a := historytest.New(fmt.Sprint("author ", i))
			c := a.Put("k", "v")
			m := exchange.Message{Version: exchange.V1, Heads: a.Heads(), Have: []exchange.Have{{}}, Changes: [][]byte{c.Bytes()}}
			many.receive(wire.Sync{Sender: many.peer, Document: id.NewDocument(), Data: m.Append(nil)})
		}
	}()
	doc := id.NewDocument()
	for i := range 20 {
		other.Put("k", fmt.Sprint(i))
		other.publish(doc)
	}
	<-done
	eventually(t, "all documents are stored", func() bool { return s.Stats().Accepted == documents+20 })
}

// HS10, HS11
func TestTakeover(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	older := s.device("a")
	newer := s.device("a")
	if older.closeCode() != wire.CloseTakenOver || newer.closeCode() != 0 {
		t.Fatalf("closed with %d and %d, want the older taken over", older.closeCode(), newer.closeCode())
	}
	_, err := s.Join(&gate.Principal{Device: "somebody else"}, wire.Join{Sender: "a"}, &device{})
	var c *wire.CloseError
	if !errors.As(err, &c) || c.Code != wire.ClosePeerTaken || newer.closeCode() != 0 {
		t.Fatalf("another principal got %v, the peer %d", err, newer.closeCode())
	}
}

// SY12
func TestAMalformedSyncMessageClosesItsSender(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	a := s.device("a")
	bloom := []byte{0x42, 0, 0, 1, 0, 3, 1, 0, 7, 0}
	_, err := a.Receive(wire.Sync{Sender: "a", Document: id.NewDocument(), Data: bloom})
	var c *wire.CloseError
	if !errors.As(err, &c) || c.Code != wire.CloseMalformed {
		t.Fatalf("got %v, want close %d", err, wire.CloseMalformed)
	}
}

// broken is a store that cannot be read.
type broken struct{ *mem.Store }

func (broken) Stat(id.Document) (store.Info, bool, error) {
	return store.Info{}, false, errors.New("input/output error")
}

// AV2, SY15
func TestAStoreErrorIsNotUnavailable(t *testing.T) {
	s := newServer(t, broken{mem.Open(mem.NewDisk())}, nil)
	a := s.device("a")
	a.say(id.NewDocument())
	eventually(t, "the connection is closed as transient", func() bool { return a.closeCode() == wire.CloseStorage })
	if m := a.next(); m != nil {
		t.Fatalf("it was told %T first", m)
	}
}

// AV5
func TestWantsAreBounded(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), func(c *Config) { c.WantsMax = 10 })
	a := s.device("a")
	want := exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}}
	for range 50 {
		a.receive(wire.Sync{Sender: "a", Document: id.NewDocument(), Data: want.Append(nil), Request: true})
	}
	for n := 0; n < 50; {
		a.until("an answer", func(m wire.Message) bool { _, ok := m.(wire.Unavailable); return ok })
		n++
	}
	eventually(t, "the documents over the limit are forgotten", func() bool { return s.Stats().Documents == 10 })
}

// LM13
func TestAConnectionHasOnlySoManyDocuments(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), func(c *Config) { c.DocumentsMax = 3 })
	a := s.device("a")
	var err error
	for range 4 {
		_, err = a.Receive(wire.Ephemeral{Sender: "a", Document: id.NewDocument(), Session: "s", Data: []byte{0xf6}})
	}
	var c *wire.CloseError
	if !errors.As(err, &c) || c.Code != wire.ClosePolicy {
		t.Fatalf("got %v, want close %d", err, wire.ClosePolicy)
	}
}

// AV7
func TestWhatAPeerDoesNotHaveIsOfNoInterest(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	a := s.device("a")
	a.receive(wire.Unavailable{Sender: "a", Document: id.NewDocument()})
	if st := s.Stats(); st.Documents != 0 || st.Messages != 0 {
		t.Fatalf("it was taken for a message about a document: %+v", st)
	}
}

// SY14
func TestADocumentWithoutContentExists(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	a, b := s.device("a"), s.device("b")
	doc := id.NewDocument()
	a.Change()
	a.publish(doc)
	b.say(doc)
	b.untilHas(a.Heads())
}

// EP2, EP4
func TestEphemeralMessagesAreRelayedUnlessTheyWouldChokeClients(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	a, b := s.device("a"), s.device("b")
	doc := id.NewDocument()
	b.receive(wire.Ephemeral{Sender: "b", Document: doc, Session: "b", Count: 1, Data: []byte{0xf6}})
	a.receive(wire.Ephemeral{Sender: "a", Document: doc, Session: "a", Count: 1, Data: []byte{0xff}})
	a.receive(wire.Ephemeral{Sender: "a", Document: doc, Session: "a", Count: 2, Data: []byte{0x63, 'h', 'e', 'y'}})
	b.until("the well-formed one", func(m wire.Message) bool {
		e, ok := m.(wire.Ephemeral)
		return ok && e.Sender == "a" && e.Target == "b" && e.Count == 2 && string(e.Data) == "chey"
	})
}

// RH1, RH2, RH4
func TestSubscribersHearOfWhatIsSaved(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	_, identity := s.Identity()
	a := s.device("a")
	doc := id.NewDocument()
	a.receive(wire.SubscriptionChange{Sender: "a", Add: []id.Storage{identity.StorageID}})
	a.Put("k", "1")
	a.say(doc)
	saved := func(m wire.Message) bool {
		news, ok := m.(wire.HeadsChanged)
		return ok && slices.Equal(news.NewHeads[identity.StorageID].Heads, a.Heads())
	}
	a.until("news of its change", saved)
	a.Put("k", "2")
	a.say(doc)
	a.until("news of the second change", saved)

	// Stock clients subscribe before they open a document.
	b := s.device("b")
	b.receive(wire.SubscriptionChange{Sender: "b", Add: []id.Storage{identity.StorageID}})
	b.say(doc)
	b.until("news of what was saved before", saved)
}

// LM12
func TestAConnectionThatCausesMuchWorkWaits(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	a := s.device("a")
	a.spend(time.Now(), workBurst+time.Hour)
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.say(id.NewDocument())
	}()
	select {
	case <-done:
		t.Fatal("its next message was taken at once")
	case <-time.After(50 * time.Millisecond):
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	<-done
}

func TestManyDocumentsThatNobodyUsesAreUnloadedAtOnce(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), func(c *Config) { c.LoadedBytesMax = 100 << 10 })
	a := s.device("a")
	for i := range 200 {
		author := historytest.New(fmt.Sprint("author ", i))
		c := author.Put("k", "v")
		m := exchange.Message{Version: exchange.V1, Heads: author.Heads(), Have: []exchange.Have{{}}, Changes: [][]byte{c.Bytes()}}
		a.receive(wire.Sync{Sender: a.peer, Document: id.NewDocument(), Data: m.Append(nil)})
	}
	eventually(t, "most histories are unloaded", func() bool {
		st := s.Stats()
		return st.Accepted == 200 && st.Documents == 200 && st.LoadedBytes <= 100<<10
	})
}
