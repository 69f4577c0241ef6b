// Package store is the contract of what keeps documents: the changes of each
// document in causal order, durable when a commit returns; who the actors of
// those changes are; and records, small values under names, for what the server
// knows that is in no document.
//
// The implementations are badger (a disk), mem (tests) and faultstore (any of
// them, with faults); storetest holds every one of them to this contract.
// groupcommit joins the commits of many documents into one batch.
//
// # The law
//
//   - When Commit returns nil, everything in its batch survives a kill of the
//     process, a crash of the system and a power cut on hardware that honours
//     flush. Nothing weaker may be told to a peer.
//   - Of each document a prefix of the appended changes is kept, in their
//     order. A crash during Commit keeps for each document some prefix of its
//     append, perhaps none; Load never shows a change without those that stood
//     before it. What Load shows after a crash is what the document has: the
//     next append continues there.
//   - When Commit fails with an error that is ErrUnknownOutcome the batch may
//     or may not be stored. The store is closed for every caller from then on;
//     the process ends, and opening the store again decides. Any other error
//     stored nothing of the batch, and the store goes on.
//   - The authors of an append are there when any of its changes is. After a
//     crash during Commit they may be there without the changes, which is
//     harmless: the actors are that author's, and what it made it sends again.
//   - The records of one PutRecords are stored as a whole or not at all, and
//     its outcome obeys the same law as that of Commit.
//   - Loading one document costs nothing for the others, and opening a store
//     does not depend on the number of its documents.
//
// Methods may be called by several goroutines at once, except that one document
// has at most one Commit and one record at most one PutRecords under way.
package store

import (
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/crdt/id"
)

var (
	// ErrUnknownOutcome marks a failed write that may have been stored, for
	// instance a failed flush. It is fatal: see the law above.
	ErrUnknownOutcome = errors.New("the outcome of a write is unknown")

	// ErrClosed is returned by every method after Close or ErrUnknownOutcome.
	ErrClosed = errors.New("the store is closed")

	// ErrFull is returned by Commit and PutRecords when the disk has less free space than the
	// store needs to stay usable. Nothing was stored; reading goes on.
	ErrFull = errors.New("the disk is full: the store is read-only until space is freed")

	// ErrConflict is returned by Commit when Append.First is not the number of
	// changes that the document has. It means that a document has two writers.
	ErrConflict = errors.New("the append does not continue the stored document")

	// ErrTooLarge is returned by Commit and PutRecords for what is over one of
	// the limits below.
	ErrTooLarge = errors.New("the append is too large to be stored")

	// ErrCorrupt marks what was read as damaged. The error that wraps it names
	// the document and the place, or the record.
	ErrCorrupt = errors.New("the store is damaged")
)

// Limits of what is stored. The limits of what is accepted from a peer are
// smaller and not the store's business.
const (
	// ChangeBytesMax is the size of the largest change, uncompressed.
	ChangeBytesMax = 64 << 20

	// ChangesMax is how many changes one document may have.
	ChangesMax = 1<<31 - 1

	// AuthorsMax is how many authors one append may have.
	AuthorsMax = 1 << 16

	// AuthorBytesMax is the size of the longest name of a device or a member.
	AuthorBytesMax = 128
)

// Append adds changes to the end of one document.
type Append struct {
	Document id.Document

	// First is the number of changes that the document has before this append;
	// 0 creates the document.
	First int

	// Changes are whole change chunks, not deflated, in an order in which every
	// change stands after its dependencies. The caller leaves them unmodified
	// for ever; the store keeps no reference after Commit.
	Changes [][]byte

	// Heads are the heads of the document with these changes, sorted. The
	// caller leaves them unmodified for ever.
	Heads []id.ChangeHash

	// Authors say who the actors of these changes are, as far as the store does
	// not know it yet. An actor that it does know gets the new author.
	Authors []ActorAuthor
}

// Bytes is the size of the changes, uncompressed.
func (a Append) Bytes() int {
	n := 0
	for _, c := range a.Changes {
		n += len(c)
	}
	return n
}

// Check returns an error for an append that no store takes: one without
// changes, or over a limit.
func (a Append) Check() error {
	switch {
	case len(a.Changes) == 0:
		return fmt.Errorf("append to document %s: no changes", a.Document)
	case a.First < 0 || a.First > ChangesMax-len(a.Changes):
		return fmt.Errorf("append to document %s at %d: %w", a.Document, a.First, ErrTooLarge)
	}
	for _, c := range a.Changes {
		if len(c) > ChangeBytesMax {
			return fmt.Errorf("append to document %s: change of %d bytes: %w", a.Document, len(c), ErrTooLarge)
		}
	}
	if len(a.Authors) > AuthorsMax {
		return fmt.Errorf("append to document %s: %d authors: %w", a.Document, len(a.Authors), ErrTooLarge)
	}
	for _, author := range a.Authors {
		if err := author.Check(); err != nil {
			return fmt.Errorf("append to document %s: %w", a.Document, err)
		}
	}
	return nil
}

// Info describes a stored document.
type Info struct {
	// Changes is how many changes the last completed append left.
	Changes int

	// Heads are those of the last completed append, sorted.
	Heads []id.ChangeHash

	// StoredBytes is what the changes take in the store, compressed.
	StoredBytes int64
}

// Store keeps documents. The package comment is its law.
type Store interface {
	// StorageID names this store for as long as it lives. A restore from a
	// backup gives it another (syncd restored, syncd revocations import), since
	// clients remember what the old one had.
	StorageID() id.Storage

	// Commit stores all appends of the batch durably. A batch names each
	// document at most once, and an append has at least one change.
	Commit(batch []Append) error

	// Load calls yield with the changes of a document in the order in which
	// they were appended. The slice is yield's to keep. A document that was
	// never appended to has no change and no error. Changes of an append that a
	// crash cut short may follow those that Info counts. An error of yield ends
	// the loading and is returned.
	Load(doc id.Document, yield func(change []byte) error) (Info, error)

	// Stat returns what Load would return, without the changes, and whether the
	// document exists. It reads no change, so it may miss damage.
	Stat(doc id.Document) (Info, bool, error)

	// Documents calls yield for each document after the given one, in the order
	// of their ids; a nil after starts with the first. An error of yield ends it
	// and is returned. A document whose description is damaged does not end it:
	// the others are yielded, then the error wraps ErrCorrupt.
	Documents(after *id.Document, yield func(id.Document, Info) error) error

	// Authors calls yield for each actor of a document whose author the store
	// knows, in the order of the actors. An error of yield ends it and is
	// returned. A damaged entry does not end it: the others are yielded, then
	// the error wraps ErrCorrupt.
	Authors(doc id.Document, yield func(ActorAuthor) error) error

	// PutRecords stores and deletes records durably, all or none of them. Where
	// a key stands twice the last one counts.
	PutRecords(records []Record) error

	// Records calls yield for each record whose key has the prefix, in the order
	// of the keys; an empty prefix means all. Both slices are yield's to keep.
	// An error of yield ends it and is returned. A damaged record does not end
	// it: the others are yielded, then the error wraps ErrCorrupt and names the
	// keys.
	Records(prefix []byte, yield func(key, value []byte) error) error

	// Close releases the store. Calls under way finish first; yield must not
	// call it. A second Close does nothing.
	Close() error
}
