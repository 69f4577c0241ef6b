package hub

import (
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/replica"
)

type counters struct {
	messages, accepted, refused, relayed, dropped, unavailable, withheld, loads, storeErrors atomic.Int64
	snapshotsMade, snapshotsWrong                                                            atomic.Int64
}

// subscriptionsMax is how many stores a connection may be subscribed to. RH1
const subscriptionsMax = 1024

// Session is one connection that has joined. Receive and Leave are called by
// the connection's reader only.
type Session struct {
	// Immutable after Join.
	hub       *Hub
	conn      replica.Conn
	principal *gate.Principal
	peer      id.Peer
	meta      wire.PeerMetadata
	out       Outbox
	target    []byte // the end of each frame to this peer

	// Owned by the reader.
	docs attached
	subs map[id.Storage]struct{} // replaced, never modified: documents have it too

	over atomic.Bool  // set by End
	held atomic.Int64 // bytes of its changes that wait for others
	left bool         // guarded by mu

	mu       sync.Mutex // guards what follows
	room     sync.Cond
	messages int // unhandled
	bytes    int
	paid     time.Time                // when what its messages have cost is paid off
	wants    map[id.Document]struct{} // remembered though they do not exist
}

func newSession(h *Hub, p *gate.Principal, join wire.Join, out Outbox) *Session {
	s := &Session{
		hub:       h,
		conn:      replica.Conn(h.conns.Add(1)),
		principal: p,
		peer:      join.Sender,
		meta:      join.Metadata,
		out:       out,
		target:    wire.AppendTarget(nil, join.Sender),
	}
	s.room.L = &s.mu
	return s
}

// Ready tells whether a message of n bytes may be received: not while too much of
// the session is unhandled, or has cost too much.
func (s *Session) Ready(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hasRoom(n) && time.Until(s.paid.Add(-workAhead)) <= 0
}

// Wait returns when it may be received, or the session or the hub has ended.
func (s *Session) Wait(n int) {
	s.mu.Lock()
	for !s.hasRoom(n) {
		s.room.Wait()
	}
	wait := time.Until(s.paid.Add(-workAhead))
	s.mu.Unlock()
	if wait <= 0 {
		return
	}
	select {
	case <-time.After(wait):
	case <-s.hub.stop:
	}
}

// hasRoom is called with mu held.
func (s *Session) hasRoom(n int) bool {
	return s.left || s.messages == 0 ||
		s.messages < s.hub.cfg.PendingMessagesMax && s.bytes+n <= s.hub.cfg.PendingBytesMax
}

// Receive handles one message, for which the session was ready. An error is a
// *wire.CloseError and ends the connection. late tells that the message says no
// more than that the peer has what it was sent.
func (s *Session) Receive(m wire.Message) (late bool, err error) {
	switch m := m.(type) {
	case wire.Sync:
		return s.sync(m)
	case wire.Ephemeral:
		return false, s.ephemeral(m)
	case wire.SubscriptionChange:
		s.subscribe(m)
	case wire.HeadsChanged:
		if d := s.docs.at(m.Document); d != nil {
			bytes := 0
			for _, news := range m.NewHeads {
				bytes += len(news.Heads) * len(id.ChangeHash{})
			}
			s.post(d, event{kind: evHeads, session: s, heads: m.NewHeads}, bytes)
		}
	}
	return false, nil // AV7: what a peer does not have is of no interest
}

func (s *Session) sync(m wire.Sync) (late bool, err error) {
	var in replica.Message
	d := s.docs.at(m.Document)
	if d != nil {
		in, late, err = d.answers.decode(m.Data)
	} else {
		in, err = replica.Decode(m.Data)
	}
	if err != nil {
		s.hub.counts.refused.Add(1)
		return false, &wire.CloseError{Code: wire.CloseMalformed, Text: "malformed sync message", Cause: err} // SY12
	}
	if d == nil {
		if d, err = s.attach(m.Document); err != nil {
			return false, err
		}
	}
	if d == nil {
		s.unknown(m.Document)
		return false, nil
	}
	s.post(d, event{kind: evSync, session: s, sync: in, agrees: late}, len(m.Data))
	return late, nil
}

func (s *Session) ephemeral(m wire.Ephemeral) error {
	if !m.WellFormed() {
		s.hub.counts.dropped.Add(1)
		return nil // EP4
	}
	d, err := s.attach(m.Document)
	if err != nil || d == nil {
		return err
	}
	s.post(d, event{kind: evEphemeral, session: s, ephemeral: &m}, len(m.Data))
	return nil
}

