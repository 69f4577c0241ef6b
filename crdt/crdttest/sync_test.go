package crdttest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

// roundsMax is how often both sides may speak before they have to be silent. The
// protocol needs a handful; false positives of a filter cost one more each.
const roundsMax = 12

// end is one end of a conversation.
type end interface {
	generate() []byte
	receive(message []byte) error
	heads() []id.ChangeHash
}

type engineEnd struct {
	doc  *core.Doc
	sync *core.Sync
}

func newEngineEnd(t *testing.T, changes []*chunk.Change) *engineEnd {
	t.Helper()
	doc, err := core.New("engine")
	must(t, err)
	e := &engineEnd{doc, core.NewSync(doc)}
	e.add(t, changes)
	return e
}

func (e *engineEnd) add(t *testing.T, changes []*chunk.Change) {
	t.Helper()
	var all []byte
	for _, c := range changes {
		all = append(all, c.Bytes()...)
	}
	must(t, e.doc.Load(all))
}

func (e *engineEnd) generate() []byte       { return e.sync.Generate() }
func (e *engineEnd) heads() []id.ChangeHash { return e.doc.Heads() }

func (e *engineEnd) receive(message []byte) error { return e.sync.Receive(message) }

type ourEnd struct {
	history  *history.History
	state    *exchange.State
	snapshot *history.Snapshot // may be nil
}

func newOurEnd(t *testing.T, changes []*chunk.Change) *ourEnd {
	t.Helper()
	o := &ourEnd{history: history.New(history.Limits{}), state: &exchange.State{}}
	o.add(t, changes)
	return o
}

func (o *ourEnd) add(t *testing.T, changes []*chunk.Change) {
	t.Helper()
	add(t, o.history, changes)
	o.history.MarkDurable(o.history.Len())
}

func (o *ourEnd) heads() []id.ChangeHash { return o.history.Heads() }

func (o *ourEnd) generate() []byte {
	round := exchange.NewRound(o.history)
	round.UseSnapshot(o.snapshot)
	return round.Generate(o.state).Bytes()
}

func (o *ourEnd) receive(message []byte) error {
	m, err := exchange.Decode(message, exchange.Limits{})
	if err != nil {
		return err
	}
	for _, raw := range m.Changes {
		c, err := chunk.ParseChange(bytes.Clone(raw), chunk.Limits{})
		if err != nil {
			return err
		}
		if _, err := o.history.Add(c); err != nil {
			return err
		}
	}
	o.history.MarkDurable(o.history.Len())
	o.state.Receive(o.history, m)
	return nil
}

// settle lets two ends talk until both are silent. Which one speaks first, and
// whether messages cross, follows from r.
func settle(t *testing.T, r *rand.Rand, a, b end) {
	t.Helper()
	if r.IntN(2) == 0 {
		a, b = b, a
	}
	crossing := r.IntN(2) == 0
	for range roundsMax {
		fromA := a.generate()
		if !crossing && fromA != nil {
			must(t, b.receive(fromA))
		}
		fromB := b.generate()
		if crossing && fromA != nil {
			must(t, b.receive(fromA))
		}
		if fromB != nil {
			must(t, a.receive(fromB))
		}
		if fromA == nil && fromB == nil {
			if !slices.Equal(a.heads(), b.heads()) {
				t.Fatalf("silent with heads %v and %v", a.heads(), b.heads())
			}
			return
		}
	}
	t.Fatalf("still talking after %d rounds, heads %v and %v", roundsMax, a.heads(), b.heads())
}

// part returns some changes with all they depend on, in order.
func part(r *rand.Rand, changes []*chunk.Change) []*chunk.Change {
	picked := map[id.ChangeHash]bool{}
	for range r.IntN(4) {
		picked[changes[r.IntN(len(changes))].Hash] = true
	}
	var out []*chunk.Change
	for _, c := range slices.Backward(changes) {
		if picked[c.Hash] {
			for _, d := range c.Deps {
				picked[d] = true
			}
			out = append(out, c)
		}
	}
	slices.Reverse(out)
	return out
}

