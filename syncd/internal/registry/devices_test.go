package registry_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/faultstore"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

func (s *server) denied(what, device string, want error) {
	s.t.Helper()
	_, err := s.Principal(device, s.clock())
	wantErr(s.t, what+": principal", err, want)
	wantErr(s.t, what+": seen", s.Seen(device, nil), want)
}

func TestARevokedDeviceStaysOut(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	key := newDevice()
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, Uses: 9})
	j := s.redeem(code, key)
	s.must(s.RevokeDevice(j.Device.ID, "ann"))
	s.pass(hour)
	s.must(s.RevokeDevice(j.Device.ID, "bob")) // the first one stays
	for range 2 {
		s.denied("revoked", j.Device.ID, registry.ErrRevoked)
		_, err := s.Redeem(code, key)
		wantErr(t, "with a good code", err, registry.ErrRevoked)
		_, err = s.Redeem("00000-00000", key)
		wantErr(t, "with a bad code", err, registry.ErrRevoked)
		d, _ := s.Device(j.Device.ID)
		if d.RevokedBy != "ann" || d.RevokedReason != registry.ReasonRevoked || d.LeaseEnded {
			t.Errorf("device %+v", d)
		}
		s.restart()
	}
	wantErr(t, "no device", s.RevokeDevice("x", ""), registry.ErrUnknownDevice)
}

// A backup from before a revocation lets the device in, until the revocations
// are read in again.
func TestRevocationsComeBackAfterARestore(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	lost, kept := s.join(b, rights.Resident), s.join(b, rights.Resident)
	var backup []store.Record
	s.eachRecord(func(k, v []byte) { backup = append(backup, store.Record{Key: k, Value: v}) })
	late := newDevice()
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
	afterBackup := s.redeem(code, late)
	s.must(s.RevokeDevice(lost.Device.ID, "ann"))
	s.pass(time.Second)
	s.must(s.RevokeDevice(afterBackup.Device.ID, "ann"))
	text, err := json.Marshal(s.Revocations())
	s.must(err)

	disk := mem.NewDisk()
	s.must(mem.Open(disk).PutRecords(backup))
	restored := serverOn(t, func() store.Store { return mem.Open(disk) })
	if _, err := restored.Principal(lost.Device.ID, restored.clock()); err != nil {
		t.Fatalf("the backup has the revocation already: %v", err)
	}
	var list []registry.Revocation
	s.must(json.Unmarshal(text, &list))
	heard := 0
	restored.Watch(lost.Device.ID, func() { heard++ })
	if n, err := restored.ApplyRevocations(append(list, list...)); n != 2 || err != nil || heard == 0 {
		t.Errorf("%d applied, %v, the device heard %d times", n, err, heard)
	}
	for range 2 {
		restored.denied("lost", lost.Device.ID, registry.ErrRevoked)
		if _, err := restored.Principal(kept.Device.ID, restored.clock()); err != nil {
			t.Errorf("another device: %v", err)
		}
		_, code := restored.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
		_, err := restored.Redeem(code, late)
		wantErr(t, "a device that the backup does not know", err, registry.ErrRevoked)
		again, _ := json.Marshal(restored.Revocations())
		if string(again) != string(text) {
			t.Errorf("revocations %s, want %s", again, text)
		}
		if n, err := restored.ApplyRevocations(list); n != 0 || err != nil {
			t.Errorf("applied once more: %d, %v", n, err)
		}
		restored.restart()
	}
	_, err = restored.ApplyRevocations([]registry.Revocation{{}})
	wantErr(t, "no device", err, registry.ErrInvalid)
}

// Damage to any one record lets nobody in who was out, and takes nobody else out.
func TestDamageLetsNobodyIn(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	out, in := s.join(b, rights.Resident), s.join(b, rights.Owner)
	s.must(s.RevokeDevice(out.Device.ID, ""))
	var names []string
	s.eachRecord(func(k, _ []byte) { names = append(names, string(k)) })
	for _, name := range names {
		for _, gone := range []bool{true, false} {
			disk := mem.NewDisk()
			s.eachRecord(func(k, v []byte) {
				switch {
				case string(k) != name:
				case gone:
					return
				default:
					v = []byte{0xff, 0}
				}
				s.must(mem.Open(disk).PutRecords([]store.Record{{Key: k, Value: v}}))
			})
			again := serverOn(t, func() store.Store { return mem.Open(disk) })
			again.log()
			entry := strings.HasPrefix(name, "a/") // which Open does not read
			if damaged := again.Damaged(); damaged != 1 && !gone && !entry {
				t.Errorf("%s: %d damaged records", name, damaged)
			}
			if p, err := again.Principal(out.Device.ID, s.clock()); err == nil {
				t.Errorf("without %s the revoked device is %+v", name, p)
			}
			mine := strings.Contains(name, in.Device.ID) || strings.Contains(name, in.Member.Ref)
			if p, err := again.Principal(in.Device.ID, s.clock()); !mine && (err != nil || name[:4] != "r/b/" && len(p.Boards) != 1) {
				t.Errorf("without %s the other device is %+v, %v", name, p, err)
			}
			if name[:4] == "r/b/" {
				again.Count(b.ID)
				again.Members(b.ID)
			}
			again.Devices(b.ID)
			again.Devices(id.Document{})
		}
	}
}

