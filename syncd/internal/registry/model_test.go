package registry_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// model says what a registry must say, in the plainest way: a few maps.
type model struct {
	boards  map[id.Document]bool // whether archived
	members map[string]*modelMember
	devices map[string]*modelDevice
	invites map[string]*modelInvite // by code
}

type modelMember struct {
	kiosk, gone bool
	grants      map[modelRole][2]time.Time
}

type modelRole struct {
	board id.Document
	role  rights.Role
}

type modelDevice struct {
	key     registry.NewDevice
	member  string
	code    string // with which it joined last
	seen    time.Time
	revoked bool
}

type modelInvite struct {
	id        string
	spec      registry.InviteSpec
	uses      int
	until     time.Time
	revoked   bool
	roleUntil time.Time
}

func (m *modelMember) holds(r modelRole, now time.Time) bool {
	g, ok := m.grants[r]
	return ok && !now.Before(g[0]) && (g[1].IsZero() || now.Before(g[1]))
}

// owned tells whether the board has an owner now and ever after.
func (m *model) owned(b id.Document, now time.Time) bool {
	until, lasting := now, time.Time{}
	for _, x := range m.members {
		r := modelRole{b, rights.Owner}
		g, ok := x.grants[r]
		switch {
		case ok && g[1].IsZero() && (lasting.IsZero() || g[0].Before(lasting)):
			lasting = g[0]
		case ok && !g[1].IsZero() && x.holds(r, now) && g[1].After(until):
			until = g[1]
		}
	}
	return !lasting.IsZero() && !lasting.After(until)
}

// without runs a change of the model, and undoes it if that leaves a board
// without its owner.
func (m *model) without(x *modelMember, now time.Time, change func()) error {
	owned := map[id.Document]bool{}
	for b := range m.boards {
		owned[b] = m.owned(b, now)
	}
	before := maps.Clone(x.grants)
	change()
	for b, archived := range m.boards {
		if owned[b] && !archived && !m.owned(b, now) {
			x.grants = before
			return registry.ErrLastOwner
		}
	}
	return nil
}

func (d *modelDevice) usable(now time.Time) bool {
	return !d.revoked && now.Sub(d.seen) <= registry.LeaseDays*24*time.Hour
}

// machine is a registry and its model, side by side.
type machine struct {
	*server
	m *model
}

func pick[K comparable, V any](t *rapid.T, from map[K]V, compare func(a, b K) int, what string) (k K) {
	if len(from) == 0 {
		t.Skip("nothing to pick from")
	}
	return rapid.SampledFrom(slices.SortedFunc(maps.Keys(from), compare)).Draw(t, what)
}

func (x *machine) pickBoard(t *rapid.T) id.Document {
	return pick(t, x.m.boards, func(a, b id.Document) int { return slices.Compare(a[:], b[:]) }, "board")
}

func (x *machine) pickMember(t *rapid.T) string {
	return pick(t, x.m.members, strings.Compare, "member")
}
func (x *machine) pickDevice(t *rapid.T) string {
	return pick(t, x.m.devices, strings.Compare, "device")
}

func expect(t *rapid.T, what string, got, want error) {
	t.Helper()
	if (want == nil) != (got == nil) || want != nil && !errors.Is(got, want) {
		t.Fatalf("%s: %v, the model says %v", what, got, want)
	}
}

func (x *machine) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": x.check,
		"board": func(t *rapid.T) {
			if len(x.m.boards) < 4 {
				b, err := x.CreateBoard(registry.BoardSpec{Title: "b", Lang: "da"}, "")
				expect(t, "create", err, nil)
				x.m.boards[b.ID] = false
			}
		},
		"archive": func(t *rapid.T) {
			b, archived := x.pickBoard(t), rapid.Bool().Draw(t, "archived")
			expect(t, "archive", x.ArchiveBoard(b, archived, ""), nil)
			x.m.boards[b] = archived
		},
		"invite": x.invitation,
		"redeem": x.redemption, "redeem too": x.redemption, "and another": x.redemption,
		"revoke invite": func(t *rapid.T) {
			i := x.m.invites[pick(t, x.m.invites, strings.Compare, "code")]
			if _, there := x.FindInvite(i.id); there {
				expect(t, "revoke invite", x.RevokeInvite(i.id), nil)
			}
			i.revoked = true
		},
		"grant": x.granting, "grant too": x.granting,
		"ungrant": func(t *rapid.T) {
			ref, b := x.pickMember(t), x.pickBoard(t)
			role := rapid.SampledFrom(rights.AllRoles()).Draw(t, "role")
			if v := x.m.members[ref]; !v.gone {
				want := x.m.without(v, x.clock(), func() { delete(v.grants, modelRole{b, role}) })
				expect(t, "ungrant", errOf(x.Ungrant(ref, b, role, "")), want)
			}
		},
		"leave":  func(t *rapid.T) { x.leaving(t, "leave", false) },
		"forget": func(t *rapid.T) { x.leaving(t, "forget", true) },
		"revoke device": func(t *rapid.T) {
			d := x.pickDevice(t)
			expect(t, "revoke device", x.RevokeDevice(d, ""), nil)
			x.m.devices[d].revoked = true
		},
		"seen": func(t *rapid.T) {
			name := x.pickDevice(t)
			d := x.m.devices[name]
			if !d.usable(x.clock()) {
				expect(t, "seen", x.Seen(name, nil), registry.ErrRevoked)
				return
			}
			expect(t, "seen", x.Seen(name, nil), nil)
			d.seen = x.clock()
		},
		"time": func(t *rapid.T) {
			// Longer than SeenEvery, so that each time seen is durable.
			x.pass(rapid.SampledFrom([]time.Duration{2 * time.Hour, 2 * time.Hour, 2 * time.Hour, 25 * 24 * time.Hour}).Draw(t, "passes"))
		},
		"restart": func(t *rapid.T) { x.restart() },
	}
}

