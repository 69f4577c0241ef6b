package history_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// random makes a history of n changes by several authors who merge now and then.
func random(rng *rand.Rand, n int) []*chunk.Change {
	authors := make([]*historytest.Author, 2+rng.IntN(4))
	for i := range authors {
		authors[i] = historytest.New(fmt.Sprintf("author %d", i))
	}
	all := historytest.New("everybody")
	for k := range n {
		a := authors[rng.IntN(len(authors))]
		if rng.IntN(3) == 0 {
			a.Take(authors[rng.IntN(len(authors))].All()...)
		}
		all.Take(a.Put(fmt.Sprint("key ", rng.IntN(5)), fmt.Sprint(k)))
	}
	return all.All()
}

// ancestors returns the given changes and everything below them, the slow way.
func ancestors(h *history.History, of []id.ChangeHash) map[id.ChangeHash]bool {
	seen := map[id.ChangeHash]bool{}
	stack := slices.Clone(of)
	for len(stack) > 0 {
		hash := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		i, ok := h.Index(hash)
		if !ok || seen[hash] {
			continue
		}
		seen[hash] = true
		stack = append(stack, h.At(i).Deps...)
	}
	return seen
}

func TestAnyOrderGivesTheSameHeads(t *testing.T) {
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 1))
		changes := random(rng, 60)
		want := history.New(history.Limits{})
		for _, c := range changes {
			mustAdd(t, want, c)
		}
		got := history.New(history.Limits{})
		added := 0
		for _, i := range rng.Perm(len(changes)) {
			more, err := got.Add(changes[i])
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			added += len(more)
		}
		if added != len(changes) || got.Orphans() != 0 || !slices.Equal(got.Heads(), want.Heads()) {
			t.Fatalf("seed %d: %d of %d changes accepted, %d held, heads %v, want %v",
				seed, added, len(changes), got.Orphans(), got.Heads(), want.Heads())
		}
		for i := range got.Len() {
			for _, d := range got.Deps(i) {
				if int(d) >= i {
					t.Fatalf("seed %d: change %d stands before its dependency %d", seed, i, d)
				}
			}
		}
	}
}

func TestSinceIsWhatABaseDoesNotReach(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		h := history.New(history.Limits{})
		for _, c := range random(rng, 40) {
			mustAdd(t, h, c)
		}
		h.MarkDurable(rng.IntN(h.Len() + 1))
		for range 5 {
			from := rng.IntN(h.Len() + 1)
			var base []id.ChangeHash
			for range rng.IntN(4) {
				base = append(base, h.At(rng.IntN(h.Len())).Hash)
			}
			durable := slices.DeleteFunc(slices.Clone(base), func(c id.ChangeHash) bool { return !h.HasDurable(c) })
			had := ancestors(h, durable)
			var want []int
			for i := from; i < h.Durable(); i++ {
				if !had[h.At(i).Hash] {
					want = append(want, i)
				}
			}
			if got := h.Since(from, base); !slices.Equal(got, want) {
				t.Fatalf("seed %d: since %d and %v of %d durable: got %v, want %v",
					seed, from, base, h.Durable(), got, want)
			}
			var known []int32
			for _, c := range durable {
				if i, _ := h.Index(c); i >= from {
					known = append(known, int32(i))
				}
			}
			for way, since := range map[string]func(int, []int32) []int{"walk": h.SinceByWalk, "clock": h.SinceByClock} {
				if got := since(from, known); !slices.Equal(got, want) && from < h.Durable() {
					t.Fatalf("seed %d: by the %s since %d and %v of %d durable: got %v, want %v",
						seed, way, from, base, h.Durable(), got, want)
				}
			}
		}
	}
}

func TestOnlyDurableChangesAreShown(t *testing.T) {
	a := historytest.New("a")
	first, second := a.Put("k", "1"), a.Put("k", "2")
	h := history.New(history.Limits{})
	mustAdd(t, h, first)
	mustAdd(t, h, second)
	if len(h.DurableHeads()) != 0 || h.HasDurable(first.Hash) || h.Since(0, nil) != nil {
		t.Fatal("a change is shown that was never marked durable")
	}
	h.MarkDurable(1)
	if got := h.DurableHeads(); !slices.Equal(got, []id.ChangeHash{first.Hash}) {
		t.Fatalf("durable heads %v, want the first change", got)
	}
	if got := h.Since(0, nil); !slices.Equal(got, []int{0}) {
		t.Fatalf("since nothing: %v, want the first change", got)
	}
}

func TestOrphansAreBoundedAndAskedFor(t *testing.T) {
	a := historytest.New("a")
	root := a.Put("k", "0")
	h := history.New(history.Limits{OrphansMax: 10})
	var last *chunk.Change
	for i := range 30 {
		last = a.Put("k", fmt.Sprint(i))
		mustAdd(t, h, last)
	}
	if h.Orphans() != 10 || h.Len() != 0 {
		t.Fatalf("%d orphans held and %d accepted, want 10 and none", h.Orphans(), h.Len())
	}
	if missing := h.Missing([]id.ChangeHash{last.Hash}, 10); len(missing) != 1 || missing[0] == last.Hash {
		t.Fatalf("missing %v, want the one dependency below the held changes", missing)
	}
	for _, c := range a.All() {
		mustAdd(t, h, c)
	}
	if h.Orphans() != 0 || h.Len() != 31 || !h.Has(root.Hash) {
		t.Fatalf("%d changes accepted and %d held, want all 31", h.Len(), h.Orphans())
	}
}

