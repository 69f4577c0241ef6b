package exchange_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// author returns a document of n changes, each with a value that deflates badly
// of so many bytes.
func author(n, bytes int) *historytest.Author {
	a := historytest.New("a")
	rng := rand.New(rand.NewPCG(1, 40))
	for range n {
		value := make([]byte, bytes)
		for i := range value {
			value[i] = byte(32 + rng.IntN(90))
		}
		a.Put("k", string(value))
	}
	return a
}

func snapshot(t testing.TB, a *historytest.Author, n int) *history.Snapshot {
	t.Helper()
	s, err := history.MakeSnapshot(a.Prefix(n), chunk.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reader is a peer with nothing, which takes what it is sent.
type reader struct {
	*historytest.Author
	flags *exchange.Flags
	needs []id.ChangeHash
	last  []id.ChangeHash // that we both had; nil: all that it has
	state exchange.State  // what we know of it
	taken int             // messages
}

func newReader() *reader {
	return &reader{Author: historytest.New("reader"), flags: &exchange.Flags{SupportsReset: true}}
}

// next tells us what the reader has and takes the answer, which it returns; nil
// when there is none.
func (p *reader) next(t *testing.T, a *historytest.Author, s *history.Snapshot) *exchange.Message {
	t.Helper()
	last := p.last
	if last == nil {
		last = p.Heads()
	}
	p.state.Receive(a.History, &exchange.Message{
		Version: exchange.V1, Heads: p.Heads(), Need: p.needs, Have: []exchange.Have{{LastSync: last}}, Flags: p.flags,
	})
	round := exchange.NewRound(a.History)
	round.UseSnapshot(s)
	data := round.Generate(&p.state).Bytes()
	if data == nil {
		return nil
	}
	if p.taken++; p.taken > 50 {
		t.Fatal("the conversation does not end")
	}
	m, err := exchange.Decode(data, exchange.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Version == exchange.V1 {
		for _, c := range m.Changes {
			if _, err := chunk.ParseChange(c, chunk.Limits{}); err != nil {
				t.Fatalf("version 1 with something that is no change: %v", err)
			}
		}
	}
	if _, err := m.Offer(p.History, nil); err != nil {
		t.Fatal(err)
	}
	p.MarkDurable(p.Len())
	return m
}

// all takes messages until there are no more and wants everything to be there.
func (p *reader) all(t *testing.T, a *historytest.Author, s *history.Snapshot) (messages []*exchange.Message) {
	t.Helper()
	for m := p.next(t, a, s); m != nil; m = p.next(t, a, s) {
		messages = append(messages, m)
	}
	if !slices.Equal(p.Heads(), a.Heads()) {
		t.Fatalf("the reader has %d of %d changes", p.Len(), a.Len())
	}
	return messages
}

func size(m *exchange.Message) int { return len(m.Append(nil)) }

func TestFreshPeerIsSentSnapshotAndTail(t *testing.T) {
	a := author(40, 100)
	s := snapshot(t, a, 30)
	got := newReader().all(t, a, s)
	if m := got[0]; m.Version != exchange.V2 || len(m.Changes) != 11 || !bytes.Equal(m.Changes[0], s.Chunk) {
		t.Errorf("version %x with %d chunks, want 43 with the snapshot and 10 changes", m.Version, len(m.Changes))
	}
	if !slices.Equal(got[0].Heads, a.Heads()) || !slices.Equal(got[0].Have[0].LastSync, a.Heads()) {
		t.Errorf("heads %v, last sync %v, want %v", got[0].Heads, got[0].Have[0].LastSync, a.Heads())
	}
	if len(got) > 2 || len(got) == 2 && len(got[1].Changes) > 0 {
		t.Errorf("%d messages, and the second has changes", len(got))
	}
}

// A tail that does not fit beside the snapshot follows in messages below the
// usual size, each change once.
func TestTailOfSnapshotIsCut(t *testing.T) {
	a := author(60, 40_000)
	for covers, first := range map[int]string{1: "a small one", 10: "a medium one", 40: "one that fills a message alone"} {
		s := snapshot(t, a, covers)
		got := newReader().all(t, a, s)
		if got[0].Version != exchange.V2 || !bytes.Equal(got[0].Changes[0], s.Chunk) {
			t.Fatalf("%s: the first message has no snapshot", first)
		}
		if covers == 40 && len(got[0].Changes) > 1 {
			t.Errorf("%s: %d changes in the message with it", first, len(got[0].Changes)-1)
		}
		changes := covers
		for i, m := range got {
			if size(m) > 1<<20 && (i > 0 || len(m.Changes) > 1) {
				t.Errorf("%s: message %d has %d bytes", first, i, size(m))
			}
			if i > 0 && m.Version != exchange.V1 {
				t.Errorf("%s: message %d has version %x", first, i, m.Version)
			}
			changes += len(m.Changes)
		}
		if changes-1 != a.Len() {
			t.Errorf("%s: %d changes were sent, there are %d", first, changes-1, a.Len())
		}
	}
}

func TestWhoGetsNoSnapshot(t *testing.T) {
	a := author(20, 100)
	s := snapshot(t, a, 20)
	for what, prepare := range map[string]func(p *reader){
		"a peer that has shown no flags": func(p *reader) { p.flags = nil },
		"a peer that has more than half": func(p *reader) {
			for i := range 11 {
				p.Take(a.At(i))
			}
		},
		"a peer that takes short messages": func(p *reader) {
			p.state.LimitSnapshot(len(s.Chunk))
		},
	} {
		p := newReader()
		prepare(p)
		for _, m := range p.all(t, a, s) {
			if m.Version != exchange.V1 {
				t.Errorf("%s is sent version %x", what, m.Version)
			}
		}
	}
	p := newReader()
	p.Take(a.At(0))
	if all := p.all(t, a, s); all[0].Version != exchange.V2 || !slices.Equal(p.Heads(), a.Heads()) {
		t.Error("a peer that has the first change alone is sent no snapshot, or not all")
	}
	p = newReader()
	p.state.LimitSnapshot(len(s.Chunk) + 64<<10)
	if m := p.next(t, a, s); m.Version != exchange.V2 {
		t.Error("a peer that takes long enough messages is sent no snapshot")
	}
	p = newReader()
	p.flags.ReadOnly = true
	if m := p.next(t, a, s); len(m.Changes) > 0 {
		t.Error("a peer that ignores changes is sent some")
	}
}

// A snapshot is used only if all that it covers is durable here.
func TestSnapshotThatCannotBeUsed(t *testing.T) {
	a, other := author(20, 100), historytest.New("other")
	other.Put("k", "v")
	s := snapshot(t, a, 20)
	behind := historytest.New("behind")
	for i := range 20 {
		if _, err := behind.Add(a.At(i)); err != nil {
			t.Fatal(err)
		}
	}
	behind.MarkDurable(19)
	for what, c := range map[string]struct {
		a *historytest.Author
		s *history.Snapshot
	}{
		"none":                       {a, nil},
		"of another document":        {a, snapshot(t, other, 1)},
		"of what is not yet durable": {behind, s},
		"of fewer than it says":      {a, &history.Snapshot{Changes: 21, Heads: s.Heads, Chunk: s.Chunk}},
		"of more than it says":       {a, &history.Snapshot{Changes: 19, Heads: s.Heads, Chunk: s.Chunk}},
		"without heads":              {a, &history.Snapshot{Changes: 20, Chunk: s.Chunk}},
	} {
		if exchange.NewRound(c.a.History).UseSnapshot(c.s) {
			t.Errorf("a snapshot is used: %s", what)
		}
		if m := newReader().next(t, c.a, c.s); m.Version != exchange.V1 || len(m.Changes) < 19 {
			t.Errorf("%s: version %x with %d changes", what, m.Version, len(m.Changes))
		}
	}
}

// A peer that lost everything, and says so on the same connection, is served as
// a new one.
func TestPeerThatForgotIsSentSnapshotAgain(t *testing.T) {
	a := author(20, 100)
	s := snapshot(t, a, 15)
	p := newReader()
	p.all(t, a, s)
	p.Author = historytest.New("reader")
	if m := p.all(t, a, s)[0]; m.Version != exchange.V2 {
		t.Errorf("version %x", m.Version)
	}
	a.Put("k", "new")
	if m := p.next(t, a, s); m.Version != exchange.V1 || len(m.Changes) != 1 {
		t.Errorf("a later change: version %x, %d chunks", m.Version, len(m.Changes))
	}
}

// A thousand peers that come at once get the same bytes, not each a copy.
func TestSnapshotMessageIsShared(t *testing.T) {
	a := author(20, 100)
	s := snapshot(t, a, 15)
	round := exchange.NewRound(a.History)
	round.UseSnapshot(s)
	var first []byte
	for range 3 {
		var state exchange.State
		state.Receive(a.History, &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}, Flags: &exchange.Flags{}})
		data := round.Generate(&state).Bytes()
		if first == nil {
			first = data
		}
		if &data[0] != &first[0] {
			t.Fatal("two fresh peers have messages of their own")
		}
	}
	plain := exchange.State{}
	plain.Receive(a.History, &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}})
	if data := round.Generate(&plain).Bytes(); data[0] != exchange.V1 {
		t.Errorf("in the same round a peer without flags is sent version %x", data[0])
	}
}

