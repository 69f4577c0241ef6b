package chunk

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
)

// VerifyDocument tells whether data is a document chunk from which every reader
// makes these changes, in their order, and the content that they have. It
// takes nothing from the one who wrote it: the document is read as by
// ParseDocument, each change is encoded from it and its hash compared, and so
// are the heads.
//
// That is not enough. Readers take the rows as they come, so a text whose rows
// are in the wrong order has the right changes and reads wrong. Therefore the
// order of the rows is checked too (see rowOrder), by another rule than the one
// by which BuildDocument makes it.
//
// The error wraps one of ErrMalformed, ErrChecksum, ErrLimit and ErrType, or is
// that of step, which is used as by BuildDocument.
func VerifyDocument(data []byte, changes []*Change, lim Limits, step func() error) error {
	d := newDocument(lim)
	d.pace.step = step
	v := documentVerifier{d: &d, changes: changes}
	d.known.changes = len(changes)
	for _, c := range changes {
		d.known.ops += c.OpCount
		d.known.values += c.valueBytes()
	}
	for _, step := range []func() error{
		func() error { return d.readFrame(data) },
		v.checkHeads, d.readChanges, d.readRows, v.checkOrder, d.assign, v.checkHashes,
	} {
		if err := step(); err != nil {
			return fmt.Errorf("verify document: %w", err)
		}
	}
	return nil
}

type documentVerifier struct {
	d       *document
	changes []*Change
}

// checkHeads compares the heads of the document, and which of its changes they
// are, with those of the changes.
func (v *documentVerifier) checkHeads() error {
	at, heads := headsOf(v.changes), v.d.heads
	if !slices.IsSortedFunc(heads, id.ChangeHash.Compare) || len(heads) != len(at) || len(v.d.headIndexes) != len(at) {
		return fmt.Errorf("%w: its heads are not those of the changes", ErrChecksum)
	}
	for k, head := range heads {
		if i, ok := at[head]; !ok || uint64(i) != v.d.headIndexes[k] {
			return fmt.Errorf("%w: its heads are not those of the changes", ErrChecksum)
		}
	}
	return nil
}

// checkHashes encodes every change and compares what comes out.
func (v *documentVerifier) checkHashes() error {
	d := v.d
	if len(d.metas) != len(v.changes) {
		return fmt.Errorf("%w: %d changes, not %d", ErrChecksum, len(d.metas), len(v.changes))
	}
	d.scratch.prepare(len(d.actors))
	var body, head []byte
	sum, got := sha256.New(), id.ChangeHash{}
	for i, want := range v.changes {
		spec, cols, err := d.encode(i, func(on uint32) id.ChangeHash { return v.changes[on].Hash })
		if err != nil {
			return fmt.Errorf("change %d: %w", i, err)
		}
		body = appendChangeBody(body[:0], &spec, cols)
		head = appendUleb(append(head[:0], byte(TypeChange)), uint64(len(body)))
		sum.Reset()
		sum.Write(head)
		sum.Write(body)
		if sum.Sum(got[:0]); got != want.Hash {
			return fmt.Errorf("%w: change %d is %s, not %s", ErrChecksum, i, got, want.Hash)
		}
		if err := d.pace.spend(1 + want.OpCount); err != nil {
			return err
		}
	}
	return nil
}

// checkOrder looks at the order of rows and successors.
func (v *documentVerifier) checkOrder() error {
	var o rowOrder
	edges := v.d.edges
	for i := range v.d.rows {
		if why := o.next(&v.d.rows[i]); why != "" {
			return malformed("op %d: %s", i, why)
		}
		var last docID
		for len(edges) > 0 && int(edges[0].row) == i {
			if edges[0].succ.compare(last) <= 0 {
				return malformed("op %d: successors out of order", i)
			}
			last, edges = edges[0].succ, edges[1:]
		}
		if err := v.d.pace.spend(1); err != nil {
			return err
		}
	}
	return nil
}

// rowOrder checks the order of rows one by one.
//
// For a sequence it keeps the way from the head down to the element before. An
// element has to be a child of one on that way; going back up to it leaves the
// elements below, and the child that was left last has to be greater. Since the
// hashes see to it that every element is there once, rows that pass are the walk
// in which parents come before children and siblings from the greatest down,
// and there is only one such walk.
type rowOrder struct {
	before *docRow // the row before, of any object
	path   []docID // from the head, which is the zero id, to the element before
}

// next returns what is wrong with the next row, or nothing.
func (o *rowOrder) next(row *docRow) string {
	before := o.before
	o.before = row
	if before == nil || before.object != row.object {
		if before != nil && row.object.compare(before.object) < 0 {
			return "objects out of order"
		}
		before, o.path = nil, append(o.path[:0], docID{})
	}
	switch {
	case before != nil && before.sequence != row.sequence:
		return "both keys and elements in one object"
	case !row.sequence:
		return mapOrder(before, row)
	case row.insert:
		return o.element(row)
	case row.elem != o.path[len(o.path)-1]:
		return "acts on an element that is not before it"
	case before == nil || row.id.compare(before.id) <= 0:
		return "operations on an element out of order"
	}
	return ""
}

func mapOrder(before, row *docRow) string {
	switch {
	case before == nil || before.key < row.key:
		return ""
	case before.key > row.key:
		return "keys out of order"
	case before.id.compare(row.id) >= 0:
		return "operations on a key out of order"
	}
	return ""
}

func (o *rowOrder) element(row *docRow) string {
	var left docID
	for len(o.path) > 0 && o.path[len(o.path)-1] != row.elem {
		left, o.path = o.path[len(o.path)-1], o.path[:len(o.path)-1]
	}
	if len(o.path) == 0 {
		o.path = append(o.path, docID{})
		return "stands behind an element that is not above it"
	}
	if left != (docID{}) && left.compare(row.id) <= 0 {
		return "elements out of order"
	}
	o.path = append(o.path, row.id)
	return ""
}
