package history

import (
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
)

const (
	markWanted uint8 = 1 << iota // reached from the durable heads
	markHad                      // an ancestor of base, or in it
)

// Since returns the durable changes with index from or higher that are neither
// in base nor ancestors of a change in base, by index in ascending order.
// Hashes of base that are not durable here are passed over.
//
// It walks down from the newest index and stops at from, or as soon as
// everything below is known to be had, so its cost follows the distance between
// the heads and what is had, and not the length of the history. Since the order
// of indices is topological, one pass is enough: when an index is reached, all
// changes that depend on it have been seen. (A walk along the edges visits
// merged stretches again and again; clocks would be exact too, but have to be
// made anew for every base.)
func (h *History) Since(from int, base []id.ChangeHash) []int {
	if from >= h.durable {
		return nil
	}
	if len(h.marks) < h.durable {
		h.marks = make([]uint8, max(64, 2*h.durable))
	}
	marks := h.marks
	open := 0 // wanted, not had, not yet visited and not below from
	want := func(i int32) {
		if int(i) >= from && marks[i] == 0 {
			marks[i] = markWanted
			open++
		}
	}
	had := func(i int32) {
		if marks[i] == markWanted {
			open--
		}
		marks[i] = markHad
	}
	for _, i := range h.durableHeads {
		want(i)
	}
	for _, hash := range base {
		if i, ok := h.index[hash]; ok && int(i) >= from && int(i) < h.durable {
			had(i)
		}
	}
	var since []int
	i := h.durable - 1
	for ; i >= from && open > 0; i-- {
		mark := marks[i]
		switch mark {
		case markHad:
			for _, d := range h.nodes[i].deps {
				if int(d) >= from {
					had(d)
				}
			}
		case markWanted:
			open--
			since = append(since, i)
			for _, d := range h.nodes[i].deps {
				want(d)
			}
		}
	}
	h.clearMarks(i, base)
	slices.Reverse(since)
	return since
}

// clearMarks zeroes the marks of a walk that visited the indices above i: of
// what was visited, of its dependencies, and of base.
func (h *History) clearMarks(i int, base []id.ChangeHash) {
	for j := h.durable - 1; j > i; j-- {
		h.marks[j] = 0
		for _, d := range h.nodes[j].deps {
			h.marks[d] = 0
		}
	}
	for _, hash := range base {
		if j, ok := h.index[hash]; ok && int(j) < h.durable {
			h.marks[j] = 0
		}
	}
	for _, j := range h.durableHeads {
		h.marks[j] = 0
	}
}

// Deps returns the indices of the dependencies of the change with index i. The
// slice must not be modified.
func (h *History) Deps(i int) []int32 { return h.nodes[i].deps }

// Missing returns what has to be fetched before all the given changes can be
// accepted, as far as this history can tell: the given ones that it has never
// seen, and for those it holds as orphans the dependencies it lacks. The result
// is sorted and without duplicates.
//
// Orphans that the given changes do not rest on are not asked for: nobody may
// have what they wait for, and asking would hold up the rest.
func (h *History) Missing(heads []id.ChangeHash) []id.ChangeHash {
	var missing []id.ChangeHash
	var seen map[id.ChangeHash]struct{}
	stack := slices.Clone(heads)
	for len(stack) > 0 {
		hash := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if h.Has(hash) {
			continue
		}
		if seen == nil {
			seen = map[id.ChangeHash]struct{}{}
		}
		if _, again := seen[hash]; again {
			continue
		}
		seen[hash] = struct{}{}
		if c := h.orphans.change(hash); c != nil {
			stack = append(stack, c.Deps...)
		} else {
			missing = append(missing, hash)
		}
	}
	slices.SortFunc(missing, id.ChangeHash.Compare)
	return missing
}
