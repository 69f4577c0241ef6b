package exchange_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// unknown is a hash of no change.
func unknown(rng *rand.Rand) (hash id.ChangeHash) {
	for i := 0; i < len(hash); i += 8 {
		binary.LittleEndian.PutUint64(hash[i:], rng.Uint64())
	}
	return hash
}

// A few held changes depend on very many that nobody has, and a peer shows heads that rest on them.
func TestAPeerIsNotAskedForMoreThanAMessageHolds(t *testing.T) {
	server := historytest.New("server")
	server.Put("k", "v")
	rng := rand.New(rand.NewPCG(1, 2))
	var top []id.ChangeHash
	for i := range 11 {
		s := chunk.Spec{Actor: id.Actor(rune('A' + i)), Seq: 1, StartOp: 5, Deps: top, Ops: []chunk.Op{{Key: "k", Action: chunk.ActionSet}}}
		for len(s.Deps) < chunk.DefaultLimits.DepsMax {
			s.Deps = append(s.Deps, unknown(rng))
		}
		slices.SortFunc(s.Deps, id.ChangeHash.Compare)
		c := build(t, s)
		if _, err := server.Add(c); err != nil {
			t.Fatal(err)
		}
		top = []id.ChangeHash{c.Hash}
	}
	var s exchange.State
	s.Receive(server.History, &exchange.Message{Version: exchange.V1, Heads: top, Have: []exchange.Have{{}}})
	m, err := exchange.Decode(exchange.NewRound(server.History).Generate(&s).Bytes(), exchange.Limits{})
	if err != nil || len(m.Need) == 0 || len(m.Append(nil)) > exchange.MessageBytesMax {
		t.Fatalf("%v, or too much or nothing is needed", err)
	}
}

// The filters of a message are asked for each change that its sender may lack.
func TestFiltersAreAskedWithinBounds(t *testing.T) {
	const n = 20
	server := historytest.Posts(n)
	rng := rand.New(rand.NewPCG(3, 4))
	filter := func(probes, bits byte) []byte {
		return append([]byte{0, 11, 1, 64, probes}, bytes.Repeat([]byte{bits}, 8)...) // no last sync; 11 bytes
	}
	for _, test := range []struct {
		what    string
		filters [][]byte
		sent    int
	}{
		{"one that has nothing", [][]byte{filter(64, 0)}, n},
		{"one that has everything", [][]byte{filter(64, 0xff)}, 0},
		{"one that has nothing, and one that has everything", [][]byte{filter(7, 0), filter(7, 0xff)}, 0},
		{"the same, with as many probes as may be", [][]byte{filter(64, 0), filter(64, 0xff)}, n},
	} {
		head := unknown(rng)
		data := slices.Concat([]byte{exchange.V1, 1}, head[:], []byte{0, byte(len(test.filters))}, slices.Concat(test.filters...), []byte{0})
		m, err := exchange.Decode(data, exchange.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var s exchange.State
		s.Receive(server.History, m)
		got, err := exchange.Decode(exchange.NewRound(server.History).Generate(&s).Bytes(), exchange.Limits{})
		if err != nil || len(got.Changes) != test.sent {
			t.Errorf("%s: %d changes are sent, %v; want %d", test.what, len(got.Changes), err, test.sent)
		}
	}
}

// What a peer needs by name comes once and first, also if it would be sent anyway.
func TestWhatAPeerNeedsComesOnceAndFirst(t *testing.T) {
	server := historytest.Posts(9)
	rng := rand.New(rand.NewPCG(5, 6))
	var need []id.ChangeHash
	for _, i := range []int{7, 1, 4} {
		need = append(need, server.At(i).Hash)
	}
	slices.SortFunc(need, id.ChangeHash.Compare)
	var s exchange.State
	s.Receive(server.History, &exchange.Message{Version: exchange.V1, Heads: []id.ChangeHash{server.At(3).Hash, unknown(rng)}, Need: need, Have: []exchange.Have{{}}})
	m, err := exchange.Decode(exchange.NewRound(server.History).Generate(&s).Bytes(), exchange.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var sent []int
	for _, raw := range m.Changes {
		c, err := chunk.ParseChange(raw, chunk.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		i, _ := server.Index(c.Hash)
		sent = append(sent, i)
	}
	if !slices.Equal(sent, []int{1, 4, 5, 6, 7, 8}) {
		t.Errorf("the changes %v are sent", sent)
	}
}
