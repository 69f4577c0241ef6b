package hub

import (
	"errors"

	"github.com/tavle-org/tavle/crdt/wire"
)

// # Changes that wait for others
//
// Nobody has judged them yet, and a little on the wire may be a lot of memory. They count
// as a part of what the document takes, also before it exists, and what one connection has
// brought of them, to whatever documents, is bounded. A document with some is not unloaded
// for being idle; beyond LoadedBytesMax it is, and who has brought them is sent away.

// weigh notes what is held of a session's changes here, and ends one of which too much is.
func (d *document) weigh(s *Session) {
	was, now := d.brought[s], int64(0)
	if d.rep != nil {
		now = d.rep.HeldBytes(s.conn)
	}
	switch {
	case now == was:
		return
	case now == 0:
		delete(d.brought, s)
	default:
		if d.brought == nil {
			d.brought = map[*Session]int64{}
		}
		d.brought[s] = now
	}
	if s.held.Add(now-was) > d.hub.cfg.HeldBytesMax && now > was {
		d.hub.cfg.Logger.Warn("closing a connection", "peer", s.peer, "doc", d.id, "code", wire.CloseOverload, "err", errHeld)
		s.End(wire.CloseOverload, "too many changes wait for others")
	}
}

// account tells the sweeper what the document takes.
func (d *document) account() {
	for s := range d.brought {
		d.weigh(s)
	}
	loaded, holds, bytes := false, d.rep != nil && d.rep.Holds(), int64(0)
	if holds || d.rep != nil && d.rep.Loaded() && (d.rep.Exists() || d.rep.Busy()) {
		loaded, bytes = true, d.rep.Bytes()
	}
	d.lonely.Store(d.rep == nil || d.rep.Peers() == 0)
	d.holds.Store(holds)
	if loaded != d.loaded {
		d.loaded = loaded
		d.hub.setLoaded(d, loaded)
	}
	d.hub.grow(bytes - d.bytes.Swap(bytes))
}

var errHeld = errors.New("too much that the peer has brought waits for other changes")
