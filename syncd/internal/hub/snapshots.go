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
// processor, and keeps them, and those that documents have made themselves. What is not
// finished at Shutdown is lost and begins anew some time.
type snapshots struct {
	// Immutable.
	hub  *Hub
	wake chan struct{} // of one; whoever queues sends, run receives

	// Owned by run.
	hopeless map[id.Document]struct{} // too large, or the writer makes a mistake with them

	mu    sync.Mutex // guards what follows
	queue []id.Document
	jobs  map[id.Document]job // of those in the queue
}

// job is what a snapshot is made of. If both are nil the document, which is open, is asked
// for its changes when it is its turn.
type job struct {
	changes []*chunk.Change   // durable ones
	made    *history.Snapshot // there it is
}

// snapshotShare is how much of a processor making snapshots may take.
const snapshotShare = 5

// snapshotQueueMax bounds the documents that wait. The changes of those that were
// unloaded are held in memory meanwhile. Others have to wait for their next occasion.
const snapshotQueueMax = 64

// hopelessMax bounds what is remembered of documents without hope.
const hopelessMax = 10_000

func newSnapshots(h *Hub) *snapshots {
	return &snapshots{
		hub: h, wake: make(chan struct{}, 1),
		hopeless: map[id.Document]struct{}{}, jobs: map[id.Document]job{},
	}
}

// add queues a document.
func (s *snapshots) add(doc id.Document, j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.jobs[doc]; !there {
		if len(s.queue) >= snapshotQueueMax {
			return
		}
		s.queue = append(s.queue, doc)
	}
	s.jobs[doc] = j
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

func (s *snapshots) next() (doc id.Document, j job, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return doc, j, false
	}
	doc = s.queue[0]
	s.queue = s.queue[1:]
	j = s.jobs[doc]
	delete(s.jobs, doc)
	return doc, j, true
}

func (s *snapshots) run() {
	defer s.hub.work.end()
	for {
		select {
		case <-s.hub.stop:
			return
		case <-s.wake:
		}
		for doc, j, ok := s.next(); ok; doc, j, ok = s.next() {
			s.do(doc, j)
		}
	}
}

func (s *snapshots) do(doc id.Document, j job) {
	if j.made != nil {
		s.keep(doc, j.made)
		return
	}
	if j.changes == nil {
		j.changes = s.ask(doc)
	}
	if j.changes != nil {
		s.make(doc, j.changes)
	}
}

// prefixPiece is how many changes a document reads for a snapshot before it does
// something else: some 10 ms.
const prefixPiece = 256

// prefix is a part of the durable changes of a document, and how many there are.
type prefix struct {
	piece []*chunk.Change
	all   int
}

// ask returns the durable changes of an open document if it wants a snapshot still. They
// are read piece by piece, since nobody is served by the document meanwhile.
func (s *snapshots) ask(doc id.Document) (changes []*chunk.Change) {
	step := s.throttle()
	for {
		answer := make(chan prefix, 1)
		d := s.hub.known(doc)
		if d == nil || !d.post(event{kind: evPrefix, prefix: answer, from: len(changes)}) {
			return nil
		}
		select {
		case p := <-answer:
			if changes = append(changes, p.piece...); len(p.piece) == 0 || len(changes) >= p.all {
				return changes[:len(changes):len(changes)]
			}
		case <-s.hub.stop:
			return nil
		}
		if step() != nil {
			return nil
		}
	}
}

func (s *snapshots) make(doc id.Document, changes []*chunk.Change) {
	if _, hopeless := s.hopeless[doc]; hopeless {
		return
	}
	log := s.hub.cfg.Logger
	begin := time.Now()
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

// wantSnapshot asks for a snapshot. The changes are read when it is its turn: while
// many devices write at once, that is long after, and they would be read again and again.
func (d *document) wantSnapshot() {
	if d.hub.snapshots != nil {
		d.hub.snapshots.add(d.id, job{})
	}
}

// lastSnapshot sees to the snapshot of a history that is about to be unloaded: asks for
// one if the last is of too few changes, or for the last to be kept.
func (d *document) lastSnapshot() {
	if d.hub.snapshots == nil {
		return
	}
	var j job
	if d.rep.Outdated(true) {
		j.changes = d.rep.Prefix()
	} else {
		j.made = d.rep.Unkept()
	}
	if j.changes != nil || j.made != nil {
		d.hub.snapshots.add(d.id, j)
	}
}

// prefix returns what a snapshot is to be made of, from a change on; nothing if none is
// wanted any more.
func (d *document) prefix(from int) (p prefix) {
	if d.rep != nil && (from > 0 || d.rep.Outdated(false)) {
		p.piece, p.all = d.rep.Piece(from, prefixPiece)
	}
	return p
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
