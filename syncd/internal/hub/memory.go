package hub

import (
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// # Memory that nobody needs any more
//
// Go collects when the heap has grown by as much as lives in it, and without new
// work that may be minutes away; it keeps a part of what it has collected. A server
// that has become quiet, or that most have left, or that has unloaded much, would
// hold what its busiest moment took. So the memory is given back to the system then,
// which costs a collection: at most once in giveBackEvery.
const (
	memoryTick    = 2 * time.Second
	giveBackEvery = 5 * time.Second

	// quietBytes is how much may be allocated in a tick of a quiet server.
	quietBytes = 1 << 20

	// unloadedBytes is how much has to be unloaded for a busy server to collect it.
	unloadedBytes = 32 << 20

	// spareBytesMin and sparePart are how much there has to be on a quiet one that is not
	// known to be in use: collected and kept, allocated since the last collection, or
	// unloaded.
	spareBytesMin = 6 << 20
	sparePart     = 8 // an eighth of the heap

	// leftMin is how many sessions have to have left, and half of all.
	leftMin = 200
)

// usage is what the runtime tells, in bytes.
type usage struct {
	allocated uint64 // since the process has begun
	objects   uint64 // in the heap, dead ones too
	live      uint64 // of those, at the end of the last collection
	free      uint64 // kept for further objects
}

func readUsage() usage {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s)
	return usage{s[0].Value.Uint64(), s[1].Value.Uint64(), s[2].Value.Uint64(), s[3].Value.Uint64()}
}

// spare is what a collection may give back.
func (u usage) spare() uint64 { return u.free + u.objects - min(u.live, u.objects) }

// memory tells when it is time to give memory back. It belongs to the sweeper.
type memory struct {
	unloaded  int64 // bytes of histories, since memory was given back
	allocated uint64
	sessions  int64 // at the last tick
	most      int64 // since memory was given back
	given     time.Time
}

// due tells whether to give memory back now, and counts on that being done.
func (m *memory) due(now time.Time, u usage, sessions int64) bool {
	quiet := u.allocated-m.allocated < quietBytes
	settled := sessions == m.sessions
	m.allocated, m.sessions, m.most = u.allocated, sessions, max(m.most, sessions)
	if now.Sub(m.given) < giveBackEvery {
		return false
	}
	left := settled && m.most-sessions >= max(leftMin, m.most/2)
	spare := quiet && u.spare()+uint64(m.unloaded) > max(spareBytesMin, (u.objects+u.free)/sparePart)
	if m.unloaded <= unloadedBytes && !left && !spare {
		return false
	}
	m.unloaded, m.most, m.given = 0, sessions, now
	return true
}

// tick gives memory back if it is time.
func (m *memory) tick(sessions int64) {
	if m.due(time.Now(), readUsage(), sessions) {
		debug.FreeOSMemory()
	}
}