func TestSyncWithTheEngine(t *testing.T) {
	for seed := range uint64(80) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 5))
			d, err := Generate(seed, Options{Actors: 1 + r.IntN(5), Changes: 1 + r.IntN(60)})
			must(t, err)
			all := parse(t, d.Changes)
			engine, our := newEngineEnd(t, part(r, all)), newOurEnd(t, part(r, all))
			settle(t, r, engine, our)
			for range 4 { // both sides go on, over the same connection or a new one
				if r.IntN(2) == 0 {
					engine.add(t, part(r, all))
				}
				if r.IntN(2) == 0 {
					our.add(t, part(r, all))
				}
				if r.IntN(3) == 0 {
					engine.sync, err = engine.sync.Reconnect()
					must(t, err)
					our.state = &exchange.State{}
				}
				settle(t, r, engine, our)
			}
			engine.add(t, all)
			settle(t, r, engine, our)
			if !slices.Equal(our.heads(), d.Heads) {
				t.Errorf("heads %v, want %v", our.heads(), d.Heads)
			}
		})
	}
}

// A store restored from a backup has forgotten what its peers know it had.
func TestSyncAfterWeForgot(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 6))
			d, err := Generate(seed, Options{Changes: 2 + r.IntN(40)})
			must(t, err)
			all := parse(t, d.Changes)
			engine, our := newEngineEnd(t, all), newOurEnd(t, nil)
			settle(t, r, engine, our)
			engine.sync, err = engine.sync.Reconnect()
			must(t, err)
			restored := newOurEnd(t, all[:r.IntN(len(all))])
			settle(t, r, engine, restored)
			if !slices.Equal(restored.heads(), d.Heads) {
				t.Errorf("heads %v, want %v", restored.heads(), d.Heads)
			}
		})
	}
}

// Several engines that only we connect end with the same.
func TestSyncThroughUs(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			d, err := Generate(seed, Options{Actors: 4, Changes: 1 + r.IntN(60)})
			must(t, err)
			all := parse(t, d.Changes)
			hub := newOurEnd(t, part(r, all)).history
			var engines []*engineEnd
			var ours []*ourEnd
			for range 2 + r.IntN(3) {
				engines = append(engines, newEngineEnd(t, part(r, all)))
				ours = append(ours, &ourEnd{history: hub, state: &exchange.State{}})
			}
			for round, talking := 0, true; talking; round++ {
				if round > roundsMax*len(engines) {
					t.Fatalf("still talking after %d rounds", round)
				}
				talking = false
				for _, i := range r.Perm(len(engines)) {
					if m := engines[i].generate(); m != nil {
						must(t, ours[i].receive(m))
						talking = true
					}
					if m := ours[i].generate(); m != nil {
						must(t, engines[i].receive(m))
						talking = true
					}
				}
			}
			for i, e := range engines {
				if !slices.Equal(e.heads(), hub.Heads()) {
					t.Errorf("engine %d has heads %v, we have %v", i, e.heads(), hub.Heads())
				}
			}
		})
	}
}

// Two ends of our own, as in the Go client against the server.
func TestSyncWithOurselves(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 8))
			d, err := Generate(seed, Options{Changes: 1 + r.IntN(60)})
			must(t, err)
			all := parse(t, d.Changes)
			a, b := newOurEnd(t, part(r, all)), newOurEnd(t, part(r, all))
			for range 4 {
				settle(t, r, a, b)
				a.add(t, part(r, all))
				b.add(t, part(r, all))
				if r.IntN(3) == 0 {
					a.state, b.state = &exchange.State{}, &exchange.State{}
				}
			}
			settle(t, r, a, b)
		})
	}
}

// The engine's own messages decode and encode to the same bytes.
func TestEngineMessagesRoundTrip(t *testing.T) {
	n := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 9))
		d, err := Generate(seed, Options{Changes: 1 + r.IntN(40)})
		must(t, err)
		all := parse(t, d.Changes)
		a, b := newEngineEnd(t, part(r, all)), newEngineEnd(t, part(r, all))
		for {
			ma, mb := a.generate(), b.generate()
			if ma == nil && mb == nil {
				break
			}
			for _, m := range [][]byte{ma, mb} {
				if m == nil {
					continue
				}
				n++
				decoded, err := exchange.Decode(m, exchange.Limits{})
				must(t, err)
				if again := decoded.Append(nil); !bytes.Equal(again, m) {
					t.Fatalf("seed %d: encoded again\n%x\nwant\n%x", seed, again, m)
				}
			}
			if ma != nil {
				must(t, b.receive(ma))
			}
			if mb != nil {
				must(t, a.receive(mb))
			}
		}
	}
	if n < 100 {
		t.Errorf("only %d messages", n)
	}
}
