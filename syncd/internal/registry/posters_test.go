package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/faultstore"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

func posterName(n int) string { return fmt.Sprintf("%012d", n) }

func TestScansAreCountedByPosterAndDay(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	s.must(s.AddPoster(b.ID, posterName(1), "laundry"))
	for range 3 {
		s.must(s.Scan(posterName(1)))
		s.must(s.Scan(posterName(2)))
		s.pass(24 * hour)
	}
	s.must(s.Scan(posterName(2)))
	for _, no := range []string{"", "short", posterName(1) + "0", "0000000000u1", "0000000000A1"} {
		s.must(s.Scan(no))
	}
	if got := s.Scans(b.ID); len(got) != 1 || got[0].Scans != 3 || got[0].Label != "laundry" {
		t.Errorf("posters of the board: %+v", got)
	}
	s.must(s.AddPoster(b.ID, posterName(2), "")) // it was scanned before anyone said whose it is
	s.must(s.Scan(posterName(2)))
	s.must(s.Close())
	s.restart()
	got := s.Scans(b.ID)
	want := []registry.Day{{Date: "2026-11-16", Scans: 1}, {Date: "2026-11-17", Scans: 1}, {Date: "2026-11-18", Scans: 1}, {Date: "2026-11-19", Scans: 2}}
	if len(got) != 2 || got[0].ID != posterName(2) || got[0].Scans != 5 || !slices.Equal(got[0].Days, want) || got[1].Scans != 3 {
		t.Errorf("posters %+v", got)
	}
	if strange := s.Scans(id.Document{}); len(strange) != 0 {
		t.Errorf("posters of no board: %+v", strange)
	}
	other := s.board("B")
	wantErr(t, "a poster of another board", s.AddPoster(other.ID, posterName(1), ""), registry.ErrInvalid)
	wantErr(t, "no poster", s.AddPoster(b.ID, "x", ""), registry.ErrInvalid)
	wantErr(t, "no board", s.AddPoster(id.NewDocument(), posterName(9), ""), registry.ErrUnknownBoard)
}

func TestOneBoardLeavesPostersToOthers(t *testing.T) {
	s := newServer(t)
	a, b := s.board("A"), s.board("B")
	for n := range registry.BoardPostersMax {
		s.must(s.AddPoster(a.ID, posterName(n), ""))
	}
	wantErr(t, "one poster too many", s.AddPoster(a.ID, posterName(9000), ""), registry.ErrTooMany)
	s.must(s.AddPoster(a.ID, posterName(1), "another label"))
	s.must(s.AddPoster(b.ID, posterName(9000), ""))
}

// A poster that was removed is one that was never heard of, and makes room for another.
func TestARemovedPoster(t *testing.T) {
	s := newServer(t)
	a, b := s.board("A"), s.board("B")
	for n := range registry.BoardPostersMax {
		s.must(s.AddPoster(a.ID, posterName(n), ""))
	}
	s.must(s.Scan(posterName(1)))
	s.must(s.Scan(posterName(1))) // not written yet
	wantErr(t, "a poster of another board", s.RemovePoster(b.ID, posterName(1)), registry.ErrUnknownPoster)
	wantErr(t, "no poster", s.RemovePoster(a.ID, posterName(9000)), registry.ErrUnknownPoster)
	s.must(s.RemovePoster(a.ID, posterName(1)))
	wantErr(t, "a poster that is not there any more", s.RemovePoster(a.ID, posterName(1)), registry.ErrUnknownPoster)
	s.must(s.Close())
	for range 2 {
		if n, strange := len(s.Scans(a.ID)), len(s.Scans(id.Document{})); n != registry.BoardPostersMax-1 || strange != 0 {
			t.Errorf("%d posters are left, and %d of no board", n, strange)
		}
		s.restart()
	}
	s.must(s.Scan(posterName(1)))
	if got := s.Scans(id.Document{}); len(got) != 1 || got[0].Scans != 1 || got[0].Label != "" {
		t.Errorf("a scan of it counts as %+v", got)
	}
	s.must(s.AddPoster(a.ID, posterName(9000), ""))
	wantErr(t, "one poster too many", s.AddPoster(a.ID, posterName(1), ""), registry.ErrTooMany)
	s.must(s.AddPoster(b.ID, posterName(1), ""))
}

func TestOldDaysAreCountedTogether(t *testing.T) {
	s := newServer(t)
	for range registry.PosterDaysMax + 5 {
		s.must(s.Scan(posterName(1)))
		s.pass(24 * hour)
	}
	if p := s.Scans(id.Document{})[0]; p.Earlier != 5 || len(p.Days) != registry.PosterDaysMax || p.Scans != registry.PosterDaysMax+5 {
		t.Errorf("%d days, %d earlier, %d scans", len(p.Days), p.Earlier, p.Scans)
	}
}

// Who makes numbers up fills no disk, does not flush it, and leaves the posters of
// the boards alone.
func TestMadeUpPosters(t *testing.T) {
	disk := mem.NewDisk()
	var fs *faultstore.Store
	s := serverOn(t, func() (opened store.Store) {
		fs, _ = faultstore.New(mem.Open(disk), faultstore.Config{})
		return fs
	})
	b := s.board("A")
	writes := fs.Calls(faultstore.PutRecords)
	var wg sync.WaitGroup
	for from := range 4 {
		wg.Go(func() {
			for n := range 2 * registry.PostersMax / 4 {
				s.must(s.Scan(posterName(100 + 4*n + from)))
			}
		})
	}
	wg.Wait()
	if n := fs.Calls(faultstore.PutRecords) - writes; n > 1 {
		t.Errorf("%d writes within a minute", n)
	}
	s.must(s.AddPoster(b.ID, posterName(1), ""))
	s.must(s.Scan(posterName(1)))
	s.pass(time.Minute)
	s.must(s.Scan(posterName(1)))
	s.restart()
	if got := s.Scans(b.ID); len(got) != 1 || got[0].Scans != 2 {
		t.Errorf("posters of the board: %+v", got)
	}
	stored := 0
	s.eachRecord(func(key, _ []byte) {
		if strings.HasPrefix(string(key), "r/p/") {
			stored++
		}
	})
	if strange := len(s.Scans(id.Document{})); strange > registry.PostersMax/2 || stored != strange+1 {
		t.Errorf("%d made-up posters, %d stored", strange, stored)
	}
}
