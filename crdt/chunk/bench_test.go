package chunk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

// postChange is a change that writes a post: a map with some fields and a text
// of the given length.
func postChange(tb testing.TB, chars int) []byte {
	tb.Helper()
	post := OpID{Counter: 1000}
	s := Spec{Actor: "0123456789abcdef", Seq: 2, StartOp: 1000, Others: nil, Ops: []Op{{Key: "p-1", Action: ActionMakeMap}}}
	for _, key := range []string{"by", "lang", "kind", "at"} {
		s.Ops = append(s.Ops, Op{Object: post, Key: key, Action: ActionSet, Value: StringValue("m-" + key)})
	}
	text := OpID{Counter: 1000 + uint64(len(s.Ops))}
	s.Ops = append(s.Ops, Op{Object: post, Key: "text", Action: ActionMakeText})
	for i := range chars {
		op := Op{Object: text, Sequence: true, Insert: true, Action: ActionSet, Value: StringValue(string(rune('a' + i*7%26)))}
		if i > 0 {
			op.Elem = OpID{Counter: text.Counter + uint64(i)}
		}
		s.Ops = append(s.Ops, op)
	}
	c, err := Build(s)
	if err != nil {
		tb.Fatal(err)
	}
	return c.Bytes()
}

func benchSizes(b *testing.B, run func(b *testing.B, data []byte)) {
	for _, chars := range []int{4, 94, 244, 19_994} {
		data := postChange(b, chars)
		b.Run(fmt.Sprintf("ops=%d", chars+6), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			run(b, data)
		})
	}
}

func BenchmarkParseChange(b *testing.B) {
	benchSizes(b, func(b *testing.B, data []byte) {
		for b.Loop() {
			if _, err := ParseChange(data, Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkReadChange(b *testing.B) {
	benchSizes(b, func(b *testing.B, data []byte) {
		for b.Loop() {
			if _, err := ReadChange(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOps(b *testing.B) {
	benchSizes(b, func(b *testing.B, data []byte) {
		c, err := ReadChange(data)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			for range c.Ops() {
			}
		}
	})
}

func BenchmarkDeflate(b *testing.B) {
	var dst []byte
	benchSizes(b, func(b *testing.B, data []byte) {
		for b.Loop() {
			dst = Deflate(dst[:0], data)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	benchSizes(b, func(b *testing.B, data []byte) {
		wire := Deflate(nil, data)
		for b.Loop() {
			if _, err := ReadChange(wire); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkParseDocument(b *testing.B) {
	for _, v := range vectors(b) {
		if v.Name != "a text of 20 000 characters" && v.Name != "many small changes" {
			continue
		}
		data := unbase64(b, v.Document)
		b.Run(v.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseDocument(data, Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// boardChanges is what a board is made of: a map of posts, each one a change of
// its own by one of 20 authors.
func boardChanges(tb testing.TB, posts int) []*Change {
	tb.Helper()
	first := mustBuild(tb, Spec{Actor: "author 00", Seq: 1, StartOp: 1, Ops: []Op{{Key: "posts", Action: ActionMakeMap}}})
	changes := []*Change{first}
	seqs := map[id.Actor]uint64{first.Actor: 1}
	next := uint64(2)
	for i := range posts {
		author := id.Actor(fmt.Sprintf("author %02d", i%20))
		seqs[author]++
		s := Spec{
			Deps: []id.ChangeHash{changes[i].Hash}, Actor: author, Seq: seqs[author], StartOp: next, Time: int64(1_700_000_000 + 60*i),
			Ops: postOps(i, next),
		}
		if author != first.Actor {
			s.Others = []id.Actor{first.Actor}
			s.Ops[0].Object.Actor = 1
		}
		changes = append(changes, mustBuild(tb, s))
		next += uint64(len(s.Ops))
	}
	return changes
}

// postOps are the operations of a post: fields, and a text of some length.
func postOps(i int, start uint64) []Op {
	post := OpID{Counter: start}
	ops := []Op{{Object: OpID{Counter: 1}, Key: fmt.Sprintf("%08x", uint32(i)*2654435761), Action: ActionMakeMap}}
	for _, key := range []string{"by", "lang", "kind", "at"} {
		ops = append(ops, Op{Object: post, Key: key, Action: ActionSet, Value: StringValue(fmt.Sprint(key, i%7))})
	}
	text := OpID{Counter: start + uint64(len(ops))}
	ops = append(ops, Op{Object: post, Key: "text", Action: ActionMakeText})
	for k, r := range words(i, 10) {
		op := Op{Object: text, Sequence: true, Insert: true, Action: ActionSet, Value: StringValue(string(r))}
		if k > 0 {
			op.Elem = OpID{Counter: text.Counter + uint64(k)}
		}
		ops = append(ops, op)
	}
	return ops
}

// words gives n words that follow from i, in letters of one byte.
func words(i, n int) string {
	all := strings.Fields("lender a ladder for the weekend who has borrowed our blue cart thanks for coffee keys found near " +
		"bike shed meeting on tuesday evening in the yard please bring cake soup and chairs 17 21 8")
	var b strings.Builder
	for k := range n {
		b.WriteString(all[(i*31+k*k*7+k)%len(all)])
		b.WriteByte(' ')
	}
	return b.String()
}

func benchBoards(b *testing.B, run func(b *testing.B, changes []*Change)) {
	for _, posts := range []int{1_000, 10_000} {
		changes := boardChanges(b, posts)
		ops := 0
		for _, c := range changes {
			ops += c.OpCount
		}
		b.Run(fmt.Sprintf("posts=%d", posts), func(b *testing.B) {
			b.ReportAllocs()
			run(b, changes)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*ops), "ns/operation")
		})
	}
}

func BenchmarkBuildDocument(b *testing.B) {
	benchBoards(b, func(b *testing.B, changes []*Change) {
		for b.Loop() {
			if _, err := BuildDocument(changes, Limits{}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerifyDocument(b *testing.B) {
	benchBoards(b, func(b *testing.B, changes []*Change) {
		data, err := BuildDocument(changes, Limits{}, nil)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := VerifyDocument(data, changes, Limits{}, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
