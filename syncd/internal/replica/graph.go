package replica

import (
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// # Opening with a graph
//
// Most of what a peer asks can be answered by the graph of the changes alone, which
// is a fraction of them and is read in a fraction of the time. The changes that are
// sent, or that an operation refers to, are read one by one; Config.Read has to be set.
//
// The rules of a document are another matter: they have to have seen every operation
// before they judge one. They are told of all changes when the first ones are
// brought (see Effects.CatchUp), and who only reads does not wait for it.

// behindMax is of how many changes the rules are told in passing.
const behindMax = 256

// LoadGraph gives the replica its history by its graph. It calls read with two
// functions: take gets the graph and the number of changes that it is of, once, and more
// one after the other the changes besides those. read returns what the store says
// of the document. If it does not call take there is no graph, and LoadGraph reports
// false. An error is returned, and the replica stays as it was: then the graph is not to be used.
func (r *Replica) LoadGraph(
	authors []rights.Binding,
	read func(take func(graph []byte, n int) error, more func(change []byte) error) (changes int, heads []id.ChangeHash, err error),
) (bool, error) {
	var h *history.History
	take := func(graph []byte, n int) (err error) {
		if h, err = history.Open(history.Limits{}, graph, r.cfg.Read); err == nil && h.Len() != n {
			err = fmt.Errorf("%w: it has %d changes instead of %d", history.ErrGraph, h.Len(), n)
		}
		return err
	}
	more := func(change []byte) error {
		err := h.Restore(change)
		h.MarkDurable(h.Len())
		return err
	}
	changes, heads, err := read(take, more)
	switch {
	case err != nil:
		return false, err
	case h == nil:
		return false, nil
	case h.Len() != changes || !slices.Equal(h.DurableHeads(), heads):
		return false, fmt.Errorf("%w: it has other heads than the document", history.ErrGraph)
	}
	r.loaded(h, r.guard(h, authors))
	return true, nil
}

// GraphDue tells whether a graph that covers the first changes should be made
// longer, before the history is unloaded.
func (r *Replica) GraphDue(covered int) bool {
	return r.h != nil && !r.Busy() && history.GraphDue(covered, r.changes)
}

// AppendGraph is that of the history, which is loaded.
func (r *Replica) AppendGraph(b []byte, from, bytesMax int) (graph []byte, next int) {
	return r.h.AppendGraph(b, from, bytesMax)
}

// CatchUp tells the rules of n changes that they do not know yet, and reports
// whether there are more.
func (r *Replica) CatchUp(n int) (more bool, e Effects) {
	if r.h == nil {
		return false, r.finish(e)
	}
	_ = r.h.CatchUp(n) // of which finish tells
	return r.h.Behind() > 0, r.finish(e)
}

// Err is why the history cannot be read any more; nil if it can.
func (r *Replica) Err() error {
	if r.h == nil {
		return nil
	}
	return r.h.Err()
}
