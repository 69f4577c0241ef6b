package main

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

// BenchmarkWithheld compares how long the answer takes when a member asks for a
// document of a board that is not theirs and when they ask for one that nobody has:
// the difference would tell them which documents there are. Both kinds are asked for
// in turns of random order, over one connection. A ratio is of the times of the
// first kind to those of the second; nobody/nobody is that of the second kind to
// itself, so what it is off 1 is noise.
//
//	go test ./syncd -run '^$' -bench Withheld -benchtime 20000x
func BenchmarkWithheld(b *testing.B) {
	b.Run("open=true", func(b *testing.B) { askForWithheld(b, true) })
	b.Run("open=false", func(b *testing.B) { askForWithheld(b, false) })
}

// roundsOfConnection is how often a connection asks before it would be slowed down.
const roundsOfConnection = 2000

// askForWithheld asks for a page that another member has open, or that is only
// stored, since the server has been restarted.
func askForWithheld(b *testing.B, open bool) {
	h := newHouse(b)
	page := h.resident().openPage("phone of anna")
	for range 20 {
		page.newPost("A lamp")
	}
	page.mustBeSaved()
	var other struct{ ID string }
	h.operate(&other, "board", "create", "Elsewhere", "--lang", "nl")
	var made struct{ Code string }
	h.operate(&made, "invite", "--board", other.ID, "--role", "owner")
	carl := h.join(made.Code, "phone")
	if !open {
		_ = h.cmd.Process.Kill()
		h.wait()
		h.daemon = launch(b, h.dir, "--admin-listen=off")
	}
	h.end.Stop()

	var c *curious
	kinds := []struct {
		name string
		next func() id.Document
		took []time.Duration
	}{
		{name: "page", next: func() id.Document { return h.page }},
		{name: "board", next: func() id.Document { return h.board }},
		{name: "nobody", next: nobodys(b)},
		{name: "nobody again", next: nobodys(b)},
	}
	order := []int{0, 1, 2, 3}
	for n := 0; b.Loop(); n++ {
		if n%roundsOfConnection == 0 {
			c = dialCurious(b, carl)
		}
		mathrand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, i := range order {
			k := &kinds[i]
			k.took = append(k.took, c.ask(k.next()))
		}
	}
	at := func(kind int, q float64) float64 {
		took := kinds[kind].took
		slices.Sort(took)
		return float64(took[int(q*float64(len(took)-1))].Nanoseconds()) / 1000
	}
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.50}, {"p99", 0.99}} {
		for i, name := range []string{"page", "board", "nobody"} {
			b.ReportMetric(at(i, q.at), name+"-"+q.name+"-µs")
		}
		b.ReportMetric(at(0, q.at)/at(2, q.at), "page/nobody-"+q.name)
		b.ReportMetric(at(1, q.at)/at(2, q.at), "board/nobody-"+q.name)
		b.ReportMetric(at(3, q.at)/at(2, q.at), "nobody/nobody-"+q.name)
	}
}

// nobodys makes ids of documents that nobody has. Half are new, and half are asked
// for again and again, as those that there are.
func nobodys(b *testing.B) func() id.Document {
	random := func() (doc id.Document) {
		if _, err := rand.Read(doc[:]); err != nil {
			b.Fatal(err)
		}
		return doc
	}
	same, turn := random(), 0
	return func() id.Document {
		if turn++; turn%2 == 0 {
			return random()
		}
		return same
	}
}

// curious is a member's connection that asks for one document after the other.
type curious struct {
	b       *testing.B
	ws      *websocket.Conn
	request []byte // the message of one who has nothing
}

func dialCurious(b *testing.B, p *person) *curious {
	b.Helper()
	ws, _, err := p.dial()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ws.Close() })
	c := &curious{b: b, ws: ws, request: exchange.NewRound(history.New(history.Limits{})).Generate(new(exchange.State)).Bytes()}
	c.send(wire.Join{Sender: "curious", Versions: []string{wire.Version}})
	if _, ok := c.read().(wire.Peer); !ok {
		b.Fatal("not let in")
	}
	return c
}

// ask returns how long it takes to hear that the document is not available.
func (c *curious) ask(doc id.Document) time.Duration {
	began := time.Now()
	c.send(wire.Sync{Sender: "curious", Document: doc, Data: c.request, Request: true})
	answer := c.read()
	took := time.Since(began)
	if gone, ok := answer.(wire.Unavailable); !ok || gone.Document != doc {
		c.b.Fatalf("asked for %s and got %#v", doc, answer)
	}
	return took
}

func (c *curious) send(m wire.Message) {
	if err := c.ws.WriteMessage(websocket.BinaryMessage, wire.Append(nil, m)); err != nil {
		c.b.Fatal(err)
	}
}

func (c *curious) read() wire.Message {
	_, frame, err := c.ws.ReadMessage()
	if err != nil {
		c.b.Fatal(err)
	}
	m, err := wire.Decode(frame, wire.DefaultLimits)
	if err != nil {
		c.b.Fatal(err)
	}
	return m
}
