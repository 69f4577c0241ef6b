package api

import (
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// The bodies of answers, as API.md describes them. Times are milliseconds since
// 1970; one that there is not is left out.

// Millis is a moment.
type Millis int64

func millis(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// Time is the moment; the zero time for one that there is not.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// Role is a role on a board.
type Role struct {
	Role  string `json:"role"`
	From  Millis `json:"from,omitzero"`
	Until Millis `json:"until,omitzero"`
	By    string `json:"by,omitzero"`
}

// Board is a board, and what the caller is on it.
type Board struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Lang     string `json:"lang"`
	TimeZone string `json:"timeZone"`
	Created  Millis `json:"created,omitzero"`
	Demo     bool   `json:"demo"`
	Archived bool   `json:"archived"`
	Roles    []Role `json:"roles,omitempty"`
}

func viewBoard(b registry.Board) Board {
	return Board{ID: b.ID.String(), Title: b.Title, Lang: b.Lang, TimeZone: b.TimeZone, Created: millis(b.Created),
		Demo: b.Demo, Archived: !b.Archived.IsZero()}
}

// Me is who the caller is.
type Me struct {
	Device   MyDevice `json:"device"`
	Member   Person   `json:"member"`
	Boards   []Board  `json:"boards"`
	Ended    []string `json:"ended"` // boards to which the caller belonged, and belongs no more
	Operator bool     `json:"operator"`
}

// Ticket is a token that says who the caller is.
type Ticket struct {
	Ticket  string `json:"ticket"`
	Expires Millis `json:"expires"`
}

// MyDevice is the caller's device.
type MyDevice struct {
	ID        string `json:"id"`
	Label     string `json:"label"`
	Kind      string `json:"kind"`
	Added     Millis `json:"added"`
	LeaseDays int    `json:"leaseDays"`
}

// Person is a member, as its own devices see it.
type Person struct {
	Ref   string `json:"ref"`
	Label string `json:"label"`
	Kiosk bool   `json:"kiosk"`
}

// Device is a device, as those see it who look after it.
type Device struct {
	ID          string `json:"id"`
	Member      string `json:"member"`
	MemberLabel string `json:"memberLabel,omitzero"`
	Label       string `json:"label"`
	Kind        string `json:"kind"`
	Added       Millis `json:"added"`
	LastSeen    Millis `json:"lastSeen,omitzero"`
	LeaseDays   int    `json:"leaseDays"`
	LeaseEnded  bool   `json:"leaseEnded,omitzero"`
	Revoked     Millis `json:"revoked,omitzero"`
	RevokedBy   string `json:"revokedBy,omitzero"`
	Reason      string `json:"revokedReason,omitzero"`
	AppVersion  string `json:"appVersion,omitzero"`
	ClockOffset int64  `json:"clockOffset"`      // milliseconds that its clock is ahead
	Unsent      *int   `json:"unsent,omitempty"` // missing if it did not say
	Invite      string `json:"invite,omitzero"`
}

func viewDevice(d registry.Device, m registry.Member) Device {
	v := Device{ID: d.ID, Member: d.Member, MemberLabel: m.Label, Label: d.Label, Kind: d.Kind, Added: millis(d.Added),
		LastSeen: millis(d.LastSeen), LeaseDays: d.LeaseDays, LeaseEnded: d.LeaseEnded, Revoked: millis(d.Revoked),
		RevokedBy: d.RevokedBy, Reason: d.RevokedReason, AppVersion: d.AppVersion,
		ClockOffset: d.ClockOffset.Milliseconds(), Invite: d.Invite}
	if d.Unsent >= 0 {
		v.Unsent = &d.Unsent
	}
	return v
}

// Member is a member, as owners see it: with the roles on one board, or for the
// operator on all.
type Member struct {
	Ref       string      `json:"ref"`
	Label     string      `json:"label"`
	Kiosk     bool        `json:"kiosk"`
	Operator  bool        `json:"operator"`
	Created   Millis      `json:"created,omitzero"`
	Forgotten Millis      `json:"forgotten,omitzero"`
	Roles     []BoardRole `json:"roles"`
	Devices   int         `json:"devices"` // that are not revoked
}

// Removed is a member who has lost roles.
type Removed struct {
	Member
	InvitesEnded int `json:"invitesEnded"` // that the member had made
}

// BoardRole is a role with its board.
type BoardRole struct {
	Board string `json:"board"`
	Title string `json:"title,omitzero"`
	Role
}

func viewRole(g registry.Grant) Role {
	return Role{Role: g.Role.String(), From: millis(g.From), Until: millis(g.Until), By: g.By}
}

// viewMember shows the roles on one board; on all for a nil one.
func (a *API) viewMember(m registry.Member, board *id.Document) Member {
	v := Member{Ref: m.Ref, Label: m.Label, Kiosk: m.Kiosk, Operator: m.Operator, Created: millis(m.Created),
		Forgotten: millis(m.Forgotten), Roles: []BoardRole{}}
	for _, g := range m.Grants {
		if board == nil || g.Board == *board {
			b, _ := a.Registry.Board(g.Board)
			v.Roles = append(v.Roles, BoardRole{g.Board.String(), b.Title, viewRole(g)})
		}
	}
	for _, d := range a.Registry.MemberDevices(m.Ref) {
		if d.Revoked.IsZero() {
			v.Devices++
		}
	}
	return v
}

// Invite is an invite without its code.
type Invite struct {
	ID        string   `json:"id"`
	Board     string   `json:"board,omitzero"`
	Roles     []string `json:"roles"`
	Label     string   `json:"label"`
	Batch     string   `json:"batch,omitzero"`
	UsesMax   int      `json:"usesMax"`
	Uses      int      `json:"uses"`
	Made      Millis   `json:"made"`
	Until     Millis   `json:"until"`
	RoleUntil Millis   `json:"roleUntil,omitzero"`
	Revoked   Millis   `json:"revoked,omitzero"`
	By        string   `json:"by"`
	Open      bool     `json:"open"`          // the code works
	Void      bool     `json:"void,omitzero"` // who made it could not make it now
}

func viewInvite(i registry.Invite, now time.Time) Invite {
	v := Invite{ID: i.ID, Roles: []string{}, Label: i.Label, Batch: i.Batch, UsesMax: i.UsesMax, Uses: i.Uses,
		Made: millis(i.Made), Until: millis(i.Until), RoleUntil: millis(i.RoleUntil), Revoked: millis(i.Revoked), By: i.By, Open: i.Open(now), Void: i.Void}
	if i.Board != (id.Document{}) {
		v.Board = i.Board.String()
	}
	for _, r := range i.Roles.List() {
		v.Roles = append(v.Roles, r.String())
	}
	return v
}

// NewInvite is an invite with its code, which is shown once.
type NewInvite struct {
	Invite
	Code string `json:"code"`
	Link string `json:"link"`
}

// Usage counts a group of invites.
type Usage struct {
	Batch    string `json:"batch,omitzero"`
	Label    string `json:"label"`
	Made     Millis `json:"made"`
	Until    Millis `json:"until"`
	Invites  int    `json:"invites"`
	UsesMax  int    `json:"usesMax"`
	Uses     int    `json:"uses"`
	Revoked  int    `json:"revoked"`
	Returned int    `json:"returned"`
}

func viewUsages(all []registry.Used) []Usage {
	views := make([]Usage, 0, len(all))
	for _, u := range all {
		views = append(views, Usage{u.Batch, u.Label, millis(u.Made), millis(u.Until), u.Invites, u.UsesMax, u.Uses, u.Revoked, u.Returned})
	}
	return views
}

// Refused is a change that waits for review.
type Refused struct {
	ID       string `json:"id"`
	Document string `json:"document"`
	Device   string `json:"device"`
	Member   string `json:"member"`
	Reason   string `json:"reason"`
	Path     string `json:"path,omitzero"`
	At       Millis `json:"at"`
	Bytes    int    `json:"bytes"`
	Dropped  bool   `json:"dropped,omitzero"` // too large to be kept
}

func viewRefused(r registry.Refused) Refused {
	return Refused{r.ID, r.Document.String(), r.Device, r.Member, r.Reason, r.Path, millis(r.At), r.Bytes, r.Dropped}
}

// Poster is how often one sheet of paper was scanned.
type Poster struct {
	Poster string `json:"poster"`
	Label  string `json:"label"`
	Scans  int    `json:"scans"`
	Days   []Day  `json:"days,omitempty"`
}

// Day is a day in UTC, YYYY-MM-DD.
type Day struct {
	Date  string `json:"date"`
	Scans int    `json:"scans"`
}

func viewPoster(p registry.Poster) Poster {
	v := Poster{Poster: p.ID, Label: p.Label, Scans: p.Scans}
	for _, d := range p.Days {
		v.Days = append(v.Days, Day(d))
	}
	return v
}

// Numbers count a board without naming anyone.
type Numbers struct {
	Members int            `json:"members"`
	Kiosks  int            `json:"kiosks"`
	Devices int            `json:"devices"`
	Roles   map[string]int `json:"roles"`
	Joined  []Week         `json:"joined"`

	Ambassadors Recruits `json:"ambassadors"`
}

// Recruits are the members who are or were ambassadors, each once, by the year in
// which they first were.
type Recruits struct {
	Total int    `json:"total"`
	Years []Year `json:"years"`
}

// Year is a year in UTC.
type Year struct {
	Year   int `json:"year"`
	People int `json:"people"`
}

// Week is a week of the ISO calendar: 2026-W47.
type Week struct {
	Week   string `json:"week"`
	People int    `json:"people"`
}

func viewNumbers(n registry.Numbers) Numbers {
	v := Numbers{Members: n.Members, Kiosks: n.Kiosks, Devices: n.Devices, Roles: map[string]int{}, Joined: []Week{}}
	for role, count := range n.Roles {
		v.Roles[role.String()] = count
	}
	for _, w := range n.Joined {
		v.Joined = append(v.Joined, Week(w))
	}
	v.Ambassadors.Years = []Year{}
	for _, y := range n.Ambassadors {
		v.Ambassadors.Total += y.People
		v.Ambassadors.Years = append(v.Ambassadors.Years, Year(y))
	}
	return v
}
