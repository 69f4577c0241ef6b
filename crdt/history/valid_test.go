package history_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
)

// The document that operations are checked against: change 1 of author "a".
//
//	1 root.map = {}         2 root.list = []        3 root.text = ""
//	4 map.key = "v"         5 list[0] = "x"         6 text[0] = "h"
//	7 text[1] = "i"         8 root.count = counter  9 map.other = 1
//	10 list[0] deleted
func document() *historytest.Author {
	a := historytest.New("a")
	a.Change(
		chunk.Op{Key: "map", Action: chunk.ActionMakeMap},
		chunk.Op{Key: "list", Action: chunk.ActionMakeList},
		chunk.Op{Key: "text", Action: chunk.ActionMakeText},
		chunk.Op{Object: at(1), Key: "key", Action: chunk.ActionSet, Value: chunk.StringValue("v")},
		chunk.Op{Object: at(2), Sequence: true, Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue("x")},
		chunk.Op{Object: at(3), Sequence: true, Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue("h")},
		chunk.Op{Object: at(3), Sequence: true, Elem: at(6), Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue("i")},
		chunk.Op{Key: "count", Action: chunk.ActionSet, Value: chunk.CounterValue(1)},
		chunk.Op{Object: at(1), Key: "other", Action: chunk.ActionSet, Value: chunk.IntValue(1)},
		chunk.Op{Object: at(2), Sequence: true, Elem: at(5), Action: chunk.ActionDelete, Pred: []chunk.OpID{at(5)}},
	)
	return a
}

// at names an operation of the author itself.
func at(counter uint64) chunk.OpID { return chunk.OpID{Counter: counter} }

