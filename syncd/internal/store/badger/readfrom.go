package badger

import (
	"errors"
	"fmt"
	"sync"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
)

// # Finding one change
//
// The records of a document are found by walking from the first. From the middle,
// the record that holds a change is the nearest one at or before it that is long
// enough; but an append that was cut short may have left records in between, which
// no walk reaches. So each candidate is shown to someone who knows what the right
// one holds, and the search goes on further back.

// candidates calls try with the first change of each record that may hold change
// i, the nearest first, until try returns true. It reports whether one did.
func candidates(txn *kv.Txn, doc id.Document, i uint32, try func(first uint32) (bool, error)) (bool, error) {
	// Mostly a change has a record of its own, or begins one.
	if value, err := valueOf(txn, recordKey(doc, i, 0)); err != nil {
		return false, err
	} else if value != nil {
		if ok, err := try(i); ok || err != nil {
			return ok, err
		}
	}
	if i == 0 {
		return false, nil
	}
	it := txn.NewIterator(kv.IteratorOptions{Prefix: recordPrefix(doc), Reverse: true})
	defer it.Close()
	for it.Seek(recordKey(doc, i-1, 1<<16-1)); it.Valid(); it.Next() {
		first, part, err := parseRecordKey(it.Item().Key())
		if err != nil || part != 0 {
			continue
		}
		if i-first >= recordChangesMax {
			break
		}
		holds := false
		err = it.Item().Value(func(v []byte) error {
			h, err := parseHeader(v)
			holds = err == nil && uint64(first)+uint64(h.changes) > uint64(i)
			return nil
		})
		if err != nil {
			return false, err
		}
		if !holds {
			continue
		}
		if ok, err := try(first); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// recordAt reads the record whose first change has index first. What it returns is
// shared and not to be modified.
func (s *Store) recordAt(r recordReader, first uint32) ([][]byte, error) {
	h, value, err := r.read(first)
	if err != nil {
		return nil, err
	}
	key := decodedKey{r.doc, first, h.sum}
	if changes := s.decoded.find(key); changes != nil {
		return changes, nil
	}
	changes, err := s.codec.decodeRecord(r.doc, first, h, value)
	if err == nil && len(changes) > 1 && h.body <= decodedBytesMax {
		s.decoded.put(key, changes)
	}
	return changes, err
}

// decoded keeps the records that were read last for single changes, since
// to decode a merged one takes a millisecond, and others are often asked for next.
type decoded struct {
	mu      sync.Mutex
	entries [4]decodedRecord // guarded by mu
	next    int              // guarded by mu; the entry to be replaced
}

type decodedRecord struct {
	key     decodedKey
	changes [][]byte // immutable
}

// decodedKey names a record with its content: its sum is that of what was decoded.
type decodedKey struct {
	doc   id.Document
	first uint32
	sum   sum
}

// decodedBytesMax is the size of the largest record that is kept.
const decodedBytesMax = 2 * recordBytesMax

func (d *decoded) find(key decodedKey) [][]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.entries {
		if e := &d.entries[i]; e.changes != nil && e.key == key {
			return e.changes
		}
	}
	return nil
}

func (d *decoded) put(key decodedKey, changes [][]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries[d.next] = decodedRecord{key, changes}
	d.next = (d.next + 1) % len(d.entries)
}

// ReadFrom implements store.Graphs.
func (s *Store) ReadFrom(doc id.Document, from int, is func([]byte) bool, yield func(int, []byte) bool) error {
	if err := s.calls.Enter(); err != nil {
		return err
	}
	defer s.calls.Leave()
	txn := s.db.NewTransaction(false)
	defer txn.Discard()
	m, _, err := readMeta(txn, doc)
	if err != nil {
		return err
	}
	if from < 0 || from >= int(m.changes) {
		return damagedAt(doc, uint32(from), errors.New("the document ends before it"))
	}
	r := newRecordReader(txn, doc)
	defer r.close()
	var bad error
	found, err := candidates(txn, doc, uint32(from), func(first uint32) (bool, error) {
		changes, err := s.recordAt(r, first)
		if err != nil {
			bad = errors.Join(bad, err)
			return false, nil
		}
		if from-int(first) >= len(changes) || !is(changes[from-int(first)]) {
			return false, nil
		}
		return true, s.yieldFrom(r, m, first, from, changes, yield)
	})
	if err != nil {
		return err
	}
	if !found {
		return damagedAt(doc, uint32(from), errors.Join(bad, errMissing))
	}
	return nil
}

// yieldFrom yields the changes from index from on, of which the first are in a
// record that was read.
func (s *Store) yieldFrom(
	r recordReader, m meta, first uint32, from int, changes [][]byte, yield func(int, []byte) bool,
) (err error) {
	for {
		for k, c := range changes {
			if i := int(first) + k; i >= from && i < int(m.changes) && !yield(i, c) {
				return nil
			}
		}
		if first += uint32(len(changes)); first >= m.changes {
			return nil
		}
		if changes, err = s.recordAt(r, first); err != nil {
			return damagedAt(r.doc, first, err)
		}
	}
}

// readTail reads the changes that follow those of a graph.
func (s *Store) readTail(txn *kv.Txn, doc id.Document, m meta, pieces []graphPiece) ([][]byte, error) {
	end, chain := endOf(pieces), pieces[len(pieces)-1].digest
	switch {
	case end > m.changes:
		return nil, fmt.Errorf("%w: it is of %d changes, the document has %d", errPiece, end, m.changes)
	case end == m.changes && chain != m.digest:
		return nil, fmt.Errorf("%w: it is of another document", errPiece)
	case m.changes-end > graphTailMax:
		return nil, fmt.Errorf("%w: it is old", errPiece)
	case end == m.changes:
		return nil, nil
	}
	r := newRecordReader(txn, doc)
	defer r.close()
	var tail [][]byte
	found, err := candidates(txn, doc, end, func(first uint32) (bool, error) {
		changes, err := s.recordAt(r, first)
		if err != nil {
			return false, nil // whether it is one that counts is found out by reading all
		}
		tail = tail[:0]
		d := chain
		err = s.yieldFrom(r, m, first, int(end), changes, func(_ int, c []byte) bool {
			tail, d = append(tail, c), d.next(c)
			return true
		})
		return err == nil && d == m.digest && len(tail) == int(m.changes-end), nil
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("%w: the changes do not follow it", errPiece)
	}
	return tail, nil
}