// A peer that was sent a snapshot, and has not answered when more is there to
// send, is sent what comes after it.
func TestSnapshotCountsAsHad(t *testing.T) {
	a := author(30, 40_000)
	s := snapshot(t, a, 25)
	p := newReader()
	if m := p.next(t, a, s); len(m.Changes) != 1 || !slices.Equal(m.Have[0].LastSync, s.Heads) {
		t.Fatalf("%d chunks, last sync %v", len(m.Changes), m.Have[0].LastSync)
	}
	a.Put("k", "new")
	round := exchange.NewRound(a.History)
	round.UseSnapshot(s)
	m, err := exchange.Decode(round.Generate(&p.state).Bytes(), exchange.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if m.Version != exchange.V1 || len(m.Changes) != 6 {
		t.Errorf("version %x with %d chunks, want 42 with the 6 changes after the snapshot", m.Version, len(m.Changes))
	}
}

// We spoke first, so the fresh peer asks for our heads by name.
func TestFreshPeerThatAsksByName(t *testing.T) {
	a := author(30, 40_000)
	s := snapshot(t, a, 10)
	p := newReader()
	round := exchange.NewRound(a.History)
	round.UseSnapshot(s)
	if round.Generate(&p.state).Bytes() == nil {
		t.Fatal("we do not speak first")
	}
	p.needs = a.Heads()
	if m := p.next(t, a, s); m.Version != exchange.V2 {
		t.Errorf("it is sent version %x", m.Version)
	}
	p.needs = nil
	p.all(t, a, s)
}

// A fresh peer is served from the snapshot alone, without the history, as it
// would be with it, and later is sent what is new.
func TestFreshPeerIsServedWithoutHistory(t *testing.T) {
	a := author(20, 100)
	s, heads := snapshot(t, a, 20), a.Heads()
	fresh := func(change func(*exchange.Message)) *exchange.Message {
		m := &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}, Need: heads, Flags: &exchange.Flags{SupportsReset: true}}
		change(m)
		return m
	}
	var without, with exchange.State
	hello := fresh(func(*exchange.Message) {})
	reply, ok := without.ReceiveFresh(20, heads, s, hello)
	with.Receive(a.History, hello)
	round := exchange.NewRound(a.History)
	round.UseSnapshot(s)
	if !ok {
		t.Fatal("not served")
	}
	if got, want := reply.Append(nil), round.Generate(&with).Bytes(); !bytes.Equal(got, want) {
		t.Fatalf("served with %d bytes, want %d", len(got), len(want))
	}
	a.Put("k", "new")
	for name, state := range map[string]*exchange.State{"without": &without, "with": &with} {
		m, err := exchange.Decode(exchange.NewRound(a.History).Generate(state).Bytes(), exchange.Limits{})
		if err != nil || len(m.Changes) != 1 {
			t.Errorf("%s the history: %v, then %d changes", name, err, len(m.Changes))
		}
	}
	for what, m := range map[string]*exchange.Message{
		"without flags":       fresh(func(m *exchange.Message) { m.Flags = nil }),
		"read-only":           fresh(func(m *exchange.Message) { m.Flags.ReadOnly = true }),
		"with heads":          fresh(func(m *exchange.Message) { m.Heads = heads }),
		"with changes":        fresh(func(m *exchange.Message) { m.Changes = [][]byte{a.At(0).Bytes()} }),
		"that has synced yet": fresh(func(m *exchange.Message) { m.Have[0].LastSync = heads }),
	} {
		var state exchange.State
		if _, ok := state.ReceiveFresh(20, heads, s, m); ok {
			t.Errorf("a peer %s is served", what)
		}
		if heard, _ := state.Heard(); heard {
			t.Errorf("a peer %s is not served, and something has happened", what)
		}
	}
	var state exchange.State
	if _, ok := state.ReceiveFresh(21, a.Heads(), s, hello); ok {
		t.Error("a peer is served from a snapshot that is behind")
	}
	state.LimitSnapshot(100)
	if _, ok := state.ReceiveFresh(20, heads, s, hello); ok {
		t.Error("a peer that takes short messages is served")
	}
}