func (m *model) enrol(j registry.Joined, key registry.NewDevice, code string, i *modelInvite, now time.Time) {
	x := m.members[j.Member.Ref]
	if x == nil {
		x = &modelMember{kiosk: i.spec.Roles == visitor, grants: map[modelRole][2]time.Time{}}
		m.members[j.Member.Ref] = x
	}
	for _, role := range i.spec.Roles.List() {
		r := modelRole{i.spec.Board, role}
		g := [2]time.Time{now, i.roleUntil}
		if old, ok := x.grants[r]; ok && (old[1].IsZero() || now.Before(old[1])) {
			if !g[1].IsZero() && g[1].Before(old[0]) {
				continue // it begins later, and stays as it is
			}
			if old[0].Before(g[0]) {
				g[0] = old[0]
			}
			if old[1].IsZero() || !g[1].IsZero() && old[1].After(g[1]) {
				g[1] = old[1]
			}
		}
		x.grants[r] = g
	}
	d := m.devices[j.Device.ID]
	if d == nil {
		d = &modelDevice{key: key, member: j.Member.Ref}
		m.devices[j.Device.ID] = d
	}
	d.code, d.seen = code, now
}

func (x *machine) granting(t *rapid.T) {
	ref, b := x.pickMember(t), x.pickBoard(t)
	role := rapid.SampledFrom(rights.AllRoles()).Draw(t, "role")
	v, now := x.m.members[ref], x.clock()
	from := now.Add(rapid.SampledFrom([]time.Duration{0, time.Hour, 5 * time.Hour}).Draw(t, "from"))
	until := time.Time{}
	if rapid.Bool().Draw(t, "with an end") {
		until = from.Add(3 * time.Hour)
	}
	var want error
	switch {
	case v.gone:
		want = registry.ErrUnknownMember
	case v.kiosk != (role == rights.Visitor):
		want = registry.ErrKiosk
	default:
		want = x.m.without(v, now, func() { v.grants[modelRole{b, role}] = [2]time.Time{from, until} })
	}
	expect(t, "grant", x.Grant(ref, b, role, from, until, ""), want)
}

func (x *machine) leaving(t *rapid.T, what string, forget bool) {
	ref := x.pickMember(t)
	v := x.m.members[ref]
	want := x.m.without(v, x.clock(), func() { v.grants = map[modelRole][2]time.Time{} })
	if forget {
		expect(t, what, x.Forget(ref, ""), want)
	} else {
		expect(t, what, x.Leave(ref), want)
	}
	if want != nil {
		return
	}
	v.gone = v.gone || forget
	x.endInvitesOf(ref)
	for _, d := range x.m.devices {
		d.revoked = d.revoked || d.member == ref
	}
}

