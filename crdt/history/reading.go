package history

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// Reader reads durable changes back. It calls yield with the changes from index
// from on, in order, until yield returns false or there are no more; what it
// yields is lent for the call. is tells whether some bytes are the change with the index from,
// for a reader that has several candidates for it. What follows that one may be wrong:
// the reader is asked again, for the first that is.
//
// It is called by methods of the History, on their goroutine, and must not call
// any itself.
type Reader func(from int, is func(change []byte) bool, yield func(i int, change []byte) bool) error

// ErrGraph marks a graph that is not that of the changes: damaged, of another
// document or of another life of this one. The history is to be given up and made
// anew from the changes themselves, which are as good as before.
var ErrGraph = errors.New("the graph is not that of the changes")

// # Changes that are not in memory
//
// A history without a reader keeps all its changes. With one it keeps those that
// are not durable yet, and of the others a few that were used last.
//
// Reading may fail, and a change that was read may not be the one that the graph
// tells of: each is hashed and compared. Then the history is broken for good:
// Err says why, Add and CatchUp return the same error, and what else is asked gets answers that
// are not to be used. Whoever has given a reader asks Err before anything leaves.
// That keeps the many who ask from each having to say what they do with an error
// that ends everything anyway.

// SetReader lets go of durable changes from now on; they are read when they are needed.
func (h *History) SetReader(r Reader) {
	h.read = r
	h.release()
}

// Err returns why the history is broken; nil if it is not.
func (h *History) Err() error { return h.err }

func (h *History) fail(err error) error {
	if h.err == nil {
		h.err = err
	}
	return h.err
}

// release moves durable changes to those that are kept for a while.
func (h *History) release() {
	if h.read == nil || h.first >= h.durable {
		return
	}
	n := h.durable - h.first
	for k, c := range h.held[:n] {
		h.recent.put(int32(h.first+k), c)
		h.heldBytes -= int64(len(c.Bytes()))
	}
	h.held = append([]*chunk.Change(nil), h.held[n:]...) // somebody may still read the old one, see Prefix
	h.first = h.durable
}

// At returns the accepted change with index i; an empty one if it cannot be read (see Err).
func (h *History) At(i int) *chunk.Change {
	c, err := h.change(int32(i))
	if err != nil {
		return &chunk.Change{}
	}
	return c
}

// HashStart returns the beginning of the hash of the accepted change with index i. The whole of it is in the change.
func (h *History) HashStart(i int) id.HashStart { return h.graph.start(int32(i)) }

func (h *History) change(i int32) (*chunk.Change, error) {
	if k := int(i) - h.first; k >= 0 {
		return h.held[k], nil
	}
	if c := h.recent.find(i); c != nil {
		return c, nil
	}
	// Whoever asks for one after the other will ask for more.
	ahead := 1
	if i == h.ahead.next {
		ahead = min(2*h.ahead.n+1, aheadMax)
	}
	h.ahead.next, h.ahead.n = i+int32(ahead), ahead
	var found *chunk.Change
	err := h.readFrom(int(i), int(i)+ahead, func(k int, c *chunk.Change) {
		if k == int(i) {
			found = c
		}
		h.recent.put(int32(k), c)
	})
	return found, err
}

// aheadMax is how many changes are read ahead at most.
const aheadMax = 128

// ahead is the change that was not read last time, and how many were.
type ahead struct {
	next int32
	n    int
}

// readFrom reads the released changes from index from up to end.
//
// The reader goes by the first change when it chooses where to read. A record that some
// write has left unfinished may begin with the same changes as the right one and go on with others,
// or end too early; so where that happens the reader is asked again, for the change
// that was not there.
func (h *History) readFrom(from, end int, take func(i int, c *chunk.Change)) error {
	if h.err != nil {
		return h.err
	}
	end = min(end, h.first)
	for next := from; next < end; {
		n, err := h.readSome(next, end, take)
		if n == 0 {
			return h.fail(fmt.Errorf("read change %d: %w", next, err))
		}
		next += n
	}
	return nil
}

// readSome calls the reader once, and returns how many changes it read; and, if these are not
// all, why.
func (h *History) readSome(from, end int, take func(i int, c *chunk.Change)) (n int, err error) {
	next := from
	var wrong error
	err = h.read(from, h.isChange(from), func(i int, change []byte) bool {
		if i != next {
			wrong = fmt.Errorf("%w: change %d was read instead of %d", ErrGraph, i, next)
			return false
		}
		c, err := h.verify(int32(i), change)
		if err != nil {
			wrong = err
			return false
		}
		next++
		take(i, c)
		return next < end
	})
	if err == nil {
		err = wrong
	}
	if err == nil && next < end {
		err = fmt.Errorf("%w: change %d cannot be read", ErrGraph, next)
	}
	return next - from, err
}

// isChange tells by its checksum, which begins its hash, whether bytes are a change.
func (h *History) isChange(i int) func([]byte) bool {
	return func(change []byte) bool {
		const at, n = 4, 4
		start := h.HashStart(i)
		return len(change) >= at+n && bytes.Equal(change[at:at+n], start[:n])
	}
}

// verify parses a change that was read and compares it with the graph.
func (h *History) verify(i int32, change []byte) (*chunk.Change, error) {
	c, err := chunk.ReadChange(bytes.Clone(change)) // it may be a small part of something large
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGraph, err)
	}
	n, read := h.graph.node(i), nodeOf(c)
	read.actor = n.actor
	deps, own := h.graph.depsOf(i), h.actors.changes[n.actor]
	same := h.graph.is(i, &c.Hash) && c.Actor == h.actors.ids[n.actor] && n == read && len(deps) == len(c.Deps) &&
		c.Seq <= uint64(len(own)) && own[c.Seq-1] == i
	for k := 0; same && k < len(deps); k++ {
		same = h.graph.is(deps[k], &c.Deps[k])
	}
	if !same {
		return nil, fmt.Errorf("%w: it tells of another change than %s", ErrGraph, c.Hash)
	}
	return c, nil
}

// recent keeps the changes that were used last, in two generations: what is
// used moves to the young one, and when that is full it becomes the old one, whose
// remains are dropped.
type recent struct {
	bytesMax   int // of each generation; at least one change stays, however large
	bytes      int // in young
	oldBytes   int
	young, old map[int32]*chunk.Change
}

// recentOverhead is what a change takes besides its bytes.
const recentOverhead = 400

func (r *recent) find(i int32) *chunk.Change {
	if c := r.young[i]; c != nil {
		return c
	}
	c := r.old[i]
	if c != nil {
		r.put(i, c)
	}
	return c
}

func (r *recent) put(i int32, c *chunk.Change) {
	size := len(c.Bytes()) + recentOverhead
	if r.young == nil || r.bytes+size > r.bytesMax && len(r.young) > 0 {
		r.old, r.oldBytes = r.young, r.bytes
		r.young, r.bytes = map[int32]*chunk.Change{}, 0
	}
	if r.young[i] == nil {
		r.young[i] = c
		r.bytes += size
	}
}

// Memory is about what the history takes in memory: mostly its graph, if it has a
// reader.
func (h *History) Memory() int64 {
	const (
		fixed     = 2 << 10
		perLookup = 72
	)
	held := h.heldBytes + int64(len(h.held))*recentOverhead
	return fixed + h.graph.bytes() + held + h.orphans.bytes + h.recent.memory() + int64(h.lookups.ops)*perLookup +
		4*int64(h.Len()+h.clocks.entries+len(h.clocks.steps)) // the lists of the actors, and the clocks
}

func (r *recent) memory() int64 { return int64(r.bytes + r.oldBytes) }
