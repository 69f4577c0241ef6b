package registry_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const hour = time.Hour

func TestRolesBeginAndEnd(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	m := s.join(b, rights.Resident)
	start := s.clock()
	s.must(s.Grant(m.Member.Ref, b.ID, rights.Moderator, start.Add(hour), start.Add(3*hour), "op"))
	s.must(s.Grant(m.Member.Ref, b.ID, rights.Connector, time.Time{}, start.Add(2*hour), "op"))
	s.restart()
	for _, c := range []struct {
		at   time.Duration
		want rights.Roles
		next time.Duration // 0 means never
	}{
		{0, rights.RolesOf(rights.Resident, rights.Connector), hour},
		{hour - 1, rights.RolesOf(rights.Resident, rights.Connector), hour},
		{hour, rights.RolesOf(rights.Resident, rights.Connector, rights.Moderator), 2 * hour},
		{2 * hour, rights.RolesOf(rights.Resident, rights.Moderator), 3 * hour},
		{3 * hour, rights.RolesOf(rights.Resident), 0},
	} {
		p, err := s.Principal(m.Device.ID, start.Add(c.at))
		if err != nil || p.On(b.ID).Roles != c.want {
			t.Errorf("after %v: %+v, %v; want %s", c.at, p, err, c.want)
		}
		want := start.Add(c.next)
		if c.next == 0 {
			want = time.Time{}
		}
		if c.at%hour == 0 {
			if got := s.NextChange(start.Add(c.at)); !got.Equal(want) {
				t.Errorf("after %v the next change is at %v, want %v", c.at, got, want)
			}
		}
	}
	s.must(errOf(s.Ungrant(m.Member.Ref, b.ID, rights.Moderator, "op")))
	s.must(errOf(s.Ungrant(m.Member.Ref, b.ID, rights.Observer, "op")))
	if p, _ := s.Principal(m.Device.ID, start.Add(hour)); p.On(b.ID).Roles.Has(rights.Moderator) {
		t.Error("a role that was taken away begins")
	}
	for what, err := range map[string]error{
		"ends before it begins": s.Grant(m.Member.Ref, b.ID, rights.Owner, start.Add(2*hour), start.Add(hour), ""),
		"has ended":             s.Grant(m.Member.Ref, b.ID, rights.Owner, time.Time{}, start, ""),
		"ends in no year":       s.Grant(m.Member.Ref, b.ID, rights.Owner, time.Time{}, time.UnixMilli(9e18), ""),
		"begins in no year":     s.Grant(m.Member.Ref, b.ID, rights.Owner, time.UnixMilli(9e15), time.Time{}, ""),
		"is no role":            s.Grant(m.Member.Ref, b.ID, 77, time.Time{}, time.Time{}, ""),
	} {
		wantErr(t, "a role that "+what, err, registry.ErrInvalid)
	}
	wantErr(t, "nobody", s.Grant("x", b.ID, rights.Owner, time.Time{}, time.Time{}, ""), registry.ErrUnknownMember)
	wantErr(t, "nowhere", s.Grant(m.Member.Ref, id.NewDocument(), rights.Owner, time.Time{}, time.Time{}, ""), registry.ErrUnknownBoard)
}

func TestWhoWatchesHearsOfWhatConcernsThem(t *testing.T) {
	s := newServer(t)
	a, b := s.board("A"), s.board("B")
	one, other := s.join(a, rights.Resident), s.join(b, rights.Resident)
	heard := map[string]int{}
	var seen rights.Roles
	stopOne := s.Watch(one.Device.ID, func() {
		heard["one"]++
		if p, err := s.Principal(one.Device.ID, s.clock()); err == nil { // not under a lock
			seen = p.On(a.ID).Roles
		}
	})
	s.Watch(other.Device.ID, func() { heard["other"]++ })
	expect := func(what string, one, other int) {
		t.Helper()
		if heard["one"] != one || heard["other"] != other {
			t.Errorf("%s: heard %v, want %d and %d", what, heard, one, other)
		}
		clear(heard)
	}
	s.must(s.Grant(one.Member.Ref, a.ID, rights.Moderator, time.Time{}, time.Time{}, ""))
	expect("a role", 1, 0)
	if !seen.Has(rights.Moderator) {
		t.Error("it was told before it could be seen")
	}
	s.must(s.ArchiveBoard(b.ID, true, ""))
	expect("an archived board", 0, 1)
	s.must(s.RevokeDevice(other.Device.ID, ""))
	expect("a revocation", 0, 1)
	s.must(errOf(s.Ungrant(one.Member.Ref, a.ID, rights.Moderator, "")))
	expect("a role less", 1, 0)
	s.Tick()
	expect("time", 1, 1)
	s.must(s.Seen(one.Device.ID, nil))
	wantErr(t, "a role nowhere", s.Grant(one.Member.Ref, id.NewDocument(), rights.Owner, time.Time{}, time.Time{}, ""), registry.ErrUnknownBoard)
	expect("nothing", 0, 0)
	stopOne()
	stopOne()
	s.must(s.Leave(one.Member.Ref))
	s.Tick()
	expect("after it stopped", 0, 1)
}

