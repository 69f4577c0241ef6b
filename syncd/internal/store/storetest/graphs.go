package storetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Graphs holds a store to the contract of store.Graphs. again opens what the last
// one left.
func Graphs(t *testing.T, again func() store.Store) {
	s := again()
	g := s.(store.Graphs)
	a, b := Document(1), Document(2)
	graphOf := func(seed, n int) []byte { // as long as that of n changes
		return bytes.Repeat([]byte{byte(seed), byte(n), byte(n >> 8)}, 13*n)
	}
	has := map[id.Document]int{}
	grow := func(doc id.Document, n int) {
		t.Helper()
		if err := s.Commit([]store.Append{AppendOf(doc, has[doc], n, 300)}); err != nil {
			t.Fatal(err)
		}
		has[doc] += n
	}
	put := func(doc id.Document, first int, pieces ...store.GraphPiece) {
		t.Helper()
		if err := g.PutGraph(doc, first, pieces); err != nil {
			t.Fatal(err)
		}
	}
	want := func(doc id.Document, n int, graph []byte) {
		t.Helper()
		var got []byte
		var tail [][]byte
		of := 0
		info, found, err := g.LoadGraph(doc,
			func(graph []byte, n int) error { got, of = graph, n; return nil },
			func(c []byte) error { tail = append(tail, c); return nil })
		if err != nil || found != (n > 0) || of != n || !bytes.Equal(got, graph) {
			t.Fatalf("a graph of %d changes and %d bytes, %v; want %d and %d", of, len(got), err, n, len(graph))
		}
		if found && (info.Changes != has[doc] || !slices.EqualFunc(tail, Changes(doc, n, has[doc]-n, 300), bytes.Equal)) {
			t.Fatalf("%d changes follow the graph, want %d", len(tail), has[doc]-n)
		}
	}
	read := func(doc id.Document, from, n int) {
		t.Helper()
		wanted := Changes(doc, from, n, 300)
		at := from
		err := g.ReadFrom(doc, from, func(c []byte) bool { return bytes.Equal(c, wanted[0]) }, func(i int, c []byte) bool {
			if i != at || !bytes.Equal(c, wanted[at-from]) {
				t.Fatalf("from %d: change %d is not %d", from, i, at)
			}
			at++
			return at < from+n
		})
		if err != nil || at != from+n {
			t.Fatalf("%d changes from %d, want %d: %v", at-from, from, n, err)
		}
	}

	want(a, 0, nil)
	grow(a, 700)
	grow(b, 3)
	want(a, 0, nil)
	piece := func(seed, n int) store.GraphPiece { return store.GraphPiece{Changes: n, Data: graphOf(seed, n)} }
	put(a, 0, piece(1, 700))
	put(b, 0, piece(9, 3))
	want(a, 700, graphOf(1, 700))
	graph := graphOf(1, 700)
	for n := range 40 {
		grow(a, n+1)
		want(a, has[a]-n-1, graph)
		put(a, has[a]-n-1, piece(n, n+1))
		graph = append(graph, graphOf(n, n+1)...)
		want(a, has[a], graph)
	}
	grow(a, 1)
	grow(a, 2)
	want(a, has[a]-3, graph)
	for _, from := range []int{0, 1, 350, 699, 700, 701, 800, has[a] - 1} {
		read(a, from, min(5, has[a]-from))
	}
	read(a, 0, has[a])
	read(b, 2, 1)

	for name, put := range map[string]func() error{
		"with a gap":         func() error { return g.PutGraph(a, has[a]-2, []store.GraphPiece{piece(1, 2)}) },
		"too short":          func() error { return g.PutGraph(a, has[a]-3, []store.GraphPiece{piece(1, 2)}) },
		"too long":           func() error { return g.PutGraph(a, has[a]-3, []store.GraphPiece{piece(1, 4)}) },
		"of what is covered": func() error { return g.PutGraph(a, 700, []store.GraphPiece{piece(1, has[a]-700)}) },
		"of no document":     func() error { return g.PutGraph(Document(3), 0, []store.GraphPiece{piece(1, 2)}) },
		"of nothing":         func() error { return g.PutGraph(a, has[a]-3, nil) },
	} {
		if err := put(); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a graph %s: %v", name, err)
		}
	}
	large := store.GraphPiece{Changes: 3, Data: make([]byte, store.GraphPieceBytesMax+1)}
	if err := g.PutGraph(a, has[a]-3, []store.GraphPiece{large}); !errors.Is(err, store.ErrTooLarge) {
		t.Errorf("a large piece: %v", err)
	}
	want(a, has[a]-3, graph)
	for _, from := range []int{-1, has[b], has[b] + 1} {
		err := g.ReadFrom(b, from, func([]byte) bool { return true }, func(int, []byte) bool { return false })
		if !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("reading change %d of %d: %v", from, has[b], err)
		}
	}
	if err := g.ReadFrom(b, 1, func([]byte) bool { return false }, func(int, []byte) bool { return false }); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("reading a change that is not there: %v", err)
	}

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = again()
	g = s.(store.Graphs)
	want(a, has[a]-3, graph)
	stop := errors.New("stop")
	if _, _, err := g.LoadGraph(a, func([]byte, int) error { return stop }, nil); !errors.Is(err, stop) {
		t.Errorf("an error of take: %v", err)
	}
	big := make([]store.GraphPiece, 8) // more than fits a transaction
	for i := range big {
		big[i] = store.GraphPiece{Changes: 1, Data: bytes.Repeat([]byte{byte(i)}, store.GraphPieceBytesMax)}
	}
	big[7].Changes = has[a] - 7
	put(a, 0, big...)
	graph = nil
	for _, p := range big {
		graph = append(graph, p.Data...)
	}
	want(a, has[a], graph)
	for range 2 {
		if err := g.DropGraph(a); err != nil {
			t.Fatal(err)
		}
		want(a, 0, nil)
	}
	want(b, 3, graphOf(9, 3))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := g.PutGraph(b, 3, nil); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
