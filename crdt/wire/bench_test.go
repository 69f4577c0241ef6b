package wire_test

import (
	"bytes"
	"testing"

	"github.com/tavle-org/tavle/crdt/wire"
)

var benchSync = wire.Sync{Sender: "peer-8j2k1l9x", Target: "syncd-main", Document: someDocument, Data: bytes.Repeat([]byte{7}, 400)}

func BenchmarkDecodeSync(b *testing.B) {
	frame := wire.Append(nil, benchSync)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.Decode(frame, wire.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendSync(b *testing.B) {
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		wire.AppendSync(dst, benchSync.Sender, benchSync.Target, benchSync.Document, benchSync.Data, false)
	}
}

// One more target of a message whose body is encoded already.
func BenchmarkAppendTarget(b *testing.B) {
	body := wire.AppendBody(nil, benchSync)
	dst := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		wire.AppendTarget(append(dst, body...), benchSync.Target)
	}
}
