package exchange_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// end is one end of a conversation, with the messages on their way to it.
type end struct {
	*historytest.Author
	state exchange.State
	inbox [][]byte
	sent  int // changes
}

func (e *end) generate(to *end) bool {
	payload := exchange.NewRound(e.History).Generate(&e.state)
	if payload == nil {
		return false
	}
	to.inbox = append(to.inbox, bytes.Clone(payload.Bytes()))
	return true
}

func (e *end) receive(t *testing.T) bool {
	if len(e.inbox) == 0 {
		return false
	}
	data := e.inbox[0]
	e.inbox = e.inbox[1:]
	m, err := exchange.Decode(data, exchange.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range m.Changes {
		c, err := chunk.ParseChange(raw, chunk.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		e.sent++
		e.Take(c)
	}
	e.state.Receive(e.History, m)
	return true
}

// talk lets two ends exchange messages until nothing is left to say, and
// returns how many messages that took.
func talk(t *testing.T, a, b *end) int {
	t.Helper()
	for n := 0; n < 200; {
		quiet := true
		for _, pair := range [][2]*end{{a, b}, {b, a}} {
			for pair[0].receive(t) {
				quiet = false
			}
			if pair[0].generate(pair[1]) {
				quiet = false
				n++
			}
		}
		if quiet {
			return n
		}
	}
	t.Fatal("the conversation does not end")
	return 0
}

func newEnd(a *historytest.Author) *end { return &end{Author: a} }

func equalHeads(t *testing.T, a, b *end) {
	t.Helper()
	if !slices.Equal(a.Heads(), b.Heads()) || len(a.Heads()) == 0 {
		t.Fatalf("heads differ: %v and %v", a.Heads(), b.Heads())
	}
}

func TestTwoPeersConverge(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 3))
		a, b := newEnd(historytest.New("a")), newEnd(historytest.New("b"))
		write := func(e *end, n int) {
			for range rng.IntN(n) {
				e.Put("k", fmt.Sprint(rng.Uint32()))
			}
		}
		for connection := range 4 {
			write(a, 30)
			write(b, 30)
			a.state, b.state, a.inbox, b.inbox = exchange.State{}, exchange.State{}, nil, nil
			if a.Len()+b.Len() == 0 {
				continue
			}
			before := a.Len() + b.Len()
			a.sent, b.sent = 0, 0
			n := talk(t, a, b)
			equalHeads(t, a, b)
			if n > 12 {
				t.Fatalf("seed %d, connection %d: %d messages", seed, connection, n)
			}
			if received := a.sent + b.sent; received > 2*before {
				t.Fatalf("seed %d: %d changes were sent where %d existed", seed, received, before)
			}
			// Both write on, connected, with messages crossing.
			for range 5 {
				write(a, 3)
				write(b, 3)
				a.generate(b)
				b.generate(a)
			}
			talk(t, a, b)
			equalHeads(t, a, b)
		}
	}
}

func TestWhatIsSentOnceIsNotSentAgain(t *testing.T) {
	a, b := newEnd(historytest.New("a")), newEnd(historytest.New("b"))
	for i := range 50 {
		a.Put("k", fmt.Sprint(i))
	}
	talk(t, a, b)
	for i := range 20 {
		b.sent, a.sent = 0, 0
		a.Put("k", fmt.Sprint("more ", i))
		b.Put("k", fmt.Sprint("theirs ", i))
		talk(t, a, b)
		if a.sent != 1 || b.sent != 1 {
			t.Fatalf("round %d: %d and %d changes arrived, want one each", i, a.sent, b.sent)
		}
	}
}

// SY13: a first synchronisation is cut into messages, each of them below the limit.
func TestLargeDocumentsAreSentInParts(t *testing.T) {
	a, b := newEnd(historytest.New("a")), newEnd(historytest.New("b"))
	rng := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		noise := make([]byte, 50_000)
		for i := range noise {
			noise[i] = byte(rng.Uint32())
		}
		a.Put("k", hex.EncodeToString(noise))
	}
	b.generate(a)
	messages := 0
	for a.receive(t) {
		for a.generate(b) {
			messages++
			if size := len(b.inbox[0]); size > 1<<20 {
				t.Fatalf("a message of %d bytes", size)
			}
			b.receive(t)
			if messages < 3 {
				b.Put("mine", "while it goes on")
			}
			b.generate(a)
		}
	}
	talk(t, a, b)
	equalHeads(t, a, b)
	if messages < 4 || b.sent != 60 {
		t.Fatalf("%d messages carried %d changes, want 60 in several", messages, b.sent)
	}
}

