package edge_test

import (
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
)

func TestTheEndOfTLS(t *testing.T) {
	for name, end := range map[string]func(c *client){
		"a peer that says goodbye below the websocket": func(c *client) { c.UnderlyingConn().(*tls.Conn).CloseWrite() },
		"what is no record":                            func(c *client) { c.below().Write([]byte("GET / HTTP/1.1\r\n\r\n")) },
		"a record that was changed on its way":         func(c *client) { c.below().Write([]byte("\x17\x03\x03\x00\x20" + strings.Repeat("x", 32))) },
		"a record without an end":                      func(c *client) { c.below().Write([]byte("\x17\x03\x03\x00\x20x")); c.below().CloseWrite() },
		"a line that breaks":                           func(c *client) { c.below().SetLinger(0); c.below().Close() },
		"a message, and goodbye":                       func(c *client) { c.send(syncOf("tablet", "x")); c.UnderlyingConn().(*tls.Conn).CloseWrite() },
	} {
		t.Run(name+"/TLS", func(t *testing.T) {
			s, hold := holding(t)
			quick, quickSession := s.joined(t, "quick")
			c, session := s.joined(t, "tablet")
			release := hold()
			end(c)
			time.Sleep(10 * time.Millisecond) // all of it has come
			release()
			take(t, session.left)
			if strings.Contains(name, "message") && len(session.got) != 1 {
				t.Error("the message was not delivered")
			}
			quick.send(syncOf("quick", "still here"))
			take(t, quickSession.got)
		})
	}
}

// The goodbye may come while a goroutine hands a message over, and is read before the connection rests.
func TestTheEndOfTLSWhileAMessageWaits(t *testing.T) {
	t.Run("TLS", func(t *testing.T) {
		room := make(chan struct{})
		s := serve(t, edge.Config{Hub: &hub{wait: func(*session) { <-room }}})
		c, session := s.joined(t, "tablet")
		c.send(syncOf("tablet", "x"))
		time.Sleep(10 * time.Millisecond) // the goroutine waits
		c.UnderlyingConn().(*tls.Conn).CloseWrite()
		time.Sleep(10 * time.Millisecond)
		close(room)
		take(t, session.got)
		take(t, session.left)
	})
}

// What a socket does not take at once waits below TLS, and goes on in its order.
func TestLargeMessagesArriveWhole(t *testing.T) { eachWay(t, testLargeMessagesArriveWhole) }

func testLargeMessagesArriveWhole(t *testing.T) {
	s := serve(t, edge.Config{})
	c, session := s.joined(t, "tablet")
	sizes := []int{1, 100, 40 << 10, 1 << 20, 5, 3 << 20, 31 << 10, 33 << 10, 1 << 20, 0}
	for _, size := range sizes { // more than the socket has room for: nobody reads yet
		session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("syncd", strings.Repeat("x", size)+"end"))})
	}
	time.Sleep(50 * time.Millisecond)
	for _, size := range sizes {
		if m := c.read().(wire.Sync); len(m.Data) != size+3 || !strings.HasSuffix(string(m.Data), "xend") && size > 0 {
			t.Fatalf("%d bytes came, want %d", len(m.Data), size+3)
		}
	}
	c.send(syncOf("tablet", "thanks"))
	take(t, session.got)
}

// A turn ends when its socket is full, and goes on when there is room.
func TestNothingStaysWhenASocketIsFull(t *testing.T) { eachWay(t, testNothingStaysWhenASocketIsFull) }

func testNothingStaysWhenASocketIsFull(t *testing.T) {
	s := serve(t, edge.Config{})
	c, session := s.joined(t, "tablet")
	before, sent := s.metrics.FramesOut.Load(), uint64(0)
	for full := false; !full; { // one frame a turn
		session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("syncd", strings.Repeat("x", 20<<10)))})
		sent++
		for begin := time.Now(); s.metrics.FramesOut.Load() < before+sent && !full; time.Sleep(time.Microsecond) {
			full = time.Since(begin) > 200*time.Millisecond
		}
	}
	for range sent {
		if m := c.read().(wire.Sync); len(m.Data) != 20<<10 {
			t.Fatalf("%d bytes came", len(m.Data))
		}
	}
}
