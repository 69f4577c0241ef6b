package badger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// derived is what is kept beside a document and may be lost: the prefix of its keys.
type derived byte

const (
	snapshots derived = prefixSnapshot
	indexes   derived = prefixIndex
)

const (
	derivedVersion = 1

	// derivedPartsMax bounds what is derived, to 64 MiB.
	derivedPartsMax = 128

	// derivedPartBytes is the size of a part, if there are less than derivedPartsMax of
	// them. Those who append wait for its flush.
	derivedPartBytes = 128 << 10

	derivedKeyBytes = 1 + documentBytes + 4 + 2
)

var (
	_ store.Snapshots = (*Store)(nil)
	_ store.Indexes   = (*Store)(nil)
)

// PutSnapshot implements store.Snapshots.
func (s *Store) PutSnapshot(doc id.Document, n int, chunk []byte) error {
	return about("snapshot", doc, s.putDerived(snapshots, doc, n, chunk))
}

// Snapshot implements store.Snapshots.
func (s *Store) Snapshot(doc id.Document) (n int, chunk []byte, err error) {
	n, chunk, err = s.derived(snapshots, doc)
	return n, chunk, about("snapshot", doc, err)
}

// DropSnapshot implements store.Snapshots.
func (s *Store) DropSnapshot(doc id.Document) error {
	return about("drop the snapshot", doc, s.dropDerived(snapshots, doc))
}

// PutIndex implements store.Indexes.
func (s *Store) PutIndex(doc id.Document, n int, index []byte) error {
	return about("index", doc, s.putDerived(indexes, doc, n, index))
}

// Index implements store.Indexes.
func (s *Store) Index(doc id.Document) (n int, index []byte, err error) {
	n, index, err = s.derived(indexes, doc)
	return n, index, about("index", doc, err)
}

// DropIndex implements store.Indexes.
func (s *Store) DropIndex(doc id.Document) error {
	return about("drop the index", doc, s.dropDerived(indexes, doc))
}

// about says what of which document an error is about; nil stays nil.
func about(what string, doc id.Document, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s of document %s: %w", what, doc, err)
}

func (d derived) prefix(doc id.Document) []byte {
	return append(append(make([]byte, 0, derivedKeyBytes), byte(d)), doc[:]...)
}

// key names a part of what is derived from the first n changes. Part 0 says that the
// others are there.
func (d derived) key(doc id.Document, n uint32, part int) []byte {
	key := binary.BigEndian.AppendUint32(d.prefix(doc), n)
	return binary.BigEndian.AppendUint16(key, uint16(part))
}

// derivedHead is part 0.
func derivedHead(key, data []byte, parts int) []byte {
	head := []byte{derivedVersion}
	head = binary.AppendUvarint(head, uint64(len(data)))
	head = binary.AppendUvarint(head, uint64(parts))
	return binary.BigEndian.AppendUint64(head, uint64(sumOf(key, head, data)))
}

// putDerived replaces what is derived. Its parts are written one by one, and
// between them others write: it rests for as long as the part took, so that at most
// half of what the disk can do is its.
func (s *Store) putDerived(d derived, doc id.Document, n int, data []byte) error {
	size := min(partBytesMax, max(derivedPartBytes, (len(data)+derivedPartsMax-1)/derivedPartsMax))
	parts := (len(data) + size - 1) / size
	if n < 1 || n > store.ChangesMax || parts < 1 || parts > derivedPartsMax {
		return fmt.Errorf("%d bytes of %d changes: %w", len(data), n, store.ErrTooLarge)
	}
	for i := range parts {
		part, began := data[i*size:min((i+1)*size, len(data))], time.Now()
		err := s.writeDerived(int64(len(data)), func(w *writer) error { return w.set(d.key(doc, uint32(n), i+1), part) })
		if err != nil {
			return err
		}
		rest(time.Since(began))
	}
	key := d.key(doc, uint32(n), 0)
	return s.writeDerived(0, func(w *writer) error {
		if err := w.set(key, derivedHead(key, data, parts)); err != nil {
			return err
		}
		return w.deleteDerived(d, doc, uint32(n), parts)
	})
}

// rest lets those who append have the disk, after work in the background that took
// so long. It is bounded, since a disk that hung is no reason to wait on.
func rest(took time.Duration) { time.Sleep(min(took, restMax)) }

const restMax = 100 * time.Millisecond

func (s *Store) dropDerived(d derived, doc id.Document) error {
	return s.writeDerived(0, func(w *writer) error { return w.deleteDerived(d, doc, 0, 0) })
}

// writeDerived makes one transaction, if there is room on the disk for bytes.
func (s *Store) writeDerived(bytes int64, fill func(*writer) error) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if s.unknown.Load() {
		return store.ErrClosed
	}
	if bytes > 0 {
		if err := s.checkRoom(bytes); err != nil {
			return err
		}
	}
	w := writer{store: s}
	if err := fill(&w); err != nil {
		return w.fail(err)
	}
	if err := w.flush(); err != nil {
		return w.fail(err)
	}
	return nil
}

// deleteDerived removes what there is of this kind of a document, but for the first
// parts of what is of n changes.
func (w *writer) deleteDerived(d derived, doc id.Document, n uint32, parts int) error {
	txn := w.store.db.NewTransaction(false)
	defer txn.Discard()
	it := txn.NewIterator(kv.IteratorOptions{Prefix: d.prefix(doc)})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		of, part, err := parseDerivedKey(key)
		if err == nil && of == n && part <= parts {
			continue
		}
		if err := w.txnFor(len(key)).Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func parseDerivedKey(key []byte) (n uint32, part int, err error) {
	if len(key) != derivedKeyBytes {
		return 0, 0, errors.New("bad key")
	}
	rest := key[1+documentBytes:]
	return binary.BigEndian.Uint32(rest), int(binary.BigEndian.Uint16(rest[4:])), nil
}

// derived returns what was put. Of several, as a crash may leave, it is the one of most
// changes that is whole.
func (s *Store) derived(d derived, doc id.Document) (n int, data []byte, err error) {
	if err := s.calls.Enter(); err != nil {
		return 0, nil, err
	}
	defer s.calls.Leave()
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	head, found := uint32(0), false
	it := txn.NewIterator(kv.IteratorOptions{Prefix: d.prefix(doc)})
	for it.Rewind(); it.Valid(); it.Next() {
		if of, part, err := parseDerivedKey(it.Item().Key()); err == nil && part == 0 {
			head, found = of, true
		}
	}
	it.Close()
	if !found {
		return 0, nil, nil
	}
	if data, err = readDerived(txn, d, doc, head); err != nil {
		return 0, nil, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	return int(head), data, nil
}

func readDerived(txn *kv.Txn, d derived, doc id.Document, n uint32) ([]byte, error) {
	key := d.key(doc, n, 0)
	head, err := valueOf(txn, key)
	if err != nil {
		return nil, err
	}
	if len(head) < 1+sumBytes || head[0] != derivedVersion {
		return nil, errors.New("unknown version")
	}
	size, b := cutUvarint(head[1:], derivedPartsMax*partBytesMax)
	parts, b := cutUvarint(b, derivedPartsMax)
	if len(b) != sumBytes {
		return nil, errShort
	}
	var data []byte
	for i := range int(parts) {
		part, err := valueOf(txn, d.key(doc, n, i+1))
		if err != nil {
			return nil, err
		}
		data = append(data, part...)
	}
	if uint64(len(data)) != size || sumOf(key, head[:len(head)-sumBytes], data) != sum(binary.BigEndian.Uint64(b)) {
		return nil, errors.New("checksum does not match")
	}
	return data, nil
}
