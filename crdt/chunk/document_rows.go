package chunk

// docID is an operation's id; the actor is an index into the document's actors.
// Counter 0 is no operation, as in OpID.
type docID struct{ counter, actor uint32 }

// docRow is one row of the table of operations.
type docRow struct {
	id, object, elem  docID
	key               string // aliases the column
	valueAt, valueLen uint32 // in the value column
	mark              int32  // index into marks, -1 for none
	kind              ValueKind
	action            Action
	sequence          bool
	insert, expand    bool
}

// docEdge says that an operation supersedes the one in a row.
type docEdge struct {
	succ docID
	row  int32
}

// rowCursors walks along the columns of operations. They check what is needed to
// put changes together; ParseChange does the rest.
type rowCursors struct {
	fail                       failure
	objectActor, objectCounter uints
	keyActor                   uints
	keyCounter                 deltas
	keyString                  texts
	idActor                    uints
	idCounter                  deltas
	insert, expand             bools
	action, valueMeta          uints
	succCount, succActor       uints
	succCounter                deltas
	markName                   texts

	actors    uint64
	valueAt   uint64
	valueSize uint64
	row       int
}

func (d *document) rowCursors(count int) *rowCursors {
	c := &rowCursors{actors: uint64(len(d.actors)), valueSize: uint64(len(d.ops[docValue]))}
	at := docCursors{d.ops, docOpNames, count, &c.fail}
	c.objectActor.runs, c.objectCounter.runs = at.runs(docObjectActor), at.runs(docObjectCounter)
	c.keyActor.runs, c.keyCounter.runs, c.keyString.runs = at.runs(docKeyActor), at.runs(docKeyCounter), at.runs(docKeyString)
	c.idActor.runs, c.idCounter.runs = at.runs(docIDActor), at.runs(docIDCounter)
	c.insert, c.expand = at.bools(docInsert), at.bools(docExpand)
	c.action.runs, c.valueMeta.runs = at.runs(docAction), at.runs(docValueMeta)
	c.succCount.runs, c.succActor.runs, c.succCounter.runs = at.runs(docSuccCount), at.runs(docSuccActor), at.runs(docSuccCounter)
	c.succActor.rest, c.succCounter.rest = d.lim.DocumentOpsMax, d.lim.DocumentOpsMax
	c.markName.runs = at.runs(docMarkName)
	return c
}

// readRows reads the columns of operations.
func (d *document) readRows() error {
	count, err := countRuns(d.ops[docAction], docOpNames[docAction], d.lim.DocumentOpsMax)
	if err != nil {
		return err
	}
	c := d.rowCursors(count)
	d.rows = make([]docRow, 0, min(count, max(docGrowStep, d.known.ops)))
	for i := range count {
		d.rows = append(d.rows, docRow{})
		c.next(&d.rows[i])
		if name, ok := c.markName.next(); ok {
			d.rows[i].mark = int32(len(d.marks))
			d.marks = append(d.marks, alias(name))
		}
		if d.edges = c.succs(d.edges, d.lim.DocumentOpsMax); c.fail.err != nil {
			return c.fail.err
		}
		if err := d.pace.spend(1); err != nil {
			return err
		}
		c.row++
	}
	return c.done()
}

func (c *rowCursors) refuse(why string) {
	if c.fail.err == nil {
		c.fail.err = malformed("op %d: %s", c.row, why)
	}
}

func (c *rowCursors) next(row *docRow) {
	row.mark = -1
	actor, hasActor := c.objectActor.next()
	counter, hasCounter := c.objectCounter.next()
	row.object = c.id(actor, hasActor, counter, hasCounter)
	c.key(row)
	actor, hasActor = c.idActor.next()
	own, hasOwn := c.idCounter.next()
	if row.id = c.id(actor, hasActor, uint64(own), hasOwn); row.id.counter == 0 {
		c.refuse("has no id")
	}
	row.insert, row.expand = c.insert.next(), c.expand.next()
	action, ok := c.action.next()
	if !ok || action >= actions {
		c.refuse("unknown action")
	}
	row.action = Action(action)
	c.value(row)
}

// id gives the id of an actor and a counter, or none if both are null.
func (c *rowCursors) id(actor uint64, hasActor bool, counter uint64, hasCounter bool) docID {
	if !hasActor && !hasCounter {
		return docID{}
	}
	if !hasActor || !hasCounter || counter == 0 || counter > CounterMax || actor >= c.actors {
		c.refuse("an id is out of range")
		return docID{}
	}
	return docID{uint32(counter), uint32(actor)}
}

func (c *rowCursors) key(row *docRow) {
	actor, hasActor := c.keyActor.next()
	counter, hasCounter := c.keyCounter.next()
	key, hasKey := c.keyString.next()
	row.sequence = !hasKey
	switch {
	case hasKey:
		if hasActor || hasCounter {
			c.refuse("bad map key")
		}
		row.key = alias(key)
	case hasCounter && counter == 0 && !hasActor: // the head
	case !hasCounter:
		c.refuse("neither a map key nor an element")
	default:
		row.elem = c.id(actor, hasActor, uint64(counter), true)
	}
}

func (c *rowCursors) value(row *docRow) {
	meta, ok := c.valueMeta.next()
	length := meta >> 4
	if !ok || meta&0xf >= valueKinds || length > c.valueSize-c.valueAt {
		c.refuse("bad value")
		return
	}
	row.kind, row.valueAt, row.valueLen = ValueKind(meta&0xf), uint32(c.valueAt), uint32(length)
	c.valueAt += length
}

// succs appends the successors of the row to edges, which may grow to edgesMax.
func (c *rowCursors) succs(edges []docEdge, edgesMax int) []docEdge {
	count, ok := c.succCount.next()
	if !ok || count > uint64(edgesMax-len(edges)) {
		c.refuse("too many successors")
		return edges
	}
	for range count {
		actor, hasActor := c.succActor.next()
		counter, hasCounter := c.succCounter.next()
		succ := c.id(actor, hasActor, uint64(counter), hasCounter)
		if succ.counter == 0 {
			c.refuse("bad successor")
		}
		if c.fail.err != nil {
			break
		}
		edges = append(edges, docEdge{succ, int32(c.row)})
	}
	return edges
}

func (c *rowCursors) done() error {
	for _, r := range []*runs{
		&c.objectActor.runs, &c.objectCounter.runs, &c.keyActor.runs, &c.keyCounter.runs, &c.keyString.runs,
		&c.idActor.runs, &c.idCounter.runs, &c.action.runs, &c.valueMeta.runs, &c.succCount.runs,
		&c.succActor.runs, &c.succCounter.runs, &c.markName.runs,
	} {
		r.done()
	}
	c.insert.done()
	c.expand.done()
	if c.valueAt != c.valueSize {
		c.refuse("value column has too many bytes")
	}
	return c.fail.err
}
