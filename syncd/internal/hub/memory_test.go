package hub

import (
	"testing"
	"time"
)

const mb = 1 << 20

// moment is one look at the memory.
type moment struct {
	after     time.Duration // since the last one
	allocated uint64        // since the last one
	objects   uint64
	live      uint64
	free      uint64
	sessions  int64
	due       bool
}

func TestMemoryIsGivenBack(t *testing.T) {
	tick := memoryTick
	for name, moments := range map[string][]moment{
		"when a busy server becomes quiet, once": {
			{2 * giveBackEvery, 90 * mb, 80 * mb, 40 * mb, 9 * mb, 1000, false},
			{tick, 50 * mb, 70 * mb, 40 * mb, 9 * mb, 1000, false},
			{tick, mb / 8, 70 * mb, 40 * mb, 9 * mb, 1000, true},
			{tick, mb / 8, 40 * mb, 40 * mb, mb, 1000, false},
			{giveBackEvery, mb / 8, 40 * mb, 40 * mb, mb, 1000, false},
		},
		"not again at once": {
			{2 * giveBackEvery, mb / 8, 80 * mb, 40 * mb, 9 * mb, 1000, true},
			{tick, mb / 8, 70 * mb, 40 * mb, 9 * mb, 1000, false},
			{giveBackEvery, mb / 8, 70 * mb, 40 * mb, 9 * mb, 1000, true},
		},
		"not while it is busy": {
			{2 * giveBackEvery, 90 * mb, 80 * mb, 40 * mb, 9 * mb, 1000, false},
			{giveBackEvery, 90 * mb, 80 * mb, 40 * mb, 90 * mb, 1000, false},
		},
		"not for little": {
			{2 * giveBackEvery, 0, 9 * mb, 5 * mb, mb, 2, false},
			{giveBackEvery, 0, 400 * mb, 380 * mb, 10 * mb, 2, false},
		},
		"when most have left, and no more go": {
			{2 * giveBackEvery, 90 * mb, 60 * mb, 50 * mb, 0, 5000, false},
			{tick, 2 * mb, 62 * mb, 50 * mb, 0, 900, false},
			{tick, 2 * mb, 62 * mb, 50 * mb, 0, 30, false},
			{tick, 2 * mb, 62 * mb, 50 * mb, 0, 30, true},
			{giveBackEvery, 2 * mb, 10 * mb, 9 * mb, 0, 30, false},
		},
		"not when a few have": {
			{2 * giveBackEvery, 9 * mb, 9 * mb, 9 * mb, 0, leftMin - 1, false},
			{tick, 9 * mb, 9 * mb, 9 * mb, 0, 0, false},
			{tick, 9 * mb, 9 * mb, 9 * mb, 0, 0, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var m memory
			now, allocated := time.Unix(1, 0), uint64(0)
			m.given = now
			for i, at := range moments {
				now, allocated = now.Add(at.after), allocated+at.allocated
				if due := m.due(now, usage{allocated, at.objects, at.live, at.free}, at.sessions); due != at.due {
					t.Errorf("moment %d: %v", i, due)
				}
			}
		})
	}
}

func TestMemoryIsGivenBackSoonAfterMuchWasUnloaded(t *testing.T) {
	start := time.Unix(1, 0)
	m := memory{unloaded: true, given: start}
	busy := usage{allocated: 1 << 30}
	if m.due(start.Add(giveBackEvery-1), busy, 1) {
		t.Error("it was given back a moment ago")
	}
	busy.allocated *= 2
	if !m.due(start.Add(giveBackEvery), busy, 1) {
		t.Error("it is not given back")
	}
	if m.due(start.Add(3*giveBackEvery), usage{}, 1) {
		t.Error("it is given back twice")
	}
}

// TestTheRuntimeTellsWhatItHolds: a name that it does not know would panic.
func TestTheRuntimeTellsWhatItHolds(t *testing.T) {
	held := make([]byte, 64*mb)
	if u := readUsage(); u.objects < 64*mb || u.allocated < u.objects {
		t.Errorf("%+v while %d bytes are held", u, len(held))
	}
}
