//go:build unix

package main

import (
	"math"
	"syscall"
)

// filesMax is how many descriptors the process may have. The Go runtime has raised it as far as it
// is allowed to.
func filesMax() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return math.MaxInt32
	}
	return int(min(uint64(limit.Cur), math.MaxInt32))
}