// check compares all that can be asked.
func (x *machine) check(t *rapid.T) {
	now := x.clock()
	for name, d := range x.m.devices {
		p, err := x.Principal(name, now)
		if !d.usable(now) {
			expect(t, "principal", err, registry.ErrRevoked)
			continue
		}
		expect(t, "principal", err, nil)
		got, want := map[id.Document]rights.Roles{}, map[id.Document]rights.Roles{}
		for _, m := range p.Boards {
			got[m.Board] = m.Roles
			if m.Archived != x.m.boards[m.Board] {
				t.Fatalf("board archived: %t", m.Archived)
			}
		}
		v := x.m.members[d.member]
		for r := range v.grants {
			if v.holds(r, now) {
				want[r.board] = want[r.board].With(r.role)
			}
		}
		if !maps.Equal(got, want) || p.Member != d.member || p.Kiosk != v.kiosk {
			t.Fatalf("principal %+v, the model says %v of member %s", p, want, d.member)
		}
	}
	for ref, v := range x.m.members {
		got, ok := x.Member(ref)
		if !ok || len(got.Grants) != len(v.grants) {
			t.Fatalf("member %+v, the model has %v", got, v.grants)
		}
		for _, g := range got.Grants {
			if want := v.grants[modelRole{g.Board, g.Role}]; !g.From.Equal(want[0]) || !g.Until.Equal(want[1]) {
				t.Fatalf("grant %+v, the model has %v", g, want)
			}
		}
	}
	for code, i := range x.m.invites {
		got, ok := x.FindInvite(i.id)
		open := !i.revoked && i.uses < i.spec.Uses && now.Before(i.until) && x.m.vouched(i, now)
		if !ok || got.Uses != i.uses || got.Open(now) != open {
			t.Fatalf("invite %s: %+v, %t; the model says %d uses, open %t", code, got, ok, i.uses, open)
		}
	}
	for b := range x.m.boards {
		x.checkBoard(t, b, now)
	}
	if got := len(x.Devices(id.Document{})); got != len(x.m.devices) {
		t.Fatalf("%d devices, the model has %d", got, len(x.m.devices))
	}
}

func (x *machine) checkBoard(t *rapid.T, b id.Document, now time.Time) {
	people, kiosks, next := 0, 0, time.Time{}
	roles := map[rights.Role]int{}
	for _, v := range x.m.members {
		here := false
		for r, g := range v.grants {
			for _, at := range g {
				if at.After(now) && (next.IsZero() || at.Before(next)) {
					next = at
				}
			}
			if r.board == b && v.holds(r, now) {
				here = true
				roles[r.role]++
			}
		}
		if here && v.kiosk {
			kiosks++
		} else if here {
			people++
		}
	}
	n := x.Count(b)
	if n.Members != people || n.Kiosks != kiosks || !maps.Equal(n.Roles, roles) {
		t.Fatalf("numbers %+v, the model says %d, %d and %v", n, people, kiosks, roles)
	}
	// It may name a moment at which nothing happens any more, but misses none.
	if got := x.NextChange(now); !next.IsZero() && (got.IsZero() || got.After(next)) {
		t.Fatalf("the next change is at %v, the model says %v", got, next)
	}
}

// runModel runs histories of about steps actions. Flags of rapid that were given
// on the command line are overruled: it has no other way to say so.
func runModel(t *testing.T, histories, steps int, place func() (open func() store.Store)) {
	for name, value := range map[string]int{"rapid.checks": histories, "rapid.steps": steps} {
		if err := flag.Set(name, fmt.Sprint(value)); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		x := &machine{serverOn(t, place()), &model{
			map[id.Document]bool{}, map[string]*modelMember{}, map[string]*modelDevice{}, map[string]*modelInvite{},
		}}
		// Something of each, since rapid cuts a history short in which many
		// actions find nothing to work with.
		for len(x.m.boards) < 2 {
			b := x.server.board("b")
			x.m.boards[b.ID] = false
			spec := registry.InviteSpec{Board: b.ID, Roles: rights.RolesOf(rights.Owner), Uses: 3, TTL: 24 * time.Hour}
			made, code := x.server.invite(spec)
			x.m.invites[code] = &modelInvite{id: made.ID, spec: spec, until: made.Until}
			key := newDevice()
			j := x.server.redeem(code, key)
			x.m.invites[code].uses++
			x.m.enrol(j, key, code, x.m.invites[code], x.clock())
		}
		rt.Repeat(x.actions())
	})
}

func TestModelInMemory(t *testing.T) {
	runModel(t, 300, 100, func() func() store.Store {
		disk := mem.NewDisk()
		return func() store.Store { return mem.Open(disk) }
	})
}

func TestModelOnADisk(t *testing.T) {
	if testing.Short() {
		t.Skip("flushes a lot")
	}
	n := 0
	var opened store.Store
	closeIt := func() {
		if opened != nil {
			opened.Close()
		}
		opened = nil
	}
	dir := t.TempDir()
	t.Cleanup(closeIt)
	runModel(t, 10, 60, func() func() store.Store {
		n++
		place := fmt.Sprintf("%s/%d", dir, n)
		return func() store.Store {
			closeIt()
			s, err := badger.Open(badger.Config{Dir: place, FreeBytesMin: 1})
			if err != nil {
				t.Fatal(err)
			}
			opened = s
			return s
		}
	})
}
