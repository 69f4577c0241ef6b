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

// SetGuard lets g decide about every change from now on. It is called once, before
// anything is added. What is there already, as in a history that was opened with its
// graph, the guard is told before it admits the first change; see CatchUp.
func (h *History) SetGuard(g Guard) { h.guard = g }

// Behind is of how many changes the guard has not been told.
func (h *History) Behind() int {
	if h.guard == nil {
		return 0
	}
	return h.Len() - h.told
}

// Knows says that the guard knows the first n changes by other means, before it was told of
// any.
func (h *History) Knows(n int) { h.told = min(n, h.Len()) }

// CatchUp tells the guard of up to n changes that it does not know, in order. They
// are read for it, so that this takes as long as it would have taken to restore them;
// a caller that has others waiting does it in steps. The error is that of Err.
func (h *History) CatchUp(n int) error {
	end := h.told + min(n, h.Behind())
	if m := min(end, h.first); h.told < m {
		err := h.readFrom(h.told, m, func(_ int, c *chunk.Change) {
			h.guard.Accepted(c, nil)
			h.told++
		})
		if err != nil {
			return err
		}
	}
	for ; h.told < end; h.told++ {
		h.guard.Accepted(h.held[h.told-h.first], nil)
	}
	return h.err
}

// Dropped is a held change that could not be accepted when its dependencies were there,
// or that was not held until then.
type Dropped struct {
	From any
	Err  error // as AddFrom would have returned it; or it wraps ErrCrowded
}

// Dropped returns the held changes that were dropped since the last call, each for
// everybody who had brought it. They have sent it, and do not send it again when they
// are asked for it: one that is not told waits for ever.
func (h *History) Dropped() []Dropped {
	dropped := h.dropped
	h.dropped = nil
	return dropped
}
