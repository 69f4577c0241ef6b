package history

import (
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// Snapshot is the first changes of a history as one document chunk, which is
// about a quarter as long as the changes. Whoever has nothing can be sent it, and
// the changes from index Changes on after it.
//
// A history only grows at its end, so a snapshot that fits once fits for good;
// it only covers less and less. It is immutable and may be shared.
type Snapshot struct {
	Changes int             // how many changes, from the first, it covers
	Heads   []id.ChangeHash // of these, sorted
	Chunk   []byte
}

// ErrSnapshot marks a snapshot that is not what its changes give: written
// wrongly, damaged, or of another document. It must not be served. The changes
// themselves are as good as before.
var ErrSnapshot = errors.New("wrong snapshot")

// A snapshot is due when this many changes lie behind the last one, and this part
// of those that it covers. Since each is longer than the last by that part, all
// snapshots of a document together cost a few times what the last one cost.
const (
	snapshotTailMin  = 64
	snapshotTailPart = 4 // a quarter
)

// SnapshotDue tells whether it is worth making a snapshot of durable changes,
// while there is one that covers some of them; 0 if there is none.
func SnapshotDue(covered, durable int) bool {
	return durable-covered >= max(snapshotTailMin, covered/snapshotTailPart)
}

// Prefix returns the first n changes. The slice must not be written to. It is
// not affected by the history growing, and may be read while another goroutine
// owns the history. A history with a reader reads them, and returns nil if it
// cannot: see Err.
func (h *History) Prefix(n int) []*chunk.Change {
	if h.read == nil {
		return h.held[:n:n]
	}
	all := make([]*chunk.Change, 0, n)
	if m := min(n, h.first); m > 0 {
		if err := h.readFrom(0, m, func(_ int, c *chunk.Change) { all = append(all, c) }); err != nil {
			return nil
		}
	}
	return append(all, h.held[:n-len(all)]...)
}

// MakeSnapshot writes the changes, which are the first of a history in its
// order, as a snapshot, and reads it back: a snapshot that is returned has been
// shown to give these changes, these heads, and the content that they have.
//
// It is meant to run beside the goroutine that owns the history, on what Prefix
// returned. step, if it is not nil, is called every few thousand operations, as
// by chunk.BuildDocument; it may wait, and its error ends the work and is
// returned. Memory is about 100 bytes an operation and the chunk a few times,
// which lim bounds.
//
// The error wraps chunk.ErrLimit if the document is too large for lim, and
// ErrSnapshot if what was written is wrong, which would be a mistake in this
// program: the caller reports it and goes on serving changes. There is no
// snapshot of no changes; asking for one is ErrSnapshot too.
func MakeSnapshot(changes []*chunk.Change, lim chunk.Limits, step func() error) (*Snapshot, error) {
	if len(changes) == 0 {
		return nil, fmt.Errorf("make a snapshot: %w: of no changes", ErrSnapshot)
	}
	stopped := false
	watched := func() error {
		if step == nil {
			return nil
		}
		err := step()
		stopped = stopped || err != nil
		return err
	}
	data, err := chunk.BuildDocument(changes, lim, watched)
	if err == nil {
		err = chunk.VerifyDocument(data, changes, lim, watched)
	}
	switch {
	case err == nil:
		return OpenSnapshot(len(changes), data, lim)
	case stopped || errors.Is(err, chunk.ErrLimit):
		return nil, fmt.Errorf("make a snapshot of %d changes: %w", len(changes), err)
	}
	return nil, fmt.Errorf("make a snapshot of %d changes: %w: %w", len(changes), ErrSnapshot, err)
}

// OpenSnapshot returns the snapshot that MakeSnapshot made of so many changes
// and that storage kept. It verifies the checksum, reads the heads and parses
// nothing else; data is kept. Whether it fits the history is for Fits to tell.
// The error wraps ErrSnapshot.
func OpenSnapshot(changes int, data []byte, lim chunk.Limits) (*Snapshot, error) {
	heads, err := chunk.DocumentHeads(data, lim)
	if err != nil {
		return nil, fmt.Errorf("open a snapshot of %d changes: %w: %w", changes, ErrSnapshot, err)
	}
	return &Snapshot{Changes: changes, Heads: heads, Chunk: data}, nil
}

// Fits tells whether the snapshot covers exactly the first changes of this
// history and all of them are durable. One that does not belongs to another
// document or to another life of this one, as after a restore from a backup. It
// looks at every change that the snapshot covers: ask once.
func (h *History) Fits(s *Snapshot) bool {
	if s.Changes < 1 || s.Changes > h.durable {
		return false
	}
	isDep := make([]bool, s.Changes)
	for i := range s.Changes {
		for _, d := range h.graph.depsOf(int32(i)) {
			isDep[d] = true
		}
	}
	heads := 0
	for i := range s.Changes {
		if !isDep[i] {
			heads++
		}
	}
	for _, hash := range s.Heads {
		i, ok := h.graph.find(hash)
		if !ok || int(i) >= s.Changes || isDep[i] {
			return false
		}
		isDep[i] = true // none counts twice
	}
	return heads == len(s.Heads)
}