func TestManyOrphansOfOneChangeAreAdoptedQuickly(t *testing.T) {
	root := historytest.New("root")
	first := root.Put("k", "0")
	h := history.New(history.Limits{HeadsMax: 10_000})
	const n = 5000
	for i := range n {
		a := historytest.New(fmt.Sprintf("author %05d", i))
		a.Take(first)
		mustAdd(t, h, a.Put("k", "1"))
	}
	added, err := h.Add(first)
	if err != nil || len(added) != n+1 {
		t.Fatalf("%d changes accepted, %v; want %d", len(added), err, n+1)
	}
}

func TestGraphRules(t *testing.T) {
	set := chunk.Op{Key: "k", Action: chunk.ActionSet, Value: chunk.StringValue("v")}
	a, b := historytest.New("a"), historytest.New("b")
	a1 := a.Put("k", "1")
	b.Take(a1)
	a2, b1 := a.Put("k", "2"), b.Put("k", "3")
	build := func(s chunk.Spec) *chunk.Change {
		c, err := chunk.Build(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	tests := []struct {
		name string
		spec chunk.Spec
	}{
		{"another change with the same sequence number",
			chunk.Spec{Deps: []id.ChangeHash{a1.Hash}, Actor: "a", Seq: 2, StartOp: 2, Ops: []chunk.Op{set, set}}},
		{"a sequence number that is skipped",
			chunk.Spec{Deps: []id.ChangeHash{a2.Hash}, Actor: "a", Seq: 4, StartOp: 3, Ops: []chunk.Op{set}}},
		{"the author's previous change is no ancestor",
			chunk.Spec{Deps: []id.ChangeHash{b1.Hash}, Actor: "a", Seq: 3, StartOp: 3, Ops: []chunk.Op{set}}},
		{"operations that overlap those of a dependency",
			chunk.Spec{Deps: []id.ChangeHash{a2.Hash}, Actor: "c", Seq: 1, StartOp: 2, Ops: []chunk.Op{set}}},
		{"an empty change that counts on from later operations",
			chunk.Spec{Deps: []id.ChangeHash{a1.Hash}, Actor: "c", Seq: 1, StartOp: 3}},
		{"a first change with a later sequence number",
			chunk.Spec{Deps: []id.ChangeHash{a2.Hash}, Actor: "c", Seq: 2, StartOp: 3, Ops: []chunk.Op{set}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := history.New(history.Limits{})
			for _, c := range []*chunk.Change{a1, a2, b1} {
				mustAdd(t, h, c)
			}
			if _, err := h.Add(build(test.spec)); !errors.Is(err, history.ErrInvalid) {
				t.Fatalf("got %v, want it refused as invalid", err)
			}
			if h.Len() != 3 {
				t.Fatalf("%d changes, want 3", h.Len())
			}
		})
	}
}

func TestAChangeOnAnOldVersionWaitsForTheDocumentToGrow(t *testing.T) {
	a, b := historytest.New("a"), historytest.New("b")
	a1 := a.Put("k", "1")
	b.Take(a1)
	b1 := b.Put("k", "2")
	// Made on a1, by somebody who knew b1: it counts on from b1.
	onOld, err := chunk.Build(chunk.Spec{Deps: []id.ChangeHash{a1.Hash}, Actor: "c", Seq: 1, StartOp: 3,
		Ops: []chunk.Op{{Key: "k", Action: chunk.ActionSet, Value: chunk.StringValue("3")}}})
	if err != nil {
		t.Fatal(err)
	}
	h := history.New(history.Limits{})
	mustAdd(t, h, a1)
	if added := mustAdd(t, h, onOld); len(added) != 0 {
		t.Fatal("accepted a change that counts on from an unknown one")
	}
	if added := mustAdd(t, h, b1); len(added) != 2 {
		t.Fatalf("%d changes accepted with the one that was missing, want 2", len(added))
	}
}

func TestLimitsRefuseWithoutBlame(t *testing.T) {
	a := historytest.New("a")
	for _, l := range []history.Limits{{ChangesMax: 2}, {BytesMax: 150}, {OpMax: 2}} {
		h := history.New(l)
		var err error
		for range 3 {
			if _, err = h.Add(a.Put("k", "v")); err != nil {
				break
			}
		}
		if !errors.Is(err, history.ErrFull) {
			t.Errorf("%+v: got %v, want the document to be full", l, err)
		}
		a = historytest.New("a")
	}
}

// A document that has as many heads as it may takes no further one, and takes what joins some.
func TestAFullSetOfHeadsCanBeJoined(t *testing.T) {
	h := history.New(history.Limits{HeadsMax: 2})
	a, b, c := historytest.New("a"), historytest.New("b"), historytest.New("c")
	mustAdd(t, h, a.Put("k", "1"))
	b1 := mustAdd(t, h, b.Put("k", "2"))[0]
	if _, err := h.Add(c.Put("k", "3")); !errors.Is(err, history.ErrFull) {
		t.Errorf("a third head: got %v, want the document to be full", err)
	}
	mustAdd(t, h, a.Put("k", "4"))
	a.Take(b1)
	joined := mustAdd(t, h, a.Put("k", "5"))[0]
	if heads := h.Heads(); len(heads) != 1 || heads[0] != joined.Hash {
		t.Errorf("heads %v", heads)
	}
}

func TestRestoreGivesTheSameHistory(t *testing.T) {
	changes := random(rand.New(rand.NewPCG(7, 7)), 100)
	h, again := history.New(history.Limits{}), history.New(history.Limits{})
	for _, c := range changes {
		mustAdd(t, h, c)
	}
	for i := range h.Len() {
		if err := again.Restore(h.At(i).Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(again.Heads(), h.Heads()) {
		t.Fatal("the restored history has other heads")
	}
}

func mustAdd(t *testing.T, h *history.History, c *chunk.Change) []*chunk.Change {
	t.Helper()
	added, err := h.Add(c)
	if err != nil {
		t.Fatalf("change %s: %v", c.Hash, err)
	}
	return added
}
