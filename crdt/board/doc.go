package board

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// doc is a document as its operations make it: which values stand under which
// key, and which elements a text has. Applying changes in any order in which
// dependencies come first gives the same.
//
// Lists and counters are no part of a board: their values are passed over.
type doc struct {
	actors  []id.Actor
	numbers map[id.Actor]int32
	seqs    []uint64 // of each actor: the sequence number of its last change
	objects map[ref]*object
	root    *object
	maxOp   uint64
	saw     func(Time) // hears the times that operations set
}

// ref names an operation: its counter and the number of its actor in the
// document. The zero ref is the root map, and the head of a text.
type ref struct {
	counter uint64
	actor   int32
}

type objectKind uint8

const (
	kindMap objectKind = iota
	kindText
	kindOther
)

type object struct {
	made   ref
	kind   objectKind
	fields map[string]*slot // of a map: the keys that have a value
	text   *text            // of a text
}

// slot is the values under a key, by their operations. Those that are overwritten
// are dropped when they are the most: a change may overwrite any number of them.
type slot struct {
	values []value
	dead   int
}

// value is one of the values under a key.
type value struct {
	op     ref
	scalar chunk.Value
	object *object // nil for a scalar
	dead   bool    // overwritten
}

func newDoc(saw func(Time)) *doc {
	d := &doc{numbers: map[id.Actor]int32{}, objects: map[ref]*object{}, saw: saw}
	d.root = d.addObject(ref{}, chunk.ActionMakeMap)
	return d
}

// number is the number of an actor, which is entered if it is new.
func (d *doc) number(a id.Actor) int32 {
	n, ok := d.numbers[a]
	if !ok {
		n = int32(len(d.actors))
		d.actors, d.seqs, d.numbers[a] = append(d.actors, a), append(d.seqs, 0), n
	}
	return n
}

// compare orders operations: by counter, then by actor.
func (d *doc) compare(a, b ref) int {
	if a.counter != b.counter || a.actor == b.actor {
		return cmp.Compare(a.counter, b.counter)
	}
	return cmp.Compare(d.actors[a.actor], d.actors[b.actor])
}

func (d *doc) addObject(made ref, by chunk.Action) *object {
	o := &object{made: made, kind: kindOther}
	switch by {
	case chunk.ActionMakeMap:
		o.kind, o.fields = kindMap, map[string]*slot{}
	case chunk.ActionMakeText:
		o.kind, o.text = kindText, newText()
	}
	d.objects[made] = o
	return o
}

// apply adds the operations of a change, whose dependencies have been applied.
// The document keeps strings of the change.
func (d *doc) apply(c *chunk.Change) error {
	self := d.number(c.Actor)
	resolve := func(o chunk.OpID) ref {
		if o.IsZero() {
			return ref{}
		}
		return ref{o.Counter, d.number(c.ActorAt(o.Actor))}
	}
	for i, op := range c.Ops() {
		at := ref{c.StartOp + uint64(i), self}
		o, ok := d.objects[resolve(op.Object)]
		if !ok {
			return fmt.Errorf("%w: change %s, operation %d: its object does not exist", ErrMalformed, c.Hash, i)
		}
		v := value{op: at, scalar: op.Value}
		if op.Action.Makes() {
			v.object = d.addObject(at, op.Action)
		}
		switch o.kind {
		case kindMap:
			d.applyToMap(o, op, v, resolve)
		case kindText:
			if err := o.text.apply(op, v, resolve(op.Elem), op.Insert); err != nil {
				return fmt.Errorf("change %s, operation %d: %w", c.Hash, i, err)
			}
		}
	}
	d.seqs[self] = c.Seq
	d.maxOp = max(d.maxOp, c.MaxOp())
	return nil
}

func (d *doc) applyToMap(o *object, op chunk.Op, v value, resolve func(chunk.OpID) ref) {
	if op.Action == chunk.ActionIncrement {
		return
	}
	s := o.fields[op.Key]
	if s == nil {
		s = &slot{}
		o.fields[op.Key] = s
	}
	for _, p := range op.Pred {
		if i, ok := d.find(s, resolve(p)); ok && !s.values[i].dead {
			s.values[i].dead = true
			s.dead++
		}
	}
	if op.Action == chunk.ActionSet || op.Action.Makes() {
		i, _ := d.find(s, v.op)
		s.values = slices.Insert(s.values, i, v)
		d.see(op)
	}
	if s.dead == len(s.values) {
		delete(o.fields, op.Key)
	} else if 2*s.dead > len(s.values) {
		s.values, s.dead = slices.DeleteFunc(s.values, func(v value) bool { return v.dead }), 0
	}
}

func (d *doc) find(s *slot, op ref) (int, bool) {
	return slices.BinarySearchFunc(s.values, op, func(v value, op ref) int { return d.compare(v.op, op) })
}

// see reports a time that an operation sets.
func (d *doc) see(op chunk.Op) {
	if d.saw == nil || op.Key != "createdAt" && op.Key != "withdrawn" && op.Key != "reopened" {
		return
	}
	if s, ok := op.Value.Text(); ok {
		if t, err := ParseTime(s); err == nil {
			d.saw(t)
		}
	}
}

// values returns the values under a key, the one that Automerge shows first.
func (d *doc) values(o *object, key string) []value {
	s := o.fields[key]
	if s == nil {
		return nil
	}
	values := make([]value, 0, len(s.values)-s.dead)
	for _, v := range slices.Backward(s.values) {
		if !v.dead {
			values = append(values, v)
		}
	}
	return values
}
