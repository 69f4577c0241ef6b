package history_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// startingAt is a change without dependencies that counts on from a document of start-1 operations.
func startingAt(t *testing.T, start uint64) *chunk.Change {
	t.Helper()
	c, err := chunk.Build(chunk.Spec{Actor: id.Actor(fmt.Sprint("starts at ", start)), Seq: 1, StartOp: start, Ops: sets(1, "k")})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestChangesThatWaitForTheDocumentToGrowComeInTheirTurn(t *testing.T) {
	h := history.New(history.Limits{OrphansMax: 4})
	a := historytest.New("a")
	for _, start := range []uint64{3, 11, 5, 7, 12} { // the first makes room for the last
		mustAdd(t, h, startingAt(t, start))
	}
	// Each change has one operation.
	for n, want := range [][]uint64{{1}, {2}, {3}, {4, 5}, {5}, {6, 7}, {7}, {8}, {9}, {10, 11, 12}, {11}} {
		var starts []uint64
		for _, c := range mustAdd(t, h, a.Put("k", "v")) {
			starts = append(starts, c.StartOp)
		}
		if !slices.Equal(starts, want) {
			t.Fatalf("with change %d came those that start at %v, want %v", n+1, starts, want)
		}
	}
	if h.Orphans() != 0 {
		t.Errorf("%d are held", h.Orphans())
	}
}

// A change is no dearer for the many that wait for the document to grow by more.
func TestChangesThatWaitForTheDocumentToGrowAreNotWokenInVain(t *testing.T) {
	const waiting, n = 3000, 50
	h := history.New(history.Limits{})
	for i := range waiting {
		mustAdd(t, h, startingAt(t, uint64(1_000_000+i)))
	}
	a := historytest.New("a")
	for range n {
		a.Put("k", "v")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, c := range a.All() {
		mustAdd(t, h, c)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / n; each > 16<<10 {
		t.Errorf("%d bytes are allocated for each change while %d wait", each, h.Orphans())
	}
}

func TestWhatIsMissingIsToldInParts(t *testing.T) {
	all := historytest.New("all")
	for i := range 7 {
		all.Take(historytest.New(fmt.Sprint("author ", i)).Put("k", "v"))
	}
	h := history.New(history.Limits{})
	merge := all.Put("k", "merged")
	mustAdd(t, h, merge)
	var told []int
	for h.Len() == 0 || h.Orphans() > 0 {
		missing := h.Missing([]id.ChangeHash{merge.Hash}, 3)
		if !slices.IsSortedFunc(missing, id.ChangeHash.Compare) || len(missing) == 0 {
			t.Fatalf("missing %v", missing)
		}
		told = append(told, len(missing))
		for _, hash := range missing {
			i, _ := all.Index(hash)
			mustAdd(t, h, all.At(i))
		}
	}
	if !slices.Equal(told, []int{3, 3, 1}) || h.Len() != 8 {
		t.Errorf("%v were told, %d changes are there", told, h.Len())
	}
}
