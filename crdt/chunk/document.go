package chunk

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
)

// The columns of a document, in their order. The numbers that stand for them
// are built as those of a change.
const (
	docActor = iota
	docSeq
	docMaxOp
	docTime
	docMessage
	docDepCount
	docDep
	docExtraMeta
	docExtra
	docChangeColumns
)

const (
	docObjectActor = iota
	docObjectCounter
	docKeyActor
	docKeyCounter
	docKeyString
	docIDActor
	docIDCounter
	docInsert
	docAction
	docValueMeta
	docValue
	docSuccCount
	docSuccActor
	docSuccCounter
	docExpand
	docMarkName
	docOpColumns
)

var (
	docChangeSpecs = []uint64{0x01, 0x03, 0x13, 0x23, 0x35, 0x40, 0x43, 0x56, 0x57}
	docChangeNames = []string{
		"change actor", "sequence number", "max op", "time", "message", "dependency count", "dependency",
		"extra metadata", "extra",
	}
	docOpSpecs = []uint64{
		0x01, 0x02, 0x11, 0x13, 0x15, 0x21, 0x23, 0x34, 0x42, 0x56, 0x57, 0x80, 0x81, 0x83, 0x94, 0xa5,
	}
	docOpNames = []string{
		"object actor", "object counter", "key actor", "key counter", "key string", "id actor", "id counter",
		"insert", "action", "value metadata", "value", "successor count", "successor actor",
		"successor counter", "expand", "mark name",
	}
)

// documentGrowthMax is how many times BytesMax the changes of a document may
// weigh together. In the document a message, a key or a list of dependencies
// that repeats is written once, so its size says little about theirs.
const documentGrowthMax = 8

// document takes a document chunk apart. The chunk has the operations of all
// changes in one table, object by object. Each row names its successors, the
// operations that supersede it; a change names predecessors instead. And a
// deletion has no row at all: it exists only as a successor.
//
// So the changes are found again in these steps, which are those of
// ParseDocument:
//
//  1. readFrame, readChanges, readRows: the columns into memory.
//  2. assign (document_ops.go): each id belongs to the first change of its actor that has
//     a max op as high. A change begins at the lowest counter it was given.
//     From then on each operation has a slot, and a slot that no row has
//     filled but some successor names is a deletion.
//  3. buildChange (document_build.go): the slots of a change in order, encoded, and hashed.
//
// Nothing of this is trusted: each change passes ParseChange, and together they
// have to have the heads that the document names.
type document struct {
	lim     Limits
	actors  []id.Actor
	heads   []id.ChangeHash
	changes [][]byte // columns, inflated
	ops     [][]byte

	headIndexes []uint64 // of each head; none from old writers; not looked at by ParseDocument

	metas   []docChange
	byActor [][]int32 // indexes of metas, by sequence number
	rows    []docRow
	edges   []docEdge
	marks   []string

	slots   []int32 // for each operation of each change: its row, or a sentinel
	predAt  []int32 // where in preds the predecessors of a slot begin; one more at the end
	preds   []int32 // rows
	built   []*Change
	growth  int // bytes that the changes may still take
	known   known
	pace    pacer
	scratch docScratch
}

// known is how much there is in a document, as far as that is known before it is read.
// Otherwise memory grows with what comes: what a document says of itself may be a lie.
type known struct{ changes, ops, values int }

// ParseDocument reads a document chunk as saved by Automerge and returns its
// changes, each after those it depends on. They hash to the heads that the
// document names, and each is as valid as ParseChange demands. Nothing refers
// to data afterwards. The document without any change gives no changes.
//
// Errors wrap ErrMalformed, ErrChecksum, ErrLimit or ErrType.
func ParseDocument(data []byte, lim Limits) ([]*Change, error) {
	d := newDocument(lim)
	if err := d.parse(data); err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return d.built, nil
}

func newDocument(lim Limits) document {
	d := document{lim: lim.withDefaults()}
	d.growth = documentGrowthMax * d.lim.BytesMax
	return d
}

