package auth

import (
	"sync"
	"time"
)

// Once remembers what was used, until it would have expired anyhow. It is safe
// for concurrent use.
type Once struct {
	max int

	mu    sync.Mutex
	until map[string]time.Time // guarded by mu
	next  time.Time            // guarded by mu: when to look for expired ones
}

// NewOnce returns a Once that remembers at most max values.
func NewOnce(max int) *Once {
	return &Once{max: max, until: map[string]time.Time{}}
}

// Spend marks a value as used. Of several callers one gets nil and the others
// ErrSpent. When too many are remembered it returns ErrBusy and marks nothing:
// it would rather refuse than forget.
func (o *Once) Spend(value string, expires, now time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tidy(now)
	if _, ok := o.until[value]; ok {
		return ErrSpent
	}
	if len(o.until) >= o.max {
		return ErrBusy
	}
	// The clock may be set back.
	o.until[value] = expires.Add(clockSlack)
	return nil
}

// tidy forgets what has expired, at most once a second or when the clock was
// set back.
func (o *Once) tidy(now time.Time) {
	if now.Before(o.next) && o.next.Sub(now) <= time.Second {
		return
	}
	o.next = now.Add(time.Second)
	for value, until := range o.until {
		if now.After(until) {
			delete(o.until, value)
		}
	}
}
