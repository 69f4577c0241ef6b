package history_test

import (
	"cmp"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// scribe writes changes of every kind to a history of its own, as bytes tell it.
type scribe struct {
	h     *history.History
	actor id.Actor
	seq   uint64
	bytes *[]byte

	// What the scribe sees, in the order of its history.
	objects []seen
	elems   map[global][]global // of a sequence
	values  map[place][]global  // not superseded
	counter map[global]bool
	maxOp   uint64
}

// global names an operation by its author; the zero one is the root, or the head.
type global struct {
	actor   id.Actor
	counter uint64
}

type seen struct {
	id   global
	made chunk.Action
}

type place struct {
	object global
	key    string
	elem   global
}

// below takes a number below n from the bytes, 0 when there are none left.
func (s *scribe) below(n int) int {
	if len(*s.bytes) == 0 {
		return 0
	}
	b := (*s.bytes)[0]
	*s.bytes = (*s.bytes)[1:]
	return int(b) % n
}

// look reads the history anew.
func (s *scribe) look() {
	s.objects, s.seq, s.maxOp = []seen{{made: chunk.ActionMakeMap}}, 0, 0
	s.elems, s.values, s.counter = map[global][]global{}, map[place][]global{}, map[global]bool{}
	for i := range s.h.Len() {
		c := s.h.At(i)
		if c.Actor == s.actor {
			s.seq = c.Seq
		}
		s.maxOp = max(s.maxOp, c.MaxOp())
		for k, op := range c.Ops() {
			s.see(c, global{c.Actor, c.StartOp + uint64(k)}, op)
		}
	}
}

func (s *scribe) see(c *chunk.Change, self global, op chunk.Op) {
	of := func(o chunk.OpID) global {
		if o.IsZero() {
			return global{}
		}
		return global{c.ActorAt(o.Actor), o.Counter}
	}
	at := place{object: of(op.Object), key: op.Key, elem: of(op.Elem)}
	if op.Insert {
		at.elem = self
		s.elems[at.object] = append(s.elems[at.object], self)
	}
	if op.Action.Makes() {
		s.objects = append(s.objects, seen{self, op.Action})
	}
	if op.Action != chunk.ActionIncrement {
		for _, p := range op.Pred {
			s.values[at] = slices.DeleteFunc(s.values[at], func(g global) bool { return g == of(p) })
		}
	}
	if op.Action == chunk.ActionSet || op.Action.Makes() {
		s.values[at] = append(s.values[at], self)
		s.counter[self] = op.Value.Kind == chunk.ValueCounter
	}
}

// stroke is an operation that names others by their authors.
type stroke struct {
	chunk.Op
	object, elem global
	pred         []global
}

// write makes a change of a few operations. What turns out to be invalid, such
// as two operations that do not fit together, is left unwritten.
func (s *scribe) write() {
	s.look()
	var strokes []stroke
	for range s.below(5) {
		strokes = append(strokes, s.edit(s.maxOp+1+uint64(len(strokes)))...)
	}
	c, err := chunk.Build(s.spec(strokes))
	if err != nil {
		return
	}
	if _, err := s.h.Add(c); err == nil {
		s.h.MarkDurable(s.h.Len())
	}
}

func (s *scribe) edit(next uint64) []stroke {
	o := s.objects[s.below(len(s.objects))]
	d := stroke{object: o.id}
	if o.made == chunk.ActionMakeMap {
		d.Key = []string{"", "a", "aa", "b", "é", "🙂", "z"}[s.below(7)]
		return s.overwrite(d)
	}
	d.Sequence = true
	elems := s.elems[o.id]
	if len(elems) > 0 {
		d.elem = elems[s.below(len(elems))]
	}
	switch n := s.below(8); {
	case n < 4 || len(elems) == 0:
		d.Insert = true
		if s.below(3) == 0 {
			d.elem = global{}
		}
		s.value(&d, o.made == chunk.ActionMakeText)
		return []stroke{d}
	case n == 4 && o.made == chunk.ActionMakeText:
		d.Insert, d.Action, d.HasMarkName, d.MarkName, d.Expand = true, chunk.ActionMark, true, "bold", s.below(2) == 0
		end := stroke{Op: chunk.Op{Sequence: true, Insert: true, Action: chunk.ActionMark}, object: o.id, elem: global{s.actor, next}}
		return []stroke{d, end}
	}
	if o.made == chunk.ActionMakeText {
		d.pred = s.values[place{object: o.id, elem: d.elem}]
		d.Action = chunk.ActionDelete
		return []stroke{d}
	}
	return s.overwrite(d)
}

// overwrite sets, increments or deletes what is at the place of d.
func (s *scribe) overwrite(d stroke) []stroke {
	live := s.values[place{object: d.object, key: d.Key, elem: d.elem}]
	if len(live) > 0 && s.below(8) > 0 {
		d.pred = live
	}
	switch n := s.below(6); {
	case n == 0 && len(d.pred) > 0:
		d.Action = chunk.ActionDelete
	case n < 3 && len(d.pred) > 0 && s.counter[d.pred[0]]:
		d.Action, d.Value, d.pred = chunk.ActionIncrement, chunk.IntValue(int64(s.below(9))), d.pred[:1]
	default:
		s.value(&d, false)
	}
	return []stroke{d}
}

func (s *scribe) value(d *stroke, letter bool) {
	d.Action = chunk.ActionSet
	switch n := s.below(7); {
	case n == 0 && !letter:
		d.Action = chunk.ActionMakeMap
	case n == 1 && !letter:
		d.Action = chunk.ActionMakeList
	case n == 2 && !letter:
		d.Action = chunk.ActionMakeText
	case n == 3 && !letter:
		d.Value = chunk.CounterValue(int64(s.below(200)))
	default:
		d.Value = chunk.StringValue(string(rune('a' + s.below(26))))
	}
}

// spec makes a change of strokes on top of all that the scribe has.
func (s *scribe) spec(strokes []stroke) chunk.Spec {
	spec := chunk.Spec{Deps: s.h.Heads(), Actor: s.actor, Seq: s.seq + 1, StartOp: s.maxOp + 1, Time: int64(s.below(250))}
	for _, d := range strokes {
		for _, g := range append([]global{d.object, d.elem}, d.pred...) {
			if g.counter > 0 && g.actor != s.actor {
				spec.Others = append(spec.Others, g.actor)
			}
		}
	}
	slices.Sort(spec.Others)
	spec.Others = slices.Compact(spec.Others)
	of := func(g global) chunk.OpID {
		if g.counter == 0 || g.actor == s.actor {
			return chunk.OpID{Counter: g.counter}
		}
		return chunk.OpID{Counter: g.counter, Actor: int32(slices.Index(spec.Others, g.actor) + 1)}
	}
	for _, d := range strokes {
		d.pred = slices.Clone(d.pred)
		slices.SortFunc(d.pred, func(a, b global) int {
			return cmp.Or(cmp.Compare(a.counter, b.counter), cmp.Compare(a.actor, b.actor))
		})
		d.Object, d.Elem = of(d.object), of(d.elem)
		for _, p := range d.pred {
			d.Pred = append(d.Pred, of(p))
		}
		spec.Ops = append(spec.Ops, d.Op)
	}
	return spec
}

// pull takes what another scribe has.
func (s *scribe) pull(from *scribe) {
	for i := range from.h.Len() {
		if _, err := s.h.Add(from.h.At(i)); err != nil {
			panic(err)
		}
	}
	s.h.MarkDurable(s.h.Len())
}

// scribble lets three scribes write and meet, and returns the history of one
// that has all they wrote.
func scribble(data []byte) *history.History {
	var scribes []*scribe
	for _, actor := range []id.Actor{"m", "\x01b", "z\xff"} {
		scribes = append(scribes, &scribe{h: history.New(history.Limits{}), actor: actor, bytes: &data})
	}
	for n := 0; len(data) > 0 && n < 60; n++ {
		s := scribes[scribes[0].below(3)]
		if s.below(3) == 0 {
			s.pull(scribes[s.below(3)])
		} else {
			s.write()
		}
	}
	all := scribes[len(data)%3]
	for _, s := range scribes {
		all.pull(s)
	}
	return all.h
}
