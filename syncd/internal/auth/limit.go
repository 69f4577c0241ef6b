package auth

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// Limits says how many failures a Limiter bears.
type Limits struct {
	PerAddress int // failures a minute of one address, before it is locked out
	Overall    int // failures a minute of all addresses together; 0 for no limit
	Addresses  int // addresses that are remembered, at most; the longest silent are forgotten
}

// CodeLimits are for codes that can be guessed.
var CodeLimits = Limits{PerAddress: 5, Overall: 100, Addresses: 10_000}

// ProofLimits are for signatures, which cannot be: they keep a program that
// went wrong from keeping the server busy.
var ProofLimits = Limits{PerAddress: 60, Addresses: 10_000}

// Lock-outs: the first lasts lockFirst, each further one twice as long as the
// one before, up to lockMax. After lockForget without a failure the next one is
// a first again.
const (
	lockFirst  = time.Minute
	lockMax    = time.Hour
	lockForget = 24 * time.Hour
	window     = time.Minute
	// busyWait is for those who come while as many tries are under way as may
	// fail.
	busyWait = time.Second
)

// Limiter counts failures by address. Tries under way count as well, so that a
// hundred at once are a hundred, but only failures lock an address out. It is
// safe for concurrent use.
type Limiter struct {
	limits Limits

	mu      sync.Mutex
	all     bucket                         // guarded by mu
	sources map[netip.Prefix]*list.Element // guarded by mu; of *source
	order   *list.List                     // guarded by mu; the longest silent first
}

// source is what is known of one address.
type source struct {
	prefix netip.Prefix
	bucket bucket
	locks  int       // lock-outs in a row
	locked time.Time // until then
	last   time.Time // last failure
}

// bucket holds failures that drain away, limit of them in a window.
type bucket struct {
	level    float64
	at       time.Time
	underWay int
}

// full tells whether one more try could be one too many; over that it would be,
// whatever becomes of those under way.
func (b *bucket) full(limit int) bool { return b.level+float64(b.underWay)+1 > float64(limit) }
func (b *bucket) over(limit int) bool { return b.level+1 > float64(limit) }

// drain lets pass what the time since has taken away. A clock that was set back
// takes away nothing.
func (b *bucket) drain(limit int, now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.level = max(0, b.level-float64(limit)*d.Seconds()/window.Seconds())
	}
	b.at = now
}

// NewLimiter returns a Limiter.
func NewLimiter(l Limits) *Limiter {
	return &Limiter{limits: l, sources: map[netip.Prefix]*list.Element{}, order: list.New()}
}

// Source is what is counted as one: an IPv4 address, or the 64 bits of an IPv6
// address that one household or house has.
func Source(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() {
		return netip.Prefix{}
	}
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits) // of a valid address
	return p
}

// Try begins a try, or tells how long its address has to wait: then the try is
// not to be made, right or not. What became of a try is told with Done.
func (l *Limiter) Try(addr netip.Addr, now time.Time) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.source(Source(addr), now)
	if d := s.locked.Sub(now); d > lockMax { // the clock was set back
		s.locked = now.Add(lockMax)
		s.bucket.at = now
	}
	if d := s.locked.Sub(now); d > 0 {
		return d, false
	}
	if l.limits.Overall > 0 {
		l.all.drain(l.limits.Overall, now)
		if l.all.full(l.limits.Overall) {
			return window / time.Duration(l.limits.Overall), false
		}
	}
	s.bucket.drain(l.limits.PerAddress, now)
	if s.bucket.over(l.limits.PerAddress) {
		d := min(lockFirst<<min(s.locks, 10), lockMax)
		s.locks, s.locked = s.locks+1, now.Add(d)
		return d, false
	}
	if s.bucket.full(l.limits.PerAddress) {
		return busyWait, false
	}
	s.bucket.underWay++
	l.all.underWay++
	return 0, true
}

// Done ends a try that was begun, and tells whether it failed.
func (l *Limiter) Done(addr netip.Addr, now time.Time, failed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.done(failed)
	if e := l.sources[Source(addr)]; e != nil {
		s := e.Value.(*source)
		s.bucket.done(failed)
		if failed {
			s.last = now
		}
	}
}

func (b *bucket) done(failed bool) {
	b.underWay = max(0, b.underWay-1)
	if failed {
		b.level++
	}
}

// source returns what is known of a prefix, as the last one to be forgotten.
func (l *Limiter) source(p netip.Prefix, now time.Time) *source {
	if e := l.sources[p]; e != nil {
		l.order.MoveToBack(e)
		s := e.Value.(*source)
		if now.Sub(s.last) > lockForget {
			s.locks = 0
		}
		return s
	}
	if len(l.sources) >= l.limits.Addresses {
		oldest := l.order.Front()
		l.order.Remove(oldest)
		delete(l.sources, oldest.Value.(*source).prefix)
	}
	s := &source{prefix: p, bucket: bucket{at: now}, last: now}
	l.sources[p] = l.order.PushBack(s)
	return s
}
