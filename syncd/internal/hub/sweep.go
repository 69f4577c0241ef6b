package hub

import (
	"cmp"
	"slices"
	"time"
)

// lonelyShare is the part of IdleTimeout after which a history is unloaded that
// no peer listens to.
const lonelyShare = 6

// sweep unloads histories that are unused, and gives memory back, until Shutdown.
func (h *Hub) sweep() {
	defer h.work.end()
	tick := time.NewTicker(max(h.cfg.IdleTimeout/(2*lonelyShare), time.Millisecond))
	defer tick.Stop()
	look := time.NewTicker(memoryTick)
	defer look.Stop()
	var unloading int64 // since the last tick
	memory := memory{given: time.Now()}
	for {
		select {
		case <-h.stop:
			return
		case <-look.C:
			memory.tick(h.open.Load())
			continue
		case <-h.crowd:
		case <-tick.C:
			memory.unloaded += unloading
			unloading = 0
		}
		for _, d := range h.idle(time.Now()) {
			unloading += d.bytes.Load()
			h.unload(d)
		}
	}
}

// unloadsMax is how many documents are unloaded at a time. Each may read and write what
// there is of it, so that all at once would take more memory than they give back.
const unloadsMax = 4

// unload has a document unloaded, when there are fewer than unloadsMax on the way.
func (h *Hub) unload(d *document) {
	select {
	case <-h.stop:
		return
	case h.unloads <- struct{}{}:
	}
	if !d.post(event{kind: evUnload}) {
		<-h.unloads
	}
}

// idle returns the loaded documents that have been idle for too long without changes that wait
// for others and, if the others take too much memory, those idle for longest.
func (h *Hub) idle(now time.Time) []*document {
	h.mu.Lock()
	loaded := make([]*document, 0, len(h.loaded))
	for d := range h.loaded {
		loaded = append(loaded, d)
	}
	h.mu.Unlock()
	slices.SortFunc(loaded, func(a, b *document) int { return cmp.Compare(b.used.Load(), a.used.Load()) })
	var idle []*document
	bytes := int64(0)
	for _, d := range loaded { // the most recently used first
		bytes += d.bytes.Load()
		timeout := h.cfg.IdleTimeout
		if d.lonely.Load() {
			timeout /= lonelyShare
		}
		// Half the limit, so that a crowd is not swept for one document at a time.
		if now.Sub(time.Unix(0, d.used.Load())) > timeout && !d.holds.Load() ||
			h.bytes.Load() > h.cfg.LoadedBytesMax && bytes > h.cfg.LoadedBytesMax/2 {
			idle = append(idle, d)
		}
	}
	return idle
}

// Stats are totals since New, and what there is now.
type Stats struct {
	Documents   int // known: loaded, or listened to by a peer
	Loaded      int // of those, with their history in memory
	LoadedBytes int64
	Sessions    int

	Messages    int64 // sync and ephemeral messages from peers
	Accepted    int64 // changes
	Refused     int64 // changes that were invalid, over a limit or not permitted
	Relayed     int64 // ephemeral messages, one for each receiver
	Dropped     int64 // ephemeral messages over the rate
	Unavailable int64 // answers that a document is not available
	Withheld    int64 // messages about documents that their sender does not know of
	Loads       int64 // histories loaded
	StoreErrors int64 // documents that could not be read or written

	SnapshotsMade  int64
	SnapshotsWrong int64 // that were not what their changes give, and were dropped
}

// Stats returns the counters.
func (h *Hub) Stats() Stats {
	s := Stats{
		Messages:    h.counts.messages.Load(),
		Accepted:    h.counts.accepted.Load(),
		Refused:     h.counts.refused.Load(),
		Relayed:     h.counts.relayed.Load(),
		Dropped:     h.counts.dropped.Load(),
		Unavailable: h.counts.unavailable.Load(),
		Withheld:    h.counts.withheld.Load(),
		Loads:       h.counts.loads.Load(),
		StoreErrors: h.counts.storeErrors.Load(),

		SnapshotsMade:  h.counts.snapshotsMade.Load(),
		SnapshotsWrong: h.counts.snapshotsWrong.Load(),
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Documents, s.Loaded, s.Sessions = len(h.docs), len(h.loaded), int(h.open.Load())
	s.LoadedBytes = h.bytes.Load()
	return s
}
