package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Author returns the n-th test author. They are in the order of their actors.
func Author(n int) store.ActorAuthor {
	return store.ActorAuthor{
		Actor:  id.Actor(fmt.Sprintf("actor %08d", n)),
		Device: fmt.Sprintf("device-%d", n%7), Member: fmt.Sprintf("member-%d", n%5), Kiosk: n%3 == 0,
	}
}

// Authors returns what the store knows of the actors of a document.
func Authors(s store.Store, doc id.Document) (found []store.ActorAuthor, err error) {
	err = s.Authors(doc, func(a store.ActorAuthor) error {
		found = append(found, a)
		return nil
	})
	return found, err
}

// Records returns the records with a prefix, by key.
func Records(s store.Store, prefix string) (found map[string]string, err error) {
	found = make(map[string]string)
	var last []byte
	err = s.Records([]byte(prefix), func(key, value []byte) error {
		if last != nil && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("key %q follows %q", key, last)
		}
		last = key
		found[string(key)] = string(value)
		return nil
	})
	return found, err
}

func (f *fixture) hasAuthors(doc id.Document, want ...store.ActorAuthor) {
	f.t.Helper()
	if got, err := Authors(f.s, doc); err != nil || !slices.Equal(got, want) {
		f.t.Fatalf("authors of %s: %d %.200v, %v; want %d %.200v", doc, len(got), got, err, len(want), want)
	}
}

func (f *fixture) hasRecords(prefix string, want map[string]string) {
	f.t.Helper()
	if got, err := Records(f.s, prefix); err != nil || !maps.Equal(got, want) {
		f.t.Fatalf("records %q: %d %.200v, %v; want %d %.200v", prefix, len(got), got, err, len(want), want)
	}
}

func (f *fixture) put(records ...store.Record) {
	f.t.Helper()
	if err := f.s.PutRecords(records); err != nil {
		f.t.Fatalf("put records: %v", err)
	}
}

func record(key, value string) store.Record {
	return store.Record{Key: []byte(key), Value: []byte(value)}
}

func authors(t *testing.T, f *fixture) {
	a, b := Document(1), Document(2)
	first, more := AppendOf(a, 0, 2, 50), AppendOf(a, 2, 1, 50)
	first.Authors = []store.ActorAuthor{Author(9), Author(3)}
	longest := store.ActorAuthor{
		Actor:  id.Actor(strings.Repeat("\xff", id.ActorBytesMax)),
		Device: strings.Repeat("d", store.AuthorBytesMax), Member: strings.Repeat("m", store.AuthorBytesMax),
	}
	f.commit(first, AppendOf(b, 0, 1, 50))
	f.hasAuthors(a, Author(3), Author(9))
	f.hasAuthors(b)
	again := Author(3)
	again.Device = "another"
	more.Authors = []store.ActorAuthor{longest, again, {Actor: "\x00"}}
	f.commit(more)
	for range 2 {
		f.hasAuthors(a, store.ActorAuthor{Actor: "\x00"}, again, Author(9), longest)
		f.hasAuthors(b)
		f.hasAuthors(Document(3))
		f.has(a, Changes(a, 0, 3, 50), Heads(3, 1))
		f.reopen()
	}
}

func authorsOfRefused(t *testing.T, f *fixture) {
	good, bad := AppendOf(Document(1), 0, 1, 50), AppendOf(Document(2), 7, 1, 50)
	good.Authors, bad.Authors = []store.ActorAuthor{Author(1)}, []store.ActorAuthor{Author(2)}
	if err := f.s.Commit([]store.Append{good, bad}); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("commit: %v, want ErrConflict", err)
	}
	for range 2 {
		f.hasAuthors(good.Document)
		f.hasAuthors(bad.Document)
		f.reopen()
	}
}

func manyAuthors(t *testing.T, f *fixture) {
	doc := Document(1)
	a := AppendOf(doc, 0, 700, 3000)
	for n := range 9000 {
		a.Authors = append(a.Authors, Author(n))
	}
	f.commit(AppendOf(Document(2), 0, 1, 50), a)
	f.reopen()
	f.hasAuthors(doc, a.Authors...)
	f.has(doc, Changes(doc, 0, 700, 3000), Heads(700, 1))
}

func badAuthors(t *testing.T, f *fixture) {
	long := strings.Repeat("x", store.AuthorBytesMax+1)
	for _, author := range []store.ActorAuthor{
		{}, {Actor: "a", Device: long}, {Actor: "a", Member: long}, {Actor: id.Actor(long + long)},
	} {
		a := AppendOf(Document(1), 0, 1, 50)
		a.Authors = []store.ActorAuthor{Author(1), author}
		if err := f.s.Commit([]store.Append{a}); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("author %.60v: %v, want ErrTooLarge", author, err)
		}
	}
	f.has(Document(1), nil, nil)
	f.hasAuthors(Document(1))
}

