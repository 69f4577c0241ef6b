package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// NewInviteSpec asks for an invite, or for letters.
type NewInviteSpec struct {
	Role      string   `json:"role,omitempty"`
	Roles     []string `json:"roles,omitempty"` // instead of Role
	Label     string   `json:"label,omitempty"`
	Uses      int      `json:"uses,omitempty"`  // 0 means 1; letters have one each
	Count     int      `json:"count,omitempty"` // of letters
	Until     Millis   `json:"until,omitempty"` // the code works before it; 0 means a week
	RoleUntil Millis   `json:"roleUntil,omitempty"`
}

// ambassador tells whether the caller may invite residents alone, and see only
// what it invited itself.
func (c *call) ambassador(board id.Document) bool {
	return !c.has(board, rights.Owner, rights.Deputy)
}

// invitation reads what is asked for, as far as the caller may.
func (c *call) invitation(board id.Document) (spec registry.InviteSpec, count int, err error) {
	var q NewInviteSpec
	if err := c.read(bodyMax, &q); err != nil {
		return spec, 0, err
	}
	if q.Role != "" {
		q.Roles = append(q.Roles, q.Role)
	}
	spec = registry.InviteSpec{Board: board, Label: q.Label, Uses: q.Uses, RoleUntil: q.RoleUntil.Time(), By: c.by()}
	for _, name := range q.Roles {
		role, err := parseRole(name)
		if err != nil {
			return spec, 0, err
		}
		spec.Roles = spec.Roles.With(role)
	}
	if spec.Roles == 0 {
		return spec, 0, errBody
	}
	if c.ambassador(board) && spec.Roles != rights.RolesOf(rights.Resident) {
		return spec, 0, errRole
	}
	if err := c.ownersOnly(board, spec.Roles.Any(owners)); err != nil {
		return spec, 0, err
	}
	if q.Until != 0 {
		if spec.TTL = q.Until.Time().Sub(c.now); spec.TTL <= 0 {
			return spec, 0, problem{http.StatusBadRequest, "invalid", "The invite would be over already.", ""}
		}
		spec.TTL = min(spec.TTL, registry.TTLMax).Truncate(time.Millisecond)
	}
	return spec, q.Count, nil
}

func makeInvite(c *call, board id.Document) (any, error) {
	spec, _, err := c.invitation(board)
	if err != nil {
		return nil, err
	}
	i, code, err := c.Registry.Invite(spec)
	if err != nil {
		return nil, err
	}
	c.Logger.Info("an invite was made", "doc", board, "invite", i.ID, "roles", i.Roles, "uses", i.UsesMax, "by", c.by())
	return c.newInvite(i, code), nil
}

func (c *call) newInvite(i registry.Invite, code string) NewInvite {
	return NewInvite{viewInvite(i, c.now), code, c.Server.Link(code, i.Roles.Has(rights.Visitor))}
}

// LetterList is a batch of letters with their codes.
type LetterList struct {
	Batch   string      `json:"batch"`
	Letters []NewInvite `json:"letters"`
}

func makeLetters(c *call, board id.Document) (any, error) {
	spec, count, err := c.invitation(board)
	if err != nil {
		return nil, err
	}
	letters, err := c.Registry.Letters(spec, count)
	if err != nil {
		return nil, err
	}
	list := LetterList{Letters: []NewInvite{}}
	for _, l := range letters {
		list.Batch = l.Invite.Batch
		list.Letters = append(list.Letters, c.newInvite(l.Invite, l.Code))
	}
	c.Logger.Info("letters were made", "doc", board, "batch", list.Batch, "count", len(letters), "roles", spec.Roles, "by", c.by())
	return list, nil
}

// InviteList is the invites of a board, and how many of them were used.
type InviteList struct {
	Invites []Invite `json:"invites"`
	Batches []Usage  `json:"batches"`
	Labels  []Usage  `json:"labels"`
}

func listInvites(c *call, board id.Document) (any, error) {
	invites := c.Registry.Invites(board)
	if c.ambassador(board) {
		invites = slices.DeleteFunc(invites, func(i registry.Invite) bool { return i.By != c.by() })
	}
	list := InviteList{Invites: []Invite{}}
	for _, i := range invites {
		list.Invites = append(list.Invites, viewInvite(i, c.now))
	}
	batches, labels := registry.Usage(invites)
	list.Batches, list.Labels = viewUsages(batches), viewUsages(labels)
	return list, nil
}

func revokeInvite(c *call, board id.Document) (any, error) {
	i, ok := c.Registry.FindInvite(c.r.PathValue("invite"))
	if !ok || i.Board != board || c.ambassador(board) && i.By != c.by() {
		return nil, errInvite
	}
	return c.revokeThe(i)
}

func (c *call) revokeThe(i registry.Invite) (any, error) {
	if err := c.Registry.RevokeInviteBy(i.ID, c.by()); err != nil {
		return nil, err
	}
	c.Logger.Info("an invite was revoked", "invite", i.ID, "by", c.by())
	i, ok := c.Registry.FindInvite(i.ID)
	if !ok {
		return nil, errInvite
	}
	return viewInvite(i, c.now), nil
}
