package main

import (
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/hub"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// meeting makes the hub what the edge wants it to be, on a server that is open to
// everyone.
type meeting struct{ *hub.Hub }

func (m meeting) Join(p *gate.Principal, join wire.Join, out edge.Outbox) (edge.Session, error) {
	s, err := m.Hub.Join(p, join, out)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// belonging is the meeting of members: it sees to it that a connection lasts no
// longer than what its device may do.
type belonging struct {
	// Immutable after newBelonging.
	*hub.Hub
	registry *registry.Registry
	logger   *slog.Logger
	stop     chan struct{} // closed by Close
	done     chan struct{} // closed when run has ended

	mu      sync.Mutex
	present map[string]int         // devices and how many connections each has
	usage   map[string]*gate.Usage // of devices that were here since the start
	arrived []string               // since the registry was told
}

// newBelonging starts a goroutine, which Close ends.
func newBelonging(h *hub.Hub, r *registry.Registry, logger *slog.Logger) *belonging {
	b := &belonging{
		Hub: h, registry: r, logger: logger,
		stop: make(chan struct{}), done: make(chan struct{}), present: map[string]int{}, usage: map[string]*gate.Usage{},
	}
	go b.run()
	return b
}

// Close waits for the goroutine.
func (b *belonging) Close() {
	close(b.stop)
	<-b.done
}

// run tells connections when time has changed what they may do, and the registry
// which devices are still here.
func (b *belonging) run() {
	defer close(b.done)
	seen := time.NewTicker(registry.SeenEvery)
	defer seen.Stop()
	arrivals := time.NewTicker(arrivalsEvery)
	defer arrivals.Stop()
	for {
		change := time.NewTimer(b.untilChange())
		select {
		case <-b.stop:
			change.Stop()
			return
		case <-change.C:
			b.registry.Tick()
		case <-arrivals.C:
			b.see(b.takeArrivals())
		case <-seen.C:
			b.see(b.here())
		}
		change.Stop()
	}
}

// arrivalsEvery is how often the registry is told who has come, all at once.
const arrivalsEvery = 2 * time.Second

// changeMax bounds the wait for the next change of roles, since roles may come
// meanwhile that end sooner.
const changeMax = 10 * time.Second

func (b *belonging) untilChange() time.Duration {
	now := time.Now()
	next := b.registry.NextChange(now)
	if next.IsZero() {
		return changeMax
	}
	return min(changeMax, max(0, next.Sub(now)))
}

func (b *belonging) takeArrivals() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	arrived := b.arrived
	b.arrived = nil
	return arrived
}

// here returns the devices that are connected.
func (b *belonging) here() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Keys(b.present))
}

func (b *belonging) see(devices []string) {
	if err := b.registry.SeenAll(devices); err != nil {
		b.logger.Warn("it could not be noted which devices were here", "devices", len(devices), "err", err)
	}
}

// Join lets a device in for as long as its principal is the same. // HS21
func (b *belonging) Join(p *gate.Principal, join wire.Join, out edge.Outbox) (edge.Session, error) {
	p = b.counted(p)
	s, err := b.Hub.Join(p, join, out)
	if err != nil {
		return nil, err
	}
	check := func() {
		now, err := b.registry.Principal(p.Device, time.Now())
		switch {
		case err != nil:
			s.End(wire.CloseUnauthorised, "this device does not belong here any more")
		case !now.Equal(p):
			s.End(wire.CloseRestart, "what this device may do has changed")
		}
	}
	unwatch := b.registry.Watch(p.Device, check)
	check() // of what has changed since the upgrade
	b.count(p.Device, 1)
	return &guest{Session: s, leave: func() {
		unwatch()
		b.count(p.Device, -1)
	}}, nil
}

// counted returns the principal with what its device has brought today. It takes
// 24 bytes for each device that has ever been here, which is less than the
// registry has of it.
func (b *belonging) counted(p *gate.Principal) *gate.Principal {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.usage[p.Device]
	if u == nil {
		u = new(gate.Usage)
		b.usage[p.Device] = u
	}
	same := *p
	same.Usage = u
	return &same
}

func (b *belonging) count(device string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.present[device] == 0 {
		b.arrived = append(b.arrived, device)
	}
	b.present[device] += n
	if b.present[device] == 0 {
		delete(b.present, device)
	}
}

// guest is a session that is watched.
type guest struct {
	*hub.Session
	leave func()
}

func (g *guest) Leave() {
	g.leave()
	g.Session.Leave()
}

// quarantine keeps a refused change for the owners of its board.
func (m *Main) quarantine(r hub.Refusal) {
	item := registry.Refused{Document: r.Document, Reason: r.Code, At: time.Now()}
	if r.Writer != nil {
		item.Board, item.Device, item.Member = r.Writer.Board, r.Writer.Device, r.Writer.Member
	}
	_, err := m.gated.registry.Quarantine(item, [][]byte{r.Change})
	if err != nil && !errors.Is(err, registry.ErrUnknownBoard) {
		m.Logger.Warn("a refused change could not be kept for review", "doc", r.Document, "err", err)
	}
}
