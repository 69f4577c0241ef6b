package replica

import (
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

// Limits of what peers make each other hear.
const (
	// storesMax is how many stores' heads are remembered for a document, and
	// remoteHeadsMax how many heads of all of them.
	storesMax      = 64
	remoteHeadsMax = 2048

	// futureMax is how far ahead of our clock the timestamp of gossip may be. One
	// from far in the future would pin the heads that it came with.
	futureMax = 5 * time.Minute

	// Ephemeral messages of one peer about one document: a burst, and then a
	// steady rate a second.
	ephemeralBurst = 120
	ephemeralRate  = 60
)

// Ephemeral relays a message to every other peer of the document. The message is
// passed on as it is: only Target is the caller's to set. // EP2
func (r *Replica) Ephemeral(now time.Time, from Conn, m *wire.Ephemeral) Effects {
	var e Effects
	p := r.peers[from]
	if p == nil || p.denied {
		return r.finish(e)
	}
	if p.relay == nil {
		p.relay = &relay{}
	}
	if !p.relay.fresh(m) || !p.relay.take(now) {
		r.counts.Dropped++
		return r.finish(e)
	}
	for _, to := range r.order {
		if to != p && !to.denied {
			r.counts.Relayed++
			e.Send = append(e.Send, Send{To: to.conn, Ephemeral: m})
		}
	}
	return r.finish(e)
}

// relay is what is remembered of the ephemeral messages of one peer.
type relay struct {
	session string // the last one
	count   uint64
	heard   bool

	used float64 // tokens taken from the bucket; the zero value is a full bucket
	last time.Time
}

// fresh tells whether the message is newer than the last of its session. EP3
func (l *relay) fresh(m *wire.Ephemeral) bool {
	if l.heard && m.Session == l.session && m.Count <= l.count {
		return false
	}
	l.heard, l.session, l.count = true, m.Session, m.Count
	return true
}

// take takes a token. EP5
func (l *relay) take(now time.Time) bool {
	l.used = max(0, l.used-now.Sub(l.last).Seconds()*ephemeralRate)
	l.last = now
	if l.used+1 > ephemeralBurst {
		return false
	}
	l.used++
	return true
}

// Subscribe replaces the stores of whose heads an attached peer wants to hear,
// and tells it what is known of those in added.
func (r *Replica) Subscribe(now time.Time, c Conn, all map[id.Storage]struct{}, added []id.Storage) Effects {
	var e Effects
	p := r.peers[c]
	if p == nil || p.denied {
		return r.finish(e)
	}
	r.setSubscriptions(p, all)
	r.ownKnown(now)
	known := map[id.Storage]wire.RemoteHeads{}
	for _, s := range added {
		if heads, ok := r.remote[s]; ok {
			known[s] = heads
		}
	}
	if len(known) > 0 {
		e.Send = append(e.Send, Send{To: c, Heads: known})
	}
	return r.finish(e)
}

// RemoteHeads handles gossip of a peer about the heads of stores. What is newer
// than what is known is passed on; our own heads are for us alone to tell.
func (r *Replica) RemoteHeads(now time.Time, from Conn, news map[id.Storage]wire.RemoteHeads) Effects {
	var e Effects
	p := r.peers[from]
	if p == nil || p.denied {
		return r.finish(e)
	}
	stores := make([]id.Storage, 0, len(news))
	for s := range news {
		stores = append(stores, s)
	}
	slices.Sort(stores)
	for _, s := range stores {
		if s != r.cfg.Storage && news[s].Timestamp <= now.Add(futureMax).UnixMilli() {
			r.learn(&e, s, news[s], p)
		}
	}
	return r.finish(e)
}

// peerHeads takes the heads that a persisting peer has shown as news about its
// store. What a peer says of itself is newer than what others say of it. // RH5
func (r *Replica) peerHeads(e *Effects, now time.Time, p *peer) {
	if p.storage == "" || p.storage == r.cfg.Storage {
		return
	}
	heads, known := p.state.Heads(), r.remote[p.storage]
	if slices.Equal(known.Heads, heads) {
		return
	}
	news := wire.RemoteHeads{Heads: heads, Timestamp: max(known.Timestamp+1, now.UnixMilli())}
	r.learn(e, p.storage, news, p)
}

// ownHeads tells subscribers what this store has; it is called when that is
// durable.
func (r *Replica) ownHeads(e *Effects, now time.Time) {
	r.ownKnown(now)
	r.tell(e, r.cfg.Storage, nil)
}

// ownKnown enters our own heads into what is known. Receivers take the newest
// timestamp, so ours always grows with our heads.
func (r *Replica) ownKnown(now time.Time) {
	if r.changes == 0 || slices.Equal(r.remote[r.cfg.Storage].Heads, r.heads) {
		return
	}
	r.ownTime = max(r.ownTime+1, now.UnixMilli())
	r.enter(r.cfg.Storage, wire.RemoteHeads{Heads: r.heads, Timestamp: r.ownTime})
}

// learn enters news about a store, if it is newer, and tells the subscribers.
func (r *Replica) learn(e *Effects, s id.Storage, heads wire.RemoteHeads, from *peer) {
	known, ok := r.remote[s]
	if ok && known.Timestamp >= heads.Timestamp {
		return
	}
	if !ok && len(r.remote) >= storesMax || r.remoteHeads()-len(known.Heads)+len(heads.Heads) > remoteHeadsMax {
		return
	}
	r.enter(s, heads)
	r.tell(e, s, from)
}

func (r *Replica) remoteHeads() (n int) {
	for _, known := range r.remote {
		n += len(known.Heads)
	}
	return n
}

func (r *Replica) enter(s id.Storage, heads wire.RemoteHeads) {
	if r.remote == nil {
		r.remote = map[id.Storage]wire.RemoteHeads{}
	}
	r.remote[s] = heads
}

// tell sends what is known of a store to its subscribers, but not to the peer
// that the news is from.
func (r *Replica) tell(e *Effects, s id.Storage, from *peer) {
	heads, ok := r.remote[s]
	if !ok || r.subscribed == 0 {
		return
	}
	for _, p := range r.order {
		if _, subscribed := p.subscriptions[s]; subscribed && p != from && !p.denied {
			e.Send = append(e.Send, Send{To: p.conn, Heads: map[id.Storage]wire.RemoteHeads{s: heads}})
		}
	}
}
