package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// # The graph in storage
//
// The changes say everything, but to read and hash them all takes about a
// microsecond each, and most of what a peer asks needs none. So the graph can be kept beside
// them, about 40 bytes a change. It is a row of entries, one a change, in the order of the
// history:
//
//	uvarint  number of dependencies
//	uvarint  of each: how far before this change it stands, in the order of the change
//	uvarint  number of the actor, in the order in which the actors appear; a new
//	         one is followed by the length of its id, uvarint, and its bytes
//	uvarint  by how much the first operation's counter is above the least that is
//	         possible, which is one more than the last of the dependencies
//	uvarint  number of operations
//	uvarint  bytes of the change
//	32       its hash
//
// The sequence number is that which follows the actor's last. Pieces of the row can
// be put one behind the other, since no entry tells of what follows; so new entries are
// appended to what is stored.
//
// The graph is derived, and nobody has to believe it: a sum is for storage to keep,
// Open checks all rules that concern the graph alone, its heads are compared with
// those of the document by whoever opens it, and each change that is read is hashed and
// compared.

// A graph is worth keeping from this many changes on, and worth growing when this
// many more have come, and this part of those that it covers: the changes that it
// does not cover are read when the document is opened.
const (
	graphMin      = 256
	graphTailMin  = 64
	graphTailPart = 64
)

// GraphDue tells whether it is worth storing the graph of durable changes, while
// there is one that covers some of them; 0 if there is none.
func GraphDue(covered, durable int) bool {
	return durable >= graphMin && durable-covered >= max(graphTailMin, covered/graphTailPart)
}

// AppendGraph appends entries for the changes from index from on to b, as many as
// keep it below about bytesMax bytes and at least one, and returns the index of the first
// that did not fit. Only durable changes are taken, and only those that were not opened: their
// entries are stored.
func (h *History) AppendGraph(b []byte, from, bytesMax int) (graph []byte, next int) {
	const more = 8 * binary.MaxVarintLen64
	for ; from >= len(h.graph.keys) && from < h.durable; from++ {
		n, deps := h.graph.node(int32(from)), h.graph.depsOf(int32(from))
		actor := h.actors.ids[n.actor]
		size := more + len(deps)*binary.MaxVarintLen32 + len(actor) + len(id.ChangeHash{})
		if len(b) > 0 && len(b)+size > bytesMax {
			break
		}
		b = binary.AppendUvarint(b, uint64(len(deps)))
		start := uint64(0)
		for _, d := range deps {
			b = binary.AppendUvarint(b, uint64(int32(from)-d))
			start = max(start, h.graph.node(d).maxOp())
		}
		b = binary.AppendUvarint(b, uint64(n.actor))
		if int(h.actors.changes[n.actor][0]) == from {
			b = binary.AppendUvarint(b, uint64(len(actor)))
			b = append(b, actor...)
		}
		b = binary.AppendUvarint(b, uint64(n.startOp)-start-1)
		b = binary.AppendUvarint(b, uint64(n.opCount))
		b = binary.AppendUvarint(b, uint64(n.size))
		b = append(b, h.graph.hash(int32(from))[:]...)
	}
	return b, from
}

// Open returns a history of durable changes, of which it has the graph; the
// changes are read when they are needed. The caller compares DurableHeads with
// what it knows of the document. The error wraps ErrGraph.
func Open(l Limits, graph []byte, read Reader) (*History, error) {
	h := New(l)
	// An entry is rarely shorter; a little too much room does no harm.
	h.graph.grow(len(graph) / (len(id.ChangeHash{}) + 6))
	r := graphReader{data: graph}
	for r.left() > 0 {
		if err := h.openNext(&r); err != nil {
			return nil, fmt.Errorf("%w: change %d: %w", ErrGraph, h.Len(), err)
		}
	}
	h.graph.reindex(h.Len())
	h.durable, h.durableHeads = h.Len(), append(headSet(nil), h.heads...)
	h.read, h.first = read, h.Len()
	return h, nil
}

var errEntry = errors.New("bad entry")

func (h *History) openNext(r *graphReader) error {
	i := uint64(h.Len())
	count := r.uint(min(i, depsMax))
	start := uint64(0)
	begin := len(h.graph.deps)
	for range count {
		back := r.uint(i)
		if back == 0 {
			return errEntry
		}
		d := int32(i - back)
		h.graph.deps = append(h.graph.deps, d)
		start = max(start, h.graph.node(d).maxOp())
	}
	actor, err := h.openActor(r)
	if err != nil {
		return err
	}
	above, ops, size := r.uint(chunk.CounterMax), r.uint(chunk.CounterMax), r.uint(math.MaxInt32)
	hash := id.ChangeHash(r.take(len(id.ChangeHash{})))
	start += 1 + above
	if r.short || i >= indexMax || start > h.maxOp+1 || start+ops-1 > chunk.CounterMax {
		return errEntry
	}
	deps := h.graph.deps[begin:]
	if h.heads.advance(int32(i), hash, deps); len(h.heads) > h.limits.HeadsMax {
		return errEntry // an accepted history has fewer, and more would cost too much
	}
	h.actors.changes[actor] = append(h.actors.changes[actor], int32(i))
	n := node{actor: int32(actor), startOp: uint32(start), opCount: uint32(ops), size: uint32(size)}
	h.graph.keys = append(h.graph.keys, keyOf(&hash))
	h.graph.append(n, len(deps))
	h.bytes += int64(size)
	h.maxOp = max(h.maxOp, n.maxOp())
	return nil
}

func (h *History) openActor(r *graphReader) (number int, err error) {
	number = int(r.uint(uint64(len(h.actors.ids))))
	if number < len(h.actors.ids) {
		return number, nil
	}
	actor, err := id.ActorFromBytes(r.take(int(r.uint(id.ActorBytesMax))))
	if err != nil {
		return 0, err
	}
	if _, twice := h.actors.byID[actor]; twice || r.short {
		return 0, errEntry
	}
	return int(h.actors.intern(actor)), nil
}

// graphReader takes fields off a graph, one after the other. When there is too
// little left, or a number is too large, it is short for good and returns zeros.
type graphReader struct {
	data  []byte
	at    int // moving it costs less than cutting the slice, which the collector wants to hear of
	short bool
}

func (r *graphReader) left() int { return len(r.data) - r.at }

func (r *graphReader) uint(max uint64) uint64 {
	v, n := uint64(0), 1
	if r.at < len(r.data) && r.data[r.at] < 0x80 {
		v = uint64(r.data[r.at])
	} else {
		v, n = binary.Uvarint(r.data[r.at:])
	}
	if n <= 0 || v > max {
		r.at, r.short = len(r.data), true
		return 0
	}
	r.at += n
	return v
}

func (r *graphReader) take(n int) []byte {
	if n > r.left() {
		r.at, r.short = len(r.data), true
		return make([]byte, n)
	}
	r.at += n
	return r.data[r.at-n : r.at]
}
