package chunk

import (
	"sync"
	"unsafe"
)

// predsPerOpMax bounds the predecessors of one operation, which are held in
// memory while it is looked at: so many devices may set one key at once.
const predsPerOpMax = 10_000

// opReader walks along the op columns of a change, one operation after the
// other, and owns the memory that an operation's predecessors are read into.
type opReader struct {
	fail          failure
	objectActor   uints
	objectCounter uints
	keyActor      uints
	keyCounter    deltas
	keyString     texts
	insert        bools
	action        uints
	valueMeta     uints
	value         []byte // what no operation has taken yet
	predCount     uints
	predActor     uints
	predCounter   deltas
	expand        bools
	markName      texts

	actors  uint64 // how many the change names, its author among them
	index   int
	predBuf [4]OpID
	preds   []OpID
}

// init points r at the columns of c. A strict reader refuses what is not
// canonical; without, c must have been through a strict one before.
func (r *opReader) init(c *Change, strict bool) {
	col := func(k columnKind) []byte { return c.bytes[c.cols[k].start:c.cols[k].end] }
	runsOf := func(k columnKind) runs { return newRuns(col(k), columnNames[k], c.OpCount, strict, &r.fail) }
	boolsOf := func(k columnKind) bools { return newBools(col(k), columnNames[k], c.OpCount, strict, &r.fail) }
	r.objectActor.runs = runsOf(colObjectActor)
	r.objectCounter.runs = runsOf(colObjectCounter)
	r.keyActor.runs = runsOf(colKeyActor)
	r.keyCounter.runs = runsOf(colKeyCounter)
	r.keyString.runs = runsOf(colKeyString)
	r.insert = boolsOf(colInsert)
	r.action.runs = runsOf(colAction)
	r.valueMeta.runs = runsOf(colValueMeta)
	r.value = col(colValue)
	r.predCount.runs = runsOf(colPredCount)
	r.predActor.runs = runsOf(colPredActor)
	r.predCounter.runs = runsOf(colPredCounter)
	// Conflicts apart an operation has at most one predecessor. This bounds the
	// time that a few bytes can cost.
	predsMax := 2*c.OpCount + predsPerOpMax
	r.predActor.rest, r.predCounter.rest = predsMax, predsMax
	r.expand = boolsOf(colExpand)
	r.markName.runs = runsOf(colMarkName)
	r.actors = uint64(1 + len(c.Others))
	r.preds = r.predBuf[:0]
}

// readers saves a kilobyte of garbage for every change that is looked through.
var readers = sync.Pool{New: func() any { return new(opReader) }}

// newOpReader gives a reader of c, to be released after use.
func newOpReader(c *Change, strict bool) *opReader {
	r := readers.Get().(*opReader)
	r.init(c, strict)
	return r
}

// release forgets the change.
func (r *opReader) release() {
	*r = opReader{}
	readers.Put(r)
}

func (r *opReader) refuse(format string, args ...any) {
	if r.fail.err == nil {
		r.fail.err = malformed(format, args...)
	}
}

// next reads the next operation into op and tells whether that went well. It
// must not be called more often than there are operations.
func (r *opReader) next(op *Op) bool {
	op.Object = r.object()
	r.key(op)
	op.Insert = r.insert.next()
	action, ok := r.action.next()
	if !ok || action >= actions {
		r.refuse("unknown action")
	}
	op.Action = Action(action)
	op.Value = r.nextValue()
	op.Pred = r.nextPreds()
	op.Expand = r.expand.next()
	name, named := r.markName.next()
	op.MarkName, op.HasMarkName = "", named
	if named {
		op.MarkName = alias(name)
	}
	r.index++
	return r.fail.err == nil
}

func (r *opReader) object() OpID {
	actor, hasActor := r.objectActor.next()
	counter, hasCounter := r.objectCounter.next()
	if !hasActor && !hasCounter {
		return OpID{}
	}
	if !hasActor || !hasCounter {
		r.refuse("object has no actor or no counter")
	}
	return r.opID(counter, actor)
}

func (r *opReader) key(op *Op) {
	actor, hasActor := r.keyActor.next()
	counter, hasCounter := r.keyCounter.next()
	key, hasKey := r.keyString.next()
	op.Sequence, op.Key, op.Elem = !hasKey, "", OpID{}
	switch {
	case hasKey:
		if hasActor || hasCounter {
			r.refuse("both a map key and an element")
		}
		op.Key = alias(key)
	case hasActor && hasCounter:
		op.Elem = r.opID(uint64(counter), actor)
	case hasActor || !hasCounter:
		r.refuse("neither a map key nor an element")
	case counter != 0:
		r.refuse("element has no actor")
	}
}

func (r *opReader) opID(counter, actor uint64) OpID {
	if counter == 0 || counter > CounterMax {
		r.refuse("counter of an id is out of range")
		return OpID{}
	}
	if actor >= r.actors {
		r.refuse("actor of an id is out of range")
		return OpID{}
	}
	return OpID{Counter: counter, Actor: int32(actor)}
}

func (r *opReader) nextValue() Value {
	meta, ok := r.valueMeta.next()
	length := meta >> 4
	if !ok || meta&0xf >= valueKinds {
		r.refuse("unknown kind of value")
		return Value{}
	}
	v := Value{Kind: ValueKind(meta & 0xf)}
	if length == 0 {
		return v
	}
	if length > uint64(len(r.value)) {
		r.refuse("value is longer than its column")
		return Value{}
	}
	v.Bytes, r.value = r.value[:length:length], r.value[length:]
	return v
}

func (r *opReader) nextPreds() []OpID {
	count, ok := r.predCount.next()
	if count == 0 && ok {
		return nil
	}
	if !ok || count > predsPerOpMax {
		r.refuse("more than %d predecessors", predsPerOpMax)
		return nil
	}
	r.preds = r.preds[:0]
	for range count {
		actor, hasActor := r.predActor.next()
		counter, hasCounter := r.predCounter.next()
		if !hasActor || !hasCounter {
			r.refuse("predecessor without an actor or a counter")
			return nil
		}
		r.preds = append(r.preds, r.opID(uint64(counter), actor))
	}
	return r.preds
}

// done tells whether all columns end after the operations that were read.
func (r *opReader) done() error {
	r.objectActor.done()
	r.objectCounter.done()
	r.keyActor.done()
	r.keyCounter.done()
	r.keyString.done()
	r.insert.done()
	r.action.done()
	r.valueMeta.done()
	r.predCount.done()
	r.predActor.done()
	r.predCounter.done()
	r.expand.done()
	r.markName.done()
	if len(r.value) > 0 {
		r.refuse("column %s: has too many values", columnNames[colValue])
	}
	if r.insert.absent && r.index > 0 {
		r.refuse("column %s: missing", columnNames[colInsert])
	}
	if !r.expand.absent && !r.expand.any {
		r.refuse("column %s: all false", columnNames[colExpand])
	}
	return r.fail.err
}

// alias makes a string of bytes that nobody writes to, without copying them.
func alias(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
