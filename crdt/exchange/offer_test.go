package exchange_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

func build(t *testing.T, s chunk.Spec) *chunk.Change {
	t.Helper()
	c, err := chunk.Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// manySets are as many operations as there may be, which take 75 bytes.
func manySets() []chunk.Op {
	return slices.Repeat([]chunk.Op{{Key: "k", Action: chunk.ActionSet}}, chunk.DefaultLimits.OpsMax)
}

// A deflated change is a thousandth of what it inflates to.
func TestAMessageThatInflatesToTooMuchIsRefused(t *testing.T) {
	c := build(t, chunk.Spec{Actor: "a", Seq: 1, StartOp: 1,
		Ops: []chunk.Op{{Key: "k", Action: chunk.ActionSet, Value: chunk.BytesValue(make([]byte, 15<<20))}}})
	doc, err := chunk.BuildDocument([]*chunk.Change{c}, chunk.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for what, data := range map[string][]byte{"change": chunk.Deflate(nil, c.Bytes()), "document": doc} {
		h := history.New(history.Limits{})
		m := exchange.Message{Version: exchange.V2, Changes: slices.Repeat([][]byte{data}, 4)}
		if o, err := m.Offer(h, nil); err != nil || o.Accepted != 1 {
			t.Errorf("a %s four times: %+v, %v", what, o, err)
		}
		m.Changes = slices.Repeat(m.Changes, 2)
		if _, err := m.Offer(h, nil); !errors.Is(err, exchange.ErrMalformed) {
			t.Errorf("a known %s eight times: %v, want it refused", what, err)
		}
	}
}

// Changes that are held take work, and add nothing to the document yet.
func TestAMessageOfLargeChangesThatMustWaitIsRefused(t *testing.T) {
	m := exchange.Message{Version: exchange.V1}
	for i := range 12 {
		c := build(t, chunk.Spec{Actor: "a", Seq: 2, StartOp: 2, Deps: []id.ChangeHash{{1}}, Time: int64(i), Ops: manySets()})
		m.Changes = append(m.Changes, c.Bytes())
	}
	h := history.New(history.Limits{})
	if _, err := m.Offer(h, nil); !errors.Is(err, exchange.ErrMalformed) {
		t.Errorf("%d changes are held, %v; want the message refused", h.Orphans(), err)
	}
}

// SY10: a peer that was told to start over sends all that it has, whatever of it is known.
func TestAllChangesMayBeSentAgain(t *testing.T) {
	a := historytest.New("a")
	m := exchange.Message{Version: exchange.V1}
	for range 12 {
		m.Changes = append(m.Changes, a.Change(manySets()...).Bytes())
	}
	m.Heads = a.Heads()
	if o, err := m.Offer(a.History, nil); err != nil || o.Accepted+o.Full > 0 {
		t.Errorf("%d accepted, %d too much, %v", o.Accepted, o.Full, err)
	}
}

// Small changes that refer to large ones in turn: others have their turn in between.
func TestAMessageThatTakesTooLongIsLeftAtThat(t *testing.T) {
	const large, n = 60, 40
	a := historytest.New("a")
	var first []uint64
	for range 3 {
		c := a.Change(manySets()[:large]...)
		first = append(first, c.StartOp)
	}
	h := history.New(history.Limits{LookupOpsMax: 2 * large, TurnOpsMax: 2 * large})
	for _, c := range a.All() {
		if _, err := h.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	m := exchange.Message{Version: exchange.V1}
	for i := range n {
		c := a.Change(chunk.Op{Key: "k", Action: chunk.ActionSet, Pred: []chunk.OpID{{Counter: first[i%3]}}})
		m.Changes = append(m.Changes, c.Bytes())
	}
	o, err := m.Offer(h, nil)
	if !errors.Is(err, history.ErrBusy) || o.Accepted == 0 {
		t.Fatalf("%d accepted, %v", o.Accepted, err)
	}
	for range n {
		if _, err = m.Offer(h, nil); err == nil {
			break
		}
	}
	if err != nil || !slices.Equal(h.Heads(), a.Heads()) {
		t.Errorf("%d of %d changes were taken in the end, %v", h.Len(), a.Len(), err)
	}
}
