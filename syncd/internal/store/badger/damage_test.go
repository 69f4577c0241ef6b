package badger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	kv "github.com/dgraph-io/badger/v4"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func mustOpen(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustCommit(t *testing.T, s *Store, batch ...store.Append) {
	t.Helper()
	if err := s.Commit(batch); err != nil {
		t.Fatal(err)
	}
}

// edit changes the keys of a store behind its back.
func edit(t *testing.T, s *Store, change func(*kv.Txn) error) {
	t.Helper()
	if err := s.db.Update(change); err != nil {
		t.Fatal(err)
	}
}

func valueIn(t *testing.T, s *Store, key []byte) []byte {
	t.Helper()
	var value []byte
	err := s.db.View(func(txn *kv.Txn) (err error) {
		value, err = valueOf(txn, key)
		return err
	})
	if err != nil || value == nil {
		t.Fatalf("key %x: %v", key, err)
	}
	return value
}

// Each kind of damage to document 2, which has ten changes in records of one
// and one record of five parts. Documents 1 and 3 must not notice.
func TestDamageIsNamed(t *testing.T) {
	doc := storetest.Document(2)
	remove := func(key []byte) func(*testing.T, *Store) {
		return func(t *testing.T, s *Store) {
			edit(t, s, func(txn *kv.Txn) error { return txn.Delete(key) })
		}
	}
	rewrite := func(key []byte, f func([]byte) []byte) func(*testing.T, *Store) {
		return func(t *testing.T, s *Store) {
			value := f(bytes.Clone(valueIn(t, s, key)))
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(key, value) })
		}
	}
	for _, c := range []struct {
		name   string
		damage func(*testing.T, *Store)
		at     string
	}{
		{"the first record is missing", remove(recordKey(doc, 0, 0)), "change 0"},
		{"a record is missing", remove(recordKey(doc, 4, 0)), "change 4"},
		{"the last record is missing", remove(recordKey(doc, 10, 0)), "change 10"},
		{"a part is missing", remove(recordKey(doc, 10, 2)), "change 10"},
		{"a part is short", rewrite(recordKey(doc, 10, 4), func(v []byte) []byte { return v[:len(v)-1] }), "change 10"},
		{"a part has a bad bit", rewrite(recordKey(doc, 10, 3), flip(1000)), "change 10"},
		{"a record has a bad bit", rewrite(recordKey(doc, 4, 0), flip(100)), "change 4"},
		{"a record has a bad header", rewrite(recordKey(doc, 4, 0), flip(0)), "change 4"},
		{"a record is empty", rewrite(recordKey(doc, 4, 0), func([]byte) []byte { return nil }), "change 4"},
		{"a record is that of another index", func(t *testing.T, s *Store) {
			other := valueIn(t, s, recordKey(doc, 5, 0))
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(recordKey(doc, 4, 0), other) })
		}, "change 4"},
		{"a record is that of another history", func(t *testing.T, s *Store) {
			other, _ := s.codec.encodeRecord(doc, 4, [][]byte{[]byte("something else")}, effortCommit)
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(other.part(0)) })
		}, "change 11"},
		{"the description is missing", remove(metaKey(doc)), "change 0"},
		{"the description has a bad bit", rewrite(metaKey(doc), flip(20)), ""},
		{"the description is short", rewrite(metaKey(doc), func(v []byte) []byte { return v[:5] }), ""},
		{"the description is an older one", func(t *testing.T, s *Store) {
			m := meta{changes: 3, reserved: 3, digest: digestOf(storetest.Changes(doc, 0, 3, 350))}
			edit(t, s, func(txn *kv.Txn) error { return txn.Set(metaKey(doc), m.encode(doc)) })
		}, "change 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := mustOpen(t, dir)
			for first := range 10 {
				mustCommit(t, s, storetest.AppendOf(doc, first, 1, 350))
			}
			mustCommit(t, s, storetest.AppendOf(storetest.Document(1), 0, 2, 350), storetest.AppendOf(doc, 10, 1, 5*partBytesMax*8/5),
				storetest.AppendOf(storetest.Document(3), 0, 2, 350))
			if _, _, err := storetest.Load(s, doc); err != nil {
				t.Fatalf("before the damage: %v", err)
			}
			c.damage(t, s)

			_, _, err := storetest.Load(s, doc)
			if !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), doc.String()) ||
				!strings.Contains(err.Error(), c.at) {
				t.Errorf("load: %v; want ErrCorrupt that names %s and %q", err, doc, c.at)
			}
			for _, n := range []int{1, 3} {
				if got, _, err := storetest.Load(s, storetest.Document(n)); err != nil || len(got) != 2 {
					t.Errorf("document %d: %d changes, %v", n, len(got), err)
				}
			}
			var listed []id.Document
			err = s.Documents(nil, func(d id.Document, _ store.Info) error { listed = append(listed, d); return nil })
			if !slices.Contains(listed, storetest.Document(1)) || !slices.Contains(listed, storetest.Document(3)) {
				t.Errorf("the list stops at the damaged document: %v, %v", listed, err)
			}
			if strings.Contains(c.name, "description has") && !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("the list does not tell: %v", err)
			}
		})
	}
}

