package exchange

import (
	"slices"

	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// MessageBytesMax is about how large the changes of one message become before
// the rest is left for the next one. Some clients refuse frames over 1 MiB. One
// change that is larger by itself still goes out, alone.
const MessageBytesMax = 768 << 10

// State is one side of the conversation with one peer about one document, over
// one connection: messages arrive in order and none is lost. A new connection
// needs a new State.
//
// # What the peer has
//
// To know what to send, a State keeps what the peer has: all changes with an
// index below all, and those in extra with their ancestors. Both hold for as
// long as the connection does, unless the peer says otherwise (it shows no
// heads, or sends a reset); what has been sent counts as had. This replaces the
// set of sent hashes that other implementations keep for each peer, and makes
// the usual question, what is new for a peer that had everything, a
// subtraction.
//
// The Bloom filter of a peer is looked at only when the peer has heads that are
// unknown here: if all are known, what it lacks follows exactly. Likewise a
// filter is sent only to a peer that may have something unknown.
//
// Changes are deflated for peers that have shown a flags section: engines from
// before there were flags read deflated changes in files and not in messages.
//
// A State holds no index of changes that are not durable, so it outlives the
// unloading of the history and its loading again from storage in the same order.
type State struct {
	all      int             // the peer has the first all changes
	allHeads []id.ChangeHash // the heads of those; shared, not to be modified
	extra    []id.ChangeHash // and these; perhaps not durable here yet

	heard      bool // the peer has sent a message
	theirHeads []id.ChangeHash
	theirNeed  []id.ChangeHash
	theirHave  []Have
	readOnly   bool // the peer ignores changes
	deflated   bool // the peer has shown flags: it reads deflated changes, and version 2

	snapshotMax int // bytes of a message that the peer takes; 0 for any

	sent     bool // a message was sent
	inFlight bool // and the peer has not sent one since
	awaited  bool // and is sure to send one
	heads    []id.ChangeHash
	need     []id.ChangeHash
}

// What a peer makes us remember between two answers.
const (
	extraMax = 10_000

	// What it said last: this much, and a filter as long as one of all our changes. Of a
	// document without changes it is a thirtieth.
	saidHashesMax = 2048
	saidBytesMax  = 16 << 10
)

// Receive takes note of a message. Its changes must have been offered to the
// history before.
func (s *State) Receive(h *history.History, m *Message) {
	s.note(m)
	s.bound(h.Len())
	if len(m.Heads) == 0 || m.isReset() || m.Flags != nil && m.Flags.Reset {
		s.forget()
	}
	for _, head := range m.Heads {
		if h.Has(head) && len(s.extra) < extraMax && !slices.Contains(s.extra, head) {
			s.extra = append(s.extra, head)
		}
	}
}

func (s *State) note(m *Message) {
	s.heard, s.inFlight, s.awaited = true, false, false
	s.theirHeads, s.theirNeed, s.theirHave = m.Heads, m.Need, m.Have
	if m.Flags != nil {
		s.readOnly, s.deflated = m.Flags.ReadOnly, true
	}
}

// bound lets go of what is larger than any peer has reason to say of a document with so many
// changes here: it would stay for as long as the connection, for every document that
// the peer names. A summary that is too large is taken for an empty one, so that the peer
// is sent more than it lacks, and of heads and needs the first are kept.
func (s *State) bound(changes int) {
	hashes, bytes := saidHashesMax, saidBytesMax+2*changes
	if changes == 0 {
		hashes, bytes = hashes/30, bytes/30
		s.theirNeed = nil // there is nothing to give
	}
	if len(s.theirHeads) > hashes {
		s.theirHeads = slices.Clone(s.theirHeads[:hashes])
	}
	for _, have := range s.theirHave {
		hashes -= len(have.LastSync)
		bytes -= len(have.Bloom.bits)
	}
	if hashes < 0 || bytes < 0 {
		s.theirHave = []Have{{}}
	}
}

// forget drops what the peer was believed to have, and with it what it was told.
func (s *State) forget() {
	if s.all == 0 && len(s.extra) == 0 {
		return // two empty ends would go on telling each other so
	}
	s.all, s.allHeads, s.extra = 0, nil, nil
	s.sent, s.heads, s.need = false, nil, nil
}

// isReset recognises the message of a peer that has found our last sync unknown:
// its heads and a summary of nothing.
func (m *Message) isReset() bool {
	return len(m.Heads) > 0 && len(m.Changes) == 0 && len(m.Need) == 0 &&
		len(m.Have) == 1 && len(m.Have[0].LastSync) == 0 && m.Have[0].Bloom.Empty()
}

// Agrees tells whether the message says no more than that its sender has what both
// have: the answer to changes that were sent to it. It seldom needs one itself.
func (m *Message) Agrees() bool {
	return len(m.Changes) == 0 && len(m.Need) == 0 && len(m.Heads) > 0 &&
		len(m.Have) == 1 && slices.Equal(m.Have[0].LastSync, m.Heads) && (m.Flags == nil || !m.Flags.Reset)
}

// ReceiveCurrent handles a message of a peer that has exactly what we have, with
// the durable changes given by their number and heads alone, so that the history
// need not be loaded. It reports whether the message was such a one; if not,
// nothing has happened. The reply is nil when there is nothing to say.
func (s *State) ReceiveCurrent(changes int, heads []id.ChangeHash, m *Message) (reply *Message, ok bool) {
	if len(m.Changes) > 0 || len(m.Need) > 0 || len(heads) == 0 || !slices.Equal(m.Heads, heads) {
		return nil, false
	}
	s.note(m)
	s.all, s.allHeads, s.extra = changes, heads, nil
	s.theirHeads, s.theirHave = heads, nil // so that all such peers share them
	if s.sent && slices.Equal(s.heads, heads) {
		return nil, true
	}
	s.sent, s.inFlight, s.heads, s.need = true, true, heads, nil
	return &Message{Version: V1, Heads: heads, Have: []Have{{LastSync: heads}}}, true
}

// Heard tells whether the peer has sent a message, and whether its heads were
// empty: then it wants the document.
func (s *State) Heard() (heard, wants bool) { return s.heard, s.heard && len(s.theirHeads) == 0 }

// Awaited tells whether the peer has been asked for changes, or was sent some and
// none left out, and has sent no message since. It will, for then it has other heads.
// That it answers a message without changes is not sure: an acknowledgement leaves
// nothing to say.
func (s *State) Awaited() bool { return s.awaited }

// Heads are the heads that the peer last showed. Not to be modified.
func (s *State) Heads() []id.ChangeHash { return s.theirHeads }