func TestABoardKeepsAnOwner(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	soon, never := s.clock().Add(10*hour), time.Time{}
	ann := s.join(b, rights.Owner, rights.Resident).Member.Ref
	bob := s.join(b, rights.Deputy).Member.Ref
	refused := func(what string) {
		t.Helper()
		later := soon.Add(time.Second)
		for name, err := range map[string]error{
			"ungrant": errOf(s.Ungrant(ann, b.ID, rights.Owner, "")), "remove": errOf(s.Remove(ann, b.ID, "")), "leave": s.Leave(ann),
			"forget": s.Forget(ann, ""), "end": s.Grant(ann, b.ID, rights.Owner, never, soon, ""),
			"begin later": s.Grant(ann, b.ID, rights.Owner, later, never, ""),
		} {
			wantErr(t, name+" with "+what, err, registry.ErrLastOwner)
		}
		if m, _ := s.Member(ann); m.Label != "Ann" || len(m.Grants) != 2 {
			t.Errorf("%s: refused, and the owner is %+v", what, m)
		}
	}
	refused("only a deputy")
	s.must(s.Grant(bob, b.ID, rights.Owner, never, soon, ""))
	refused("an owner for a while")
	s.must(s.Grant(bob, b.ID, rights.Owner, soon, never, ""))
	wantErr(t, "leave before the next begins", s.Leave(ann), registry.ErrLastOwner)
	s.must(s.Grant(ann, b.ID, rights.Owner, never, soon, "")) // until the next begins
	if owners, deputies := s.Owners(b.ID); len(owners) != 1 || owners[0].Ref != ann || len(deputies) != 1 || deputies[0].Ref != bob {
		t.Errorf("owners %v, deputies %v", owners, deputies)
	}
	s.pass(11 * hour)
	s.must(s.Leave(ann))
	wantErr(t, "the next one leaves", s.Leave(bob), registry.ErrLastOwner)
	s.must(s.RevokeDevice(s.MemberDevices(bob)[0].ID, "")) // a lost phone is shut out all the same
	if owners, _ := s.Owners(b.ID); len(owners) != 1 || owners[0].Ref != bob {
		t.Errorf("owners %v", owners)
	}
	_, code := s.invite(registry.InviteSpec{Member: bob})
	if j := s.redeem(code, newDevice()); s.roles(j.Device.ID, b) != rights.RolesOf(rights.Owner, rights.Deputy) {
		t.Error("the owner does not come back with another phone")
	}
	s.must(s.ArchiveBoard(b.ID, true, ""))
	s.must(s.Leave(bob)) // an archived board needs none
}

func TestBoards(t *testing.T) {
	s := newServer(t)
	op := s.join(s.board("Z"), rights.Owner)
	b, err := s.CreateBoard(registry.BoardSpec{Title: "Tuinweg", Lang: "nl", TimeZone: "Europe/Amsterdam"}, op.Member.Ref)
	s.must(err)
	s.join(b, rights.Resident)
	clone, err := s.CloneBoard(b.ID, "", op.Member.Ref, nil)
	s.must(err)
	if clone.ID == b.ID || clone.Title != b.Title || clone.Lang != "nl" || clone.TimeZone != b.TimeZone || len(s.Members(clone.ID)) != 1 {
		t.Errorf("clone %+v with %v", clone, s.Members(clone.ID))
	}
	s.must(s.RenameBoard(b.ID, "Aan de tuin", ""))
	s.must(s.ArchiveBoard(clone.ID, true, ""))
	s.restart()
	all := s.Boards()
	if len(all) != 3 || all[0].Title != "Aan de tuin" || all[1].ID != clone.ID || all[1].Archived.IsZero() || !all[0].Archived.IsZero() {
		t.Errorf("boards %+v", all)
	}
	p, err := s.Principal(op.Device.ID, s.clock())
	s.must(err)
	if len(p.Boards) != 3 || !p.On(clone.ID).Archived || p.On(b.ID).Archived || p.On(b.ID).Pages == p.On(clone.ID).Pages {
		t.Errorf("principal %+v", p)
	}
	if !slices.IsSortedFunc(all, func(a, b registry.Board) int { return strings.Compare(a.Title, b.Title) }) {
		t.Error("boards are not in order")
	}
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
	s.must(s.ArchiveBoard(clone.ID, false, ""))
	s.redeem(code, newDevice())
	if p, _ = s.Principal(op.Device.ID, s.clock()); p.On(clone.ID).Archived {
		t.Error("the board is still archived")
	}
	for what, spec := range map[string]registry.BoardSpec{
		"no title": {Title: " \n", Lang: "da"}, "a long title": {Title: strings.Repeat("x", 81), Lang: "da"},
		"no language": {Title: "x"}, "a strange zone": {Title: "x", Lang: "da", TimeZone: "../etc/passwd"},
	} {
		_, err := s.CreateBoard(spec, "")
		wantErr(t, what, err, registry.ErrInvalid)
	}
	wantErr(t, "rename", s.RenameBoard(id.NewDocument(), "x", ""), registry.ErrUnknownBoard)
	wantErr(t, "archive", s.ArchiveBoard(id.NewDocument(), true, ""), registry.ErrUnknownBoard)
}

