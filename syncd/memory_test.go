package main

import (
	"math"
	"testing"
)

func TestHistoriesTakeHalfOfALimit(t *testing.T) {
	for limit, want := range map[int64]int64{math.MaxInt64: 0, 1 << 30: 0, 200 << 20: 100 << 20, 1 << 20: historyBytesMin} {
		if got := historyBytes(limit); got != want {
			t.Errorf("of %d bytes histories take %d, want %d", limit, got, want)
		}
	}
}
