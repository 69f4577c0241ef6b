package registry

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/auth"
)

const (
	codeLetters = "0123456789abcdefghjkmnpqrstvwxyz"
	codeLen     = 10

	// prunedAtOnce is how many ended invites go when a board has too many.
	prunedAtOnce = LettersMax
)

// newCode makes a code of 50 random bits, in its normal form.
func newCode() string {
	var b [codeLen]byte
	rand.Read(b[:]) // never fails: crypto/rand aborts the program first
	for i := range b {
		b[i] = codeLetters[b[i]%32]
	}
	return string(b[:])
}

// hashCode is how a code is kept. The prefix keeps it from being the hash of a
// code in any other use, as in the proof of who joins.
func hashCode(normal string) [32]byte { return sha256.Sum256([]byte("tavle/invite/v1\n" + normal)) }

func newName() string {
	name, err := board.NewID(rand.Reader)
	if err != nil {
		panic(err) // rand.Reader never fails
	}
	return string(name)
}

// group is what invites are listed by: a board, a member, or nothing.
func (i *inviteRow) group() string {
	switch {
	case i.Member != "":
		return i.Member
	case i.Board != (id.Document{}):
		return i.Board.String()
	}
	return ""
}

// Invite makes an invite and its code, xxxxx-xxxxx, which is not kept. One for a
// device of a member ends those that were made for it before.
func (r *Registry) Invite(spec InviteSpec) (Invite, string, error) {
	letters, err := r.invite(spec, 1, false)
	if err != nil {
		return Invite{}, "", err
	}
	return letters[0].Invite, letters[0].Code, nil
}

// Letters makes a batch of count single-use invites, at most LettersMax.
func (r *Registry) Letters(spec InviteSpec, count int) ([]Letter, error) {
	if count < 1 || count > LettersMax || spec.Uses > 1 || spec.Member != "" {
		return nil, fmt.Errorf("%w: %d letters with %d uses", ErrInvalid, count, spec.Uses)
	}
	return r.invite(spec, count, true)
}

func (r *Registry) invite(spec InviteSpec, count int, batch bool) (letters []Letter, err error) {
	if err := spec.fill(); err != nil {
		return nil, err
	}
	for more := true; more && err == nil; {
		err = r.change(func(d *draft) error {
			base := &inviteRow{
				Board: spec.Board, Roles: spec.Roles, Label: spec.Label, UsesMax: spec.Uses, Member: spec.Member, By: spec.By,
				Made: d.now, Until: d.now + stamp(spec.TTL/time.Millisecond), RoleUntil: stampOf(spec.RoleUntil),
			}
			if err := d.mayInvite(base); err != nil {
				return err
			}
			if more, err = d.room(base.group(), count); more || err != nil {
				return err
			}
			if batch {
				base.Batch = newName()
			}
			for range count {
				letters = append(letters, d.newInvite(*base))
			}
			d.noteInvited(base, letters)
			return nil
		})
	}
	if err != nil {
		return nil, err
	}
	return letters, nil
}

// noteInvited drafts the entry of invites that were made together.
func (d *draft) noteInvited(base *inviteRow, letters []Letter) {
	e := entryRow{By: base.By, Act: ActInvited, Subject: base.Member, Object: base.Batch, Roles: base.Roles, Count: len(letters)}
	if base.Batch == "" {
		e.Object, e.Count = letters[0].Invite.ID, 0
	}
	if m := d.peek(base.Member); m != nil {
		e.Boards = m.boards()
	} else if base.Board != (id.Document{}) {
		e.Boards = []id.Document{base.Board}
	}
	d.note(e)
}

// fill checks what depends on nothing else, and puts in what was not said.
func (s *InviteSpec) fill() (err error) {
	if s.Label, err = label(s.Label, LabelMax); err != nil {
		return err
	}
	s.Uses = cmp.Or(s.Uses, 1)
	if s.Member != "" {
		s.TTL = cmp.Or(s.TTL, DeviceTTL)
	}
	s.TTL = cmp.Or(s.TTL, InviteTTL)
	known := rights.RolesOf(rights.AllRoles()...)
	switch {
	case s.Uses < 1 || s.Uses > UsesMax:
		return fmt.Errorf("%w: %d uses", ErrInvalid, s.Uses)
	case s.TTL < time.Second || s.TTL > TTLMax:
		return fmt.Errorf("%w: a code that works for %v", ErrInvalid, s.TTL)
	case s.Member != "" && (s.Roles != 0 || s.Board != id.Document{}):
		return fmt.Errorf("%w: an invite is for a board or for a member", ErrInvalid)
	case s.Member == "" && (s.Roles == 0 || s.Roles&^known != 0):
		return fmt.Errorf("%w: an invite needs roles", ErrInvalid)
	case s.Roles.Has(rights.Visitor) && !isKiosk(s.Roles):
		return ErrKiosk
	}
	return sane(s.RoleUntil)
}

// isKiosk tells whether who joins with the roles is a kiosk.
func isKiosk(roles rights.Roles) bool { return roles == rights.RolesOf(rights.Visitor) }

// mayInvite checks what depends on the registry.
func (d *draft) mayInvite(i *inviteRow) error {
	if i.RoleUntil != 0 && i.RoleUntil <= d.now {
		return fmt.Errorf("%w: the role has ended already", ErrInvalid)
	}
	if i.Member != "" {
		if m := d.peek(i.Member); m == nil || m.Forgotten != 0 {
			return ErrUnknownMember
		}
		d.dropGroup(i.Member)
		return nil
	}
	b := d.r.boards[i.Board]
	if b == nil {
		return ErrUnknownBoard
	}
	if b.Archived != 0 {
		return fmt.Errorf("%w: the board is archived", ErrInvalid)
	}
	return nil
}

