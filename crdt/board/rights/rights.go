// Package rights decides who may change what in the documents of a board. It
// reads the operations of a change, and not what the change says about itself.
//
// What it promises: a change that Check lets through touches only what the roles
// of its bringer allow, whatever program wrote it; so that no sequence of changes
// by a resident alters what another's post says. What it never does: start a
// goroutine, read a clock, do I/O, or keep more than one small entry for an
// object of the document.
//
// Who may do what is one table, which Table returns and syncd/docs/roles.md
// prints. An Index knows of one document what the rules need; it belongs to the
// goroutine that owns the document's history, and what it says depends on the
// order in which changes were accepted (see Index).
package rights

import "strings"

// Author is who an actor is bound to. A zero Member is nobody: an actor of
// imported or of practice data, with which nobody can write.
type Author struct {
	Member string // reference of the member, without that of a visit
	Device string // id of the device
	Kiosk  bool   // the device is a shared one, and the member not a person
}

// Principal is who brings a change, with the roles that hold at this moment on
// the board of the document.
type Principal struct {
	Author
	Roles Roles
}

// counts tells whether a reference stands for a person of its own when it comes from the
// author. A member counts once; only at a shared device there is somebody else at each visit.
func (a Author) counts(ref string) bool { return a.owns(ref) && (a.Kiosk || ref == a.Member) }

// owns tells whether a reference is that of the member, or of a visit to it.
func (a Author) owns(ref string) bool {
	rest, ok := strings.CutPrefix(ref, a.Member)
	return ok && a.Member != "" && (rest == "" || rest[0] == '.')
}