func (d *document) parse(data []byte) error {
	for _, step := range []func() error{
		func() error { return d.readFrame(data) },
		d.readChanges, d.readRows, d.assign, d.buildChanges, d.checkHeads,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// readFrame reads everything but what is in the columns.
func (d *document) readFrame(data []byte) error {
	r, err := d.openFrame(data)
	if err != nil {
		return err
	}
	if err := d.readActors(r); err != nil {
		return err
	}
	if err := d.readHeads(r); err != nil {
		return err
	}
	return d.readColumns(r)
}

// openFrame verifies the checksum and gives a reader of the body.
func (d *document) openFrame(data []byte) (*reader, error) {
	f, err := cutFrame(data, d.lim.BytesMax)
	if err != nil {
		return nil, err
	}
	if f.typ != TypeDocument {
		return nil, fmt.Errorf("%w: %v instead of a document", ErrType, f.typ)
	}
	if len(f.bytes) != len(data) {
		return nil, malformed("container: %d bytes after the chunk", len(data)-len(f.bytes))
	}
	hash := hashOf(f.bytes)
	if [checksumBytes]byte(hash[:]) != f.checksum {
		return nil, ErrChecksum
	}
	return &reader{data: f.body}, nil
}

func (d *document) readActors(r *reader) error {
	count := r.uleb("actor count")
	if count > uint64(r.left()/2) {
		return malformed("%d actors are more than there are bytes", count)
	}
	if count > uint64(d.lim.ActorsMax) {
		return overLimit("%d actors, at most %d", count, d.lim.ActorsMax)
	}
	for i := range int(count) {
		a := readActor(r, "actor")
		if r.err != nil {
			return r.err
		}
		if i > 0 && d.actors[i-1] >= a {
			return malformed("actors out of order at %d", i)
		}
		d.actors = append(d.actors, a)
	}
	return r.err
}

func (d *document) readHeads(r *reader) error {
	count := r.uleb("head count")
	if count > uint64(r.left()/len(id.ChangeHash{})) {
		return malformed("%d heads are more than there are bytes", count)
	}
	if count > uint64(d.lim.DepsMax) {
		return overLimit("%d heads, at most %d", count, d.lim.DepsMax)
	}
	for range count {
		d.heads = append(d.heads, id.ChangeHash(r.take(uint64(len(id.ChangeHash{})), "head")))
	}
	return r.err
}

// readColumns reads both lists of columns, then the columns of both, then the
// indexes of the heads. These are left out by old writers and not needed.
func (d *document) readColumns(r *reader) error {
	changeLengths := make([]uint64, docChangeColumns)
	changeDeflated, err := columnList(r, docChangeSpecs, docChangeNames, changeLengths)
	if err != nil {
		return err
	}
	opLengths := make([]uint64, docOpColumns)
	opDeflated, err := columnList(r, docOpSpecs, docOpNames, opLengths)
	if err != nil {
		return err
	}
	budget := d.lim.BytesMax
	if d.changes, err = takeColumns(r, changeLengths, changeDeflated, docChangeNames, &budget, nil); err != nil {
		return err
	}
	sizes := map[int]int{docValue: d.known.values}
	if d.ops, err = takeColumns(r, opLengths, opDeflated, docOpNames, &budget, sizes); err != nil {
		return err
	}
	if r.left() > 0 {
		for range d.heads {
			d.headIndexes = append(d.headIndexes, r.uleb("index of a head"))
		}
	}
	if r.err == nil && r.left() > 0 {
		return malformed("%d bytes at the end", r.left())
	}
	return r.err
}

// takeColumns takes columns of the given lengths from r and inflates those that
// need it. Together they may have budget bytes; of some the size is known.
func takeColumns(r *reader, lengths []uint64, deflated uint32, names []string, budget *int, sizes map[int]int) ([][]byte, error) {
	cols := make([][]byte, len(lengths))
	for k, length := range lengths {
		col := r.take(length, names[k])
		if r.err != nil {
			return nil, r.err
		}
		if deflated&(1<<k) != 0 {
			var err error
			if col, err = inflateBytes(col, *budget, sizes[k]); err != nil {
				return nil, fmt.Errorf("column %s: %w", names[k], err)
			}
		}
		if *budget -= len(col); *budget < 0 {
			return nil, overLimit("its columns are too long inflated")
		}
		cols[k] = col
	}
	return cols, nil
}

// checkHeads compares the changes that no other depends on with the heads.
func (d *document) checkHeads() error {
	heads := slices.SortedFunc(maps.Keys(headsOf(d.built)), id.ChangeHash.Compare)
	slices.SortFunc(d.heads, id.ChangeHash.Compare)
	if !slices.Equal(heads, d.heads) {
		return fmt.Errorf("%w: the changes do not give its %d heads", ErrChecksum, len(d.heads))
	}
	return nil
}

// headsOf gives the indexes of the changes that no other depends on. Each change comes
// after those it depends on.
func headsOf(changes []*Change) map[id.ChangeHash]int {
	heads := map[id.ChangeHash]int{}
	for i, c := range changes {
		heads[c.Hash] = i
		for _, d := range c.Deps {
			delete(heads, d)
		}
	}
	return heads
}

// DocumentHeads verifies the checksum of a document chunk and returns its heads
// as they stand in it. The rest is not looked at, so it costs a hash and is meant
// for documents that VerifyDocument accepted and that only we have kept since.
//
// Errors wrap ErrMalformed, ErrChecksum, ErrLimit or ErrType.
func DocumentHeads(data []byte, lim Limits) ([]id.ChangeHash, error) {
	d := newDocument(lim)
	r, err := d.openFrame(data)
	if err == nil {
		err = d.readActors(r)
	}
	if err == nil {
		err = d.readHeads(r)
	}
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return d.heads, nil
}
