package crdttest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/zlib"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

// posts returns a board of n posts by 20 devices that take turns: each a
// map with nine fields and a text of some 60 letters, written in one change.
func posts(tb testing.TB, n int) *history.History {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, 50))
	h := history.New(history.Limits{})
	seqs := map[id.Actor]uint64{}
	next := uint64(1)
	put := func(actor id.Actor, others []id.Actor, ops []chunk.Op) {
		seqs[actor]++
		c, err := chunk.Build(chunk.Spec{
			Deps: h.Heads(), Actor: actor, Seq: seqs[actor], StartOp: next, Time: 1_700_000_000 + int64(37*next), Others: others, Ops: ops,
		})
		must(tb, err)
		_, err = h.Add(c)
		must(tb, err)
		next += uint64(len(ops))
	}
	devices := make([]id.Actor, 20)
	for i := range devices {
		devices[i] = id.Actor(fmt.Sprintf("%02d device %05d", i, r.IntN(100_000)))
	}
	put(devices[0], nil, []chunk.Op{{Key: "posts", Action: chunk.ActionMakeMap}})
	for i := range n {
		board, others := chunk.OpID{Counter: 1}, []id.Actor(nil)
		if d := r.IntN(len(devices)); d > 0 {
			board.Actor, others = 1, devices[:1]
			put(devices[d], others, post(r, board, next, i))
			continue
		}
		put(devices[0], others, post(r, board, next, i))
	}
	h.MarkDurable(h.Len())
	return h
}

// post makes the operations of one post from counter start on.
func post(r *rand.Rand, board chunk.OpID, start uint64, i int) []chunk.Op {
	self := chunk.OpID{Counter: start}
	ops := []chunk.Op{{Object: board, Key: fmt.Sprintf("%016x", r.Uint64()), Action: chunk.ActionMakeMap}}
	set := func(key string, v chunk.Value) {
		ops = append(ops, chunk.Op{Object: self, Key: key, Action: chunk.ActionSet, Value: v})
	}
	at := int64(1_700_000_000_000 + i*4_321_000 + r.IntN(1e6))
	set("kind", chunk.StringValue([]string{"offer", "need", "event", "note"}[r.IntN(4)]))
	set("lang", chunk.StringValue([]string{"da", "nl", "en"}[r.IntN(3)]))
	set("title", chunk.StringValue(words(r, 4)))
	set("createdBy", chunk.StringValue(fmt.Sprintf("member-%04d", r.IntN(300))))
	set("createdAt", chunk.TimestampValue(at))
	set("until", chunk.TimestampValue(at+14*86_400_000))
	set("place", chunk.StringValue(words(r, 1)))
	set("phone", chunk.BoolValue(r.IntN(2) == 0))
	text := chunk.OpID{Counter: start + uint64(len(ops))}
	ops = append(ops, chunk.Op{Object: self, Key: "body", Action: chunk.ActionMakeText})
	for k, letter := range words(r, 8+r.IntN(5)) {
		op := chunk.Op{Object: text, Sequence: true, Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue(string(letter))}
		if k > 0 {
			op.Elem = chunk.OpID{Counter: text.Counter + uint64(k)}
		}
		ops = append(ops, op)
	}
	return ops
}

