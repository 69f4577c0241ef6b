// Package history holds the changes of one document and what they mean to one
// another: the graph, the heads, which change is valid, and what a peer lacks.
//
// A History never materialises the document. It keeps the changes in one
// topological order, the order in which they were accepted, and names each by
// its index in that order; every dependency of a change has a smaller index.
//
// What it promises: a change that Add accepts can be applied by every reader of
// the document, since each of its operations has been checked against the
// operations it refers to (see valid.go). What it never does: start a
// goroutine, read a clock, do I/O, or keep more than its Limits allow.
//
// # Durable changes
//
// A server must not tell a peer about a change before the change is on stable
// storage. A History therefore has a watermark: the first Durable() changes are
// durable, the later ones are accepted but not yet stored. Functions that serve
// what is told to peers (DurableHeads, HasDurable, Since) see only the durable
// ones. Because the order is topological, every prefix of it is a whole history.
//
// # Snapshots
//
// The first n changes can be written as one document chunk (snapshot.go), which
// is verified before anybody gets to see it. A snapshot is derived: it fits for
// as long as the history lives, and can be thrown away at any time.
//
// # What stays in memory
//
// What is needed of every change to answer questions about the graph takes about
// 45 bytes, and 60 of those that have come since it was opened. The changes themselves are kept too, or, if the caller has given a Reader,
// read back when an operation is looked up in them or they are sent (reading.go).
// Such a history can be opened with its graph alone (open.go).
//
// A History belongs to one goroutine at a time; what Prefix returns may be read
// by others.
package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// Limits bound one document. A zero field means the default.
type Limits struct {
	ChangesMax      int    // accepted changes
	BytesMax        int64  // bytes of accepted changes, not deflated
	OpMax           uint64 // number of the last operation
	HeadsMax        int
	OrphansMax      int   // changes held until their dependencies arrive
	OrphanBytesMax  int64 // what those take in memory
	ClockEntriesMax int   // entries of kept clocks, 4 bytes each
	LookupOpsMax    int   // decoded operations kept for lookups, about 64 bytes each
	TurnOpsMax      int   // operations that are decoded, or as much other work, to check what comes in one turn
	RecentBytesMax  int   // durable changes kept for a while by a history with a reader
}

// DefaultLimits are what a zero field of Limits stands for.
//
// OpMax bounds the work that a document can cause, since operations take no room
// in a change: to check as many takes some seconds. Readers count to 2^32. Every message names all heads, so they are few; a
// document whose heads are at the limit still takes changes that join some.
var DefaultLimits = Limits{
	ChangesMax:      1_000_000,
	BytesMax:        256 << 20,
	OpMax:           50_000_000,
	HeadsMax:        1024,
	OrphansMax:      10_000,
	OrphanBytesMax:  16 << 20,
	ClockEntriesMax: 4 << 20,
	LookupOpsMax:    1 << 15,
	TurnOpsMax:      10_000_000, // a second
	RecentBytesMax:  1 << 20,    // a whole message has room
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	return Limits{
		ChangesMax:      cmp.Or(l.ChangesMax, d.ChangesMax),
		BytesMax:        cmp.Or(l.BytesMax, d.BytesMax),
		OpMax:           cmp.Or(l.OpMax, d.OpMax),
		HeadsMax:        cmp.Or(l.HeadsMax, d.HeadsMax),
		OrphansMax:      cmp.Or(l.OrphansMax, d.OrphansMax),
		OrphanBytesMax:  cmp.Or(l.OrphanBytesMax, d.OrphanBytesMax),
		ClockEntriesMax: cmp.Or(l.ClockEntriesMax, d.ClockEntriesMax),
		LookupOpsMax:    cmp.Or(l.LookupOpsMax, d.LookupOpsMax),
		TurnOpsMax:      cmp.Or(l.TurnOpsMax, d.TurnOpsMax),
		RecentBytesMax:  cmp.Or(l.RecentBytesMax, d.RecentBytesMax),
	}
}

var (
	// ErrInvalid marks a change that breaks a rule of the format or refers to
	// what is not there. It can never become valid.
	ErrInvalid = errors.New("invalid change")

	// ErrFull marks a change that a limit of the document refuses.
	ErrFull = errors.New("the document has reached a limit")

	// ErrHeads, an ErrFull, marks one for which there is room again when others join heads.
	ErrHeads = fmt.Errorf("%w: it has too many heads", ErrFull)

	// ErrCrowded marks a held change that was dropped since too many are held.
	ErrCrowded = errors.New("too many changes wait for others")

	// ErrBusy marks a change that was not looked at since those before it took too
	// long; see BeginTurn. It may come again.
	ErrBusy = errors.New("too much was referred to by the changes before")
)

