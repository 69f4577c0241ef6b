package badger

import (
	"bytes"
	"errors"
	"fmt"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Load implements store.Store. It checks that the records are sound, follow one
// another without a gap, are the ones that were appended, and are as many as
// the description counts.
func (s *Store) Load(doc id.Document, yield func(change []byte) error) (store.Info, error) {
	if err := s.calls.Enter(); err != nil {
		return store.Info{}, err
	}
	defer s.calls.Leave()
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	m, _, err := readMeta(txn, doc)
	if err != nil {
		return store.Info{}, err
	}
	r := newRecordReader(txn, doc)
	defer r.close()

	var at uint32
	var chain digest
	for at < m.changes {
		h, value, err := r.read(at)
		if err != nil {
			return m.info(), damagedAt(doc, at, err)
		}
		changes, err := s.codec.decodeRecord(doc, at, h, value)
		if err != nil {
			return m.info(), damagedAt(doc, at, err)
		}
		for _, c := range changes {
			chain = chain.next(c)
			if err := yield(c); err != nil {
				return m.info(), err
			}
		}
		at += uint32(len(changes))
	}
	if at > m.changes || chain != m.digest {
		return m.info(), damagedAt(doc, at, errors.New("the records are not those of the description"))
	}
	if past, ok := r.past(m.reserved); ok {
		return m.info(), damagedAt(doc, past, fmt.Errorf("the description ends at change %d", m.changes))
	}
	return m.info(), nil
}

// recordReader reads the records of one document from front to back.
type recordReader struct {
	it  *kv.Iterator
	doc id.Document
}

func newRecordReader(txn *kv.Txn, doc id.Document) recordReader {
	return recordReader{txn.NewIterator(kv.IteratorOptions{Prefix: recordPrefix(doc)}), doc}
}

func (r recordReader) close() { r.it.Close() }

var errMissing = errors.New("a record is missing")

// read returns the record whose first change has index first, all parts of it
// joined. It skips what an append that was cut short has left before it.
func (r recordReader) read(first uint32) (h header, value []byte, err error) {
	if value, err = r.appendPart(nil, first, 0); err != nil {
		return h, nil, err
	}
	if h, err = parseHeader(value); err != nil {
		return h, nil, err
	}
	for part := 1; len(value) < h.length+h.stored; part++ {
		if value, err = r.appendPart(value, first, part); err != nil {
			return h, nil, err
		}
	}
	return h, value, nil
}

func (r recordReader) appendPart(value []byte, first uint32, part int) ([]byte, error) {
	want := recordKey(r.doc, first, part)
	if !r.it.Valid() || !bytes.Equal(r.it.Item().Key(), want) {
		r.it.Seek(want)
	}
	if !r.it.Valid() || !bytes.Equal(r.it.Item().Key(), want) {
		return nil, errMissing
	}
	err := r.it.Item().Value(func(v []byte) error {
		value = append(value, v...)
		return nil
	})
	r.it.Next()
	return value, err
}

// past returns the index of the first record at or after reserved, if any.
func (r recordReader) past(reserved uint32) (uint32, bool) {
	r.it.Seek(recordKey(r.doc, reserved, 0))
	if !r.it.Valid() {
		return 0, false
	}
	first, _, err := parseRecordKey(r.it.Item().Key())
	return first, err == nil
}

// Stat implements store.Store.
func (s *Store) Stat(doc id.Document) (store.Info, bool, error) {
	if err := s.calls.Enter(); err != nil {
		return store.Info{}, false, err
	}
	defer s.calls.Leave()
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	m, _, err := readMeta(txn, doc)
	if err != nil {
		return store.Info{}, false, err
	}
	return m.info(), m.changes > 0, nil
}

// Documents implements store.Store.
func (s *Store) Documents(after *id.Document, yield func(id.Document, store.Info) error) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	it := txn.NewIterator(kv.IteratorOptions{Prefix: []byte{prefixMeta}})
	defer it.Close()

	start := []byte{prefixMeta}
	if after != nil {
		start = append(metaKey(*after), 0) // the least key after it
	}
	var bad error
	for it.Seek(start); it.Valid(); it.Next() {
		doc, m, err := listed(it.Item())
		if err != nil {
			bad = errors.Join(bad, err)
			continue
		}
		if m.changes == 0 {
			continue
		}
		if err := yield(doc, m.info()); err != nil {
			return err
		}
	}
	return bad
}

func listed(item *kv.Item) (doc id.Document, m meta, err error) {
	doc, err = id.DocumentFromBytes(item.Key()[1:])
	if err != nil {
		return doc, m, fmt.Errorf("%w: %w", store.ErrCorrupt, err)
	}
	err = item.Value(func(v []byte) error {
		m, err = decodeMeta(doc, v)
		return err
	})
	if err != nil {
		return doc, m, damaged(doc, err)
	}
	return doc, m, nil
}
