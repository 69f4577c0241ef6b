package edge_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
)

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for begin := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("not so: %s", what)
		}
	}
}

func TestAnIdleConnectionHasNoGoroutine(t *testing.T) { eachWay(t, testAnIdleConnectionHasNoGoroutine) }

func testAnIdleConnectionHasNoGoroutine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("connections rest on Linux only")
	}
	s := serve(t, edge.Config{})
	s.joined(t, "first")
	before := runtime.NumGoroutine()
	var clients []*client
	var sessions []*session
	for i := range 100 {
		c, session := s.joined(t, id.Peer(fmt.Sprint("tablet", i)))
		clients, sessions = append(clients, c), append(sessions, session)
	}
	few := func() bool { return runtime.NumGoroutine() <= before+10 }
	eventually(t, "there are no more goroutines than before", few)
	for i, c := range clients { // what a poller does not handle itself wakes one
		c.WriteControl(websocket.PingMessage, []byte("hello"), time.Time{})
		c.send(syncOf(sessions[i].join.Sender, strings.Repeat("x", 100<<10)))
	}
	for _, session := range sessions {
		take(t, session.got)
	}
	eventually(t, "they have gone again", few)
}

// frame returns a masked frame.
func frame(first byte, payload []byte) []byte {
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	mask := []byte{1, 2, 3, 4}
	out = append(out, mask...)
	for i, b := range payload {
		out = append(out, b^mask[i%4])
	}
	return out
}

// below is the connection under the TLS.
func (c *client) below() *net.TCPConn {
	conn := c.UnderlyingConn()
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	return conn.(*net.TCPConn)
}

// cut is a connection that writes in pieces, so that what is on its way, records of TLS or
// frames, comes in parts.
type cut struct {
	net.Conn
	mu  sync.Mutex
	rnd *rand.Rand // guarded by mu
}

func (c *cut) Write(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for err == nil && n < len(p) {
		var k int
		k, err = c.Conn.Write(p[n:min(len(p), n+1+c.rnd.IntN(20<<10))])
		n += k
	}
	return n, err
}

func cutting(seed uint64) *websocket.Dialer {
	d := dialer
	d.NetDialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		return &cut{Conn: conn, rnd: rand.New(rand.NewPCG(seed, 8))}, err
	}
	return &d
}

// Frames as they come from the network: many at once, or a byte at a time, in
// fragments, with pings and pongs between.
func TestMessagesComeInOrderHoweverTheyAreCut(t *testing.T) {
	eachWay(t, testMessagesComeInOrderHoweverTheyAreCut)
}

func testMessagesComeInOrderHoweverTheyAreCut(t *testing.T) {
	const fin, binaryFrame, more, ping, pong = 0x80, 2, 0, 9, 10
	s := serve(t, edge.Config{})
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 7))
			c, session := s.joinedBy(t, "tablet", cutting(seed))
			t.Parallel() // one poller reads them all
			pongs := make(chan string, 1000)
			c.SetPongHandler(func(data string) error { pongs <- data; return nil })
			end := c.reading()
			var stream []byte
			var sizes []int
			for n := range 150 {
				size := []int{1, 100, 2000, 15 << 10, 17 << 10, 70 << 10}[rnd.IntN(1+rnd.IntN(6))]
				sizes = append(sizes, size)
				payload := wire.Append(nil, syncOf("tablet", fmt.Sprint(n, " ", strings.Repeat("x", size))))
				switch rnd.IntN(6) {
				case 0:
					stream = append(stream, frame(fin|pong, []byte("p"))...)
				case 1:
					stream = append(stream, frame(fin|ping, []byte(fmt.Sprint("ping ", n)))...)
				case 2:
					cut := rnd.IntN(len(payload) + 1)
					stream = append(stream, frame(binaryFrame, payload[:cut])...)
					if rnd.IntN(2) == 0 {
						stream = append(stream, frame(fin|ping, nil)...)
					}
					stream = append(stream, frame(fin|more, payload[cut:])...)
					continue
				}
				stream = append(stream, frame(fin|binaryFrame, payload)...)
			}
			stream = append(stream, frame(fin|ping, []byte("last"))...)
			go func() {
				for len(stream) > 0 {
					n := min(len(stream), 1+rnd.IntN([]int{3, 100, 5000, 200 << 10}[rnd.IntN(4)]))
					c.UnderlyingConn().Write(stream[:n])
					stream = stream[n:]
					if rnd.IntN(4) == 0 {
						time.Sleep(time.Duration(rnd.IntN(2000)) * time.Microsecond)
					}
				}
			}()
			for n, size := range sizes {
				m := take(t, session.got).(wire.Sync)
				if want := fmt.Sprint(n, " "); !strings.HasPrefix(string(m.Data), want) || len(m.Data) != len(want)+size {
					t.Fatalf("message %d is %.20q, of %d bytes, want %d", n, m.Data, len(m.Data), len(want)+size)
				}
			}
			for take(t, pongs) != "last" {
			}
			c.UnderlyingConn().Write([]byte("no frame at all"))
			if err := take(t, end); !websocket.IsCloseError(err, wire.CloseProtocol) {
				t.Errorf("bytes that are no frame closed it with %v", err)
			}
		})
	}
}

