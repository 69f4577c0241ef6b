package chunk

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/tavle-org/tavle/crdt/id"
)

// documentWriter puts changes together into one document chunk.
//
// A document has the operations of all changes in one table: object by object
// in the order of their ids; in a map by key; in a sequence in the order of the
// elements; and within one key or element by id. An operation names those that
// supersede it, and a deletion, which does nothing else, has no row.
//
// Every operation gets a number, change by change, so that what it refers to
// is four bytes and always a smaller number. The steps are those of build:
//
//  1. readChanges: actors, dependencies as indexes, the first number of each
//     change.
//  2. readOps (document_gather.go): one record of 40 bytes for each operation,
//     the values and keys left where they are.
//  3. order (document_order.go): the numbers in the order of the rows.
//  4. write (document_columns.go): the columns; then everything is framed.
//
// All steps are linear in the operations but for sorting the different map
// keys. There is no comparison sort of the operations: those of one actor
// are in order already, counters are no higher than there are operations, and
// so stable counting sorts by counter, by key and by object do it. The first
// draft inserted each operation where the engine would have (a search in the
// table so far); it was quadratic in a text and needed the engine's indexes.
//
// Memory is about 80 bytes an operation, and the columns. What the changes hold
// is referred to and not copied.
type documentWriter struct {
	lim     Limits
	pace    pacer
	changes []*Change

	actors  []id.Actor // sorted; an actor's rank is its index
	ranks   map[id.Actor]uint32
	byActor [][]int32 // for each rank: its changes in order
	index   map[id.ChangeHash]int32
	first   []int32 // for each change, and behind the last: the number of its first operation
	values  int     // bytes of all values

	ops      []writeOp
	marks    map[int32]string // names of the operations that begin a mark
	keys     []string         // different map keys; an index of these is in writeOp
	keyIndex map[string]int32
	last     keyRef
	edges    []writeEdge
	refs     refCache

	succAt []int32 // where in succs the successors of an operation begin; one more at the end
	succs  []int32 // numbers, for each operation by id
	rows   []int32 // numbers in the order of the rows
}

// stepWork is after about how many operations a step function is called.
const stepWork = 4096

// pacer calls a step function from time to time.
type pacer struct {
	step func() error // may be nil
	work int
}

func (p *pacer) spend(work int) error {
	if p.work += work; p.work < stepWork || p.step == nil {
		return nil
	}
	p.work = 0
	return p.step()
}

// BuildDocument writes changes as one document chunk. Each change comes after
// those it depends on, and all of them are there; they have been accepted by
// ParseChange and fit together, as those of a history do. The same changes in
// the same order give the same bytes.
//
// It takes time in proportion to the operations, and calls step, if it is not
// nil, every few thousand, which is a millisecond or two: step may wait, and its
// error ends the work and is returned. The longest stretch without is sorting:
// some 50 ns for each operation of the document, and sorting the map keys. What is written can be read within lim; the error wraps ErrLimit if
// it could not, and ErrMalformed if the changes do not fit together.
//
// The changes are only read. Other goroutines may do so at the same time.
func BuildDocument(changes []*Change, lim Limits, step func() error) ([]byte, error) {
	w := documentWriter{lim: lim.withDefaults(), pace: pacer{step: step}, changes: changes}
	data, err := w.build()
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return data, nil
}

func (w *documentWriter) build() ([]byte, error) {
	for _, step := range []func() error{w.readChanges, w.readOps, w.linkSuccs, w.order} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	opCols, err := w.opColumns()
	if err != nil {
		return nil, err
	}
	changeCols := w.changeColumns()
	size := 0
	for _, col := range slices.Concat(changeCols, opCols) {
		size += len(col)
	}
	if size > w.lim.BytesMax {
		return nil, overLimit("%d bytes of columns, at most %d", size, w.lim.BytesMax)
	}
	return w.frame(changeCols, opCols)
}

// readChanges numbers the actors and the operations.
func (w *documentWriter) readChanges() error {
	if len(w.changes) > w.lim.ChangesMax {
		return overLimit("%d changes, at most %d", len(w.changes), w.lim.ChangesMax)
	}
	w.rankActors()
	if len(w.actors) > w.lim.ActorsMax {
		return overLimit("%d actors, at most %d", len(w.actors), w.lim.ActorsMax)
	}
	w.byActor = make([][]int32, len(w.actors))
	w.index = make(map[id.ChangeHash]int32, len(w.changes))
	w.first = make([]int32, 0, len(w.changes)+1)
	total := 0
	for i, c := range w.changes {
		own := w.byActor[w.ranks[c.Actor]]
		if c.Seq != uint64(len(own)+1) {
			return malformed("change %d: sequence number %d after %d changes of its actor", i, c.Seq, len(own))
		}
		if len(own) > 0 && w.changes[own[len(own)-1]].MaxOp() >= c.StartOp {
			return malformed("change %d: starts before the actor's change before it ends", i)
		}
		for _, d := range c.Deps {
			if _, ok := w.index[d]; !ok {
				return malformed("change %d: depends on a change that is not before it", i)
			}
		}
		w.byActor[w.ranks[c.Actor]] = append(own, int32(i))
		w.index[c.Hash] = int32(i)
		w.first = append(w.first, int32(total))
		if total += c.OpCount; total > w.lim.DocumentOpsMax {
			return overLimit("more than %d operations", w.lim.DocumentOpsMax)
		}
		if w.values += c.valueBytes(); w.values > w.lim.BytesMax {
			return overLimit("more than %d bytes of values", w.lim.BytesMax)
		}
	}
	w.first = append(w.first, int32(total))
	return nil
}

