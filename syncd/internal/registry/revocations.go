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
		d.revoke(device, by, ReasonRevoked)
		return nil
	})
}

// revoke notes it twice, with the device and in a list of its own, so that damage
// to one of the two lets nobody in.
func (d *draft) revoke(device, by, reason string) {
	v := d.r.devices[device]
	if _, done := d.r.revoked[device]; done && (v == nil || v.Revoked != 0) {
		return
	}
	rev := revocationRow{At: d.now, By: by, Reason: reason}
	if v != nil {
		v = d.device(device)
		v.Revoked, v.RevokedBy, v.Reason = d.now, by, reason
		rev.Member = v.Member
	}
	d.revocations[device] = rev
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

// revocationsAtOnce is how many are written together: two records each.
const revocationsAtOnce = 400

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
				before := len(d.revocations)
				d.revoke(v.Device, v.By, v.Reason)
				if rev, ok := d.revocations[v.Device]; ok && len(d.revocations) > before {
					rev.At, rev.Member = cmp.Or(stampOf(v.At), d.now), cmp.Or(rev.Member, v.Member)
					d.revocations[v.Device] = rev
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
