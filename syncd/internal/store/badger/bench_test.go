//go:build linux || darwin

package badger

import (
	"syscall"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// BenchmarkCommitBoard commits batches of 20 appends of one board change each,
// as a busy hour does. The time is that of an append, without the flush on a
// file system in memory; cpu-µs is what the process used for it.
func BenchmarkCommitBoard(b *testing.B) {
	const writers = 20
	changes := newCorpus(b, 9, corpusPosts(b, 1)).take(1000)
	s, err := Open(Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	batch := make([]store.Append, writers)
	n, cpu := 0, cpuTime()
	for b.Loop() {
		if n%writers == 0 {
			for i := range batch {
				first := n / writers % len(changes)
				batch[i] = store.Append{
					Document: storetest.Document(n/writers/len(changes)*writers + i), First: first,
					Changes: changes[first : first+1], Heads: storetest.Heads(1, 1),
				}
			}
			if err := s.Commit(batch); err != nil {
				b.Fatal(err)
			}
		}
		n++
	}
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/1000/float64(n), "cpu-µs/append")
}

// BenchmarkLoadBoard loads a page of 1000 changes, of one record for each and
// merged. The time is that of a load.
func BenchmarkLoadBoard(b *testing.B) {
	changes, doc := newCorpus(b, 9, corpusPosts(b, 1)).take(1000), storetest.Document(1)
	s, err := Open(Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for first := range changes {
		err := s.Commit([]store.Append{{Document: doc, First: first, Changes: changes[first : first+1], Heads: storetest.Heads(1, 1)}})
		if err != nil {
			b.Fatal(err)
		}
	}
	load := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			info, err := s.Load(doc, func([]byte) error { return nil })
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.StoredBytes)/float64(len(changes)), "bytes/change")
		}
	}
	b.Run("single", load)
	if err := s.Merge(doc); err != nil {
		b.Fatal(err)
	}
	b.Run("merged", load)
}

// cpuTime is what this process has used, in user and kernel mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