func records(t *testing.T, f *fixture) {
	f.hasRecords("", nil)
	f.put()
	f.put(record("b/2", "two"), record("b/10", "ten"), record("a", ""), record("c", "sea"), record("c", "last"))
	f.commit(AppendOf(Document(1), 0, 1, 50))
	for range 2 {
		f.hasRecords("", map[string]string{"a": "", "b/10": "ten", "b/2": "two", "c": "last"})
		f.hasRecords("b/", map[string]string{"b/10": "ten", "b/2": "two"})
		f.hasRecords("b/10", map[string]string{"b/10": "ten"})
		f.hasRecords("b/100", nil)
		f.reopen()
	}
	f.put(store.Record{Key: []byte("b/2")}, record("b/3", "three"), record("a", "now"), store.Record{Key: []byte("never")})
	for range 2 {
		f.hasRecords("", map[string]string{"a": "now", "b/10": "ten", "b/3": "three", "c": "last"})
		f.has(Document(1), Changes(Document(1), 0, 1, 50), Heads(1, 1))
		f.reopen()
	}
}

func badRecords(t *testing.T, f *fixture) {
	big := make([]byte, store.RecordBytesMax)
	many := make([]store.Record, store.RecordsMax+1)
	for i := range many {
		many[i] = record(fmt.Sprint(i), "x")
	}
	for what, bad := range map[string][]store.Record{
		"no key":         {{Value: []byte("x")}},
		"a long key":     {{Key: make([]byte, store.RecordKeyBytesMax+1), Value: []byte("x")}},
		"a large value":  {{Key: []byte("k"), Value: append(big, 0)}},
		"too many":       many,
		"too much in it": {{Key: []byte("k"), Value: big}, {Key: []byte("l"), Value: big}, {Key: []byte("m"), Value: big}, {Key: []byte("n"), Value: big}},
	} {
		if err := f.s.PutRecords(append([]store.Record{record("good", "x")}, bad...)); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", what, err)
		}
	}
	f.hasRecords("", nil)
	f.reopen()
	f.hasRecords("", nil)
}

func bigRecords(t *testing.T, f *fixture) {
	want := make(map[string]string)
	var all []store.Record
	size := store.RecordsBytesMax/store.RecordsMax - store.RecordKeyBytesMax
	for i := range store.RecordsMax {
		r := record(fmt.Sprintf("%0*d", store.RecordKeyBytesMax, i), strings.Repeat("x", size))
		all, want[string(r.Key)] = append(all, r), string(r.Value)
	}
	f.put(all...)
	f.hasRecords("", want)
	large := record("large", strings.Repeat("y", store.RecordBytesMax))
	f.put(large)
	want["large"] = string(large.Value)
	f.reopen()
	f.hasRecords("", want)
	for i := range all {
		all[i].Value = nil
	}
	f.put(all...)
	f.reopen()
	f.hasRecords("", map[string]string{"large": string(large.Value)})
}

func recordOwnership(t *testing.T, f *fixture) {
	r := record("key", "value")
	f.put(r)
	clear(r.Key)
	clear(r.Value)
	for range 2 {
		f.hasRecords("", map[string]string{"key": "value"})
		_ = f.s.Records(nil, func(key, value []byte) error {
			clear(key)
			clear(value)
			return nil
		})
	}
}

func recordYieldError(t *testing.T, f *fixture) {
	stop, n := errors.New("stop"), 0
	a := AppendOf(Document(1), 0, 1, 50)
	a.Authors = []store.ActorAuthor{Author(1), Author(2)}
	f.commit(a)
	f.put(record("a", "1"), record("b", "2"))
	if err := f.s.Records(nil, func(k, v []byte) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("records: %v after %d, want stop after 1", err, n)
	}
	if err := f.s.Authors(a.Document, func(store.ActorAuthor) error { n++; return stop }); !errors.Is(err, stop) || n != 2 {
		t.Errorf("authors: %v after %d, want stop after 1", err, n-1)
	}
}

func randomRecords(t *testing.T, f *fixture) {
	r := rand.New(rand.NewPCG(5, 6))
	model := make(map[string]string)
	for range 150 {
		var all []store.Record
		for range r.IntN(8) {
			rec := record(fmt.Sprintf("%c/%d", 'a'+r.IntN(3), r.IntN(20)), strings.Repeat("v", r.IntN(2000)))
			if r.IntN(3) == 0 {
				rec.Value = nil
				delete(model, string(rec.Key))
			} else {
				model[string(rec.Key)] = string(rec.Value)
			}
			all = append(all, rec)
		}
		f.put(all...)
		if r.IntN(20) == 0 {
			f.reopen()
		}
	}
	f.reopen()
	f.hasRecords("", model)
}
