package hub

import (
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/replica"
)

// send queues what a replica sends. What goes to several peers, one after the other, is
// encoded once, and queued for all as the same bytes.
func (d *document) send(sends []replica.Send) {
	var last encoded
	for _, m := range sends {
		s := d.sessions[m.To]
		if s == nil {
			continue
		}
		switch {
		case m.Sync != nil:
			s.out.Send(wire.Frame{Head: last.sync(d, m.Sync), Body: m.Sync, Tail: s.target})
		case m.Ephemeral != nil:
			s.out.SendLossy(wire.Frame{Head: last.ephemeral(m.Ephemeral), Tail: s.target})
		case m.Heads != nil:
			s.send(wire.HeadsChanged{Sender: d.hub.cfg.Peer, Document: d.id, NewHeads: m.Heads})
		case m.Unavailable:
			s.send(wire.Unavailable{Sender: d.hub.cfg.Peer, Document: d.id})
			if !s.remember(d.id) {
				d.rep.Detach(m.To)
				delete(d.sessions, m.To)
			}
		}
	}
}

// send sends a message to the peer of this session alone.
func (s *Session) send(m wire.Message) {
	s.out.Send(wire.Frame{Head: wire.AppendBody(nil, m), Tail: s.target})
}

// encoded is the head of a frame that was made last, and what it was made for.
type encoded struct {
	payload [][]byte
	relayed *wire.Ephemeral
	head    []byte
}

// frameBytesMore is what the head of a sync has beside the name of this server, in
// bytes: a little more than it may be, so that it is allocated once.
const frameBytesMore = 96

func (e *encoded) sync(d *document, p [][]byte) []byte {
	if len(e.payload) != len(p) || &e.payload[0] != &p[0] {
		n, self := 0, d.hub.cfg.Peer
		for _, part := range p {
			n += len(part)
		}
		*e = encoded{payload: p, head: wire.AppendSyncHead(make([]byte, 0, len(self)+frameBytesMore), self, d.id, n)}
	}
	return e.head
}

func (e *encoded) ephemeral(m *wire.Ephemeral) []byte {
	if e.relayed != m {
		*e = encoded{relayed: m, head: wire.AppendBody(nil, *m)}
	}
	return e.head
}
