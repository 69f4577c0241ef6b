package storetest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

func unknownDocument(t *testing.T, f *fixture) {
	f.has(Document(1), nil, nil)
	f.commit(AppendOf(Document(2), 0, 1, 100))
	f.has(Document(1), nil, nil)
	f.has(Document(3), nil, nil)
}

func appends(t *testing.T, f *fixture) {
	a, b := Document(1), Document(2)
	f.commit(AppendOf(a, 0, 1, 350))
	f.commit(AppendOf(a, 1, 3, 350), AppendOf(b, 0, 1, 10))
	f.commit(store.Append{Document: a, First: 4, Changes: Changes(a, 4, 1, 350), Heads: Heads(9, 3)})
	for range 3 {
		f.has(a, Changes(a, 0, 5, 350), Heads(9, 3))
		f.has(b, Changes(b, 0, 1, 10), Heads(1, 1))
		f.reopen()
	}
	f.commit(AppendOf(a, 5, 1, 350))
	f.reopen()
	f.has(a, Changes(a, 0, 6, 350), Heads(6, 1))
}

func storageID(t *testing.T, f *fixture) {
	was := f.s.StorageID()
	if _, err := id.ParseStorage(string(was)); err != nil {
		t.Fatalf("storage id %q: %v", was, err)
	}
	f.reopen()
	if now := f.s.StorageID(); now != was {
		t.Fatalf("storage id %q became %q", was, now)
	}
}

func conflict(t *testing.T, f *fixture) {
	doc := Document(1)
	f.commit(AppendOf(doc, 0, 3, 50))
	for _, first := range []int{0, 1, 2, 4, 100} {
		if err := f.s.Commit([]store.Append{AppendOf(doc, first, 1, 50)}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("append at %d to 3 changes: %v, want ErrConflict", first, err)
		}
	}
	if err := f.s.Commit([]store.Append{AppendOf(Document(2), 1, 1, 50)}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("append at 1 to a new document: %v, want ErrConflict", err)
	}
	f.has(doc, Changes(doc, 0, 3, 50), Heads(3, 1))
	f.commit(AppendOf(doc, 3, 1, 50))
	f.has(doc, Changes(doc, 0, 4, 50), Heads(4, 1))
}

func conflictStoresNothing(t *testing.T, f *fixture) {
	good, bad := Document(1), Document(2)
	for _, batch := range [][]store.Append{
		{AppendOf(good, 0, 1, 50), AppendOf(bad, 7, 1, 50)},
		{AppendOf(bad, 7, 1, 50), AppendOf(good, 0, 1, 50)},
		{AppendOf(good, 0, 1, 50), AppendOf(good, 1, 1, 50)},
	} {
		if err := f.s.Commit(batch); !errors.Is(err, store.ErrConflict) {
			t.Errorf("commit: %v, want ErrConflict", err)
		}
		f.has(good, nil, nil)
		f.has(bad, nil, nil)
	}
	f.reopen()
	f.has(good, nil, nil)
}

func badAppends(t *testing.T, f *fixture) {
	doc := Document(1)
	if err := f.s.Commit([]store.Append{{Document: doc, Heads: Heads(1, 1)}}); err == nil {
		t.Error("an append without changes was taken")
	}
	huge := store.Append{Document: doc, Changes: [][]byte{make([]byte, store.ChangeBytesMax+1)}, Heads: Heads(1, 1)}
	if err := f.s.Commit([]store.Append{huge}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a change over the limit: %v, want ErrTooLarge", err)
	}
	if err := f.s.Commit(nil); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
	f.has(doc, nil, nil)
}

func emptyChange(t *testing.T, f *fixture) {
	doc := Document(1)
	changes := [][]byte{{}, {1}, {}}
	f.commit(store.Append{Document: doc, Changes: changes, Heads: Heads(1, 1)})
	f.reopen()
	f.has(doc, changes, Heads(1, 1))
}

