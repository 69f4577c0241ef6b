// Package registry knows who belongs: boards, their members with their roles and
// devices, invites, revocations, and what was refused and waits for review.
//
// It promises that what it has answered, or shows to anyone, is durable: each
// change of it is a set of records that the store keeps as a whole or not at
// all, and memory follows the store. It never reads or writes a document, never
// keeps a code, and starts no goroutine. All of it but the audit log is in memory,
// about 0.9 kB a member with a device, so that reading is quick; the store is read
// once, by Open.
//
// A device is shut out by a record that says so, which nothing but a human act
// writes and nothing removes: what a device may do is looked up at each use, and
// a device that the registry does not know may do nothing.
//
// Who changed who may do what stands in the audit log, written with each change.
//
// FORMAT.md describes the records.
package registry

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Limits. What is over one of them is refused with ErrInvalid if it is too long,
// and with ErrTooMany if there are too many.
const (
	LabelMax           = 80 // characters of what people call things
	TitleMax           = 80 // characters of a board's title
	BoardsMax          = 10_000
	MembersMax         = 1_000_000
	MemberDevicesMax   = 50 // that are not revoked
	MemberDevicesADay  = 50 // that are new, since those that were revoked are kept
	MemberGrantsMax    = 500
	BoardInvitesMax    = 20_000
	LettersMax         = 500 // in one batch
	UsesMax            = 10_000
	QuarantineItemsMax = 1000     // a board; the oldest go
	QuarantineBytesMax = 16 << 20 // a board; the oldest go
	QuarantineItemMax  = 800 << 10
	UnsentItemsMax     = 20 // of a device, with ReasonUnsent
	PostersMax         = 10_000
	BoardPostersMax    = 500
	PosterDaysMax      = 366 // a poster; older ones are counted together
	RevocationsMax     = 1_000_000
)

// LeaseDays is after how many days without being seen a device has ended, unless
// it has a lease of its own, of at most LeaseDaysMax.
const (
	LeaseDays    = 60
	LeaseDaysMax = 3650
)

// SeenEvery is how often it is made durable that a device was seen, and
// ScansEvery how often the counts of posters are.
const (
	SeenEvery  = time.Hour
	ScansEvery = time.Minute
)

var (
	// ErrCode is returned for every code that does not work: malformed, unknown,
	// used, expired or revoked, all alike.
	ErrCode = errors.New("the code does not work")

	// ErrUnknownDevice and the others are returned for what there is not.
	ErrUnknownDevice = errors.New("no such device")
	ErrUnknownMember = errors.New("no such member")
	ErrUnknownBoard  = errors.New("no such board")
	ErrUnknownInvite = errors.New("no such invite")
	ErrUnknownItem   = errors.New("no such refused change")
	ErrUnknownPoster = errors.New("no such poster")

	// ErrRevoked is returned for a device that was revoked.
	ErrRevoked = errors.New("the device was revoked")

	// ErrLeaseEnded is the ErrRevoked of a device that was not seen for its
	// lease. It may join again with a new code and the same key.
	ErrLeaseEnded = fmt.Errorf("the device was not seen for too long: %w", ErrRevoked)

	// ErrLastOwner is returned for what would leave a board without an owner.
	ErrLastOwner = errors.New("the board would have no owner: make somebody else an owner first")

	// ErrKiosk is returned for a role of people given to a kiosk, and for the
	// role of visitors given to a person.
	ErrKiosk = errors.New("a kiosk is for visitors, and only a kiosk is")

	// ErrOtherMember is returned when a device of one member joins another.
	ErrOtherMember = errors.New("the device belongs to another member")

	// ErrInvalid is returned for arguments that nobody can have meant.
	ErrInvalid = errors.New("invalid")

	// ErrTooMany is returned when one of the limits is reached.
	ErrTooMany = errors.New("there are too many")
)

// Config says what a registry works with.
type Config struct {
	Store  store.Store
	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means silence
}
