package history_test

import (
	"bytes"
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

func mustSnapshot(t testing.TB, h *history.History, n int) *history.Snapshot {
	t.Helper()
	s, err := history.MakeSnapshot(h.Prefix(n), chunk.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every beginning of a history has a snapshot, which opens again from its bytes,
// holds exactly those changes, and fits this history and no other.
func TestSnapshotHoldsTheFirstChanges(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 30))
		h := history.New(history.Limits{})
		for _, c := range random(rng, 1+rng.IntN(40)) {
			mustAdd(t, h, c)
		}
		h.MarkDurable(h.Len())
		n := 1 + rng.IntN(h.Len())
		s := mustSnapshot(t, h, n)
		opened, err := history.OpenSnapshot(n, bytes.Clone(s.Chunk), chunk.Limits{})
		if err != nil || !slices.Equal(opened.Heads, s.Heads) || !h.Fits(opened) {
			t.Fatalf("seed %d: opened again: %v, fits: %v", seed, err, h.Fits(opened))
		}
		changes, err := chunk.ParseDocument(s.Chunk, chunk.Limits{})
		if err != nil || len(changes) != n {
			t.Fatalf("seed %d: %d changes, want %d: %v", seed, len(changes), n, err)
		}
		for i, c := range changes {
			if !bytes.Equal(c.Bytes(), h.At(i).Bytes()) {
				t.Errorf("seed %d: change %d is another", seed, i)
			}
		}
		for _, other := range []int{n - 1, n + 1} {
			if h.Fits(&history.Snapshot{Changes: other, Heads: s.Heads, Chunk: s.Chunk}) {
				t.Errorf("seed %d: the snapshot of %d changes fits as one of %d", seed, n, other)
			}
		}
	}
}

func TestSnapshotOfWhatIsNotThere(t *testing.T) {
	a, b := historytest.New("a"), historytest.New("b")
	for range 3 {
		a.Put("k", "a")
		b.Put("k", "b")
	}
	s := mustSnapshot(t, a.History, 3)
	if b.Fits(s) {
		t.Error("a snapshot fits another document")
	}
	for _, c := range []*chunk.Change{b.At(0), b.At(1), b.At(2)} { // the document has two heads then
		mustAdd(t, a.History, c)
	}
	a.MarkDurable(6)
	both := mustSnapshot(t, a.History, 6)
	for _, heads := range [][]id.ChangeHash{
		{both.Heads[0], both.Heads[0]}, both.Heads[:1], {both.Heads[0], both.Heads[1], a.At(0).Hash}, {both.Heads[0], a.At(0).Hash}, {both.Heads[0], {}},
	} {
		if a.Fits(&history.Snapshot{Changes: 6, Heads: heads, Chunk: both.Chunk}) {
			t.Errorf("a snapshot with heads %v fits a document with heads %v", heads, both.Heads)
		}
	}
	if !a.Fits(both) || !a.Fits(s) {
		t.Error("a snapshot does not fit its document")
	}
	forgot := history.New(history.Limits{})
	for i := range 3 {
		mustAdd(t, forgot, a.At(i))
		if forgot.MarkDurable(i); forgot.Fits(s) {
			t.Errorf("a snapshot of 3 changes fits when %d are durable", i)
		}
	}
	if forgot.MarkDurable(3); !forgot.Fits(s) {
		t.Error("a snapshot does not fit when all is durable")
	}
	if _, err := history.MakeSnapshot(nil, chunk.Limits{}, nil); !errors.Is(err, history.ErrSnapshot) {
		t.Errorf("of no changes: %v", err)
	}
	if _, err := history.MakeSnapshot([]*chunk.Change{a.At(1)}, chunk.Limits{}, nil); !errors.Is(err, history.ErrSnapshot) {
		t.Errorf("of a change without its dependency: %v", err)
	}
	_, err := history.MakeSnapshot(a.Prefix(3), chunk.Limits{ChangesMax: 2}, nil)
	if !errors.Is(err, chunk.ErrLimit) || errors.Is(err, history.ErrSnapshot) {
		t.Errorf("of more changes than allowed: %v", err)
	}
}

func TestDamagedSnapshotIsNotOpened(t *testing.T) {
	a := historytest.New("a")
	a.Put("k", "value")
	s := mustSnapshot(t, a.History, 1)
	for at := range s.Chunk {
		damaged := bytes.Clone(s.Chunk)
		damaged[at] ^= 0x10
		if _, err := history.OpenSnapshot(1, damaged, chunk.Limits{}); !errors.Is(err, history.ErrSnapshot) {
			t.Errorf("byte %d is another: %v", at, err)
		}
		if _, err := history.OpenSnapshot(1, s.Chunk[:at], chunk.Limits{}); !errors.Is(err, history.ErrSnapshot) {
			t.Errorf("cut off at %d: %v", at, err)
		}
	}
	if _, err := history.OpenSnapshot(1, a.At(0).Bytes(), chunk.Limits{}); !errors.Is(err, history.ErrSnapshot) {
		t.Errorf("a change: %v", err)
	}
}

