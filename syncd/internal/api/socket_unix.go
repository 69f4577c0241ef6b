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

// OpenToOthers tells whether other users can enter a data directory, in which
// the server's secret is. A directory that is not there yet is not open.
func OpenToOthers(dataDir string) bool {
	info, err := os.Stat(dataDir)
	return err == nil && info.Mode().Perm()&0o077 != 0
}
