package chunk

import (
	"fmt"
	"testing"
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
