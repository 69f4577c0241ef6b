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

const (
	graphVersion  = 1
	graphKeyBytes = 1 + documentBytes + 4

	// graphTailMax is how many changes may follow those of a graph. It is of no
	// use if there are many, and they are held in memory while they are checked.
	graphTailMax = 1 << 14
)

var _ store.Graphs = (*Store)(nil)

func graphPrefix(doc id.Document) []byte {
	return append(append(make([]byte, 0, graphKeyBytes), prefixGraph), doc[:]...)
}

// graphKey names the piece whose first change has the index first.
func graphKey(doc id.Document, first uint32) []byte {
	return binary.BigEndian.AppendUint32(graphPrefix(doc), first)
}

// graphPiece is a value. Each says which piece it follows, so that pieces of
// different graphs are not taken for one.
type graphPiece struct {
	first   uint32
	changes uint32
	last    bool   // the document ended here when it was written
	digest  digest // of the document there; 0 if not last
	follows sum    // the sum of the piece before; 0 for the first
	sum     sum    // its own
	data    []byte
}

func (p *graphPiece) encode(doc id.Document) []byte {
	b := make([]byte, 0, 2+binary.MaxVarintLen32+3*sumBytes+len(p.data))
	b = append(b, graphVersion, 0)
	if p.last {
		b[1] = 1
	}
	b = binary.AppendUvarint(b, uint64(p.changes))
	b = binary.BigEndian.AppendUint64(b, uint64(p.digest))
	b = binary.BigEndian.AppendUint64(b, uint64(p.follows))
	p.sum = sumOf(graphKey(doc, p.first), b, p.data)
	b = binary.BigEndian.AppendUint64(b, uint64(p.sum))
	return append(b, p.data...)
}

var errPiece = errors.New("bad piece of a graph")

func decodePiece(doc id.Document, first uint32, value []byte) (p graphPiece, err error) {
	if len(value) < 2 || value[0] != graphVersion || value[1] > 1 {
		return p, errPiece
	}
	changes, b := cutUvarint(value[2:], store.ChangesMax)
	if len(b) < 3*sumBytes || changes == 0 {
		return p, errPiece
	}
	fields := value[:len(value)-len(b)+2*sumBytes]
	p = graphPiece{
		first: first, changes: uint32(changes), last: value[1] == 1,
		digest: digest(binary.BigEndian.Uint64(b)), follows: sum(binary.BigEndian.Uint64(b[sumBytes:])),
		sum: sum(binary.BigEndian.Uint64(b[2*sumBytes:])), data: b[3*sumBytes:],
	}
	if sumOf(graphKey(doc, first), fields, p.data) != p.sum {
		return p, fmt.Errorf("%w: checksum does not match", errPiece)
	}
	return p, nil
}

// PutGraph implements store.Graphs.
//
// Pieces are joined as they become many: a new one takes up those before it that
// are not much longer. So there are few, and all that is ever written of a graph is its
// size times the logarithm of how often it grew.
func (s *Store) PutGraph(doc id.Document, first int, pieces []store.GraphPiece) error {
	err := s.writeDerived(graphBytes(pieces), func(w *writer) error { return w.putGraph(doc, first, pieces) })
	if err != nil {
		return fmt.Errorf("graph of document %s: %w", doc, err)
	}
	return nil
}

func graphBytes(pieces []store.GraphPiece) int64 {
	n := int64(0)
	for _, p := range pieces {
		n += int64(len(p.Data))
	}
	return n
}

func (w *writer) putGraph(doc id.Document, first int, pieces []store.GraphPiece) error {
	txn := w.store.db.NewTransaction(false)
	defer txn.Discard()
	m, _, err := readMeta(txn, doc)
	if err != nil {
		return err
	}
	var old []graphPiece
	if first > 0 {
		if old, err = readGraph(txn, doc); err != nil {
			return fmt.Errorf("%w: %w", store.ErrConflict, err)
		}
	}
	at, end := endOf(old), uint32(first)
	for _, p := range pieces {
		if p.Changes < 1 || p.Changes > store.ChangesMax || len(p.Data) == 0 || len(p.Data) > store.GraphPieceBytesMax {
			return fmt.Errorf("a piece of %d changes and %d bytes: %w", p.Changes, len(p.Data), store.ErrTooLarge)
		}
		end += uint32(p.Changes)
	}
	if int(at) != first || end != m.changes || len(pieces) == 0 {
		return fmt.Errorf("%d changes and %d of %d: %w", first, end, m.changes, store.ErrConflict)
	}
	fresh, kept := joinPieces(old, pieces)
	if err := w.deleteGraph(txn, doc, endOf(old[:kept])); err != nil {
		return err
	}
	follows := sum(0)
	if kept > 0 {
		follows = old[kept-1].sum
	}
	for i := range fresh {
		p := &fresh[i]
		if p.follows = follows; i == len(fresh)-1 {
			p.last, p.digest = true, m.digest
		}
		if err := w.setSplit(graphKey(doc, p.first), p.encode(doc)); err != nil {
			return err
		}
		follows = p.sum
	}
	return nil
}