func (w *documentWriter) rankActors() {
	w.ranks = map[id.Actor]uint32{}
	for _, c := range w.changes {
		if _, ok := w.ranks[c.Actor]; !ok {
			w.ranks[c.Actor] = 0
			w.actors = append(w.actors, c.Actor)
		}
	}
	slices.Sort(w.actors)
	for rank, a := range w.actors {
		w.ranks[a] = uint32(rank)
	}
}

// heads returns the indexes of the changes that no other depends on, by hash.
func (w *documentWriter) heads() []int32 {
	isDep := make([]bool, len(w.changes))
	for _, c := range w.changes {
		for _, d := range c.Deps {
			isDep[w.index[d]] = true
		}
	}
	var heads []int32
	for i := range w.changes {
		if !isDep[i] {
			heads = append(heads, int32(i))
		}
	}
	slices.SortFunc(heads, func(a, b int32) int { return w.changes[a].Hash.Compare(w.changes[b].Hash) })
	return heads
}

// frame puts everything into a chunk, long columns deflated.
func (w *documentWriter) frame(changeCols, opCols [][]byte) ([]byte, error) {
	heads := w.heads()
	if len(heads) > w.lim.DepsMax {
		return nil, overLimit("%d heads, at most %d", len(heads), w.lim.DepsMax)
	}
	body := appendUleb(nil, uint64(len(w.actors)))
	for _, a := range w.actors {
		body = appendBytes(body, string(a))
	}
	body = appendUleb(body, uint64(len(heads)))
	for _, i := range heads {
		body = append(body, w.changes[i].Hash[:]...)
	}
	var data []byte
	var err error
	if body, data, err = w.appendColumns(body, data, docChangeSpecs, changeCols); err != nil {
		return nil, err
	}
	if body, data, err = w.appendColumns(body, data, docOpSpecs, opCols); err != nil {
		return nil, err
	}
	body = append(body, data...)
	for _, i := range heads {
		body = appendUleb(body, uint64(i))
	}
	chunk := encodeChunk(TypeDocument, body)
	if len(chunk) > w.lim.BytesMax {
		return nil, overLimit("%d bytes, at most %d", len(chunk), w.lim.BytesMax)
	}
	return chunk, nil
}

// appendColumns appends the list of columns to list and their bytes to data.
func (w *documentWriter) appendColumns(list, data []byte, specs []uint64, cols [][]byte) (_, _ []byte, err error) {
	count := uint64(0)
	for _, col := range cols {
		if len(col) > 0 {
			count++
		}
	}
	list = appendUleb(list, count)
	for k, col := range cols {
		if len(col) == 0 {
			continue
		}
		spec, before := specs[k], len(data)
		if len(col) < deflateBytesMin {
			data = append(data, col...)
		} else if data, err = w.deflateColumn(data, col); err != nil {
			return nil, nil, err
		} else {
			spec |= deflatedBit
		}
		list = appendUleb(appendUleb(list, spec), uint64(len(data)-before))
	}
	return list, data, nil
}

// bestDeflaters are of 0.8 MB each, a multiple of what a small document takes.
var bestDeflaters = sync.Pool{New: func() any {
	z, err := flate.NewWriter(nil, flate.BestCompression)
	if err != nil {
		panic(err) // only for a level that does not exist
	}
	return z
}}

// deflateWork is how many bytes deflating at once counts as a step.
const deflateWork = 16 << 10

// deflateColumn appends the column deflated to dst. A document is written once
// and sent often, so it is deflated as well as can be.
func (w *documentWriter) deflateColumn(dst, col []byte) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	z := bestDeflaters.Get().(*flate.Writer)
	defer bestDeflaters.Put(z)
	z.Reset(out)
	for len(col) > 0 {
		part := col[:min(len(col), deflateWork)]
		col = col[len(part):]
		if _, err := z.Write(part); err != nil {
			return nil, err
		}
		if err := w.pace.spend(stepWork); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}