func TestAPeerThatHasToWaitHoldsUpNobody(t *testing.T) {
	eachWay(t, testAPeerThatHasToWaitHoldsUpNobody)
}

func testAPeerThatHasToWaitHoldsUpNobody(t *testing.T) {
	t.Run("for room in its session", func(t *testing.T) {
		room := make(chan struct{})
		s := serve(t, edge.Config{Hub: &hub{wait: func(s *session) {
			if s.join.Sender == "greedy" {
				<-room
			}
		}}})
		greedy, greedySession := s.joined(t, "greedy")
		quick, quickSession := s.joined(t, "quick")
		for range 3 {
			greedy.send(syncOf("greedy", "x"))
			quick.send(syncOf("quick", "x"))
			take(t, quickSession.got)
		}
		if len(greedySession.got) > 0 {
			t.Error("the greedy one's message was taken")
		}
		close(room)
		for range 3 {
			take(t, greedySession.got)
		}
	})
	t.Run("LM10 for its rate", func(t *testing.T) {
		s := serve(t, edge.Config{MessagesPerSecond: 1, MessagesBurst: 5})
		greedy, greedySession := s.joined(t, "greedy")
		quick, quickSession := s.joined(t, "quick")
		for range 10 {
			greedy.send(syncOf("greedy", "x"))
		}
		for range 5 {
			quick.send(syncOf("quick", "x"))
			take(t, quickSession.got)
			take(t, greedySession.got)
		}
		if n := len(greedySession.got); n > 2 {
			t.Errorf("%d messages more than its burst were taken", n)
		}
		eventually(t, "it is throttled", func() bool { return s.metrics.Throttled.Load() > 0 })
	})
}

// A peer that is told to go may take its time, and nobody else waits for it.
func TestPeersThatDoNotGoHoldUpNobody(t *testing.T) { eachWay(t, testPeersThatDoNotGoHoldUpNobody) }

func testPeersThatDoNotGoHoldUpNobody(t *testing.T) {
	s := serve(t, edge.Config{})
	tablet, told := s.joined(t, "tablet")
	const others = 40
	var sessions []*session
	for i := range others {
		_, other := s.joined(t, id.Peer(fmt.Sprint("other", i)))
		sessions = append(sessions, other)
	}
	for _, other := range sessions {
		other.out.Close(wire.CloseRestart, "go")
	}
	told.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("syncd", "news"))})
	tablet.read()
	if n := s.metrics.Connections.Load(); n != others+1 {
		t.Errorf("the news came when %d of %d had gone", others+1-n, others)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no list of descriptors here")
	}
	return len(list)
}

// However a connection ends, its session is told, and nothing of it is left.
func TestNothingIsLeftOfAConnection(t *testing.T) { eachWay(t, testNothingIsLeftOfAConnection) }

