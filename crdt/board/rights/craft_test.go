package rights

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// opRef is an operation of a document. The zero opRef is the root.
type opRef struct {
	counter uint64
	actor   id.Actor
}

// replica is a document as its operations make it, for tests that write single
// operations.
type replica struct {
	h       *history.History
	deps    []id.ChangeHash
	maxOp   uint64
	objects map[opRef]*replicaObject
	order   []opRef // of objects, as they were made
}

type replicaObject struct {
	at     opRef
	action chunk.Action
	path   string
	keys   map[string][]replicaValue // all that were ever set, also what was overwritten
	elems  []opRef
}

type replicaValue struct {
	op     opRef
	action chunk.Action
}

// replicaOf is the document at some heads; at those of the history if there are
// none given.
func replicaOf(h *history.History, heads ...int) *replica {
	r := &replica{h: h, objects: map[opRef]*replicaObject{}}
	r.add(&replicaObject{})
	known := make([]bool, h.Len())
	if len(heads) == 0 {
		r.deps = h.Heads()
		for i := range known {
			known[i] = true
		}
	}
	for _, i := range heads {
		r.deps = append(r.deps, h.At(i).Hash)
		known[i] = true
	}
	slices.SortFunc(r.deps, id.ChangeHash.Compare)
	for i := h.Len() - 1; i >= 0; i-- {
		for _, d := range h.Deps(i) {
			known[d] = known[d] || known[i]
		}
	}
	for i := range h.Len() {
		if known[i] {
			r.apply(h.At(i))
		}
	}
	return r
}

func (r *replica) add(o *replicaObject) {
	o.keys = map[string][]replicaValue{}
	r.objects[o.at] = o
	r.order = append(r.order, o.at)
}

func (r *replica) apply(c *chunk.Change) {
	ref := func(o chunk.OpID) opRef {
		if o.IsZero() {
			return opRef{}
		}
		return opRef{o.Counter, c.ActorAt(o.Actor)}
	}
	for i, op := range c.Ops() {
		at := opRef{c.StartOp + uint64(i), c.Actor}
		o := r.objects[ref(op.Object)]
		if op.Sequence && op.Insert {
			o.elems = append(o.elems, at)
		}
		key := string([]byte(op.Key))
		if !op.Sequence && (op.Action == chunk.ActionSet || op.Action.Makes()) {
			o.keys[key] = append(o.keys[key], replicaValue{at, op.Action})
		}
		if op.Action.Makes() {
			r.add(&replicaObject{at: at, action: op.Action, path: o.path + "/" + key})
		}
	}
	r.maxOp = max(r.maxOp, c.MaxOp())
}

// at finds the object at a path, such as /posts/<id>/body: the one made last.
func (r *replica) at(t fataler, path string) *replicaObject {
	t.Helper()
	for _, at := range slices.Backward(r.order) {
		if r.objects[at].path == path {
			return r.objects[at]
		}
	}
	t.Fatalf("there is nothing at %s", path)
	return nil
}

// tampered is a change that is being crafted: operations of any kind on any object.
type tampered struct {
	r     *replica
	actor id.Actor
	ops   []craftedOp
}

type craftedOp struct {
	object   opRef
	elem     opRef
	sequence bool
	pred     []opRef
	chunk.Op
}

func (r *replica) tamper(actor id.Actor) *tampered { return &tampered{r: r, actor: actor} }

func (x *tampered) add(op craftedOp) opRef {
	x.ops = append(x.ops, op)
	return opRef{x.r.maxOp + uint64(len(x.ops)), x.actor}
}

// put writes under a key and overwrites nothing.
func (x *tampered) put(object opRef, key string, a chunk.Action, v chunk.Value) opRef {
	return x.add(craftedOp{object: object, Op: chunk.Op{Key: key, Action: a, Value: v}})
}

func (x *tampered) set(object opRef, key, s string) opRef {
	return x.put(object, key, chunk.ActionSet, chunk.StringValue(s))
}

func (x *tampered) makeMap(object opRef, key string) opRef {
	return x.put(object, key, chunk.ActionMakeMap, chunk.Value{})
}

// over writes under a key over what stands there.
func (x *tampered) over(o *replicaObject, key string, a chunk.Action, v chunk.Value) opRef {
	op := craftedOp{object: o.at, Op: chunk.Op{Key: key, Action: a, Value: v}}
	for _, before := range o.keys[key] {
		op.pred = append(op.pred, before.op)
	}
	return x.add(op)
}

func (x *tampered) insert(text, after opRef, s string) opRef {
	return x.add(craftedOp{object: text, elem: after, sequence: true, Op: chunk.Op{Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue(s)}})
}

func (x *tampered) remove(text, elem opRef) {
	x.add(craftedOp{object: text, elem: elem, sequence: true, pred: []opRef{elem}, Op: chunk.Op{Action: chunk.ActionDelete}})
}

// build makes the change. The error is that of chunk.Build.
func (x *tampered) build() (*chunk.Change, error) {
	s := chunk.Spec{Deps: x.r.deps, Actor: x.actor, Seq: 1, StartOp: x.r.maxOp + 1}
	for i := range x.r.h.Len() {
		if c := x.r.h.At(i); c.Actor == x.actor {
			s.Seq = c.Seq + 1
		}
	}
	numbers := map[id.Actor]int32{x.actor: 0}
	note := func(o opRef) {
		if _, ok := numbers[o.actor]; !ok && o != (opRef{}) {
			numbers[o.actor] = 0
			s.Others = append(s.Others, o.actor)
		}
	}
	for _, op := range x.ops {
		note(op.object)
		note(op.elem)
		for _, p := range op.pred {
			note(p)
		}
	}
	slices.Sort(s.Others)
	for i, a := range s.Others {
		numbers[a] = int32(i + 1)
	}
	number := func(o opRef) chunk.OpID {
		if o == (opRef{}) {
			return chunk.OpID{}
		}
		return chunk.OpID{Counter: o.counter, Actor: numbers[o.actor]}
	}
	for _, op := range x.ops {
		o := op.Op
		o.Object, o.Elem, o.Sequence = number(op.object), number(op.elem), op.sequence
		slices.SortFunc(op.pred, func(a, b opRef) int { return cmp.Or(cmp.Compare(a.counter, b.counter), cmp.Compare(a.actor, b.actor)) })
		for _, p := range slices.Compact(op.pred) {
			o.Pred = append(o.Pred, number(p))
		}
		s.Ops = append(s.Ops, o)
	}
	c, err := chunk.Build(s)
	if err != nil {
		return nil, fmt.Errorf("craft a change: %w", err)
	}
	return c, nil
}

func (x *tampered) change(t fataler) *chunk.Change {
	t.Helper()
	c, err := x.build()
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

// path of an entry of a page.
func path(parts ...any) string {
	s := ""
	for _, p := range parts {
		s += "/" + fmt.Sprint(p)
	}
	return s
}

// aTime is a time as entries have it.
func aTime() string { return board.Time{Millis: noon}.String() }