func TestJoinedByWeek(t *testing.T) {
	s := newServer(t) // on a Monday
	b := s.board("A")
	s.join(b, rights.Resident, rights.Moderator)
	first := s.join(b, rights.Resident)
	s.pass(7 * 24 * hour)
	gone := s.join(b, rights.Resident)
	stays := s.join(b, rights.Observer)
	s.must(errOf(s.Remove(gone.Member.Ref, b.ID, "")))
	s.must(s.RevokeDevice(stays.Device.ID, "")) // still a member
	n := s.Count(b.ID)
	want := []registry.Week{{Week: "2026-W47", People: 2}, {Week: "2026-W48", People: 1}}
	if !slices.Equal(n.Joined, want) || n.Members != 3 || n.Devices != 2 || n.Roles[rights.Resident] != 2 || n.Roles[rights.Moderator] != 1 {
		t.Errorf("numbers %+v", n)
	}
	s.pass(7 * 24 * hour)
	s.must(s.Grant(first.Member.Ref, b.ID, rights.Resident, time.Time{}, s.clock().Add(hour), ""))
	if n := s.Count(b.ID); n.Joined[0] != want[0] {
		t.Errorf("after a role was prolonged: %+v", n.Joined)
	}
	if strays := s.Members(id.Document{}); len(strays) != 1 || strays[0].Ref != gone.Member.Ref {
		t.Errorf("members of no board: %+v", strays)
	}
}

// A member has joined two boards with invites that were made for it alone, one of
// them before it was kept who used it.
func TestForgetErasesTheLabelsOfEveryInvite(t *testing.T) {
	for what, old := range map[string]bool{"as they are kept": false, "as they were kept": true} {
		s := newServer(t)
		a, b := s.board("a"), s.board("b")
		phone := newDevice()
		_, code := s.invite(registry.InviteSpec{Board: a.ID, Roles: resident, Label: "Bodil, 2nd floor"})
		m := s.redeem(code, phone).Member
		_, code = s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, Label: "Bodil again"})
		s.redeem(code, phone)
		_, code = s.invite(registry.InviteSpec{Board: a.ID, Roles: resident, Label: "all of the house", Uses: 5})
		s.redeem(code, phone)
		s.invite(registry.InviteSpec{Board: a.ID, Roles: resident, Label: "somebody else"})
		if old {
			s.withoutField("r/i/", 15)
		}
		s.must(s.Forget(m.Ref, "op"))
		s.restart()
		var labels []string
		for _, i := range append(s.Invites(a.ID), s.Invites(b.ID)...) {
			labels = append(labels, i.Label)
		}
		slices.Sort(labels)
		if want := []string{"", "", "all of the house", "somebody else"}; !slices.Equal(labels, want) {
			t.Errorf("%s: labels %q, want %q", what, labels, want)
		}
	}
}

// withoutField makes records as an older version wrote them, and starts again.
func (s *server) withoutField(prefix string, field uint64) {
	s.t.Helper()
	var records []store.Record
	s.eachRecord(func(key, value []byte) {
		fields := map[uint64]any{}
		if !strings.HasPrefix(string(key), prefix) {
			return
		}
		s.must(cbor.Unmarshal(value, &fields))
		delete(fields, field)
		value, err := cbor.Marshal(fields)
		s.must(err)
		records = append(records, store.Record{Key: bytes.Clone(key), Value: value})
	})
	s.must(s.open().PutRecords(records))
	s.restart()
}

