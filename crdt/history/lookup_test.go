package history_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
)

// sets returns n operations that set a key, each as if it knew of no other.
func sets(n int, key string) []chunk.Op {
	ops := make([]chunk.Op, n)
	for i := range ops {
		ops[i] = chunk.Op{Key: key, Action: chunk.ActionSet, Value: chunk.BoolValue(true)}
	}
	return ops
}

// The operations of a change refer to large changes in turn: none of them drives another out.
func TestWhatAChangeRefersToIsReadOnce(t *testing.T) {
	const large, n = 50, 300
	a := historytest.New("a")
	var starts []uint64
	for range 3 {
		starts = append(starts, a.Change(sets(large, "k")...).StartOp)
	}
	h := history.New(history.Limits{LookupOpsMax: 2 * large, RecentBytesMax: 1})
	s := &shelf{}
	s.put(a.History, 0, 3)
	for _, c := range a.All() {
		mustAdd(t, h, c)
	}
	h.SetReader(s.read)
	h.MarkDurable(3)
	ops := sets(n, "k")
	for i := range ops {
		ops[i].Pred = []chunk.OpID{at(starts[i%3] + uint64(i/3%large))}
	}
	mustAdd(t, h, a.Draft(ops...))
	if s.reads > 3 {
		t.Errorf("%d operations that refer to 3 changes: %d changes were read", n, s.reads)
	}
}

// Operations take no room in a change: a few bytes could have millions decoded.
func TestAChangeThatRefersToTooManyOperationsIsRefused(t *testing.T) {
	a := historytest.New("a")
	var preds []chunk.OpID
	for i := range 21 {
		c := a.Change(sets(chunk.DefaultLimits.OpsMax, "k")...)
		preds = append(preds, at(c.StartOp+uint64(i)))
	}
	set := sets(1, "k")
	set[0].Pred = preds
	if _, err := a.Add(a.Draft(set...)); !errors.Is(err, history.ErrInvalid) {
		t.Errorf("a change that refers to 2.1 million operations: %v", err)
	}
	set[0].Pred = preds[1:]
	mustAdd(t, a.History, a.Draft(set...))
}

// A long text in which each character came in a change of its own is cleared at once.
func TestAChangeMayReferToVeryManySmallOnes(t *testing.T) {
	const n = 3000
	a := historytest.New("a")
	a.Change(chunk.Op{Key: "text", Action: chunk.ActionMakeText})
	clear := make([]chunk.Op, n)
	for i := range clear {
		typed := chunk.Op{Object: at(1), Sequence: true, Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue(fmt.Sprint(i % 10))}
		c := a.Change(typed)
		clear[i] = chunk.Op{Object: at(1), Sequence: true, Elem: at(c.StartOp), Action: chunk.ActionDelete, Pred: []chunk.OpID{at(c.StartOp)}}
	}
	mustAdd(t, a.History, a.Draft(clear...))
}