// History is the changes of one document. See the package comment.
type History struct {
	limits Limits
	graph  graph
	actors actorTable
	bytes  int64
	maxOp  uint64

	heads        headSet // of all accepted changes
	durable      int     // how many changes, from the first, are durable
	durableHeads headSet

	held      []*chunk.Change // the changes from index first on
	heldBytes int64
	first     int    // 0 without a reader
	read      Reader // nil: all changes are held
	recent    recent
	ahead     ahead
	err       error // why the history is broken

	orphans orphans
	guard   Guard // nil: every valid change is accepted
	told    int   // how many changes, from the first, the guard knows
	dropped []Dropped
	clocks  clocks
	lookups lookups
	marks   []uint8 // scratch of Since; zero between calls
}

// New returns the history of an empty document.
func New(l Limits) *History {
	h := &History{limits: l.withDefaults()}
	h.actors.byID = map[id.Actor]int32{}
	h.clocks.init(h.limits.ClockEntriesMax)
	h.lookups.init(h.limits.LookupOpsMax)
	h.recent.bytesMax = h.limits.RecentBytesMax / 2
	return h
}

// Len is the number of accepted changes.
func (h *History) Len() int { return h.graph.len() }

// Bytes is the size of the accepted changes, not deflated.
func (h *History) Bytes() int64 { return h.bytes }

// Ops is the number of operations of the first n changes.
func (h *History) Ops(n int) (ops int64) {
	for i := range n {
		ops += int64(h.graph.node(int32(i)).opCount)
	}
	return ops
}

// Orphans is the number of changes that wait for a dependency.
func (h *History) Orphans() int { return h.orphans.len() }

// Index returns the index of an accepted change.
func (h *History) Index(hash id.ChangeHash) (int, bool) {
	i, ok := h.graph.find(hash)
	return int(i), ok
}

// Has tells whether the change was accepted.
func (h *History) Has(hash id.ChangeHash) bool {
	_, ok := h.graph.find(hash)
	return ok
}

// Seen tells whether the change was accepted, or is held until its dependencies are there.
func (h *History) Seen(hash id.ChangeHash) bool { return h.Has(hash) || h.orphans.has(hash) }

// HeadsFull tells whether a change that joins no heads is refused with ErrHeads.
func (h *History) HeadsFull() bool { return len(h.heads) >= h.limits.HeadsMax }

// Heads returns the accepted changes that no other accepted change depends on,
// sorted. The slice is the caller's.
func (h *History) Heads() []id.ChangeHash { return h.heads.hashes() }

// Add accepts a change, or holds it until its dependencies are there.
//
// It returns the changes that were accepted by the call, in order: the change
// itself and the orphans that had waited for it; none when it was known already
// or is held. The error wraps ErrInvalid or ErrFull and concerns the given
// change alone: of a held change that turns out to be invalid Dropped tells. Any other
// error is that of Err.
func (h *History) Add(c *chunk.Change) (added []*chunk.Change, err error) {
	return h.AddFrom(c, nil)
}

// AddFrom is Add for a change that from has brought, which the guard is told.
// A refusal of the guard is returned as a *Refused. A change that is held until
// its dependencies are there is judged then, for each who has brought it until one may;
// see Dropped and Forget. from is comparable.
func (h *History) AddFrom(c *chunk.Change, from any) (added []*chunk.Change, err error) {
	if h.err != nil {
		return nil, h.err
	}
	if h.Has(c.Hash) {
		return nil, nil
	}
	if held := h.orphans.byHash[c.Hash]; held != nil {
		h.orphans.brought(held, from)
		h.crowdOut(h.orphans.shrink(h.limits))
		return nil, nil
	}
	if waitsFor, blocked := h.blocker(c); blocked {
		h.crowdOut(h.orphans.hold(c, from, waitsFor, h.limits))
		return nil, nil
	}
	first := h.Len()
	if err := h.accept(c, from); err != nil {
		return nil, fmt.Errorf("change %s: %w", c.Hash, err)
	}
	h.adopt(first)
	return slices.Clone(h.held[first-h.first:]), h.err
}