// words returns n words of a vocabulary of a thousand.
func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		w := rand.New(rand.NewPCG(uint64(r.IntN(1000)), 51))
		for range 2 + w.IntN(7) {
			b.WriteByte("etaoinsrhldcumfpgwybvkxjqz"[min(w.IntN(26), w.IntN(26))])
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func rawChanges(h *history.History) []byte {
	var raw []byte
	for i := range h.Len() {
		raw = append(raw, h.At(i).Bytes()...)
	}
	return raw
}

// processor reports what the process spends on an operation of b, which on a
// busy machine tells more than the time that passes. To be called at the start;
// what it returns is called at the end.
func processor(b *testing.B) func() {
	spent := func() time.Duration {
		var u syscall.Rusage
		must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	from := spent()
	return func() { b.ReportMetric(float64((spent()-from).Microseconds())/1000/float64(b.N), "cpu-ms/op") }
}

func benchPosts(b *testing.B, sizes []int, run func(b *testing.B, h *history.History)) {
	for _, n := range sizes {
		h := posts(b, n)
		b.Run(fmt.Sprintf("posts=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			run(b, h)
		})
	}
}

// What a snapshot costs to make and verify, and how large it is beside the
// changes: as they are, each deflated for itself, and all deflated together.
func BenchmarkSnapshotOfPosts(b *testing.B) {
	benchPosts(b, []int{100, 1_000, 10_000}, func(b *testing.B, h *history.History) {
		var s *history.Snapshot
		done := processor(b)
		for b.Loop() {
			s = snapshotOf(b, h, h.Len())
		}
		done()
		raw, each, ops := rawChanges(h), 0, 0
		for i := range h.Len() {
			each += len(chunk.Deflate(nil, h.At(i).Bytes()))
			ops += h.At(i).OpCount
		}
		var all bytes.Buffer
		z := zlib.NewWriter(&all)
		_, err := z.Write(raw)
		must(b, err)
		must(b, z.Close())
		b.ReportMetric(float64(ops), "operations")
		b.ReportMetric(float64(len(s.Chunk)), "snapshot-bytes")
		b.ReportMetric(float64(len(raw)), "raw-bytes")
		b.ReportMetric(float64(each), "each-deflated-bytes")
		b.ReportMetric(float64(all.Len()), "zlib-bytes")
	})
}

// The server's side of a first sync: all messages for a peer that has nothing.
func BenchmarkFirstSync(b *testing.B) {
	benchPosts(b, []int{1_000, 10_000}, func(b *testing.B, h *history.History) {
		s := snapshotOf(b, h, h.Len())
		for name, c := range map[string]struct {
			flags    *exchange.Flags
			snapshot *history.Snapshot
		}{
			"plain changes": {nil, nil}, "deflated changes": {&exchange.Flags{}, nil}, "snapshot": {&exchange.Flags{}, s},
		} {
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				size, messages := 0, 0
				done := processor(b)
				for b.Loop() {
					size, messages = 0, 0
					round, state := exchange.NewRound(h), &exchange.State{}
					round.UseSnapshot(c.snapshot)
					has := []id.ChangeHash(nil)
					for {
						state.Receive(h, &exchange.Message{Heads: has, Have: []exchange.Have{{LastSync: has}}, Flags: c.flags})
						data := round.Generate(state).Bytes()
						if data == nil {
							break
						}
						m, err := exchange.Decode(data, exchange.Limits{})
						must(b, err)
						has, size, messages = m.Have[0].LastSync, size+len(data), messages+1
					}
				}
				done()
				b.ReportMetric(float64(size), "wire-bytes")
				b.ReportMetric(float64(messages), "messages")
			})
		}
	})
}

// How long automerge-go takes to load a snapshot, and to load the changes.
func BenchmarkEngineLoads(b *testing.B) {
	benchPosts(b, []int{1_000, 10_000}, func(b *testing.B, h *history.History) {
		for name, data := range map[string][]byte{"snapshot": snapshotOf(b, h, h.Len()).Chunk, "changes": rawChanges(h)} {
			b.Run(name, func(b *testing.B) {
				done := processor(b)
				for b.Loop() {
					doc, err := core.New("reader")
					must(b, err)
					must(b, doc.Load(data))
				}
				done()
			})
		}
	})
}

// What JavaScript spends, as processor time of its process. The time of an
// operation has the way to the other process in it.
func BenchmarkJavaScriptLoads(b *testing.B) {
	js := newOracleJS(b)
	benchPosts(b, []int{1_000, 10_000}, func(b *testing.B, h *history.History) {
		for name, data := range map[string][]byte{"snapshot": snapshotOf(b, h, h.Len()).Chunk, "changes": rawChanges(h)} {
			b.Run(name, func(b *testing.B) {
				total := 0.0
				for b.Loop() {
					r := js.ask(b, oracleQuestion{Load: data, Times: 1})
					if r.Error != "" {
						b.Fatal(r.Error)
					}
					total += r.Milliseconds[0]
				}
				b.ReportMetric(total/float64(b.N), "js-ms/load")
			})
		}
	})
}

// A first sync of a peer in JavaScript: what it spends on receiving, and what
// is sent to it.
func BenchmarkJavaScriptFirstSync(b *testing.B) {
	js := newOracleJS(b)
	benchPosts(b, []int{1_000, 10_000}, func(b *testing.B, h *history.History) {
		for name, s := range map[string]*history.Snapshot{"snapshot": snapshotOf(b, h, h.Len()), "changes": nil} {
			b.Run(name, func(b *testing.B) {
				spent, size := 0.0, 0
				for i := 0; b.Loop(); i++ {
					size = 0
					our := &ourEnd{history: h, state: &exchange.State{}, snapshot: s}
					q := oracleQuestion{Peer: fmt.Sprint(b.Name(), b.N, i), Generate: true}
					for {
						r := js.ask(b, q)
						if r.Error != "" {
							b.Fatal(r.Error)
						}
						spent += r.Milliseconds[0]
						if r.Message != nil {
							must(b, our.receive(r.Message))
						}
						if q.Receive = our.generate(); q.Receive == nil && r.Message == nil {
							break
						}
						size += len(q.Receive)
					}
					js.ask(b, oracleQuestion{Peer: q.Peer, Forget: true})
				}
				b.ReportMetric(spent/float64(b.N), "js-ms/sync")
				b.ReportMetric(float64(size), "wire-bytes")
			})
		}
	})
}