// SY10: a peer that remembers more of us than we have.
func TestAPeerThatRemembersALostStoreSendsItAll(t *testing.T) {
	lost := historytest.New("a")
	for i := range 20 {
		lost.Put("k", fmt.Sprint(i))
	}
	b := newEnd(historytest.New("b"))
	b.Take(lost.All()...)
	b.Put("k", "b's own")
	restored := newEnd(historytest.New("server"))
	restored.Take(lost.At(0), lost.At(1))
	m := exchange.Message{Version: exchange.V1, Heads: b.Heads(),
		Have: []exchange.Have{{LastSync: lost.Heads()}}} // nothing beyond that has changed
	restored.inbox = [][]byte{m.Append(nil)}
	talk(t, restored, b)
	equalHeads(t, restored, b)
}

func TestAPeerThatLostItsDocumentGetsItAgain(t *testing.T) {
	a, b := newEnd(historytest.New("a")), newEnd(historytest.New("b"))
	a.Put("k", "1")
	talk(t, a, b)
	b.Author, b.state = historytest.New("b"), exchange.State{}
	talk(t, a, b)
	equalHeads(t, a, b)
}

func TestAReadOnlyPeerIsSentNothing(t *testing.T) {
	a, b := newEnd(historytest.New("a")), newEnd(historytest.New("b"))
	a.Put("k", "1")
	m := exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}, Flags: &exchange.Flags{ReadOnly: true}}
	a.inbox = [][]byte{m.Append(nil)}
	a.receive(t)
	a.generate(b)
	b.receive(t)
	if b.sent != 0 {
		t.Fatalf("%d changes were sent to a peer that ignores them", b.sent)
	}
}

// SY5, SY6: heads and changes that are not durable are not shown to anyone.
func TestOnlyDurableChangesAreTold(t *testing.T) {
	writer := historytest.New("w")
	first, second := writer.Put("k", "1"), writer.Put("k", "2")
	server := historytest.New("server")
	server.Take(first) // and marks it durable
	if _, err := server.Add(second); err != nil {
		t.Fatal(err)
	}
	var reader, author exchange.State
	reader.Receive(server.History, &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}})
	author.Receive(server.History, &exchange.Message{Version: exchange.V1, Heads: []id.ChangeHash{second.Hash}})
	round := exchange.NewRound(server.History)
	for name, state := range map[string]*exchange.State{"reader": &reader, "author": &author} {
		m, err := exchange.Decode(round.Generate(state).Bytes(), exchange.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.Heads, []id.ChangeHash{first.Hash}) || len(m.Need) != 0 || len(m.Changes) > 1 {
			t.Fatalf("%s is told heads %v, need %v and %d changes", name, m.Heads, m.Need, len(m.Changes))
		}
	}
	server.MarkDurable(2)
	round = exchange.NewRound(server.History)
	m, err := exchange.Decode(round.Generate(&author).Bytes(), exchange.Limits{})
	if err != nil || !slices.Equal(m.Heads, []id.ChangeHash{second.Hash}) || len(m.Changes) != 0 {
		t.Fatalf("the author is told %v and %d changes, %v; want its own head and no change", m.Heads, len(m.Changes), err)
	}
}

// One change for many peers is one encoding.
func TestPeersWithTheSameKnowledgeShareTheirMessage(t *testing.T) {
	server := historytest.New("server")
	server.Put("k", "1")
	states := make([]exchange.State, 50)
	current := exchange.Message{Version: exchange.V1, Heads: server.Heads(), Have: []exchange.Have{{}}}
	round := exchange.NewRound(server.History)
	for i := range states {
		states[i].Receive(server.History, &current)
		round.Generate(&states[i]).Bytes()
		states[i].Receive(server.History, &current)
	}
	server.Put("k", "2")
	round = exchange.NewRound(server.History)
	var shared []byte
	for i := range states {
		data := round.Generate(&states[i]).Bytes()
		if i == 0 {
			shared = data
		}
		if data == nil || &data[0] != &shared[0] {
			t.Fatalf("peer %d got another message", i)
		}
	}
}

