package exchange_test

import (
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
