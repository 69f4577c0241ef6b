package badger

import (
	"fmt"
	"slices"
	"time"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Limits of a transaction, below Badger's own: 15 % of memTableBytes, and one
// entry for each 96 bytes of that.
const (
	txnBytesMax   = 1 << 20
	txnEntriesMax = 4096

	// entryBytesMore is what an entry costs besides key and value.
	entryBytesMore = 16

	// batchBytesMore is what an append may need on the disk besides its changes.
	batchBytesMore = 1 << 10
)

// Commit implements store.Store.
//
// Ordinarily a batch is one transaction, flushed once. A batch that does not
// fit is cut between documents. An append that does not fit is cut between
// parts of records; the first of its transactions announces it in the meta
// record and only the last makes it visible, so a crash in between leaves
// nothing of it but its authors, and records that Load skips and the next append removes.
func (s *Store) Commit(batch []store.Append) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if s.unknown.Load() {
		return store.ErrClosed
	}
	if err := s.checkSpace(batch); err != nil {
		return err
	}
	metas, err := s.check(batch)
	if err != nil {
		return err
	}
	w := writer{store: s}
	for i, a := range batch {
		if err := w.append(a, metas[i]); err != nil {
			return w.fail(err)
		}
	}
	if err := w.flush(); err != nil {
		return w.fail(err)
	}
	return nil
}

// check returns the description of each document of a batch that can be stored.
func (s *Store) check(batch []store.Append) ([]meta, error) {
	metas := make([]meta, len(batch))
	seen := make(map[id.Document]struct{}, len(batch))
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	for i, a := range batch {
		if err := a.Check(); err != nil {
			return nil, err
		}
		if len(a.Heads) > metaHeadsMax || metaBytesMax(a) > partBytesMax {
			return nil, fmt.Errorf("append to document %s: %d heads: %w", a.Document, len(a.Heads), store.ErrTooLarge)
		}
		if _, twice := seen[a.Document]; twice {
			return nil, fmt.Errorf("document %s is twice in one batch: %w", a.Document, store.ErrConflict)
		}
		seen[a.Document] = struct{}{}
		m, _, err := readMeta(txn, a.Document)
		if err != nil {
			return nil, err
		}
		if a.First != int(m.changes) {
			return nil, fmt.Errorf("document %s has %d changes, append begins at %d: %w",
				a.Document, m.changes, a.First, store.ErrConflict)
		}
		metas[i] = m
	}
	return metas, nil
}

func metaBytesMax(a store.Append) int { return 128 + len(a.Heads)*len(id.ChangeHash{}) }

// checkSpace returns store.ErrFull if the batch would use the space that Badger
// itself needs. One statfs costs a hundredth of the flush that follows.
func (s *Store) checkSpace(batch []store.Append) error {
	bytes := int64(0)
	for _, a := range batch {
		bytes += int64(a.Bytes()) + batchBytesMore + int64(len(a.Authors)*authorBytesMax)
	}
	return s.checkRoom(bytes)
}

