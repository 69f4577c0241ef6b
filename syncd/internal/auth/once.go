package auth

import (
	"sync"
	"time"
)

// Once remembers what was used, until it would have expired anyhow. It is safe
// for concurrent use.
type Once struct {
	max int

	mu   sync.Mutex
	used map[string]use // guarded by mu
	of   map[string]int // guarded by mu: how many of used count for whom
	next time.Time      // guarded by mu: when to look for expired ones
}

// use is a value that was used.
type use struct {
	until time.Time
	by    []Share
}

// Share is for whom a value counts, and how many of them may be remembered at
// once: nobody fills the memory that all need.
type Share struct {
	Of  string // a device, an address
	Max int
}

// NewOnce returns a Once that remembers at most max values.
func NewOnce(max int) *Once {
	return &Once{max: max, used: map[string]use{}, of: map[string]int{}}
}

// Spend marks a value as used. Of several callers one gets nil and the others
// ErrSpent. When too many are remembered it returns ErrBusy, when one of the
// shares is used up ErrTooOften, and marks nothing: it would rather refuse than
// forget.
func (o *Once) Spend(value string, expires, now time.Time, by ...Share) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tidy(now)
	if _, ok := o.used[value]; ok {
		return ErrSpent
	}
	for _, s := range by {
		if o.of[s.Of] >= s.Max {
			return ErrTooOften
		}
	}
	if len(o.used) >= o.max {
		return ErrBusy
	}
	for _, s := range by {
		o.of[s.Of]++
	}
	// The clock may be set back.
	o.used[value] = use{expires.Add(clockSlack), by}
	return nil
}

// tidy forgets what has expired, at most once a second or when the clock was
// set back.
func (o *Once) tidy(now time.Time) {
	if now.Before(o.next) && o.next.Sub(now) <= time.Second {
		return
	}
	o.next = now.Add(time.Second)
	for value, u := range o.used {
		if now.After(u.until) {
			o.forget(value, u)
		}
	}
}

func (o *Once) forget(value string, u use) {
	delete(o.used, value)
	for _, s := range u.by {
		if o.of[s.Of]--; o.of[s.Of] == 0 {
			delete(o.of, s.Of)
		}
	}
}
