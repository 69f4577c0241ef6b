package simnet

import (
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/replica"
)

// forbidden is a key that nobody may set.
const forbidden = "forbidden"

var errForbidden = errors.New("nobody may do that")

func isForbidden(c *chunk.Change) bool {
	for _, op := range c.Ops() {
		if op.Key == forbidden {
			return true
		}
	}
	return false
}

// house are the rules of a world's document: the key above is not set, and an actor is
// who first wrote as it. They hold the server to what rules may rely on: to have been told of all
// that a change builds on before they judge it, and of the author of every stored change.
type house struct {
	w       *world
	seen    map[id.ChangeHash]bool
	writers map[id.Actor]string
	fresh   []rights.Binding
}

func (h *house) Bind(b rights.Binding) { h.writers[b.Actor] = b.Author.Device }

func (h *house) Fresh() []rights.Binding {
	fresh := h.fresh
	h.fresh = nil
	return fresh
}

func (h *house) AppendIndex(b []byte) []byte { return b }

func (h *house) Bytes() int64 { return 0 }

func (h *house) RestoreIndex([]byte) error { return errors.New("none is kept here") }

func (h *house) Admit(c *chunk.Change, from any) error {
	for _, dep := range c.Deps {
		if !h.seen[dep] {
			h.w.fatal("change %s is judged before %s, on which it builds, was told", c.Hash, dep)
		}
	}
	if isForbidden(c) {
		return errForbidden
	}
	if writer, known := h.writers[c.Actor]; known && writer != from {
		return fmt.Errorf("%s writes as %s", from, writer)
	}
	return nil
}

func (h *house) Accepted(c *chunk.Change, from any) {
	h.seen[c.Hash] = true
	if _, known := h.writers[c.Actor]; known {
		return
	}
	writer, ok := from.(string)
	if !ok {
		h.w.fatal("nobody knows who wrote change %s", c.Hash)
	}
	b := rights.Binding{Actor: c.Actor, Author: rights.Author{Device: writer}}
	h.Bind(b)
	h.fresh = append(h.fresh, b)
}

func (w *world) rules() replica.Rules {
	return &house{w: w, seen: map[id.ChangeHash]bool{}, writers: map[id.Actor]string{}}
}

// refuse tells a device that what it wrote is not taken. It begins anew, as another author.
func (w *world) refuse(r replica.Refuse) {
	if !errors.Is(r.Err, errForbidden) {
		w.fatal("an honest change is refused: %v", r.Err)
	}
	w.refusals++
	for _, d := range w.devices {
		if d.conn == r.To {
			w.cut(d)
			d.lives++
			d.Author = historytest.New(fmt.Sprint(d.name, ", life ", d.lives))
		}
	}
}

// read is the history.Reader of the disk.
func (w *world) read(from int, _ func([]byte) bool, yield func(int, []byte) bool) error {
	for i := from; i < len(w.disk) && yield(i, w.disk[i]); i++ {
	}
	return nil
}

// load gives the server its history, with a graph of some of it if there is one.
func (w *world) load() {
	if w.graphs {
		h := w.stored(len(w.disk))
		n := w.rng.IntN(h.Len() + 1)
		ok, err := w.rep.LoadGraph(w.authors, func(take func([]byte, int) error, more func([]byte) error) (int, []id.ChangeHash, error) {
			if n == 0 {
				return 0, nil, nil
			}
			part := w.stored(n)
			part.MarkDurable(n)
			graph, _ := part.AppendGraph(nil, 0, 1<<30)
			err := take(graph, n)
			for _, c := range w.disk[n:] {
				err = errors.Join(err, more(c))
			}
			return h.Len(), h.Heads(), err
		})
		if err != nil {
			w.fatal("load with a graph: %v", err)
		}
		if ok {
			w.opened++
			return
		}
	}
	err := w.rep.Load(w.authors, func(take func([]byte) error) error {
		for _, c := range w.disk {
			if err := take(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.fatal("load: %v", err)
	}
}