// A lease ends by itself, and a device that is seen keeps it.
func TestLeases(t *testing.T) {
	const almost = (registry.LeaseDays*24 - 1) * hour
	s := newServer(t)
	b := s.board("A")
	key := newDevice()
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, Uses: 2})
	j := s.redeem(code, key)
	for range 3 {
		s.pass(almost)
		s.must(s.Seen(j.Device.ID, nil))
		s.restart()
	}
	s.pass(almost)
	if s.roles(j.Device.ID, b) != resident {
		t.Error("the lease has ended early")
	}
	s.pass(2 * hour)
	s.denied("not seen", j.Device.ID, registry.ErrLeaseEnded)
	s.denied("not seen", j.Device.ID, registry.ErrRevoked)
	if d, _ := s.Device(j.Device.ID); !d.LeaseEnded || !d.Revoked.IsZero() {
		t.Errorf("device %+v", d)
	}
	if n := s.Count(b.ID); n.Members != 1 || n.Devices != 0 {
		t.Errorf("numbers %+v", n)
	}
	_, code = s.invite(registry.InviteSpec{Member: j.Member.Ref})
	if again := s.redeem(code, key); again.Member.Ref != j.Member.Ref || s.roles(j.Device.ID, b) != resident {
		t.Error("the device does not come back with a new code")
	}
	s.must(s.SetLease(j.Device.ID, 7))
	s.pass(8 * 24 * hour)
	s.restart()
	s.denied("a short lease", j.Device.ID, registry.ErrLeaseEnded)
	s.must(s.SetLease(j.Device.ID, 0))
	if d, _ := s.Device(j.Device.ID); d.LeaseEnded || d.LeaseDays != registry.LeaseDays {
		t.Errorf("device %+v", d)
	}
	wantErr(t, "a lease of no use", s.SetLease(j.Device.ID, -1), registry.ErrInvalid)
	wantErr(t, "nobody's lease", s.SetLease("x", 1), registry.ErrUnknownDevice)
}

// Seen is made durable at most once an hour, and shown at once.
func TestSeenIsWrittenLazily(t *testing.T) {
	disk := mem.NewDisk()
	var fs *faultstore.Store
	s := serverOn(t, func() store.Store {
		var err error
		if fs, err = faultstore.New(mem.Open(disk), faultstore.Config{}); err != nil {
			t.Fatal(err)
		}
		return fs
	})
	b := s.board("A")
	d := s.join(b, rights.Resident).Device.ID
	writes := fs.Calls(faultstore.PutRecords)
	for range 59 {
		s.pass(time.Minute)
		s.must(s.Seen(d, &registry.Status{AppVersion: "2.0\n\xffé" + strings.Repeat("x", 9999), ClockOffset: -3 * time.Second, Unsent: 4}))
	}
	if n := fs.Calls(faultstore.PutRecords) - writes; n != 0 {
		t.Errorf("%d writes in 59 minutes", n)
	}
	check := func() {
		t.Helper()
		v, _ := s.Device(d)
		if !v.LastSeen.Equal(s.clock()) || v.Unsent != 4 || v.ClockOffset != -3*time.Second || !strings.HasPrefix(v.AppVersion, "2.0xx") || len(v.AppVersion) > 40 {
			t.Errorf("device %+v", v)
		}
	}
	check()
	s.pass(time.Minute)
	s.must(s.Seen(d, nil))
	if n := fs.Calls(faultstore.PutRecords) - writes; n != 1 {
		t.Errorf("%d writes in an hour", n)
	}
	s.restart()
	check()
	s.pass(-30 * 24 * hour) // a clock that was wrong
	s.must(s.Seen(d, &registry.Status{Unsent: -7}))
	if v, _ := s.Device(d); !v.LastSeen.Equal(s.clock()) || v.Unsent != -1 {
		t.Errorf("with the right clock: %+v", v)
	}
	wantErr(t, "nobody", s.Seen("x", nil), registry.ErrUnknownDevice)
}

// A full disk keeps reading, and refuses changes.
func TestAFullDisk(t *testing.T) {
	disk := mem.NewDisk()
	full := false
	s := serverOn(t, func() store.Store {
		rules := []faultstore.Rule{}
		if full {
			rules = append(rules, faultstore.Rule{Op: faultstore.PutRecords, Fault: faultstore.Fail, Err: store.ErrFull})
		}
		fs, err := faultstore.New(mem.Open(disk), faultstore.Config{Rules: rules})
		if err != nil {
			t.Fatal(err)
		}
		return fs
	})
	b := s.board("A")
	j := s.join(b, rights.Resident)
	full = true
	s.restart()
	if err := s.Grant(j.Member.Ref, b.ID, rights.Moderator, time.Time{}, time.Time{}, ""); !errors.Is(err, store.ErrFull) {
		t.Errorf("a role: %v", err)
	}
	if s.roles(j.Device.ID, b) != resident {
		t.Error("what was not stored is there")
	}
	select {
	case err := <-s.Fatal():
		t.Errorf("a full disk ends the process: %v", err)
	default:
	}
}

// counted is a store that counts what is put.
type counted struct {
	store.Store
	puts int
}

func (c *counted) PutRecords(records []store.Record) error {
	c.puts++
	return c.Store.PutRecords(records)
}

// A server that starts again sees all its devices at once.
func TestManyAreSeenWithFewWrites(t *testing.T) {
	c := &counted{Store: mem.Open(mem.NewDisk())}
	s := serverOn(t, func() store.Store { return c })
	b := s.board("A")
	devices := []string{"nobody"}
	for range 700 {
		devices = append(devices, s.join(b, rights.Resident).Device.ID)
	}
	s.pass(2 * registry.SeenEvery)
	before := c.puts
	s.must(s.SeenAll(devices))
	if n := c.puts - before; n != 2 {
		t.Errorf("%d writes for %d devices", n, len(devices))
	}
	s.must(s.SeenAll(devices))
	if n := c.puts - before; n != 2 {
		t.Errorf("%d writes when all were seen already", n)
	}
	s.restart()
	d, _ := s.Device(devices[700])
	if !d.LastSeen.Equal(s.clock()) {
		t.Errorf("after a restart it was last seen at %v", d.LastSeen)
	}
}