// A peer that was away for long is sent the snapshot instead of more than half of all
// changes, whether it wrote something meanwhile or not.
func TestPeerThatWasAwayIsSentSnapshot(t *testing.T) {
	for what, c := range map[string]struct {
		has, covers int
		wrote       bool
		prepare     func(p *reader)
		version     byte
	}{
		"it lacks most":                          {has: 5, covers: 50, version: exchange.V2},
		"it lacks most, and wrote":               {has: 5, covers: 50, wrote: true, version: exchange.V2},
		"it lacks most, and what is not covered": {has: 5, covers: 40, version: exchange.V2},
		"it lacks most, and that, and wrote":     {has: 5, covers: 40, wrote: true, version: exchange.V2},
		"it lacks less than half":                {has: 30, covers: 50, version: exchange.V1},
		"it lacks less than half, and wrote":     {has: 30, covers: 50, wrote: true, version: exchange.V1},
		"it has all that is covered":             {has: 20, covers: 20, version: exchange.V1},
		"it has shown no flags":                  {has: 5, covers: 50, prepare: func(p *reader) { p.flags = nil }, version: exchange.V1},
		"it takes short messages":                {has: 5, covers: 50, prepare: func(p *reader) { p.state.LimitSnapshot(100) }, version: exchange.V1},
		"it takes short messages, and wrote":     {has: 5, covers: 50, wrote: true, prepare: func(p *reader) { p.state.LimitSnapshot(100) }, version: exchange.V1},
	} {
		a := historytest.Posts(50)
		s := snapshot(t, a, c.covers)
		p := newReader()
		for i := range c.has {
			p.Take(a.At(i))
		}
		if c.wrote {
			p.last = p.Heads()
			p.Put("mine", "while I was away")
		}
		p.MarkDurable(p.Len())
		if c.prepare != nil {
			c.prepare(p)
		}
		m := p.next(t, a, s)
		if m.Version != c.version || m.Version == exchange.V2 && !bytes.Equal(m.Changes[0], s.Chunk) {
			t.Errorf("%s: version %x with %d chunks", what, m.Version, len(m.Changes))
		}
		if want := 1 + 50 - c.covers; m.Version == exchange.V2 && len(m.Changes) != want {
			t.Errorf("%s: %d chunks, want %d", what, len(m.Changes), want)
		}
		if p.Len() < 50 {
			t.Errorf("%s: it has %d changes then", what, p.Len())
		}
		if again := p.next(t, a, s); again != nil && len(again.Changes) > 0 {
			t.Errorf("%s: and is sent %d chunks more", what, len(again.Changes))
		}
	}
}

