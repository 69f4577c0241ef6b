package store

import "github.com/tavle-org/tavle/crdt/id"

// Indexes keeps for a document what the rules know of its first changes, so that they need not go
// through them again before somebody writes. A store may have it besides Store.
//
// An index is derived, and what it is made of is no business of the store. It may be lost at any time.
// A document has at most one PutIndex or DropIndex under way.
type Indexes interface {
	// PutIndex replaces the index of a document by one of its first n changes. Errors:
	// ErrFull, ErrTooLarge.
	PutIndex(doc id.Document, n int, index []byte) error

	// Index returns the index of a document and of how many changes it is; nil if
	// there is none. An error that wraps ErrCorrupt says that it is damaged; it is to be
	// dropped.
	Index(doc id.Document) (n int, index []byte, err error)

	// DropIndex removes the index of a document, if there is one.
	DropIndex(doc id.Document) error
}
