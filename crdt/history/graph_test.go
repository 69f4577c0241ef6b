package history_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// Numbers that a packed node has no room for are known as well as others: operations are
// found in such changes, the graph tells of them, and what is read is compared with them.
func TestChangesThatDoNotFitAPackedNode(t *testing.T) {
	author := historytest.New("author")
	author.Change(chunk.Op{Key: "list", Action: chunk.ActionMakeList})
	list, at := chunk.OpID{Counter: 1}, 1
	var first []int // counters of the first operations
	for _, ops := range []int{65_534, 65_535, 65_536, 1} {
		first = append(first, at+1)
		all := make([]chunk.Op, ops)
		for i := range all {
			all[i] = chunk.Op{Object: list, Sequence: true, Insert: true, Action: chunk.ActionSet}
			if at > 1 {
				all[i].Elem = chunk.OpID{Counter: uint64(at)}
			}
			at++
		}
		author.Change(all...)
	}
	author.Put("large", strings.Repeat("x", 70_000))
	changes := author.All()

	h := history.New(history.Limits{})
	s := &shelf{}
	for i, c := range changes {
		mustAdd(t, h, c)
		s.put(h, i, i+1)
	}
	h.MarkDurable(h.Len())
	opened, err := history.Open(history.Limits{}, graphOf(t, h, h.Len(), 1<<20), s.read)
	if err != nil {
		t.Fatal(err)
	}
	if opened.Ops(5) != h.Ops(5) || opened.Bytes() != h.Bytes() || h.Ops(6) != int64(at+1) {
		t.Errorf("%d operations, %d bytes; %d and %d", opened.Ops(6), opened.Bytes(), h.Ops(6), h.Bytes())
	}
	for i, c := range changes {
		if got := opened.At(i); got.OpCount != c.OpCount || opened.Err() != nil {
			t.Fatal(i, opened.Err())
		}
	}
	for _, counter := range append(first, first[1]-1, first[2]-1, first[3]-1) {
		elem := chunk.OpID{Counter: uint64(counter)}
		author.Change(chunk.Op{Object: list, Sequence: true, Elem: elem, Action: chunk.ActionDelete, Pred: []chunk.OpID{elem}})
	}
	for _, c := range author.All()[6:] {
		mustAdd(t, h, c)
		mustAdd(t, opened, c)
	}
	if h.Len() != 13 || opened.Len() != 13 {
		t.Error(h.Len(), opened.Len())
	}
}

// There may be more actors than the node has numbers for, and every change is found by its hash
// whatever the size of the table.
func TestEveryChangeIsFoundAmongManyActors(t *testing.T) {
	const n = 70_000
	h := history.New(history.Limits{})
	hashes := make([]id.ChangeHash, 0, n)
	var deps []id.ChangeHash
	for i := range n {
		c, err := chunk.Build(chunk.Spec{Deps: deps, Actor: id.Actor(fmt.Sprint(i)), Seq: 1, StartOp: uint64(i + 1), Ops: []chunk.Op{{Key: "k", Action: chunk.ActionSet}}})
		if err == nil {
			err = h.Restore(c.Bytes())
		}
		if err != nil {
			t.Fatal(err)
		}
		deps = []id.ChangeHash{c.Hash}
		hashes = append(hashes, c.Hash)
		if i%1_000 == 0 && h.Has(id.ChangeHash{byte(i)}) {
			t.Fatal("a change that is not there is found")
		}
	}
	h.MarkDurable(n)
	s := &shelf{}
	s.put(h, 0, n)
	opened, err := history.Open(history.Limits{}, graphOf(t, h, n, 1<<20), s.read)
	if err != nil {
		t.Fatal(err)
	}
	for i, hash := range hashes {
		for _, h := range []*history.History{h, opened} {
			if at, ok := h.Index(hash); !ok || at != i {
				t.Fatalf("change %d is found at %d, %v", i, at, ok)
			}
		}
	}
	for _, i := range []int{65_535, 65_536, n - 1} {
		if c := opened.At(i); c.Actor != id.Actor(fmt.Sprint(i)) || opened.Err() != nil {
			t.Errorf("change %d is of %s: %v", i, c.Actor, opened.Err())
		}
	}
	if a, b := h.Since(0, hashes[n-100:n-99]), opened.Since(0, hashes[n-100:n-99]); len(a) != 99 || len(b) != 99 {
		t.Error(len(a), len(b))
	}
}
