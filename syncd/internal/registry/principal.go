package registry

import (
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/gate"
)

// Principal is what a device may do at a time. It takes time in proportion to the
// boards of the member. Errors: ErrUnknownDevice, ErrRevoked, ErrLeaseEnded.
func (r *Registry) Principal(device string, now time.Time) (*gate.Principal, error) {
	p, made, err := r.principal(device, stampOf(now))
	for i := range made { // takes a millisecond the first time: not under the lock
		p.Boards[i].Pages = made[i].once()
	}
	return p, err
}

func (r *Registry) principal(device string, now stamp) (*gate.Principal, []*pages, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	d := r.devices[device]
	if d == nil {
		return nil, nil, ErrUnknownDevice
	}
	if err := r.usable(d, now); err != nil {
		return nil, nil, err
	}
	m := r.members[d.Member]
	if m == nil { // its record is damaged
		return nil, nil, ErrUnknownDevice
	}
	p := &gate.Principal{Device: device, Member: m.ref, Kiosk: m.Kiosk, Operator: m.Operator}
	var made []*pages
	for _, g := range m.Grants { // by board
		b := r.boards[g.Board]
		if b == nil || !g.holds(now) {
			continue
		}
		if last := len(p.Boards) - 1; last >= 0 && p.Boards[last].Board == b.id {
			p.Boards[last].Roles = p.Boards[last].Roles.With(g.Role)
			continue
		}
		p.Boards = append(p.Boards, gate.Membership{Board: b.id, Roles: rights.RolesOf(g.Role), Archived: b.Archived != 0})
		made = append(made, b.pages)
	}
	return p, made, nil
}

// Watch calls f after whatever may have changed the device's principal, until
// stop is called. f runs on the goroutine of who changed it, without a lock. It
// may ask the registry, and must not change it or block. It may run once more
// when stop has returned, if a change was under way.
func (r *Registry) Watch(device string, f func()) (stop func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.watchers[device]
	if of == nil {
		of = map[*func()]struct{}{}
		r.watchers[device] = of
	}
	of[&f] = struct{}{}
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(of, &f)
		if len(of) == 0 && len(r.watchers[device]) == 0 {
			delete(r.watchers, device)
		}
	}
}

// NextChange is the first time after now at which a grant begins or ends; zero if
// there is none. Then Tick is to be called.
func (r *Registry) NextChange(now time.Time) time.Time {
	r.mu.RLock()
	defer r.mu.RUnlock()
	i, found := slices.BinarySearch(r.moments, stampOf(now))
	if found {
		i++
	}
	if i == len(r.moments) {
		return time.Time{}
	}
	return r.moments[i].time()
}

// addMoments adds times at which grants begin or end, and lets go of those that
// are long past. It needs mu.
func (r *Registry) addMoments(moments map[stamp]struct{}, now stamp) {
	for at := range moments {
		if i, found := slices.BinarySearch(r.moments, at); !found {
			r.moments = slices.Insert(r.moments, i, at)
		}
	}
	if len(moments) > 0 {
		past, _ := slices.BinarySearch(r.moments, now-day)
		r.moments = slices.Delete(r.moments, 0, past)
	}
}

// Tick calls all who watch, since time has changed what they may do.
func (r *Registry) Tick() {
	r.mu.RLock()
	var all []func()
	for _, of := range r.watchers {
		for w := range of {
			all = append(all, *w)
		}
	}
	r.mu.RUnlock()
	for _, w := range all {
		w()
	}
}
