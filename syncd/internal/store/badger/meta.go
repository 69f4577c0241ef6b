package badger

import (
	"encoding/binary"
	"errors"
	"fmt"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// meta describes a document. It is written in the transaction that completes an
// append, so that an append is visible as a whole or not at all.
type meta struct {
	// changes is how many changes the document has. Zero means that its first
	// append was cut short.
	changes uint32

	// reserved is past the last change that any append announced. Records from
	// changes up to it are left from an append that a crash cut short, until the
	// next one; records from it on mean that this description is older than they are.
	reserved uint32

	records     uint32
	storedBytes int64
	digest      digest
	heads       []id.ChangeHash
}

const (
	metaVersion  = 1
	metaHeadsMax = 1 << 20
)

func (m meta) info() store.Info {
	return store.Info{Changes: int(m.changes), Heads: m.heads, StoredBytes: m.storedBytes}
}

func (m meta) encode(doc id.Document) []byte {
	b := make([]byte, 0, 1+5*binary.MaxVarintLen64+len(m.heads)*len(id.ChangeHash{})+2*sumBytes)
	b = append(b, metaVersion)
	b = binary.AppendUvarint(b, uint64(m.changes))
	b = binary.AppendUvarint(b, uint64(m.reserved))
	b = binary.AppendUvarint(b, uint64(m.records))
	b = binary.AppendUvarint(b, uint64(m.storedBytes))
	b = binary.BigEndian.AppendUint64(b, uint64(m.digest))
	b = binary.AppendUvarint(b, uint64(len(m.heads)))
	for _, h := range m.heads {
		b = append(b, h[:]...)
	}
	return binary.BigEndian.AppendUint64(b, uint64(sumOf(metaKey(doc), b)))
}

var errMeta = errors.New("bad description")

func decodeMeta(doc id.Document, value []byte) (meta, error) {
	if len(value) < 1+sumBytes {
		return meta{}, errMeta
	}
	b, guard := value[:len(value)-sumBytes], value[len(value)-sumBytes:]
	if sumOf(metaKey(doc), b) != sum(binary.BigEndian.Uint64(guard)) {
		return meta{}, fmt.Errorf("%w: checksum does not match", errMeta)
	}
	if b[0] != metaVersion {
		return meta{}, fmt.Errorf("%w: version %d", errMeta, b[0])
	}
	b = b[1:]
	var m meta
	changes, b := cutUvarint(b, store.ChangesMax)
	reserved, b := cutUvarint(b, store.ChangesMax)
	records, b := cutUvarint(b, store.ChangesMax)
	stored, b := cutUvarint(b, 1<<62)
	if len(b) < sumBytes {
		return meta{}, errMeta
	}
	m.changes, m.reserved = uint32(changes), uint32(reserved)
	m.records, m.storedBytes = uint32(records), int64(stored)
	m.digest, b = digest(binary.BigEndian.Uint64(b)), b[sumBytes:]
	heads, b := cutUvarint(b, metaHeadsMax)
	if uint64(len(b)) != heads*uint64(len(id.ChangeHash{})) || m.reserved < m.changes {
		return meta{}, errMeta
	}
	m.heads = make([]id.ChangeHash, heads)
	for i := range m.heads {
		b = b[copy(m.heads[i][:], b):]
	}
	return m, nil
}

// cutUvarint cuts a number of at most max off the front. On bad input the rest
// is empty, which its caller notices as too short.
func cutUvarint(b []byte, max uint64) (uint64, []byte) {
	v, n := binary.Uvarint(b)
	if n <= 0 || v > max {
		return 0, nil
	}
	return v, b[n:]
}

// readMeta returns the description of a document; ok is false if there is none.
func readMeta(txn *kv.Txn, doc id.Document) (m meta, ok bool, err error) {
	item, err := txn.Get(metaKey(doc))
	if errors.Is(err, kv.ErrKeyNotFound) {
		return meta{}, false, nil
	}
	if err != nil {
		return meta{}, false, err
	}
	err = item.Value(func(v []byte) error {
		m, err = decodeMeta(doc, v)
		return err
	})
	if err != nil {
		return meta{}, false, damaged(doc, err)
	}
	return m, true, nil
}

// damaged wraps what is wrong with a document as store.ErrCorrupt.
func damaged(doc id.Document, err error) error {
	return fmt.Errorf("%w: document %s: %w", store.ErrCorrupt, doc, err)
}

// damagedAt is damaged with the index of a change.
func damagedAt(doc id.Document, index uint32, err error) error {
	return fmt.Errorf("%w: document %s at change %d: %w", store.ErrCorrupt, doc, index, err)
}
