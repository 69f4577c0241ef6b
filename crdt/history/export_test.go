package history

// SinceByWalk and SinceByClock are the two ways of Since; base is durable.
func (h *History) SinceByWalk(from int, base []int32) []int {
	since, _ := h.sinceByWalk(from, base, h.durable)
	return since
}

func (h *History) SinceByClock(from int, base []int32) []int { return h.sinceByClock(from, base) }
