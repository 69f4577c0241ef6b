package badger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func appendWithAuthors(n, first, changes, size, authors int) store.Append {
	a := storetest.AppendOf(storetest.Document(n), first, changes, size)
	for i := range authors {
		a.Authors = append(a.Authors, storetest.Author(first+i))
	}
	return a
}

func mustPut(t *testing.T, s *Store, key, value string) {
	t.Helper()
	if err := s.PutRecords([]store.Record{{Key: []byte(key), Value: []byte(value)}}); err != nil {
		t.Fatal(err)
	}
}

func formatOf(t *testing.T, s *Store) uint16 {
	t.Helper()
	v, err := parseFormat(valueIn(t, s, formatKey))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// plain is an append of one change that no encoding makes smaller.
func plain(doc, first int) store.Append {
	a := storetest.AppendOf(storetest.Document(doc), first, 1, 1)
	a.Changes = [][]byte{bytes.Clone(a.Heads[0][:])}
	return a
}

// A store stays one that programs of an older format open until it has what they
// must not overlook, or cannot read.
func TestTheFormatRisesWithWhatNeedsIt(t *testing.T) {
	for what, c := range map[string]struct {
		first func(*testing.T, *Store)
		want  uint16
	}{
		"plain change": {func(t *testing.T, s *Store) { mustCommit(t, s, plain(1, 1)) }, 1},
		"record":       {func(t *testing.T, s *Store) { mustPut(t, s, "a", "b") }, 2},
		"author": {func(t *testing.T, s *Store) {
			a := plain(1, 1)
			a.Authors = appendWithAuthors(1, 1, 1, 1, 1).Authors
			mustCommit(t, s, a)
		}, 2},
		"lean change":            {func(t *testing.T, s *Store) { mustCommit(t, s, storetest.AppendOf(storetest.Document(1), 1, 1, 350)) }, 3},
		"lean change and author": {func(t *testing.T, s *Store) { mustCommit(t, s, appendWithAuthors(1, 1, 1, 350, 1)) }, 3},
		"large batch":            {func(t *testing.T, s *Store) { mustCommit(t, s, appendWithAuthors(1, 1, 1000, 3000, 5000)) }, 3},
		"merge": {func(t *testing.T, s *Store) {
			for first := 1; first < 200; first++ {
				a := plain(1, first)
				a.Changes[0] = bytes.Repeat(a.Changes[0][:8], 2)
				mustCommit(t, s, a)
			}
			if v := formatOf(t, s); v != 1 {
				t.Errorf("before the merge the format is %d", v)
			}
			if err := s.Merge(storetest.Document(1)); err != nil {
				t.Error(err)
			}
		}, 3},
	} {
		dir := t.TempDir()
		s := mustOpen(t, dir)
		mustCommit(t, s, plain(1, 0))
		if v := formatOf(t, s); v != 1 {
			t.Errorf("%s: with a plain change alone the format is %d", what, v)
		}
		s.Close()
		s = mustOpen(t, dir) // an old store
		c.first(t, s)
		if v := formatOf(t, s); v != c.want {
			t.Errorf("%s: afterwards the format is %d, want %d", what, v, c.want)
		}
		s.Close()
		s = mustOpen(t, dir)
		if got, _, err := storetest.Load(s, storetest.Document(1)); err != nil || len(got) == 0 {
			t.Errorf("%s: opened again it has %d changes, %v", what, len(got), err)
		}
	}
}

// Damage to a record or an author is named, and the others are read.
func TestDamageOfRecordsIsNamed(t *testing.T) {
	doc := storetest.Document(1)
	authorEntry, _ := encodeAuthor(doc, storetest.Author(1))
	for name, damage := range map[string]func([]byte) []byte{
		"a bad bit":          flip(3),
		"a bad bit in a sum": func(v []byte) []byte { return flip(len(v) - 1)(v) },
		"cut":                func(v []byte) []byte { return v[:len(v)-1] },
		"cut to less":        func(v []byte) []byte { return v[:4] },
		"nothing left":       func([]byte) []byte { return nil },
	} {
		for _, key := range [][]byte{namedKey([]byte("b")), authorEntry} {
			s := mustOpen(t, t.TempDir())
			mustCommit(t, s, appendWithAuthors(1, 0, 3, 350, 3))
			for _, key := range []string{"a", "b", "c"} {
				mustPut(t, s, key, "value of "+key)
			}
			value := damage(bytes.Clone(valueIn(t, s, key)))
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(key, value) })
			var n int
			var err error
			want := "record \"b\""
			if key[0] == prefixAuthor {
				var found []store.ActorAuthor
				found, err = storetest.Authors(s, doc)
				n, want = len(found), doc.String()
			} else {
				var found map[string]string
				found, err = storetest.Records(s, "")
				n = len(found)
			}
			if n != 2 || !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %d of the 2 others, %v; want ErrCorrupt that names %s", name, n, err, want)
			}
		}
	}
}

