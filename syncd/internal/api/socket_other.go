//go:build !unix

package api

import "io/fs"

// Where files have no modes, a folder of the user's own keeps others out.

func withoutOthers(f func()) { f() }

func ownAlone(info fs.FileInfo) bool { return info.IsDir() }

// OpenToOthers tells nothing where files have no modes.
func OpenToOthers(string) bool { return false }