func TestOperationsOfRealEditsAreAccepted(t *testing.T) {
	one, null := chunk.IntValue(1), chunk.Value{}
	mark := chunk.Op{Object: at(3), Sequence: true, Insert: true, Action: chunk.ActionMark, Expand: true}
	begin, end := mark, mark
	begin.HasMarkName, begin.MarkName, begin.Value = true, "bold", chunk.BoolValue(true)
	end.Elem = at(7)
	for name, ops := range map[string][]chunk.Op{
		"set over a value":       {{Object: at(1), Key: "key", Action: chunk.ActionSet, Value: one, Pred: []chunk.OpID{at(4)}}},
		"delete an object":       {{Key: "map", Action: chunk.ActionDelete, Value: null, Pred: []chunk.OpID{at(1)}}},
		"increment":              {{Key: "count", Action: chunk.ActionIncrement, Value: one, Pred: []chunk.OpID{at(8)}}},
		"insert after deleted":   {{Object: at(2), Sequence: true, Elem: at(5), Insert: true, Action: chunk.ActionSet, Value: one}},
		"set an element":         {{Object: at(2), Sequence: true, Elem: at(5), Action: chunk.ActionSet, Value: one}},
		"delete from a text":     {{Object: at(3), Sequence: true, Elem: at(6), Action: chunk.ActionDelete, Pred: []chunk.OpID{at(6)}}},
		"mark":                   {begin, end},
		"into its own object":    {{Key: "new", Action: chunk.ActionMakeMap}, {Object: at(11), Key: "k", Action: chunk.ActionSet, Value: one}},
		"set twice in a change":  {{Key: "k", Action: chunk.ActionSet, Value: one}, {Key: "k", Action: chunk.ActionSet, Value: one, Pred: []chunk.OpID{at(11)}}},
		"set over a deleted key": {{Key: "never", Action: chunk.ActionSet, Value: one}},
	} {
		a := document()
		if _, err := a.Add(a.Draft(ops...)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOperationsThatReferToWhatIsNotThereAreRefused(t *testing.T) {
	one := chunk.IntValue(1)
	mark := chunk.Op{Object: at(3), Sequence: true, Insert: true, Action: chunk.ActionMark}
	begin, end := mark, mark
	begin.HasMarkName, begin.MarkName, begin.Value = true, "bold", chunk.BoolValue(true)
	beginLate := begin
	beginLate.Elem = at(7)
	endLate := end
	endLate.Elem = at(7)
	inList := func(op chunk.Op) chunk.Op {
		op.Object = at(2)
		if op.Elem != (chunk.OpID{}) {
			op.Elem = at(5)
		}
		return op
	}
	set := chunk.Op{Key: "k", Action: chunk.ActionSet, Value: one}

	for _, test := range []struct {
		name, why string
		ops       []chunk.Op
	}{
		{"an object of an unknown actor", "unknown actor", []chunk.Op{{Object: chunk.OpID{Counter: 1, Actor: 1}, Key: "k", Action: chunk.ActionSet, Value: one}}},
		{"an object that is a value", "made no object", []chunk.Op{{Object: at(4), Key: "k", Action: chunk.ActionSet, Value: one}}},
		{"a list addressed by key", "addresses", []chunk.Op{{Object: at(2), Key: "k", Action: chunk.ActionSet, Value: one}}},
		{"a map addressed by element", "addresses", []chunk.Op{{Object: at(1), Sequence: true, Insert: true, Action: chunk.ActionSet, Value: one}}},
		{"an element of another sequence", "another object", []chunk.Op{{Object: at(2), Sequence: true, Elem: at(6), Insert: true, Action: chunk.ActionSet, Value: one}}},
		{"an element that was never inserted", "not inserted", []chunk.Op{{Object: at(2), Sequence: true, Elem: at(4), Insert: true, Action: chunk.ActionSet, Value: one}}},
		{"a deletion as an element", "not inserted", []chunk.Op{{Object: at(2), Sequence: true, Elem: at(10), Insert: true, Action: chunk.ActionSet, Value: one}}},
		{"a predecessor at another key", "another place", []chunk.Op{{Object: at(1), Key: "key", Action: chunk.ActionSet, Value: one, Pred: []chunk.OpID{at(9)}}}},
		{"a predecessor in another object", "another place", []chunk.Op{{Key: "key", Action: chunk.ActionSet, Value: one, Pred: []chunk.OpID{at(4)}}}},
		{"a predecessor that is a deletion", "no value", []chunk.Op{{Object: at(2), Sequence: true, Elem: at(5), Action: chunk.ActionSet, Value: one, Pred: []chunk.OpID{at(10)}}}},
		{"a predecessor of an unknown actor", "unknown actor", []chunk.Op{{Key: "k", Action: chunk.ActionSet, Value: one, Pred: []chunk.OpID{{Counter: 3, Actor: 1}}}}},
		{"incrementing a string", "no counter", []chunk.Op{{Object: at(1), Key: "key", Action: chunk.ActionIncrement, Value: one, Pred: []chunk.OpID{at(4)}}}},
		{"a mark without an end", "does not end", []chunk.Op{begin}},
		{"a mark without an end before something else", "does not end", []chunk.Op{begin, set}},
		{"an end before its beginning", "before it begins", []chunk.Op{beginLate, end}},
		{"a mark in a list", "in no text", []chunk.Op{inList(begin), inList(endLate)}},
		{"a table", "table", []chunk.Op{{Key: "t", Action: chunk.ActionMakeTable}}},
		{"setting an element of a text", "of a text", []chunk.Op{{Object: at(3), Sequence: true, Elem: at(6), Action: chunk.ActionSet, Value: one, Pred: []chunk.OpID{at(6)}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := document()
			b := historytest.New("b")
			b.Take(a.All()...)
			c, err := draft(a, test.ops)
			if err != nil {
				t.Fatal(err)
			}
			_, err = a.Add(c)
			if !errors.Is(err, history.ErrInvalid) || !strings.Contains(err.Error(), test.why) {
				t.Fatalf("got %v, want it refused with %q", err, test.why)
			}
			if a.Len() != 1 {
				t.Fatal("the document has grown")
			}
		})
	}
}

// draft builds the next change of author "a", whose operations may name author
// "b" by index 1.
func draft(a *historytest.Author, ops []chunk.Op) (*chunk.Change, error) {
	s := chunk.Spec{Deps: a.Heads(), Actor: "a", Seq: 2, StartOp: 11, Ops: ops}
	for _, op := range ops {
		if op.Object.Actor == 1 || len(op.Pred) > 0 && op.Pred[0].Actor == 1 {
			s.Others = append(s.Others, "b")
		}
	}
	return chunk.Build(s)
}

// What an operation refers to must be in an ancestor of its change: a reader may
// receive the change before anything that is not.
func TestConcurrentOperationsCannotBeReferredTo(t *testing.T) {
	a := document()
	b := historytest.New("b")
	b.Take(a.All()...)
	made := b.Change(chunk.Op{Key: "theirs", Action: chunk.ActionMakeMap})
	into := func(onTopOfIt bool) *chunk.Change {
		s := chunk.Spec{Deps: a.Heads(), Actor: "a", Seq: 2, StartOp: 12, Others: nil,
			Ops: []chunk.Op{{Object: chunk.OpID{Counter: 11, Actor: 1}, Key: "k", Action: chunk.ActionSet, Value: chunk.IntValue(1)}}}
		s.Others = append(s.Others, "b")
		if onTopOfIt {
			s.Deps = b.Heads()
		}
		c, err := chunk.Build(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	concurrent, later := into(false), into(true)
	a.Take(made)
	if _, err := a.Add(concurrent); !errors.Is(err, history.ErrInvalid) {
		t.Fatalf("got %v, want the reference to a concurrent operation refused", err)
	}
	if _, err := a.Add(later); err != nil {
		t.Fatalf("a reference to an ancestor: %v", err)
	}
}

// A long document with many branches, checked with few kept clocks.
func TestAncestryWithThinnedClocks(t *testing.T) {
	h := history.New(history.Limits{ClockEntriesMax: 64})
	root := historytest.New("root")
	obj := root.Change(chunk.Op{Key: "map", Action: chunk.ActionMakeMap})
	mustAdd(t, h, obj)
	var tips []*historytest.Author
	for i := range 8 {
		a := historytest.New(fmt.Sprint("author ", i))
		a.Take(obj)
		tips = append(tips, a)
	}
	for range 200 {
		for _, a := range tips {
			mustAdd(t, h, a.Put("k", "v"))
		}
	}
	// Each author goes on from its own branch: its previous change is an ancestor
	// although the document has many others.
	for _, a := range tips {
		mustAdd(t, h, a.Put("k", "w"))
	}
	// And one who refers to the object of the root, on a merge of all.
	all := historytest.New("merger")
	for i := range h.Len() {
		all.Take(h.At(i))
	}
	mustAdd(t, h, all.Put("k", "merged"))
	if len(h.Heads()) != 1 {
		t.Fatalf("%d heads, want 1", len(h.Heads()))
	}
}
