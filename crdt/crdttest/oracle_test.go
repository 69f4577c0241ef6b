package crdttest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

const histories = "../testdata/histories"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// documents yields random documents of the engine, and those that JavaScript
// wrote.
func documents(t *testing.T, seeds uint64, test func(*testing.T, *Document)) {
	t.Helper()
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			d, err := Generate(seed, Options{Actors: 1 + int(seed%5), Changes: 5 + int(seed%7)*8})
			must(t, err)
			test(t, d)
		})
	}
	vectors, err := ReadVectors(histories)
	must(t, err)
	if len(vectors) < 6 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run("js "+v.Name, func(t *testing.T) {
			heads, err := v.HeadHashes()
			must(t, err)
			test(t, &Document{Changes: v.Changes, Heads: heads, Saved: v.Saved})
		})
	}
}

// parse reads changes with our own code and, where the engine knows a hash too,
// compares it.
func parse(t *testing.T, chunks [][]byte) []*chunk.Change {
	t.Helper()
	out := make([]*chunk.Change, len(chunks))
	for i, raw := range chunks {
		c, err := chunk.ParseChange(raw, chunk.Limits{})
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		out[i] = c
	}
	return out
}

// add adds changes in order and fails when one is refused.
func add(t *testing.T, h *history.History, changes []*chunk.Change) {
	t.Helper()
	for i, c := range changes {
		if _, err := h.Add(c); err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
	}
}

func TestChangesAreAcceptedAndHashAlike(t *testing.T) {
	documents(t, 40, func(t *testing.T, d *Document) {
		h := history.New(history.Limits{})
		changes := parse(t, d.Changes)
		add(t, h, changes)
		if h.Len() != len(d.Changes) || h.Orphans() != 0 {
			t.Fatalf("%d of %d changes accepted, %d held", h.Len(), len(d.Changes), h.Orphans())
		}
		if got := h.Heads(); !slices.Equal(got, d.Heads) {
			t.Errorf("heads are %v, want %v", got, d.Heads)
		}
		// What we relay and store is what the engine takes and knows by that hash.
		engine, err := core.New("oracle")
		must(t, err)
		for i := range h.Len() {
			must(t, engine.Load(h.At(i).Bytes()))
			must(t, engine.Load(chunk.Deflate(nil, h.At(i).Bytes())))
		}
		if got := engine.Heads(); !slices.Equal(got, d.Heads) {
			t.Errorf("the engine's heads are %v, want %v", got, d.Heads)
		}
		for i, c := range changes {
			since, err := engine.Changes(c.Hash)
			must(t, err)
			if len(since) >= len(changes) {
				t.Fatalf("the engine does not know change %d by our hash %v", i, c.Hash)
			}
		}
	})
}

func TestSavedDocumentHoldsTheSameChanges(t *testing.T) {
	documents(t, 40, func(t *testing.T, d *Document) {
		saved, err := chunk.ParseDocument(d.Saved, chunk.Limits{})
		must(t, err)
		var got, want []id.ChangeHash
		for _, c := range saved {
			got = append(got, c.Hash)
		}
		byHash := map[id.ChangeHash][]byte{}
		for _, c := range parse(t, d.Changes) {
			want = append(want, c.Hash)
			byHash[c.Hash] = c.Bytes()
		}
		for _, c := range saved {
			if !bytes.Equal(byHash[c.Hash], c.Bytes()) {
				t.Errorf("change %v of the document has other bytes than alone", c.Hash)
			}
		}
		h := history.New(history.Limits{})
		add(t, h, saved)
		slices.SortFunc(got, id.ChangeHash.Compare)
		slices.SortFunc(want, id.ChangeHash.Compare)
		if !slices.Equal(got, want) || !slices.Equal(h.Heads(), d.Heads) {
			t.Errorf("%d changes and heads %v, want %d and %v", len(got), h.Heads(), len(want), d.Heads)
		}
	})
}

