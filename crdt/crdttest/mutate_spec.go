package crdttest

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// mutateSpec alters the header or the operations of a change and builds it
// again. all is where other operations to refer to are taken from.
func mutateSpec(r *rand.Rand, c *chunk.Change, all []*chunk.Change) *chunk.Change {
	m := mutator{rand: r, all: all}
	s := unpack(c)
	for range 1 + r.IntN(2) {
		if len(s.ops) == 0 || r.IntN(6) == 0 {
			m.header(&s)
			continue
		}
		m.operation(&s)
	}
	return s.pack()
}

type mutator struct {
	rand *rand.Rand
	all  []*chunk.Change
}

func (m mutator) header(s *spec) {
	other := m.all[m.rand.IntN(len(m.all))]
	switch m.rand.IntN(7) {
	case 0:
		s.Seq += uint64(m.rand.IntN(3)) - 1
	case 1:
		s.StartOp += uint64(m.rand.IntN(5)) - 2
	case 2:
		s.Time = m.number()
	case 3:
		s.Actor = other.Actor
	case 4:
		s.deps = append(s.deps, other.Hash)
	case 5:
		if len(s.deps) > 0 {
			s.deps[m.rand.IntN(len(s.deps))] = other.Hash
		}
	case 6:
		if len(s.deps) > 0 {
			s.deps = s.deps[1:]
		}
	}
}

func (m mutator) operation(s *spec) {
	i := m.rand.IntN(len(s.ops))
	o := &s.ops[i]
	switch m.rand.IntN(14) {
	case 0, 1:
		o.object = m.ref(s)
	case 2, 3:
		o.elem = m.ref(s)
	case 4:
		o.Key = []string{"a", "b", "c", "d", "new"}[m.rand.IntN(5)]
	case 5:
		o.Action = chunk.Action(m.rand.IntN(8))
	case 6:
		o.Value = m.value()
	case 7:
		o.Insert = !o.Insert
	case 8:
		o.Sequence = !o.Sequence
	case 9:
		o.pred = append(o.pred, m.ref(s))
	case 10:
		if len(o.pred) > 0 {
			o.pred = slices.Delete(o.pred, 0, 1)
		}
	case 11:
		s.ops = slices.Delete(s.ops, i, i+1)
	case 12:
		s.ops = slices.Insert(s.ops, i, m.donor(s, *o))
	case 13:
		o.Action, o.Insert = chunk.ActionMark, true
		o.MarkName, o.HasMarkName = "bold", m.rand.IntN(2) == 0
		o.Expand = o.HasMarkName && m.rand.IntN(2) == 0
		o.pred = nil
	}
}

// donor is an operation of any change, or a copy of the one at hand.
func (m mutator) donor(s *spec, same op) op {
	from := unpack(m.all[m.rand.IntN(len(m.all))])
	if len(from.ops) == 0 || m.rand.IntN(2) == 0 {
		same.pred = slices.Clone(same.pred)
		return same
	}
	return from.ops[m.rand.IntN(len(from.ops))]
}

// ref names an operation: of this change, of another, or none that exists.
func (m mutator) ref(s *spec) opID {
	c := m.all[m.rand.IntN(len(m.all))]
	switch m.rand.IntN(8) {
	case 0:
		return opID{}
	case 1:
		return opID{uint64(m.rand.IntN(100)), c.Actor}
	case 2, 3:
		if n := len(s.ops); n > 0 {
			return opID{s.StartOp + uint64(m.rand.IntN(n)), s.Actor}
		}
	case 4:
		from := unpack(c)
		if len(from.ops) > 0 {
			return from.ops[m.rand.IntN(len(from.ops))].object
		}
	}
	return opID{c.StartOp + uint64(m.rand.IntN(c.OpCount+1)), c.Actor}
}

func (m mutator) number() int64 {
	return []int64{0, -1, 1, 64, math.MaxInt32 + 1, math.MaxInt64, math.MinInt64}[m.rand.IntN(7)]
}

func (m mutator) value() chunk.Value {
	switch m.rand.IntN(9) {
	case 0:
		return chunk.Value{}
	case 1:
		return chunk.BoolValue(true)
	case 2:
		return chunk.StringValue("")
	case 3:
		return chunk.StringValue("several\x00 🙂 characters")
	case 4:
		return chunk.BytesValue([]byte{0xff})
	case 5:
		return chunk.CounterValue(m.number())
	case 6:
		return chunk.TimestampValue(m.number())
	case 7:
		return chunk.Float64Value(math.NaN())
	}
	return chunk.IntValue(m.number())
}