func digestOf(changes [][]byte) (d digest) {
	for _, c := range changes {
		d = d.next(c)
	}
	return d
}

func flip(at int) func([]byte) []byte {
	return func(v []byte) []byte {
		v[at] ^= 4
		return v
	}
}

// A bit that flips in a file of Badger's takes one document with it, also after
// Badger has merged its tables. Badger's own verification would make the rest of
// the table disappear.
func TestABadBitInATableCostsOneDocument(t *testing.T) {
	const documents, bad = 600, 321
	dir := t.TempDir()
	s := mustOpen(t, dir)
	for first := range 2 {
		var batch []store.Append
		for n := range documents {
			batch = append(batch, storetest.AppendOf(storetest.Document(n), first, 1, 350))
		}
		mustCommit(t, s, batch...)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	victim, _ := s.codec.encodeRecord(storetest.Document(bad), 1, storetest.Changes(storetest.Document(bad), 1, 1, 350), effortCommit)
	flipInTables(t, dir, victim.value)

	check := func(s *Store, when string) {
		for n := range documents {
			got, _, err := storetest.Load(s, storetest.Document(n))
			switch {
			case n == bad && !errors.Is(err, store.ErrCorrupt):
				t.Fatalf("%s: the bad document: %v, want ErrCorrupt", when, err)
			case n != bad && (err != nil || len(got) != 2):
				t.Fatalf("%s: document %d: %d changes, %v", when, n, len(got), err)
			}
		}
	}
	s = mustOpen(t, dir)
	check(s, "as found")
	var batch []store.Append
	for n := range documents {
		batch = append(batch, storetest.AppendOf(storetest.Document(documents+n), 0, 1, 350))
	}
	mustCommit(t, s, batch...)
	if err := s.Close(); err != nil { // makes a table of its own
		t.Fatal(err)
	}
	s = mustOpen(t, dir)
	if err := s.db.Flatten(1); err != nil {
		t.Fatal(err)
	}
	check(s, "after merging")
}

// flipInTables flips a bit in the middle of the only place where the tables of a
// store hold this content.
func flipInTables(t *testing.T, dir string, content []byte) {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tables {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(raw, content); at >= 0 {
			raw[at+len(content)/2] ^= 1
			if err := os.WriteFile(name, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no table of %d holds the change", len(tables))
}

// A crash between the transactions of one append leaves the document as it was,
// and what is left of the append is never taken for a part of a later one.
func TestAnAppendCutShortIsNotSeen(t *testing.T) {
	dir, doc := t.TempDir(), storetest.Document(1)
	s := mustOpen(t, dir)
	cutShort := func(a store.Append) {
		t.Helper()
		metas, err := s.check([]store.Append{a})
		if err != nil {
			t.Fatal(err)
		}
		w := writer{store: s}
		if err := w.append(a, metas[0]); err != nil {
			t.Fatal(err)
		}
		if !w.committed {
			t.Fatal("the append fits one transaction: nothing is cut")
		}
		w.txn.Discard()
	}
	reopen := func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, dir)
	}
	has := func(want [][]byte) {
		t.Helper()
		got, info, err := storetest.Load(s, doc)
		if err != nil || info.Changes != len(want) || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("%d changes (%+v), want %d: %v", len(got), info, len(want), err)
		}
	}

	cutShort(storetest.AppendOf(doc, 0, 900, 4000)) // 256 KiB records
	reopen()
	has(nil)
	if _, exists, err := s.Stat(doc); exists || err != nil {
		t.Fatalf("a document whose first append was cut short exists: %v", err)
	}
	listed := 0
	if err := s.Documents(nil, func(id.Document, store.Info) error { listed++; return nil }); err != nil || listed != 0 {
		t.Fatalf("%d documents listed, %v", listed, err)
	}

	mustCommit(t, s, storetest.AppendOf(doc, 0, 70, 3000))
	want := storetest.Changes(doc, 0, 70, 3000)
	has(want)
	cutShort(storetest.AppendOf(doc, 70, 1, 5<<20)) // many parts
	reopen()
	has(want)
	mustCommit(t, s, storetest.AppendOf(doc, 70, 1, 700_000)) // fewer parts
	want = append(want, storetest.Changes(doc, 70, 1, 700_000)...)
	has(want)
	for first := 71; first < 80; first++ {
		mustCommit(t, s, storetest.AppendOf(doc, first, 1, 350))
	}
	want = append(want, storetest.Changes(doc, 71, 9, 350)...)
	reopen()
	has(want)
}

func TestHostileRecordsAndDescriptions(t *testing.T) {
	doc := storetest.Document(1)
	c := newCodec()
	var records []record
	board := newCorpus(t, 1, corpusPosts(t, 1))
	for _, n := range []int{1, 20} {
		committed, _ := c.encodeRecord(doc, 0, board.take(n), effortCommit)
		merged, _ := c.encodeRecord(doc, 0, board.take(n), effortMerge)
		records = append(records, committed, merged, oldRecord(c, doc, 0, storetest.Changes(doc, 0, n, 350)))
	}
	encodings := map[byte]bool{}
	for _, r := range records {
		encodings[r.encoding()] = true
	}
	if len(encodings) != encodingLeanDict {
		t.Errorf("records have the encodings %v, want each", encodings)
	}
	description := meta{changes: 20, reserved: 20, heads: storetest.Heads(1, 2)}.encode(doc)
	for _, good := range records {
		for at := range good.value {
			bad := flip(at)(bytes.Clone(good.value))
			if h, err := parseHeader(bad); err == nil {
				if _, err := c.decodeRecord(doc, 0, h, bad); err == nil {
					t.Fatalf("encoding %d: a bad bit in byte %d of a record is not noticed", good.encoding(), at)
				}
			}
			if h, err := parseHeader(good.value[:at]); err == nil {
				if _, err := c.decodeRecord(doc, 0, h, good.value[:at]); err == nil {
					t.Fatalf("encoding %d: a record cut at byte %d is not noticed", good.encoding(), at)
				}
			}
		}
	}
	for at := range description {
		if _, err := decodeMeta(doc, flip(at)(bytes.Clone(description))); err == nil {
			t.Fatalf("a bad bit in byte %d of a description is not noticed", at)
		}
		if _, err := decodeMeta(doc, description[:at]); err == nil {
			t.Fatalf("a description cut at byte %d is not noticed", at)
		}
	}
	if _, err := decodeMeta(storetest.Document(2), description); err == nil {
		t.Fatal(fmt.Errorf("the description of one document is taken for that of another"))
	}
}
