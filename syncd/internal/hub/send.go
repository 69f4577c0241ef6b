package hub

import (
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/replica"
)

// send makes frames of what a replica sends. What goes to many peers is encoded
// once, but for the name of the receiver.
func (d *document) send(sends []replica.Send) {
	var body encoded
	for _, m := range sends {
		s := d.sessions[m.To]
		if s == nil {
			continue
		}
		switch {
		case m.Sync != nil:
			s.out.Send(wire.AppendTarget(nil, body.sync(d, m.Sync), s.peer))
		case m.Ephemeral != nil:
			s.out.SendLossy(wire.AppendTarget(nil, body.ephemeral(m.Ephemeral), s.peer))
		case m.Heads != nil:
			s.out.Send(wire.Append(nil, wire.HeadsChanged{
				Sender: d.hub.cfg.Peer, Target: s.peer, Document: d.id, NewHeads: m.Heads}))
		case m.Unavailable:
			s.out.Send(wire.Append(nil, wire.Unavailable{
				Sender: d.hub.cfg.Peer, Target: s.peer, Document: d.id}))
			if !s.remember(d.id) {
				d.rep.Detach(m.To)
				delete(d.sessions, m.To)
			}
		}
	}
}

// encoded is the last frame body that was made, and what it was made of.
type encoded struct {
	of    *byte // the first byte of the sync payload
	from  *wire.Ephemeral
	frame []byte
}

func (b *encoded) sync(d *document, data []byte) []byte {
	if b.of != &data[0] {
		b.of, b.from = &data[0], nil
		b.frame = wire.AppendSyncBody(nil, d.hub.cfg.Peer, d.id, data, false)
	}
	return b.frame
}

func (b *encoded) ephemeral(m *wire.Ephemeral) []byte {
	if b.from != m {
		b.of, b.from = nil, m
		b.frame = wire.AppendBody(nil, *m)
	}
	return b.frame
}
