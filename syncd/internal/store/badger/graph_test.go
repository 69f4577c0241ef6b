package badger

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestGraphs(t *testing.T) {
	dir := t.TempDir()
	storetest.Graphs(t, func() store.Store {
		s, err := Open(Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func piecesOf(t *testing.T, s *Store, doc id.Document) (first []uint32) {
	t.Helper()
	err := s.db.View(func(txn *kv.Txn) error {
		pieces, err := readGraph(txn, doc)
		for _, p := range pieces {
			first = append(first, p.first)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return first
}

// loadGraph returns how many changes the graph is of and how many follow it.
func loadGraph(s *Store, doc id.Document) (of, tail int, err error) {
	_, _, err = s.LoadGraph(doc,
		func(_ []byte, n int) error { of = n; return nil }, func([]byte) error { tail++; return nil })
	return of, tail, err
}

// A graph that grows by a change at a time stays in few pieces.
func TestAGraphIsInFewPieces(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	doc := storetest.Document(1)
	for n := range 300 {
		mustCommit(t, s, storetest.AppendOf(doc, n, 1, 100))
		if err := s.PutGraph(doc, n, []store.GraphPiece{{Changes: 1, Data: make([]byte, 39)}}); err != nil {
			t.Fatal(err)
		}
		if pieces := piecesOf(t, s, doc); len(pieces) > 9 {
			t.Fatalf("the graph of %d changes has %d pieces", n+1, len(pieces))
		}
	}
}

// Each way in which a graph can be damaged, or of something else.
func TestADamagedGraphIsNoticed(t *testing.T) {
	doc, other := storetest.Document(2), storetest.Document(3)
	fill := func(s *Store, doc id.Document, seed byte) {
		for i, n := range []int{400, 150, 30, 1} {
			first := []int{0, 400, 550, 580}[i]
			mustCommit(t, s, storetest.AppendOf(doc, first, n, 100))
			if err := s.PutGraph(doc, first, []store.GraphPiece{{Changes: n, Data: bytes.Repeat([]byte{seed}, 39*n)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	rewrite := func(first uint32, f func([]byte) []byte) func(*Store) {
		return func(s *Store) {
			value := f(bytes.Clone(valueIn(t, s, graphKey(doc, first))))
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(graphKey(doc, first), value) })
		}
	}
	remove := func(first uint32) func(*Store) {
		return func(s *Store) { edit(t, s, func(txn *kv.Txn) error { return txn.Delete(graphKey(doc, first)) }) }
	}
	for name, damage := range map[string]func(*Store){
		"the first piece is missing": remove(0),
		"a piece is missing":         remove(400),
		"a bad bit":                  rewrite(400, flip(300)),
		"a bad bit in the header":    rewrite(400, flip(1)),
		"a short piece":              rewrite(550, func(v []byte) []byte { return v[:len(v)-1] }),
		"an empty piece":             rewrite(0, func([]byte) []byte { return nil }),
		"a piece of another document": func(s *Store) {
			value := valueIn(t, s, graphKey(other, 400))
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(graphKey(doc, 400), value) })
		},
		"a piece of another graph": func(s *Store) {
			p, err := decodePiece(doc, 400, bytes.Clone(valueIn(t, s, graphKey(doc, 400))))
			if err != nil {
				t.Fatal(err)
			}
			p.data[7] ^= 1
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(graphKey(doc, 400), p.encode(doc)) })
		},
		"the end was not written": func(s *Store) {
			p, err := decodePiece(doc, 550, bytes.Clone(valueIn(t, s, graphKey(doc, 550))))
			if err != nil {
				t.Fatal(err)
			}
			p.last = false
			edit(t, s, func(txn *kv.Txn) error {
				return errors.Join(txn.Set(graphKey(doc, 550), p.encode(doc)), txn.Delete(graphKey(doc, 580)))
			})
		},
		"the changes are others": func(s *Store) {
			m := meta{changes: 581, reserved: 581, digest: 7}
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(metaKey(doc), m.encode(doc)) })
		},
		"the document is shorter": func(s *Store) {
			m := meta{changes: 580, reserved: 581, digest: 7}
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(metaKey(doc), m.encode(doc)) })
		},
		"a change behind it is another": func(s *Store) {
			before := valueIn(t, s, metaKey(doc))
			mustCommit(t, s, store.Append{Document: doc, First: 581, Changes: [][]byte{[]byte("something else")}})
			other := valueIn(t, s, recordKey(doc, 581, 0))
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(metaKey(doc), before) })
			mustCommit(t, s, storetest.AppendOf(doc, 581, 1, 100))
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(recordKey(doc, 581, 0), other) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustOpen(t, t.TempDir())
			fill(s, doc, 1)
			fill(s, other, 2)
			if got := piecesOf(t, s, doc); !slices.Equal(got, []uint32{0, 400, 550, 580}) {
				t.Fatalf("pieces begin at %v: the test damages others than it means to", got)
			}
			damage(s)
			if _, _, err := loadGraph(s, doc); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("loading gave %v", err)
			}
			if of, tail, err := loadGraph(s, other); of != 581 || tail != 0 || err != nil {
				t.Errorf("the other document has a graph of %d, %v", of, err)
			}
			if err := s.DropGraph(doc); err != nil {
				t.Fatal(err)
			}
			if of, _, err := loadGraph(s, doc); of != 0 || err != nil {
				t.Errorf("after it was dropped there is one of %d changes, %v", of, err)
			}
		})
	}
}

