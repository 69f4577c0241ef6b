package badger

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/syncd/internal/store"
)

// A named record is a store.Record. It has nothing to do with the records of a
// document's changes.

const namedVersion = 1

// smallBytesMax is the size up to which records may use half of the space that
// Commit leaves free: so that a lost device can be shut out though documents have
// filled the disk.
const smallBytesMax = 64 << 10

func namedKey(key []byte) []byte { return append([]byte{prefixNamed}, key...) }

func encodeNamed(r store.Record) (key, value []byte) {
	key = namedKey(r.Key)
	value = make([]byte, 0, 1+len(r.Value)+sumBytes)
	value = append(value, namedVersion)
	value = append(value, r.Value...)
	return key, binary.BigEndian.AppendUint64(value, uint64(sumOf(key, value)))
}

func decodeNamed(key, value []byte) ([]byte, error) {
	b, err := cutSum(key, value)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || b[0] != namedVersion {
		return nil, errors.New("unknown version")
	}
	return b[1:], nil
}

// PutRecords implements store.Store, in one transaction.
func (s *Store) PutRecords(records []store.Record) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	if err := store.CheckRecords(records); err != nil || len(records) == 0 {
		return err
	}
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if s.unknown.Load() {
		return store.ErrClosed
	}
	if err := s.checkSpaceFor(records); err != nil {
		return err
	}
	w := writer{store: s}
	if err := w.records(records); err != nil {
		return w.fail(err)
	}
	if err := w.flush(); err != nil {
		return w.fail(err)
	}
	return nil
}

func (s *Store) checkSpaceFor(records []store.Record) error {
	bytes := 0
	for _, r := range records {
		bytes += len(r.Key) + len(r.Value) + batchBytesMore
	}
	if bytes > smallBytesMax {
		return s.checkRoom(int64(bytes))
	}
	free, err := s.cfg.freeBytes(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	return enough(free, s.cfg.FreeBytesMin/2)
}

// records adds records to a transaction that has room for RecordsMax of them.
func (w *writer) records(records []store.Record) error {
	if err := w.raiseFormat(formatMembers); err != nil {
		return err
	}
	for _, r := range records {
		key, value := encodeNamed(r)
		if r.Value != nil {
			if err := w.set(key, value); err != nil {
				return err
			}
		} else if err := w.txnFor(len(key)).Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// Records implements store.Store.
func (s *Store) Records(prefix []byte, yield func(key, value []byte) error) error {
	return s.each(namedKey(prefix), func(key, value []byte) (bad, err error) {
		v, err := decodeNamed(key, value)
		if err != nil {
			return fmt.Errorf("%w: record %q: %w", store.ErrCorrupt, key[1:], err), nil
		}
		return nil, yield(key[1:], v)
	})
}
