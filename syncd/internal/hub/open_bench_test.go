//go:build unix

package hub

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/replica"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
)

var openMonth = board.Month{Year: 2026, Month: 5}

// page returns the history of a page of a board: posts of 60 letters and three
// replies to each, by four devices.
func page(tb testing.TB, n int) *history.History {
	tb.Helper()
	must := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	ident := func(s string) board.ID {
		sum := sha256.Sum256([]byte(s))
		return board.IDFromBytes([16]byte(sum[:16]))
	}
	const now = 1779973200000
	h := history.New(history.Limits{})
	_, err := h.Add(board.PageGenesis(board.DemoBoard(), openMonth, 0))
	must(err)
	writers := make([]*board.Writer, 4)
	for i := range writers {
		writers[i], err = board.NewWriter(h, id.Actor(fmt.Sprint("the actor ", i)), new(board.Clock), now)
		must(err)
	}
	var post board.ID
	for i := 0; h.Len() < n; i++ {
		w := writers[i%len(writers)]
		if i%4 == 0 {
			post = ident(fmt.Sprint("post ", i))
			_, err = w.AddPost(now, board.NewPost{
				ID: post, Kind: "request", Title: "A title", Body: strings.Repeat("noget langt ", 5), Lang: "da", Author: "Lis",
				CreatedBy: string(ident("lis")), Origin: "phone",
			})
		} else {
			_, err = w.Reply(now, post, board.NewReply{
				ID: ident(fmt.Sprint("reply ", i)), Body: "Det kan jeg i morgen", CreatedBy: string(ident("bo")), Author: "Bo", Lang: "da",
			})
		}
		must(err)
	}
	h.MarkDurable(h.Len())
	return h
}

func stored(tb testing.TB, s store.Store, doc id.Document, h *history.History) {
	tb.Helper()
	for at := 0; at < h.Len(); {
		a := store.Append{Document: doc, First: at}
		for ; at < h.Len() && len(a.Changes) < 1000; at++ {
			a.Changes = append(a.Changes, h.At(at).Bytes())
		}
		a.Heads = h.Heads() // of the last one; the others are not looked at
		if err := s.Commit([]store.Append{a}); err != nil {
			tb.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a stored page: by reading all changes, or with its graph; as
// far as it takes to serve those who read, or to judge a change that somebody brings.
// An operation is one opening; B/change is what it holds in memory then, and cpu-ms what it
// costs, since the machine may have other work.
func BenchmarkOpen(b *testing.B) {
	for _, n := range []int{1_000, 20_000, 100_000} {
		b.Run(fmt.Sprint("changes=", n), func(b *testing.B) { benchmarkOpen(b, n) })
	}
}

func benchmarkOpen(b *testing.B, n int) {
	h := page(b, n)
	s, err := badger.Open(badger.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	doc := id.NewDocument()
	stored(b, s, doc, h)
	var pieces []store.GraphPiece
	for at := 0; at < h.Len(); {
		data, next := h.AppendGraph(nil, at, store.GraphPieceBytesMax)
		pieces, at = append(pieces, store.GraphPiece{Changes: next - at, Data: data}), next
	}
	if err := s.PutGraph(doc, 0, pieces); err != nil {
		b.Fatal(err)
	}
	heads := h.Heads()
	missing := []id.ChangeHash{h.At(n - 3).Hash}
	h = nil
	all := func(r *replica.Replica) error {
		return r.Load(nil, func(take func([]byte) error) error {
			_, err := s.Load(doc, take)
			return err
		})
	}
	graph := func(r *replica.Replica) error {
		_, err := r.LoadGraph(nil, func(take func([]byte, int) error, more func([]byte) error) (int, []id.ChangeHash, error) {
			info, _, err := s.LoadGraph(doc, take, more)
			return info.Changes, info.Heads, err
		})
		return err
	}
	for _, c := range []struct {
		name         string
		rules, index bool
		load         func(*replica.Replica) error
	}{
		{"changes", false, false, all}, {"graph", false, false, graph},
		{"changes and rules", true, false, all}, {"graph and rules", true, false, graph}, {"graph and index", true, true, graph},
	} {
		b.Run(c.name, func(b *testing.B) {
			var r *replica.Replica
			indexed := 0
			open := func() {
				cfg := replica.Config{Read: func(from int, is func([]byte) bool, yield func(int, []byte) bool) error {
					return s.ReadFrom(doc, from, is, yield)
				}}
				if c.rules {
					cfg.Rules = func() replica.Rules {
						return gate.NewRules(gate.Place{Board: board.DemoBoard(), Page: true, Month: openMonth})
					}
				}
				r = replica.New(cfg, n, heads)
				if err := c.load(r); err != nil {
					b.Fatal(err)
				}
				if indexed > 0 {
					n, index, err := s.Index(doc)
					if err := errors.Join(err, r.UseIndex(n, index)); err != nil {
						b.Fatal(err)
					}
				}
				for more := c.rules; more; {
					more, _ = r.CatchUp(catchUpStep)
				}
				if c.rules {
					return
				}
				r.Attach(1, replica.Peer{})
				m := exchange.Message{Version: exchange.V1, Heads: missing, Have: []exchange.Have{{LastSync: missing}}}
				in, err := replica.Decode(m.Append(nil))
				if err != nil {
					b.Fatal(err)
				}
				if e := r.Sync(time.Time{}, replica.Input{From: 1, Message: in}); len(e.Send) != 1 || e.Fail != nil {
					b.Fatal(e)
				}
			}
			if c.index {
				open()
				known, index := r.Index()
				if err := s.PutIndex(doc, known, index); err != nil {
					b.Fatal(err)
				}
				indexed = known
				defer func() { b.ReportMetric(float64(len(index))/float64(known), "stored-B/change") }()
			}
			b.ReportAllocs()
			runtime.GC()
			began := processor()
			for b.Loop() {
				open()
			}
			b.ReportMetric(float64((processor()-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(perChange(func() { r = nil }, open, n), "B/change")
			runtime.KeepAlive(r)
		})
	}
}

// processor is the time of processors that this process has taken.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perChange is what is alive after open more than after empty.
func perChange(empty, open func(), n int) float64 {
	var before, after runtime.MemStats
	empty()
	runtime.GC()
	runtime.ReadMemStats(&before)
	open()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / float64(n)
}