func (d *draft) dropGroup(group string) {
	for invite := range d.r.inviteGroups[group] {
		d.dropped = append(d.dropped, d.r.invites[invite])
	}
}

// room makes room for more invites: of those that have ended the oldest go. If some
// do, there is more to do in another draft, since a draft has not room for both.
func (d *draft) room(group string, count int) (more bool, err error) {
	over := len(d.r.inviteGroups[group]) + count - BoardInvitesMax
	if over <= 0 {
		return false, nil
	}
	var ended []*inviteRow
	for invite := range d.r.inviteGroups[group] {
		if i := d.r.invites[invite]; !i.open(d.now) || !vouched(i, d.now, d.peek) {
			ended = append(ended, i)
		}
	}
	slices.SortFunc(ended, func(a, b *inviteRow) int { return cmp.Compare(a.Made, b.Made) })
	if len(ended) < over {
		return false, fmt.Errorf("invites of a board: %w", ErrTooMany)
	}
	d.dropped = append(d.dropped, ended[:min(len(ended), prunedAtOnce)]...)
	return true, nil
}

func (d *draft) newInvite(i inviteRow) Letter {
	code := newCode()
	for d.r.byHash[hashCode(code)] != "" {
		code = newCode()
	}
	i.id, i.Hash = newName(), hashCode(code)
	d.invites[i.id] = &i
	return Letter{i.view(false), auth.ShowCode(code)}
}

// SetupInvite makes the invite of the first operator; the one made before ends.
// It fails with ErrCode when there is an operator already.
func (r *Registry) SetupInvite() (Invite, string, error) {
	var l Letter
	err := r.change(func(d *draft) error {
		if r.operators > 0 {
			return fmt.Errorf("there is an operator: %w", ErrCode)
		}
		d.dropGroup("")
		l = d.newInvite(inviteRow{
			UsesMax: 1, Made: d.now, Until: d.now + stamp(SetupTTL/time.Millisecond), Setup: true, By: "setup",
		})
		return nil
	})
	return l.Invite, l.Code, err
}

// NeedsSetup tells whether there is no operator yet.
func (r *Registry) NeedsSetup() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.operators == 0
}

// HasMembers tells whether anybody belongs or has belonged.
func (r *Registry) HasMembers() bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.members) > 0
}

// Invites returns the invites of a board, the latest first; of a zero board that
// of the set-up.
func (r *Registry) Invites(board id.Document) []Invite {
	group, now := (&inviteRow{Board: board}).group(), stampOf(r.now())
	r.mu.RLock()
	all := make([]Invite, 0, len(r.inviteGroups[group]))
	for invite := range r.inviteGroups[group] {
		i := r.invites[invite]
		all = append(all, i.view(!vouched(i, now, r.memberRow)))
	}
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b Invite) int { return cmp.Or(b.Made.Compare(a.Made), strings.Compare(a.ID, b.ID)) })
	return all
}

// FindInvite returns an invite.
func (r *Registry) FindInvite(invite string) (Invite, bool) {
	now := stampOf(r.now())
	r.mu.RLock()
	defer r.mu.RUnlock()
	i := r.invites[invite]
	if i == nil {
		return Invite{}, false
	}
	return i.view(!vouched(i, now, r.memberRow)), true
}

// Usage counts invites, by batch of letters and by label, the latest first. What is
// in no batch is only in labels.
func Usage(invites []Invite) (batches, labels []Used) {
	byBatch, byLabel := map[string]*Used{}, map[string]*Used{}
	for _, i := range invites {
		if i.Batch != "" {
			add(byBatch, i.Batch, i).Batch = i.Batch
		}
		add(byLabel, i.Label, i)
	}
	return listed(byBatch), listed(byLabel)
}

func add(to map[string]*Used, key string, i Invite) *Used {
	u := to[key]
	if u == nil {
		u = &Used{Label: i.Label, Made: i.Made}
		to[key] = u
	}
	if i.Made.Before(u.Made) {
		u.Made = i.Made
	}
	if i.Until.After(u.Until) {
		u.Until = i.Until
	}
	u.Invites++
	u.UsesMax += i.UsesMax
	u.Uses += i.Uses
	u.Revoked += count(!i.Revoked.IsZero() || i.Void && i.Uses < i.UsesMax)
	u.Returned += count(i.Uses > 0)
	return u
}

func listed(from map[string]*Used) []Used {
	all := make([]Used, 0, len(from))
	for _, u := range from {
		all = append(all, *u)
	}
	slices.SortFunc(all, func(a, b Used) int {
		return cmp.Or(b.Made.Compare(a.Made), strings.Compare(a.Label, b.Label), strings.Compare(a.Batch, b.Batch))
	})
	return all
}

// RevokeInvite ends an invite, for the server itself. Who has joined with it stays.
func (r *Registry) RevokeInvite(invite string) error { return r.RevokeInviteBy(invite, "server") }

// RevokeInviteBy ends an invite.
func (r *Registry) RevokeInviteBy(invite, by string) error {
	return r.change(func(d *draft) error {
		i := d.invite(invite)
		if i == nil {
			return ErrUnknownInvite
		}
		if i.Revoked != 0 {
			return nil
		}
		i.Revoked = d.now
		e := entryRow{By: by, Act: ActInviteRevoked, Subject: i.Member, Object: i.id, Roles: i.Roles}
		if i.Board != (id.Document{}) {
			e.Boards = []id.Document{i.Board}
		}
		d.note(e)
		return nil
	})
}
