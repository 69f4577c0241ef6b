package registry

import (
	"errors"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/gate"
)

var errLater = errors.New("not there yet")

// Registry is who belongs. Its methods may be called by several goroutines at
// once. Those that change something return when it is durable; if one fails,
// nothing has changed. Errors of the store pass through: store.ErrFull, and
// store.ErrUnknownOutcome, after which the process ends (see Fatal).
type Registry struct{}

// Open reads the registry of a store. Records that are damaged are logged and
// counted by Damaged; what they said is not there, which never lets anybody in.
func Open(cfg Config) (*Registry, error) { return nil, errLater }

// Close writes what was counted since it was last written. The store stays open.
func (r *Registry) Close() error { return errLater }

// Damaged is how many records could not be read.
func (r *Registry) Damaged() int { return 0 }

// Fatal receives one error when a write had an unknown outcome: the process must
// end, and opening the store again decides.
func (r *Registry) Fatal() <-chan error { return nil }

// CreateBoard makes a board with a random id. The member by, unless it is empty
// or no member, becomes its owner.
func (r *Registry) CreateBoard(spec BoardSpec, by string) (Board, error) { return Board{}, errLater }

// RenameBoard changes the title by which the server knows the board. The board
// document has its own, which an owner's device writes.
func (r *Registry) RenameBoard(board id.Document, title, by string) error { return errLater }

// CloneBoard makes a board with the language and time zone of another, and none
// of its members. The content of the board document is copied by an owner's
// device, since the registry reads no document.
func (r *Registry) CloneBoard(from id.Document, title, by string) (Board, error) {
	return Board{}, errLater
}

// ArchiveBoard ends or, if archived is false, resumes writing to a board.
func (r *Registry) ArchiveBoard(board id.Document, archived bool, by string) error { return errLater }

// Board returns a board.
func (r *Registry) Board(board id.Document) (Board, bool) { return Board{}, false }

// Boards returns all boards, by title.
func (r *Registry) Boards() []Board { return nil }

// Invite makes an invite and its code, xxxxx-xxxxx, which is not kept.
func (r *Registry) Invite(spec InviteSpec) (Invite, string, error) { return Invite{}, "", errLater }

// Letters makes a batch of count single-use invites, at most LettersMax.
func (r *Registry) Letters(spec InviteSpec, count int) ([]Letter, error) { return nil, errLater }

// SetupInvite makes the invite of the first operator; the one made before ends.
// It fails with ErrCode when there is an operator already.
func (r *Registry) SetupInvite() (Invite, string, error) { return Invite{}, "", errLater }

// NeedsSetup tells whether there is no operator yet.
func (r *Registry) NeedsSetup() bool { return false }

// Invites returns the invites of a board, the latest first; of a zero board those
// that belong to none.
func (r *Registry) Invites(board id.Document) []Invite { return nil }

// FindInvite returns an invite.
func (r *Registry) FindInvite(id string) (Invite, bool) { return Invite{}, false }

// Usage counts the invites of a board, by batch of letters and by label.
func (r *Registry) Usage(board id.Document) (batches, labels []Usage) { return nil, nil }

// RevokeInvite ends an invite. Who has joined with it stays.
func (r *Registry) RevokeInvite(id string) error { return errLater }

// Redeem lets a device join with a code, as people write it. The caller has
// verified that the device holds its key, and counts the failures.
//
// A key that is new becomes a device of a new member, or of Invite.Member; a
// device that belongs already gets the roles for its member, and a new lease. A
// device that asks again with the code that it has used gets the same answer
// once more and uses nothing, since the first answer may have been lost.
//
// Errors: ErrCode for each code that does not work, ErrRevoked for a key that
// was revoked, whatever the code; ErrInvalid for a bad key; ErrKiosk,
// ErrOtherMember and ErrTooMany if the code works but not for this device.
func (r *Registry) Redeem(code string, d NewDevice) (Joined, error) { return Joined{}, errLater }

// Device returns a device, also a revoked one.
func (r *Registry) Device(device string) (Device, bool) { return Device{}, false }

// Devices returns the devices of all members who have or had a grant on a board,
// of a zero board all there are.
func (r *Registry) Devices(board id.Document) []Device { return nil }

// MemberDevices returns the devices of a member, the oldest first.
func (r *Registry) MemberDevices(member string) []Device { return nil }

// RenameDevice changes a device's label.
func (r *Registry) RenameDevice(device, label string) error { return errLater }

// RevokeDevice shuts a device out for ever. A device that is already is no error.
func (r *Registry) RevokeDevice(device, by string) error { return errLater }

