package chunk

import "slices"

// writeOp is an operation that waits for its row.
type writeOp struct {
	id               docID
	object           int32 // the number of the operation that made it; rootObject
	elem             int32 // in a sequence: the number of the element, of an insert the one before it; headElem
	key              int32 // in a map: an index into keys; noKey in a sequence
	change           int32
	valueAt, valueTo uint32 // in the bytes of the change
	kind             ValueKind
	action           Action
	insert, expand   bool
}

const (
	rootObject = -1
	headElem   = -1
	noKey      = -1
)

// writeEdge says that operation succ supersedes operation op.
type writeEdge struct{ op, succ int32 }

// keyRef is the key that was named last, and its index.
type keyRef struct {
	key   string
	index int32
}

// refCache is the change that was referred to last.
type refCache struct {
	change int32
	rank   uint32
	valid  bool
}

// readOps reads the operations of all changes.
func (w *documentWriter) readOps() error {
	w.ops = make([]writeOp, 0, w.first[len(w.changes)])
	w.marks, w.keyIndex = map[int32]string{}, map[string]int32{}
	ranks := make([]uint32, 0, 8)
	for i, c := range w.changes {
		ranks = append(ranks[:0], w.ranks[c.Actor])
		for _, a := range c.Others {
			rank, ok := w.ranks[a]
			if !ok {
				return malformed("change %d: names an actor without changes", i)
			}
			ranks = append(ranks, rank)
		}
		if err := w.readChange(int32(i), c, ranks); err != nil {
			return err
		}
		if err := w.pace.spend(1 + c.OpCount); err != nil {
			return err
		}
	}
	return nil
}

// readChange reads the operations of one change; ranks are those of its actors.
func (w *documentWriter) readChange(i int32, c *Change, ranks []uint32) error {
	r := newOpReader(c, false)
	defer r.release()
	values := c.cols[colValue].end
	var op Op
	for k := range c.OpCount {
		at := values - uint32(len(r.value))
		if !r.next(&op) {
			return r.fail.err
		}
		o := writeOp{
			id: docID{uint32(c.StartOp) + uint32(k), ranks[0]}, change: i,
			valueAt: at, valueTo: at + uint32(len(op.Value.Bytes)), kind: op.Value.Kind,
			action: op.Action, insert: op.Insert, expand: op.Expand,
		}
		if !w.refer(&o, &op, ranks) {
			return malformed("change %d, op %d: refers to what is not there", i, k)
		}
		if op.HasMarkName {
			w.marks[int32(len(w.ops))] = op.MarkName
		}
		if len(w.edges) > w.lim.DocumentOpsMax {
			return overLimit("more than %d predecessors", w.lim.DocumentOpsMax)
		}
		w.ops = append(w.ops, o)
	}
	return nil
}

// refer resolves what op refers to and tells whether all of it is there.
func (w *documentWriter) refer(o *writeOp, op *Op, ranks []uint32) bool {
	var ok bool
	o.object, o.elem, o.key = rootObject, headElem, noKey
	if !op.Object.IsZero() {
		if o.object, ok = w.find(o, op.Object, ranks); !ok || !w.ops[o.object].action.Makes() {
			return false
		}
	}
	if op.Sequence != w.isSequence(o.object) {
		return false
	}
	switch {
	case !op.Sequence:
		o.key = w.keyOf(op.Key)
	case !op.Elem.IsZero():
		o.elem, ok = w.find(o, op.Elem, ranks)
		if !ok || !w.ops[o.elem].insert || w.ops[o.elem].object != o.object {
			return false
		}
	case !op.Insert:
		return false
	}
	for _, p := range op.Pred {
		at, ok := w.find(o, p, ranks)
		if !ok || w.ops[at].action == ActionDelete {
			return false
		}
		w.edges = append(w.edges, writeEdge{at, int32(len(w.ops))})
	}
	return true
}

func (w *documentWriter) isSequence(object int32) bool {
	if object == rootObject {
		return false
	}
	a := w.ops[object].action
	return a == ActionMakeList || a == ActionMakeText
}

// find returns the number of an operation that is older than o.
func (w *documentWriter) find(o *writeOp, ref OpID, ranks []uint32) (int32, bool) {
	rank := ranks[ref.Actor]
	i, ok := o.change, true
	if rank != o.id.actor || ref.Counter < w.changes[i].StartOp {
		i, ok = w.changeOf(rank, ref.Counter)
	}
	if !ok {
		return 0, false
	}
	at := w.first[i] + int32(ref.Counter-w.changes[i].StartOp)
	return at, int(at) < len(w.ops) && uint32(ref.Counter) < o.id.counter
}

// changeOf finds the change of an actor that has the operation with a counter.
func (w *documentWriter) changeOf(rank uint32, counter uint64) (int32, bool) {
	has := func(i int32) bool { return w.changes[i].StartOp <= counter && counter <= w.changes[i].MaxOp() }
	if w.refs.valid && w.refs.rank == rank && has(w.refs.change) {
		return w.refs.change, true
	}
	own := w.byActor[rank]
	k, _ := slices.BinarySearchFunc(own, counter, func(i int32, counter uint64) int {
		if w.changes[i].MaxOp() < counter {
			return -1
		}
		return 1
	})
	if k == len(own) || !has(own[k]) {
		return 0, false
	}
	w.refs = refCache{own[k], rank, true}
	return own[k], true
}

// keyOf gives the index of a key. A change can name a long key a hundred thousand
// times in a few bytes; then it is the same memory as the one before, which costs nothing
// to compare. It need not be the memory of the first that was equal to it.
func (w *documentWriter) keyOf(key string) int32 {
	if len(w.keys) > 0 && key == w.last.key {
		w.last.key = key
		return w.last.index
	}
	i, ok := w.keyIndex[key]
	if !ok {
		i = int32(len(w.keys))
		w.keyIndex[key] = i
		w.keys = append(w.keys, key)
	}
	w.last = keyRef{key, i}
	return i
}

// linkSuccs gives each operation its successors, by id.
func (w *documentWriter) linkSuccs() error {
	w.succAt = make([]int32, len(w.ops)+1)
	for _, e := range w.edges {
		w.succAt[e.op+1]++
	}
	for i := range w.ops {
		w.succAt[i+1] += w.succAt[i]
	}
	w.succs = make([]int32, len(w.edges))
	next := slices.Clone(w.succAt)
	for _, e := range w.edges {
		w.succs[next[e.op]] = e.succ
		next[e.op]++
	}
	w.edges = nil
	for i := range w.ops {
		if of := w.succsOf(int32(i)); len(of) > 1 {
			slices.SortFunc(of, func(a, b int32) int { return w.ops[a].id.compare(w.ops[b].id) })
		}
		if err := w.pace.spend(1); err != nil {
			return err
		}
	}
	return nil
}

func (w *documentWriter) succsOf(op int32) []int32 { return w.succs[w.succAt[op]:w.succAt[op+1]] }

// compare orders ids as the format does: by counter, then by actor.
func (o docID) compare(other docID) int {
	switch {
	case o == other:
		return 0
	case o.counter < other.counter, o.counter == other.counter && o.actor < other.actor:
		return -1
	}
	return 1
}
