package exchange

import (
	"slices"

	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// # First messages with a snapshot
//
// A peer that has nothing can be sent the document as one chunk, which is about a
// quarter of the bytes of its changes, and half of the work for a browser.
// Only a message of version 2 may carry one, so only peers that have declared
// that they read it (by a flags section, whatever it says) get it; all others get
// changes. A chunk cannot be cut: the first message is as long as it has to be,
// with as many of the changes after it as keep the message below
// MessageBytesMax; the others follow in messages of changes as usual.
//
// A peer that has been away for long is served so, too: one that lacks half of what
// the snapshot covers or more, if that would take twice the bytes. It is sent again
// what it has; merging a chunk costs a browser about as much as merging the changes
// that it lacks, if these are half of all (22 and 17 ms with 200 posts of which it has
// 10; 147 and 139 with 1 000 of which it has 100; 200 and 202 with half of them; and
// 160 instead of 103 with four fifths). The engine does so for peers that lack more
// than a third.

// UseSnapshot makes the round serve peers that have nothing from s instead of
// from all changes one by one. s is not copied nor parsed; the caller has made it
// from the history of the round, or has opened it and seen that it fits. It
// tells whether s will be used: not if some of what it covers is not durable, in
// which case nothing changes. It has to be called before Generate.
func (r *Round) UseSnapshot(s *history.Snapshot) bool {
	if s == nil || s.Changes < 1 || s.Changes > r.h.Durable() || len(s.Heads) == 0 {
		return false
	}
	for _, head := range s.Heads {
		if i, ok := r.h.Index(head); !ok || i >= s.Changes {
			return false
		}
	}
	r.snapshot = s
	return true
}

// MakeSnapshots makes the round ask for a snapshot of all durable changes when a peer
// lacks most of them and one is due: for each peer that shares it, it is a third of the
// bytes, and making it takes about as long as deflating as many changes does. make
// returns nil if it cannot; it is asked once. It has to be called before Generate.
func (r *Round) MakeSnapshots(make func() *history.Snapshot) { r.makeSnapshot = make }

// renewSnapshot makes a snapshot if that is worth it for this peer.
func (r *Round) renewSnapshot(s *State) {
	all, covered := r.h.Durable(), 0
	if r.snapshot != nil {
		covered = r.snapshot.Changes
	}
	most := all - all/4 // with less than that, mostly no snapshot is sent (see spares)
	if r.makeSnapshot == nil || !s.heard || !s.deflated || s.readOnly ||
		all-s.all < most || !history.SnapshotDue(covered, all) || len(r.h.Since(s.all, r.base(s))) < most {
		return
	}
	made := r.makeSnapshot()
	if r.makeSnapshot = nil; made != nil {
		r.UseSnapshot(made)
	}
}

// LimitSnapshot says that the peer refuses messages of more than bytes. A
// snapshot that is too long for it is not sent; 0, from the start, is no limit.
func (s *State) LimitSnapshot(bytes int) { s.snapshotMax = bytes }

// wantsSnapshot tells whether the peer is served from the snapshot: it has been
// heard, and has nothing but perhaps the first change. Mostly it then asks for our
// heads by name; these come with the rest.
func (r *Round) wantsSnapshot(s *State) bool {
	return r.snapshot != nil && s.heard && s.deflated && !s.readOnly && s.all <= 1 &&
		!slices.ContainsFunc(s.theirHeads, r.notFirst) && !slices.ContainsFunc(s.extra, r.notFirst) && s.takes(r.snapshot)
}

// Fresh tells whether the peer would have been served from a snapshot of h, had
// there been one.
func (s *State) Fresh(h *history.History) bool {
	r := Round{h: h, snapshot: &history.Snapshot{}}
	return h.Durable() > 0 && r.wantsSnapshot(s)
}

// notFirst tells whether a change is durable here and not the first of the
// document. Documents that every device begins alike, as those of boards, are as
// good as empty with their first change alone: merging a chunk into that costs a
// reader no more than merging the changes, and a quarter of the bytes.
func (r *Round) notFirst(hash id.ChangeHash) bool {
	i, ok := r.h.Index(hash)
	return ok && i > 0 && i < r.h.Durable()
}

// takes tells whether the peer takes a message as long as the snapshot.
func (s *State) takes(snap *history.Snapshot) bool {
	return s.snapshotMax == 0 || len(snap.Chunk)+messageOverhead <= s.snapshotMax
}

// messageOverhead is more than what a first message has around its snapshot.
const messageOverhead = 4 << 10

// spares tells whether the snapshot shall stand for those of the changes that it covers.
func (r *Round) spares(s *State, changes []int) bool {
	if r.snapshot == nil || !s.deflated || s.readOnly || !s.takes(r.snapshot) {
		return false
	}
	covered := len(changes) - len(r.uncovered(changes))
	average := r.h.Bytes() / int64(r.h.Len())
	return 2*covered >= r.snapshot.Changes && int64(covered)*average >= 2*int64(len(r.snapshot.Chunk))
}

// uncovered returns those of the changes that the snapshot does not cover.
func (r *Round) uncovered(changes []int) []int {
	return slices.DeleteFunc(slices.Clone(changes), func(i int) bool { return i < r.snapshot.Changes })
}

// makeWhole makes a message from the snapshot, for a peer that has base besides.
func (r *Round) makeWhole(base []id.ChangeHash) *update {
	since := r.h.Since(r.snapshot.Changes, base)
	m := Message{Version: V2, Heads: r.heads, Changes: [][]byte{r.snapshot.Chunk}}
	n := r.fill(&m, since, true)
	u := &update{changes: true, complete: n == len(since)}
	last := r.heads
	if !u.complete {
		last = r.advance(slices.Concat(r.snapshot.Heads, base), since[:n])
		u.has = last
	}
	m.Have = []Have{{LastSync: last}}
	u.data = m.Payload()
	return u
}

// ReceiveFresh handles a message of a peer that has nothing, while the durable
// changes, given by their number and heads, are exactly those of a snapshot that
// fits them: the history need not be loaded. It reports whether it did; if not,
// nothing has happened. The reply is the caller's.
func (s *State) ReceiveFresh(changes int, heads []id.ChangeHash, snap *history.Snapshot, m *Message) (reply *Message, ok bool) {
	if snap == nil || snap.Changes != changes || len(heads) == 0 || !slices.Equal(snap.Heads, heads) {
		return nil, false
	}
	if m.Flags == nil || m.Flags.ReadOnly || len(m.Heads) > 0 || len(m.Changes) > 0 || !s.takes(snap) {
		return nil, false
	}
	for _, have := range m.Have {
		if len(have.LastSync) > 0 {
			return nil, false // perhaps of a document that is not known here
		}
	}
	s.note(m)
	s.all, s.allHeads, s.extra = changes, heads, nil
	s.theirNeed, s.theirHave = nil, nil
	s.said(heads, nil)
	s.awaited = true
	return &Message{Version: V2, Heads: heads, Have: []Have{{LastSync: heads}}, Changes: [][]byte{snap.Chunk}}, true
}
