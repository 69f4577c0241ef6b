package replica

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

// News of heads is remembered up to a limit, whatever many stores it is of; what is known stays up to date.
func TestNewsOfHeadsIsBounded(t *testing.T) {
	now := time.Now()
	r := New(Config{Storage: "server"}, 0, nil)
	r.Attach(1, Peer{})
	heads := func(n int) (all []id.ChangeHash) {
		for i := range n {
			var h id.ChangeHash
			binary.BigEndian.PutUint32(h[:], uint32(i))
			all = append(all, h)
		}
		return all
	}
	tell := func(store string, n int, at int64) {
		r.RemoteHeads(now, 1, map[id.Storage]wire.RemoteHeads{id.Storage(store): {Heads: heads(n), Timestamp: at}})
	}
	tell("phone", 3, 1)
	for i := range 10 {
		tell(fmt.Sprint("large ", i), 1000, 1)
	}
	if n := r.remoteHeads(); n != 2003 {
		t.Errorf("%d heads are remembered", n)
	}
	tell("phone", 4, 2)
	if n := len(r.remote["phone"].Heads); n != 4 {
		t.Errorf("the phone has %d heads, known is %d", 4, n)
	}
}
