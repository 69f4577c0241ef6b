package registry

import (
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
)

// All times are in milliseconds and UTC; a zero time is one that there is not.
// What the registry returns is the caller's to keep and to change.

// Board is a board of this server, as far as it is not in the board document.
type Board struct {
	ID                    id.Document
	Title, Lang, TimeZone string
	Created               time.Time
	Archived              time.Time // nobody has written to it since
	Demo                  bool
}

// BoardSpec is a board to be made.
type BoardSpec struct {
	Title    string // 1 to TitleMax characters
	Lang     string // da, nl or en
	TimeZone string // as the IANA names it; empty means Europe/Copenhagen
	Demo     bool

	// ID is that of a board document that is there already; zero makes a new one.
	ID id.Document

	// Found makes the content of the board document. It runs before anybody can
	// know of the board, and must not ask the registry. Nil makes none.
	Found func(Board)
}

// Member is a person or a kiosk. Documents know the Ref and nothing else.
type Member struct {
	Ref       string // an id as documents have them
	Label     string // what owners call the member
	Kiosk     bool   // many people use it, as visitors
	Operator  bool   // may create boards
	Created   time.Time
	Forgotten time.Time // since then there is only the Ref
	Grants    []Grant   // by board, then role; also past and future ones

	Removed []id.Document // boards on which the last role was taken away, the latest last
}

// Ended are the boards to which the member belonged and belongs no more, nor will
// as far as it is known, each once. That rests on what is recorded of it, never on
// what is missing.
func (m Member) Ended(now time.Time) []id.Document {
	ended := slices.Clone(m.Removed)
	for _, g := range m.Grants {
		if !slices.Contains(ended, g.Board) {
			ended = append(ended, g.Board)
		}
	}
	return slices.DeleteFunc(ended, func(board id.Document) bool {
		return slices.ContainsFunc(m.Grants, func(g Grant) bool {
			return g.Board == board && (g.Until.IsZero() || now.Before(g.Until))
		})
	})
}

// Grant is a role of a member on a board. A member has each role of a board once.
type Grant struct {
	Board id.Document
	Role  rights.Role
	From  time.Time
	Until time.Time // zero means for good
	By    string    // a member's ref, or who else did it: "operator", "setup"
}

// Holds tells whether the role is there at a time.
func (g Grant) Holds(now time.Time) bool {
	return !now.Before(g.From) && (g.Until.IsZero() || now.Before(g.Until))
}

// Device is a key that somebody holds.
type Device struct {
	ID       string // derived from the key: see auth.Key
	Member   string
	Label    string
	Kind     string // phone, kiosk, desk or cli
	Alg      string
	Key      []byte // empty once the member is forgotten
	Invite   string // the id of the invite with which it joined last
	Added    time.Time
	LastSeen time.Time

	Revoked       time.Time
	RevokedBy     string
	RevokedReason string
	LeaseDays     int
	LeaseEnded    bool // it was not seen for LeaseDays

	// What the device told of itself.
	AppVersion  string
	ClockOffset time.Duration // how far its clock is ahead of ours
	Unsent      int           // changes that it has not sent; -1 if it did not say
}

// NewDevice is a device that joins. That it holds the key was proved.
type NewDevice struct {
	Alg        string
	Key        []byte
	Label      string
	Kind       string
	AppVersion string

	// Admit is asked once the code is found to work for the device; what it
	// returns ends the joining. It must not ask the registry. Nil lets everyone in.
	Admit func() error
}

// Status is what a device tells of itself. AppVersion may be empty.
type Status struct {
	AppVersion  string
	ClockOffset time.Duration
	Unsent      int // -1 if it did not say
}

