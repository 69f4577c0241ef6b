package history

import (
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
)

// headSet is a set of changes of which none is an ancestor of another, in no order.
type headSet []head

type head struct {
	index int32
	hash  id.ChangeHash
}

// advance adds change i and removes what it depends on.
func (s *headSet) advance(i int32, hash id.ChangeHash, deps []int32) {
	kept := (*s)[:0]
	for _, h := range *s {
		if !slices.Contains(deps, h.index) {
			kept = append(kept, h)
		}
	}
	*s = append(kept, head{i, hash})
}

func (s headSet) has(i int32) bool {
	return slices.ContainsFunc(s, func(h head) bool { return h.index == i })
}

func (s headSet) hashes() []id.ChangeHash {
	out := make([]id.ChangeHash, len(s))
	for k, h := range s {
		out[k] = h.hash
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
		i := int32(h.durable)
		h.durableHeads.advance(i, *h.graph.hash(i), h.graph.depsOf(i))
	}
	h.release()
}

// DurableHeads returns the heads of the durable changes, sorted. The slice is
// the caller's.
func (h *History) DurableHeads() []id.ChangeHash { return h.durableHeads.hashes() }

// HasDurable tells whether the change is on stable storage.
func (h *History) HasDurable(hash id.ChangeHash) bool {
	i, ok := h.graph.find(hash)
	return ok && int(i) < h.durable
}
