package badger

import (
	"fmt"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const (
	// mergeRecordsMin is how many records a document may have for each 64 KiB,
	// besides as many again, before Merge does anything.
	mergeRecordsMin = 64

	// mergeRunMax is how many records are joined into one. It keeps the
	// transaction, which deletes them, within its limits.
	mergeRunMax = txnEntriesMax / 2
)

// Merge joins the small records of a document, of which each append of one
// change makes one, into few large ones, which compress to about half. It is
// meant for an idle document; it does nothing, and costs one read, unless many
// records have come since the last time.
//
// Appends and loads of the document may run meanwhile: each run of records is
// replaced in one transaction, and the changes stay what they are.
func (s *Store) Merge(doc id.Document) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	var at uint32
	for {
		next, more, err := s.mergeRun(doc, at)
		if err != nil {
			return fmt.Errorf("merge document %s: %w", doc, err)
		}
		if !more {
			return nil
		}
		at = next
	}
}

// run is what mergeRun replaces: records that follow one another.
type run struct {
	first   uint32
	changes [][]byte
	bytes   int
	keys    [][]byte // of all parts
	records uint32
	stored  int64
}

// mergeRun replaces the run of records that begins at a change, and returns the
// change after it. more is false at the end of the document.
func (s *Store) mergeRun(doc id.Document, at uint32) (next uint32, more bool, err error) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if s.unknown.Load() {
		return 0, false, store.ErrClosed
	}
	if err := s.checkSpace(nil); err != nil {
		return 0, false, err
	}
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	m, ok, err := readMeta(txn, doc)
	if err != nil || !ok || at >= m.changes || at == 0 && !m.scattered() {
		return 0, false, err
	}
	r, err := s.readRun(txn, doc, at, m.changes)
	if err != nil {
		return 0, false, err
	}
	next = at + uint32(len(r.changes))
	if r.records < 2 {
		return next, true, nil
	}
	if err := s.replace(txn, doc, m, r); err != nil {
		return 0, false, err
	}
	return next, true, s.finish(txn)
}

// scattered tells whether merging is worth its writes.
func (m meta) scattered() bool {
	return int64(m.records) > 2*mergeRecordsMin && int64(m.records) > mergeRecordsMin*(m.storedBytes>>16)
}

// readRun reads records from change first on, as many as fit one record, and at
// least one.
func (s *Store) readRun(txn *kv.Txn, doc id.Document, first, end uint32) (run, error) {
	reader := newRecordReader(txn, doc)
	defer reader.close()
	r := run{first: first}
	for at := first; at < end && r.records < mergeRunMax; {
		h, value, err := reader.read(at)
		if err != nil {
			return r, damagedAt(doc, at, err)
		}
		if r.records > 0 && (r.bytes+h.body > recordBytesMax || len(r.changes)+h.changes > recordChangesMax) {
			break
		}
		changes, err := s.codec.decodeRecord(doc, at, h, value)
		if err != nil {
			return r, damagedAt(doc, at, err)
		}
		old := record{doc: doc, first: at, value: value}
		for i := range old.parts() {
			key, _ := old.part(i)
			r.keys = append(r.keys, key)
		}
		r.changes = append(r.changes, changes...)
		r.bytes += h.body
		r.records++
		r.stored += int64(len(value))
		at += uint32(len(changes))
	}
	return r, nil
}

// replace writes the run as one record, and what the description says of it.
func (s *Store) replace(txn *kv.Txn, doc id.Document, m meta, r run) error {
	joined, rest := s.codec.encodeRecord(doc, r.first, r.changes)
	if len(rest) > 0 || joined.parts() > 1 {
		return fmt.Errorf("the records from change %d on do not fit one", r.first)
	}
	for _, key := range r.keys {
		if err := txn.Delete(key); err != nil {
			return err
		}
	}
	if err := txn.Set(joined.part(0)); err != nil {
		return err
	}
	m.records -= r.records - 1
	m.storedBytes += int64(len(joined.value)) - r.stored
	return txn.Set(metaKey(doc), m.encode(doc))
}
