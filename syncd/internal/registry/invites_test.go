package registry_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

var (
	resident = rights.RolesOf(rights.Resident)
	visitor  = rights.RolesOf(rights.Visitor)
)

func TestACodeAsPeopleWriteIt(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, Uses: 100})
	plain := strings.ReplaceAll(code, "-", "")
	looks := strings.NewReplacer("1", "l", "0", "O")
	for _, as := range []string{code, plain, strings.ToUpper(code), " " + plain[:3] + " " + plain[3:] + " ", looks.Replace(plain),
		strings.ReplaceAll(plain, "1", "I")} {
		if _, err := s.Redeem(as, newDevice()); err != nil {
			t.Errorf("%q written as %q: %v", code, as, err)
		}
	}
	other := "0"
	if plain[9] == '0' {
		other = "2"
	}
	for _, as := range []string{"", plain[:9], plain + "0", plain[:9] + "u", plain[:9] + other, strings.Repeat("-", 1000), "\xff\xfe"} {
		_, err := s.Redeem(as, newDevice())
		wantErr(t, "code "+as[:min(20, len(as))], err, registry.ErrCode)
	}
}

// Codes that do not work are alike, whatever the reason, and change nothing.
func TestCodesThatDoNotWork(t *testing.T) {
	s := newServer(t)
	b, archived := s.board("A"), s.board("B")
	used, usedCode := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
	s.redeem(usedCode, newDevice())
	_, late := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, TTL: time.Hour})
	revoked, revokedCode := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
	s.must(s.RevokeInvite(revoked.ID))
	_, toArchived := s.invite(registry.InviteSpec{Board: archived.ID, Roles: resident})
	s.must(s.ArchiveBoard(archived.ID, true, "operator"))
	_, ended := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, RoleUntil: s.clock().Add(time.Minute)})
	m := s.join(b, rights.Resident)
	_, forGone := s.invite(registry.InviteSpec{Member: m.Member.Ref, TTL: 100 * time.Hour})
	s.must(s.Forget(m.Member.Ref, "operator"))
	s.pass(time.Hour)
	for range 2 {
		before := len(s.Members(b.ID))
		for what, code := range map[string]string{
			"used": usedCode, "late": late, "revoked": revokedCode, "archived": toArchived, "for a role that has ended": ended,
			"of a forgotten member": forGone, "unknown": "00000-00000",
		} {
			_, err := s.Redeem(code, newDevice())
			if err != registry.ErrCode { // the same error, with nothing added
				t.Errorf("code %s: %v", what, err)
			}
		}
		if got := len(s.Members(b.ID)); got != before {
			t.Errorf("%d members became %d", before, got)
		}
		if i, _ := s.FindInvite(used.ID); i.Uses != 1 {
			t.Errorf("the used invite has %d uses", i.Uses)
		}
		s.restart()
	}
	wantErr(t, "revoking an invite that is not there", s.RevokeInvite("none"), registry.ErrUnknownInvite)
}

// The answer to a device may be lost on the way. Asking again is no second use.
func TestAskingAgainWithTheSameCode(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	i, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
	d := newDevice()
	first := s.redeem(code, d)
	s.pass(30 * 24 * time.Hour) // the code has ended, too
	s.restart()
	again := s.redeem(code, d)
	if again.Member.Ref != first.Member.Ref || again.Device.ID != first.Device.ID || len(again.Boards) != 1 {
		t.Errorf("asking again: %+v, at first %+v", again, first)
	}
	if i, _ = s.FindInvite(i.ID); i.Uses != 1 {
		t.Errorf("%d uses", i.Uses)
	}
	_, err := s.Redeem(code, newDevice())
	wantErr(t, "another device", err, registry.ErrCode)
	s.pass(registry.LeaseDays*24*time.Hour + time.Hour)
	_, err = s.Redeem(code, d)
	wantErr(t, "the used code does not renew a lease", err, registry.ErrCode)
}

