package replica

import (
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

// Effects are what the caller has to do after an input.
//
// The order is part of the type. Everything in Send may leave at once, since it
// tells of nothing that is not durable. What follows from Persist is in none of
// the fields: it comes out of Durable, once the caller has called it.
type Effects struct {
	// Load asks for the history: nothing has happened, and the same input shall
	// be given again after Load.
	Load bool

	// CatchUp asks for calls of CatchUp until nothing is left: nothing has happened,
	// and the same input shall be given again then. Inputs that bring no changes may
	// be given meanwhile.
	CatchUp bool

	// Fail says that the history cannot be read any more. Nothing else is set; the
	// replica is to be given up, and its peers shall come back.
	Fail error

	// Send is to be sent, in this order. It waits for nothing.
	Send []Send

	// Persist is to be stored durably; then Durable is to be called, or
	// NotDurable. Until then no further Persist comes.
	Persist *Persist

	// Close ends connections, after what Send has for them.
	Close []Close

	// Refuse names changes that the rules of the document have not admitted. Their
	// senders are told, and their connections end.
	Refuse []Refuse

	// WrongSnapshot is why a snapshot could not be made, which is a mistake in this
	// program: to be reported. Peers are sent changes.
	WrongSnapshot error

	// Wake is when Tick shall be called; zero for never. It replaces the Wake of
	// earlier effects.
	Wake time.Time
}

// Conn names one connection of a peer, for as long as the process lives. A peer
// that connects again is another Conn.
type Conn uint64

// Send is a message for one connection. Exactly one of the bodies is set.
type Send struct {
	To          Conn
	Sync        exchange.Payload                // shared, not to be modified
	Unavailable bool                            // the document is not available
	Ephemeral   *wire.Ephemeral                 // relayed; Target is the caller's to set
	Heads       map[id.Storage]wire.RemoteHeads // gossip about the heads of stores
}

// Persist is an append to the stored document.
type Persist struct {
	First   int      // how many changes are durable before it
	Changes [][]byte // not deflated; never modified afterwards
	Heads   []id.ChangeHash
	Authors []rights.Binding // of the changes, as far as they are not stored
}

// Refuse is a change that was not admitted.
type Refuse struct {
	To     Conn // who brought it, which may have gone
	Change *chunk.Change
	Writer any   // of To
	Err    error // of the rules
}

// Close ends a connection.
type Close struct {
	Conn Conn
	Code int // a close code of package wire
	Text string
	Err  error // the cause, for the log
}
