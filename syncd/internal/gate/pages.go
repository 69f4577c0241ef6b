package gate

import (
	"bytes"
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/id"
)

// The months in which a device's clock may stand. A tablet that has lost its
// clock begins in 1970; what it writes there is on a page like any other.
var (
	firstMonth = board.Month{Year: 1970, Month: time.January}
	lastMonth  = board.Month{Year: 2059, Month: time.December}
)

// Pages are the ids of all pages that a board may have: one for each month from
// January 1970 to December 2059. It takes 22 kB and a millisecond to make, so
// that it is made once a board and shared. It is immutable.
type Pages struct{ byID []page }

type page struct {
	doc   id.Document
	month uint16 // months since January 1970
}

// NewPages computes the pages of a board.
func NewPages(of id.Document) *Pages {
	p := &Pages{byID: make([]page, 0, 12*(lastMonth.Year-firstMonth.Year+1))}
	for m := firstMonth; len(p.byID) < cap(p.byID); m = m.Next() {
		p.byID = append(p.byID, page{board.PageDocument(of, m, 0), uint16(len(p.byID))})
	}
	slices.SortFunc(p.byID, func(a, b page) int { return bytes.Compare(a.doc[:], b.doc[:]) })
	return p
}

// Find returns the month of a page; false for what is no page of the board.
func (p *Pages) Find(doc id.Document) (board.Month, bool) {
	i, ok := slices.BinarySearchFunc(p.byID, doc, func(a page, d id.Document) int { return bytes.Compare(a.doc[:], d[:]) })
	if !ok {
		return board.Month{}, false
	}
	n := int(p.byID[i].month)
	return board.Month{Year: firstMonth.Year + n/12, Month: time.Month(1 + n%12)}, true
}