// A member adds devices for weeks, which is more than one write holds.
func TestAMemberWithManyDevicesIsForgotten(t *testing.T) {
	s := newServer(t)
	b := s.board("a")
	m := s.join(b, rights.Resident).Member
	add := func() error {
		_, code := s.invite(registry.InviteSpec{Member: m.Ref, By: m.Ref})
		_, err := s.Redeem(code, newDevice())
		return err
	}
	n := 1
	for range 11 {
		for len(s.MemberDevices(m.Ref)) < n+49 {
			s.must(add())
		}
		n = len(s.MemberDevices(m.Ref))
		s.pass(61 * 24 * hour)
	}
	s.must(add())
	s.must(s.Forget(m.Ref, "op"))
	for range 2 {
		for _, d := range s.MemberDevices(m.Ref) {
			if d.RevokedReason != registry.ReasonForgotten || d.Label != "" || len(d.Key) != 0 {
				t.Fatalf("device %+v", d)
			}
		}
		s.restart()
	}
	if len(s.MemberDevices(m.Ref)) < 501 {
		t.Error("the test has too few devices")
	}
}

func TestNewDevicesOfAMemberInADay(t *testing.T) {
	s := newServer(t)
	m := s.join(s.board("a"), rights.Resident).Member
	add := func() error {
		_, code := s.invite(registry.InviteSpec{Member: m.Ref, By: m.Ref})
		j, err := s.Redeem(code, newDevice())
		if err == nil {
			s.must(s.RevokeDevice(j.Device.ID, m.Ref))
		}
		return err
	}
	for range registry.MemberDevicesADay - 1 {
		s.must(add())
	}
	wantErr(t, "one more today", add(), registry.ErrTooMany)
	s.pass(24 * hour)
	s.must(add())
}

// What is left of a forgotten member is the reference that documents have.
func TestForget(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	s.join(b, rights.Owner)
	d := newDevice()
	d.Label, d.AppVersion = "Bodil's telephone", "7.7.7-bodil"
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, Label: "Bodil, 2nd floor"})
	m := s.redeem(code, d)
	s.invite(registry.InviteSpec{Member: m.Member.Ref, Label: "Bodil's tablet"})
	s.must(s.SetLabel(m.Member.Ref, "Bodil Jensen"))
	s.must(s.RenameDevice(m.Device.ID, "Bodil's phone"))
	_, err := s.Quarantine(registry.Refused{Board: b.ID, Device: m.Device.ID, Member: m.Member.Ref, Reason: "notYours"}, [][]byte{[]byte("Bodil writes")})
	s.must(err)
	other, err := s.Quarantine(registry.Refused{Board: b.ID, Member: "other"}, [][]byte{[]byte("x")})
	s.must(err)
	erased := func() (found []string) {
		s.eachRecord(func(key, value []byte) {
			if bytes.Contains(bytes.ToLower(value), []byte("bodil")) || bytes.Contains(value, d.Key) {
				found = append(found, string(key))
			}
		})
		return found
	}
	if len(erased()) < 4 {
		t.Fatalf("the test does not find what it looks for: %v", erased())
	}
	s.must(s.Forget(m.Member.Ref, "op"))
	s.must(s.Forget(m.Member.Ref, "op"))
	for range 2 {
		if found := erased(); len(found) > 0 {
			t.Errorf("left in %q", found)
		}
		got, ok := s.Member(m.Member.Ref)
		if !ok || got.Forgotten.IsZero() || len(got.Grants) != 0 {
			t.Errorf("member %+v, %t", got, ok)
		}
		if v, ok := s.Device(m.Device.ID); !ok || v.RevokedReason != registry.ReasonForgotten || v.Label != "" || len(v.Key) != 0 {
			t.Errorf("device %+v, %t", v, ok)
		}
		_, err = s.Principal(m.Device.ID, s.clock())
		wantErr(t, "its device", err, registry.ErrRevoked)
		if q := s.Quarantined(b.ID); len(q) != 1 || q[0].ID != other.ID {
			t.Errorf("refused changes: %+v", q)
		}
		s.restart()
	}
	wantErr(t, "a label for it", s.SetLabel(m.Member.Ref, "Bodil"), registry.ErrUnknownMember)
	wantErr(t, "a role for it", s.Grant(m.Member.Ref, b.ID, rights.Resident, time.Time{}, time.Time{}, ""), registry.ErrUnknownMember)
	wantErr(t, "nobody", s.Forget("x", ""), registry.ErrUnknownMember)
}