// checkRoom is checkSpace for so many bytes. It needs commitMu.
func (s *Store) checkRoom(bytes int64) error {
	free, err := s.cfg.freeBytes(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if err := enough(free, s.cfg.FreeBytesMin+bytes); err != nil {
		return err
	}
	return s.awaitTables(bytes)
}

func enough(free, need int64) error {
	if free < need {
		return fmt.Errorf("%d MiB free, %d MiB needed: %w", free>>20, need>>20, store.ErrFull)
	}
	return nil
}

// writer fills transactions with the entries of one batch, or of the records of
// one PutRecords.
type writer struct {
	store     *Store
	txn       *kv.Txn // nil when empty
	bytes     int
	entries   int
	committed bool   // a transaction of this batch was committed or tried
	raised    uint16 // the format that the transaction raises the store to, 0 for none
}

// append adds the entries of one append, as few transactions as they fit in.
func (w *writer) append(a store.Append, m meta) error {
	records, bytes, entries := w.store.encode(a)
	left, err := w.store.leftovers(a.Document, m)
	if err != nil {
		return err
	}
	bytes += len(left) * (recordKeyBytes + entryBytesMore)
	entries += len(left)
	bytes += metaBytesMax(a)
	entries++
	for _, author := range a.Authors {
		bytes += authorBytes(author)
	}
	entries += len(a.Authors) + formatEntries
	bytes += formatEntries * formatEntryBytes

	whole := bytes <= txnBytesMax && entries <= txnEntriesMax
	if !whole || w.bytes+bytes > txnBytesMax || w.entries+entries > txnEntriesMax {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if !whole {
		m.reserved = max(m.reserved, m.changes+uint32(len(a.Changes)))
		if err := w.set(metaKey(a.Document), m.encode(a.Document)); err != nil {
			return err
		}
	}
	if err := w.authors(a); err != nil {
		return err
	}
	for _, key := range left {
		if err := w.deleteSplit(key); err != nil {
			return err
		}
	}
	for _, r := range records {
		if err := w.raiseFormat(r.format()); err != nil {
			return err
		}
		for i := range r.parts() {
			if err := w.setSplit(r.part(i)); err != nil {
				return err
			}
		}
		m.records++
		m.storedBytes += int64(len(r.value))
	}
	for _, c := range a.Changes {
		m.digest = m.digest.next(c)
	}
	m.changes += uint32(len(a.Changes))
	m.reserved = m.changes // what was left by others is gone
	m.heads = slices.Clone(a.Heads)
	return w.setSplit(metaKey(a.Document), m.encode(a.Document))
}

// leftovers returns the keys of what an append that was cut short has left after the
// changes of a document.
func (s *Store) leftovers(doc id.Document, m meta) (keys [][]byte, err error) {
	if m.reserved == m.changes {
		return nil, nil
	}
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	it := txn.NewIterator(kv.IteratorOptions{Prefix: recordPrefix(doc)})
	defer it.Close()
	for it.Seek(recordKey(doc, m.changes, 0)); it.Valid(); it.Next() {
		first, _, err := parseRecordKey(it.Item().Key())
		if err != nil || first >= m.reserved {
			return keys, err
		}
		keys = append(keys, it.Item().KeyCopy(nil))
	}
	return keys, nil
}

// encode returns the records of an append and what they take in transactions.
func (s *Store) encode(a store.Append) (records []record, bytes, entries int) {
	first, rest := uint32(a.First), a.Changes
	for len(rest) > 0 {
		var r record
		r, rest = s.codec.encodeRecord(a.Document, first, rest, effortCommit)
		first += uint32(r.changes)
		records = append(records, r)
		bytes += len(r.value) + r.parts()*(recordKeyBytes+entryBytesMore)
		entries += r.parts()
	}
	return records, bytes, entries
}

// setSplit is set, in a new transaction if there is no room in this one.
func (w *writer) setSplit(key, value []byte) error {
	if err := w.split(len(key) + len(value)); err != nil {
		return err
	}
	return w.set(key, value)
}

func (w *writer) deleteSplit(key []byte) error {
	if err := w.split(len(key)); err != nil {
		return err
	}
	return w.txnFor(len(key)).Delete(key)
}

// split begins a new transaction if there is no room in this one.
func (w *writer) split(bytes int) error {
	if w.bytes+bytes+entryBytesMore > txnBytesMax || w.entries >= txnEntriesMax {
		return w.flush()
	}
	return nil
}

func (w *writer) set(key, value []byte) error {
	return w.txnFor(len(key)+len(value)).Set(key, value)
}

// txnFor returns the transaction for one more entry.
func (w *writer) txnFor(bytes int) *kv.Txn {
	if w.txn == nil {
		w.txn = w.store.db.NewTransaction(true)
	}
	w.bytes += bytes + entryBytesMore
	w.entries++
	return w.txn
}

// flush makes what was set durable.
func (w *writer) flush() error {
	if w.txn == nil {
		return nil
	}
	txn, raised := w.txn, w.raised
	w.txn, w.bytes, w.entries, w.committed, w.raised = nil, 0, 0, true, 0
	if err := w.store.finish(txn); err != nil {
		return err
	}
	w.store.format = max(w.store.format, raised)
	return nil
}

// fail ends the batch. Once a transaction was tried the error is about an
// unknown outcome, whatever caused it.
func (w *writer) fail(err error) error {
	if w.txn != nil {
		w.txn.Discard()
	}
	if w.committed {
		return w.store.giveUp(err)
	}
	return err
}

// finish commits a transaction and makes sure that it will be found again.
func (s *Store) finish(txn *kv.Txn) error {
	if err := txn.Commit(); err != nil {
		return s.giveUp(err)
	}
	rotated, err := s.rotation.settle()
	if err != nil {
		return s.giveUp(fmt.Errorf("flush the directory: %w", err))
	}
	if rotated {
		s.compaction.room.Add(-logBytesMax)
		s.compactIfDue()
	}
	if s.dropping.CompareAndSwap(false, true) {
		time.AfterFunc(logPagesKept, func() {
			s.dropping.Store(false)
			dropLogPages()
		})
	}
	return nil
}

// giveUp closes the store for everyone, since nobody knows what it has.
func (s *Store) giveUp(err error) error {
	if s.unknown.Swap(true) {
		return err
	}
	s.calls.Refuse()
	s.log.Error("the outcome of a write is unknown, the store is closed", "err", err)
	return fmt.Errorf("%w: %w", store.ErrUnknownOutcome, err)
}
