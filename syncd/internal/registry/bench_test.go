package registry_test

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// city fills a registry: 300 members a board, each with a device, a tenth on
// a second board.
func city(b *testing.B, s store.Store, members int) (devices []string) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	r, err := registry.Open(registry.Config{Store: s})
	must(err)
	var boards []registry.Board
	for n := range max(1, members/300) {
		board, err := r.CreateBoard(registry.BoardSpec{Title: fmt.Sprint("Gård ", n), Lang: "da"}, "")
		must(err)
		boards = append(boards, board)
	}
	codes := make([]string, len(boards))
	for n := range members {
		at := n % len(boards)
		if n/len(boards)%registry.UsesMax == 0 {
			_, codes[at], err = r.Invite(registry.InviteSpec{Board: boards[at].ID, Roles: resident, Uses: registry.UsesMax})
			must(err)
		}
		key := sha256.Sum256(fmt.Append(nil, n))
		j, err := r.Redeem(codes[at], registry.NewDevice{
			Alg: "Ed25519", Key: key[:], Label: "Firefox on Android", Kind: "phone", AppVersion: "1.4.0",
		})
		must(err)
		must(r.SetLabel(j.Member.Ref, fmt.Sprintf("%d. floor, door %d", n%9, n)))
		if n%10 == 0 {
			must(r.Grant(j.Member.Ref, boards[(at+1)%len(boards)].ID, rights.Resident, time.Time{}, time.Time{}, "op"))
		}
		devices = append(devices, j.Device.ID)
	}
	return devices
}

// copyTo puts the records of one store into another.
func copyTo(b *testing.B, from, to store.Store) {
	b.Helper()
	var batch []store.Record
	put := func() {
		if err := to.PutRecords(batch); err != nil {
			b.Fatal(err)
		}
		batch = batch[:0]
	}
	err := from.Records(nil, func(k, v []byte) error {
		if batch = append(batch, store.Record{Key: k, Value: v}); len(batch) == store.RecordsMax {
			put()
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	put()
}

// BenchmarkOpen reads registries from a disk and says what a member takes in
// memory; the time must grow with their number and no faster.
func BenchmarkOpen(b *testing.B) {
	for _, members := range []int{1500, 15_000, 150_000} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			from := mem.Open(mem.NewDisk())
			city(b, from, members)
			disk, err := badger.Open(badger.Config{Dir: b.TempDir(), FreeBytesMin: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer disk.Close()
			copyTo(b, from, disk)
			from = nil
			before := heap()
			var r *registry.Registry
			for b.Loop() {
				if r, err = registry.Open(registry.Config{Store: disk}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(heap()-before)/float64(members), "heap-B/member")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(members), "ns/member")
			runtime.KeepAlive(r)
		})
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkPrincipal does not depend on how many members there are.
func BenchmarkPrincipal(b *testing.B) {
	for _, members := range []int{300, 30_000} {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			s := mem.Open(mem.NewDisk())
			devices := city(b, s, members)
			r, err := registry.Open(registry.Config{Store: s})
			if err != nil {
				b.Fatal(err)
			}
			now, n := time.Now(), 0
			for _, d := range devices { // makes the pages
				if _, err := r.Principal(d, now); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if _, err := r.Principal(devices[n%len(devices)], now); err != nil {
					b.Fatal(err)
				}
				n++
			}
		})
	}
}

// BenchmarkChange gives a role on a disk: one flush.
func BenchmarkChange(b *testing.B) {
	disk, err := badger.Open(badger.Config{Dir: b.TempDir(), FreeBytesMin: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer disk.Close()
	city(b, disk, 30)
	r, err := registry.Open(registry.Config{Store: disk})
	if err != nil {
		b.Fatal(err)
	}
	board := r.Boards()[0].ID
	member := r.Members(board)[0].Ref
	for b.Loop() {
		if err := r.Grant(member, board, rights.Connector, time.Time{}, time.Time{}, "op"); err != nil {
			b.Fatal(err)
		}
	}
}
