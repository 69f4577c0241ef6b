// Package crdttest makes random documents to test against: what several people
// do to a document at once, as the Automerge engine writes it. The engine is
// the oracle of this project's own code, which has to accept every change of it,
// hash it alike, and come to the same heads whatever the order.
//
// Everything follows from a seed, so a failure is repeated by its seed. The
// package is for tests only; it links the engine and with it cgo, which is why
// tests that compare with the engine stand here and not beside what they test.
package crdttest

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

// Options say how a random document is made. A zero field means its default.
type Options struct {
	Actors  int // who write concurrently; 3
	Changes int // in all; 30
	Edits   int // at most, in one change; 6
}

func (o Options) withDefaults() Options {
	if o.Actors == 0 {
		o.Actors = 3
	}
	if o.Changes == 0 {
		o.Changes = 30
	}
	if o.Edits == 0 {
		o.Edits = 6
	}
	return o
}

// Document is a random document and what the engine says about it.
type Document struct {
	Changes [][]byte        // chunks, each after those it depends on
	Heads   []id.ChangeHash // ascending
	Saved   []byte          // one document chunk
	Value   map[string]any  // scalars of package core, map[string]any, []any
}

// Generate makes a document. Each actor has a replica of its own; at each step
// one of them takes in what another has, or makes a change: maps, lists, texts
// and counters, nested in one another, created, overwritten, deleted, and
// sometimes an empty change.
func Generate(seed uint64, o Options) (*Document, error) {
	o = o.withDefaults()
	g := &generator{rand: rand.New(rand.NewPCG(seed, 1))}
	for i := range o.Actors {
		r, err := core.New(g.actor(i))
		if err != nil {
			return nil, err
		}
		g.replicas = append(g.replicas, r)
	}
	for made := 0; made < o.Changes; {
		r := g.replicas[g.rand.IntN(len(g.replicas))]
		if g.rand.IntN(3) == 0 {
			if err := pull(r, g.replicas[g.rand.IntN(len(g.replicas))]); err != nil {
				return nil, err
			}
			continue
		}
		if err := g.change(r, o.Edits); err != nil {
			return nil, fmt.Errorf("seed %d, change %d: %w", seed, made, err)
		}
		made++
	}
	all := g.replicas[0]
	for _, r := range g.replicas[1:] {
		if err := pull(all, r); err != nil {
			return nil, err
		}
	}
	return Read(all)
}

// Read returns the document that the engine holds.
func Read(d *core.Doc) (*Document, error) {
	changes, err := d.Changes()
	if err != nil {
		return nil, err
	}
	value, err := plain(d.Root())
	if err != nil {
		return nil, err
	}
	return &Document{changes, d.Heads(), d.Save(), value.(map[string]any)}, nil
}

// pull takes in what from has and to lacks.
func pull(to, from *core.Doc) error {
	if to == from {
		return nil
	}
	changes, err := from.Changes(to.Heads()...)
	if err != nil {
		return err
	}
	return to.Load(bytes.Join(changes, nil))
}

// plain copies an engine value; objects become maps, slices and strings.
func plain(v any) (any, error) {
	o, ok := v.(core.Object)
	if !ok {
		return v, nil
	}
	switch o.Kind() {
	case core.Map:
		m, err := o.Map()
		for k, v := range m {
			if err == nil {
				m[k], err = plain(v)
			}
		}
		return m, err
	case core.List:
		l, err := o.List()
		for i, v := range l {
			if err == nil {
				l[i], err = plain(v)
			}
		}
		return l, err
	}
	return o.Text()
}

type generator struct {
	rand     *rand.Rand
	replicas []*core.Doc
	clock    int64
}

// actor returns the i-th actor: of random length and bytes, so that their order
// is not the order in which they first write.
func (g *generator) actor(i int) id.Actor {
	b := make([]byte, 1+g.rand.IntN(16))
	for j := range b {
		b[j] = byte(g.rand.IntN(256))
	}
	return id.Actor(append(b, byte(i)))
}

func (g *generator) change(r *core.Doc, editsMax int) error {
	edits := g.rand.IntN(editsMax + 1)
	for range edits {
		objects, err := reachable(r.Root())
		if err != nil {
			return err
		}
		if err := g.edit(objects[g.rand.IntN(len(objects))]); err != nil {
			return err
		}
	}
	g.clock += g.rand.Int64N(100_000) - 1000
	opts := core.CommitOptions{Time: time.Unix(g.clock, 0), Empty: true}
	if g.rand.IntN(3) == 0 {
		opts.Message = g.text()
	}
	_, _, err := r.Commit(opts)
	return err
}

// reachable lists an object and all below it, in the same order in every run.
func reachable(o core.Object) ([]core.Object, error) {
	out := []core.Object{o}
	var below []any
	switch o.Kind() {
	case core.Map:
		m, err := o.Map()
		if err != nil {
			return nil, err
		}
		for _, k := range slices.Sorted(maps.Keys(m)) {
			below = append(below, m[k])
		}
	case core.List:
		l, err := o.List()
		if err != nil {
			return nil, err
		}
		below = l
	}
	for _, v := range below {
		if o, ok := v.(core.Object); ok {
			deeper, err := reachable(o)
			if err != nil {
				return nil, err
			}
			out = append(out, deeper...)
		}
	}
	return out, nil
}
