package store

import "sync"

// Calls counts the calls under way in a store, so that closing it refuses new
// ones and waits for the others. The zero value is open. A call that runs
// inside another (from a yield) is refused, not blocked, once closing began.
type Calls struct {
	mu     sync.Mutex
	wg     sync.WaitGroup
	closed bool // guarded by mu
}

// Enter begins a call, which ends with Leave, or returns ErrClosed.
func (c *Calls) Enter() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	c.wg.Add(1)
	return nil
}

// Leave ends a call.
func (c *Calls) Leave() { c.wg.Done() }

// Refuse lets no further call begin and reports whether this was the first
// time.
func (c *Calls) Refuse() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.closed
	c.closed = true
	return first
}

// Wait returns when all calls under way have left. Refuse comes first.
func (c *Calls) Wait() { c.wg.Wait() }
