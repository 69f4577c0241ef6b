package registry

import (
	"cmp"
	"crypto/subtle"
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/auth"
)

var kinds = []string{"phone", "kiosk", "desk", "cli"}

// Redeem lets a device join with a code, as people write it. The caller has
// verified that the device holds its key, and counts the failures.
//
// A key that is new becomes a device of a new member, or of Invite.Member; a
// device that belongs already gets the roles for its member, and a new lease. A
// device that asks again with the code that it has used last gets the same answer
// once more and uses nothing, since the first answer may have been lost.
//
// Errors: ErrCode for each code that does not work, ErrRevoked for a key that
// was revoked, whatever the code; ErrInvalid for a bad key; ErrKiosk,
// ErrOtherMember and ErrTooMany if the code works but not for this device.
func (r *Registry) Redeem(code string, n NewDevice) (Joined, error) {
	key, err := auth.ParseKey(n.Alg, n.Key)
	if err != nil {
		return Joined{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if n.Label, err = label(n.Label, LabelMax); err != nil {
		return Joined{}, err
	}
	if !slices.Contains(kinds, n.Kind) {
		return Joined{}, fmt.Errorf("%w: kind of device %.20q", ErrInvalid, n.Kind)
	}
	device := key.Device()
	err = r.change(func(d *draft) error { return d.redeem(code, device, key, n) })
	if err != nil {
		return Joined{}, err
	}
	return r.joined(device)
}

// joined is the answer to a device that belongs.
func (r *Registry) joined(device string) (j Joined, err error) {
	now := stampOf(r.now())
	r.mu.RLock()
	defer r.mu.RUnlock()
	d := r.devices[device]
	m := r.members[d.Member]
	if m == nil {
		return j, ErrUnknownMember
	}
	j.Device, j.Member = r.viewDevice(d, now), m.view()
	for i, g := range m.Grants {
		b := r.boards[g.Board]
		again := slices.ContainsFunc(j.Boards, func(have Board) bool { return have.ID == g.Board })
		if b != nil && m.Grants[i].holds(now) && !again {
			j.Boards = append(j.Boards, b.view())
		}
	}
	return j, nil
}

func (d *draft) redeem(code, device string, key auth.Key, n NewDevice) error {
	have := d.r.devices[device]
	if _, revoked := d.r.revoked[device]; revoked || have != nil && have.Revoked != 0 {
		return ErrRevoked
	}
	found := d.find(code)
	if found == nil {
		return ErrCode
	}
	if have != nil && have.Invite == found.id && d.usableNow(have) {
		return n.admit() // once more
	}
	if !d.works(found) {
		return ErrCode
	}
	i := d.invite(found.id)
	m, err := d.joining(i, have)
	if err != nil {
		return err
	}
	if err := d.grantAll(m, i); err != nil {
		return err
	}
	i.Uses++
	if i.UsesMax == 1 {
		i.UsedBy = m.ref
	}
	d.noteJoined(i, m, device)
	if err := d.enrol(m, i, device, key, n); err != nil {
		return err
	}
	return n.admit()
}

func (n NewDevice) admit() error {
	if n.Admit == nil {
		return nil
	}
	return n.Admit()
}

// noteJoined drafts the entry of a device that has joined. m has its new roles.
func (d *draft) noteJoined(i *inviteRow, m *memberRow, device string) {
	e := entryRow{By: m.ref, Act: ActJoined, Subject: m.ref, Object: i.id, Roles: i.Roles}
	switch {
	case i.Setup:
		e.By, e.Act = i.By, ActOperatorMade
	case i.Member != "":
		e.Act, e.Object, e.Boards = ActDeviceAdded, device, m.boards()
	default:
		e.Boards = []id.Document{i.Board}
	}
	d.note(e)
}

// find returns the invite of a code, which may have ended. The search is by hash,
// so that its time tells nothing about the codes there are.
func (d *draft) find(code string) *inviteRow {
	normal, err := auth.NormalCode(code)
	hash := hashCode(normal)
	i := d.r.invites[d.r.byHash[hash]]
	if err != nil || i == nil || subtle.ConstantTimeCompare(hash[:], i.Hash[:]) != 1 {
		return nil
	}
	return i
}

func (d *draft) usableNow(v *deviceRow) bool {
	d.r.mu.RLock()
	defer d.r.mu.RUnlock()
	return d.r.usable(v, d.now) == nil && d.r.members[v.Member] != nil
}

// works tells whether anybody can join with the invite.
func (d *draft) works(i *inviteRow) bool {
	switch {
	case !i.open(d.now):
		return false
	case i.Setup:
		return d.r.operators == 0
	case i.Member != "":
		m := d.r.members[i.Member]
		return m != nil && m.Forgotten == 0
	}
	b := d.r.boards[i.Board]
	return b != nil && b.Archived == 0 && (i.RoleUntil == 0 || i.RoleUntil > d.now) && vouched(i, d.now, d.peek)
}

// vouched tells whether the member who made an invite, if one did, could still make it,
// as row has members. Else its code works for nobody: whom a board has taken a role from
// must have no code left with which to come back, be it on another device. For residents
// any role will do, so that letters outlast the term of an ambassador who stays.
func vouched(i *inviteRow, now stamp, row func(ref string) *memberRow) bool {
	if i.Board == (id.Document{}) {
		return true
	}
	m := row(i.By)
	if m == nil {
		_, err := board.ParseID(i.By)
		return err != nil // the operator; the record of a member is damaged
	}
	var has rights.Roles
	for _, g := range m.Grants {
		if g.Board == i.Board && g.holds(now) {
			has = has.With(g.Role)
		}
	}
	switch {
	case i.Roles.Any(rights.RolesOf(rights.Owner, rights.Deputy)):
		return has.Has(rights.Owner)
	case i.Roles != rights.RolesOf(rights.Resident):
		return has.Any(rights.RolesOf(rights.Owner, rights.Deputy))
	}
	return has != 0
}

// openOf counts the invites of a board that a member made and that work, as row has
// members.
func (d *draft) openOf(board id.Document, member string, row func(ref string) *memberRow) (n int) {
	for invite := range d.r.inviteGroups[board.String()] {
		i := d.r.invites[invite]
		n += count(i.By == member && i.open(d.now) && vouched(i, d.now, row))
	}
	return n
}

// joining returns the member to whom the device belongs or will belong.
func (d *draft) joining(i *inviteRow, have *deviceRow) (*memberRow, error) {
	kiosk := isKiosk(i.Roles)
	switch {
	case have != nil && i.Member != "" && have.Member != i.Member:
		return nil, ErrOtherMember
	case i.Member != "":
		return d.member(i.Member), nil
	case have != nil:
		m := d.member(have.Member)
		if m == nil {
			return nil, ErrCode // its record is damaged
		}
		if m.Kiosk != kiosk {
			return nil, ErrKiosk
		}
		return m, nil
	}
	if len(d.r.members) >= MembersMax {
		return nil, fmt.Errorf("members: %w", ErrTooMany)
	}
	m := &memberRow{ref: newName(), Kiosk: kiosk, Created: d.now}
	if i.UsesMax == 1 && i.Batch == "" {
		m.Label = i.Label
	}
	d.members[m.ref] = m
	return m, nil
}

// grantAll gives what the invite promises, and takes nothing away, also of a role
// that begins later.
func (d *draft) grantAll(m *memberRow, i *inviteRow) error {
	m.Operator = m.Operator || i.Setup
	for _, role := range i.Roles.List() {
		g := grantRow{Board: i.Board, Role: role, From: d.now, Until: i.RoleUntil, By: i.By}
		if at, ok := slices.BinarySearchFunc(m.Grants, g, compareGrants); ok {
			old := m.Grants[at]
			switch {
			case old.From > d.now && g.Until != 0 && g.Until < old.From:
				continue // there is one of each role: it has this one later, and not twice
			case old.Until != 0 && old.Until <= d.now:
			default:
				g.From = min(g.From, old.From)
				if old.Until == 0 || g.Until != 0 && g.Until < old.Until {
					g.Until = old.Until
				}
			}
		}
		if err := d.grant(m, g); err != nil {
			return err
		}
	}
	return nil
}

// enrol adds the device, or gives the one that is there a new lease.
func (d *draft) enrol(m *memberRow, i *inviteRow, device string, key auth.Key, n NewDevice) error {
	v := d.device(device)
	if v == nil {
		usable, today := 0, 0
		for _, other := range d.r.memberDevices[m.ref] {
			o := d.r.devices[other]
			usable += count(d.usableNow(o))
			today += count(d.now-o.Added < day)
		}
		if usable >= MemberDevicesMax || today >= MemberDevicesADay {
			return fmt.Errorf("devices of a member: %w", ErrTooMany)
		}
		v = &deviceRow{id: device, Member: m.ref, Alg: key.Alg(), Key: key.Raw(), Added: d.now}
		d.devices[device] = v
	}
	v.Invite, v.Kind = i.id, n.Kind
	v.Label = cmp.Or(n.Label, v.Label)
	v.live = &live{seen: seen{At: d.now, AppVersion: plain(n.AppVersion)}}
	return nil
}