func bigChange(t *testing.T, f *fixture) {
	doc, other := Document(1), Document(2)
	f.commit(AppendOf(other, 0, 1, 100), AppendOf(doc, 0, 1, 5<<20), AppendOf(Document(3), 0, 1, 100))
	f.commit(AppendOf(doc, 1, 2, 100))
	want := append(Changes(doc, 0, 1, 5<<20), Changes(doc, 1, 2, 100)...)
	f.has(doc, want, Heads(3, 1))
	f.reopen()
	f.has(doc, want, Heads(3, 1))
	f.has(other, Changes(other, 0, 1, 100), Heads(1, 1))
	f.has(Document(3), Changes(Document(3), 0, 1, 100), Heads(1, 1))
}

func manyChanges(t *testing.T, f *fixture) {
	doc := Document(1)
	f.commit(AppendOf(doc, 0, 5000, 350))
	f.commit(AppendOf(doc, 5000, 5000, 20))
	want := append(Changes(doc, 0, 5000, 350), Changes(doc, 5000, 5000, 20)...)
	f.has(doc, want, Heads(10000, 1))
	f.reopen()
	f.has(doc, want, Heads(10000, 1))
}

func bigBatch(t *testing.T, f *fixture) {
	const documents = 300
	var batch []store.Append
	for n := range documents {
		batch = append(batch, AppendOf(Document(n), 0, 3, 3000))
	}
	batch = append(batch, AppendOf(Document(documents), 0, 700, 3000))
	f.commit(batch...)
	f.reopen()
	for n := range documents {
		f.has(Document(n), Changes(Document(n), 0, 3, 3000), Heads(3, 1))
	}
	f.has(Document(documents), Changes(Document(documents), 0, 700, 3000), Heads(700, 1))
}

func ownership(t *testing.T, f *fixture) {
	doc := Document(1)
	a := AppendOf(doc, 0, 20, 350)
	f.commit(a)
	// The promise to leave changes unmodified is broken here on purpose, to see
	// that the store does not rely on it after Commit.
	for _, c := range a.Changes {
		clear(c)
	}
	clear(a.Heads)
	f.has(doc, Changes(doc, 0, 20, 350), Heads(20, 1))

	got, info, _ := Load(f.s, doc)
	for _, c := range got {
		clear(c)
		_ = append(c, "must not reach the next change"...)
	}
	clear(info.Heads)
	f.has(doc, Changes(doc, 0, 20, 350), Heads(20, 1))
}

func yieldError(t *testing.T, f *fixture) {
	doc, stop := Document(1), errors.New("stop")
	f.commit(AppendOf(doc, 0, 5, 50), AppendOf(Document(2), 0, 1, 50))
	n := 0
	_, err := f.s.Load(doc, func([]byte) error {
		if n++; n == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 3 {
		t.Errorf("load: %v after %d changes, want stop after 3", err, n)
	}
	n = 0
	err = f.s.Documents(nil, func(id.Document, store.Info) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("documents: %v after %d, want stop after 1", err, n)
	}
}

func listing(t *testing.T, f *fixture) {
	const count = 3000
	for from := 0; from < count; from += 500 {
		var batch []store.Append
		for _, n := range rand.New(rand.NewPCG(1, 2)).Perm(500) {
			batch = append(batch, AppendOf(Document(from+n), 0, 1+(from+n)%2, 40))
		}
		f.commit(batch...)
	}
	f.reopen()
	for _, after := range []int{-1, 0, 1, 1499, count - 2, count - 1, count + 5} {
		var start *id.Document
		if after >= 0 {
			doc := Document(after)
			start = &doc
		}
		next := after + 1
		err := f.s.Documents(start, func(doc id.Document, info store.Info) error {
			if doc != Document(next) || info.Changes != 1+next%2 || !slices.Equal(info.Heads, Heads(1+next%2, 1)) {
				t.Fatalf("after %d: got %s with %+v, want document %d", after, doc, info, next)
			}
			next++
			return nil
		})
		if err != nil || next != max(count, after+1) {
			t.Fatalf("after %d: the list ended before %d: %v", after, next, err)
		}
	}
}

func concurrent(t *testing.T, f *fixture) {
	const writers, rounds = 8, 15
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			doc := Document(w)
			for first := range rounds {
				if err := f.s.Commit([]store.Append{AppendOf(doc, first, 1, 300)}); err != nil {
					t.Errorf("commit %d of document %d: %v", first, w, err)
					return
				}
				got, _, err := Load(f.s, doc)
				if err != nil || len(got) != first+1 {
					t.Errorf("after commit %d of document %d: %d changes, %v", first, w, len(got), err)
					return
				}
				if _, _, err := Load(f.s, Document((w+1)%writers)); err != nil {
					t.Errorf("load of another's document: %v", err)
				}
			}
		})
	}
	wg.Wait()
	f.reopen()
	for w := range writers {
		f.has(Document(w), Changes(Document(w), 0, rounds, 300), Heads(rounds, 1))
	}
}

