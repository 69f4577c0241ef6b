package rights

import (
	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// Index is what the rules need to know of one document: its objects, who made its
// entries, and the authors of its actors. It is fed with every accepted change in
// the order of acceptance.
type Index struct{}

// NewPage returns the index of an empty page of a board.
func NewPage(of id.Document, month board.Month, epoch uint32) *Index { return &Index{} }

// NewBoard returns the index of an empty board document.
func NewBoard(doc id.Document) *Index { return &Index{} }

// Check returns nil or a *Refusal: whether the principal may bring the change,
// which a history found valid, and all of whose ancestors were added. It changes
// nothing.
func (x *Index) Check(c *chunk.Change, p Principal) error { return &Refusal{Reason: RoleMayNot} }

// Add takes note of a change that was accepted, also of a restored one, and of who
// its actor is bound to.
func (x *Index) Add(c *chunk.Change, a Author) {}

// Author returns who an actor is bound to; false for an actor without a change.
func (x *Index) Author(actor id.Actor) (Author, bool) { return Author{}, false }