// endOf is the index after the last change of pieces.
func endOf(pieces []graphPiece) uint32 {
	if len(pieces) == 0 {
		return 0
	}
	last := pieces[len(pieces)-1]
	return last.first + last.changes
}

// joinPieces returns what is to be written, and how many of the old ones stay.
func joinPieces(old []graphPiece, more []store.GraphPiece) (fresh []graphPiece, kept int) {
	at := endOf(old)
	for _, p := range more {
		fresh = append(fresh, graphPiece{first: at, changes: uint32(p.Changes), data: p.Data})
		at += uint32(p.Changes)
	}
	for kept = len(old); kept > 0; kept-- {
		p, q := &old[kept-1], &fresh[0]
		if len(p.data) > 2*len(q.data) || len(p.data)+len(q.data) > store.GraphPieceBytesMax {
			break
		}
		data := append(append(make([]byte, 0, len(p.data)+len(q.data)), p.data...), q.data...)
		*q = graphPiece{first: p.first, changes: p.changes + q.changes, data: data}
	}
	return fresh, kept
}

// deleteGraph removes the pieces from change first on.
func (w *writer) deleteGraph(txn *kv.Txn, doc id.Document, first uint32) error {
	it := txn.NewIterator(kv.IteratorOptions{Prefix: graphPrefix(doc)})
	defer it.Close()
	for it.Seek(graphKey(doc, first)); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		if err := w.txnFor(len(key)).Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// readGraph returns the pieces of a graph, none if there is none.
func readGraph(txn *kv.Txn, doc id.Document) ([]graphPiece, error) {
	it := txn.NewIterator(kv.IteratorOptions{Prefix: graphPrefix(doc)})
	defer it.Close()
	var pieces []graphPiece
	at, follows := uint32(0), sum(0)
	for it.Rewind(); it.Valid(); it.Next() {
		key := it.Item().Key()
		if len(key) != graphKeyBytes || binary.BigEndian.Uint32(key[1+documentBytes:]) != at {
			return nil, errPiece
		}
		var p graphPiece
		err := it.Item().Value(func(v []byte) (err error) {
			p, err = decodePiece(doc, at, bytes.Clone(v))
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case p.follows != follows || p.changes > store.ChangesMax-at:
			return nil, fmt.Errorf("%w: it follows another", errPiece)
		}
		pieces = append(pieces, p)
		at, follows = at+p.changes, p.sum
	}
	if n := len(pieces); n > 0 && !pieces[n-1].last {
		return nil, fmt.Errorf("%w: its end is missing", errPiece)
	}
	return pieces, nil
}

// DropGraph implements store.Graphs.
func (s *Store) DropGraph(doc id.Document) error {
	err := s.writeDerived(0, func(w *writer) error {
		txn := s.db.NewTransaction(false)
		defer txn.Discard()
		return w.deleteGraph(txn, doc, 0)
	})
	if err != nil {
		return fmt.Errorf("drop the graph of document %s: %w", doc, err)
	}
	return nil
}

// LoadGraph implements store.Graphs. That the graph is of this document, and that
// the changes behind it follow those that it is of, is seen by the digest.
func (s *Store) LoadGraph(
	doc id.Document, take func(graph []byte, n int) error, yield func(change []byte) error,
) (store.Info, bool, error) {
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
	pieces, err := readGraph(txn, doc)
	if err != nil {
		return m.info(), true, fmt.Errorf("%w: graph of document %s: %w", store.ErrCorrupt, doc, err)
	}
	if len(pieces) == 0 {
		return m.info(), false, nil
	}
	tail, err := s.readTail(txn, doc, m, pieces)
	if err != nil {
		return m.info(), true, fmt.Errorf("%w: graph of document %s: %w", store.ErrCorrupt, doc, err)
	}
	size := 0
	for _, p := range pieces {
		size += len(p.data)
	}
	graph := make([]byte, 0, size)
	for _, p := range pieces {
		graph = append(graph, p.data...)
	}
	if err := take(graph, int(endOf(pieces))); err != nil {
		return m.info(), true, err
	}
	for _, c := range tail {
		if err := yield(c); err != nil {
			return m.info(), true, err
		}
	}
	return m.info(), true, nil
}
