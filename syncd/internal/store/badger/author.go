package badger

import (
	"encoding/binary"
	"errors"
	"fmt"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

const (
	authorVersion = 1
	authorKiosk   = 1 << 0 // flag

	authorKeyPrefix = 1 + documentBytes

	// authorBytesMax is what an author takes at most in a transaction.
	authorBytesMax = authorKeyPrefix + id.ActorBytesMax + 2 + 2*(2+store.AuthorBytesMax) + sumBytes + entryBytesMore

	// formatEntryBytes is what the format record takes in a transaction.
	formatEntryBytes = 32

	// formatEntries is how often an append may raise the format.
	formatEntries = 2
)

// authorBytes is what an author takes in a transaction, or a little more.
func authorBytes(a store.ActorAuthor) int {
	return authorKeyPrefix + len(a.Actor) + 2 + 2*2 + len(a.Device) + len(a.Member) + sumBytes + entryBytesMore
}

func authorPrefix(doc id.Document) []byte {
	return append([]byte{prefixAuthor}, doc[:]...)
}

func authorKey(doc id.Document, actor id.Actor) []byte {
	return append(authorPrefix(doc), actor...)
}

func encodeAuthor(doc id.Document, a store.ActorAuthor) (key, value []byte) {
	key = authorKey(doc, a.Actor)
	var flags byte
	if a.Kiosk {
		flags |= authorKiosk
	}
	value = []byte{authorVersion, flags}
	for _, s := range []string{a.Device, a.Member} {
		value = binary.AppendUvarint(value, uint64(len(s)))
		value = append(value, s...)
	}
	return key, binary.BigEndian.AppendUint64(value, uint64(sumOf(key, value)))
}

var errAuthor = errors.New("bad author")

func decodeAuthor(key, value []byte) (a store.ActorAuthor, err error) {
	if a.Actor, err = id.ActorFromBytes(key[authorKeyPrefix:]); err != nil {
		return a, err
	}
	b, err := cutSum(key, value)
	if err != nil {
		return a, err
	}
	if len(b) < 2 || b[0] != authorVersion || b[1]&^authorKiosk != 0 {
		return a, fmt.Errorf("%w: %x", errAuthor, b[:min(2, len(b))])
	}
	a.Kiosk = b[1]&authorKiosk != 0
	b = b[2:]
	for _, to := range []*string{&a.Device, &a.Member} {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > store.AuthorBytesMax || size > uint64(len(b)-n) {
			return a, errAuthor
		}
		*to, b = string(b[n:n+int(size)]), b[n+int(size):]
	}
	if len(b) > 0 {
		return a, fmt.Errorf("%w: %d bytes follow", errAuthor, len(b))
	}
	return a, nil
}

// cutSum takes the checksum off the end of a value and verifies it.
func cutSum(key, value []byte) ([]byte, error) {
	if len(value) < sumBytes {
		return nil, errShort
	}
	b, guard := value[:len(value)-sumBytes], value[len(value)-sumBytes:]
	if sumOf(key, b) != sum(binary.BigEndian.Uint64(guard)) {
		return nil, errors.New("checksum does not match")
	}
	return b, nil
}

// authors adds the authors of an append. They stand before its records, so that
// no crash leaves a change without its author.
func (w *writer) authors(a store.Append) error {
	if len(a.Authors) == 0 {
		return nil
	}
	if err := w.raiseFormat(formatMembers); err != nil {
		return err
	}
	for _, author := range a.Authors {
		key, value := encodeAuthor(a.Document, author)
		if err := w.setSplit(key, value); err != nil {
			return err
		}
	}
	return nil
}

// Authors implements store.Store.
func (s *Store) Authors(doc id.Document, yield func(store.ActorAuthor) error) error {
	return s.each(authorPrefix(doc), func(key, value []byte) (bad, err error) {
		a, err := decodeAuthor(key, value)
		if err != nil {
			return fmt.Errorf("%w: document %s: author of actor %x: %w", store.ErrCorrupt, doc, key[authorKeyPrefix:], err), nil
		}
		return nil, yield(a)
	})
}

// each calls f for all entries with a prefix. The slices are f's to keep. What f
// finds damaged is joined and returned at the end; its error ends the walk.
func (s *Store) each(prefix []byte, f func(key, value []byte) (bad, err error)) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	it := txn.NewIterator(kv.IteratorOptions{Prefix: prefix})
	defer it.Close()
	var damage error
	for it.Seek(prefix); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		value, err := it.Item().ValueCopy(nil)
		if err != nil {
			return fmt.Errorf("read key %x: %w", key, err)
		}
		bad, err := f(key, value)
		if err != nil {
			return err
		}
		if bad != nil {
			damage = errors.Join(damage, bad)
		}
	}
	return damage
}
