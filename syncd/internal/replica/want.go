package replica

import (
	"slices"
	"time"
)

// # When a document is not available
//
// A peer that wants a document which does not exist here, or which it may not
// read, waits: not at all when nobody else is connected, Grace otherwise, and up
// to SupplyWait while another peer has shown heads and is being asked for them.
// Then it is told once. It stays a peer of the document: when the document
// appears, it is sent. A peer that asks again waits and is told again. A denied
// peer goes the same way in the same time.

func (r *Replica) want(e *Effects, now time.Time, p *peer, alone bool) {
	if !p.wants.IsZero() {
		return
	}
	if alone {
		r.unavailable(e, p)
		return
	}
	r.setWant(p, now)
}

func (r *Replica) setWant(p *peer, since time.Time) {
	if !p.wants.IsZero() {
		r.waiting--
	}
	if !since.IsZero() {
		r.waiting++
	}
	p.wants = since
}

// wantEnd is when a waiting peer has waited long enough.
func (r *Replica) wantEnd(p *peer) time.Time {
	if !p.denied && r.supplied() {
		return p.wants.Add(r.cfg.SupplyWait)
	}
	return p.wants.Add(r.cfg.Grace)
}

// supplied tells whether a peer has shown heads that are not durable here.
func (r *Replica) supplied() bool {
	return r.changes == 0 && slices.ContainsFunc(r.order, func(p *peer) bool {
		return !p.denied && !p.readOnly && len(p.state.Heads()) > 0
	})
}

func (r *Replica) unavailable(e *Effects, p *peer) {
	r.setWant(p, time.Time{})
	r.counts.Unavailable++
	e.Send = append(e.Send, Send{To: p.conn, Unavailable: true})
}
