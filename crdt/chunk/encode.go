package chunk

import "bytes"

// runEncoder writes a run-length encoded column, merging whatever can be
// merged. It works on values that are encoded already: two values are equal if
// and only if their bytes are.
type runEncoder struct {
	out      []byte
	literals []byte // values of the literal run that is growing
	literal  int    // how many these are
	value    []byte // the last value, not written yet
	count    int    // how often it was repeated
	nulls    int    // how many nulls are not written yet
	any      bool
	scratch  []byte
}

func (e *runEncoder) append(value []byte) {
	if e.nulls > 0 {
		e.flushNulls()
	}
	if e.count > 0 && bytes.Equal(e.value, value) {
		e.count++
		return
	}
	e.flushValue()
	e.value, e.count, e.any = append(e.value[:0], value...), 1, true
}

// again appends the value that was appended last, with no null since.
func (e *runEncoder) again() { e.count++ }

// size is how long the column is so far, about.
func (e *runEncoder) size() int { return len(e.out) + len(e.literals) + len(e.value) }

func (e *runEncoder) appendNull() {
	e.flushValue()
	e.flushLiterals()
	e.nulls++
}

func (e *runEncoder) appendUint(v uint64) {
	var buf [lebBytesMax]byte
	e.append(appendUleb(buf[:0], v))
}

func (e *runEncoder) appendString(s string) {
	e.scratch = appendBytes(e.scratch[:0], s)
	e.append(e.scratch)
}

func (e *runEncoder) flushValue() {
	switch {
	case e.count == 1:
		e.literals = append(e.literals, e.value...)
		e.literal++
	case e.count > 1:
		e.flushLiterals()
		e.out = appendSleb(e.out, int64(e.count))
		e.out = append(e.out, e.value...)
	}
	e.count = 0
}

func (e *runEncoder) flushLiterals() {
	if e.literal > 0 {
		e.out = appendSleb(e.out, -int64(e.literal))
		e.out = append(e.out, e.literals...)
	}
	e.literals, e.literal = e.literals[:0], 0
}

func (e *runEncoder) flushNulls() {
	e.out = append(e.out, 0)
	e.out = appendUleb(e.out, uint64(e.nulls))
	e.nulls = 0
}

// finish returns the column, empty if it held nothing but nulls.
func (e *runEncoder) finish() []byte {
	if !e.any {
		return nil
	}
	e.flushValue()
	e.flushLiterals()
	if e.nulls > 0 {
		e.flushNulls()
	}
	return e.out
}

func (e *runEncoder) reset() {
	*e = runEncoder{out: e.out[:0], literals: e.literals[:0], value: e.value[:0], scratch: e.scratch[:0]}
}

// deltaEncoder writes numbers as differences.
type deltaEncoder struct {
	runEncoder
	last int64
}

func (e *deltaEncoder) appendInt(v int64) {
	var buf [lebBytesMax]byte
	e.append(appendSleb(buf[:0], v-e.last))
	e.last = v
}

func (e *deltaEncoder) reset() {
	e.runEncoder.reset()
	e.last = 0
}

// boolEncoder writes alternating runs, the first one of false.
type boolEncoder struct {
	out   []byte
	last  bool
	count uint64
	any   bool
}

func (e *boolEncoder) append(v bool) {
	if v != e.last {
		e.out = appendUleb(e.out, e.count)
		e.last, e.count = v, 0
	}
	e.count++
	e.any = e.any || v
}

func (e *boolEncoder) finish() []byte {
	if e.count > 0 {
		e.out = appendUleb(e.out, e.count)
	}
	return e.out
}

func (e *boolEncoder) reset() { *e = boolEncoder{out: e.out[:0]} }

// opEncoder writes the op columns of a change.
type opEncoder struct {
	objectActor, objectCounter runEncoder
	keyActor                   runEncoder
	keyCounter                 deltaEncoder
	keyString                  runEncoder
	insert                     boolEncoder
	action, valueMeta          runEncoder
	value                      []byte
	predCount, predActor       runEncoder
	predCounter                deltaEncoder
	expand                     boolEncoder
	markName                   runEncoder
}

// reset makes e ready for another change. What finish returned is overwritten.
func (e *opEncoder) reset() {
	for _, r := range []*runEncoder{
		&e.objectActor, &e.objectCounter, &e.keyActor, &e.keyString, &e.action, &e.valueMeta, &e.predCount,
		&e.predActor, &e.markName,
	} {
		r.reset()
	}
	e.keyCounter.reset()
	e.predCounter.reset()
	e.insert.reset()
	e.expand.reset()
	e.value = e.value[:0]
}

func (e *opEncoder) append(op *Op) {
	if op.Object.IsZero() {
		e.objectActor.appendNull()
		e.objectCounter.appendNull()
	} else {
		e.objectActor.appendUint(uint64(op.Object.Actor))
		e.objectCounter.appendUint(op.Object.Counter)
	}
	e.appendKey(op)
	e.insert.append(op.Insert)
	e.action.appendUint(uint64(op.Action))
	e.valueMeta.appendUint(uint64(len(op.Value.Bytes))<<4 | uint64(op.Value.Kind))
	e.value = append(e.value, op.Value.Bytes...)
	e.predCount.appendUint(uint64(len(op.Pred)))
	for _, p := range op.Pred {
		e.predActor.appendUint(uint64(p.Actor))
		e.predCounter.appendInt(int64(p.Counter))
	}
	e.expand.append(op.Expand)
	if op.HasMarkName {
		e.markName.appendString(op.MarkName)
	} else {
		e.markName.appendNull()
	}
}

func (e *opEncoder) appendKey(op *Op) {
	switch {
	case !op.Sequence:
		e.keyActor.appendNull()
		e.keyCounter.appendNull()
		e.keyString.appendString(op.Key)
		return
	case op.Elem.IsZero():
		e.keyActor.appendNull()
	default:
		e.keyActor.appendUint(uint64(op.Elem.Actor))
	}
	e.keyCounter.appendInt(int64(op.Elem.Counter))
	e.keyString.appendNull()
}

func (e *opEncoder) finish() (cols [changeColumns][]byte) {
	cols[colObjectActor] = e.objectActor.finish()
	cols[colObjectCounter] = e.objectCounter.finish()
	cols[colKeyActor] = e.keyActor.finish()
	cols[colKeyCounter] = e.keyCounter.finish()
	cols[colKeyString] = e.keyString.finish()
	cols[colInsert] = e.insert.finish()
	cols[colAction] = e.action.finish()
	cols[colValueMeta] = e.valueMeta.finish()
	cols[colValue] = e.value
	cols[colPredCount] = e.predCount.finish()
	cols[colPredActor] = e.predActor.finish()
	cols[colPredCounter] = e.predCounter.finish()
	if e.expand.any {
		cols[colExpand] = e.expand.finish()
	}
	cols[colMarkName] = e.markName.finish()
	return cols
}