// Seen notes that a device is here, and what it told of itself unless status is
// nil. It is made durable at most every SeenEvery; until then it is in memory.
// A device that stays connected is to be seen now and then, for its lease.
func (r *Registry) Seen(device string, status *Status) error { return errLater }

// Member returns a member.
func (r *Registry) Member(ref string) (Member, bool) { return Member{}, false }

// Members returns who has or had a grant on a board, by label.
func (r *Registry) Members(board id.Document) []Member { return nil }

// SetLabel changes what owners call a member.
func (r *Registry) SetLabel(member, label string) error { return errLater }

// Grant gives a member a role on a board. A zero from means now, a zero until
// for good. A grant of the same role is replaced. Errors: ErrKiosk, ErrLastOwner.
func (r *Registry) Grant(member string, board id.Document, role rights.Role, from, until time.Time, by string) error {
	return errLater
}

// Ungrant takes a role away. Error: ErrLastOwner. A role that the member does not
// have is no error.
func (r *Registry) Ungrant(member string, board id.Document, role rights.Role, by string) error {
	return errLater
}

// Remove takes all roles of a board away. Error: ErrLastOwner.
func (r *Registry) Remove(member string, board id.Document, by string) error { return errLater }

// Leave ends all roles of a member and revokes all its devices. Error:
// ErrLastOwner.
func (r *Registry) Leave(member string) error { return errLater }

// Forget is Leave, and erases what the server knows of a member but its Ref, which
// documents have: labels, keys, what its devices told, what was refused of it, and
// labels of invites that were made for it alone. Error: ErrLastOwner.
func (r *Registry) Forget(member, by string) error { return errLater }

// Owners returns the owners and the deputies of a board who are so now.
func (r *Registry) Owners(board id.Document) (owners, deputies []Member) { return nil, nil }

// Count counts a board. A member counts once, whatever devices it has.
func (r *Registry) Count(board id.Document) Numbers { return Numbers{} }

// Principal is what a device may do at a time. It takes time in proportion to the
// boards of the member. Errors: ErrUnknownDevice, ErrRevoked, ErrLeaseEnded.
func (r *Registry) Principal(device string, now time.Time) (*gate.Principal, error) {
	return nil, errLater
}

// Watch calls f after whatever may have changed the device's principal, until
// stop is called. f runs on the goroutine of who changed it, without a lock. It
// may ask the registry, and must not change it or block.
func (r *Registry) Watch(device string, f func()) (stop func()) { return func() {} }

// NextChange is the first time after now at which a grant begins or ends; zero if
// there is none. Then Tick is to be called.
func (r *Registry) NextChange(now time.Time) time.Time { return time.Time{} }

// Tick calls all who watch, since time has changed what they may do.
func (r *Registry) Tick() {}

// Revocations returns all revocations, the earliest first: a backup of its own,
// since one that was made before a revocation does not have it.
func (r *Registry) Revocations() []Revocation { return nil }

// ApplyRevocations adds those that are not there, also of devices that are not
// known, and returns how many those were.
func (r *Registry) ApplyRevocations(list []Revocation) (applied int, err error) { return 0, errLater }

// Quarantine keeps changes that were refused; the ID and the size are not read.
// The oldest of the board go when there are too many.
func (r *Registry) Quarantine(item Refused, changes [][]byte) (Refused, error) {
	return Refused{}, errLater
}

// Quarantined returns what was refused on a board, the latest first.
func (r *Registry) Quarantined(board id.Document) []Refused { return nil }

// QuarantinedOf counts what was refused of a member.
func (r *Registry) QuarantinedOf(member string) int { return 0 }

// QuarantinedChanges reads the changes of an item. Errors: ErrUnknownItem.
func (r *Registry) QuarantinedChanges(board id.Document, item string) ([][]byte, error) {
	return nil, errLater
}

// DeleteQuarantined removes an item. Errors: ErrUnknownItem.
func (r *Registry) DeleteQuarantined(board id.Document, item string) error { return errLater }

// AddPoster says whose poster it is and what people call it.
func (r *Registry) AddPoster(board id.Document, poster, label string) error { return errLater }

// Scan counts a scan of a poster, and keeps nothing about who did it. It is made
// durable at most every ScansEvery and by Close. Posters past PostersMax, and what
// is no poster, are not counted.
func (r *Registry) Scan(poster string) error { return errLater }

// Scans returns the posters of a board; of a zero board those that belong to none.
func (r *Registry) Scans(board id.Document) []Poster { return nil }