func testNothingIsLeftOfAConnection(t *testing.T) {
	s := serve(t, edge.Config{})
	last, _ := s.joined(t, "last")
	large := wire.Append(nil, syncOf("syncd", strings.Repeat("x", 8<<20)))
	ways := []func(c *client, session *session){
		func(c *client, _ *session) { c.Close() },
		func(c *client, _ *session) { c.below().SetLinger(0); c.Close() },
		func(c *client, _ *session) { c.send(wire.Leave{Sender: "tablet"}) },
		func(c *client, _ *session) { c.UnderlyingConn().Write(frame(0x82, make([]byte, 300))[:100]); c.Close() },
		func(c *client, _ *session) { c.UnderlyingConn().Write(bytes.Repeat([]byte{0}, 100)) },
		func(c *client, _ *session) { c.WriteMessage(websocket.TextMessage, []byte("x")) },
		func(c *client, _ *session) { c.sendRaw([]byte{0xff}) },
		func(_ *client, session *session) { session.out.Close(wire.CloseTakenOver, "") },
		func(_ *client, session *session) { session.out.Cut(wire.CloseForbidden, "") },
		func(c *client, session *session) { session.out.Send(wire.Frame{Head: large}); c.Close() },
		func(_ *client, session *session) {
			session.out.Send(wire.Frame{Head: large})
			session.out.Cut(wire.CloseForbidden, "")
		},
		func(c *client, session *session) {
			go session.out.Close(wire.CloseTakenOver, "")
			go c.WriteMessage(websocket.BinaryMessage, wire.Append(nil, syncOf("tablet", "x"))) // whether it goes out or not
		},
	}
	before := descriptors(t)
	for range 5 {
		var clients []*client
		for _, end := range ways {
			c, session := s.joined(t, "tablet")
			clients = append(clients, c)
			end(c, session)
			if len(clients)%2 == 0 { // the others end while a new one begins
				take(t, session.left)
			}
		}
		for _, c := range clients {
			c.reading()
		}
		eventually(t, "all connections but one have ended", func() bool { return s.metrics.Connections.Load() == 1 })
		for _, c := range clients {
			c.Close()
		}
	}
	eventually(t, "no descriptor is left", func() bool { return descriptors(t) <= before+1 })
	last.send(syncOf("last", "still here"))
}

// A peer may say something at any moment while its connection begins to rest.
func TestNothingIsMissedWhenAConnectionBeginsToRest(t *testing.T) {
	eachWay(t, testNothingIsMissedWhenAConnectionBeginsToRest)
}

func testNothingIsMissedWhenAConnectionBeginsToRest(t *testing.T) {
	s := serve(t, edge.Config{})
	c, session := s.joined(t, "tablet")
	pongs := make(chan string, 1)
	c.SetPongHandler(func(data string) error { pongs <- data; return nil })
	c.reading()
	for i := range 2000 {
		c.WriteControl(websocket.PingMessage, nil, time.Time{}) // a goroutine answers it, and has done then
		take(t, pongs)
		for begin := time.Now(); time.Since(begin) < time.Duration(i%100)*time.Microsecond; {
		}
		c.send(syncOf("tablet", "x"))
		take(t, session.got)
	}
}

// holding is a server whose poller can be held up: hold does so until release is called.
func holding(t *testing.T) (s *server, hold func() (release func())) {
	busy, room := make(chan struct{}), make(chan struct{})
	s = serve(t, edge.Config{Hub: &hub{receive: func(s *session, m wire.Message) error {
		if s.join.Sender == "holding" {
			busy <- struct{}{}
			<-room
		}
		s.got <- m
		return nil
	}}})
	holder, _ := s.joined(t, "holding")
	return s, func() (release func()) {
		holder.send(syncOf("holding", "x"))
		take(t, busy)
		return func() { room <- struct{}{} }
	}
}

// What comes while a poller is busy may be more than it reads at once.
func TestAPollerComesBackForTheRest(t *testing.T) { eachWay(t, testAPollerComesBackForTheRest) }

func testAPollerComesBackForTheRest(t *testing.T) {
	s, hold := holding(t)
	c, session := s.joined(t, "tablet")
	message := frame(0x82, wire.Append(nil, syncOf("tablet", strings.Repeat("x", 1000))))
	for range 100 { // the kernel takes as much as a large window has room for
		c.UnderlyingConn().Write(bytes.Repeat(message, 100))
		for range 100 {
			take(t, session.got)
		}
	}
	const atOnce = 64 << 10 // a poller reads
	for _, n := range []int{200, atOnce/len(message) + 1, atOnce/len(message) + 2} {
		release := hold()
		c.UnderlyingConn().Write(bytes.Repeat(message, n))
		release()
		for range n {
			take(t, session.got)
		}
	}
}

// LV2: the signs of life of a connection that rests count as those of any other.
func TestAConnectionThatRestsLives(t *testing.T) { eachWay(t, testAConnectionThatRestsLives) }

func testAConnectionThatRestsLives(t *testing.T) {
	const misses = 3
	s := serve(t, edge.Config{PingInterval: 400 * time.Millisecond, PongMisses: misses})
	c, session := s.joined(t, "tablet")
	pings, answer := make(chan bool, 100), c.PingHandler()
	c.SetPingHandler(func(data string) error { pings <- true; return answer(data) })
	end := c.reading()
	for range misses + 2 { // without a sign of life there is no ping after the third
		select {
		case <-pings:
		case err := <-end:
			t.Fatal(err)
		case <-time.After(patience):
			t.Fatal("no ping")
		}
	}
	c.send(syncOf("tablet", "still here"))
	take(t, session.got)
}
