package exchange

import (
	"bytes"
	"testing"

	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

func hashesOf(n int) []id.ChangeHash {
	all := make([]id.ChangeHash, n)
	for i := range all {
		all[i] = id.ChangeHash{byte(i), byte(i >> 8), byte(i >> 16), 1}
	}
	return all
}

// What a peer says of a document is kept as far as it may be of use there.
func TestWhatAPeerSaysIsNotKeptWhole(t *testing.T) {
	filter := Bloom{entries: 1 << 20, bitsPerEntry: 10, probes: 7, bits: bytes.Repeat([]byte{0xff}, 5<<18)}
	large := &Message{
		Version: V1, Heads: hashesOf(10_000), Need: hashesOf(10_000),
		Have: []Have{{LastSync: nil, Bloom: filter}, {LastSync: hashesOf(9_000)}},
	}
	kept := func(s *State) (n int) {
		n = 32 * (cap(s.theirHeads) + cap(s.theirNeed))
		for _, have := range s.theirHave {
			n += 32*cap(have.LastSync) + cap(have.Bloom.bits)
		}
		return n
	}
	var nothing State
	nothing.Receive(history.New(history.Limits{}), large)
	if n := kept(&nothing); n > 4<<10 {
		t.Errorf("of a document that is not there %d bytes are kept", n)
	}
	a := historytest.New("a")
	for range 100 {
		a.Put("k", "v")
	}
	a.MarkDurable(a.Len())
	var s State
	s.Receive(a.History, large)
	large.Need = nil
	s.Receive(a.History, large)
	if n := kept(&s); n > 100<<10 {
		t.Errorf("of a document of 100 changes %d bytes are kept", n)
	}
	sent, err := Decode(NewRound(a.History).Generate(&s).Bytes(), Limits{})
	if err != nil || len(sent.Changes) != 100 {
		t.Errorf("a peer whose summary was not kept is sent %d changes of 100: %v", len(sent.Changes), err)
	}
}