func TestSnapshotBesideWhatThePeerHas(t *testing.T) {
	a, b := historytest.Posts(50), historytest.New("b")
	s := snapshot(t, a, 50)
	for i := range 5 {
		b.Take(a.At(i))
	}
	a.Take(b.Put("b", "concurrent"))
	a.MarkDurable(a.Len())
	round := exchange.NewRound(a.History)
	round.UseSnapshot(s)
	generate := func(state *exchange.State) *exchange.Message {
		data := round.Generate(state).Bytes()
		if data == nil {
			return &exchange.Message{}
		}
		m, err := exchange.Decode(data, exchange.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, c := range []struct {
		what   string
		heads  []id.ChangeHash
		chunks int // the snapshot, and what it may lack besides
	}{
		{"it has written", []id.ChangeHash{b.Put("mine", "x").Hash}, 2},
		{"all that it has is known here", []id.ChangeHash{a.At(50).Hash}, 2}, // and what came later
	} {
		what, heads := c.what, c.heads
		hello := exchange.Message{Version: exchange.V1, Heads: heads, Have: []exchange.Have{{LastSync: b.At(5).Deps}}, Flags: &exchange.Flags{}}
		var short, long exchange.State
		short.LimitSnapshot(100)
		for _, state := range []*exchange.State{&short, &long} {
			state.Receive(a.History, &hello)
		}
		if m := generate(&short); m.Version != exchange.V1 || len(m.Changes) < 45 {
			t.Errorf("%s, and takes short messages: version %x with %d chunks", what, m.Version, len(m.Changes))
		}
		m := generate(&long)
		if m.Version != exchange.V2 || len(m.Changes) != c.chunks {
			t.Errorf("%s: version %x with %d chunks", what, m.Version, len(m.Changes))
		}
		a.Put("later", "x")
		a.MarkDurable(a.Len())
		round = exchange.NewRound(a.History)
		round.UseSnapshot(s)
		if m := generate(&long); len(m.Changes) != 1 {
			t.Errorf("%s: and then %d chunks for one more change", what, len(m.Changes))
		}
	}
}
