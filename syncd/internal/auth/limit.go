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
)

// Limiter counts failures by address. A try is counted as a failure from the
// beginning and taken back when it succeeds, so that a hundred tries at once
// are a hundred. It is safe for concurrent use.
type Limiter struct {
	limits Limits

	mu      sync.Mutex
	all     bucket
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
	level float64
	at    time.Time
}

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
// not to be made, right or not. A try that succeeds is told with Succeed.
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
		if l.all.level+1 > float64(l.limits.Overall) {
			return window / time.Duration(l.limits.Overall), false
		}
	}
	s.bucket.drain(l.limits.PerAddress, now)
	if s.bucket.level+1 > float64(l.limits.PerAddress) {
		d := lockFirst << min(s.locks, 10)
		d = min(d, lockMax)
		s.locks, s.locked = s.locks+1, now.Add(d)
		return d, false
	}
	s.bucket.level++
	s.last = now
	l.all.level++
	return 0, true
}

// Succeed takes back the try that the caller began.
func (l *Limiter) Succeed(addr netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.level = max(0, l.all.level-1)
	if e := l.sources[Source(addr)]; e != nil {
		s := e.Value.(*source)
		s.bucket.level = max(0, s.bucket.level-1)
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
