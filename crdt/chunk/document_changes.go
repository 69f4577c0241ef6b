package chunk

// docChange is what a document says about one change.
type docChange struct {
	actor   uint32
	seq     uint64
	maxOp   uint64
	startOp uint64 // set by assign
	slot    int    // where its operations begin in slots
	time    int64
	message []byte
	deps    []uint32 // indexes of changes
	extra   []byte
}

func (m *docChange) opCount() int { return int(m.maxOp + 1 - m.startOp) }

// depsPerChange is how many dependencies the changes of a document may have on
// average. One is usual, and merging adds one for each branch.
const depsPerChange = 4

// docGrowStep is for how many rows there is memory at first. What a document
// claims to hold may be a lie, so there is more only when rows really come.
const docGrowStep = 4096

// docCursors makes cursors over the columns of a document. They are not strict:
// what counts is that the changes come out with the right hashes.
type docCursors struct {
	cols  [][]byte
	names []string
	rows  int
	fail  *failure
}

func (d *docCursors) runs(k int) runs {
	return newRuns(d.cols[k], d.names[k], d.rows, false, d.fail)
}

func (d *docCursors) bools(k int) bools {
	return newBools(d.cols[k], d.names[k], d.rows, false, d.fail)
}

// changeCursors walks along the columns about changes.
type changeCursors struct {
	fail               failure
	actor              uints
	seq, maxOp, time   deltas
	message            texts
	depCount           uints
	dep                deltas
	extra              uints
	extras             []byte   // what no change has taken yet
	deps               []uint32 // of all changes so far
	actors, depsMax, i int
}

func (d *document) changeCursors(count int) *changeCursors {
	c := &changeCursors{actors: len(d.actors), depsMax: d.lim.DepsMax}
	at := docCursors{d.changes, docChangeNames, count, &c.fail}
	c.actor.runs, c.seq.runs, c.maxOp.runs = at.runs(docActor), at.runs(docSeq), at.runs(docMaxOp)
	c.time.runs, c.message.runs = at.runs(docTime), at.runs(docMessage)
	c.depCount.runs, c.dep.runs = at.runs(docDepCount), at.runs(docDep)
	c.dep.rest = depsPerChange*d.lim.ChangesMax + d.lim.DepsMax
	c.extras = d.changes[docExtra]
	c.extra.runs = at.runs(docExtraMeta)
	return c
}

// readChanges reads the columns about changes.
func (d *document) readChanges() error {
	count, err := countRuns(d.changes[docActor], docChangeNames[docActor], d.lim.ChangesMax)
	if err != nil {
		return err
	}
	d.metas = make([]docChange, 0, min(count, max(docGrowStep, d.known.changes)))
	d.byActor = make([][]int32, len(d.actors))
	c := d.changeCursors(count)
	for i := range count {
		d.metas = append(d.metas, docChange{})
		if err := c.next(&d.metas[i]); err != nil {
			return err
		}
		if err := d.addToActor(i); err != nil {
			return err
		}
	}
	for _, r := range []*runs{
		&c.actor.runs, &c.seq.runs, &c.maxOp.runs, &c.time.runs, &c.message.runs, &c.depCount.runs, &c.dep.runs,
		&c.extra.runs,
	} {
		r.done()
	}
	if c.fail.err == nil && len(c.extras) > 0 {
		return malformed("column %s: has too many bytes", docChangeNames[docExtra])
	}
	return c.fail.err
}

func (c *changeCursors) next(m *docChange) error {
	actor, _ := c.actor.next()
	seq, _ := c.seq.next()
	maxOp, _ := c.maxOp.next()
	time, timed := c.time.next()
	m.message, _ = c.message.next()
	deps, ok := c.depCount.next()
	extra, _ := c.extra.next()
	i := c.i
	c.i++
	switch {
	case c.fail.err != nil:
		return c.fail.err
	case actor >= uint64(c.actors) || seq < 1 || seq > SeqMax || maxOp < 0 || maxOp > CounterMax || !ok:
		return malformed("change %d: actor, sequence number, max op or dependencies out of range", i)
	case extra>>4 > uint64(len(c.extras)):
		return malformed("change %d: more extra bytes than there are", i)
	case deps > uint64(min(i, c.depsMax)):
		return malformed("change %d: has more dependencies than there are changes before it", i)
	}
	if timed {
		m.time = time
	}
	m.actor, m.seq, m.maxOp = uint32(actor), uint64(seq), uint64(maxOp)
	m.extra, c.extras = c.extras[:extra>>4], c.extras[extra>>4:]
	first := len(c.deps)
	for range deps {
		on, ok := c.dep.next()
		if !ok || on < 0 || on >= int64(i) {
			return malformed("change %d: depends on a change that is not before it", i)
		}
		c.deps = append(c.deps, uint32(on))
	}
	m.deps = c.deps[first:]
	return c.fail.err
}

// addToActor puts change i behind the earlier ones of its actor.
func (d *document) addToActor(i int) error {
	m := &d.metas[i]
	own := d.byActor[m.actor]
	if m.seq != uint64(len(own)+1) {
		return malformed("change %d: sequence number %d after %d changes of its actor", i, m.seq, len(own))
	}
	if len(own) > 0 && d.metas[own[len(own)-1]].maxOp > m.maxOp {
		return malformed("change %d: lower max op than the actor's change before it", i)
	}
	d.byActor[m.actor] = append(own, int32(i))
	return nil
}
