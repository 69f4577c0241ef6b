package edge

import (
	"sync"
	"time"

	"github.com/tavle-org/tavle/crdt/wire"
)

// pingTogether is how much earlier than after a PingInterval a ping may go out. All
// that are due in such a time go out at once: to wake up for each of thousands of
// idle connections costs more than the pings.
const pingTogether = 250 * time.Millisecond

// pulses asks connections for signs of life, each a PingInterval after its last ping has
// gone out, however long that took. All wait equally long, so they stand in a queue, and
// one timer does for all: a timer each takes 150 bytes of an idle connection, and the
// runtime keeps the room of the most that there ever were.
type pulses struct {
	cfg *Config // immutable

	// Guarded by mu.
	mu          sync.Mutex
	first, last *conn       // linked by their pulse
	timer       *time.Timer // for first, while there is one; nil before there was any
}

// pulse is what a connection has in pulses.
type pulse struct {
	// Guarded by mu of pulses.
	next, previous *conn
	due            time.Time // zero outside of the queue

	// Owned by the timer of pulses.
	life  uint64 // signs of life when it looked last
	asked int    // pings that had gone out by then
}

// add has c asked when its time comes. It is not in the queue.
func (p *pulses) add(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	wait := p.cfg.untilPing(now)
	c.pulse.due, c.pulse.previous = now.Add(wait), p.last
	switch {
	case p.last != nil:
		p.last.pulse.next = c
	case p.timer != nil:
		p.first = c
		p.timer.Reset(wait)
	default:
		p.first = c
		p.timer = time.AfterFunc(wait, p.beat)
	}
	p.last = c
}

// remove has c not asked any more. The timer may find nobody then.
func (p *pulses) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.take(c)
}

// take takes c out of the queue, if it is there. It is called with mu held.
func (p *pulses) take(c *conn) {
	at := &c.pulse
	if at.due.IsZero() {
		return
	}
	if at.previous != nil {
		at.previous.pulse.next = at.next
	} else {
		p.first = at.next
	}
	if at.next != nil {
		at.next.pulse.previous = at.previous
	} else {
		p.last = at.previous
	}
	at.next, at.previous, at.due = nil, nil, time.Time{}
}

// beat asks all whose time has come.
func (p *pulses) beat() {
	for now := time.Now(); ; {
		c := p.next(now)
		if c == nil {
			return
		}
		c.beat()
	}
}

// next takes the first whose time has come, or sets the timer to when it will.
func (p *pulses) next(now time.Time) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.first
	if c == nil {
		return nil
	}
	if wait := c.pulse.due.Sub(now); wait > 0 {
		p.timer.Reset(wait)
		return nil
	}
	p.take(c)
	return c
}

// untilPing is the time from now to the next ping.
func (c *Config) untilPing(now time.Time) time.Duration {
	together := min(pingTogether, c.PingInterval/100)
	return now.Add(c.PingInterval).Truncate(together).Sub(now)
}

// beat asks for a sign of life, or ends a connection that gave none.
func (c *conn) beat() {
	if c.out.reason() != nil {
		return
	}
	p, asked := &c.pulse, c.out.asked()
	if life := c.net.life.Load(); life != p.life || !c.net.waiting.Load() { // LV2: or it is we who do not read
		p.life, p.asked = life, asked
	}
	if asked-p.asked >= c.cfg.PongMisses { // LV2
		c.cfg.Metrics.Silent.Add(1)
		c.out.cut(&wire.CloseError{Code: wire.CloseTimeout, Text: "no sign of life"})
		return
	}
	c.out.ask()
}
