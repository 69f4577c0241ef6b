package history

import (
	"container/heap"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// orphans holds changes that cannot be accepted yet. Each waits for one missing
// dependency at a time, so that an arriving change wakes only those that wait
// for it. It is bounded: the oldest make room for new ones. It holds a change for as
// long as there is somebody who has brought it: see History.Forget.
type orphans struct {
	byHash  map[id.ChangeHash]*orphan
	waiting map[id.ChangeHash]map[id.ChangeHash]struct{} // missing change -> orphans
	growing growing                                      // those that wait for the document to grow
	order   []id.ChangeHash                              // oldest first; may name orphans that are gone
	of      map[any]*share                               // of each who has brought any
	bytes   int64                                        // of memory
}

// share is what one has brought.
type share struct {
	changes map[id.ChangeHash]struct{}
	bytes   int64 // of memory
}

type orphan struct {
	change   *chunk.Change
	from     []any // who brought it, without repetition
	waitsFor id.ChangeHash
	at       int // in growing; notGrowing
}

// bringersMax bounds who is remembered to have brought one change.
const bringersMax = 64

// What a held change takes besides its bytes: what was read of it and its places in the
// maps, and that of each who has brought it.
const (
	orphanOverhead  = 1 << 10
	bringerOverhead = 120
)

// size is what it takes in memory, whoever has brought it.
func (o *orphan) size() int64 {
	return int64(orphanOverhead + len(o.change.Bytes()) + 32*(len(o.change.Deps)+len(o.change.Others)))
}

// brought notes that one more has brought a held change.
func (o *orphans) brought(held *orphan, from any) {
	if len(held.from) >= bringersMax || slices.Contains(held.from, from) {
		return
	}
	held.from = append(held.from, from)
	own := o.of[from]
	if own == nil {
		own = &share{changes: map[id.ChangeHash]struct{}{}}
		o.of[from] = own
	}
	own.changes[held.change.Hash] = struct{}{}
	own.bytes += held.size()
	o.bytes += bringerOverhead
}

// leave undoes brought.
func (o *orphans) leave(held *orphan, from any) {
	own := o.of[from]
	delete(own.changes, held.change.Hash)
	own.bytes -= held.size()
	o.bytes -= bringerOverhead
	if len(own.changes) == 0 {
		delete(o.of, from)
	}
}

// Forget forgets what from has brought, as far as it is held: it is judged for others who
// have brought it too, and dropped if there are none. Of that Dropped does not tell.
func (h *History) Forget(from any) {
	o := &h.orphans
	own := o.of[from]
	if own == nil {
		return
	}
	for hash := range own.changes {
		held := o.byHash[hash]
		held.from = slices.DeleteFunc(held.from, func(by any) bool { return by == from })
		o.leave(held, from)
		if len(held.from) == 0 {
			o.take(hash)
		}
	}
}

// HeldBytes is what the held changes take in memory that from has brought.
func (h *History) HeldBytes(from any) int64 {
	if own := h.orphans.of[from]; own != nil {
		return own.bytes
	}
	return 0
}

func (o *orphans) len() int { return len(o.byHash) }

func (o *orphans) has(hash id.ChangeHash) bool { return o.byHash[hash] != nil }

func (o *orphans) change(hash id.ChangeHash) *chunk.Change {
	if held := o.byHash[hash]; held != nil {
		return held.change
	}
	return nil
}

// hold keeps c until the change waitsFor arrives. A change that waits for the
// document to grow (see History.blocker) waits for the zero hash.
// It returns those that had to make room.
func (o *orphans) hold(c *chunk.Change, from any, waitsFor id.ChangeHash, l Limits) (gone []*orphan) {
	held := &orphan{change: c, at: notGrowing}
	if held.size() > l.OrphanBytesMax {
		held.from = []any{from}
		return []*orphan{held}
	}
	if o.byHash == nil {
		o.byHash = map[id.ChangeHash]*orphan{}
		o.waiting = map[id.ChangeHash]map[id.ChangeHash]struct{}{}
		o.of = map[any]*share{}
	}
	o.byHash[c.Hash] = held
	o.brought(held, from)
	o.wait(c.Hash, waitsFor)
	o.order = append(o.order, c.Hash)
	o.bytes += held.size()
	if len(o.order) > 2*len(o.byHash)+64 {
		o.compact()
	}
	return o.shrink(l)
}

// shrink drops the oldest until the others keep to the limits, and returns them.
func (o *orphans) shrink(l Limits) (gone []*orphan) {
	for len(o.byHash) > l.OrphansMax || o.bytes > l.OrphanBytesMax {
		oldest := o.order[0]
		o.order = o.order[1:]
		if held := o.take(oldest); held != nil {
			gone = append(gone, held)
		}
	}
	return gone
}

// wait makes a held change wait for another one than before.
func (o *orphans) wait(hash, waitsFor id.ChangeHash) {
	held := o.byHash[hash]
	held.waitsFor = waitsFor
	if waitsFor == growth {
		heap.Push(&o.growing, held)
		return
	}
	set := o.waiting[waitsFor]
	if set == nil {
		set = map[id.ChangeHash]struct{}{}
		o.waiting[waitsFor] = set
	}
	set[hash] = struct{}{}
}

// take removes and returns a held change; nil when it is not held.
func (o *orphans) take(hash id.ChangeHash) *orphan {
	held := o.byHash[hash]
	if held == nil {
		return nil
	}
	delete(o.byHash, hash)
	o.bytes -= held.size()
	if held.at != notGrowing {
		heap.Remove(&o.growing, held.at)
	}
	if set := o.waiting[held.waitsFor]; set != nil {
		delete(set, hash)
		if len(set) == 0 {
			delete(o.waiting, held.waitsFor)
		}
	}
	for _, from := range held.from {
		o.leave(held, from)
	}
	if len(o.byHash) == 0 {
		*o = orphans{} // the maps keep the room of their fullest time
	}
	return held
}

// wake returns those that waited for the given change, in no order; they are
// held still, waiting for nothing, until wait or take.
func (o *orphans) wake(arrived id.ChangeHash) []id.ChangeHash {
	set := o.waiting[arrived]
	if len(set) == 0 {
		return nil
	}
	delete(o.waiting, arrived)
	hashes := make([]id.ChangeHash, 0, len(set))
	for hash := range set {
		hashes = append(hashes, hash)
	}
	return hashes
}

// wakeGrown does so for those that start at the given operation or before it, and waited for the
// document to get there.
func (o *orphans) wakeGrown(op uint64) (hashes []id.ChangeHash) {
	for len(o.growing) > 0 && o.growing[0].change.StartOp <= op {
		held := heap.Pop(&o.growing).(*orphan)
		hashes = append(hashes, held.change.Hash)
	}
	return hashes
}

// growing is a heap of held changes with the one on top that starts first: every change
// makes the document grow, and most wait for much more.
type growing []*orphan

const notGrowing = -1

func (g growing) Len() int           { return len(g) }
func (g growing) Less(i, j int) bool { return g[i].change.StartOp < g[j].change.StartOp }
func (g growing) Swap(i, j int) {
	g[i], g[j] = g[j], g[i]
	g[i].at, g[j].at = i, j
}
func (g *growing) Push(x any) {
	held := x.(*orphan)
	held.at = len(*g)
	*g = append(*g, held)
}
func (g *growing) Pop() any {
	last := len(*g) - 1
	held := (*g)[last]
	(*g)[last], *g = nil, (*g)[:last]
	held.at = notGrowing
	return held
}

func (o *orphans) compact() {
	kept := o.order[:0]
	for _, hash := range o.order {
		if o.has(hash) {
			kept = append(kept, hash)
		}
	}
	o.order = kept
}
