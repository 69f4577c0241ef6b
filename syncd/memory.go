package main

import (
	"math"
	"os"
	"runtime/debug"
)

// gcPercent is how much the heap grows by, in percent of what lives in it, before it is
// collected, unless GOGC says otherwise. Go's own 100 takes a tenth less processor time
// under load, and a fifth more memory at its peak; syncd shall run on small machines, and
// it is memory that they run out of.
const gcPercent = 55

// historyBytesMin is what histories may take at least, however low GOMEMLIMIT is.
const historyBytesMin = 8 << 20

// limitMemory sets the pace of collections, and returns how much loaded histories may
// take: half of GOMEMLIMIT, and no more than what a hub allows by itself, which 0 stands
// for.
func limitMemory() (historyBytesMax int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	return historyBytes(debug.SetMemoryLimit(-1))
}

func historyBytes(limit int64) int64 {
	const most = 512 << 20 // of which half is the hub's own maximum
	if limit == math.MaxInt64 || limit >= most {
		return 0
	}
	return max(limit/2, historyBytesMin)
}
