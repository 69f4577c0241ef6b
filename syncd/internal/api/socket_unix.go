//go:build unix

package api

import (
	"io/fs"
	"os"
	"syscall"
)

// withoutOthers runs f so that what it makes is for this user alone from the
// beginning.
func withoutOthers(f func()) {
	old := syscall.Umask(0o177)
	defer syscall.Umask(old)
	f()
}

// ownAlone tells whether a folder is this user's, and nobody else can enter it.
func ownAlone(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(s.Uid) == os.Getuid() && info.Mode().Perm() == 0o700
}