// crowdOut tells of held changes that had to make room.
func (h *History) crowdOut(gone []*orphan) {
	for _, held := range gone {
		for _, from := range held.from {
			h.dropped = append(h.dropped, Dropped{from, fmt.Errorf("change %s: %w", held.change.Hash, ErrCrowded)})
		}
	}
}

// adopt accepts the held changes that the changes from index first on have made
// ready, and those that these make ready in turn. A ready one that is refused is
// dropped.
func (h *History) adopt(first int) {
	for i := first; i < h.Len() && h.orphans.len() > 0 && h.err == nil; i++ {
		woken := h.orphans.wake(*h.graph.hash(int32(i)))
		woken = append(woken, h.orphans.wakeGrown(h.maxOp+1)...)
		slices.SortFunc(woken, id.ChangeHash.Compare) // the same order in every run
		for _, hash := range woken {
			if waitsFor, blocked := h.blocker(h.orphans.change(hash)); blocked {
				h.orphans.wait(hash, waitsFor)
				continue
			}
			h.judge(h.orphans.take(hash))
		}
	}
}

// judge accepts a change that was held and is ready, for the first who may bring it, or
// drops it.
func (h *History) judge(held *orphan) {
	var dropped []Dropped
	for _, from := range held.from {
		err := h.accept(held.change, from)
		if err == nil || h.err != nil {
			return
		}
		dropped = append(dropped, Dropped{from, fmt.Errorf("change %s: %w", held.change.Hash, err)})
	}
	h.dropped = append(h.dropped, dropped...)
}

// growth stands in what an orphan waits for for no change, but for the document to grow.
var growth id.ChangeHash

// blocker returns what c has to wait for: a dependency that has not been
// accepted, or, for a change made on an old version of the document, the growth
// of the document up to the operation that it starts at (see checkHeader).
func (h *History) blocker(c *chunk.Change) (id.ChangeHash, bool) {
	for _, d := range c.Deps {
		if !h.Has(d) {
			return d, true
		}
	}
	return growth, c.StartOp > h.maxOp+1
}

// Restore appends a change that Add accepted in an earlier life of this
// history and that storage kept; it keeps the bytes. It checks the hash and the
// graph, not the operations.
func (h *History) Restore(change []byte) error {
	c, err := chunk.ReadChange(change)
	if err != nil {
		return fmt.Errorf("change %d: %w", h.Len(), err)
	}
	if h.Has(c.Hash) {
		return fmt.Errorf("change %s: %w: it is there twice", c.Hash, ErrInvalid)
	}
	n, deps, err := h.checkHeader(c)
	if err != nil {
		return fmt.Errorf("change %s: %w", c.Hash, err)
	}
	h.append(c, n, deps)
	if h.guard != nil && h.told == h.Len()-1 {
		h.guard.Accepted(c, nil)
		h.told++
	}
	return nil
}

func (h *History) accept(c *chunk.Change, from any) error {
	if h.lookups.busy() {
		return ErrBusy
	}
	if err := h.room(c); err != nil {
		return err
	}
	n, deps, err := h.checkHeader(c)
	if err != nil {
		return err
	}
	if h.HeadsFull() && !slices.ContainsFunc(deps, h.heads.has) {
		return fmt.Errorf("%w: %d", ErrHeads, h.limits.HeadsMax)
	}
	records, err := h.checkOps(c, n, deps)
	if err != nil {
		return err
	}
	if h.guard != nil {
		if err := h.CatchUp(h.Len()); err != nil {
			return err
		}
		if err := h.guard.Admit(c, from); err != nil {
			return &Refused{Change: c, From: from, Err: err}
		}
	}
	h.lookups.put(int32(h.Len()), records)
	h.append(c, n, deps)
	if h.guard != nil {
		h.guard.Accepted(c, from)
		h.told++
	}
	return nil
}

func (h *History) room(c *chunk.Change) error {
	switch {
	case h.Len() >= h.limits.ChangesMax:
		return fmt.Errorf("%w: %d changes", ErrFull, h.limits.ChangesMax)
	case h.bytes+int64(len(c.Bytes())) > h.limits.BytesMax:
		return fmt.Errorf("%w: %d bytes", ErrFull, h.limits.BytesMax)
	case c.MaxOp() > h.limits.OpMax:
		return fmt.Errorf("%w: operation number %d", ErrFull, h.limits.OpMax)
	}
	return nil
}

