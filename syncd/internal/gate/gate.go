// Package gate decides who may do what. It is pure: a decision depends on its
// arguments alone, and on no clock, file or network.
//
// Everything is denied unless something allows it. A document that a principal
// may not read is treated as one that does not exist, in every way that can be
// observed. What a change may do is decided by crdt/board/rights, over its
// operations; this package brings the two together: see Rules.
package gate

import (
	"errors"
	"slices"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
)

// Principal is who a connection acts for, established before the connection
// is accepted. The ids that a peer chooses for itself are no part of it. It is
// immutable: who gets or loses a role is another principal from then on.
type Principal struct {
	// Device identifies the authenticated device; empty means nobody in
	// particular.
	Device string

	// Member is the reference of the member to whom the device belongs.
	Member string

	// Kiosk tells that the member is a tablet that many people use.
	Kiosk bool

	// Operator tells that the member may create boards.
	Operator bool

	// Boards are the boards on which the member has a role now.
	Boards []Membership

	// Usage counts what the device brings; nil: it is not counted.
	Usage *Usage
}

// Membership is what a principal is on one board.
type Membership struct {
	Board    id.Document
	Roles    rights.Roles
	Archived bool   // nobody writes to the board any more
	Pages    *Pages // of the board; shared
}

// On returns the membership of a board, nil when there is none.
func (p *Principal) On(board id.Document) *Membership {
	i := slices.IndexFunc(p.Boards, func(m Membership) bool { return m.Board == board })
	if i < 0 {
		return nil
	}
	return &p.Boards[i]
}

// Equal tells whether both may do the same, for the same device.
func (p *Principal) Equal(o *Principal) bool {
	return p.Device == o.Device && p.Member == o.Member && p.Kiosk == o.Kiosk && p.Operator == o.Operator &&
		slices.EqualFunc(p.Boards, o.Boards, func(a, b Membership) bool {
			return a.Board == b.Board && a.Roles == b.Roles && a.Archived == b.Archived
		})
}

// Place says where a document belongs.
type Place struct {
	Board id.Document
	Page  bool // else it is the board document
	Month board.Month
	Epoch uint32
}

// Action is what a principal wants to do with a document.
type Action int

const (
	Read   Action = iota + 1 // receive the document and its ephemeral messages
	Write                    // add changes to it
	Create                   // bring it into being
)

// ErrUnknown is the one reason for which a document is withheld: there is none
// that this principal may know of.
var ErrUnknown = errors.New("no document of one's boards")

// Policy decides. Implementations are immutable and safe for concurrent use.
type Policy interface {
	// Allow returns nil or the reason of the refusal, in words for people.
	Allow(p *Principal, a Action, doc id.Document) error

	// Writer is for whom p writes to the document, in the terms of its rules.
	Writer(p *Principal, doc id.Document) any

	// Rules returns the rules of a document that p may read. They are the same
	// for everyone who may; nil when there are none.
	Rules(p *Principal, doc id.Document) *Rules

	// SamePrincipal tells whether a newcomer may take over a peer id that is
	// connected already.
	SamePrincipal(connected, newcomer *Principal) bool
}

// Open allows everything to everyone.
type Open struct{}

func (Open) Allow(*Principal, Action, id.Document) error { return nil }
func (Open) Writer(*Principal, id.Document) any          { return nil }
func (Open) Rules(*Principal, id.Document) *Rules        { return nil }
func (Open) SamePrincipal(connected, newcomer *Principal) bool {
	return connected.Device == newcomer.Device
}

// Members lets members read and write the documents of their boards.
type Members struct{}

// Place finds out which document of which of the principal's boards it is.
// Documents of other boards and documents of no board are alike: unknown.
func (Members) Place(p *Principal, doc id.Document) (Place, *Membership, bool) {
	for i := range p.Boards {
		m := &p.Boards[i]
		if m.Board == doc {
			return Place{Board: m.Board}, m, true
		}
		if month, ok := m.Pages.Find(doc); ok {
			return Place{Board: m.Board, Page: true, Month: month}, m, true
		}
	}
	return Place{}, nil, false
}

// Allow lets readers read. Whether a change may be written is decided change by
// change, and so is whether a document may begin: see Rules.
func (g Members) Allow(p *Principal, _ Action, doc id.Document) error {
	_, m, ok := g.Place(p, doc)
	if !ok || !m.Roles.Read() {
		return ErrUnknown
	}
	return nil
}

// Writer returns a *Writer, nil for a document that p does not know.
func (g Members) Writer(p *Principal, doc id.Document) any {
	_, m, ok := g.Place(p, doc)
	if !ok {
		return nil
	}
	return &Writer{
		Principal: rights.Principal{
			Author: rights.Author{Member: p.Member, Device: p.Device, Kiosk: p.Kiosk},
			Roles:  m.Roles,
		},
		Board:    m.Board,
		Archived: m.Archived,
		Usage:    p.Usage,
	}
}

// Rules returns the rules of the document; nil when p does not know it.
func (g Members) Rules(p *Principal, doc id.Document) *Rules {
	place, _, ok := g.Place(p, doc)
	if !ok {
		return nil
	}
	return NewRules(place)
}

// SamePrincipal compares devices.
func (Members) SamePrincipal(connected, newcomer *Principal) bool {
	return connected.Device == newcomer.Device
}