// TestMessagesForManyAreNotAllKept: after devices have written without a network
// each lacks something else, and is sent a document of its own.
func TestMessagesForManyAreNotAllKept(t *testing.T) {
	const peers = 100
	a := author(peers, 2000)
	round := exchange.NewRound(a.History)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, sent := heap(), uint64(0)
	for i := range peers {
		var s exchange.State
		s.Receive(a.History, &exchange.Message{Heads: []id.ChangeHash{a.At(i).Hash}})
		sent += uint64(len(round.Generate(&s).Bytes()))
	}
	after := heap()
	if held := after - min(before, after); sent < 8<<20 || held > 1<<20 {
		t.Errorf("%d bytes are held after %d were sent", held, sent)
	}
	runtime.KeepAlive(round)
}

func TestAMessageIsAllocatedAtOnce(t *testing.T) {
	a := newEnd(author(300, 500))
	m := exchange.Message{Version: exchange.V1, Heads: a.Heads(), Need: a.Heads(), Have: []exchange.Have{{LastSync: a.Heads()}}, Flags: &exchange.Flags{}}
	for i := range a.Len() {
		m.Changes = append(m.Changes, a.At(i).Bytes())
	}
	if n := testing.AllocsPerRun(10, func() { m.Append(nil) }); n > 2 { // two with the race detector
		t.Errorf("%v allocations", n)
	}
}

func TestACurrentPeerIsAnsweredWithoutHistory(t *testing.T) {
	server := historytest.New("server")
	server.Put("k", "1")
	m := exchange.Message{Version: exchange.V1, Heads: server.Heads(), Have: []exchange.Have{{}}}
	var s exchange.State
	reply, ok := s.ReceiveCurrent(server.Len(), server.Heads(), &m)
	if !ok || reply == nil {
		t.Fatal("a peer that has everything was not answered")
	}
	if reply, ok = s.ReceiveCurrent(server.Len(), server.Heads(), &m); !ok || reply != nil {
		t.Fatal("it was answered again")
	}
	// Later the history is there, and the peer gets what is new and no more.
	server.Put("k", "2")
	update, err := exchange.Decode(exchange.NewRound(server.History).Generate(&s).Bytes(), exchange.Limits{})
	if err != nil || len(update.Changes) != 1 {
		t.Fatalf("%d changes, %v; want the one that is new", len(update.Changes), err)
	}
	stale := exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}}
	if _, ok := s.ReceiveCurrent(server.Len(), server.Heads(), &stale); ok {
		t.Fatal("a peer without the document was taken for one that has it")
	}
}

func TestTwoEmptyEndsFallSilent(t *testing.T) {
	a, b := newEnd(historytest.New("a")), newEnd(historytest.New("b"))
	if n := talk(t, a, b); n > 4 {
		t.Fatalf("%d messages about nothing", n)
	}
}

// SY8: engines from before there were flags cannot read deflated changes in messages.
func TestChangesAreDeflatedOnlyForPeersWithFlags(t *testing.T) {
	server := historytest.New("server")
	long := server.Put("k", string(bytes.Repeat([]byte("neighbours "), 100)))
	for _, flags := range []*exchange.Flags{nil, {}} {
		var s exchange.State
		s.Receive(server.History, &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}, Flags: flags})
		m, err := exchange.Decode(exchange.NewRound(server.History).Generate(&s).Bytes(), exchange.Limits{})
		if err != nil || len(m.Changes) != 1 {
			t.Fatalf("%d changes, %v", len(m.Changes), err)
		}
		if plain := bytes.Equal(m.Changes[0], long.Bytes()); plain != (flags == nil) {
			t.Errorf("flags %v: plain is %v", flags, plain)
		}
	}
}

