package replica

import (
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
)

// # Snapshots
//
// Peers that lack most are sent a snapshot, if there is one: the first changes
// of the document as one chunk. That of a small document is made here, when the first
// peer would be sent it; those of others by the caller, who keeps all of them. They are
// derived, and may be there or not. decisions/0006 has the whole of it.

// UseSnapshot makes peers that lack most be served from s, which is stored, unless there
// is a longer one. It reports false, and drops the one that there was, if s is not of
// this document: then it is wrong wherever it came from. While the history is not loaded
// that is found out by Load.
func (r *Replica) UseSnapshot(s *history.Snapshot) bool {
	r.round = nil
	if s.Changes > r.changes || r.h != nil && !r.h.Fits(s) {
		r.snapshot, r.kept = nil, 0
		return false
	}
	r.kept = s.Changes
	if r.snapshot == nil || r.snapshot.Changes <= s.Changes {
		r.snapshot, r.fresh = s, false
	}
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

// Unkept returns a snapshot that was made here and is not stored; nil if there is none.
func (r *Replica) Unkept() *history.Snapshot {
	if r.snapshot == nil || r.snapshot.Changes <= r.kept {
		return nil
	}
	return r.snapshot
}

// What a snapshot may be of that is made while peers wait for it: some 20 ms.
const (
	promptChangesMax = 1000
	promptOpsMax     = 10_000
	promptBytesMax   = 512 << 10
)

func makeSnapshot(changes []*chunk.Change) (*history.Snapshot, error) {
	return history.MakeSnapshot(changes, chunk.Limits{}, nil)
}

// makeSnapshot makes one of all durable changes; nil if that would take long, or fails.
func (r *Replica) makeSnapshot() *history.Snapshot {
	n := r.changes
	if r.hopeless || n > promptChangesMax || r.h.Bytes() > promptBytesMax || r.h.Ops(n) > promptOpsMax {
		return nil
	}
	changes := make([]*chunk.Change, n)
	for i := range changes {
		changes[i] = r.h.At(i)
	}
	if r.h.Err() != nil {
		return nil // of which finish tells
	}
	s, err := r.cfg.MakeSnapshot(changes)
	if err != nil {
		r.hopeless, r.wrong = true, err
	}
	if err != nil || s == nil {
		return nil
	}
	r.snapshot, r.fresh = s, false
	r.counts.Snapshots++
	return s
}