// Invite lets devices join. Its code is known to whom it was given, and to
// nobody else.
type Invite struct {
	ID            string
	Board         id.Document // zero with Setup, or if it is for a device of Member
	Roles         rights.Roles
	Label         string
	Batch         string // the batch of letters that it belongs to
	UsesMax, Uses int
	Made          time.Time
	Until         time.Time // the code works before it
	RoleUntil     time.Time // the roles end then; zero means never
	Revoked       time.Time
	By            string
	Member        string // it adds a device to this member
	Setup         bool   // it makes the first operator
	Void          bool   // the member who made it could not make it now
}

// Open tells whether the code works at a time.
func (i Invite) Open(now time.Time) bool {
	return i.Revoked.IsZero() && !i.Void && i.Uses < i.UsesMax && now.Before(i.Until)
}

// InviteSpec is an invite to be made: to a Board with Roles, or for one more
// device of Member.
type InviteSpec struct {
	Board     id.Document
	Roles     rights.Roles
	Member    string
	Label     string
	Uses      int           // 0 means 1
	TTL       time.Duration // 0 means InviteTTL, or DeviceTTL for one of Member
	RoleUntil time.Time
	By        string
}

// How long a code works unless it is said.
const (
	InviteTTL = 7 * 24 * time.Hour
	DeviceTTL = 15 * time.Minute
	SetupTTL  = 24 * time.Hour
	TTLMax    = 366 * 24 * time.Hour
)

// Letter is an invite with its code, which is there only once: xxxxx-xxxxx.
type Letter struct {
	Invite Invite
	Code   string
}

// Used says how many of a group of invites were used.
type Used struct {
	Batch    string // empty when grouped by label
	Label    string
	Made     time.Time // of the first
	Until    time.Time // of the last
	Invites  int
	UsesMax  int
	Uses     int
	Revoked  int // or void before they were used up
	Returned int // invites with at least one use
}

// Joined is what a device gets that has joined.
type Joined struct {
	Device Device
	Member Member
	Boards []Board // on which the member has a role now
}

// Revocation says that a device is shut out, for ever.
type Revocation struct {
	Device string    `json:"device"`
	Member string    `json:"member"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
}

// Reasons of revocations. Others may be written by newer versions.
const (
	ReasonRevoked   = "revoked"   // an owner did it, or the member
	ReasonLeft      = "left"      // the member left
	ReasonForgotten = "forgotten" // the member was forgotten
)

// Refused is a change that was refused, or that a revoked device still had.
type Refused struct {
	ID       string
	Board    id.Document
	Document id.Document
	Device   string
	Member   string
	Reason   string // the code of a rights.Reason, or "unsent"
	Path     string // where in the document, without content
	At       time.Time
	Bytes    int  // of the changes
	Dropped  bool // they were larger than QuarantineItemMax and were not kept
}

// ReasonUnsent marks what a revoked device had not sent.
const ReasonUnsent = "unsent"

// Poster is how often one sheet of paper was scanned.
type Poster struct {
	ID      string // twelve characters of Crockford's base 32, as printed on it
	Label   string
	Board   id.Document // zero while nobody has said whose it is
	Scans   int
	Days    []Day // the latest PosterDaysMax, the earliest first
	Earlier int   // scans before those
}

// Day is a day in UTC.
type Day struct {
	Date  string // YYYY-MM-DD
	Scans int
}

// Numbers count a board without naming anyone.
type Numbers struct {
	Members int                 // people with a role now, whatever devices they have
	Kiosks  int                 // kiosks with a role now
	Roles   map[rights.Role]int // members and kiosks by role; one may have several
	Devices int                 // of them, neither revoked nor ended
	Joined  []Week              // people by their first week, the earliest first

	// Ambassadors are the members who are or were ambassadors, each once, by the
	// year in which they first were; the earliest first. Who joined again as a new
	// member is a new one.
	Ambassadors []Year
}

// Year is a year of the calendar, in UTC.
type Year struct {
	Year   int
	People int
}

// Week is a week of the ISO calendar, in UTC.
type Week struct {
	Week   string // 2026-W47
	People int
}
