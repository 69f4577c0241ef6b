package hub

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// snapshots makes snapshots of documents, one after the other, with a share of one
// processor, and keeps them, and those that documents have made themselves. It reads the
// changes from the store, when it is a document's turn, so that nobody waits for that, and
// the changes of one document at most are in memory. What is not finished at Shutdown is
// lost and begins anew some time.
type snapshots struct {
	// Immutable.
	hub  *Hub
	wake chan struct{} // of one; whoever queues sends, run receives

	// Owned by run.
	hopeless map[id.Document]struct{} // too large, or the writer makes a mistake with them

	mu    sync.Mutex // guards what follows
	queue []id.Document
	made  map[id.Document]*history.Snapshot // of those in the queue; nil: to be made
}

// snapshotShare is how much of a processor making snapshots may take.
const snapshotShare = 5

// snapshotQueueMax bounds the documents that wait. Others have to wait for their next
// occasion.
const snapshotQueueMax = 64

// hopelessMax bounds what is remembered of documents without hope.
const hopelessMax = 10_000

func newSnapshots(h *Hub) *snapshots {
	return &snapshots{
		hub: h, wake: make(chan struct{}, 1),
		hopeless: map[id.Document]struct{}{}, made: map[id.Document]*history.Snapshot{},
	}
}

// add queues a document, with its snapshot, or with nil if one is to be made.
func (s *snapshots) add(doc id.Document, made *history.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.made[doc]; !there {
		if len(s.queue) >= snapshotQueueMax {
			return
		}
		s.queue = append(s.queue, doc)
	}
	s.made[doc] = made
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

func (s *snapshots) next() (doc id.Document, made *history.Snapshot, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return doc, nil, false
	}
	doc = s.queue[0]
	s.queue = s.queue[1:]
	made = s.made[doc]
	delete(s.made, doc)
	return doc, made, true
}

func (s *snapshots) run() {
	defer s.hub.work.end()
	for {
		select {
		case <-s.hub.stop:
			return
		case <-s.wake:
		}
		for doc, made, ok := s.next(); ok; doc, made, ok = s.next() {
			if made != nil {
				s.keep(doc, made)
			} else {
				s.make(doc)
			}
		}
	}
}

// readStep is how many changes are read before a rest: some milliseconds.
const readStep = 256

// changes reads those of a document, if it is time for a snapshot of them still.
func (s *snapshots) changes(doc id.Document) (changes []*chunk.Change, err error) {
	info, _, err := s.hub.cfg.Store.Stat(doc)
	if err != nil {
		return nil, err
	}
	covered, _, err := s.hub.cfg.Snapshots.Snapshot(doc)
	if err != nil {
		covered = 0 // it is damaged
	}
	if !history.SnapshotDue(covered, info.Changes) {
		return nil, nil
	}
	step := s.throttle()
	_, err = s.hub.cfg.Store.Load(doc, func(change []byte) error {
		if len(changes) == info.Changes {
			return nil
		}
		c, err := chunk.ReadChange(change)
		if err != nil {
			return err
		}
		if changes = append(changes, c); len(changes)%readStep == 0 {
			return step()
		}
		return nil
	})
	return changes, err
}

func (s *snapshots) make(doc id.Document) {
	if _, hopeless := s.hopeless[doc]; hopeless {
		return
	}
	log := s.hub.cfg.Logger
	begin := time.Now()
	changes, err := s.changes(doc)
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, store.ErrClosed):
		return
	case err != nil:
		log.Warn("a document could not be read for a snapshot", "doc", doc, "err", err)
		return
	case changes == nil:
		return
	}
	made, err := history.MakeSnapshot(changes, chunk.Limits{}, s.throttle())
	switch {
	case errors.Is(err, context.Canceled):
		return
	case err != nil:
		if len(s.hopeless) < hopelessMax {
			s.hopeless[doc] = struct{}{}
		}
		if errors.Is(err, history.ErrSnapshot) { // of this program
			s.hub.counts.snapshotsWrong.Add(1)
			log.Error("no snapshot could be made", "doc", doc, "changes", len(changes), "err", err)
		}
		return
	}
	if !s.keep(doc, made) {
		return
	}
	s.hub.counts.snapshotsMade.Add(1)
	log.Debug("a snapshot was made", "doc", doc, "changes", made.Changes, "bytes", len(made.Chunk), "elapsed", time.Since(begin))
	if d := s.hub.known(doc); d != nil {
		d.post(event{kind: evSnapshot, snapshot: made})
	}
}

// keep stores a snapshot.
func (s *snapshots) keep(doc id.Document, made *history.Snapshot) bool {
	err := s.hub.cfg.Snapshots.PutSnapshot(doc, made.Changes, made.Chunk)
	if err != nil && !errors.Is(err, store.ErrClosed) {
		s.hub.cfg.Logger.Warn("a snapshot could not be kept", "doc", doc, "err", err)
	}
	return err == nil
}

// throttle returns a step that rests in proportion to the time since the last one.
func (s *snapshots) throttle() func() error {
	last := time.Now()
	return func() error {
		select {
		case <-s.hub.stop:
			return context.Canceled
		case <-time.After((snapshotShare - 1) * time.Since(last)):
		}
		last = time.Now()
		return nil
	}
}

// known returns an open document; nil if it is not open.
func (h *Hub) known(doc id.Document) *document {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.docs[doc]
}

// The methods below belong to the goroutine of the document.

// wantSnapshot asks for a snapshot.
func (d *document) wantSnapshot() {
	if d.hub.snapshots != nil {
		d.hub.snapshots.add(d.id, nil)
	}
}

// lastSnapshot sees to the snapshot of a history that is about to be unloaded: asks for
// one if the last is of too few changes, or for the last to be kept.
func (d *document) lastSnapshot() {
	if d.hub.snapshots == nil {
		return
	}
	if d.rep.Outdated(true) {
		d.wantSnapshot()
	} else if made := d.rep.Unkept(); made != nil {
		d.hub.snapshots.add(d.id, made)
	}
}

// findSnapshot looks for a snapshot in the store, before the history is loaded. It
// reports whether there is one now that was not there before.
func (d *document) findSnapshot() bool {
	if d.hub.snapshots == nil || d.rep.HasSnapshot() || !d.rep.Exists() {
		return false
	}
	n, data, err := d.hub.cfg.Snapshots.Snapshot(d.id)
	switch {
	case err != nil:
		d.dropSnapshot(err)
		return false
	case data == nil:
		return false
	}
	s, err := history.OpenSnapshot(n, data, chunk.Limits{})
	if err != nil {
		d.dropSnapshot(err)
		return false
	}
	return d.takeSnapshot(s)
}

func (d *document) takeSnapshot(s *history.Snapshot) bool {
	ok := d.rep.UseSnapshot(s)
	if !ok {
		d.dropSnapshot(history.ErrSnapshot)
	}
	return ok
}

// dropSnapshot removes a snapshot that is wrong. Peers are sent changes.
func (d *document) dropSnapshot(cause error) {
	d.hub.counts.snapshotsWrong.Add(1)
	d.hub.cfg.Logger.Error("a wrong snapshot was dropped", "doc", d.id, "err", cause)
	if err := d.hub.cfg.Snapshots.DropSnapshot(d.id); err != nil {
		d.hub.cfg.Logger.Warn("a wrong snapshot could not be removed", "doc", d.id, "err", err)
	}
}