// A growing document has few snapshots, which together are not much longer than
// the last, and what none of them covers is never much.
func TestSnapshotsOfAGrowingDocument(t *testing.T) {
	covered, made, worst := 0, 0, 0
	for durable := range 100_000 {
		if history.SnapshotDue(covered, durable) {
			covered = durable
			made += durable
		}
		if tail := durable - covered; tail > durable/5+64 {
			worst = max(worst, tail)
		}
	}
	if covered < 80_000 || made > 6*covered || worst > 0 {
		t.Errorf("%d changes covered, %d written in all, %d left over", covered, made, worst)
	}
	if history.SnapshotDue(0, 10) {
		t.Error("a document of 10 changes has a snapshot")
	}
}

// Somebody who waits for the work to end can end it, and is told his own error.
func TestSnapshotIsGivenUp(t *testing.T) {
	stop := errors.New("stop")
	h := history.New(history.Limits{})
	for _, c := range board(3000) {
		if err := h.Restore(c.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	steps := 0
	if _, err := history.MakeSnapshot(h.Prefix(h.Len()), chunk.Limits{}, func() error { steps++; return nil }); err != nil {
		t.Fatal(err)
	}
	for end := range steps {
		n := 0
		_, err := history.MakeSnapshot(h.Prefix(h.Len()), chunk.Limits{}, func() error {
			if n++; n > end {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) || errors.Is(err, history.ErrSnapshot) || n != end+1 {
			t.Errorf("ended at step %d of %d, went on to %d: %v", end, steps, n, err)
		}
	}
}

// A snapshot is made beside the goroutine that goes on adding changes.
func TestSnapshotBesideTheOwner(t *testing.T) {
	h := history.New(history.Limits{})
	changes := board(400)
	for _, c := range changes[:200] {
		mustAdd(t, h, c)
	}
	prefix := h.Prefix(200)
	done := make(chan error)
	go func() {
		_, err := history.MakeSnapshot(prefix, chunk.Limits{}, nil)
		done <- err
	}()
	for _, c := range changes[200:] {
		mustAdd(t, h, c)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// checkScribbled makes a snapshot of every kind of document, which is refused if
// the two rules of package chunk about the order of rows disagree, and reads its changes.
func checkScribbled(t *testing.T, data []byte) *history.History {
	t.Helper()
	h := scribble(data)
	if h.Len() == 0 {
		return h
	}
	for _, n := range []int{h.Len(), (h.Len() + 1) / 2} {
		s, err := history.MakeSnapshot(h.Prefix(n), chunk.Limits{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := chunk.ParseDocument(s.Chunk, chunk.Limits{})
		if err != nil || len(changes) != n || !h.Fits(s) {
			t.Fatalf("%d changes of %d: %v", len(changes), n, err)
		}
		for i, c := range changes {
			if c.Hash != h.At(i).Hash {
				t.Fatalf("change %d is another", i)
			}
		}
	}
	return h
}

func TestSnapshotOfScribbledDocuments(t *testing.T) {
	seen := map[chunk.Action]int{}
	conflicts := 0
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 31))
		data := noise(rng, 200+rng.IntN(1500))
		h := checkScribbled(t, data)
		for i := range h.Len() {
			for _, op := range h.At(i).Ops() {
				seen[op.Action]++
				if len(op.Pred) > 1 {
					conflicts++
				}
			}
		}
	}
	for a := chunk.ActionMakeMap; a <= chunk.ActionMark; a++ {
		if seen[a] < 100 && a != chunk.ActionMakeTable {
			t.Errorf("only %d operations of kind %v", seen[a], a)
		}
	}
	if conflicts < 100 {
		t.Errorf("only %d operations settle a conflict", conflicts)
	}
}

func FuzzSnapshot(f *testing.F) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 32))
		data := noise(rng, 400)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 1<<12 {
			checkScribbled(t, data)
		}
	})
}

// Making a snapshot with everything that verifies it.
func BenchmarkMakeSnapshot(b *testing.B) {
	for _, n := range []int{200, 1_000, 10_000, 100_000} {
		changes := board(n)
		b.Run("changes="+fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := history.MakeSnapshot(changes, chunk.Limits{BytesMax: 64 << 20}, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/change")
		})
	}
}
