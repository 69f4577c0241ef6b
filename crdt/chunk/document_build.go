package chunk

import (
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
)

// docScratch is what building one change needs and the next one can use again.
type docScratch struct {
	seen   []int32 // for each actor: 1 + the last change that named it
	index  []int32 // for each actor: its index in that change
	others []uint32
	preds  []OpID
	enc    opEncoder
}

func (s *docScratch) prepare(actors int) {
	s.seen, s.index = make([]int32, actors), make([]int32, actors)
}

// buildChanges encodes and hashes all changes in the document's order, in which
// dependencies come first.
func (d *document) buildChanges() error {
	d.scratch.prepare(len(d.actors))
	d.built = make([]*Change, 0, len(d.metas))
	for i := range d.metas {
		c, err := d.buildChange(i)
		if err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
		d.built = append(d.built, c)
	}
	return nil
}

func (d *document) buildChange(i int) (*Change, error) {
	spec, cols, err := d.encode(i, func(on uint32) id.ChangeHash { return d.built[on].Hash })
	if err != nil {
		return nil, err
	}
	return build(&spec, cols, d.lim)
}

// encode puts change i together from its slots. The columns are valid until the
// next call. hash gives the hashes of earlier changes.
func (d *document) encode(i int, hash func(uint32) id.ChangeHash) (Spec, [changeColumns][]byte, error) {
	m := &d.metas[i]
	spec := Spec{
		Actor: d.actors[m.actor], Seq: m.seq, StartOp: m.startOp, Time: m.time, Message: string(m.message), Extra: m.extra,
		Deps: make([]id.ChangeHash, len(m.deps)),
	}
	for k, on := range m.deps {
		spec.Deps[k] = hash(on)
	}
	if err := d.collectActors(i); err != nil {
		return spec, [changeColumns][]byte{}, err
	}
	for _, a := range d.scratch.others {
		spec.Others = append(spec.Others, d.actors[a])
	}
	enc := &d.scratch.enc
	enc.reset()
	for k := range m.opCount() {
		op, err := d.op(m.slot + k)
		if err != nil {
			return spec, [changeColumns][]byte{}, fmt.Errorf("op %d: %w", k, err)
		}
		enc.append(&op)
	}
	return spec, enc.finish(), nil
}

// collectActors finds the actors beside its author that change i names, and
// charges its size to what the changes may take.
func (d *document) collectActors(i int) error {
	m, s := &d.metas[i], &d.scratch
	s.others = s.others[:0]
	s.seen[m.actor], s.index[m.actor] = int32(i+1), 0
	note := func(o docID) {
		if o.counter > 0 && s.seen[o.actor] != int32(i+1) {
			s.seen[o.actor] = int32(i + 1)
			s.others = append(s.others, o.actor)
		}
	}
	d.growth -= len(d.actors[m.actor]) + len(m.message) + len(m.extra) + len(m.deps)*len(id.ChangeHash{})
	for slot := m.slot; slot < m.slot+m.opCount(); slot++ {
		row, preds, err := d.rowOf(slot)
		if err != nil {
			return err
		}
		note(row.object)
		note(d.elemOf(slot, row))
		for _, p := range preds {
			note(d.rows[p].id)
		}
		d.growth -= len(row.key) + int(row.valueLen)
		if row.mark >= 0 {
			d.growth -= len(d.marks[row.mark])
		}
	}
	if d.growth < 0 {
		return overLimit("the changes of the document are too large together")
	}
	slices.Sort(s.others)
	for k, a := range s.others {
		s.index[a] = int32(k + 1)
	}
	return nil
}

// rowOf gives the row of a slot, that of the first predecessor for a deletion,
// and the predecessors.
func (d *document) rowOf(slot int) (*docRow, []int32, error) {
	preds := d.preds[d.predAt[slot]:d.predAt[slot+1]]
	switch row := d.slots[slot]; row {
	case slotEmpty:
		return nil, nil, malformed("an operation is missing")
	case slotDelete:
		return &d.rows[preds[0]], preds, nil
	default:
		return &d.rows[row], preds, nil
	}
}

// elemOf gives the element that a slot's operation acts on. A deletion acts on
// the element that its predecessor inserted or acted on.
func (d *document) elemOf(slot int, row *docRow) docID {
	if d.slots[slot] == slotDelete && row.insert {
		return row.id
	}
	return row.elem
}

// op puts the operation of a slot together. Its predecessors are valid until
// the next call.
func (d *document) op(slot int) (Op, error) {
	row, preds, err := d.rowOf(slot)
	if err != nil {
		return Op{}, err
	}
	op := Op{
		Object: d.opID(row.object), Sequence: row.sequence, Key: row.key, Elem: d.opID(d.elemOf(slot, row)),
		Action: ActionDelete, Pred: d.scratch.preds[:0],
	}
	for _, p := range preds {
		op.Pred = append(op.Pred, d.opID(d.rows[p].id))
	}
	d.scratch.preds = op.Pred
	if d.slots[slot] == slotDelete {
		return op, nil
	}
	op.Insert, op.Action, op.Expand = row.insert, row.action, row.expand
	op.Value = Value{row.kind, d.ops[docValue][row.valueAt:][:row.valueLen]}
	if row.mark >= 0 {
		op.MarkName, op.HasMarkName = d.marks[row.mark], true
	}
	return op, nil
}

func (d *document) opID(o docID) OpID {
	if o.counter == 0 {
		return OpID{}
	}
	return OpID{Counter: uint64(o.counter), Actor: d.scratch.index[o.actor]}
}
