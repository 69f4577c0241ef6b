//go:build linux || darwin

package groupcommit_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/store/badger"
	"github.com/tavle-org/tavle/syncd/internal/store/groupcommit"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

var stallPace = flag.Duration("pace", 20*time.Millisecond, "how long each writer of -stalls rests after an ack")

var stallTime = flag.Duration("stalls", 0, "measure how long acks wait beside merges and snapshots for this long")

// TestStalls prints how long writers wait for their acks while the documents of
// others are merged, snapshots are written and Badger flushes and compacts its
// tables. It asserts nothing: what it prints is that of this machine. What the disk
// does on its own tells a plain file that is flushed beside it, and what the processor
// does, how late somebody wakes up who sleeps. Percentiles of the three are not to be
// compared, since they rest differently: compare the time in waits over 50 ms. With
// priority over whatever else runs, only the disk is left.
//
//	go test ./syncd/internal/store/groupcommit -run TestStalls -stalls 60s -v
//	chrt -f 10 go test ./syncd/internal/store/groupcommit -run TestStalls -stalls 20s -v
func TestStalls(t *testing.T) {
	if *stallTime == 0 {
		t.Skip("a measurement: see -stalls")
	}
	for _, writers := range []int{1, 20, 64} {
		t.Run(fmt.Sprintf("writers=%d", writers), func(t *testing.T) { measureStalls(t, writers) })
	}
}

func measureStalls(t *testing.T, writers int) {
	s, err := badger.Open(badger.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var commits waits // on the committer's goroutine
	c := groupcommit.New(s, groupcommit.Config{Observe: func(_, _ int, elapsed time.Duration) { commits.add(elapsed) }})
	stop := make(chan struct{})
	var beside, wg sync.WaitGroup
	acks, merges, snapshots, disk, late := make([]waits, writers), waits{}, waits{}, waits{}, waits{}
	beside.Go(func() { diskAlone(t, &disk, stop) })
	beside.Go(func() {
		for !ended(stop) {
			began := time.Now()
			time.Sleep(time.Millisecond)
			late.add(time.Since(began) - time.Millisecond)
		}
	})
	beside.Go(func() {
		for n := 1_000_000; !ended(stop); n++ {
			mergeOne(t, s, c, n, &merges, stop)
		}
	})
	beside.Go(func() {
		chunk := make([]byte, 6<<20)
		for i := range chunk {
			chunk[i] = byte(rand.Uint32())
		}
		for n := 1; !ended(stop); n++ {
			snapshots.time(func() error { return s.PutSnapshot(storetest.Document(2_000_000+n%50), n, chunk) })
			time.Sleep(time.Second)
		}
	})
	for w := range writers {
		wg.Go(func() {
			for first := 0; !ended(stop); first++ {
				acks[w].time(func() error { return commitOne(t, c, w, first) })
				time.Sleep(*stallPace)
			}
		})
	}
	time.Sleep(*stallTime)
	close(stop)
	wg.Wait()
	beside.Wait()
	c.Close()
	t.Logf("acks      %s", slices.Concat(acks...))
	t.Logf("commits   %s", commits)
	t.Logf("merges    %s", merges)
	t.Logf("snapshots %s", snapshots)
	t.Logf("disk      %s", disk)
	t.Logf("processor %s", late)
}

// mergeOne fills a document with 2000 records of a change and merges it.
func mergeOne(t *testing.T, s *badger.Store, c *groupcommit.Committer, n int, merges *waits, stop chan struct{}) {
	const records, atOnce = 2000, 20
	heard := make(chan error, atOnce)
	for first := range records {
		if first >= atOnce && failed(t, <-heard) || ended(stop) {
			return
		}
		a := storetest.AppendOf(storetest.Document(n), first, 1, 350)
		if failed(t, c.Submit(t.Context(), a, func(err error) { heard <- err })) {
			return
		}
	}
	for range atOnce {
		if failed(t, <-heard) {
			return
		}
	}
	merges.time(func() error { return s.Merge(storetest.Document(n)) })
}

func commitOne(t *testing.T, c *groupcommit.Committer, doc, first int) error {
	heard := make(chan error, 1)
	err := c.Submit(t.Context(), storetest.AppendOf(storetest.Document(doc), first, 1, 350), func(err error) { heard <- err })
	if err == nil {
		err = <-heard
	}
	failed(t, err)
	return err
}

func failed(t *testing.T, err error) bool {
	if err != nil {
		t.Error(err)
	}
	return err != nil
}

// diskAlone flushes a page of a file over and over.
func diskAlone(t *testing.T, disk *waits, stop chan struct{}) {
	f, err := os.Create(filepath.Join(t.TempDir(), "alone"))
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	page := make([]byte, 4096)
	for n := int64(0); !ended(stop); n++ {
		disk.time(func() error {
			if _, err := f.WriteAt(page, n%1024*4096); err != nil {
				return err
			}
			return f.Sync()
		})
		time.Sleep(2 * time.Millisecond)
	}
}

func ended(stop chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// waits are times that something took.
type waits []time.Duration

func (w *waits) add(d time.Duration) { *w = append(*w, d) }

func (w *waits) time(f func() error) {
	began := time.Now()
	if f() == nil {
		w.add(time.Since(began))
	}
}

func (w waits) String() string {
	if len(w) == 0 {
		return "none"
	}
	slices.Sort(w)
	long, inAll := w[sort50(w):], time.Duration(0)
	for _, d := range long {
		inAll += d
	}
	return fmt.Sprintf("%7d: p50 %.2f, p99 %.2f, p99.9 %.2f, max %.1f ms; over 50 ms: %d, %.2f s in all", len(w),
		ms(w[len(w)/2]), ms(w[len(w)*99/100]), ms(w[len(w)*999/1000]), ms(w[len(w)-1]), len(long), inAll.Seconds())
}

func sort50(w waits) int {
	n, _ := slices.BinarySearch(w, 50*time.Millisecond)
	return n
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
