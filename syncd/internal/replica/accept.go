package replica

import (
	"errors"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/wire"
)

// bringer is a peer as the history knows it, which remembers who has brought a change
// for as long as it holds that.
type bringer struct {
	conn   Conn
	writer any
}

// judge lets rules decide about what bringers bring.
type judge struct{ Rules }

func (j judge) Admit(c *chunk.Change, from any) error {
	return j.Rules.Admit(c, from.(*bringer).writer)
}

func (j judge) Accepted(c *chunk.Change, from any) {
	if by, ok := from.(*bringer); ok {
		from = by.writer
	}
	j.Rules.Accepted(c, from)
}

// accept offers changes of a peer to the history. A change that was held until now is
// judged when what it waits for has come, perhaps from somebody else; it is then that
// those who have brought it are told.
func (r *Replica) accept(e *Effects, p *peer, m *exchange.Message) {
	if p.readOnly || r.stalled {
		r.counts.Refused += len(m.Changes)
		p.missedFull = p.missedFull || !p.readOnly && len(m.Changes) > 0
		return
	}
	before := r.h.Len()
	offered, err := m.Offer(r.h, p.bringer)
	r.noteBrought(p, m, before)
	r.counts.Accepted += offered.Accepted
	r.counts.Refused += offered.Full
	p.missedHeads = p.missedHeads || offered.Heads > 0
	if err != nil {
		r.reject(e, p.bringer, err)
	}
	for _, d := range r.h.Dropped() {
		r.reject(e, d.From.(*bringer), d.Err)
	}
}

// # Changes that are dropped for a while
//
// Stock clients send a change once on a connection, also when they are asked for it
// again. So a peer whose change was dropped for a reason that has passed is closed: on
// its next connection it sends the change anew. Until then it stays, is served, and
// may go on writing, for while nothing can be stored, or there are too many heads, a new
// connection would end as the old one.

// callBack closes the peers that have to send again what was dropped. It is called when
// changes have become durable, after what is sent of them.
func (r *Replica) callBack(e *Effects) {
	for _, p := range r.order {
		if p.missedFull || p.missedHeads && !r.h.HeadsFull() {
			p.missedFull, p.missedHeads = false, false
			e.Close = append(e.Close, Close{p.conn, wire.CloseStorage, "there is room again for what could not be taken", errMissed})
		}
	}
}

var errMissed = errors.New("changes of the peer were dropped, and there is room for them again")

// reject ends the connection of a peer for a change that it has brought, unless the
// document is full. One that there was no room to hold, or no time to check, can be sent on a
// new connection.
func (r *Replica) reject(e *Effects, by *bringer, err error) {
	r.counts.Refused++
	var refused *history.Refused
	switch {
	case errors.As(err, &refused):
		e.Refuse = append(e.Refuse, Refuse{To: by.conn, Change: refused.Change, Writer: by.writer, Err: refused.Err})
	case errors.Is(err, history.ErrHeads):
		if p := r.peers[by.conn]; p != nil {
			p.missedHeads = true
		}
	case errors.Is(err, history.ErrFull) || slices.ContainsFunc(e.Close, func(c Close) bool { return c.Conn == by.conn }):
	case errors.Is(err, history.ErrCrowded):
		e.Close = append(e.Close, Close{by.conn, wire.CloseOverload, "too many changes wait for others", err})
	case errors.Is(err, history.ErrBusy):
		e.Close = append(e.Close, Close{by.conn, wire.CloseOverload, "the changes take too long to check", err})
	default:
		e.Close = append(e.Close, Close{by.conn, wire.CloseMalformed, "a change is not valid", err})
	}
}