// checkHeader checks c against the graph and returns its node and its dependencies. The
// node's actor is -1 when the actor is new.
func (h *History) checkHeader(c *chunk.Change) (n node, deps []int32, err error) {
	if h.Len() >= indexMax || len(c.Deps) > depsMax {
		return n, nil, fmt.Errorf("%w: %d changes, %d dependencies", ErrFull, h.Len(), len(c.Deps))
	}
	n, deps = nodeOf(c), make([]int32, len(c.Deps))
	depsMaxOp := uint64(0)
	for i, d := range c.Deps {
		j, ok := h.graph.find(d)
		if !ok {
			return n, nil, fmt.Errorf("%w: its dependency %s is missing", ErrInvalid, d)
		}
		deps[i] = j
		depsMaxOp = max(depsMaxOp, h.graph.node(j).maxOp())
	}
	// A change made on the current version starts right after the operations of
	// its dependencies. One made on an old version starts after every operation
	// that its author knew; those are other changes of the same document, so the
	// number can be no higher than what has been accepted.
	// A change without operations has no such reason, and readers compute how many
	// operations it has from where it starts.
	if c.StartOp <= depsMaxOp || c.StartOp > h.maxOp+1 || c.OpCount == 0 && c.StartOp != depsMaxOp+1 {
		return n, nil, fmt.Errorf("%w: it starts at operation %d, its dependencies end at %d and the document at %d",
			ErrInvalid, c.StartOp, depsMaxOp, h.maxOp)
	}
	if a, ok := h.actors.byID[c.Actor]; ok {
		n.actor = a
	}
	return n, deps, h.checkSequence(c, n, deps)
}

// checkSequence checks that c continues its actor's changes: the sequence number
// is the next one, and the previous change is an ancestor.
func (h *History) checkSequence(c *chunk.Change, n node, deps []int32) error {
	var earlier []int32
	if n.actor >= 0 {
		earlier = h.actors.changes[n.actor]
	}
	if c.Seq <= uint64(len(earlier)) {
		return fmt.Errorf("%w: actor %s has another change with sequence number %d", ErrInvalid, c.Actor, c.Seq)
	}
	if c.Seq != uint64(len(earlier))+1 {
		return fmt.Errorf("%w: sequence number %d of actor %s, of which %d changes are known",
			ErrInvalid, c.Seq, c.Actor, len(earlier))
	}
	if len(earlier) == 0 {
		return nil
	}
	previous := earlier[len(earlier)-1]
	if slices.Contains(deps, previous) || h.coversAll(deps) {
		return nil
	}
	if !h.covers(h.clockOf(deps), n.actor, previous) {
		return fmt.Errorf("%w: it does not depend on the previous change of actor %s", ErrInvalid, c.Actor)
	}
	return nil
}

// coversAll tells whether every accepted change is an ancestor of deps.
func (h *History) coversAll(deps []int32) bool {
	if len(deps) < len(h.heads) {
		return false
	}
	for _, head := range h.heads {
		if !slices.Contains(deps, head.index) {
			return false
		}
	}
	return true
}

func (h *History) append(c *chunk.Change, n node, deps []int32) {
	n.actor = h.actors.intern(c.Actor)
	h.enter(c.Hash, n, deps)
	h.held = append(h.held, c)
	h.heldBytes += int64(len(c.Bytes()))
}

// enter appends a change to the graph.
func (h *History) enter(hash id.ChangeHash, n node, deps []int32) {
	i := int32(h.Len())
	h.actors.changes[n.actor] = append(h.actors.changes[n.actor], i)
	h.heads.advance(i, hash, deps)
	h.graph.deps = append(h.graph.deps, deps...)
	h.graph.hashes = append(h.graph.hashes, hash)
	h.graph.append(n, len(deps))
	h.graph.index()
	h.bytes += int64(n.size)
	h.maxOp = max(h.maxOp, n.maxOp())
}

// actorTable gives each actor a small number and lists its changes in the order
// of their sequence numbers: the change with number s stands at s-1.
type actorTable struct {
	byID    map[id.Actor]int32
	ids     []id.Actor
	changes [][]int32
}

func (t *actorTable) intern(a id.Actor) int32 {
	i, ok := t.byID[a]
	if !ok {
		i = int32(len(t.changes))
		t.byID[a] = i
		t.ids = append(t.ids, a)
		t.changes = append(t.changes, nil)
	}
	return i
}
