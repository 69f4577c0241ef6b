package history

import (
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
)

// headSet is a set of changes of which none is an ancestor of another, by
// index, in no order.
type headSet []int32

// advance adds change i and removes what it depends on.
func (s *headSet) advance(i int32, deps []int32) {
	kept := (*s)[:0]
	for _, j := range *s {
		if !slices.Contains(deps, j) {
			kept = append(kept, j)
		}
	}
	*s = append(kept, i)
}

func (s headSet) has(i int32) bool { return slices.Contains(s, i) }

func (h *History) headHashes(s headSet) []id.ChangeHash {
	out := make([]id.ChangeHash, len(s))
	for k, i := range s {
		out[k] = h.graph.hashes[i]
	}
	slices.SortFunc(out, id.ChangeHash.Compare)
	return out
}

// Durable is the number of changes, from the first, that are on stable storage.
func (h *History) Durable() int { return h.durable }

// MarkDurable records that the first n changes are on stable storage. The
// watermark never goes back.
func (h *History) MarkDurable(n int) {
	for ; h.durable < n; h.durable++ {
		h.durableHeads.advance(int32(h.durable), h.graph.depsOf(int32(h.durable)))
	}
	h.release()
}

// DurableHeads returns the heads of the durable changes, sorted. The slice is
// the caller's.
func (h *History) DurableHeads() []id.ChangeHash { return h.headHashes(h.durableHeads) }

// HasDurable tells whether the change is on stable storage.
func (h *History) HasDurable(hash id.ChangeHash) bool {
	i, ok := h.graph.find(hash)
	return ok && int(i) < h.durable
}
