package history_test

import (
	"fmt"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// board returns n changes, each of which posts to the map of the first.
func board(n int) []*chunk.Change {
	a := historytest.New("author")
	a.Change(chunk.Op{Key: "posts", Action: chunk.ActionMakeMap})
	posts := chunk.OpID{Counter: 1}
	for i := range n - 1 {
		id := uint64(2 + i*4)
		post := chunk.OpID{Counter: id}
		field := func(key, value string) chunk.Op {
			return chunk.Op{Object: post, Key: key, Action: chunk.ActionSet, Value: chunk.StringValue(value)}
		}
		a.Change(chunk.Op{Object: posts, Key: fmt.Sprint("post ", i), Action: chunk.ActionMakeMap},
			field("title", "A title"), field("body", "A body of some length, as posts have"), field("author", "Lis"))
	}
	return a.All()
}

// Accepting changes one by one, each checked; an operation is one change.
func BenchmarkAdd(b *testing.B) {
	changes := board(10_000)
	b.ReportAllocs()
	b.ResetTimer()
	var h *history.History
	for i := range b.N {
		if i%len(changes) == 0 {
			h = history.New(history.Limits{})
		}
		if _, err := h.Add(changes[i%len(changes)]); err != nil {
			b.Fatal(err)
		}
	}
}

// Opening a stored document; an operation is one change.
func BenchmarkRestore(b *testing.B) {
	changes := board(10_000)
	b.ReportAllocs()
	b.ResetTimer()
	var h *history.History
	for i := range b.N {
		if i%len(changes) == 0 {
			h = history.New(history.Limits{})
		}
		if err := h.Restore(changes[i%len(changes)].Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

// What a peer lacks that is one change behind, in a document of 20 000.
func BenchmarkSince(b *testing.B) {
	h := history.New(history.Limits{})
	changes := board(20_000)
	for _, c := range changes {
		if err := h.Restore(c.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
	h.MarkDurable(h.Len())
	base := []id.ChangeHash{changes[len(changes)-2].Hash}
	b.ReportAllocs()
	for b.Loop() {
		if since := h.Since(0, base); len(since) != 1 {
			b.Fatal(since)
		}
	}
}

// Opening a document with its graph; an operation is one document.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1_000, 20_000, 100_000} {
		h := history.New(history.Limits{})
		for _, c := range board(n) {
			if err := h.Restore(c.Bytes()); err != nil {
				b.Fatal(err)
			}
		}
		h.MarkDurable(n)
		graph, _ := h.AppendGraph(nil, 0, 1<<30)
		b.Run(fmt.Sprint("changes=", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := history.Open(history.Limits{}, graph, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(graph))/float64(n), "B/change")
		})
	}
}
