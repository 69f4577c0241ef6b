package hub

import (
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/replica"
)

// send queues what a replica sends. Ephemeral messages to several peers, one after the
// other, are encoded once, and queued for all as the same bytes, as sync messages are.
func (d *document) send(sends []replica.Send) {
	var body encoded
	for _, m := range sends {
		s := d.sessions[m.To]
		if s == nil {
			continue
		}
		switch {
		case m.Sync != nil:
			s.out.Send(address(m.Sync, s.target))
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

// Bytes of a frame beside its payload: a little more than there may be before it, without
// the name of this server, and than there mostly are after it.
const (
	headBytesMore   = 96
	targetBytesMore = 64
)

// envelope begins the frame of a sync payload, so that it is made in its frame.
func (d *document) envelope(n int) []byte {
	self := d.hub.cfg.Peer
	frame := make([]byte, 0, headBytesMore+len(self)+n+targetBytesMore)
	return wire.AppendSyncHead(frame, self, d.id, n)
}

// address returns the two parts of a frame: one, if the second fits behind the first,
// as it does for the first peer that gets a payload.
func address(body, target []byte) (whole, rest []byte) {
	if cap(body)-len(body) >= len(target) {
		return append(body, target...), nil
	}
	return body, target
}

// encoded is the last ephemeral message that was encoded.
type encoded struct {
	from *wire.Ephemeral
	body []byte
}

func (b *encoded) ephemeral(m *wire.Ephemeral) []byte {
	if b.from != m {
		b.from, b.body = m, wire.AppendBody(nil, *m)
	}
	return b.body
}
