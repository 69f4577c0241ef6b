package registry_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// FuzzOpen puts one record of arbitrary bytes among sound ones, as a faulty
// writer could: opening and using the registry must not fail, and who was out
// stays out.
func FuzzOpen(f *testing.F) {
	s := &server{t: &testing.T{}, now: time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC)}
	disk := mem.NewDisk()
	s.open = func() store.Store { return mem.Open(disk) }
	s.start()
	v := newSmall(s)
	s.must(s.RevokeDevice(v.m.Device.ID, ""))
	s.must(s.AddPoster(v.b.ID, posterName(1), "P"))
	var all []store.Record
	s.eachRecord(func(key, value []byte) {
		all = append(all, store.Record{Key: key, Value: value})
		f.Add(string(key), value)
		if strings.HasPrefix(string(key), "a/") {
			f.Add("a/0070000000000", value) // far behind the others
		}
	})
	f.Add("r/v/", []byte("\xa3\x01x\x1a9nvc53qhaveae47pv\x82g5y6gge0\x02\x1b#\x00\x01\xa1\xe4:z\x00\x04grevoked")) // in the year 80 million
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		record := store.Record{Key: []byte(key), Value: append([]byte{}, value...)}
		if store.CheckRecords([]store.Record{record}) != nil {
			return
		}
		disk := mem.NewDisk()
		if err := mem.Open(disk).PutRecords(append(all[:len(all):len(all)], record)); err != nil {
			t.Fatal(err)
		}
		again := serverOn(t, func() store.Store { return mem.Open(disk) })
		again.picture()
		again.Revocations()
		registry.Usage(again.Invites(v.b.ID))
		again.Owners(v.b.ID)
		again.NextChange(again.clock())
		if _, err := again.Principal(v.m.Device.ID, again.clock()); err == nil {
			t.Error("the revoked device is in")
		}
		for _, mutate := range mutations {
			_ = mutate(small{server: again, b: v.b, m: v.m, invite: v.invite, code: v.code, refused: v.refused, fresh: v.fresh})
		}
	})
}

// Everybody at once, for the race detector: what is asked is whole at each moment.
func TestSideBySide(t *testing.T) {
	s := newServer(t)
	a, b := s.board("A"), s.board("B")
	s.join(a, rights.Owner)
	m := s.join(a, rights.Resident)
	both := rights.RolesOf(rights.Resident, rights.Moderator)
	var readers, writers sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			stop := s.Watch(m.Device.ID, func() { _, _ = s.Principal(m.Device.ID, s.clock()) })
			defer stop()
			for {
				select {
				case <-done:
					return
				default:
				}
				if p, err := s.Principal(m.Device.ID, s.clock()); err != nil || p.On(a.ID) == nil || p.On(a.ID).Roles&^both != 0 {
					t.Errorf("principal %+v, %v", p, err)
					return
				}
				s.Count(a.ID)
				s.Members(a.ID)
				s.Devices(id.Document{})
				s.Quarantined(b.ID)
				s.Scans(id.Document{})
				s.NextChange(s.clock())
			}
		})
	}
	const rounds = 60
	for w, write := range []func(int) error{
		func(n int) error {
			if n%2 == 0 {
				return s.Grant(m.Member.Ref, a.ID, rights.Moderator, time.Time{}, s.clock().Add(hour), "")
			}
			return errOf(s.Ungrant(m.Member.Ref, a.ID, rights.Moderator, ""))
		},
		func(int) error { s.join(b, rights.Resident); return nil },
		func(n int) error { return s.Seen(m.Device.ID, &registry.Status{Unsent: n}) },
		func(n int) error { return s.Scan(posterName(n % 3)) },
		func(n int) error { return s.RenameDevice(m.Device.ID, fmt.Sprint(n)) },
		func(n int) error { s.refuse(b, "", []byte("x")); return nil },
		func(int) error { s.pass(time.Minute); s.Tick(); return nil },
	} {
		writers.Go(func() {
			for n := range rounds {
				if err := write(n); err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	s.pass(registry.SeenEvery) // so that what the device says last is durable, too
	s.must(s.Seen(m.Device.ID, &registry.Status{Unsent: rounds}))
	s.must(s.Close())
	before := s.picture()
	s.restart()
	if after := s.picture(); len(s.Members(b.ID)) != rounds || len(after) != len(before) {
		t.Errorf("%d members; after a restart it shows\n%s\nbefore\n%s", len(s.Members(b.ID)), after, before)
	}
}
