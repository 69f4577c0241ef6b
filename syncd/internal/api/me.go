package api

import (
	"slices"
	"strings"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// self returns the caller's device and member.
func (c *call) self() (registry.Device, registry.Member, error) {
	d, ok := c.Registry.Device(c.principal.Device)
	if !ok {
		return d, registry.Member{}, errSignIn
	}
	m, ok := c.Registry.Member(d.Member)
	if !ok {
		return d, m, errSignIn
	}
	return d, m, nil
}

func me(c *call) (any, error) {
	d, m, err := c.self()
	if err != nil {
		return nil, err
	}
	return Me{
		Device:   MyDevice{d.ID, d.Label, d.Kind, millis(d.Added), d.LeaseDays},
		Member:   Person{m.Ref, m.Label, m.Kiosk},
		Boards:   c.boardsOf(m),
		Ended:    c.endedOf(m),
		Operator: m.Operator,
	}, nil
}

func (c *call) endedOf(m registry.Member) []string {
	ended := []string{}
	for _, board := range m.Ended(c.now) {
		ended = append(ended, board.String())
	}
	return ended
}

// boardsOf returns the boards on which a member has a role now, with all roles
// there that are not over, by title.
func (c *call) boardsOf(m registry.Member) []Board {
	boards := []Board{}
	for _, membership := range c.principal.Boards {
		b, ok := c.Registry.Board(membership.Board)
		if !ok {
			continue
		}
		v := viewBoard(b)
		for _, g := range m.Grants {
			if g.Board == b.ID && (g.Until.IsZero() || c.now.Before(g.Until)) {
				role := viewRole(g)
				role.By = ""
				v.Roles = append(v.Roles, role)
			}
		}
		boards = append(boards, v)
	}
	slices.SortFunc(boards, func(a, b Board) int { return strings.Compare(a.Title+a.ID, b.Title+b.ID) })
	return boards
}

// Known is everything that the server knows about a member.
type Known struct {
	Member struct {
		Person
		Created  Millis `json:"created"`
		Operator bool   `json:"operator"`
	} `json:"member"`
	Devices []Device    `json:"devices"`
	Roles   []BoardRole `json:"roles"` // also those that are over
	Invites []Invite    `json:"invites"`
	Refused int         `json:"refused"` // changes that were refused and are kept
}

func knownOfMe(c *call) (any, error) {
	_, m, err := c.self()
	if err != nil {
		return nil, err
	}
	known := Known{Devices: []Device{}, Roles: c.viewMember(m, nil).Roles, Invites: []Invite{}, Refused: c.Registry.QuarantinedOf(m.Ref)}
	known.Member.Person = Person{m.Ref, m.Label, m.Kiosk}
	known.Member.Created, known.Member.Operator = millis(m.Created), m.Operator
	seen := map[string]bool{}
	for _, d := range c.Registry.MemberDevices(m.Ref) {
		known.Devices = append(known.Devices, viewDevice(d, m))
		if i, ok := c.Registry.FindInvite(d.Invite); ok && !seen[i.ID] {
			seen[i.ID] = true
			known.Invites = append(known.Invites, viewInvite(i, c.now))
		}
	}
	return known, nil
}

// clockOffsetMax is what a clock may be ahead or behind, in what is kept.
const clockOffsetMax = 100 * 365 * 24 * time.Hour

func status(c *call) (any, error) {
	var q struct {
		AppVersion string
		Clock      int64
		Unsent     *int
	}
	if err := c.read(bodyMax, &q); err != nil {
		return nil, err
	}
	s := registry.Status{AppVersion: q.AppVersion, Unsent: -1}
	if q.Clock != 0 {
		limit := clockOffsetMax.Milliseconds()
		s.ClockOffset = time.Duration(min(limit, max(-limit, q.Clock-c.now.UnixMilli()))) * time.Millisecond
	}
	if q.Unsent != nil && *q.Unsent >= 0 {
		s.Unsent = *q.Unsent
	}
	return nil, c.Registry.Seen(c.principal.Device, &s)
}

// inviteDevice makes a code with which the member adds one more device.
func inviteDevice(c *call) (any, error) {
	i, code, err := c.Registry.Invite(registry.InviteSpec{Member: c.principal.Member, By: c.principal.Member})
	if err != nil {
		return nil, err
	}
	return NewInvite{viewInvite(i, c.now), code, c.Server.Link(code, c.principal.Kiosk)}, nil
}

func leave(c *call) (any, error) {
	if err := c.Registry.Leave(c.principal.Member); err != nil {
		return nil, err
	}
	c.dropCookie()
	c.Logger.Info("a member has left", "member", c.principal.Member)
	return nil, nil
}

func revokeOwn(c *call) (any, error) {
	d, ok := c.Registry.Device(c.r.PathValue("device"))
	if !ok || d.Member != c.principal.Member {
		return nil, errDevice
	}
	if err := c.Registry.RevokeDevice(d.ID, c.by()); err != nil {
		return nil, err
	}
	c.Logger.Info("a device was revoked", "device", d.ID, "by", c.by())
	return nil, nil
}
