package hub

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

func TestAnswersAreDecodedOnce(t *testing.T) {
	a := historytest.New("a")
	c := a.Put("k", "v")
	one, two := a.Heads(), []id.ChangeHash{{1}}
	agreed := func(heads []id.ChangeHash) *exchange.Message {
		return &exchange.Message{Version: exchange.V1, Heads: heads, Have: []exchange.Have{{LastSync: heads}}}
	}
	many := make([]id.ChangeHash, 20)
	for i := range many {
		many[i] = id.ChangeHash{byte(i)}
	}
	asks, brings, resets := agreed(one), agreed(one), agreed(one)
	asks.Need = two
	brings.Changes = [][]byte{c.Bytes()}
	resets.Flags = &exchange.Flags{Reset: true}
	for _, c := range []struct {
		name         string
		m            *exchange.Message
		agrees, kept bool
	}{
		{"heads", agreed(one), true, true},
		{"other heads", agreed(two), true, true},
		{"with flags", &exchange.Message{Version: exchange.V1, Heads: one, Have: []exchange.Have{{LastSync: one}}, Flags: &exchange.Flags{}}, true, true},
		{"very many heads", agreed(many), true, false},
		{"asks for a change", asks, false, false},
		{"brings a change", brings, false, false},
		{"starts over", resets, false, false},
		{"heads that it does not know to be ours", &exchange.Message{Version: exchange.V1, Heads: one, Have: []exchange.Have{{}}}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all answers
			all.decode(agreed([]id.ChangeHash{{9}}).Append(nil)) // of an earlier change
			data := c.m.Append(nil)
			first, agrees, err := all.decode(data)
			if err != nil || agrees != c.agrees {
				t.Fatalf("agrees: %v, %v", agrees, err)
			}
			again, agrees, err := all.decode(bytes.Clone(data))
			if err != nil || agrees != c.agrees {
				t.Fatalf("again it agrees: %v, %v", agrees, err)
			}
			if kept := first.Message == again.Message; kept != c.kept {
				t.Errorf("kept: %v", kept)
			}
			if got := again.Append(nil); !bytes.Equal(got, data) {
				t.Errorf("decoded again it says %x instead of %x", got, data)
			}
		})
	}
	if _, _, err := new(answers).decode([]byte("no sync message")); err == nil {
		t.Error("no error")
	}
}

// Several connections are read at once; each gets what its own peer says.
func TestAnswersOfManyReaders(t *testing.T) {
	var all answers
	var readers sync.WaitGroup
	for i := range 4 {
		readers.Go(func() {
			for k := range 200 {
				head := id.ChangeHash{byte(i % 2), byte(k / 50)}
				m := exchange.Message{Version: exchange.V1, Heads: []id.ChangeHash{head}, Have: []exchange.Have{{LastSync: []id.ChangeHash{head}}}}
				if got, _, err := all.decode(m.Append(nil)); err != nil || fmt.Sprint(got.Heads) != fmt.Sprint(m.Heads) {
					t.Errorf("heads %v instead of %v, %v", got.Heads, m.Heads, err)
				}
			}
		})
	}
	readers.Wait()
}
