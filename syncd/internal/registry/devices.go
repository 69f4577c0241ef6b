package registry

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
)

const day = stamp(24 * time.Hour / time.Millisecond)

// appVersionMax is how many bytes of a version are kept, and unsentMax the most
// changes that a device is believed not to have sent.
const (
	appVersionMax = 40
	unsentMax     = 1_000_000
)

// usable returns why a device may do nothing, nil if it may. It needs mu.
func (r *Registry) usable(d *deviceRow, now stamp) error {
	if _, revoked := r.revoked[d.id]; revoked || d.Revoked != 0 {
		return ErrRevoked
	}
	if now-max(d.live.At, d.Added) > stamp(d.lease())*day {
		return ErrLeaseEnded
	}
	return nil
}

// RenameDevice changes a device's label.
func (r *Registry) RenameDevice(device, name string) error {
	name, err := label(name, LabelMax)
	if err != nil {
		return err
	}
	return r.change(func(d *draft) error {
		v := d.device(device)
		if v == nil {
			return ErrUnknownDevice
		}
		v.Label = name
		return nil
	})
}

// SetLease says for how many days a device may not be seen before it has ended; 0
// means LeaseDays. It may bring one back that has ended.
func (r *Registry) SetLease(device string, days int) error {
	if days < 0 || days > LeaseDaysMax {
		return fmt.Errorf("%w: a lease of %d days", ErrInvalid, days)
	}
	return r.change(func(d *draft) error {
		v := d.device(device)
		if v == nil {
			return ErrUnknownDevice
		}
		v.Lease = days
		return nil
	})
}

// Seen notes that a device is here, and what it told of itself unless status is
// nil. It is made durable at most every SeenEvery; until then it is in memory.
// A device that stays connected is to be seen now and then, for its lease.
// Errors: ErrUnknownDevice, ErrRevoked, ErrLeaseEnded, and those of the store,
// with which the device is seen all the same.
func (r *Registry) Seen(device string, status *Status) error {
	due, err := r.seen(device, status)
	if err != nil || !due {
		return err
	}
	_, err = r.changeQuietly(func(d *draft) error {
		d.device(device)
		return nil
	})
	return err
}

// seenAtOnce is how many devices are written together.
const seenAtOnce = 500

// SeenAll is Seen for many devices, with as few writes as that takes: a thousand
// come back in the same second when a server starts again. Devices that do not
// belong any more are passed over.
func (r *Registry) SeenAll(devices []string) error {
	var due []string
	for _, device := range devices {
		if isDue, err := r.seen(device, nil); err == nil && isDue {
			due = append(due, device)
		}
	}
	for some := range slices.Chunk(due, seenAtOnce) {
		_, err := r.changeQuietly(func(d *draft) error {
			for _, device := range some {
				d.device(device)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// seen tells whether it is time to make it durable.
func (r *Registry) seen(device string, status *Status) (due bool, err error) {
	now := stampOf(r.now())
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.devices[device]
	if d == nil {
		return false, ErrUnknownDevice
	}
	if err := r.usable(d, now); err != nil {
		return false, err
	}
	d.live.At = now
	if status != nil {
		d.live.tell(*status)
	}
	return now-d.live.written >= stamp(SeenEvery/time.Millisecond) || now < d.live.written, nil
}

// tell takes over what a device says of itself, which may be anything.
func (s *seen) tell(status Status) {
	if status.AppVersion != "" {
		s.AppVersion = plain(status.AppVersion)
	}
	s.Offset = status.ClockOffset.Milliseconds()
	s.Unsent = min(max(status.Unsent, -1), unsentMax) + 1
}

func plain(version string) string {
	version = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return -1
		}
		return c
	}, version[:min(len(version), 4*appVersionMax)])
	return version[:min(len(version), appVersionMax)]
}

// Device returns a device, also a revoked one.
func (r *Registry) Device(device string) (Device, bool) {
	now := stampOf(r.now())
	r.mu.RLock()
	defer r.mu.RUnlock()
	d := r.devices[device]
	if d == nil {
		return Device{}, false
	}
	return r.viewDevice(d, now), true
}

// viewDevice needs mu.
func (r *Registry) viewDevice(d *deviceRow, now stamp) Device {
	err := r.usable(d, now)
	v := Device{
		ID: d.id, Member: d.Member, Label: d.Label, Kind: d.Kind, Alg: d.Alg, Key: slices.Clone(d.Key), Invite: d.Invite,
		Added: d.Added.time(), LastSeen: d.live.At.time(),
		Revoked: d.Revoked.time(), RevokedBy: d.RevokedBy, RevokedReason: d.Reason,
		LeaseDays: d.lease(), LeaseEnded: errors.Is(err, ErrLeaseEnded),
		AppVersion: d.live.AppVersion, ClockOffset: time.Duration(d.live.Offset) * time.Millisecond, Unsent: d.live.Unsent - 1,
	}
	if rev, ok := r.revoked[d.id]; ok && d.Revoked == 0 { // only the one of the two records is left
		v.Revoked, v.RevokedBy, v.RevokedReason = max(rev.At, 1).time(), rev.By, rev.Reason
	}
	return v
}

// Devices returns the devices of all members who have or had a grant on a board,
// of a zero board all there are; the oldest first.
func (r *Registry) Devices(board id.Document) []Device {
	now := stampOf(r.now())
	var all []Device
	r.mu.RLock()
	if board == (id.Document{}) {
		for _, d := range r.devices {
			all = append(all, r.viewDevice(d, now))
		}
	}
	for ref := range r.boardMembers[board] {
		for _, device := range r.memberDevices[ref] {
			all = append(all, r.viewDevice(r.devices[device], now))
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b Device) int { return cmp.Or(a.Added.Compare(b.Added), strings.Compare(a.ID, b.ID)) })
	return all
}

// MemberDevices returns the devices of a member, the oldest first.
func (r *Registry) MemberDevices(member string) []Device {
	now := stampOf(r.now())
	r.mu.RLock()
	defer r.mu.RUnlock()
	all := make([]Device, 0, len(r.memberDevices[member]))
	for _, device := range r.memberDevices[member] {
		all = append(all, r.viewDevice(r.devices[device], now))
	}
	return all
}