func TestAMemberWithSeveralDevicesAndBoards(t *testing.T) {
	s := newServer(t)
	a, b := s.board("A"), s.board("B")
	phone := newDevice()
	_, code := s.invite(registry.InviteSpec{Board: a.ID, Roles: resident})
	m := s.redeem(code, phone).Member
	_, code = s.invite(registry.InviteSpec{Board: b.ID, Roles: rights.RolesOf(rights.Connector)})
	if j := s.redeem(code, phone); j.Member.Ref != m.Ref || len(j.Boards) != 2 {
		t.Errorf("a second board: %+v", j)
	}
	_, old := s.invite(registry.InviteSpec{Member: m.Ref})
	i, code := s.invite(registry.InviteSpec{Member: m.Ref})
	if ttl := i.Until.Sub(i.Made); ttl != registry.DeviceTTL {
		t.Errorf("a code for a device works for %v", ttl)
	}
	_, err := s.Redeem(old, newDevice())
	wantErr(t, "the code made before", err, registry.ErrCode)
	j := s.redeem(code, newDevice())
	if j.Member.Ref != m.Ref || s.roles(j.Device.ID, b) != rights.RolesOf(rights.Connector) {
		t.Errorf("a second device: %+v", j)
	}
	if n := s.Count(a.ID); n.Members != 1 || n.Devices != 2 {
		t.Errorf("the member counts %d times, with %d devices", n.Members, n.Devices)
	}
	stranger := newDevice()
	_, code = s.invite(registry.InviteSpec{Board: a.ID, Roles: resident})
	s.redeem(code, stranger)
	_, code = s.invite(registry.InviteSpec{Member: m.Ref})
	_, err = s.Redeem(code, stranger)
	wantErr(t, "another member's device", err, registry.ErrOtherMember)
	s.redeem(code, newDevice()) // was not used up
	for range registry.MemberDevicesMax - 3 {
		_, code = s.invite(registry.InviteSpec{Member: m.Ref})
		s.redeem(code, newDevice())
	}
	_, code = s.invite(registry.InviteSpec{Member: m.Ref})
	_, err = s.Redeem(code, newDevice())
	wantErr(t, "one device too many", err, registry.ErrTooMany)
}

// A role that somebody has is not shortened by an invite, and may be lengthened.
func TestAnInviteTakesNothingAway(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	soon, later := s.clock().Add(time.Hour), s.clock().Add(48*time.Hour)
	d := newDevice()
	for _, c := range []struct{ until, want time.Time }{{soon, soon}, {later, later}, {soon, later}, {time.Time{}, time.Time{}}, {later, time.Time{}}} {
		_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, RoleUntil: c.until})
		if j := s.redeem(code, d); len(j.Member.Grants) != 1 || !j.Member.Grants[0].Until.Equal(c.want) {
			t.Errorf("until %v: %+v", c.until, j.Member.Grants)
		}
	}
}

// A role that begins later comes all the same, and nothing between is given.
func TestAnInviteTakesNoLaterRoleAway(t *testing.T) {
	days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	for _, c := range []struct {
		until, from, want int // days from now; until 0 is for good
	}{
		{1, 7, 7}, {7, 7, 0}, {8, 7, 0}, {0, 7, 0},
	} {
		s := newServer(t)
		b := s.board("A")
		s.join(b, rights.Owner)
		d := newDevice()
		_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
		m := s.redeem(code, d).Member
		now := s.clock()
		s.must(s.Grant(m.Ref, b.ID, rights.Owner, now.Add(days(c.from)), time.Time{}, "op"))
		spec := registry.InviteSpec{Board: b.ID, Roles: rights.RolesOf(rights.Owner)}
		if c.until != 0 {
			spec.RoleUntil = now.Add(days(c.until))
		}
		_, code = s.invite(spec)
		for _, g := range s.redeem(code, d).Member.Grants {
			if g.Role == rights.Owner && (!g.From.Equal(now.Add(days(c.want))) || !g.Until.IsZero()) {
				t.Errorf("%+v: from %v until %v", c, g.From, g.Until)
			}
		}
	}
}

