package badger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestOneOpenerAtATime(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second opening: %v; want ErrInUse that names the directory", err)
	}
	mustCommit(t, s, storetest.AppendOf(storetest.Document(1), 0, 1, 50))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir)
}

func TestOtherFormatsAreRefused(t *testing.T) {
	newer := t.TempDir()
	s := mustOpen(t, newer)
	edit(t, s, func(txn *kv.Txn) error {
		return txn.Set(formatKey, binary.BigEndian.AppendUint16([]byte("tavle"), formatVersion+1))
	})
	s.Close()

	foreign := t.TempDir()
	s = mustOpen(t, foreign)
	edit(t, s, func(txn *kv.Txn) error {
		return errors.Join(txn.Delete(formatKey), txn.Delete(storageKey), txn.Set([]byte("user:1"), []byte("x")))
	})
	s.Close()

	for what, dir := range map[string]string{"newer": newer, "foreign": foreign} {
		if _, err := Open(Config{Dir: dir}); !errors.Is(err, ErrFormat) {
			t.Errorf("a %s store: %v, want ErrFormat", what, err)
		}
	}
}

func TestResetStorageID(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	was := s.StorageID()
	now, err := s.ResetStorageID()
	if err != nil || now == was || s.StorageID() != now {
		t.Fatalf("storage id %q became %q, %v; the store says %q", was, now, err, s.StorageID())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s = mustOpen(t, dir); s.StorageID() != now {
		t.Errorf("after opening again it is %q, want %q", s.StorageID(), now)
	}
}

// A full disk stops writing, not reading, and stores nothing of the batch.
func TestFullDisk(t *testing.T) {
	dir, doc := t.TempDir(), storetest.Document(1)
	s := mustOpen(t, dir)
	mustCommit(t, s, storetest.AppendOf(doc, 0, 1, 350))
	s.cfg.FreeBytesMin = 1 << 60
	err := s.Commit([]store.Append{storetest.AppendOf(doc, 1, 1, 350)})
	if !errors.Is(err, store.ErrFull) {
		t.Fatalf("commit: %v, want ErrFull", err)
	}
	if got, _, err := storetest.Load(s, doc); err != nil || len(got) != 1 {
		t.Fatalf("%d changes, %v; want 1", len(got), err)
	}
	s.cfg.FreeBytesMin = 1
	mustCommit(t, s, storetest.AppendOf(doc, 1, 1, 350))
}

// The flush of the directory fails once the transaction is in the log, so the
// batch is stored and nobody may count on it.
func TestUnknownOutcomeClosesTheStore(t *testing.T) {
	dir, doc := t.TempDir(), storetest.Document(1)
	s := mustOpen(t, dir)
	mustCommit(t, s, storetest.AppendOf(doc, 0, 1, 350))
	s.rotation.dir = "\x00"
	err := s.Commit([]store.Append{storetest.AppendOf(doc, 1, 1, 350)})
	if !errors.Is(err, store.ErrUnknownOutcome) {
		t.Fatalf("commit: %v, want ErrUnknownOutcome", err)
	}
	_, _, load := storetest.Load(s, doc)
	_, _, stat := s.Stat(doc)
	_, reset := s.ResetStorageID()
	_, stats := s.Stats()
	for call, err := range map[string]error{
		"Commit": s.Commit([]store.Append{storetest.AppendOf(doc, 2, 1, 350)}),
		"Load":   load, "Stat": stat, "ResetStorageID": reset, "Stats": stats,
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s afterwards: %v, want ErrClosed", call, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	s.db.Close() // as the end of the process would
	again := mustOpen(t, dir)
	if got, _, err := storetest.Load(again, doc); err != nil || len(got) != 2 {
		t.Errorf("opening again decides for %d changes, %v; want 2", len(got), err)
	}
}

func TestStats(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	before, err := s.Stats()
	if err != nil || before.FreeBytes <= 0 {
		t.Fatalf("%+v, %v", before, err)
	}
	mustCommit(t, s, storetest.AppendOf(storetest.Document(1), 0, 1, 4<<20))
	after, err := s.Stats()
	if err != nil || after.DiskBytes < before.DiskBytes+2<<20 {
		t.Errorf("2 MiB of random bytes took %d bytes, %v", after.DiskBytes-before.DiskBytes, err)
	}
}

// Whatever Badger adds to its options is a decision to take: the settings of the
// package comment are the ones in use, and the value log has nothing in it.
func TestTheValueLogStaysEmpty(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	mustCommit(t, s, storetest.AppendOf(storetest.Document(1), 0, 2, 5<<20), storetest.AppendOf(storetest.Document(2), 0, 3000, 350))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
	if err != nil || len(logs) == 0 {
		t.Fatalf("%v, %v", logs, err)
	}
	const header = 20
	for _, name := range logs {
		if info, err := os.Stat(name); err != nil || info.Size() > header {
			t.Errorf("%s has %d bytes, %v", name, info.Size(), err)
		}
	}
}

// BenchmarkOpen shows that opening does not depend on the number of documents.
func BenchmarkOpen(b *testing.B) {
	for _, documents := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("documents=%d", documents), func(b *testing.B) {
			dir := b.TempDir()
			fill(b, dir, documents)
			for b.Loop() {
				s, err := Open(Config{Dir: dir})
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// BenchmarkLoad loads a document of 10,000 changes, each from a record of its
// own, and again when those are merged.
func BenchmarkLoad(b *testing.B) {
	dir, doc := b.TempDir(), storetest.Document(1)
	s, err := Open(Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for first := range 10_000 {
		if err := s.Commit([]store.Append{storetest.AppendOf(doc, first, 1, 567)}); err != nil {
			b.Fatal(err)
		}
	}
	load := func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Load(doc, func([]byte) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
		info, _, err := s.Stat(doc)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(info.StoredBytes)/float64(info.Changes), "B/change")
	}
	b.Run("single", load)
	if err := s.Merge(doc); err != nil {
		b.Fatal(err)
	}
	b.Run("merged", load)
}

func fill(b *testing.B, dir string, documents int) {
	b.Helper()
	s, err := Open(Config{Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < documents; from += 1000 {
		var batch []store.Append
		for n := from; n < min(from+1000, documents); n++ {
			batch = append(batch, storetest.AppendOf(storetest.Document(n), 0, 1, 350))
		}
		if err := s.Commit(batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// Killed at the wrong moment Badger leaves a log of zero bytes, which it then
// refuses to open.
func TestEmptyLogsDoNotKeepTheStoreShut(t *testing.T) {
	dir, doc := t.TempDir(), storetest.Document(1)
	s := mustOpen(t, dir)
	mustCommit(t, s, storetest.AppendOf(doc, 0, 1, 350))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"00042.mem", "000042.vlog"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = mustOpen(t, dir)
	mustCommit(t, s, storetest.AppendOf(doc, 1, 1, 350))
	if got, _, err := storetest.Load(s, doc); err != nil || len(got) != 2 {
		t.Errorf("%d changes, %v; want 2", len(got), err)
	}
}

// Killed while it writes tables, for lack of space perhaps, Badger leaves some that the
// manifest does not name. They go before anybody asks whether there is space to open.
func TestUnfinishedTablesDoNotKeepTheStoreShut(t *testing.T) {
	dir, doc := t.TempDir(), storetest.Document(1)
	s := mustOpen(t, dir)
	mustCommit(t, s, storetest.AppendOf(doc, 0, 1, 350))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	unfinished := filepath.Join(dir, "000042.sst")
	if err := os.WriteFile(unfinished, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{Dir: dir, freeBytes: func(string) (int64, error) {
		if _, err := os.Stat(unfinished); err == nil {
			return 0, nil
		}
		return 1 << 40, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, _, err := storetest.Load(s, doc); err != nil || len(got) != 1 {
		t.Errorf("%d changes, %v; want 1", len(got), err)
	}
}

// Badger tries for ever to write its tables to a disk that fails. Here it is the folder
// that is gone for a while.
func TestADiskThatFailsIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	mustCommit(t, s, storetest.AppendOf(storetest.Document(1), 0, 1, 350))
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	err := closeWithin(s.db, 100*time.Millisecond)
	if back := os.Rename(dir+".gone", dir); back != nil {
		t.Fatal(back)
	}
	if err == nil || !strings.Contains(err.Error(), "nothing could be written") {
		t.Errorf("closed with %v", err)
	}
	if err := s.db.Close(); err != nil { // which waits for the first
		t.Error(err)
	}
}

// Nor when it fails while Badger opens the store: what was left in a log cannot become a table.
func TestAnOpeningThatFailsIsNotWaitedFor(t *testing.T) {
	from, dir := t.TempDir(), filepath.Join(t.TempDir(), "crashed")
	s := mustOpen(t, from)
	mustCommit(t, s, storetest.AppendOf(storetest.Document(1), 0, 1, 350))
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	const valueLog = "000001.vlog"
	if err := os.Remove(filepath.Join(dir, valueLog)); err != nil {
		t.Fatal(err)
	}
	inTheWay := []string{valueLog}
	for i := range 10 {
		inTheWay = append(inTheWay, fmt.Sprintf("%06d.sst", i+1))
	}
	for _, name := range inTheWay {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	_, err := openWithin(settings(Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)}), 100*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "nothing could be written") {
		t.Errorf("opened with %v", err)
	}
	for _, name := range inTheWay {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 { // until Badger has given up the directory
		if unlock, err := lockDir(dir); err == nil {
			unlock()
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("Badger holds the directory")
}
