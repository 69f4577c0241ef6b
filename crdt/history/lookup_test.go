package history_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
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

// A key of megabytes is named in two places, and by many operations.
func TestLongKeys(t *testing.T) {
	long := strings.Repeat("k", 1<<20)
	a := historytest.New("a")
	c := a.Change(slices.Concat(sets(1, long), sets(1, "x"), sets(1, long), sets(1, long+"x"), sets(1, ""))...)
	first, short, second, longer := at(c.StartOp), at(c.StartOp+1), at(c.StartOp+2), at(c.StartOp+3)
	for _, test := range []struct {
		what string
		key  string
		pred chunk.OpID
		ok   bool
	}{
		{"the same long key", long, first, true},
		{"the same long key elsewhere", long, second, true},
		{"a longer key", long, longer, false},
		{"a shorter key", long + "x", first, false},
		{"a key of the same length", long[1:] + "l", first, false},
		{"another key", long, short, false},
		{"a short key", "x", first, false},
	} {
		ops := sets(2, test.key)
		ops[0].Pred, ops[1].Pred = []chunk.OpID{test.pred}, []chunk.OpID{test.pred}
		h := history.New(history.Limits{})
		mustAdd(t, h, c)
		if _, err := h.Add(a.Draft(ops...)); test.ok != (err == nil) || err != nil && !errors.Is(err, history.ErrInvalid) {
			t.Errorf("%s: %v", test.what, err)
		}
	}
}

// What is kept to check later changes does not grow with the keys, nor does the work of comparing them.
func TestLongKeysAreNotKept(t *testing.T) {
	const n, keyBytes = 12, 1 << 20
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	h := history.New(history.Limits{RecentBytesMax: 1})
	h.SetReader(func(int, func([]byte) bool, func(int, []byte) bool) error { return nil })
	for i := range n {
		c, err := chunk.Build(chunk.Spec{Deps: h.Heads(), Actor: "a", Seq: uint64(i + 1), StartOp: uint64(i + 1), Ops: sets(1, strings.Repeat("k", keyBytes))})
		if err != nil {
			t.Fatal(err)
		}
		mustAdd(t, h, c)
		h.MarkDurable(h.Len())
	}
	after := heap()
	if kept := int64(after) - int64(before); kept > n/2*keyBytes {
		t.Errorf("%d bytes are kept of changes that were let go", kept)
	}
	runtime.KeepAlive(h)
}

// turn is a history with three large changes that do not fit into what it keeps together, and an
// author of small ones that refer to one of them each.
func turn(t *testing.T, limits history.Limits) (*history.History, *shelf, func(i int) *chunk.Change) {
	t.Helper()
	const large = 50
	a := historytest.New("a")
	var starts []uint64
	for range 3 {
		starts = append(starts, a.Change(sets(large, "k")...).StartOp)
	}
	limits.LookupOpsMax, limits.RecentBytesMax = 2*large, 1
	h := history.New(limits)
	s := &shelf{}
	s.put(a.History, 0, 3)
	for _, c := range a.All() {
		mustAdd(t, h, c)
	}
	h.SetReader(s.read)
	h.MarkDurable(3)
	return h, s, func(i int) *chunk.Change {
		op := sets(1, "k")
		op[0].Pred = []chunk.OpID{at(starts[i%3])}
		return a.Change(op...)
	}
}

func TestWhatTheChangesOfATurnReferToIsReadOnce(t *testing.T) {
	h, s, next := turn(t, history.Limits{})
	h.BeginTurn()
	for i := range 30 {
		mustAdd(t, h, next(i))
	}
	if s.reads > 3 {
		t.Errorf("30 changes that refer to 3 others: %d were read", s.reads)
	}
	h.EndTurn()
	for i := range 30 {
		mustAdd(t, h, next(i))
	}
	if s.reads < 10 {
		t.Errorf("%d changes were read: they are kept when the turn has ended", s.reads)
	}
}

// Each of very many small changes may take a while; those that are left come again.
func TestATurnThatTakesTooLongEnds(t *testing.T) {
	h, _, next := turn(t, history.Limits{TurnOpsMax: 90})
	h.BeginTurn()
	mustAdd(t, h, next(0))
	mustAdd(t, h, next(1))
	c := next(2)
	if _, err := h.AddFrom(c, "mallory"); !errors.Is(err, history.ErrBusy) || h.Has(c.Hash) {
		t.Errorf("a change beyond the work of a turn: %v", err)
	}
	h.EndTurn()
	if _, err := h.AddFrom(c, "mallory"); err != nil || !h.Has(c.Hash) {
		t.Errorf("the same in the next turn: %v", err)
	}
}

// Changes that are held until one comes may be very many, too. Who has brought them is told.
func TestHeldChangesAreJudgedWithinATurn(t *testing.T) {
	h, _, next := turn(t, history.Limits{TurnOpsMax: 90})
	first := next(0)
	var held []*chunk.Change
	for i := range 5 {
		held = append(held, next(i+1))
		if _, err := h.AddFrom(held[i], "mallory"); err != nil {
			t.Fatal(err)
		}
	}
	h.BeginTurn()
	added := mustAdd(t, h, first)
	dropped := h.Dropped()
	if len(added) != 2 || len(dropped) != 1 || dropped[0].From != "mallory" || !errors.Is(dropped[0].Err, history.ErrBusy) {
		t.Errorf("%d accepted, dropped %v", len(added), dropped)
	}
	h.EndTurn()
	for _, c := range held {
		mustAdd(t, h, c)
	}
	if h.Orphans() != 0 || h.Len() != 3+1+len(held) {
		t.Errorf("%d accepted in the end, %d are held", h.Len(), h.Orphans())
	}
}