func TestAnyOrderGivesTheSameHeads(t *testing.T) {
	documents(t, 25, func(t *testing.T, d *Document) {
		changes := parse(t, d.Changes)
		for round := range uint64(8) {
			r := rand.New(rand.NewPCG(round, 2))
			shuffled := slices.Clone(changes)
			if round > 0 { // round 0 is the order of the document, backwards
				r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			} else {
				slices.Reverse(shuffled)
			}
			h := history.New(history.Limits{})
			added := 0
			for i, c := range shuffled {
				a, err := h.Add(c)
				if err != nil {
					t.Fatalf("round %d, change %d: %v", round, i, err)
				}
				added += len(a)
				if again, err := h.Add(c); err != nil || len(again) != 0 {
					t.Fatalf("round %d, change %d again: %d added, %v", round, i, len(again), err)
				}
			}
			if added != len(changes) || h.Orphans() != 0 || !slices.Equal(h.Heads(), d.Heads) {
				t.Fatalf("round %d: %d of %d added, %d held, heads %v, want %v",
					round, added, len(changes), h.Orphans(), h.Heads(), d.Heads)
			}
			// The order in which they were accepted is one the engine can load.
			engine, err := core.New("oracle")
			must(t, err)
			var all []byte
			for i := range h.Len() {
				all = append(all, h.At(i).Bytes()...)
			}
			must(t, engine.Load(all))
			if !slices.Equal(engine.Heads(), d.Heads) {
				t.Fatalf("round %d: the engine's heads are %v", round, engine.Heads())
			}
		}
	})
}

// Taking a change apart and building it again must not change a byte.
func TestBuildGivesTheSameBytes(t *testing.T) {
	documents(t, 40, func(t *testing.T, d *Document) {
		for i, c := range parse(t, d.Changes) {
			spec := chunk.Spec{
				Deps: c.Deps, Actor: c.Actor, Seq: c.Seq, StartOp: c.StartOp,
				Time: c.Time, Message: c.Message, Others: c.Others,
			}
			for _, op := range c.Ops() {
				op.Pred = slices.Clone(op.Pred)
				spec.Ops = append(spec.Ops, op)
			}
			built, err := chunk.Build(spec)
			if err != nil {
				t.Fatalf("change %d: %v", i, err)
			}
			if !bytes.Equal(built.Bytes(), c.Bytes()) || built.Hash != c.Hash {
				t.Errorf("change %d differs:\n%x\n%x", i, built.Bytes(), c.Bytes())
			}
		}
	})
}

// JavaScript and the engine read the same value out of the same changes.
func TestEngineReadsWhatJavaScriptReads(t *testing.T) {
	vectors, err := ReadVectors(histories)
	must(t, err)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			engine, err := core.New("oracle")
			must(t, err)
			must(t, engine.Load(bytes.Join(v.Changes, nil)))
			d, err := Read(engine)
			must(t, err)
			if got := Tagged(d.Value); !reflect.DeepEqual(got, v.Value) {
				t.Errorf("the engine reads\n%v\nwant\n%v", got, v.Value)
			}
		})
	}
}

// A generator that makes nothing would let every other test pass.
func TestGeneratorMakesEverything(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(20) {
		d, err := Generate(seed, Options{})
		must(t, err)
		again, err := Generate(seed, Options{})
		must(t, err)
		if !reflect.DeepEqual(d.Changes, again.Changes) {
			t.Fatalf("seed %d makes another document the second time", seed)
		}
		if len(d.Heads) > 1 {
			seen["several heads"]++
		}
		for _, c := range parse(t, d.Changes) {
			if len(c.Deps) > 1 {
				seen["merge"]++
			}
			if c.OpCount == 0 {
				seen["empty change"]++
			}
			for _, op := range c.Ops() {
				seen[op.Action.String()]++
				if op.Action == chunk.ActionSet {
					seen[fmt.Sprint("value kind ", op.Value.Kind)]++
				}
				if len(op.Pred) > 1 {
					seen["settled conflict"]++
				}
				if !op.Object.IsZero() && op.Action.Makes() {
					seen["nested object"]++
				}
			}
		}
	}
	want := []string{"several heads", "merge", "empty change", "settled conflict", "nested object", "make map", "make list", "make text",
		"set", "delete", "increment"}
	for kind := chunk.ValueNull; kind <= chunk.ValueTimestamp; kind++ {
		want = append(want, fmt.Sprint("value kind ", kind))
	}
	for _, what := range want {
		if seen[what] < 3 {
			t.Errorf("%d times %q in 20 documents", seen[what], what)
		}
	}
}
