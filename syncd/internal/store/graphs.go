package store

import "github.com/tavle-org/tavle/crdt/id"

// Graphs keeps for a document the graph of its first changes, so that it can be
// opened without reading them, and reads single changes. A store may have it
// besides Store.
//
// A graph is derived, and what it is made of is no business of the store: a row of bytes
// to which more are appended. It may be lost at any time, and nothing that was told
// rests on it. A document has at most one PutGraph or DropGraph under way, and no
// Commit meanwhile.
type Graphs interface {
	// PutGraph appends pieces to the graph of the first changes, which the graph has so
	// far, or begins a new one if first is 0. With them it is one of all changes that the
	// document has. Errors: ErrConflict if first or the sum is not so, ErrFull,
	// ErrTooLarge.
	PutGraph(doc id.Document, first int, pieces []GraphPiece) error

	// LoadGraph calls take with the graph of a document and the number of changes
	// that it is of, and then yield with the changes that the document has besides, in
	// their order. It reports whether there is a graph. The slices are the callee's to
	// keep; an error of either ends it and is returned. An error that wraps ErrCorrupt says
	// that the graph is damaged, or not that of the document: it is to be dropped. That
	// may show after take or yield were called.
	LoadGraph(doc id.Document, take func(graph []byte, n int) error, yield func(change []byte) error) (Info, bool, error)

	// DropGraph removes the graph of a document, if there is one.
	DropGraph(doc id.Document) error

	// ReadFrom calls yield with the changes of a document from index from on, in
	// their order, until yield returns false or there are no more. is tells whether a change is
	// the one with the index from: what a crash has left may look as if it were.
	// What yield gets is lent. No change is an error that wraps ErrCorrupt. It does not
	// notice all damage that Load does, so the caller compares what it gets with the
	// graph.
	ReadFrom(doc id.Document, from int, is func(change []byte) bool, yield func(i int, change []byte) bool) error
}

// GraphPiece is the graph of some changes that follow one another.
type GraphPiece struct {
	Changes int
	Data    []byte
}

// GraphPieceBytesMax is the size of the longest piece.
const GraphPieceBytesMax = 256 << 10
