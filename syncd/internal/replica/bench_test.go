package replica

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// One change by one peer, stored at once, to n subscribers, each of which answers
// as stock clients do. An operation is one delivery.
func BenchmarkFanOut(b *testing.B) {
	for _, subscribers := range []int{50, 200} {
		b.Run(fmt.Sprint(subscribers), func(b *testing.B) {
			r := New(Config{Storage: "server"}, 0, nil)
			now := time.Now()
			for i := range subscribers + 1 {
				r.Attach(Conn(i), Peer{})
			}
			author := historytest.New("author")
			say := func(c Conn, m exchange.Message) Effects { return r.Sync(now, Input{From: c, Message: received(b, m)}) }
			post := func() Effects {
				last := author.Heads()
				c := author.Put("body", strings.Repeat("neighbours ", 30))
				say(0, exchange.Message{Version: exchange.V1, Heads: author.Heads(),
					Have:    []exchange.Have{{LastSync: last}},
					Changes: [][]byte{chunk.Deflate(nil, c.Bytes())}})
				return r.Durable(now)
			}
			reply := func() exchange.Message { return agreement(author.Heads()) }
			post()
			for i := range subscribers {
				say(Conn(i+1), exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}})
				say(Conn(i+1), reply())
			}
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += subscribers {
				if sent := len(post().Send); sent != subscribers+1 {
					b.Fatalf("%d messages, want %d", sent, subscribers+1)
				}
				answer := reply()
				for i := range subscribers {
					if e := say(Conn(i+1), answer); len(e.Send) > 0 {
						b.Fatal("an answer was answered")
					}
				}
			}
		})
	}
}

// received is a message as it comes from the network.
func received(tb testing.TB, m exchange.Message) Message {
	tb.Helper()
	in, err := Decode(m.Append(nil))
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

// agreement says no more than that its sender has what both have.
func agreement(heads []id.ChangeHash) exchange.Message {
	return exchange.Message{Version: exchange.V1, Heads: heads, Have: []exchange.Have{{LastSync: heads}}}
}
