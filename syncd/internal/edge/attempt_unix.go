//go:build unix

package edge

import "syscall"

const writesAtOnce = true

func (a *attempt) writeOnce(fd uintptr) bool {
	n, err := syscall.Write(int(fd), a.rest)
	for err == syscall.EINTR {
		n, err = syscall.Write(int(fd), a.rest)
	}
	if n > 0 {
		a.rest = a.rest[n:]
	}
	return true // no matter what, so that raw.Write does not wait
}
