package history

import (
	"crypto/sha256"
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// opRef names an operation of the document: its counter and its actor's number
// in the actor table. The zero value with actor 0 is never a valid operation
// (counters start at 1); it stands for the root object and for the head of a
// sequence.
type opRef struct {
	counter uint32 // at most chunk.CounterMax
	actor   int32
}

// opRecord is what later operations need to know about an operation.
type opRecord struct {
	object    opRef
	elem      opRef  // in a sequence: the element that the operation is about
	after     opRef  // of an insertion: the element that it stands after
	key       string // in a map; see keys
	action    chunk.Action
	insert    bool
	counter   bool // sets a counter
	markBegin bool
}

// lookups keeps the decoded operations of a few changes. Most operations refer
// to recent changes, or to the ones that made a board or hold a long text, so a
// small cache serves well. It has two generations: what is used moves to the
// young one, and when that is full it becomes the old one, whose remains are
// dropped.
//
// What the change under check has referred to stays until it is checked, or its
// operations could refer to large changes in turn, each of which drove the others
// out: then every one of them would have a hundred thousand operations decoded. In a
// turn (see BeginTurn) it stays for the changes that follow, too.
type lookups struct {
	opsMax     int // of each generation; at least one change stays, however large
	ops        int // in young
	young, old map[int32][]opRecord

	pinned    map[int32]pin
	pinnedOps int
	staleOps  int // of those, what the check that goes on has not referred to
	check     int // its number
	left      int // operations of further changes that the change under check may refer to

	work, workMax int // of a turn, in operations that are decoded; outside of one workMax is 0
}

// pin is a change that was referred to, and by which check last.
type pin struct {
	records []opRecord
	check   int
}

// ops is how much it takes, in operations.
func (p pin) ops() int { return len(p.records) + 8 }

// pinnedOpsMax bounds the operations of other changes that are decoded to check one:
// twenty changes of the largest, or as many small ones as a change can refer to. They take
// about 50 bytes and 75 ns each. It counts what is referred to, whether it was kept or not,
// so that whether a change is valid does not depend on what came before it.
const pinnedOpsMax = 2_000_000

func (l *lookups) init(opsMax int) {
	*l = lookups{opsMax: opsMax / 2, young: map[int32][]opRecord{}, pinned: map[int32]pin{}, left: pinnedOpsMax}
}

// checked ends a check.
func (l *lookups) checked() {
	l.check++
	l.left, l.staleOps = pinnedOpsMax, l.pinnedOps
	if l.workMax == 0 {
		l.unpin()
	}
}

// unpin lets go of what the check that goes on has not referred to.
func (l *lookups) unpin() {
	const keptMax = 64 // a map does not shrink, and it takes long to go through a large one
	before := l.pinned
	if len(before) > keptMax {
		l.pinned = map[int32]pin{}
	}
	for i, p := range before {
		if p.check == l.check {
			l.pinned[i] = p
		} else {
			delete(before, i)
		}
	}
	l.pinnedOps, l.staleOps = l.pinnedOps-l.staleOps, 0
}

// find returns the records of change i; nil when they are not kept.
func (l *lookups) find(i int32) []opRecord {
	if r, ok := l.young[i]; ok {
		return r
	}
	r, ok := l.old[i]
	if ok {
		l.put(i, r)
	}
	return r
}

func (l *lookups) put(i int32, records []opRecord) {
	if l.ops+len(records) > l.opsMax && len(l.young) > 0 {
		l.old, l.young, l.ops = l.young, map[int32][]opRecord{}, 0
	}
	l.young[i] = records
	l.ops += len(records)
}

// records returns the decoded operations of change i, for the change under check.
func (h *History) records(i int32) ([]opRecord, error) {
	l := &h.lookups
	p, ok := l.pinned[i]
	if ok && p.check == l.check {
		return p.records, nil
	}
	if l.left -= int(h.graph.node(i).opCount); l.left < 0 {
		return nil, fmt.Errorf("the operations of one change refer to changes of more than %d operations", pinnedOpsMax)
	}
	if ok {
		l.staleOps -= p.ops()
	} else {
		var err error
		if p.records, err = h.lookUp(i); err != nil {
			return nil, err
		}
		if l.pinnedOps += p.ops(); l.pinnedOps > pinnedOpsMax && l.staleOps > 0 {
			l.unpin()
		}
	}
	p.check = l.check
	l.pinned[i] = p
	return p.records, nil
}

// lookUp finds the operations of change i among those that are kept, or decodes them.
func (h *History) lookUp(i int32) ([]opRecord, error) {
	if r := h.lookups.find(i); r != nil {
		return r, nil
	}
	c, err := h.change(i)
	if err != nil {
		return nil, err
	}
	const bytesPerOp = 32 // to read so many takes as long
	h.lookups.work += c.OpCount + len(c.Bytes())/bytesPerOp
	r := h.decode(c, h.resolve(c))
	h.lookups.put(i, r)
	return r, nil
}

// BeginTurn bounds the work of looking up what the operations of changes refer to until
// EndTurn: beyond Limits.TurnOpsMax, changes are refused with ErrBusy. A turn is what one peer
// brings at once.
//
// A change that refers to large ones may be small, and valid, so that very many of them
// fit into a message: without a limit, who may write could hold up everybody.
func (h *History) BeginTurn() { h.lookups.work, h.lookups.workMax = 0, h.limits.TurnOpsMax }

// EndTurn ends a turn.
func (h *History) EndTurn() {
	h.lookups.workMax = 0
	h.lookups.unpin()
}

// busy tells whether a turn has taken as much work as it may.
func (l *lookups) busy() bool { return l.workMax > 0 && l.work >= l.workMax }

// changeOf finds the change of the given actor that made the operation with the
// given counter: its changes are in order of their first operation.
func (h *History) changeOf(ref opRef) (int32, bool) {
	changes := h.actors.changes[ref.actor]
	lo, hi := 0, len(changes) // the first change that starts after the counter
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if h.graph.packed[changes[mid]].startOp <= ref.counter {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0, false
	}
	i := changes[lo-1]
	return i, uint64(ref.counter) <= h.graph.node(i).maxOp()
}

// resolve maps the actor indices of a change to numbers of the actor table; -1
// for an actor that the history does not know.
func (h *History) resolve(c *chunk.Change) []int32 {
	m := make([]int32, 1+len(c.Others))
	for i := range m {
		n, ok := h.actors.byID[c.ActorAt(int32(i))]
		if !ok {
			n = -1
		}
		m[i] = n
	}
	return m
}

// decode turns the operations of an accepted change into records.
func (h *History) decode(c *chunk.Change, actors []int32) []opRecord {
	records, keys := make([]opRecord, 0, c.OpCount), keys{}
	for i, op := range c.Ops() {
		records = append(records, record(op, opRef{uint32(c.StartOp) + uint32(i), actors[0]}, actors, &keys))
	}
	return records
}

func record(op chunk.Op, self opRef, actors []int32, keys *keys) opRecord {
	r := opRecord{
		object:    ref(op.Object, actors),
		key:       keys.of(op.Key),
		action:    op.Action,
		insert:    op.Insert,
		counter:   op.Action == chunk.ActionSet && op.Value.Kind == chunk.ValueCounter,
		markBegin: op.Action == chunk.ActionMark && op.HasMarkName,
	}
	switch {
	case op.Insert:
		r.elem = self
		r.after = ref(op.Elem, actors)
	case op.Sequence:
		r.elem = ref(op.Elem, actors)
	}
	return r
}

func ref(o chunk.OpID, actors []int32) opRef {
	if o.Counter == 0 {
		return opRef{}
	}
	return opRef{uint32(o.Counter), actors[o.Actor]}
}

// keys turns the keys of a change, one operation after the other, into those of records.
//
// A change can name a key of megabytes with a hundred thousand operations, and a
// predecessor of each that has it elsewhere in memory. So a long key is kept as its
// hash, behind a byte that begins no key since it is not UTF-8, and comparing two costs
// the same however long they are. The operations of a run share one key in memory, which
// is equal to itself at once.
type keys struct{ given, kept string } // the last long key

// keyBytesMax is the length of the longest key that is kept as it is.
const keyBytesMax = 64

func (k *keys) of(key string) string {
	switch {
	case len(key) <= keyBytesMax:
		return key
	case key != k.given:
		hash := sha256.Sum256([]byte(key))
		k.kept = "\xff" + string(hash[:])
	}
	k.given = key // which may be equal and elsewhere in memory
	return k.kept
}
