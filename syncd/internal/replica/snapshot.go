package replica

import (
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
)

// # Snapshots
//
// Peers that have nothing are sent a snapshot, if there is one: the first changes
// of the document as one chunk. The caller makes and keeps them; they are
// derived, and may be there or not. decisions/0006 has the whole of it.

// UseSnapshot makes peers that have nothing be served from s. It reports false,
// and drops the one that there was, if s is not of this document: then it is wrong
// wherever it came from. While the history is not loaded that is found out by Load.
func (r *Replica) UseSnapshot(s *history.Snapshot) bool {
	r.snapshot, r.round = nil, nil
	if s.Changes > r.changes || r.h != nil && !r.h.Fits(s) {
		return false
	}
	r.snapshot, r.fresh = s, false
	return true
}

// HasSnapshot tells whether there is one.
func (r *Replica) HasSnapshot() bool { return r.snapshot != nil }

// Outdated tells whether it is time for another snapshot: a peer had to be sent
// many changes that none covers; or, if last, the history is about to be unloaded
// and such a peer may come later.
func (r *Replica) Outdated(last bool) bool {
	if r.h == nil || !r.fresh && !last {
		return false
	}
	covered := 0
	if r.snapshot != nil {
		covered = r.snapshot.Changes
	}
	return history.SnapshotDue(covered, r.changes)
}

// Prefix returns the durable changes, to make a snapshot of. It may be read while
// the replica goes on.
func (r *Replica) Prefix() []*chunk.Change { return r.h.Prefix(r.changes) }

// Piece returns those of the durable changes that follow the first from, at most n, and
// how many there are. While the history is not loaded it returns none.
func (r *Replica) Piece(from, n int) (piece []*chunk.Change, all int) {
	if r.h == nil || from >= r.changes {
		return nil, r.changes
	}
	return r.h.Between(from, min(from+n, r.changes)), r.changes
}
