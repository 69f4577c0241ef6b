//go:build !unix

package edge

const writesAtOnce = false

func (a *attempt) writeOnce(uintptr) bool { return true }
