package hub

import (
	"runtime"
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

func TestWhatWasUnloadedIsGivenBack(t *testing.T) {
	start := time.Unix(1, 0)
	busy, quiet := usage{allocated: 1 << 30, objects: 20 * mb, live: 20 * mb}, usage{objects: 20 * mb, live: 20 * mb}
	for name, c := range map[string]struct {
		unloaded int64
		u        usage
		due      bool
	}{
		"much, on a busy server":    {unloadedBytes + 1, busy, true},
		"some, on a busy server":    {spareBytesMin + 1, busy, false},
		"some, on a quiet server":   {spareBytesMin + 1, quiet, true},
		"little, on a quiet server": {spareBytesMin - 1, quiet, false},
	} {
		m := memory{unloaded: c.unloaded, given: start}
		if m.due(start.Add(giveBackEvery-1), c.u, 1) {
			t.Errorf("%s: memory was given back a moment ago", name)
		}
		c.u.allocated *= 2
		if due := m.due(start.Add(giveBackEvery), c.u, 1); due != c.due {
			t.Errorf("%s: %v", name, due)
		}
		c.u.allocated *= 2
		if m.due(start.Add(3*giveBackEvery), c.u, 1) {
			t.Errorf("%s: memory is given back twice", name)
		}
	}
}

// TestTheRuntimeTellsWhatItHolds: a name that it does not know would panic.
func TestTheRuntimeTellsWhatItHolds(t *testing.T) {
	held := make([]byte, 64*mb)
	if u := readUsage(); u.objects < 64*mb || u.allocated < u.objects {
		t.Errorf("%+v while %d bytes are held", u, len(held))
	}
	runtime.KeepAlive(held)
}
