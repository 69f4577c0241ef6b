package chunk

import (
	"fmt"
	"sort"
	"unicode/utf8"
)

// checker decides whether the operations of a change make sense by themselves.
type checker struct {
	c          *Change
	authorRank int32 // the author's place among all actors, which are sorted by their bytes
	begun      bool  // the operation before begins a mark
	begunIn    OpID  // its object
	begunAfter OpID  // its element
	used       []bool
	usedBuf    [16]bool
}

// checkOps reads all operations of c strictly.
func checkOps(c *Change) error {
	r := newOpReader(c, true)
	defer r.release()
	k := checker{c: c}
	k.authorRank = int32(sort.Search(len(c.Others), func(i int) bool { return c.Others[i] > c.Actor }))
	k.used = k.usedBuf[:]
	if n := 1 + len(c.Others); n > len(k.used) {
		k.used = make([]bool, n)
	}
	var op Op
	for i := range c.OpCount {
		if !r.next(&op) {
			return fmt.Errorf("op %d: %w", i, r.fail.err)
		}
		if why := k.check(&op, c.StartOp+uint64(i)); why != "" {
			return fmt.Errorf("op %d: %w: %s: %s", i, ErrMalformed, op.Action, why)
		}
	}
	for i := range c.Others {
		if !k.used[1+i] {
			return malformed("actor %d is listed but no operation names it", 1+i)
		}
	}
	return r.done()
}

// check returns what is wrong with op, whose counter is self, or nothing.
func (k *checker) check(op *Op, self uint64) string {
	if !op.Object.IsZero() && !k.refers(op.Object, self) {
		return "object is not older than the operation"
	}
	if !op.Elem.IsZero() && !k.refers(op.Elem, self) {
		return "element is not older than the operation"
	}
	if why := k.checkKey(op); why != "" {
		return why
	}
	if why := checkValue(op.Value); why != "" {
		return why
	}
	if why := k.checkAction(op); why != "" {
		return why
	}
	k.begun, k.begunIn, k.begunAfter = op.HasMarkName, op.Object, op.Elem
	return k.checkPreds(op, self)
}

// refers tells whether the operation with counter self can know of o: it is an
// earlier one of the same change, or older than the whole change. It notes that
// the actor is used.
func (k *checker) refers(o OpID, self uint64) bool {
	k.used[o.Actor] = true
	if o.Actor == 0 {
		return o.Counter < self
	}
	return o.Counter < k.c.StartOp
}

func (k *checker) checkKey(op *Op) string {
	switch {
	case !op.Sequence && op.Insert:
		return "inserts into a map"
	case op.Sequence && op.Object.IsZero():
		return "the root is not a sequence"
	case op.Sequence && op.Elem.IsZero() && !op.Insert:
		return "acts on the head of a sequence"
	case op.Insert && len(op.Pred) > 0:
		return "a new element has no predecessors"
	}
	return ""
}

func (k *checker) checkAction(op *Op) string {
	if op.Action != ActionMark && (op.HasMarkName || op.Expand) {
		return "is not a mark but has a mark's name or flag"
	}
	switch op.Action {
	case ActionSet:
		if n, _ := op.Value.Int(); op.Value.Kind == ValueCounter && (n > CounterValueMax || n < -CounterValueMax) {
			return "counter is out of range"
		}
	case ActionDelete:
		if op.Insert || len(op.Pred) == 0 {
			return "deletes nothing"
		}
		if op.Value.Kind != ValueNull {
			return "has a value"
		}
	case ActionIncrement:
		if op.Insert || len(op.Pred) == 0 {
			return "increments nothing"
		}
		if n, ok := op.Value.Int(); !ok || op.Value.Kind != ValueInt || n > IncrementMax || n < -IncrementMax {
			return "has no integer, or one out of range"
		}
	case ActionMark:
		return k.checkMark(op)
	default:
		if op.Value.Kind != ValueNull {
			return "has a value"
		}
	}
	return ""
}

// checkMark demands that the end of a mark directly follows its beginning, and
// stands behind it in the sequence as far as can be told here: the reference
// core does not load a document in which it does not. Two operations after one
// and the same element lie in the order opposite to that of their ids.
func (k *checker) checkMark(op *Op) string {
	switch {
	case !op.Insert:
		return "is not inserted"
	case op.HasMarkName:
		return ""
	case op.Value.Kind != ValueNull:
		return "ends a mark and has a value"
	case !k.begun || k.begunIn != op.Object:
		return "ends no mark that the operation before began"
	case op.Elem == k.begunAfter:
		return "ends a mark before its beginning"
	}
	return ""
}

func (k *checker) checkPreds(op *Op, self uint64) string {
	var last OpID
	for i, p := range op.Pred {
		if !k.refers(p, self) {
			return "predecessor is not older than the operation"
		}
		if i > 0 && !k.less(last, p) {
			return "predecessors out of order"
		}
		last = p
	}
	return ""
}

// less orders ids by counter, then by the bytes of the actor.
func (k *checker) less(a, b OpID) bool {
	if a.Counter != b.Counter {
		return a.Counter < b.Counter
	}
	return k.rank(a.Actor) < k.rank(b.Actor)
}

func (k *checker) rank(actor int32) int32 {
	switch {
	case actor == 0:
		return k.authorRank
	case actor-1 < k.authorRank:
		return actor - 1
	}
	return actor
}

func checkValue(v Value) string {
	ok := true
	switch v.Kind {
	case ValueNull, ValueFalse, ValueTrue:
		ok = len(v.Bytes) == 0
	case ValueUint:
		_, n := uleb(v.Bytes)
		ok = n > 0 && n == len(v.Bytes)
	case ValueInt, ValueCounter, ValueTimestamp:
		_, n := sleb(v.Bytes)
		ok = n > 0 && n == len(v.Bytes)
	case ValueFloat64:
		ok = len(v.Bytes) == 8
	case ValueString:
		ok = utf8.Valid(v.Bytes)
	}
	if !ok {
		return "bad value"
	}
	return ""
}