func TestAKioskIsForVisitors(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	tablet := newDevice()
	tablet.Kind, tablet.Label = "kiosk", "entrance"
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: visitor, Label: "kiosk in no. 4"})
	kiosk := s.redeem(code, tablet)
	p, err := s.Principal(kiosk.Device.ID, s.clock())
	if err != nil || !p.Kiosk || p.On(b.ID).Roles != visitor {
		t.Errorf("principal %+v, %v", p, err)
	}
	_, code = s.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
	_, err = s.Redeem(code, tablet)
	wantErr(t, "a kiosk joins as a resident", err, registry.ErrKiosk)
	person := s.redeem(code, newDevice())
	wantErr(t, "a kiosk becomes an owner", s.Grant(kiosk.Member.Ref, b.ID, rights.Owner, time.Time{}, time.Time{}, ""), registry.ErrKiosk)
	wantErr(t, "a person becomes a visitor", s.Grant(person.Member.Ref, b.ID, rights.Visitor, time.Time{}, time.Time{}, ""), registry.ErrKiosk)
	_, _, err = s.Invite(registry.InviteSpec{Board: b.ID, Roles: visitor | resident})
	wantErr(t, "an invite for both", err, registry.ErrKiosk)
	_, err = s.CreateBoard(registry.BoardSpec{Title: "B", Lang: "nl"}, kiosk.Member.Ref)
	wantErr(t, "a kiosk makes a board", err, registry.ErrKiosk)
	if n := s.Count(b.ID); n.Members != 1 || n.Kiosks != 1 || n.Roles[rights.Visitor] != 1 || n.Devices != 2 {
		t.Errorf("numbers %+v", n)
	}
}

func TestLetters(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	letters, err := s.Letters(registry.InviteSpec{Board: b.ID, Roles: resident, Label: "block 1", TTL: 30 * 24 * time.Hour}, registry.LettersMax)
	s.must(err)
	s.pass(time.Second)
	more, err := s.Letters(registry.InviteSpec{Board: b.ID, Roles: resident, Label: "block 1"}, 3)
	s.must(err)
	seen := map[string]bool{}
	for _, l := range letters {
		if seen[l.Code] || l.Invite.UsesMax != 1 || l.Invite.Batch != letters[0].Invite.Batch || l.Invite.Batch == more[0].Invite.Batch {
			t.Fatalf("letter %+v", l)
		}
		seen[l.Code] = true
	}
	for _, l := range letters[:7] {
		if j := s.redeem(l.Code, newDevice()); j.Member.Label != "" {
			t.Errorf("a household is called %q, as the whole batch is", j.Member.Label)
		}
	}
	s.must(s.RevokeInvite(letters[9].Invite.ID))
	s.restart()
	batches, labels := registry.Usage(s.Invites(b.ID))
	if len(batches) != 2 || batches[1].Uses != 7 || batches[1].Invites != registry.LettersMax || batches[1].Revoked != 1 || batches[0].Invites != 3 {
		t.Errorf("batches %+v", batches)
	}
	if len(labels) != 1 || labels[0].Uses != 7 || labels[0].Invites != registry.LettersMax+3 || labels[0].Label != "block 1" {
		t.Errorf("labels %+v", labels)
	}
	for _, n := range []int{0, registry.LettersMax + 1} {
		_, err := s.Letters(registry.InviteSpec{Board: b.ID, Roles: resident}, n)
		wantErr(t, "a batch of a wrong size", err, registry.ErrInvalid)
	}
}

func TestInvitesThatNobodyCanMean(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	for what, spec := range map[string]registry.InviteSpec{
		"no roles":         {Board: b.ID},
		"no such role":     {Board: b.ID, Roles: 1 << 31},
		"a negative use":   {Board: b.ID, Roles: resident, Uses: -1},
		"too many uses":    {Board: b.ID, Roles: resident, Uses: registry.UsesMax + 1},
		"a long time":      {Board: b.ID, Roles: resident, TTL: registry.TTLMax + 1},
		"a negative time":  {Board: b.ID, Roles: resident, TTL: -time.Hour},
		"a role that was":  {Board: b.ID, Roles: resident, RoleUntil: s.clock()},
		"a role for ever":  {Board: b.ID, Roles: resident, RoleUntil: time.UnixMilli(9e15)},
		"a long label":     {Board: b.ID, Roles: resident, Label: strings.Repeat("å", registry.LabelMax+1)},
		"board and member": {Board: b.ID, Roles: resident, Member: "x"},
	} {
		_, _, err := s.Invite(spec)
		wantErr(t, what, err, registry.ErrInvalid)
	}
	_, _, err := s.Invite(registry.InviteSpec{Board: id.NewDocument(), Roles: resident})
	wantErr(t, "no such board", err, registry.ErrUnknownBoard)
	_, _, err = s.Invite(registry.InviteSpec{Member: "x"})
	wantErr(t, "no such member", err, registry.ErrUnknownMember)
	d := newDevice()
	d.Key = d.Key[:31]
	_, err = s.Redeem("00000-00000", d)
	wantErr(t, "a short key", err, registry.ErrInvalid)
}

