package history

import (
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// Guard decides which valid changes a document takes. It belongs to the
// goroutine of its History.
type Guard interface {
	// Admit returns nil, or why the change may not become part of the document.
	// The change is valid and everything that it depends on has been accepted.
	// from is what was given to AddFrom. Admit changes nothing.
	Admit(c *chunk.Change, from any) error

	// Accepted tells that the change is part of the document now. Of a change that
	// Restore has brought back, from is nil.
	Accepted(c *chunk.Change, from any)
}

// Refused is the error of AddFrom for a change that the guard did not admit. What
// depends on it can never be accepted either.
type Refused struct {
	Change *chunk.Change
	From   any
	Err    error // of Admit
}

func (r *Refused) Error() string {
	return fmt.Sprintf("change %s is refused: %v", r.Change.Hash, r.Err)
}

func (r *Refused) Unwrap() error { return r.Err }

// SetGuard lets g decide about every change from now on. It is called on an empty
// history, before Restore, so that the guard hears of every change.
func (h *History) SetGuard(g Guard) { h.guard = g }

// Dropped returns the held changes that the guard has not admitted since the last
// call. Nobody waits for an answer about them.
func (h *History) Dropped() []*Refused {
	dropped := h.dropped
	h.dropped = nil
	return dropped
}
