package badger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Versions of FORMAT.md that this package reads. A store has the first until it
// gets its first author or named record, and the first two until it gets its first
// lean record: from then on a program that does not know those must not open it.
const (
	formatDocuments = 1
	formatMembers   = 2
	formatLean      = 3
	formatVersion   = formatLean
)

var (
	formatKey  = []byte{prefixStore, 'f'}
	storageKey = []byte{prefixStore, 's'}

	formatMagic = []byte("tavle")
)

// ErrFormat is returned by Open for a store of a newer version, or a Badger
// store of something else.
var ErrFormat = errors.New("the directory holds no store that this version can read")

// readFormat checks the format record and returns the storage id. An empty
// store gets both.
func (s *Store) readFormat() (id.Storage, error) {
	var format, storage []byte
	var empty bool
	err := s.db.View(func(txn *kv.Txn) (err error) {
		if format, err = valueOf(txn, formatKey); err != nil {
			return err
		}
		if storage, err = valueOf(txn, storageKey); err != nil {
			return err
		}
		it := txn.NewIterator(kv.IteratorOptions{})
		defer it.Close()
		it.Rewind()
		empty = !it.Valid()
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("read the format record: %w", err)
	}
	if empty {
		return s.writeFormat()
	}
	if s.format, err = parseFormat(format); err != nil {
		return "", err
	}
	return id.ParseStorage(string(storage))
}

func parseFormat(record []byte) (uint16, error) {
	version, ok := bytes.CutPrefix(record, formatMagic)
	if !ok || len(version) != 2 {
		return 0, fmt.Errorf("%w: no format record", ErrFormat)
	}
	v := binary.BigEndian.Uint16(version)
	if v < formatDocuments || v > formatVersion {
		return 0, fmt.Errorf("%w: it has format %d, this version reads formats %d to %d",
			ErrFormat, v, formatDocuments, formatVersion)
	}
	return v, nil
}

func formatRecord(version uint16) []byte {
	return binary.BigEndian.AppendUint16(bytes.Clone(formatMagic), version)
}

func (s *Store) writeFormat() (id.Storage, error) {
	storage := id.NewStorage()
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	err := errors.Join(
		txn.Set(formatKey, formatRecord(formatDocuments)),
		txn.Set(storageKey, []byte(storage)),
	)
	if err == nil {
		err = txn.Commit()
	}
	if err == nil {
		_, err = s.rotation.settle()
	}
	if err != nil {
		return "", fmt.Errorf("write the format record: %w", err)
	}
	s.format = formatDocuments
	return storage, nil
}

// ResetStorageID gives the store another storage id, durably. A restore from a
// backup does so, since clients remember how much the old one had.
func (s *Store) ResetStorageID() (id.Storage, error) {
	if err := s.calls.Enter(); err != nil {
		return "", err
	}
	defer s.calls.Leave()
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if s.unknown.Load() {
		return "", store.ErrClosed
	}
	storage := id.NewStorage()
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	if err := txn.Set(storageKey, []byte(storage)); err != nil {
		return "", fmt.Errorf("write the storage id: %w", err)
	}
	if err := s.finish(txn); err != nil {
		return "", fmt.Errorf("write the storage id: %w", err)
	}
	s.storage.Store(&storage)
	return storage, nil
}

// valueOf returns a copy of a value, nil if there is none.
func valueOf(txn *kv.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, kv.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

// raiseFormat notes in the format record what the store has from now on.
func (w *writer) raiseFormat(to uint16) error {
	if max(w.store.format, w.raised) >= to {
		return nil
	}
	if err := w.setSplit(formatKey, formatRecord(to)); err != nil {
		return err
	}
	w.raised = to
	return nil
}

// format is the version that a reader of the record has to know.
func (r record) format() uint16 {
	if r.encoding() == encodingRaw {
		return formatDocuments
	}
	return formatLean
}
