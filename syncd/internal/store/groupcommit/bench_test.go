//go:build linux || darwin

package groupcommit_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/store/badger"
	"github.com/tavle-org/tavle/syncd/internal/store/groupcommit"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// BenchmarkCommit measures writers that each append one small change to a
// document of their own and wait for the outcome, on Badger with real flushes.
// The time of an operation is the wall time of all writers divided by appends.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 20, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) { benchmarkCommit(b, writers) })
	}
}

func benchmarkCommit(b *testing.B, writers int) {
	const changeBytes = 350
	s, err := badger.Open(badger.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var batches atomic.Int64
	c := groupcommit.New(s, groupcommit.Config{Observe: func(int, int, time.Duration) { batches.Add(1) }})
	defer c.Close()

	latencies := make([][]time.Duration, writers)
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	cpu := cpuTime()
	for w := range writers {
		wg.Go(func() {
			doc, heard := storetest.Document(w), make(chan error, 1)
			for first := 0; left.Add(-1) >= 0; first++ {
				a := storetest.AppendOf(doc, first, 1, changeBytes)
				began := time.Now()
				err := c.Submit(b.Context(), a, func(err error) { heard <- err })
				if err == nil {
					err = <-heard
				}
				if err != nil {
					b.Error(err)
					return
				}
				latencies[w] = append(latencies[w], time.Since(began))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	cpu = cpuTime() - cpu
	all := slices.Concat(latencies...)
	slices.Sort(all)
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "appends/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
	b.ReportMetric(float64(cpu.Microseconds())/float64(len(all)), "cpu-µs/append")
	b.ReportMetric(float64(len(all))/float64(batches.Load()), "appends/batch")
}

// cpuTime is what this process has used, in user and kernel mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