func closed(t *testing.T, f *fixture) {
	doc := Document(1)
	f.commit(AppendOf(doc, 0, 1, 50))
	if err := f.s.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := f.s.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	_, _, load := Load(f.s, doc)
	_, _, stat := f.s.Stat(doc)
	for call, err := range map[string]error{
		"Commit":     f.s.Commit([]store.Append{AppendOf(doc, 1, 1, 50)}),
		"Load":       load,
		"Stat":       stat,
		"Documents":  f.s.Documents(nil, func(id.Document, store.Info) error { return nil }),
		"Authors":    f.s.Authors(doc, func(store.ActorAuthor) error { return nil }),
		"PutRecords": f.s.PutRecords([]store.Record{{Key: []byte("a"), Value: []byte("b")}}),
		"Records":    f.s.Records(nil, func(k, v []byte) error { return nil }),
	} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", call, err)
		}
	}
	f.open()
	f.has(doc, Changes(doc, 0, 1, 50), Heads(1, 1))
}

// random compares the store with a map, over appends, reopenings and refused
// appends drawn from a fixed seed.
func random(t *testing.T, f *fixture) {
	r := rand.New(rand.NewPCG(3, 4))
	model := make(map[id.Document][][]byte)
	heads := make(map[id.Document][]id.ChangeHash)
	for step := range 120 {
		var batch []store.Append
		for _, n := range r.Perm(12)[:1+r.IntN(6)] {
			doc := Document(n)
			size := []int{0, 1, 60, 350, 4000}[r.IntN(5)]
			if r.IntN(30) == 0 {
				size = 400_000
			}
			a := AppendOf(doc, len(model[doc]), 1+r.IntN(6), size)
			a.Heads = Heads(step, r.IntN(4))
			batch = append(batch, a)
		}
		if r.IntN(8) == 0 {
			batch[len(batch)-1].First++
			if err := f.s.Commit(batch); !errors.Is(err, store.ErrConflict) {
				t.Fatalf("step %d: %v, want ErrConflict", step, err)
			}
			continue
		}
		f.commit(batch...)
		for _, a := range batch {
			model[a.Document] = append(model[a.Document], a.Changes...)
			heads[a.Document] = a.Heads
		}
		if r.IntN(20) == 0 {
			f.reopen()
		}
	}
	f.reopen()
	for doc, changes := range model {
		f.has(doc, changes, heads[doc])
	}
	var listed []id.Document
	err := f.s.Documents(nil, func(doc id.Document, _ store.Info) error {
		listed = append(listed, doc)
		return nil
	})
	if err != nil || len(listed) != len(model) ||
		!slices.IsSortedFunc(listed, func(a, b id.Document) int { return bytes.Compare(a[:], b[:]) }) {
		t.Fatalf("listed %d documents, want %d in order: %v", len(listed), len(model), err)
	}
}
