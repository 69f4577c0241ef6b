// Package board says what a neighbourhood board is: the ids of its documents,
// the changes they begin with, the fields of a post, how they are read and
// written, and what follows from them. SCHEMA.md is its contract; the TypeScript
// SDK implements the same, and the vectors in crdt/testdata/board pin what both
// have to agree on.
//
// What it promises: the same changes are read as the same board on every device,
// in whatever order they arrived; what one device wrote is never hidden by what
// another wrote at the same time; and no clock decides anything but labels. What
// it never does: start a goroutine, read a clock, do I/O, or write a field, kind
// or value that it does not know. Time and randomness are arguments.
//
// A document's changes belong to a history.History, which its caller owns; a
// Writer works on it and so belongs to the same goroutine.
package board

import (
	"errors"

	"github.com/tavle-org/tavle/crdt/id"
)

// Limits of what writers write, in Unicode code points. Readers take what is
// there.
const (
	TitleMax      = 80
	BodyMax       = 4000
	ReplyMax      = 2000
	HouseRulesMax = 4000
	LineMax       = 200  // of every other string
	NoteMax       = 1000 // of about, message, reason, facts and note
	TagsMax       = 20   // of one post: tags, and categories
)

// Errors by which a caller decides; those of this package wrap at most one.
var (
	// ErrTooLong: a text is over its limit.
	ErrTooLong = errors.New("the text is too long")
	// ErrRequired: a value that has to be there is empty.
	ErrRequired = errors.New("the value is missing")
	// ErrUnknown: the post, reply, offer or record to be changed is not there.
	ErrUnknown = errors.New("there is no such entry")
	// ErrHeld: the post belongs to somebody else.
	ErrHeld = errors.New("the post belongs to somebody else")
	// ErrMalformed: an id, a month, a time or a document is not of its form.
	ErrMalformed = errors.New("malformed")
)

// DemoBoard is the document id of the demo board: the first 16 bytes of SHA-256
// over "tavle/demo/v1". It is the same everywhere and holds nothing real.
func DemoBoard() id.Document { return firstBytes("tavle/demo/v1") }