func TestAMisplacedRecordIsDamage(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustPut(t, s, "a", "mine")
	value := valueIn(t, s, namedKey([]byte("a")))
	edit(t, s, func(txn *kv.Txn) error { return txn.Set(namedKey([]byte("b")), value) })
	if found, err := storetest.Records(s, ""); !errors.Is(err, store.ErrCorrupt) || len(found) != 1 {
		t.Errorf("%v, %v", found, err)
	}
}

// A crash between the transactions of an append may leave its authors, and never
// a change without its author.
func TestAuthorsOfAnAppendCutShort(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir)
	mustCommit(t, s, appendWithAuthors(1, 0, 2, 350, 2))
	a := appendWithAuthors(1, 2, 1000, 3000, 1000)
	metas, err := s.check([]store.Append{a})
	if err != nil {
		t.Fatal(err)
	}
	w := writer{store: s}
	if err := w.append(a, metas[0]); err != nil || !w.committed {
		t.Fatalf("the append fits one transaction: nothing is cut; %v", err)
	}
	w.txn.Discard()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir)
	authors, err := storetest.Authors(s, a.Document)
	got, _, lerr := storetest.Load(s, a.Document)
	if err != nil || lerr != nil || len(got) != 2 || len(authors) != 1002 {
		t.Errorf("%d changes and %d authors, want 2 and those of the append too: %v, %v", len(got), len(authors), err, lerr)
	}
	mustCommit(t, s, a)
	if again, err := storetest.Authors(s, a.Document); err != nil || !slices.Equal(again, authors) {
		t.Errorf("after appending again there are %d authors, %v", len(again), err)
	}
}

func TestRecordsOnAFullDisk(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	mustPut(t, s, "a", "1")
	s.cfg.FreeBytesMin = 1 << 60
	if err := s.PutRecords([]store.Record{{Key: []byte("a"), Value: []byte("2")}}); !errors.Is(err, store.ErrFull) {
		t.Fatalf("put: %v, want ErrFull", err)
	}
	if found, err := storetest.Records(s, ""); err != nil || found["a"] != "1" {
		t.Errorf("%v, %v; want what was there", found, err)
	}
	s.cfg.FreeBytesMin = 1
	mustPut(t, s, "a", "2")
}

// Documents have filled the disk: a device can still be shut out, and nothing
// large is kept.
func TestSmallRecordsOnADiskFullOfDocuments(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	stats, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	s.cfg.FreeBytesMin = stats.FreeBytes + stats.FreeBytes/2
	if err := s.Commit([]store.Append{storetest.AppendOf(storetest.Document(1), 0, 1, 350)}); !errors.Is(err, store.ErrFull) {
		t.Errorf("commit: %v, want ErrFull", err)
	}
	mustPut(t, s, "revoked", "yes")
	large := []store.Record{{Key: []byte("large"), Value: make([]byte, smallBytesMax)}}
	if err := s.PutRecords(large); !errors.Is(err, store.ErrFull) {
		t.Errorf("a large record: %v, want ErrFull", err)
	}
}

func TestUnknownOutcomeOfRecordsClosesTheStore(t *testing.T) {
	s := mustOpen(t, t.TempDir())
	s.rotation.dir = "\x00"
	put := []store.Record{{Key: []byte("a"), Value: []byte("1")}}
	if err := s.PutRecords(put); !errors.Is(err, store.ErrUnknownOutcome) {
		t.Fatalf("put: %v, want ErrUnknownOutcome", err)
	}
	if err := s.PutRecords(put); !errors.Is(err, store.ErrClosed) {
		t.Errorf("put afterwards: %v, want ErrClosed", err)
	}
	if err := s.Commit([]store.Append{storetest.AppendOf(storetest.Document(1), 0, 1, 350)}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("commit afterwards: %v, want ErrClosed", err)
	}
	s.db.Close() // as the end of the process would
}

// FuzzAuthor gives the decoder authors whose checksum is right.
func FuzzAuthor(f *testing.F) {
	doc := storetest.Document(1)
	for n := range 3 {
		_, v := encodeAuthor(doc, storetest.Author(n))
		f.Add(v[:len(v)-sumBytes])
	}
	key, _ := encodeAuthor(doc, storetest.Author(1))
	f.Fuzz(func(t *testing.T, b []byte) {
		value := binary.BigEndian.AppendUint64(bytes.Clone(b), uint64(sumOf(key, b)))
		a, err := decodeAuthor(key, value)
		if err != nil {
			return
		}
		againKey, again := encodeAuthor(doc, a)
		if decoded, err := decodeAuthor(againKey, again); err != nil || decoded != a || a.Check() != nil {
			t.Fatalf("%+v became %+v, %v", a, decoded, err)
		}
	})
}
