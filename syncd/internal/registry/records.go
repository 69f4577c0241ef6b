package registry

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// The names of records: see FORMAT.md. What a name says is not in the value.
const (
	keysAll        = "r/"
	keyBoard       = "r/b/"
	keyDevice      = "r/d/"
	keyInvite      = "r/i/"
	keyMember      = "r/m/"
	keyPoster      = "r/p/"
	keyRefused     = "r/q/"
	keyRevocation  = "r/v/"
	keyRefusedPart = "q/" // the changes, which Open does not read
)

// stamp is a time in milliseconds since 1970; 0 is no time.
type stamp int64

func stampOf(t time.Time) stamp {
	if t.IsZero() {
		return 0
	}
	return stamp(max(t.UnixMilli(), 1))
}

func (s stamp) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(min(max(s, 1), latestStamp))).UTC()
}

// latestStamp is the end of the year 9999, since JSON has no later one: what is damaged must not keep
// the rest of a list from being written.
const latestStamp stamp = 253_402_300_799_999

// What stands in maps is never changed in place, so that a reader may keep what
// it has found: a change replaces it. The numbers are those of FORMAT.md.

type boardRow struct {
	id    id.Document
	pages *pages

	Title    string `cbor:"1,keyasint,omitempty"`
	Lang     string `cbor:"2,keyasint,omitempty"`
	TimeZone string `cbor:"3,keyasint,omitempty"`
	Created  stamp  `cbor:"4,keyasint,omitempty"`
	Archived stamp  `cbor:"5,keyasint,omitempty"`
	Demo     bool   `cbor:"6,keyasint,omitempty"`

	Recruits []yearRow `cbor:"7,keyasint,omitempty"` // ambassadors who were forgotten
}

func (b *boardRow) view() Board {
	return Board{b.id, b.Title, b.Lang, b.TimeZone, b.Created.time(), b.Archived.time(), b.Demo}
}

type memberRow struct {
	ref string

	Label     string       `cbor:"1,keyasint,omitempty"`
	Kiosk     bool         `cbor:"2,keyasint,omitempty"`
	Operator  bool         `cbor:"3,keyasint,omitempty"`
	Created   stamp        `cbor:"4,keyasint,omitempty"`
	Forgotten stamp        `cbor:"5,keyasint,omitempty"`
	Grants    []grantRow   `cbor:"6,keyasint,omitempty"` // by board, then role
	Recruited []recruitRow `cbor:"7,keyasint,omitempty"`
	Ended     []endedRow   `cbor:"8,keyasint,omitempty"` // the latest last
}

// endedRow says when the last role of a member on a board was taken away.
type endedRow struct {
	Board id.Document `cbor:"1,keyasint"`
	At    stamp       `cbor:"2,keyasint"`
}

type grantRow struct {
	Board id.Document `cbor:"1,keyasint"`
	Role  rights.Role `cbor:"2,keyasint"`
	From  stamp       `cbor:"3,keyasint,omitempty"`
	Until stamp       `cbor:"4,keyasint,omitempty"`
	By    string      `cbor:"5,keyasint,omitempty"`
}

func (g grantRow) holds(now stamp) bool { return g.From <= now && (g.Until == 0 || now < g.Until) }

func (m *memberRow) view() Member {
	v := Member{
		Ref: m.ref, Label: m.Label, Kiosk: m.Kiosk, Operator: m.Operator,
		Created: m.Created.time(), Forgotten: m.Forgotten.time(), Grants: make([]Grant, len(m.Grants)),
	}
	for i, g := range m.Grants {
		v.Grants[i] = Grant{g.Board, g.Role, g.From.time(), g.Until.time(), g.By}
	}
	for _, e := range m.Ended {
		v.Removed = append(v.Removed, e.Board)
	}
	return v
}

// set replaces or adds a grant.
func (m *memberRow) set(g grantRow) {
	m.Ended = slices.DeleteFunc(m.Ended, func(e endedRow) bool { return e.Board == g.Board })
	i, found := slices.BinarySearchFunc(m.Grants, g, compareGrants)
	if found {
		m.Grants[i] = g
		return
	}
	m.Grants = slices.Insert(m.Grants, i, g)
}

// end keeps that the last role on a board was taken away.
func (m *memberRow) end(board id.Document, now stamp) {
	if slices.ContainsFunc(m.Grants, func(g grantRow) bool { return g.Board == board }) {
		return
	}
	m.Ended = slices.DeleteFunc(m.Ended, func(e endedRow) bool { return e.Board == board })
	m.Ended = append(m.Ended, endedRow{board, now})
	if over := len(m.Ended) - MemberGrantsMax; over > 0 {
		m.Ended = slices.Delete(m.Ended, 0, over)
	}
}

func compareGrants(a, b grantRow) int {
	if c := bytes.Compare(a.Board[:], b.Board[:]); c != 0 {
		return c
	}
	return int(a.Role) - int(b.Role)
}

