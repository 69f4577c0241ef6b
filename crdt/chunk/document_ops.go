package chunk

import "slices"

// locate gives the change that made an operation: the first one of its actor
// with a max op that is not below the counter. It returns -1 if there is none.
func (d *document) locate(o docID) int {
	own := d.byActor[o.actor]
	i, _ := slices.BinarySearchFunc(own, uint64(o.counter), func(change int32, counter uint64) int {
		if d.metas[change].maxOp < counter {
			return -1
		}
		return 1
	})
	if i == len(own) {
		return -1
	}
	return int(own[i])
}

// What stands in slots instead of a row.
const (
	slotEmpty  = -1
	slotDelete = -2
)

// assign gives each operation its slot and each slot its predecessors.
func (d *document) assign() error {
	for i := range d.metas {
		d.metas[i].startOp = d.metas[i].maxOp + 1
	}
	lower := func(o docID) error {
		i := d.locate(o)
		if i < 0 {
			return malformed("operation %d of actor %d belongs to no change", o.counter, o.actor)
		}
		d.metas[i].startOp = min(d.metas[i].startOp, uint64(o.counter))
		return nil
	}
	for i := range d.rows {
		if err := lower(d.rows[i].id); err != nil {
			return err
		}
	}
	for i := range d.edges {
		if err := lower(d.edges[i].succ); err != nil {
			return err
		}
	}
	total := 0
	for i := range d.metas {
		m := &d.metas[i]
		m.slot = total
		if total += m.opCount(); total > len(d.rows)+len(d.edges) {
			return malformed("changes up to %d have operations that are missing", i)
		}
	}
	if total > d.lim.DocumentOpsMax {
		return overLimit("%d operations, at most %d", total, d.lim.DocumentOpsMax)
	}
	return d.fillSlots(total)
}

func (d *document) fillSlots(total int) error {
	d.slots = make([]int32, total)
	for i := range d.slots {
		d.slots[i] = slotEmpty
	}
	for i := range d.rows {
		s := d.slotOf(d.rows[i].id)
		if d.slots[s] != slotEmpty {
			return malformed("op %d: two operations have its id", i)
		}
		d.slots[s] = int32(i)
	}
	d.predAt = make([]int32, total+1)
	for i := range d.edges {
		s := d.slotOf(d.edges[i].succ)
		if d.slots[s] == slotEmpty {
			d.slots[s] = slotDelete
		}
		d.predAt[s+1]++
	}
	for s := range total {
		d.predAt[s+1] += d.predAt[s]
	}
	// Rows lie in the order in which predecessors are listed.
	d.preds = make([]int32, len(d.edges))
	next := slices.Clone(d.predAt)
	for i := range d.edges {
		s := d.slotOf(d.edges[i].succ)
		d.preds[next[s]] = d.edges[i].row
		next[s]++
	}
	d.edges = nil
	return nil
}

func (d *document) slotOf(o docID) int {
	m := &d.metas[d.locate(o)]
	return m.slot + int(uint64(o.counter)-m.startOp)
}
