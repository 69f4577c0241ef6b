//go:build linux || darwin

package badger

import (
	"bytes"
	"crypto/rand"
	"runtime"
	"testing"
	"time"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestCompactionIsDue(t *testing.T) {
	for _, c := range []struct {
		tables     int
		size, rest int64
		due        bool
	}{
		{0, 0, 0, false},
		{5, 40 << 20, 0, false},
		{6, 48 << 20, 0, true},
		{6, 48 << 20, 384 << 20, true},
		{6, 48 << 20, 400 << 20, false},
		{11, 88 << 20, 10 << 30, false},
		{12, 96 << 20, 10 << 30, true},
		{6, 1 << 10, 0, true}, // a server that is often killed
	} {
		levels := []kv.LevelInfo{{NumTables: c.tables, Size: c.size}, {}, {Size: c.rest / 4}, {Size: c.rest - c.rest/4}}
		if compactionDue(levels) != c.due {
			t.Errorf("%d tables of %d bytes, %d bytes below: due %v", c.tables, c.size, c.rest, !c.due)
		}
	}
}

// Nothing looks for work while there is none; when there is, tables are merged, and
// what is in them stays what it was.
func TestTablesAreMergedWhenThereIsAReason(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	stacks := make([]byte, 1<<20)
	if stacks = stacks[:runtime.Stack(stacks, true)]; bytes.Contains(stacks, []byte("runCompactor")) {
		t.Error("Badger looks for something to compact")
	}
	const most = 160 // half a megabyte each
	documents := 0
	merged := func() bool { return s.db.Levels()[6].NumTables > 0 }
	changes := map[int][]byte{}
	for ; documents < most && !merged(); documents++ {
		change := make([]byte, 400<<10)
		if _, err := rand.Read(change); err != nil {
			t.Fatal(err)
		}
		changes[documents] = change[:64]
		mustCommit(t, s, store.Append{Document: storetest.Document(documents), Changes: [][]byte{change}, Heads: storetest.Heads(1, 1)})
	}
	for deadline := time.Now().Add(20 * time.Second); compactionDue(s.db.Levels()) || s.compaction.running.Load(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %d documents: %s", documents, s.db.LevelsToString())
		}
	}
	if !merged() || s.db.Levels()[0].NumTables >= level0TablesMin {
		t.Fatalf("after %d documents: %s", documents, s.db.LevelsToString())
	}
	check := func() {
		t.Helper()
		for n, want := range changes {
			_, err := s.Load(storetest.Document(n), func(change []byte) error {
				if !bytes.Equal(change[:len(want)], want) {
					t.Errorf("document %d has changed", n)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	check()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir)
	check()
}
