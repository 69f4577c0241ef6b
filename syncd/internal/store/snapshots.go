package store

import "github.com/tavle-org/tavle/crdt/id"

// Snapshots keeps for a document one chunk that says the same as its first
// changes. A store may have it besides Store.
//
// A snapshot is derived: it may be lost at any time, by a crash in the middle of
// writing it for instance, and nothing that was told rests on it. A document has
// at most one PutSnapshot or DropSnapshot under way.
type Snapshots interface {
	// PutSnapshot replaces the snapshot of a document by one of its first n
	// changes. Errors: ErrFull, ErrTooLarge.
	PutSnapshot(doc id.Document, n int, chunk []byte) error

	// Snapshot returns the snapshot of a document and of how many changes it is;
	// nil if there is none. An error that wraps ErrCorrupt says that it is damaged;
	// it is to be dropped.
	Snapshot(doc id.Document) (n int, chunk []byte, err error)

	// DropSnapshot removes the snapshot of a document, if there is one.
	DropSnapshot(doc id.Document) error
}
