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

const (
	snapshotVersion = 1

	// snapshotPartsMax bounds a snapshot, to 64 MiB.
	snapshotPartsMax = 128

	// snapshotPartBytes is the size of a part of a snapshot that has less than
	// snapshotPartsMax of them. Those who append wait for its flush.
	snapshotPartBytes = 128 << 10

	snapshotKeyBytes = 1 + documentBytes + 4 + 2
)

var _ store.Snapshots = (*Store)(nil)

func snapshotPrefix(doc id.Document) []byte {
	return append(append(make([]byte, 0, snapshotKeyBytes), prefixSnapshot), doc[:]...)
}

// snapshotKey names a part of the snapshot of the first n changes. Part 0 says
// that the others are there.
func snapshotKey(doc id.Document, n uint32, part int) []byte {
	key := binary.BigEndian.AppendUint32(snapshotPrefix(doc), n)
	return binary.BigEndian.AppendUint16(key, uint16(part))
}

// snapshotHead is part 0.
func snapshotHead(key, chunk []byte, parts int) []byte {
	head := []byte{snapshotVersion}
	head = binary.AppendUvarint(head, uint64(len(chunk)))
	head = binary.AppendUvarint(head, uint64(parts))
	return binary.BigEndian.AppendUint64(head, uint64(sumOf(key, head, chunk)))
}

// PutSnapshot implements store.Snapshots. Its parts are written one by one, and
// between them others write: it rests for as long as the part took, so that at most
// half of what the disk can do is its.
func (s *Store) PutSnapshot(doc id.Document, n int, chunk []byte) error {
	size := min(partBytesMax, max(snapshotPartBytes, (len(chunk)+snapshotPartsMax-1)/snapshotPartsMax))
	parts := (len(chunk) + size - 1) / size
	if n < 1 || n > store.ChangesMax || parts < 1 || parts > snapshotPartsMax {
		return fmt.Errorf("snapshot of document %s: %d bytes of %d changes: %w", doc, len(chunk), n, store.ErrTooLarge)
	}
	for i := range parts {
		part, began := chunk[i*size:min((i+1)*size, len(chunk))], time.Now()
		err := s.writeSnapshot(int64(len(chunk)), func(w *writer) error { return w.set(snapshotKey(doc, uint32(n), i+1), part) })
		if err != nil {
			return fmt.Errorf("snapshot of document %s: %w", doc, err)
		}
		rest(time.Since(began))
	}
	key := snapshotKey(doc, uint32(n), 0)
	err := s.writeSnapshot(0, func(w *writer) error {
		if err := w.set(key, snapshotHead(key, chunk, parts)); err != nil {
			return err
		}
		return w.deleteSnapshots(doc, uint32(n), parts)
	})
	if err != nil {
		return fmt.Errorf("snapshot of document %s: %w", doc, err)
	}
	return nil
}

// rest lets those who append have the disk, after work in the background that took
// so long. It is bounded, since a disk that hung is no reason to wait on.
func rest(took time.Duration) { time.Sleep(min(took, restMax)) }

const restMax = 100 * time.Millisecond

// DropSnapshot implements store.Snapshots.
func (s *Store) DropSnapshot(doc id.Document) error {
	err := s.writeSnapshot(0, func(w *writer) error { return w.deleteSnapshots(doc, 0, 0) })
	if err != nil {
		return fmt.Errorf("drop the snapshot of document %s: %w", doc, err)
	}
	return nil
}

// writeSnapshot makes one transaction, if there is room on the disk for bytes.
func (s *Store) writeSnapshot(bytes int64, fill func(*writer) error) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if s.unknown.Load() {
		return store.ErrClosed
	}
	free, err := freeBytes(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if bytes > 0 {
		if err := enough(free, s.cfg.FreeBytesMin+bytes); err != nil {
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

// deleteSnapshots removes what there is of snapshots of a document, but for the
// first parts of that of n changes.
func (w *writer) deleteSnapshots(doc id.Document, n uint32, parts int) error {
	txn := w.store.db.NewTransaction(false)
	defer txn.Discard()
	it := txn.NewIterator(kv.IteratorOptions{Prefix: snapshotPrefix(doc)})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		of, part, err := parseSnapshotKey(key)
		if err == nil && of == n && part <= parts {
			continue
		}
		if err := w.txnFor(len(key)).Delete(key); err != nil {
			return err
		}
	}
	return nil
}

func parseSnapshotKey(key []byte) (n uint32, part int, err error) {
	if len(key) != snapshotKeyBytes {
		return 0, 0, errors.New("bad key of a snapshot")
	}
	rest := key[1+documentBytes:]
	return binary.BigEndian.Uint32(rest), int(binary.BigEndian.Uint16(rest[4:])), nil
}

// Snapshot implements store.Snapshots. Of several, as a crash may leave, it is the
// one of most changes that is whole.
func (s *Store) Snapshot(doc id.Document) (n int, chunk []byte, err error) {
	if err := s.calls.Enter(); err != nil {
		return 0, nil, err
	}
	defer s.calls.Leave()
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	head, found := uint32(0), false
	it := txn.NewIterator(kv.IteratorOptions{Prefix: snapshotPrefix(doc)})
	for it.Rewind(); it.Valid(); it.Next() {
		if of, part, err := parseSnapshotKey(it.Item().Key()); err == nil && part == 0 {
			head, found = of, true
		}
	}
	it.Close()
	if !found {
		return 0, nil, nil
	}
	if chunk, err = readSnapshot(txn, doc, head); err != nil {
		return 0, nil, fmt.Errorf("%w: snapshot of document %s: %w", store.ErrCorrupt, doc, err)
	}
	return int(head), chunk, nil
}

func readSnapshot(txn *kv.Txn, doc id.Document, n uint32) ([]byte, error) {
	key := snapshotKey(doc, n, 0)
	head, err := valueOf(txn, key)
	if err != nil {
		return nil, err
	}
	if len(head) < 1+sumBytes || head[0] != snapshotVersion {
		return nil, errors.New("unknown version")
	}
	size, b := cutUvarint(head[1:], snapshotPartsMax*partBytesMax)
	parts, b := cutUvarint(b, snapshotPartsMax)
	if len(b) != sumBytes {
		return nil, errShort
	}
	var chunk []byte
	for i := range int(parts) {
		part, err := valueOf(txn, snapshotKey(doc, n, i+1))
		if err != nil {
			return nil, err
		}
		chunk = append(chunk, part...)
	}
	if uint64(len(chunk)) != size || sumOf(key, head[:len(head)-sumBytes], chunk) != sum(binary.BigEndian.Uint64(b)) {
		return nil, errors.New("checksum does not match")
	}
	return chunk, nil
}
