package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// RevokeDevice shuts a device out for ever. A device that is already is no error.
func (r *Registry) RevokeDevice(device, by string) error {
	return r.change(func(d *draft) error {
		if r.devices[device] == nil {
			return ErrUnknownDevice
		}
		if d.revoke(device, revocationRow{At: d.now, By: by, Reason: ReasonRevoked}) {
			d.noteRevoked(device, by, MemberGrantsMax)
		}
		return nil
	})
}

// revoke notes it twice, with the device and in a list of its own, so that damage
// to one of the two lets nobody in. It reports whether it was not noted before.
func (d *draft) revoke(device string, rev revocationRow) bool {
	v := d.r.devices[device]
	_, done := d.r.revoked[device]
	_, drafted := d.revocations[device]
	if drafted || done && (v == nil || v.Revoked != 0) {
		return false
	}
	if v != nil {
		v = d.device(device)
		rev.Member = v.Member
		v.Revoked, v.RevokedBy, v.Reason = rev.At, rev.By, rev.Reason
	}
	d.revocations[device] = rev
	return true
}

// noteRevoked drafts the entry of a device that was shut out, with at most as many
// boards of its member.
func (d *draft) noteRevoked(device, by string, boardsMax int) {
	e := entryRow{By: by, Act: ActDeviceRevoked, Subject: d.revocations[device].Member, Object: device}
	if m := d.r.members[e.Subject]; m != nil {
		e.Boards = m.boards()
		e.Boards = e.Boards[:min(len(e.Boards), boardsMax)]
	}
	d.note(e)
}

// Revocations returns all revocations, the earliest first: a backup of its own,
// since one that was made before a revocation does not have it.
func (r *Registry) Revocations() []Revocation {
	r.mu.RLock()
	all := make([]Revocation, 0, len(r.revoked))
	for device, v := range r.revoked {
		all = append(all, Revocation{device, v.Member, v.At.time(), v.By, v.Reason})
	}
	for _, d := range r.devices {
		if _, listed := r.revoked[d.id]; d.Revoked != 0 && !listed {
			all = append(all, Revocation{d.id, d.Member, d.Revoked.time(), d.RevokedBy, d.Reason})
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b Revocation) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Device, b.Device)) })
	return all
}

// revocationsAtOnce is how many are written together: two records each,
// one in the audit log, and one of an old entry that goes.
const revocationsAtOnce = 200

// ApplyRevocations adds those that are not there, also of devices that are not
// known, and returns how many those were. If it fails, some may be there.
func (r *Registry) ApplyRevocations(list []Revocation) (applied int, err error) {
	for chunk := range slices.Chunk(list, revocationsAtOnce) {
		added := 0
		err := r.change(func(d *draft) error {
			for _, v := range chunk {
				if len(v.Device) == 0 || len(v.Device) > nameMax || len(v.Member)+len(v.By)+len(v.Reason) > 4*nameMax {
					return fmt.Errorf("%w: revocation of %.40q", ErrInvalid, v.Device)
				}
				if len(r.revoked)+len(d.revocations) >= RevocationsMax {
					return fmt.Errorf("revocations: %w", ErrTooMany)
				}
				rev := revocationRow{v.Member, cmp.Or(stampOf(v.At), d.now), v.By, v.Reason}
				if d.revoke(v.Device, rev) {
					d.noteRevoked(v.Device, "operator", appliedBoardsMax)
					added++
				}
			}
			return nil
		})
		if err != nil {
			return applied, err
		}
		applied += added
	}
	return applied, nil
}

// nameMax is the size of the longest id that is taken from outside.
const nameMax = 64
