package registry

import (
	"cmp"
	"slices"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
)

// Ambassadors are counted by the year in which they first were, also those who are
// no more: when a grant that has begun goes or is replaced, the member keeps since
// when. Who is forgotten is only counted, with the board.

// recruitRow says since when a member was first an ambassador of a board.
type recruitRow struct {
	Board id.Document `cbor:"1,keyasint"`
	At    stamp       `cbor:"2,keyasint"`
}

// yearRow counts those who were forgotten.
type yearRow struct {
	Year   int `cbor:"1,keyasint"`
	People int `cbor:"2,keyasint"`
}

// recruited is since when a member was first an ambassador of a board; 0 if it
// never was.
func (m *memberRow) recruited(board id.Document, now stamp) (first stamp) {
	for _, r := range m.Recruited {
		if r.Board == board {
			first = r.At
		}
	}
	for _, g := range m.Grants {
		if g.Board == board && g.Role == rights.Ambassador && g.From <= now && (first == 0 || g.From < first) {
			first = g.From
		}
	}
	return first
}

// keepRecruits is called before grants go or are replaced.
func (m *memberRow) keepRecruits(now stamp) {
	for _, g := range m.Grants {
		first := m.recruited(g.Board, now)
		if g.Role != rights.Ambassador || first == 0 {
			continue
		}
		i := slices.IndexFunc(m.Recruited, func(r recruitRow) bool { return r.Board == g.Board })
		switch {
		case i >= 0:
			m.Recruited[i].At = first
		case len(m.Recruited) < MemberGrantsMax:
			m.Recruited = append(m.Recruited, recruitRow{g.Board, first})
		}
	}
}

// forgetRecruits leaves of a member only that it counts.
func (d *draft) forgetRecruits(m *memberRow) {
	for _, r := range m.Recruited {
		b := d.board(r.Board)
		if b == nil {
			continue
		}
		b.Recruits = slices.Clone(b.Recruits)
		year := r.At.time().Year()
		i, found := slices.BinarySearchFunc(b.Recruits, year, func(y yearRow, year int) int { return cmp.Compare(y.Year, year) })
		if !found {
			b.Recruits = slices.Insert(b.Recruits, i, yearRow{Year: year})
		}
		b.Recruits[i].People++
	}
	m.Recruited = nil
}

// countRecruits counts by year, in UTC, the earliest first. It needs mu.
func (r *Registry) countRecruits(board id.Document, now stamp) []Year {
	years := map[int]int{}
	for ref := range r.boardMembers[board] {
		if first := r.members[ref].recruited(board, now); first != 0 {
			years[first.time().Year()]++
		}
	}
	for ref := range r.recruits[board] {
		if _, counted := r.boardMembers[board][ref]; !counted {
			years[r.members[ref].recruited(board, now).time().Year()]++
		}
	}
	if b := r.boards[board]; b != nil {
		for _, y := range b.Recruits {
			years[y.Year] += y.People
		}
	}
	all := make([]Year, 0, len(years))
	for year, people := range years {
		all = append(all, Year{year, people})
	}
	slices.SortFunc(all, func(a, b Year) int { return cmp.Compare(a.Year, b.Year) })
	return all
}
