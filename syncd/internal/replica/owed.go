package replica

import (
	"time"

	"github.com/tavle-org/tavle/crdt/exchange"
)

// # One update at a time
//
// When changes become durable, a peer that still owes the answer to an update is not
// sent the next. It is owed it, and gets all that it lacks by then in one message:
// with its next message, whatever that says (or with the append that is under way
// then), or when answerWait has passed since it was last told something. So a peer
// that is busy, or far away, has one update on its way instead of one for each append,
// and each of those would name all heads anew.
//
// Never held up are the peer that brought some of the changes, for the message is its
// acknowledgement; a peer that was told nothing which calls for an answer; and one
// whose last message was full, which is sent the next part.
//
// Thought of and dropped:
//
//   - to let an acknowledgement count as an update. Stock clients have nothing to answer
//     to one, and the next change of somebody else would reach each writer late.
//   - to unload a history while something is owed, and remember that: it may wait.
//
// Tried and dropped: to leave out a peer whose own changes are in the append that comes
// next, and serve it with that one. No fewer messages, beyond chance.

// answerWait is how long a peer is owed an update at most. Twenty devices with ten posts
// each come back over round trips of 20 to 200 ms, while appends take 8 ms: without
// waiting they are sent 351 messages and 1.5 MB, with 50 ms 171, with 100 ms 128 and
// 1.1 MB, with 200 ms 112; until all have all takes 0.55 s, 0.58, 0.59 and 0.68.
// Where answers take less than an append, or the devices themselves take longer than
// this, there is no difference.
const answerWait = 100 * time.Millisecond

// noteBrought notes what a message has brought to a history of so many changes: those
// that it has now besides, or those of its heads that somebody else has just brought.
func (r *Replica) noteBrought(p *peer, m *exchange.Message, before int) {
	if r.h.Len() > before {
		p.brought = r.h.Len()
		return
	}
	for _, head := range m.Heads {
		if i, ok := r.h.Index(head); ok && i >= r.changes {
			p.brought = max(p.brought, i+1)
		}
	}
}

// serveOrOwe serves a peer after the changes from an index on have become durable, or
// owes it to it.
func (r *Replica) serveOrOwe(e *Effects, now time.Time, p *peer, from int) {
	if by := p.told.Add(answerWait); p.brought <= from && p.state.Awaited() && now.Before(by) {
		r.setOwed(p, true)
		r.owedAt(by)
		return
	}
	r.serve(e, now, p)
}

// serve sends the peer what it shall get now, if anything.
func (r *Replica) serve(e *Effects, now time.Time, p *peer) {
	r.setOwed(p, false)
	if r.round == nil {
		r.round = exchange.NewRound(r.h)
		r.round.UseSnapshot(r.snapshot)
		r.round.MakeSnapshots(r.makeSnapshot)
	}
	r.fresh = r.fresh || p.state.Fresh(r.h)
	if data := r.round.Generate(&p.state); data != nil {
		p.told = now
		e.Send = append(e.Send, Send{To: p.conn, Sync: data})
	}
}

func (r *Replica) setOwed(p *peer, owed bool) {
	if p.owed == owed {
		return
	}
	if p.owed = owed; owed {
		r.owed++
	} else if r.owed--; r.owed == 0 {
		r.owedBy = time.Time{}
	}
}

func (r *Replica) owedAt(by time.Time) {
	if r.owedBy.IsZero() || by.Before(r.owedBy) {
		r.owedBy = by
	}
}

// settle serves the peers that have been owed an update for long enough.
func (r *Replica) settle(e *Effects, now time.Time) {
	if r.owed == 0 || now.Before(r.owedBy) {
		return
	}
	r.owedBy = time.Time{}
	for _, p := range r.order {
		if !p.owed {
			continue
		}
		if by := p.told.Add(answerWait); now.Before(by) {
			r.owedAt(by)
			continue
		}
		r.serve(e, now, p)
	}
}
