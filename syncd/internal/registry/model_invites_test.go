package registry_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

func (x *machine) invitation(t *rapid.T) {
	spec := registry.InviteSpec{
		Board: x.pickBoard(t), Uses: rapid.IntRange(1, 3).Draw(t, "uses"), TTL: 24 * time.Hour,
		Roles: rapid.SampledFrom([]rights.Roles{resident, visitor, rights.RolesOf(rights.Owner, rights.Deputy)}).Draw(t, "roles"),
	}
	if rapid.Bool().Draw(t, "with an end") {
		spec.RoleUntil = x.clock().Add(3 * time.Hour)
	}
	if rapid.Bool().Draw(t, "by a member") && len(x.m.members) > 0 {
		spec.By = x.pickMember(t)
	}
	if rapid.Bool().Draw(t, "for a member") && len(x.m.members) > 0 {
		spec = registry.InviteSpec{Member: x.pickMember(t)}
	}
	made, code, err := x.Invite(spec)
	switch {
	case spec.Member != "" && x.m.members[spec.Member].gone:
		expect(t, "invite", err, registry.ErrUnknownMember)
		return
	case spec.Member == "" && x.m.boards[spec.Board]:
		expect(t, "invite", err, registry.ErrInvalid)
		return
	}
	expect(t, "invite", err, nil)
	if spec.Member != "" {
		x.endInvitesOf(spec.Member)
		spec.Uses, spec.TTL = 1, registry.DeviceTTL
	}
	x.m.invites[code] = &modelInvite{id: made.ID, spec: spec, until: x.clock().Add(spec.TTL), roleUntil: spec.RoleUntil}
}

func (x *machine) endInvitesOf(member string) {
	maps.DeleteFunc(x.m.invites, func(_ string, i *modelInvite) bool { return i.spec.Member == member })
}

func (x *machine) redemption(t *rapid.T) {
	code := "00000-00000"
	if rapid.IntRange(0, 9).Draw(t, "known code") > 0 {
		code = pick(t, x.m.invites, strings.Compare, "code")
	}
	key := newDevice()
	var have *modelDevice
	if len(x.m.devices) > 0 && rapid.Bool().Draw(t, "known device") {
		have = x.m.devices[x.pickDevice(t)]
		key = have.key
	}
	j, err := x.Redeem(code, key)
	again, want := x.m.redeem(code, have, x.clock())
	expect(t, "redeem", err, want)
	if want != nil {
		return
	}
	i := x.m.invites[code]
	if !again {
		i.uses++
		x.m.enrol(j, key, code, i, x.clock())
	}
	if d := x.m.devices[j.Device.ID]; d.member != j.Member.Ref {
		t.Fatalf("the device belongs to %s, the model says %s", j.Member.Ref, d.member)
	}
}

// redeem says what must come of it.
func (m *model) redeem(code string, have *modelDevice, now time.Time) (again bool, err error) {
	i := m.invites[code]
	switch {
	case have != nil && have.revoked:
		return false, registry.ErrRevoked
	case i == nil:
		return false, registry.ErrCode
	case have != nil && have.code == code && have.usable(now):
		return true, nil
	case i.revoked || i.uses >= i.spec.Uses || !now.Before(i.until) || !m.vouched(i, now):
		return false, registry.ErrCode
	case i.spec.Member != "" && m.members[i.spec.Member].gone:
		return false, registry.ErrCode
	case i.spec.Member != "" && have != nil && have.member != i.spec.Member:
		return false, registry.ErrOtherMember
	case i.spec.Member == "" && (m.boards[i.spec.Board] || !i.roleUntil.IsZero() && !now.Before(i.roleUntil)):
		return false, registry.ErrCode
	case i.spec.Member == "" && have != nil && m.members[have.member].kiosk != (i.spec.Roles == visitor):
		return false, registry.ErrKiosk
	}
	return false, nil
}

// vouched tells whether the member who made an invite could make it now.
func (m *model) vouched(i *modelInvite, now time.Time) bool {
	by := m.members[i.spec.By]
	if by == nil || i.spec.Member != "" {
		return true
	}
	is := func(role rights.Role) bool { return by.holds(modelRole{i.spec.Board, role}, now) }
	switch i.spec.Roles {
	case resident:
		return slices.ContainsFunc(rights.AllRoles(), is)
	case visitor:
		return is(rights.Owner) || is(rights.Deputy)
	}
	return is(rights.Owner)
}