// attach notes that the session is a peer of the document from now on. It returns
// nil when there is no such document for its principal.
func (s *Session) attach(doc id.Document) (*document, error) {
	if d := s.docs.at(doc); d != nil {
		return d, nil
	}
	if s.hub.cfg.Gate.Allow(s.principal, gate.Read, doc) != nil {
		s.hub.counts.withheld.Add(1)
		return nil, nil
	}
	if s.docs.len() >= s.hub.cfg.DocumentsMax {
		return nil, &wire.CloseError{Code: wire.ClosePolicy, Text: "too many documents on one connection"}
	}
	d := s.hub.document(doc, s.principal)
	s.docs.put(doc, d)
	return d, nil
}

// unknown answers a request for a document that the principal may not know of.
// No document is looked at for that, so that one that exists and one that does
// not are answered alike, in the same time. // AV1
func (s *Session) unknown(doc id.Document) {
	s.send(wire.Unavailable{Sender: s.hub.cfg.Peer, Document: doc})
}

// info is what a document is told of the session as its peer.
func (s *Session) info(doc id.Document) replica.Peer {
	allow := func(a gate.Action) bool { return s.hub.cfg.Gate.Allow(s.principal, a, doc) == nil }
	return replica.Peer{
		Metadata: s.meta, Denied: !allow(gate.Read), ReadOnly: !allow(gate.Write), Writer: s.hub.cfg.Gate.Writer(s.principal, doc),
	}
}

// subscribe changes the set of stores that the session wants to hear of. RH1
func (s *Session) subscribe(m wire.SubscriptionChange) {
	subs := maps.Clone(s.subs)
	if subs == nil {
		subs = map[id.Storage]struct{}{}
	}
	for _, storage := range m.Remove {
		delete(subs, storage)
	}
	for _, storage := range m.Add {
		if len(subs) < subscriptionsMax {
			subs[storage] = struct{}{}
		}
	}
	s.subs = subs
	for doc := range s.docs.all() {
		s.post(s.docs.at(doc), event{kind: evSubscribe, session: s, subs: subs, added: m.Add}, 0)
	}
}

// post gives the document an event of this session.
func (s *Session) post(d *document, ev event, bytes int) {
	s.mu.Lock()
	s.messages++
	s.bytes += bytes
	s.mu.Unlock()
	ev.bytes = bytes
	if ev.subs == nil {
		ev.subs = s.subs
	}
	s.hub.counts.messages.Add(1)
	if !d.post(ev) { // it was forgotten meanwhile
		s.docs.put(d.id, s.hub.post(d.id, ev))
	}
}

// handled gives back the room that an event took.
func (s *Session) handled(bytes int) {
	s.mu.Lock()
	s.messages--
	s.bytes -= bytes
	s.mu.Unlock()
	s.room.Signal()
}

// Operations take no room in a change, so neither bytes nor messages bound the
// work that a connection causes. Its time does: a share of one processor, with a
// burst to take in a large document at once. Beyond it Ready says no. // LM12
const (
	workShare = 0.5
	workBurst = 2 * time.Second

	workAhead = time.Duration(float64(workBurst) / workShare) // in the time that pays it off
)

// spend notes that one message has taken so long, up to now.
func (s *Session) spend(now time.Time, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paid.Before(now) {
		s.paid = now
	}
	s.paid = s.paid.Add(time.Duration(float64(took) / workShare))
}

// End stops the session for good: of what it has sent, nothing is handled from now
// on, besides the messages that are being handled at this moment; and nothing more
// is sent to it. It may be called from anywhere.
func (s *Session) End(code int, text string) {
	s.over.Store(true)
	s.out.Cut(code, text)
}

func (s *Session) ended() bool { return s.over.Load() }

// Leave ends the session. It is called once, when the reader has ended.
func (s *Session) Leave() {
	s.mu.Lock()
	s.left = true
	s.mu.Unlock()
	s.hub.leave(s)
	for doc := range s.docs.all() {
		s.hub.post(doc, event{kind: evLeave, session: s})
	}
}

// remember notes that the session wants a document that does not exist. It
// reports false when it wants too many: then this one is not remembered. AV5
func (s *Session) remember(doc id.Document) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wants == nil {
		s.wants = map[id.Document]struct{}{}
	}
	if _, ok := s.wants[doc]; !ok && len(s.wants) >= s.hub.cfg.WantsMax {
		return false
	}
	s.wants[doc] = struct{}{}
	return true
}

func (s *Session) served(doc id.Document) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.wants, doc)
}

var errStore = &wire.CloseError{Code: wire.CloseStorage, Text: "the server could not read or store the document"}

// asCloseError is the error as the peer shall see it.
func asCloseError(err error) *wire.CloseError {
	var c *wire.CloseError
	if errors.As(err, &c) {
		return c
	}
	return errStore
}