// What is stored does not give a code away.
func TestCodesAreNotStored(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	_, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident})
	plain := strings.ReplaceAll(code, "-", "")
	s.eachRecord(func(key, value []byte) {
		for _, secret := range []string{code, plain, strings.ToUpper(plain)} {
			if bytes.Contains(value, []byte(secret)) || bytes.Contains(key, []byte(secret)) {
				t.Errorf("record %q has the code", key)
			}
		}
	})
}

func (s *server) eachRecord(f func(key, value []byte)) {
	s.t.Helper()
	s.must(s.open().Records(nil, func(k, v []byte) error {
		f(k, v)
		return nil
	}))
}

// When many ask at once for the last uses, as many get one as there are.
func TestARaceForTheLastUse(t *testing.T) {
	const uses, racers = 5, 40
	s := newServer(t)
	b := s.board("A")
	i, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, Uses: uses})
	devices := make([]registry.NewDevice, racers)
	for n := range devices {
		devices[n] = newDevice()
	}
	won := s.race(racers, func(n int) error {
		_, err := s.Redeem(code, devices[n])
		return err
	})
	if won != uses {
		t.Errorf("%d of %d devices joined with %d uses", won, racers, uses)
	}
	s.restart()
	if i, _ = s.FindInvite(i.ID); i.Uses != uses || len(s.Members(b.ID)) != uses {
		t.Errorf("%d uses and %d members, want %d", i.Uses, len(s.Members(b.ID)), uses)
	}
}

// race runs f side by side and returns how often it succeeded. Other failures than
// ErrCode are errors.
func (s *server) race(n int, f func(int) error) (won int) {
	s.t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range n {
		wg.Go(func() {
			err := f(i)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, registry.ErrCode) {
				s.t.Error(err)
			}
		})
	}
	wg.Wait()
	return won
}

// An invite that is revoked while devices ask: who got in before is counted, and
// nobody gets in after.
func TestARaceOfRevokingAndRedeeming(t *testing.T) {
	for range 20 {
		s := newServer(t)
		b := s.board("A")
		i, code := s.invite(registry.InviteSpec{Board: b.ID, Roles: resident, Uses: 100})
		devices := make([]registry.NewDevice, 12)
		for n := range devices {
			devices[n] = newDevice()
		}
		won := s.race(len(devices), func(n int) error {
			if n == 5 {
				s.must(s.RevokeInvite(i.ID))
				return registry.ErrCode
			}
			_, err := s.Redeem(code, devices[n])
			return err
		})
		_, err := s.Redeem(code, newDevice())
		wantErr(t, "after revoking", err, registry.ErrCode)
		if i, _ = s.FindInvite(i.ID); i.Uses != won || len(s.Members(b.ID)) != won {
			t.Fatalf("%d joined, %d uses, %d members", won, i.Uses, len(s.Members(b.ID)))
		}
	}
}

// When a board has as many invites as it may, ended ones make room, open ones do
// not.
func TestEndedInvitesMakeRoom(t *testing.T) {
	s := newServer(t)
	b := s.board("A")
	batch := func(ttl time.Duration) error {
		_, err := s.Letters(registry.InviteSpec{Board: b.ID, Roles: resident, TTL: ttl}, registry.LettersMax)
		return err
	}
	s.must(batch(time.Hour))
	for range registry.BoardInvitesMax/registry.LettersMax - 1 {
		s.must(batch(1000 * time.Hour))
	}
	wantErr(t, "all are open", batch(time.Hour), registry.ErrTooMany)
	s.pass(2 * time.Hour)
	s.must(batch(time.Hour))
	wantErr(t, "all are open again", batch(time.Hour), registry.ErrTooMany)
	if n := len(s.Invites(b.ID)); n != registry.BoardInvitesMax {
		t.Errorf("%d invites", n)
	}
	n := 0
	s.eachRecord(func(key, _ []byte) {
		if bytes.HasPrefix(key, []byte("r/i/")) {
			n++
		}
	})
	if n != registry.BoardInvitesMax {
		t.Errorf("%d invites are stored", n)
	}
}
