package hub

import (
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/replica"
)

// send makes frames of what a replica sends. What goes to several peers, one after
// the other, is encoded once, but for the name of the receiver.
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
			s.out.Send(body.sync(d, m.Sync, s.peer, again))
		case m.Ephemeral != nil:
			s.out.SendLossy(withTarget(body.ephemeral(m.Ephemeral), s.peer))
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

// What a frame has beside its payload and names, and what a target adds, in bytes:
// a little more than it may be, so that a frame is allocated once.
const (
	frameBytesMore  = 96
	targetBytesMore = 16
)

// encoded is the last frame body that was made, and what it was made of.
type encoded struct {
	of    []byte // the sync payload
	from  *wire.Ephemeral
	frame []byte
}

// sync returns the frame of a sync payload for one peer. The body is made if the
// payload goes to another one again.
func (b *encoded) sync(d *document, data []byte, to id.Peer, again bool) []byte {
	self := d.hub.cfg.Peer
	room := len(data) + len(self) + frameBytesMore
	if !sameBytes(b.of, data) {
		if !again {
			return wire.AppendSync(make([]byte, 0, room+len(to)), self, to, d.id, data, false)
		}
		b.of, b.from = data, nil
		b.frame = wire.AppendSyncBody(make([]byte, 0, room), self, d.id, data, false)
	}
	return withTarget(b.frame, to)
}

func (b *encoded) ephemeral(m *wire.Ephemeral) []byte {
	if b.from != m {
		b.of, b.from = nil, m
		b.frame = wire.AppendBody(nil, *m)
	}
	return b.frame
}

func withTarget(body []byte, to id.Peer) []byte {
	return wire.AppendTarget(make([]byte, 0, len(body)+len(to)+targetBytesMore), body, to)
}

// sameBytes tells whether two payloads, neither of them empty unless it is none,
// are the same bytes in memory.
func sameBytes(a, b []byte) bool {
	return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0]
}
