package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
)

// Member returns a member.
func (r *Registry) Member(ref string) (Member, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	m := r.members[ref]
	if m == nil {
		return Member{}, false
	}
	return m.view(), true
}

// Members returns who has or had a grant on a board, by label; of a zero board who
// has none on any, and is not forgotten.
func (r *Registry) Members(board id.Document) []Member {
	r.mu.RLock()
	all := make([]Member, 0, len(r.boardMembers[board]))
	if board == (id.Document{}) {
		for _, m := range r.members {
			if len(m.Grants) == 0 && m.Forgotten == 0 {
				all = append(all, m.view())
			}
		}
	}
	for ref := range r.boardMembers[board] {
		all = append(all, r.members[ref].view())
	}
	r.mu.RUnlock()
	slices.SortFunc(all, compareMembers)
	return all
}

func compareMembers(a, b Member) int {
	return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Ref, b.Ref))
}

// SetLabel changes what owners call a member.
func (r *Registry) SetLabel(member, name string) error {
	name, err := label(name, LabelMax)
	if err != nil {
		return err
	}
	return r.change(func(d *draft) error {
		m := d.member(member)
		if m == nil || m.Forgotten != 0 {
			return ErrUnknownMember
		}
		m.Label = name
		return nil
	})
}

// Grant gives a member a role on a board. A zero from means now, or since when the
// member has the role; a zero until for good. A grant of the same role is replaced.
// Errors: ErrKiosk, ErrLastOwner.
func (r *Registry) Grant(member string, board id.Document, role rights.Role, from, until time.Time, by string) error {
	if _, err := rights.ParseRole(role.String()); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return r.change(func(d *draft) error {
		m, err := d.memberOn(member, board)
		if err != nil {
			return err
		}
		g := grantRow{Board: board, Role: role, From: cmp.Or(stampOf(from), m.since(board, role, d.now), d.now), Until: stampOf(until), By: by}
		if g.Until != 0 && g.Until <= max(g.From, d.now) {
			return fmt.Errorf("%w: the role ends before it begins", ErrInvalid)
		}
		if err := sane(from, until); err != nil {
			return err
		}
		if m.Kiosk != (role == rights.Visitor) {
			return ErrKiosk
		}
		if err := d.grant(m, g); err != nil {
			return err
		}
		d.note(entryRow{By: by, Act: ActGranted, Boards: []id.Document{board}, Subject: member, Roles: rights.RolesOf(role)})
		return d.keepOwner(board)
	})
}

// latest is the last moment at which a role may begin or end. What is far past it
// nobody means, and not every program can show it.
var latest = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

func sane(moments ...time.Time) error {
	for _, at := range moments {
		if at.After(latest) {
			return fmt.Errorf("%w: a moment after the year %d", ErrInvalid, latest.Year()-1)
		}
	}
	return nil
}

// memberOn returns a member that may get or lose a role on a board.
func (d *draft) memberOn(member string, board id.Document) (*memberRow, error) {
	if d.r.boards[board] == nil && d.boards[board] == nil {
		return nil, ErrUnknownBoard
	}
	m := d.member(member)
	if m == nil || m.Forgotten != 0 {
		return nil, ErrUnknownMember
	}
	return m, nil
}

// since is from when a member has a role that it has now; 0 if it has not.
func (m *memberRow) since(board id.Document, role rights.Role, now stamp) stamp {
	at, ok := slices.BinarySearchFunc(m.Grants, grantRow{Board: board, Role: role}, compareGrants)
	if !ok || !m.Grants[at].holds(now) {
		return 0
	}
	return m.Grants[at].From
}

func (d *draft) grant(m *memberRow, g grantRow) error {
	m.keepRecruits(d.now)
	m.set(g)
	if len(m.Grants) > MemberGrantsMax {
		return fmt.Errorf("roles of a member: %w", ErrTooMany)
	}
	return nil
}

// Ungrant takes a role away, and tells how many invites that the member made do not work
// any more for that. Error: ErrLastOwner. A role that the member does not have is no error.
func (r *Registry) Ungrant(member string, board id.Document, role rights.Role, by string) (invites int, err error) {
	noted := entryRow{By: by, Act: ActUngranted}
	return r.ungrant(member, board, noted, func(g grantRow) bool { return g.Role == role })
}

// Remove is Ungrant of all roles of a board.
func (r *Registry) Remove(member string, board id.Document, by string) (invites int, err error) {
	return r.ungrant(member, board, entryRow{By: by, Act: ActRemoved}, func(grantRow) bool { return true })
}

func (r *Registry) ungrant(member string, board id.Document, noted entryRow, which func(grantRow) bool) (invites int, err error) {
	err = r.change(func(d *draft) error {
		m, err := d.memberOn(member, board)
		if err != nil {
			return err
		}
		m.keepRecruits(d.now)
		m.Grants = slices.DeleteFunc(m.Grants, func(g grantRow) bool {
			gone := g.Board == board && which(g)
			if gone {
				noted.Roles = noted.Roles.With(g.Role)
			}
			return gone
		})
		if noted.Roles != 0 {
			invites = d.openOf(board, member, d.r.memberRow) - d.openOf(board, member, d.peek)
			noted.Boards, noted.Subject, noted.Count = []id.Document{board}, member, invites
			m.end(board, d.now)
			d.note(noted)
		}
		return d.keepOwner(board)
	})
	if err != nil {
		return 0, err
	}
	return invites, nil
}

// keepOwner fails if the draft leaves a board without an owner who stays, and that
// has one now. An archived board needs none.
func (d *draft) keepOwner(board id.Document) error {
	if b := d.r.boards[board]; b == nil || b.Archived != 0 || !d.owned(board, d.r.memberRow) || d.owned(board, d.peek) {
		return nil
	}
	return ErrLastOwner
}

func (r *Registry) memberRow(ref string) *memberRow { return r.members[ref] }

// owned tells whether a board has an owner now and from now on: one whose role has
// no end, and until that begins another.
func (d *draft) owned(board id.Document, member func(string) *memberRow) bool {
	var until, lasting stamp = d.now, 0
	look := func(ref string) {
		for _, g := range member(ref).Grants {
			switch {
			case g.Board != board || g.Role != rights.Owner:
			case g.Until == 0:
				if lasting == 0 || g.From < lasting {
					lasting = g.From
				}
			case g.holds(d.now):
				until = max(until, g.Until)
			}
		}
	}
	for ref := range d.r.boardMembers[board] {
		look(ref)
	}
	for ref := range d.members {
		if _, seen := d.r.boardMembers[board][ref]; !seen && member(ref) != nil {
			look(ref)
		}
	}
	return lasting != 0 && lasting <= until
}

// Owners returns the owners and the deputies of a board who are so now.
func (r *Registry) Owners(board id.Document) (owners, deputies []Member) {
	now := stampOf(r.now())
	r.mu.RLock()
	for ref := range r.boardMembers[board] {
		m := r.members[ref]
		for _, g := range m.Grants {
			switch {
			case g.Board != board || !g.holds(now):
			case g.Role == rights.Owner:
				owners = append(owners, m.view())
			case g.Role == rights.Deputy:
				deputies = append(deputies, m.view())
			}
		}
	}
	r.mu.RUnlock()
	slices.SortFunc(owners, compareMembers)
	slices.SortFunc(deputies, compareMembers)
	return owners, deputies
}
