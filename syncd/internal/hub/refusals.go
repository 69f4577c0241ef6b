package hub

import (
	"maps"
	"sync"
)

// refusals counts refused changes by the code of the reason, of which there are
// few.
type refusals struct {
	mu     sync.Mutex
	byCode map[string]int64
}

func (r *refusals) add(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byCode == nil {
		r.byCode = map[string]int64{}
	}
	r.byCode[code]++
}

// Refusals returns how many changes the rules have refused since the start, by
// the code of the reason.
func (h *Hub) Refusals() map[string]int64 {
	h.refusals.mu.Lock()
	defer h.refusals.mu.Unlock()
	return maps.Clone(h.refusals.byCode)
}
