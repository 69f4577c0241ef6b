package hub

import (
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/replica"
)

// send makes frames of what a replica sends. What goes to several peers, one after
// the other, is encoded once, and queued for all as the same bytes.
func (d *document) send(sends []replica.Send) {
	var body encoded
	for i, m := range sends {
		s := d.sessions[m.To]
		if s == nil {
			continue
		}
		switch {
		case m.Sync != nil:
			again := i+1 < len(sends) && sameBytes(sends[i+1].Sync, m.Sync)
			s.out.Send(body.sync(d, m.Sync, s.target, again))
		case m.Ephemeral != nil:
			s.out.SendLossy(body.ephemeral(m.Ephemeral), s.target)
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
func (s *Session) send(m wire.Message) { s.out.Send(wire.AppendBody(nil, m), s.target) }

// frameBytesMore is what a body has beside its payload and the name of this server,
// in bytes: a little more than it may be, so that it is allocated once.
const frameBytesMore = 96

// encoded is the last frame body that was made, and what it was made of.
type encoded struct {
	of   []byte // the sync payload
	from *wire.Ephemeral
	body []byte
}

// sync returns the two parts of a frame. What goes to nobody else again is one part.
func (b *encoded) sync(d *document, data, target []byte, again bool) (body, rest []byte) {
	if !sameBytes(b.of, data) {
		self := d.hub.cfg.Peer
		body := make([]byte, 0, len(data)+len(self)+len(target)+frameBytesMore)
		body = wire.AppendSyncBody(body, self, d.id, data, false)
		if !again {
			return append(body, target...), nil
		}
		b.of, b.from, b.body = data, nil, body
	}
	return b.body, target
}

func (b *encoded) ephemeral(m *wire.Ephemeral) []byte {
	if b.from != m {
		b.of, b.from = nil, m
		b.body = wire.AppendBody(nil, *m)
	}
	return b.body
}

// sameBytes tells whether two payloads, neither of them empty unless it is none,
// are the same bytes in memory.
func sameBytes(a, b []byte) bool {
	return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0]
}
