package store

import (
	"fmt"

	"github.com/tavle-org/tavle/crdt/id"
)

// ActorAuthor says who an actor of a document is: the device that the actor was
// bound to when its first change was accepted, and the member that the device
// belonged to. An actor without one belongs to nobody, as in an imported file.
type ActorAuthor struct {
	Actor  id.Actor
	Device string // at most AuthorBytesMax bytes
	Member string // at most AuthorBytesMax bytes
	Kiosk  bool   // the member is a kiosk, where many people write
}

// Check returns an error for an author that no store takes.
func (a ActorAuthor) Check() error {
	switch {
	case len(a.Actor) == 0 || len(a.Actor) > id.ActorBytesMax:
		return fmt.Errorf("actor of %d bytes: %w", len(a.Actor), ErrTooLarge)
	case len(a.Device) > AuthorBytesMax || len(a.Member) > AuthorBytesMax:
		return fmt.Errorf("author of actor %s: %w", a.Actor, ErrTooLarge)
	}
	return nil
}

// Limits of records.
const (
	// RecordKeyBytesMax is the size of the longest key. The shortest has one byte.
	RecordKeyBytesMax = 200

	// RecordBytesMax is the size of the largest value.
	RecordBytesMax = 256 << 10

	// RecordsMax is how many records one PutRecords takes.
	RecordsMax = 1000

	// RecordsBytesMax is the size of all keys and values of one PutRecords, so
	// that they fit one transaction.
	RecordsBytesMax = 896 << 10
)

// Record is a value under a name. What it means is the business of who put it.
type Record struct {
	Key   []byte
	Value []byte // nil deletes the record; an empty one is a value
}

// CheckRecords returns an error that wraps ErrTooLarge for records that no store
// takes in one PutRecords.
func CheckRecords(records []Record) error {
	if len(records) > RecordsMax {
		return fmt.Errorf("%d records at once: %w", len(records), ErrTooLarge)
	}
	bytes := 0
	for _, r := range records {
		if len(r.Key) == 0 || len(r.Key) > RecordKeyBytesMax {
			return fmt.Errorf("record with a key of %d bytes: %w", len(r.Key), ErrTooLarge)
		}
		if len(r.Value) > RecordBytesMax {
			return fmt.Errorf("record %q of %d bytes: %w", r.Key, len(r.Value), ErrTooLarge)
		}
		bytes += len(r.Key) + len(r.Value)
	}
	if bytes > RecordsBytesMax {
		return fmt.Errorf("records of %d bytes at once: %w", bytes, ErrTooLarge)
	}
	return nil
}
