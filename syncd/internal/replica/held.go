package replica

import (
	"errors"

	"github.com/tavle-org/tavle/crdt/wire"
)

// # Changes that wait for others
//
// A change whose dependencies are missing is held in memory, for as long as a peer is
// attached that has brought it. Stock clients do not send it again on their connection. So
// a history with such changes is not unloaded; when their room is needed, their bringers
// are closed, and come back.

// Holds tells whether changes wait for others.
func (r *Replica) Holds() bool { return r.h != nil && r.h.Orphans() > 0 }

// HeldBytes is what those take in memory that a peer has brought.
func (r *Replica) HeldBytes(c Conn) int64 {
	p := r.peers[c]
	if p == nil || r.h == nil {
		return 0
	}
	return r.h.HeldBytes(p.bringer)
}

// Shed drops the changes that wait for others and closes those who have brought them.
func (r *Replica) Shed() Effects {
	var e Effects
	for _, p := range r.order {
		if r.HeldBytes(p.conn) > 0 {
			r.forget(p)
			e.Close = append(e.Close, Close{p.conn, wire.CloseOverload, "too many changes wait for others", errShed})
		}
	}
	return r.finish(e)
}

var errShed = errors.New("held changes of the peer were dropped, since their memory is needed")

// forget drops what a peer has brought and nobody else, as far as it is held.
func (r *Replica) forget(p *peer) {
	if r.h != nil {
		r.h.Forget(p.bringer)
	}
}
