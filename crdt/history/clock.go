package history

import (
	"container/heap"
	"slices"
)

// A clock says for each actor how many of its changes, from the first, are in a
// set of changes with all their ancestors. Its index is the actor's number; it
// is as long as the actor table was when it was made or longer, and what is
// past its end is 0.
//
// # Kept clocks
//
// Keeping a clock for every change costs (changes × actors) entries; walking the
// graph for each question costs a walk. So clocks are kept sparsely: a change
// whose longest way down to a change with a kept clock has spacing steps gets
// one itself. The clock of any set of changes is then found by walking down
// until a kept clock stops each way, at most spacing steps. When the kept
// clocks outgrow their limit, spacing doubles and every second one is dropped:
// memory stays bounded and questions get slower.
//
// Clocks are made when the first one is asked for: a history that was opened to
// tell who lacks what, or to which all write on top of the heads, needs none.
type clocks struct {
	upTo       int32   // below this index each change has been looked at
	steps      []int32 // of each, the longest way down to a change whose clock is kept
	kept       map[int32][]uint32
	spacing    int32
	entries    int
	entriesMax int

	lastOf  []int32 // the changes whose clock is last; never modified
	last    []uint32
	lastSet bool
}

const spacingMin = 32

func (c *clocks) init(entriesMax int) {
	*c = clocks{kept: map[int32][]uint32{}, spacing: spacingMin, entriesMax: entriesMax}
}

// keepClocks keeps clocks as far as the history goes.
func (h *History) keepClocks() {
	for ; int(h.clocks.upTo) < h.Len(); h.clocks.upTo++ {
		h.keepClock(h.clocks.upTo)
	}
}

// keepClock keeps the clock of change i if it is far enough from kept ones.
func (h *History) keepClock(i int32) {
	c, steps := &h.clocks, int32(0)
	for _, d := range h.graph.depsOf(i) {
		steps = max(steps, c.steps[d]+1)
	}
	c.steps = append(c.steps, steps)
	if steps < c.spacing {
		return
	}
	clock := h.walkClock([]int32{i})
	c.kept[i] = clock
	c.entries += len(clock)
	c.steps[i] = 0
	if c.entries > c.entriesMax && len(c.kept) > 1 {
		c.thin()
	}
}

// thin drops about every second kept clock. The steps of later changes keep
// counting from dropped ones, so a way down may be up to twice as long as
// spacing says.
func (c *clocks) thin() {
	c.spacing *= 2
	drop := false
	for i, clock := range c.kept {
		if drop = !drop; drop {
			c.entries -= len(clock)
			delete(c.kept, i)
		}
	}
}

// clockOf returns the clock of the given changes. The slice must not be
// modified.
func (h *History) clockOf(of []int32) []uint32 {
	h.keepClocks()
	return h.walkClock(of)
}

func (h *History) walkClock(of []int32) []uint32 {
	c := &h.clocks
	if c.lastSet && slices.Equal(c.lastOf, of) {
		return c.last
	}
	clock := make([]uint32, len(h.actors.changes))
	open := make(descending, 0, len(of)+8)
	for _, i := range of {
		heap.Push(&open, i)
	}
	before := int32(-1)
	for len(open) > 0 {
		i := heap.Pop(&open).(int32)
		if i == before {
			continue // reached along two ways
		}
		before = i
		if kept, ok := c.kept[i]; ok {
			merge(clock, kept)
			continue
		}
		if c.lastSet && len(c.lastOf) == 1 && c.lastOf[0] == i {
			merge(clock, c.last)
			continue
		}
		if actor := h.graph.node(i).actor; !h.covers(clock, actor, i) {
			own, _ := slices.BinarySearch(h.actors.changes[actor], i)
			clock[actor] = uint32(own) + 1
		}
		for _, d := range h.graph.depsOf(i) {
			heap.Push(&open, d)
		}
	}
	c.lastOf, c.last, c.lastSet = slices.Clone(of), clock, true
	return clock
}

func merge(into, from []uint32) {
	for a, s := range from {
		into[a] = max(into[a], s)
	}
}

// at reads a clock.
func at(clock []uint32, actor int32) uint32 {
	if int(actor) >= len(clock) {
		return 0
	}
	return clock[actor]
}

// covers tells whether the change with index i, of the given actor, is in the set of the clock.
func (h *History) covers(clock []uint32, actor, i int32) bool {
	n := at(clock, actor)
	return n > 0 && h.actors.changes[actor][n-1] >= i
}

// descending is a heap of indices with the largest on top.
type descending []int32

func (d descending) Len() int           { return len(d) }
func (d descending) Less(i, j int) bool { return d[i] > d[j] }
func (d descending) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *descending) Push(x any)        { *d = append(*d, x.(int32)) }
func (d *descending) Pop() any {
	last := len(*d) - 1
	x := (*d)[last]
	*d = (*d)[:last]
	return x
}
