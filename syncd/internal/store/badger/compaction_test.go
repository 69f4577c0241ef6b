//go:build linux || darwin

package badger

import (
	"bytes"
	"crypto/rand"
	"errors"
	"log/slog"
	"math"
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

// withTables makes a store with so many tables of level 0, which are small.
func withTables(t *testing.T, dir string, tables int) {
	t.Helper()
	s := mustOpen(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o := settings(Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	o.MemTableSize, o.ValueThreshold, o.SyncWrites = 16<<10, 1<<10, false
	o.NumLevelZeroTablesStall = 1 << 20
	db, err := kv.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; db.Levels()[0].NumTables < tables; n++ {
		err := db.Update(func(txn *kv.Txn) error { return txn.Set(namedKey([]byte{byte(n), byte(n >> 8)}), make([]byte, 1<<10)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Where there is no room for copies of all tables none are merged, and when there are too
// many the store is read-only; what may be written in the end does not wait.
func TestMergingWaitsForRoom(t *testing.T) {
	dir, doc := t.TempDir(), storetest.Document(1)
	withTables(t, dir, level0TablesStall)
	free := int64(FreeBytesMinDefault + 256<<10) // enough to write, and not for the tables beside it
	s, err := Open(Config{Dir: dir, freeBytes: func(string) (int64, error) { return free, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if copies := compactionBytes(s.db.Levels()); copies <= free-FreeBytesMinDefault {
		t.Fatalf("the tables have %d bytes only", copies)
	}
	if err := s.Commit([]store.Append{storetest.AppendOf(doc, 0, 1, 350)}); !errors.Is(err, store.ErrFull) {
		t.Errorf("commit with %d tables that wait: %v, want ErrFull", s.db.Levels()[0].NumTables, err)
	}
	if err := s.PutRecords([]store.Record{{Key: []byte("lost device"), Value: []byte("shut out")}}); err != nil {
		t.Errorf("a small record: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir) // with room
	mustCommit(t, s, storetest.AppendOf(doc, 0, 1, 350))
	if n := s.db.Levels()[0].NumTables; n >= level0TablesStall {
		t.Errorf("there are %d tables", n)
	}
}

// Every table may be written anew before one is removed, those of the last level as well.
func TestSpaceToMerge(t *testing.T) {
	levels := []kv.LevelInfo{{Size: 96 << 20}, {}, {}, {Size: 1 << 20}, {Size: 40 << 20}, {}, {Size: 500 << 20}}
	if got := compactionBytes(levels); got != 637<<20 {
		t.Errorf("%d MiB", got>>20)
	}
}

// While tables are merged the space for them is not given away.
func TestWhatIsWrittenLeavesRoomForMerging(t *testing.T) {
	s, doc := mustOpen(t, t.TempDir()), storetest.Document(1)
	s.compaction.room.Store(logBytesMax + 20<<20)
	mustCommit(t, s, storetest.AppendOf(doc, 0, 40, 500<<10)) // more than a log, compressed
	if err := s.Commit([]store.Append{storetest.AppendOf(doc, 40, 42, 500<<10)}); !errors.Is(err, store.ErrFull) {
		t.Errorf("commit: %v, want ErrFull", err)
	}
	s.compaction.room.Store(math.MaxInt64)
	mustCommit(t, s, storetest.AppendOf(doc, 40, 42, 500<<10))
}

// Closing merges nothing: it would not ask for room.
func TestClosingMergesNothing(t *testing.T) {
	dir := t.TempDir()
	for n := range level0TablesMin - 1 {
		s := mustOpen(t, dir)
		mustCommit(t, s, storetest.AppendOf(storetest.Document(n), 0, 1, 350))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if levels := mustOpen(t, dir).db.Levels(); levels[0].NumTables != level0TablesMin-1 || levels[6].NumTables > 0 {
		t.Errorf("%d tables of level 0, %d of the last", levels[0].NumTables, levels[6].NumTables)
	}
}