// What an append that was cut short has left lies between the records that count,
// and is not taken for one of them; merging moves what is asked for.
func TestChangesAreFoundAmongLeftovers(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	doc := storetest.Document(4)
	mustCommit(t, s, storetest.AppendOf(doc, 0, 10, 300))
	// As if an append of 40 changes in records of one had been cut short.
	m, err := decodeMeta(doc, valueIn(t, s, metaKey(doc)))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		mustCommit(t, s, store.Append{Document: doc, First: 10 + i, Changes: [][]byte{[]byte("left over")}})
	}
	m.reserved = 50
	edit(t, s, func(txn *kv.Txn) error { return txn.Set(metaKey(doc), m.encode(doc)) })
	if err := s.PutGraph(doc, 0, []store.GraphPiece{{Changes: 10, Data: []byte("a graph")}}); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, storetest.AppendOf(doc, 10, 15, 300)) // one record over 15 left ones
	for i := range 10 {
		mustCommit(t, s, storetest.AppendOf(doc, 25+i, 1, 300))
	}
	check := func() {
		t.Helper()
		want := storetest.Changes(doc, 0, 35, 300)
		for from := range want {
			at := from
			err := s.ReadFrom(doc, from, func(c []byte) bool { return bytes.Equal(c, want[from]) }, func(i int, c []byte) bool {
				if i != at || !bytes.Equal(c, want[i]) {
					t.Errorf("from %d: change %d is another", from, i)
				}
				at++
				return true
			})
			if err != nil || at != 35 {
				t.Fatalf("from %d: up to %d, %v", from, at, err)
			}
		}
		if of, tail, err := loadGraph(s, doc); of != 10 || tail != 25 || err != nil {
			t.Fatalf("a graph of %d changes and %d behind it, %v", of, tail, err)
		}
	}
	check()
	if err := s.Merge(doc); err != nil {
		t.Fatal(err)
	}
	check()
}

func FuzzDecodePiece(f *testing.F) {
	doc := storetest.Document(1)
	for _, p := range []graphPiece{
		{first: 7, changes: 1, data: []byte("x")},
		{first: 7, changes: 300, last: true, digest: 1 << 60, follows: 5, data: bytes.Repeat([]byte("abc"), 100)},
	} {
		f.Add(p.encode(doc))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		// Bad bytes mostly end at the sum, so the fields are tried with the right one too.
		for _, v := range [][]byte{value, withSum(doc, value)} {
			p, err := decodePiece(doc, 7, v)
			if err != nil {
				continue
			}
			again, err := decodePiece(doc, 7, p.encode(doc))
			if err != nil || again.changes != p.changes || !bytes.Equal(again.data, p.data) || again.last != p.last {
				t.Fatalf("written again it is another: %v", err)
			}
		}
	})
}

// withSum puts the right sum where a piece with such a beginning has it.
func withSum(doc id.Document, value []byte) []byte {
	v := bytes.Clone(value)
	if len(v) < 2 {
		return v
	}
	_, b := cutUvarint(v[2:], store.ChangesMax)
	if len(b) < 3*sumBytes {
		return v
	}
	at := len(v) - len(b) + 2*sumBytes
	s := sumOf(graphKey(doc, 7), v[:at], v[at+sumBytes:])
	for i := range sumBytes {
		v[at+i] = byte(s >> (8 * (sumBytes - 1 - i)))
	}
	return v
}
