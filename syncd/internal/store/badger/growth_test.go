//go:build linux || darwin

package badger

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

var growth = flag.Int("growth", 0, "measure stores of up to this many documents, and documents of up to this many changes")

// TestGrowth prints what an append, a load and an opening cost, and what the disk
// holds, while documents become more, of ten changes each, and longer, of one record
// for each change. Times are the processor's. It asserts nothing.
//
//	go test ./syncd/internal/store/badger -run TestGrowth -growth 100000 -v
func TestGrowth(t *testing.T) {
	if *growth == 0 {
		t.Skip("a measurement: see -growth")
	}
	var changes [][]byte
	for seed := range uint64(10) {
		changes = append(changes, newCorpus(t, 50+seed, corpusPosts(t, 1)).take(1000)...)
	}
	t.Log("documents  changes | append | load one | open | disk, a change || merge | load one | disk, a change | raw")
	for n := 10; n <= *growth; n *= 10 {
		measureGrowth(t, changes, n, 10)
	}
	for n := 100; n <= *growth; n *= 10 {
		measureGrowth(t, changes, 1, n)
	}
}

// measureGrowth fills a store with documents of as many changes each.
func measureGrowth(t *testing.T, changes [][]byte, documents, each int) {
	const batchMax = 20
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	s := mustOpen(t, dir)
	defer func() { s.Close() }()
	total := documents * each
	raw := 0
	cpu := cpuTime()
	for at := range each {
		for from := 0; from < documents; from += batchMax {
			var batch []store.Append
			for n := from; n < min(from+batchMax, documents); n++ {
				change := changes[(n*each+at)%len(changes)]
				raw += len(change)
				batch = append(batch, store.Append{
					Document: storetest.Document(n), First: at, Changes: [][]byte{change}, Heads: storetest.Heads(1, 1),
				})
			}
			mustCommit(t, s, batch...)
		}
	}
	appended := cpuTime() - cpu
	opened := reopen(t, &s, dir)
	loaded := loadSome(t, s, documents, each)
	disk := diskBytes(t, dir)
	cpu = cpuTime()
	for n := range documents {
		if err := s.Merge(storetest.Document(n)); err != nil {
			t.Fatal(err)
		}
	}
	merged := cpuTime() - cpu
	reopen(t, &s, dir) // makes a table of what is in memory
	if err := s.db.Flatten(1); err != nil {
		t.Fatal(err)
	}
	reopen(t, &s, dir)
	micros := func(d time.Duration, n int) float64 { return float64(d.Nanoseconds()) / 1000 / float64(n) }
	t.Logf("%9d %8d | %5.1f us | %8.2f ms | %6.1f ms | %4d B || %6.1f us | %8.2f ms | %4d B | %d B", documents, each,
		micros(appended, total), micros(loaded, 1000), micros(opened, 1000), disk/int64(total),
		micros(merged, total), micros(loadSome(t, s, documents, each), 1000), diskBytes(t, dir)/int64(total), raw/total)
}

func reopen(t *testing.T, s **Store, dir string) time.Duration {
	t.Helper()
	if err := (*s).Close(); err != nil {
		t.Fatal(err)
	}
	cpu := cpuTime()
	opened, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	*s = opened
	return cpuTime() - cpu
}

// loadSome returns what it takes to load a document, of some that are spread over
// the store.
func loadSome(t *testing.T, s *Store, documents, each int) time.Duration {
	t.Helper()
	some := min(documents, 50)
	cpu := cpuTime()
	for i := range some {
		info, err := s.Load(storetest.Document(i*documents/some), func([]byte) error { return nil })
		if err != nil || info.Changes != each {
			t.Fatalf("%d changes: %v", info.Changes, err)
		}
	}
	return (cpuTime() - cpu) / time.Duration(some)
}

// diskBytes is what the tables of a store take.
func diskBytes(t *testing.T, dir string) (n int64) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tables {
		if info, err := os.Stat(name); err == nil {
			n += allocatedBytes(info)
		}
	}
	return n
}