// A page so long that a filter alone makes a large message: whoever has written while
// away, and does not remember what the other end had, is asked for it.
func TestEndsOfALongDocumentThatRememberNothing(t *testing.T) {
	server := newEnd(historytest.Posts(4000))
	device := newEnd(historytest.New("device"))
	device.Take(server.All()...)
	device.Put("k", "written while away")
	talk(t, server, device)
	equalHeads(t, server, device)
	if device.sent != 0 || server.sent != 1 {
		t.Errorf("%d and %d changes were sent, want none and one", device.sent, server.sent)
	}
}

// A payload is what Append makes, however large its message is and whatever is in it.
func TestPayloads(t *testing.T) {
	a := historytest.Posts(3)
	var hashes []id.ChangeHash
	for i := range 200 {
		hashes = append(hashes, id.ChangeHash{byte(i)})
	}
	for n := range 32 {
		m := exchange.Message{Version: exchange.V1}
		if n&1 != 0 {
			m.Heads = hashes
		}
		if n&2 != 0 {
			m.Need = hashes[:150]
		}
		if n&4 != 0 {
			m.Have = []exchange.Have{{LastSync: hashes}, {LastSync: hashes[:3]}}
		}
		if n&8 != 0 {
			m.Changes = [][]byte{a.At(0).Bytes(), a.At(1).Bytes(), bytes.Repeat([]byte("x"), 5000)}
		}
		if n&16 != 0 {
			m.Flags = &exchange.Flags{ReadOnly: true}
		}
		if p := m.Payload(); !bytes.Equal(p.Bytes(), m.Append(nil)) || p.Len() != len(p.Bytes()) {
			t.Errorf("%d heads, %d needs, %d haves, %d changes, flags %v: %d bytes, want %d",
				len(m.Heads), len(m.Need), len(m.Have), len(m.Changes), m.Flags != nil, p.Len(), len(m.Append(nil)))
		}
	}
}

// However different the messages are, the changes in them are in memory once.
func TestLargeMessagesShareTheirChanges(t *testing.T) {
	a := historytest.New("a")
	for range 40 {
		a.Put("k", fmt.Sprint(rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()))
	}
	a.MarkDurable(a.Len())
	for _, flags := range []*exchange.Flags{nil, {}} {
		round := exchange.NewRound(a.History)
		var got []exchange.Payload
		for have := range 3 {
			m := exchange.Message{Version: exchange.V1, Heads: []id.ChangeHash{a.At(have).Hash}, Have: []exchange.Have{{}}, Flags: flags}
			var s exchange.State
			s.Receive(a.History, &m)
			got = append(got, round.Generate(&s))
		}
		for have, p := range got {
			if len(p) < 2*(39-have) || p.Len() != len(p.Bytes()) {
				t.Fatalf("%d parts, %d bytes, together %d", len(p), p.Len(), len(p.Bytes()))
			}
			m, err := exchange.Decode(p.Bytes(), exchange.Limits{})
			if err != nil || len(m.Changes) != 39-have || !bytes.Equal(m.Append(nil), p.Bytes()) {
				t.Fatalf("%d changes, error %v, want %d", len(m.Changes), err, 39-have)
			}
			for i := range 10 {
				if last := func(p exchange.Payload) *byte { return &p[len(p)-1-2*i][0] }; last(p) != last(got[0]) {
					t.Errorf("peer %d has a copy of its own of change %d from the end", have, i)
				}
			}
		}
	}
}

// A change is kept for long, perhaps, and may be a small part of a large message.
func TestAHistoryKeepsNoPartOfAMessage(t *testing.T) {
	author, h := historytest.New("author"), history.New(history.Limits{})
	first, second := author.Put("a", "1"), author.Put("b", "2")
	for _, c := range []*chunk.Change{second, first} { // one waits for the other
		data := (&exchange.Message{Version: exchange.V1, Changes: [][]byte{c.Bytes()}}).Append(nil)
		m, err := exchange.Decode(data, exchange.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Offer(h, nil); err != nil {
			t.Fatal(err)
		}
		clear(data)
	}
	for i, c := range author.All() {
		if i >= h.Len() || !bytes.Equal(h.At(i).Bytes(), c.Bytes()) {
			t.Errorf("change %d of %d is not as it was sent", i, h.Len())
		}
	}
}
