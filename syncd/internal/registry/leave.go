package registry

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
)

// What a member has may be more than one write holds. The first one ends its roles
// and shuts out the devices that could do anything; the rest comes in parts.
const (
	devicesAtOnce = 150 // two records each
	labelsAtOnce  = 500
)

// Leave ends all roles of a member and revokes all its devices. Errors:
// ErrLastOwner; another one may leave devices that were not seen for their lease.
func (r *Registry) Leave(member string) error { return r.end(member, member, ReasonLeft) }

// Forget is Leave, and erases what the server knows of a member but its Ref, which
// documents have: labels, keys, what its devices told, what was refused of it, and
// labels of invites that were made for it alone. Errors: ErrLastOwner; another one
// may leave some of it, and it may be called again.
func (r *Registry) Forget(member, by string) error {
	if err := r.end(member, by, ReasonForgotten); err != nil {
		return err
	}
	if err := r.forgetInvites(member); err != nil {
		return err
	}
	return r.dropRefusedOf(member)
}

func (r *Registry) end(member, by, reason string) error {
	for first, more := true, true; more; first = false {
		err := r.change(func(d *draft) error {
			if first {
				if err := d.leave(member, by, reason); err != nil {
					return err
				}
			}
			more = d.endDevices(member, by, reason)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// boards are those of the member's grants, each once.
func (m *memberRow) boards() (all []id.Document) {
	for _, g := range m.Grants { // by board
		if len(all) == 0 || all[len(all)-1] != g.Board {
			all = append(all, g.Board)
		}
	}
	return all
}

func (d *draft) leave(member, by, reason string) error {
	m := d.member(member)
	if m == nil {
		return ErrUnknownMember
	}
	if m.Forgotten == 0 {
		act := ActLeft
		if reason == ReasonForgotten {
			act = ActForgotten
		}
		d.note(entryRow{By: by, Act: act, Boards: m.boards(), Subject: member})
	}
	boards := slices.Clone(m.Grants)
	m.keepRecruits(d.now)
	m.Grants, m.Operator = nil, false
	for _, g := range boards {
		if g.Role != rights.Owner {
			continue
		}
		if err := d.keepOwner(g.Board); err != nil {
			return fmt.Errorf("board %s: %w", g.Board, err)
		}
	}
	d.dropGroup(member) // for more devices of the member
	if reason == ReasonForgotten {
		m.Label, m.Ended = "", nil
		d.forgetRecruits(m)
		m.Forgotten = cmp.Or(m.Forgotten, d.now)
	}
	return nil
}

// endDevices drafts that devices of a member are revoked, and erased if it is
// forgotten; those first that could do anything. It tells whether there are more.
func (d *draft) endDevices(member, by, reason string) (more bool) {
	var left []string
	for _, device := range d.r.memberDevices[member] {
		v := d.r.devices[device]
		_, listed := d.r.revoked[device]
		if !listed || v.Revoked == 0 || reason == ReasonForgotten && !v.erased() {
			left = append(left, device)
		}
	}
	slices.SortStableFunc(left, func(a, b string) int {
		return count(d.usableNow(d.r.devices[b])) - count(d.usableNow(d.r.devices[a]))
	})
	for _, device := range left[:min(len(left), devicesAtOnce)] {
		d.revoke(device, revocationRow{At: d.now, By: by, Reason: reason})
		if reason == ReasonForgotten {
			v := d.device(device)
			v.Label, v.Key, v.live = "", nil, &live{seen: seen{At: v.Added}}
		}
	}
	return len(left) > devicesAtOnce
}

func (v *deviceRow) erased() bool { return v.Label == "" && len(v.Key) == 0 }

// forgetInvites erases the labels of invites that a member alone has used. Those
// that were used before it was kept by whom are found by its devices and in the
// audit log.
func (r *Registry) forgetInvites(member string) error {
	used := map[string]bool{}
	for _, device := range r.MemberDevices(member) {
		used[device.Invite] = true
	}
	err := r.entries(keyEntry, func(_ uint64, e *entryRow) {
		if e.Act == ActJoined && e.Subject == member {
			used[e.Object] = true
		}
	})
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	for more := true; more; {
		err := r.change(func(d *draft) error {
			more = false
			for _, i := range r.invites {
				if i.UsesMax != 1 || i.Label == "" || i.UsedBy != member && !used[i.id] {
					continue
				}
				if more = len(d.invites) == labelsAtOnce; more {
					break
				}
				d.invite(i.id).Label = ""
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
