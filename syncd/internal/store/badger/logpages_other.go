//go:build !linux

package badger

// dropLogPages does nothing where the system has no such call.
func dropLogPages() {}
