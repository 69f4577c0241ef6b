// Package wire turns the frames of automerge-repo's websocket protocol into
// messages and back.
//
// It promises to read what every known client writes and to write what every
// known client reads: tolerant in, strict out. PROTOCOL.md lists the rules;
// code and tests name them by their ids.
//
// It never looks into a sync message, an ephemeral payload or a document, has
// no goroutine, clock or socket. Whatever a frame holds, reading it does not
// panic, and allocates no more than a small multiple of the frame. A decoded
// message belongs to the caller; its Data may be a part of the frame it was
// read from.
package wire

import (
	"errors"

	"github.com/tavle-org/tavle/crdt/id"
)

// Version is the one protocol version there is.
const Version = "1"

// Message is one of the structs below.
type Message interface {
	message()
	// From returns who claims to have sent the message; "" if it does not say.
	From() id.Peer
}

// PeerMetadata is what a peer tells about its store.
type PeerMetadata struct {
	StorageID   id.Storage // "" = has none, or does not tell
	IsEphemeral bool       // true: its store does not outlive the process
}

// Join opens a conversation: the first frame of a client. HS1
type Join struct {
	Sender   id.Peer
	Metadata PeerMetadata
	Versions []string // those the client speaks; Decode fills in ["1"] where none are given
}

// Speaks tells whether the client offers the version.
func (j Join) Speaks(version string) bool {
	for _, v := range j.Versions {
		if v == version {
			return true
		}
	}
	return false
}

// Peer is the server's answer to Join. HS2
type Peer struct {
	Sender, Target id.Peer
	Version        string
	Metadata       PeerMetadata
}

// Leave says that the sender goes. CL2
type Leave struct {
	Sender id.Peer
}

// Error says, in words for people, why the sender closes the connection. CL3
type Error struct {
	Sender, Target id.Peer
	Message        string
}

// Sync carries a sync message about one document. SY1
type Sync struct {
	Sender, Target id.Peer
	Document       id.Document
	Data           []byte // never empty
	Request        bool   // "request": the sender lacks the document and wants an answer
}

// Unavailable says that the sender does not have the document. AV1
type Unavailable struct {
	Sender, Target id.Peer
	Document       id.Document
}

// Ephemeral carries a payload that nobody stores, such as who is present. EP1
type Ephemeral struct {
	Sender, Target id.Peer // Sender stays the author when a message is relayed
	Document       id.Document
	Session        string
	Count          uint64 // rises within a session
	Data           []byte // CBOR, as the author encoded it; never empty
}

// WellFormed tells whether the data is one well-formed CBOR item. Clients
// decode it unasked, so nothing else may be relayed to them. EP4
func (m Ephemeral) WellFormed() bool { return wellformed(m.Data) == nil }

// SubscriptionChange asks for news of what the storages hold. RH1
type SubscriptionChange struct {
	Sender, Target id.Peer
	Add, Remove    []id.Storage // nil if there are none
}

// HeadsChanged tells which heads of a document the storages hold. RH3
type HeadsChanged struct {
	Sender, Target id.Peer
	Document       id.Document
	NewHeads       map[id.Storage]RemoteHeads
}

// RemoteHeads is what one storage was known to hold at some time.
type RemoteHeads struct {
	Heads     []id.ChangeHash
	Timestamp int64 // ms since 1970, by the clock of whoever noticed
}

func (Join) message()               {}
func (Peer) message()               {}
func (Leave) message()              {}
func (Error) message()              {}
func (Sync) message()               {}
func (Unavailable) message()        {}
func (Ephemeral) message()          {}
func (SubscriptionChange) message() {}
func (HeadsChanged) message()       {}

func (m Join) From() id.Peer               { return m.Sender }
func (m Peer) From() id.Peer               { return m.Sender }
func (m Leave) From() id.Peer              { return m.Sender }
func (m Error) From() id.Peer              { return m.Sender }
func (m Sync) From() id.Peer               { return m.Sender }
func (m Unavailable) From() id.Peer        { return m.Sender }
func (m Ephemeral) From() id.Peer          { return m.Sender }
func (m SubscriptionChange) From() id.Peer { return m.Sender }
func (m HeadsChanged) From() id.Peer       { return m.Sender }

// The names of the message types on the wire.
const (
	typeJoin               = "join"
	typePeer               = "peer"
	typeLeave              = "leave"
	typeError              = "error"
	typeSync               = "sync"
	typeRequest            = "request"
	typeUnavailable        = "doc-unavailable"
	typeEphemeral          = "ephemeral"
	typeSubscriptionChange = "remote-subscription-change"
	typeHeadsChanged       = "remote-heads-changed"
)

// Limits bounds what Decode accepts. All are inclusive. LM
type Limits struct {
	FrameBytes     int // a whole frame
	SessionBytes   int // the session id of an ephemeral message
	EphemeralBytes int // the data of an ephemeral message
	Subscriptions  int // storages in each of add and remove
	Storages       int // storages in one remote-heads-changed
	Heads          int // heads of one storage
	Versions       int // supported protocol versions
	TextBytes      int // a version, or the sentence of an error
}

// DefaultLimits are the limits of PROTOCOL.md.
var DefaultLimits = Limits{
	FrameBytes:     32 << 20,
	SessionBytes:   256,
	EphemeralBytes: 64 << 10,
	Subscriptions:  1024,
	Storages:       256,
	Heads:          4096,
	Versions:       16,
	TextBytes:      1024,
}

// What Decode returns, wrapped with the field it is about. After ErrMalformed
// the connection is of no use; after the others the one frame is skipped.
var (
	// ErrMalformed: not CBOR, not a map, or a field is missing or of the
	// wrong kind. FR3
	ErrMalformed = errors.New("malformed frame")

	// ErrUnknownType: a well-formed message of a type that is not in the
	// protocol. FR6
	ErrUnknownType = errors.New("unknown message type")

	// ErrUnknownDocument: the document id is none that we could hold, since
	// it is not 16 bytes in base58check. FR8
	ErrUnknownDocument = errors.New("unknown kind of document id")

	// ErrTooLarge: over one of the limits. LM1
	ErrTooLarge = errors.New("over the limit")
)
