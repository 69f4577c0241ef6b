package crdttest

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

var (
	snapshots    = flag.Int("snapshots", 25, "how many random histories of each generator become snapshots")
	snapshotSeed = flag.Uint64("snapshotseed", 1, "the first seed of these")
)

// readEngine reads what the engine makes of chunks.
func readEngine(t *testing.T, chunks ...[]byte) *Document {
	t.Helper()
	doc, err := core.New("oracle")
	must(t, err)
	must(t, doc.Load(bytes.Join(chunks, nil)))
	d, err := Read(doc)
	must(t, err)
	return d
}

// snapshotOf makes a snapshot of the first n changes of h.
func snapshotOf(t testing.TB, h *history.History, n int) *history.Snapshot {
	t.Helper()
	s, err := history.MakeSnapshot(h.Prefix(n), chunk.Limits{}, nil)
	must(t, err)
	return s
}

// shuffled accepts changes in a random order of those that histories accept.
func shuffled(t *testing.T, r *rand.Rand, changes []*chunk.Change) *history.History {
	t.Helper()
	h := history.New(history.Limits{})
	changes = slices.Clone(changes)
	r.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	add(t, h, changes)
	h.MarkDurable(h.Len())
	return h
}

// checkSnapshots makes a snapshot of the whole document and one of its
// beginning, and asks both oracles what they read in them.
func checkSnapshots(t *testing.T, js *oracleJS, r *rand.Rand, d *Document) {
	t.Helper()
	h := shuffled(t, r, parse(t, d.Changes))
	var ordered [][]byte
	for i := range h.Len() {
		ordered = append(ordered, h.At(i).Bytes())
	}
	for _, n := range []int{h.Len(), 1 + r.IntN(h.Len())} {
		s := snapshotOf(t, h, n)
		if !h.Fits(s) {
			t.Error("the snapshot does not fit the history that it was made of")
		}
		want, got := readEngine(t, ordered[:n]...), readEngine(t, s.Chunk)
		if !slices.Equal(got.Heads, s.Heads) || !slices.Equal(got.Heads, want.Heads) || len(got.Changes) != n {
			t.Fatalf("the engine loads %d changes with heads %v, want %d and %v", len(got.Changes), got.Heads, n, want.Heads)
		}
		if !reflect.DeepEqual(got.Value, want.Value) {
			t.Fatalf("the engine reads\n%v\nwant\n%v", got.Value, want.Value)
		}
		want, got = readEngine(t, ordered...), readEngine(t, append([][]byte{s.Chunk}, ordered[n:]...)...)
		if !slices.Equal(got.Heads, want.Heads) || !reflect.DeepEqual(got.Value, want.Value) {
			t.Fatalf("the engine reads with the later changes\n%v %v\nwant\n%v %v", got.Heads, got.Value, want.Heads, want.Value)
		}
		if js != nil {
			if a := js.ask(t, oracleQuestion{Changes: ordered, Covers: n, Snapshot: s.Chunk}); a.Error != "" {
				t.Fatal(a.Error)
			}
		}
	}
}

// Histories that the engine wrote, and those of the JavaScript vectors.
func TestSnapshotsReadAsTheirChanges(t *testing.T) {
	js := newOracleJS(t)
	vectors, err := ReadVectors(histories)
	must(t, err)
	for _, v := range vectors {
		t.Run("js "+v.Name, func(t *testing.T) {
			checkSnapshots(t, js, rand.New(rand.NewPCG(1, 20)), &Document{Changes: v.Changes})
		})
	}
	for i := range *snapshots {
		seed := *snapshotSeed + uint64(i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			d, err := Generate(seed, Options{Actors: 1 + int(seed%6), Changes: 2 + int(seed%9)*7})
			must(t, err)
			checkSnapshots(t, js, rand.New(rand.NewPCG(seed, 20)), d)
		})
	}
}

// Histories that JavaScript wrote, with marks and blocks.
func TestSnapshotsOfJavaScriptReadAsTheirChanges(t *testing.T) {
	js := newOracleJS(t)
	refused, marks := 0, 0
	for i := range *snapshots {
		seed := *snapshotSeed + uint64(i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			a := js.ask(t, oracleQuestion{Seed: seed})
			if a.Error != "" {
				t.Fatal(a.Error)
			}
			h := history.New(history.Limits{})
			for _, c := range parse(t, a.Changes) {
				if _, err := h.Add(c); err != nil {
					t.Logf("refused: %v", err)
					refused++
					return
				}
				for _, op := range c.Ops() {
					if op.HasMarkName {
						marks++
					}
				}
			}
			checkSnapshots(t, js, rand.New(rand.NewPCG(seed, 21)), &Document{Changes: a.Changes})
		})
	}
	t.Logf("%d histories, %d refused, %d marks", *snapshots, refused, marks)
	if refused > *snapshots/10 || marks < *snapshots/4 {
		t.Errorf("of %d histories %d are refused and there are only %d marks: too few to tell", *snapshots, refused, marks)
	}
}
