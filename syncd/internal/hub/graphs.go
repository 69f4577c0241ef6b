package hub

import (
	"errors"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// # Opening with a graph
//
// A store that keeps graphs lets a document be opened without reading its changes,
// and be held in memory without them: see package replica, and decisions/0008. The
// graph is stored when the history is unloaded. If anything is wrong with it, it is
// dropped, and all changes are read.

// catchUpStep is of how many changes the rules are told between other events,
// some milliseconds of work.
const catchUpStep = 512

// errSaving ends the wait of those who come while the outcome of an append of a replica
// that was given up is not known: the store may be about to have more than it says.
var errSaving = errors.New("changes are being stored")

// graphs is the store, if it keeps graphs.
func (d *document) graphs() store.Graphs {
	g, _ := d.hub.cfg.Store.(store.Graphs)
	return g
}

// reader reads changes of the document; nil if the store cannot.
func (d *document) reader() history.Reader {
	g := d.graphs()
	if g == nil {
		return nil
	}
	return func(from int, is func([]byte) bool, yield func(int, []byte) bool) error {
		return g.ReadFrom(d.id, from, is, yield)
	}
}

// loadGraph opens the document with its graph, and reports whether it did.
func (d *document) loadGraph(authors []rights.Binding) bool {
	d.covered = 0
	g := d.graphs()
	if g == nil {
		return false
	}
	covered := 0
	ok, err := d.rep.LoadGraph(authors, func(take func([]byte, int) error, more func([]byte) error) (int, []id.ChangeHash, error) {
		info, _, err := g.LoadGraph(d.id, func(graph []byte, n int) error {
			covered = n
			return take(graph, n)
		}, more)
		return info.Changes, info.Heads, err
	})
	if err != nil {
		d.dropGraph(err)
		return false
	}
	if ok {
		d.covered = covered
	}
	return ok
}

// keepGraph stores what the stored graph lacks, if that is worth it. Without it the
// next opening takes longer, so an error does no harm.
func (d *document) keepGraph() {
	if d.rep.Err() != nil {
		d.dropGraph(d.rep.Err())
		return
	}
	g := d.graphs()
	if g == nil || !d.rep.GraphDue(d.covered) {
		return
	}
	var pieces []store.GraphPiece
	next := d.covered
	for {
		data, end := d.rep.AppendGraph(nil, next, store.GraphPieceBytesMax)
		if end == next {
			break
		}
		pieces = append(pieces, store.GraphPiece{Changes: end - next, Data: data})
		next = end
	}
	if len(pieces) == 0 {
		return // it was opened with a graph that is gone; once it is unloaded, all is read
	}
	err := g.PutGraph(d.id, d.covered, pieces)
	switch {
	case err == nil:
		d.covered = next
	case errors.Is(err, store.ErrConflict):
		d.dropGraph(err) // and the next one is made from the beginning
	case !errors.Is(err, store.ErrClosed):
		d.hub.cfg.Logger.Warn("the graph of a document could not be kept", "doc", d.id, "err", err)
	}
}

// dropGraph removes a graph that is wrong, or with which changes could not be read.
func (d *document) dropGraph(cause error) {
	d.covered = 0
	g := d.graphs()
	if g == nil || errors.Is(cause, store.ErrClosed) {
		return
	}
	d.hub.cfg.Logger.Error("the graph of a document was dropped", "doc", d.id, "err", cause)
	if err := g.DropGraph(d.id); err != nil {
		d.hub.cfg.Logger.Warn("a wrong graph could not be removed", "doc", d.id, "err", err)
	}
}

// # Events that wait for the rules
//
// A message with changes waits until the rules of the document know all that is
// there already. What its session sends after it waits behind it; others go on.

// waits tells whether the event comes from a session of which an event is held.
func (d *document) waits(ev event) bool {
	if ev.session == nil {
		return false
	}
	for _, h := range d.held {
		if h.session == ev.session {
			return true
		}
	}
	return false
}

// hold keeps an event until the rules have caught up.
func (d *document) hold(ev event) {
	d.held = append(d.held, ev)
	if len(d.held) == 1 {
		d.findIndex()
		d.post(event{kind: evCatchUp})
	}
}

// findIndex tells the rules what the store has of what they knew when the document was unloaded, so
// that they need to be told of what came later only.
func (d *document) findIndex() {
	x := d.indexes()
	if x == nil {
		return
	}
	n, index, err := x.Index(d.id)
	if err == nil && index != nil {
		err = d.rep.UseIndex(n, index)
	}
	if err == nil {
		d.indexed = n
		return
	}
	d.indexed = 0
	d.hub.cfg.Logger.Warn("a stored index of rights is not used, and was dropped", "doc", d.id, "err", err)
	if err := x.DropIndex(d.id); err != nil {
		d.hub.cfg.Logger.Warn("an index of rights could not be removed", "doc", d.id, "err", err)
	}
}

// keepIndex stores what the rules know, if that is worth it. Without it whoever writes first
// next time waits longer, so an error does no harm.
func (d *document) keepIndex() {
	x := d.indexes()
	if x == nil || d.rep.Err() != nil || !d.rep.IndexDue(d.indexed) {
		return
	}
	n, index := d.rep.Index()
	err := x.PutIndex(d.id, n, index)
	if err == nil {
		d.indexed = n
	} else if !errors.Is(err, store.ErrClosed) {
		d.hub.cfg.Logger.Warn("what the rules know of a document could not be kept", "doc", d.id, "err", err)
	}
}

// indexes is the store, if it keeps indexes of rights.
func (d *document) indexes() store.Indexes {
	x, _ := d.hub.cfg.Store.(store.Indexes)
	return x
}

// catchUp goes one step on, and handles the held events after the last one.
func (d *document) catchUp() {
	more, e := d.rep.CatchUp(catchUpStep)
	switch {
	case e.Fail != nil:
		d.carry(e)
	case more && len(d.held) > 0:
		d.post(event{kind: evCatchUp})
	default:
		held := d.held
		d.held = nil
		for _, ev := range held {
			d.handle(ev)
		}
	}
}

// release lets go of the held events of sessions that have been closed.
func (d *document) release() {
	for _, ev := range d.held {
		if ev.kind != evLeave {
			ev.session.handled(ev.bytes)
		}
	}
	d.held = nil
}
