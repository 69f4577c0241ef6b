package badger

import (
	"fmt"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const (
	// looseRecords and looseBytes are how many records a document may have before
	// Merge does anything: looseRecords, and one for each looseBytes that are
	// stored. A page at rest thus keeps few small records, and one that is written
	// all the time is written anew for each part that is added to it, not for
	// each change.
	looseRecords = 8
	looseBytes   = 4 << 10

	// mergeRunMax is how many records are joined into one. Those who append wait
	// while they are deleted.
	mergeRunMax = 1024
)

// Merge joins the small records of a document, of which each append of one
// change makes one, into few large ones, which compress to a third. It is meant for
// an idle document; it does nothing, and costs one read, unless some records
// have come since the last time.
//
// Appends and loads of the document may run meanwhile: the changes stay what they
// are. Those who append wait for at most one transaction of Merge, since records
// are read and compressed before: nothing but Merge replaces a record that a
// description counts, and it does one run at a time.
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
	bytes   int      // of the changes
	keys    [][]byte // of all parts
	records uint32
	stored  int64
	joined  record
}

// mergeRun replaces the run of records that begins at a change, and returns the
// change after it. more is false at the end of the document.
func (s *Store) mergeRun(doc id.Document, at uint32) (next uint32, more bool, err error) {
	s.mergeMu.Lock()
	defer s.mergeMu.Unlock()
	r, more, err := s.prepareRun(doc, at)
	if err != nil || !more {
		return 0, false, err
	}
	next = at + uint32(len(r.changes))
	if r.records < 2 {
		return next, true, nil
	}
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if s.unknown.Load() {
		return 0, false, store.ErrClosed
	}
	if err := s.checkSpace(nil); err != nil {
		return 0, false, err
	}
	return next, true, s.replace(doc, r)
}

// prepareRun does without a lock what does not need one: it reads a run and
// encodes it anew. more is false if there is nothing to merge from there on.
func (s *Store) prepareRun(doc id.Document, at uint32) (r run, more bool, err error) {
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	m, ok, err := readMeta(txn, doc)
	if err != nil || !ok || at >= m.changes || at == 0 && !m.scattered() {
		return r, false, err
	}
	if r, err = s.readRun(txn, doc, at, m.changes); err != nil || r.records < 2 {
		return r, true, err
	}
	joined, rest := s.codec.encodeRecord(doc, r.first, r.changes, effortMerge)
	if len(rest) > 0 || joined.parts() > 1 {
		return r, false, fmt.Errorf("the records from change %d on do not fit one", r.first)
	}
	r.joined = joined
	return r, true, nil
}

// scattered tells whether merging is worth its writes.
func (m meta) scattered() bool {
	return int64(m.records) > looseRecords+m.storedBytes/looseBytes
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
		changes, err := s.codec.decodeRecord(doc, at, h, value)
		if err != nil {
			return r, damagedAt(doc, at, err)
		}
		bytes := 0
		for _, c := range changes {
			bytes += len(c)
		}
		if r.records > 0 && (r.bytes+bytes > recordBytesMax || len(r.changes)+len(changes) > recordChangesMax) {
			break
		}
		old := record{doc: doc, first: at, value: value}
		for i := range old.parts() {
			key, _ := old.part(i)
			r.keys = append(r.keys, key)
		}
		r.changes = append(r.changes, changes...)
		r.bytes += bytes
		r.records++
		r.stored += int64(len(value))
		at += uint32(len(changes))
	}
	return r, nil
}

// replace writes the run as one record, and what the description says of it. It
// needs commitMu.
func (s *Store) replace(doc id.Document, r run) error {
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	m, _, err := readMeta(txn, doc)
	if err != nil {
		return err
	}
	for _, key := range r.keys {
		if err := txn.Delete(key); err != nil {
			return err
		}
	}
	if err := txn.Set(r.joined.part(0)); err != nil {
		return err
	}
	format := max(s.format, r.joined.format())
	if format > s.format {
		if err := txn.Set(formatKey, formatRecord(format)); err != nil {
			return err
		}
	}
	m.records -= r.records - 1
	m.storedBytes += int64(len(r.joined.value)) - r.stored
	if err := txn.Set(metaKey(doc), m.encode(doc)); err != nil {
		return err
	}
	if err := s.finish(txn); err != nil {
		return err
	}
	s.format = format
	return nil
}
