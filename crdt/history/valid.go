package history

import (
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// # Which operations are valid
//
// Package chunk has checked what a change shows by itself: its encoding, the
// shape of each operation, that it refers to smaller operation ids only. Here is
// checked what it refers to. For every operation
//
//   - the object is the root, or was made by an operation of kind make, and maps
//     are addressed by key, lists and texts by element;
//   - the element was inserted into that object; only an insertion may refer to
//     the head of the sequence or stand after a mark;
//   - each predecessor sets or makes a value at the same key or element of the
//     same object;
//   - an increment has a counter among its predecessors;
//   - an element of a text is inserted or deleted, never set;
//   - a mark has a beginning and, as the very next operation, an end, both in
//     the same text, the end after the beginning;
//   - no operation makes a table;
//   - whatever is referred to is an earlier operation of the same change, or
//     belongs to an ancestor of it.
//
// A change that breaks one of these makes readers fail: some crash when it
// arrives, some when they next load the document. Tables are a kind of object
// that readers know by name and fail to handle, and they fail when one of several
// values of a text element is deleted; no writer of today makes either. The last
// rule holds for every order in which a reader may receive the changes.
//
// The operations are not indexed. An id (counter, actor) leads to the change
// that made it by binary search over the actor's changes, and that change is
// decoded, through a cache; see lookup.go.

// checker checks the operations of one change.
type checker struct {
	h       *History
	c       *chunk.Change
	self    int32   // the author's number; past the table when the actor is new
	actors  []int32 // the change's actor indices -> numbers
	records []opRecord
	clock   []uint32 // of the dependencies; nil when they cover everything
	steps   int      // left for comparing positions of marks

	object     opRef // the last object that was looked up, and what it is
	objectKind kind
}

type kind uint8

const (
	kindMap kind = iota + 1
	kindList
	kindText
)

// markStepsMax bounds the work that the marks of one change may cause: the walk
// from an end to its beginning is as long as the marked text.
const markStepsMax = 1_000_000

// checkOps checks the operations of c and returns them decoded.
func (h *History) checkOps(c *chunk.Change, n node, deps []int32) ([]opRecord, error) {
	k := checker{h: h, c: c, self: n.actor, actors: h.resolve(c), steps: markStepsMax}
	if k.self < 0 {
		k.self = int32(len(h.actors.changes))
		k.actors[0] = k.self
	}
	for i, a := range k.actors {
		if a < 0 {
			return nil, fmt.Errorf("%w: it refers to an operation of the unknown actor %s", ErrInvalid, c.ActorAt(int32(i)))
		}
	}
	if !h.coversAll(deps) {
		k.clock = h.clockOf(deps)
	}
	defer func() {
		h.lookups.work += markStepsMax - max(0, k.steps)
		h.lookups.checked()
	}()
	var keys keys
	k.records = make([]opRecord, 0, c.OpCount)
	for i, op := range c.Ops() {
		r := record(op, opRef{uint32(c.StartOp) + uint32(i), k.self}, k.actors, &keys)
		if err := k.check(op, r); err != nil && h.err == nil {
			return nil, fmt.Errorf("%w: operation %d: %w", ErrInvalid, i, err)
		}
		if h.err != nil {
			return nil, h.err
		}
		k.records = append(k.records, r)
	}
	if last := len(k.records) - 1; last >= 0 && k.records[last].markBegin {
		return nil, fmt.Errorf("%w: operation %d: a mark begins and does not end", ErrInvalid, last)
	}
	return k.records, nil
}

func (k *checker) check(op chunk.Op, r opRecord) error {
	kind, err := k.kindOf(r.object)
	if err != nil {
		return fmt.Errorf("its object: %w", err)
	}
	switch {
	case op.Action == chunk.ActionMakeTable:
		return fmt.Errorf("it makes a table")
	case op.Sequence != (kind != kindMap):
		return fmt.Errorf("it addresses a sequence by key or a map by element")
	case kind == kindText && !op.Insert && op.Action != chunk.ActionDelete:
		return fmt.Errorf("it sets an element of a text")
	}
	if op.Sequence {
		if err := k.checkElem(op, r); err != nil {
			return err
		}
	}
	if err := k.checkMark(op, r, kind); err != nil {
		return err
	}
	return k.checkPred(op, r)
}

// checkElem checks the element that the operation is about, or after which it
// inserts.
func (k *checker) checkElem(op chunk.Op, r opRecord) error {
	at := r.after
	if !op.Insert {
		at = r.elem
	}
	if at == (opRef{}) {
		if !op.Insert {
			return fmt.Errorf("only an insertion may refer to the head of a sequence")
		}
		return nil
	}
	e, err := k.find(at)
	switch {
	case err != nil:
		return fmt.Errorf("its element: %w", err)
	case !e.insert:
		return fmt.Errorf("its element was not inserted by that operation")
	case e.object != r.object:
		return fmt.Errorf("its element is in another object")
	case !op.Insert && e.action == chunk.ActionMark:
		return fmt.Errorf("its element is a mark")
	}
	return nil
}

func (k *checker) checkPred(op chunk.Op, r opRecord) error {
	counter := false
	for _, p := range op.Pred {
		e, err := k.find(ref(p, k.actors))
		if err != nil {
			return fmt.Errorf("a predecessor: %w", err)
		}
		switch e.action {
		case chunk.ActionDelete, chunk.ActionIncrement, chunk.ActionMark:
			return fmt.Errorf("a predecessor has no value")
		}
		if e.object != r.object || e.elem != r.elem || e.key != r.key {
			return fmt.Errorf("a predecessor is at another place")
		}
		counter = counter || e.counter
	}
	if op.Insert && len(op.Pred) > 0 {
		return fmt.Errorf("an insertion has a predecessor")
	}
	if op.Action == chunk.ActionIncrement && !counter {
		return fmt.Errorf("it increments what is no counter")
	}
	return nil
}

// checkMark keeps the order of marks: readers refuse to load a text in which a
// mark ends before it begins. Package chunk has seen to it that the operation
// before an end is a beginning in the same object.
func (k *checker) checkMark(op chunk.Op, r opRecord, kind kind) error {
	var previous opRecord
	if i := len(k.records) - 1; i >= 0 {
		previous = k.records[i]
	}
	isEnd := r.action == chunk.ActionMark && !r.markBegin
	switch {
	case previous.markBegin && !isEnd:
		return fmt.Errorf("a mark began before it and does not end")
	case r.action == chunk.ActionMark && kind != kindText:
		return fmt.Errorf("a mark is in no text")
	case isEnd:
		return k.checkOrder(previous, r)
	}
	return nil
}

// checkOrder checks that element b stands after element a of the same sequence.
//
// The elements of a sequence form a tree: each is a child of the element after
// which it was inserted. Document order is the order of a walk from the head in
// which siblings are visited from the largest id to the smallest. A child has a
// larger id than its parent, so climbing always from the larger of two ids leads
// both to the lowest element above them, in as many steps as lie between.
func (k *checker) checkOrder(a, b opRecord) error {
	x, y := a, b                // a and b, or what is above them
	var belowX, belowY opRecord // the elements through which x and y were reached
	for x.elem != y.elem {
		if k.steps--; k.steps < 0 {
			return fmt.Errorf("the marks of one change span too much text")
		}
		var err error
		if k.less(x.elem, y.elem) {
			belowY = y
			y, err = k.above(y)
		} else {
			belowX = x
			x, err = k.above(x)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case x.elem == a.elem: // b is below a
		return nil
	case x.elem == b.elem, k.less(belowX.elem, belowY.elem):
		return errMarkOrder
	}
	return nil
}

var errMarkOrder = fmt.Errorf("a mark ends before it begins")

// above returns the element after which r was inserted. The head of the sequence
// is the zero record; its id is smaller than every other.
func (k *checker) above(r opRecord) (opRecord, error) {
	if r.after == (opRef{}) {
		return opRecord{}, nil
	}
	return k.find(r.after)
}

// less orders operation ids as the format does: by counter, then by actor.
func (k *checker) less(a, b opRef) bool {
	if a.counter != b.counter {
		return a.counter < b.counter
	}
	return k.actorID(a.actor) < k.actorID(b.actor)
}

func (k *checker) actorID(n int32) id.Actor {
	if n == k.self {
		return k.c.Actor
	}
	return k.h.actors.ids[n]
}

func (k *checker) kindOf(object opRef) (kind, error) {
	if object == (opRef{}) {
		return kindMap, nil
	}
	if object == k.object {
		return k.objectKind, nil
	}
	r, err := k.find(object)
	if err != nil {
		return 0, err
	}
	switch r.action {
	case chunk.ActionMakeMap:
		k.objectKind = kindMap
	case chunk.ActionMakeList:
		k.objectKind = kindList
	case chunk.ActionMakeText:
		k.objectKind = kindText
	default:
		return 0, fmt.Errorf("the operation made no object")
	}
	k.object = object
	return k.objectKind, nil
}

// find returns an operation that the current one may refer to.
func (k *checker) find(ref opRef) (opRecord, error) {
	if start := uint32(k.c.StartOp); ref.actor == k.self && ref.counter >= start {
		i := ref.counter - start
		if int(i) >= len(k.records) {
			return opRecord{}, fmt.Errorf("the operation comes later")
		}
		return k.records[i], nil
	}
	if int(ref.actor) >= len(k.h.actors.changes) {
		return opRecord{}, fmt.Errorf("the operation does not exist")
	}
	i, ok := k.h.changeOf(ref)
	if !ok {
		return opRecord{}, fmt.Errorf("the operation does not exist")
	}
	if k.clock != nil && !k.h.covers(k.clock, ref.actor, i) {
		return opRecord{}, fmt.Errorf("the operation is in no ancestor of the change")
	}
	records, err := k.h.records(i)
	if err != nil {
		return opRecord{}, err
	}
	return records[ref.counter-k.h.graph.packed[i].startOp], nil
}