type deviceRow struct {
	id   string
	live *live // guarded by the registry's mu; shared by all versions of the row

	Member    string `cbor:"1,keyasint,omitempty"`
	Label     string `cbor:"2,keyasint,omitempty"`
	Kind      string `cbor:"3,keyasint,omitempty"`
	Alg       string `cbor:"4,keyasint,omitempty"`
	Key       []byte `cbor:"5,keyasint,omitempty"`
	Invite    string `cbor:"6,keyasint,omitempty"`
	Added     stamp  `cbor:"7,keyasint,omitempty"`
	Revoked   stamp  `cbor:"8,keyasint,omitempty"`
	RevokedBy string `cbor:"9,keyasint,omitempty"`
	Reason    string `cbor:"10,keyasint,omitempty"`
	Lease     int    `cbor:"11,keyasint,omitempty"` // days; 0 is LeaseDays
	Seen      seen   `cbor:"12,keyasint,omitempty"` // as it was last written; live has the newest
}

// seen is when a device was last here, and what it told of itself.
type seen struct {
	At         stamp  `cbor:"1,keyasint,omitempty"`
	AppVersion string `cbor:"2,keyasint,omitempty"`
	Offset     int64  `cbor:"3,keyasint,omitempty"` // milliseconds
	Unsent     int    `cbor:"4,keyasint,omitempty"` // one more than there are; 0 if it did not say
}

type live struct {
	seen
	written stamp // what of At is durable
}

func (d *deviceRow) lease() int {
	if d.Lease == 0 {
		return LeaseDays
	}
	return d.Lease
}

type inviteRow struct {
	id string

	Hash      [32]byte     `cbor:"1,keyasint"`
	Board     id.Document  `cbor:"2,keyasint,omitempty"`
	Roles     rights.Roles `cbor:"3,keyasint,omitempty"`
	Label     string       `cbor:"4,keyasint,omitempty"`
	Batch     string       `cbor:"5,keyasint,omitempty"`
	UsesMax   int          `cbor:"6,keyasint,omitempty"`
	Uses      int          `cbor:"7,keyasint,omitempty"`
	Made      stamp        `cbor:"8,keyasint,omitempty"`
	Until     stamp        `cbor:"9,keyasint,omitempty"`
	RoleUntil stamp        `cbor:"10,keyasint,omitempty"`
	Revoked   stamp        `cbor:"11,keyasint,omitempty"`
	By        string       `cbor:"12,keyasint,omitempty"`
	Member    string       `cbor:"13,keyasint,omitempty"`
	Setup     bool         `cbor:"14,keyasint,omitempty"`
	UsedBy    string       `cbor:"15,keyasint,omitempty"` // a member, if UsesMax is 1
}

func (i *inviteRow) open(now stamp) bool {
	return i.Revoked == 0 && i.Uses < i.UsesMax && now < i.Until
}

func (i *inviteRow) view(void bool) Invite {
	return Invite{
		ID: i.id, Board: i.Board, Roles: i.Roles, Label: i.Label, Batch: i.Batch, UsesMax: i.UsesMax, Uses: i.Uses,
		Made: i.Made.time(), Until: i.Until.time(), RoleUntil: i.RoleUntil.time(), Revoked: i.Revoked.time(),
		By: i.By, Member: i.Member, Setup: i.Setup, Void: void,
	}
}

type revocationRow struct {
	Member string `cbor:"1,keyasint,omitempty"`
	At     stamp  `cbor:"2,keyasint,omitempty"`
	By     string `cbor:"3,keyasint,omitempty"`
	Reason string `cbor:"4,keyasint,omitempty"`
}

type refusedRow struct {
	id    string
	board id.Document

	Document id.Document `cbor:"1,keyasint"`
	Device   string      `cbor:"2,keyasint,omitempty"`
	Member   string      `cbor:"3,keyasint,omitempty"`
	Reason   string      `cbor:"4,keyasint,omitempty"`
	Path     string      `cbor:"5,keyasint,omitempty"`
	At       stamp       `cbor:"6,keyasint,omitempty"`
	Bytes    int         `cbor:"7,keyasint,omitempty"`
	Parts    int         `cbor:"8,keyasint,omitempty"` // records of its changes; 0 if they were dropped
	Order    uint64      `cbor:"9,keyasint,omitempty"` // greater than that of earlier ones of the board
}

func (q *refusedRow) view() Refused {
	return Refused{
		q.id, q.board, q.Document, q.Device, q.Member, q.Reason, q.Path, q.At.time(), q.Bytes, q.Parts == 0,
	}
}

type posterRow struct {
	id string

	Label   string      `cbor:"1,keyasint,omitempty"`
	Board   id.Document `cbor:"2,keyasint,omitempty"`
	Days    []dayRow    `cbor:"3,keyasint,omitempty"` // the earliest first
	Earlier int         `cbor:"4,keyasint,omitempty"`
}

type dayRow struct {
	Day   int `cbor:"1,keyasint"` // days since 1970
	Scans int `cbor:"2,keyasint"`
}

// row encodes a record.
func row(prefix, name string, v any) (store.Record, error) {
	value, err := cbor.Marshal(v)
	if err != nil {
		return store.Record{}, fmt.Errorf("encode record %s%s: %w", prefix, name, err)
	}
	return store.Record{Key: []byte(prefix + name), Value: value}, nil
}

// refusedKey splits board and id in the name of a refused change.
func refusedKey(name string) (board id.Document, item string, err error) {
	b, item, ok := strings.Cut(name, "/")
	if !ok {
		return board, "", fmt.Errorf("record %q names no board and item", name)
	}
	board, err = id.ParseDocument(b)
	return board, item, err
}

// pages holds the pages of a board, made when they are first needed.
type pages struct {
	of   id.Document
	once func() *gate.Pages
}
