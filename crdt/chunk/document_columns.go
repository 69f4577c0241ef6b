package chunk

// docOpEncoder writes the columns about operations.
type docOpEncoder struct {
	objectActor, objectCounter runEncoder
	keyActor                   runEncoder
	keyCounter                 deltaEncoder
	keyString                  runEncoder
	idActor                    runEncoder
	idCounter                  deltaEncoder
	insert                     boolEncoder
	action, valueMeta          runEncoder
	value                      []byte
	succCount, succActor       runEncoder
	succCounter                deltaEncoder
	expand                     boolEncoder
	markName                   runEncoder

	lastKey int32 // of the row before; noKey in a sequence
}

// size is how long the columns are so far that can become longer than there are
// operations: what a change says once for many may have to be said for each.
func (e *docOpEncoder) size() int { return len(e.value) + e.keyString.size() + e.markName.size() }

// opColumns encodes the rows.
func (w *documentWriter) opColumns() ([][]byte, error) {
	e := docOpEncoder{lastKey: noKey, value: make([]byte, 0, w.values)}
	for _, op := range w.rows {
		if e.append(w, op); e.size() > w.lim.BytesMax {
			return nil, overLimit("more than %d bytes of values and keys", w.lim.BytesMax)
		}
		if err := w.pace.spend(2); err != nil {
			return nil, err
		}
	}
	return e.finish(), nil
}

func (e *docOpEncoder) append(w *documentWriter, number int32) {
	op := &w.ops[number]
	if op.object == rootObject {
		e.objectActor.appendNull()
		e.objectCounter.appendNull()
	} else {
		object := w.ops[op.object].id
		e.objectActor.appendUint(uint64(object.actor))
		e.objectCounter.appendUint(uint64(object.counter))
	}
	e.appendKey(w, op)
	e.idActor.appendUint(uint64(op.id.actor))
	e.idCounter.appendInt(int64(op.id.counter))
	e.insert.append(op.insert)
	e.action.appendUint(uint64(op.action))
	e.valueMeta.appendUint(uint64(op.valueTo-op.valueAt)<<4 | uint64(op.kind))
	e.value = append(e.value, w.changes[op.change].bytes[op.valueAt:op.valueTo]...)
	succs := w.succsOf(number)
	e.succCount.appendUint(uint64(len(succs)))
	for _, s := range succs {
		e.succActor.appendUint(uint64(w.ops[s].id.actor))
		e.succCounter.appendInt(int64(w.ops[s].id.counter))
	}
	e.expand.append(op.expand)
	if name, named := w.marks[number]; named {
		e.markName.appendString(name)
	} else {
		e.markName.appendNull()
	}
}

func (e *docOpEncoder) appendKey(w *documentWriter, op *writeOp) {
	last := e.lastKey
	e.lastKey = op.key
	switch {
	case op.key != noKey:
		e.keyActor.appendNull()
		e.keyCounter.appendNull()
		if op.key == last {
			e.keyString.again() // keys may be long, and comparing them costs
		} else {
			e.keyString.appendString(w.keys[op.key])
		}
		return
	case op.elem == headElem:
		e.keyActor.appendNull()
		e.keyCounter.appendInt(0)
	default:
		elem := w.ops[op.elem].id
		e.keyActor.appendUint(uint64(elem.actor))
		e.keyCounter.appendInt(int64(elem.counter))
	}
	e.keyString.appendNull()
}

func (e *docOpEncoder) finish() [][]byte {
	cols := make([][]byte, docOpColumns)
	cols[docObjectActor] = e.objectActor.finish()
	cols[docObjectCounter] = e.objectCounter.finish()
	cols[docKeyActor] = e.keyActor.finish()
	cols[docKeyCounter] = e.keyCounter.finish()
	cols[docKeyString] = e.keyString.finish()
	cols[docIDActor] = e.idActor.finish()
	cols[docIDCounter] = e.idCounter.finish()
	cols[docInsert] = e.insert.finish()
	cols[docAction] = e.action.finish()
	cols[docValueMeta] = e.valueMeta.finish()
	cols[docValue] = e.value
	cols[docSuccCount] = e.succCount.finish()
	cols[docSuccActor] = e.succActor.finish()
	cols[docSuccCounter] = e.succCounter.finish()
	if e.expand.any {
		cols[docExpand] = e.expand.finish()
	}
	cols[docMarkName] = e.markName.finish()
	return cols
}

// changeColumns encodes what the document says about changes.
func (w *documentWriter) changeColumns() [][]byte {
	var actor, message, depCount, extraMeta runEncoder
	var seq, maxOp, time, dep deltaEncoder
	var extra []byte
	for _, c := range w.changes {
		actor.appendUint(uint64(w.ranks[c.Actor]))
		seq.appendInt(int64(c.Seq))
		maxOp.appendInt(int64(c.MaxOp()))
		time.appendInt(c.Time)
		if c.Message == "" {
			message.appendNull()
		} else {
			message.appendString(c.Message)
		}
		depCount.appendUint(uint64(len(c.Deps)))
		for _, d := range c.Deps {
			dep.appendInt(int64(w.index[d]))
		}
		extraMeta.appendUint(uint64(len(c.Extra))<<4 | uint64(ValueBytes))
		extra = append(extra, c.Extra...)
	}
	cols := make([][]byte, docChangeColumns)
	cols[docActor] = actor.finish()
	cols[docSeq] = seq.finish()
	cols[docMaxOp] = maxOp.finish()
	cols[docTime] = time.finish()
	cols[docMessage] = message.finish()
	cols[docDepCount] = depCount.finish()
	cols[docDep] = dep.finish()
	cols[docExtraMeta] = extraMeta.finish()
	cols[docExtra] = extra
	return cols
}
