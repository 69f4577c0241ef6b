package registry

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
)

// Count counts a board. A member counts once, whatever devices it has.
func (r *Registry) Count(board id.Document) Numbers {
	now := stampOf(r.now())
	n := Numbers{Roles: map[rights.Role]int{}}
	weeks := map[string]int{}
	r.mu.RLock()
	for ref := range r.boardMembers[board] {
		m := r.members[ref]
		joined, here := m.tally(board, now, n.Roles)
		if !here {
			continue
		}
		for _, device := range r.memberDevices[ref] {
			n.Devices += count(r.usable(r.devices[device], now) == nil)
		}
		if m.Kiosk {
			n.Kiosks++
			continue
		}
		n.Members++
		year, week := joined.time().ISOWeek()
		weeks[fmt.Sprintf("%04d-W%02d", year, week)]++
	}
	n.Ambassadors = r.countRecruits(board, now)
	r.mu.RUnlock()
	for _, week := range slices.Sorted(maps.Keys(weeks)) {
		n.Joined = append(n.Joined, Week{week, weeks[week]})
	}
	return n
}

// tally counts the roles that a member has now on a board, and tells since when it
// belongs: since the first of its grants, also if that has ended.
func (m *memberRow) tally(board id.Document, now stamp, roles map[rights.Role]int) (joined stamp, here bool) {
	for _, g := range m.Grants {
		if g.Board != board {
			continue
		}
		if joined == 0 || g.From < joined {
			joined = g.From
		}
		if g.holds(now) {
			roles[g.Role]++
			here = true
		}
	}
	return joined, here
}
