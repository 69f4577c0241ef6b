package replica

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
)

// # Rules that remember
//
// Rules have to have seen every operation before they judge one. What they know then can be kept
// beside the changes, so that they are told of those only that came later. It is derived: if it
// cannot be used, they are told of all changes.
//
// An index of rules in storage begins with a sum over the beginnings of the hashes of the changes that
// it is of, 32 bytes, so that none is used of another document, or of another life of this one.

// An index is worth keeping from this many changes on, some milliseconds of work, and worth
// writing anew when this part of those that it covers has come.
const (
	indexMin  = 512
	indexPart = 8
)

// ErrIndex marks an index that is not that of the changes.
var ErrIndex = errors.New("the index of rights is not that of the changes")

// IndexDue tells whether what the rules know should be stored, before the history is
// unloaded, while there is an index of the first changes.
func (r *Replica) IndexDue(covered int) bool {
	if r.rules == nil || r.Busy() || r.h.Behind() > 0 || r.h.Len() != r.changes {
		return false
	}
	return r.changes >= indexMin && r.changes-covered >= covered/indexPart
}

// Index returns what the rules know of all changes, of which it says how many they are. The history is loaded.
func (r *Replica) Index() (n int, index []byte) {
	sum := r.sum(r.changes)
	return r.changes, r.rules.AppendIndex(sum[:])
}

// UseIndex tells the rules what Index has returned of the first n changes, if they have not been told
// of any. After an error, which wraps ErrIndex, they are told of all changes as before.
func (r *Replica) UseIndex(n int, index []byte) error {
	if r.h == nil || r.rules == nil || r.h.Behind() < r.h.Len() {
		return nil
	}
	if n < 0 || n > r.h.Len() {
		return fmt.Errorf("%w: it is of %d changes of %d", ErrIndex, n, r.h.Len())
	}
	sum := r.sum(n)
	known, ok := bytes.CutPrefix(index, sum[:])
	if !ok {
		return fmt.Errorf("%w: it is of others", ErrIndex)
	}
	if err := r.rules.RestoreIndex(known); err != nil {
		return fmt.Errorf("%w: %w", ErrIndex, err)
	}
	r.h.Knows(n)
	return nil
}

// sum is over the beginnings of the hashes of the first n changes.
func (r *Replica) sum(n int) (sum [sha256.Size]byte) {
	hash := sha256.New()
	for i := range n {
		start := r.h.HashStart(i)
		hash.Write(start[:])
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
