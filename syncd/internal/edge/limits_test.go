package edge_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
	"github.com/tavle-org/tavle/syncd/internal/gate"
)

func TestSlowConsumer(t *testing.T) { eachWay(t, testSlowConsumer) }

func testSlowConsumer(t *testing.T) {
	frame := wire.Append(nil, syncOf("syncd", strings.Repeat("x", 64<<10)))
	s := serve(t, edge.Config{OutboundBytesMax: 1 << 20})
	slow, slowSession := s.joined(t, "slow")
	quick, quickSession := s.joined(t, "quick")
	sent := 0
	for done := false; !done; sent++ { // until the victim's line and queue are full
		slowSession.out.Send(wire.Frame{Head: frame})
		quickSession.out.Send(wire.Frame{Head: frame})
		if m := quick.read().(wire.Sync); len(m.Data) != 64<<10 {
			t.Fatalf("LM9 the other one got %d bytes", len(m.Data))
		}
		done = s.metrics.Slow.Load() > 0
		if sent > 10_000 {
			t.Fatal("LM9 the slow one was never closed")
		}
	}
	frames := slow.closed(wire.CloseOverload)
	if len(frames) >= sent {
		t.Errorf("LM9 %d frames came, all that were sent", len(frames))
	}
	take(t, slowSession.left)
	quick.send(syncOf("quick", "still here"))
	take(t, quickSession.got)
}

func TestOutboundFramesMax(t *testing.T) { eachWay(t, testOutboundFramesMax) }

func testOutboundFramesMax(t *testing.T) {
	s := serve(t, edge.Config{OutboundFramesMax: 10, Hub: &hub{onJoin: func(out edge.Outbox) {
		for range 11 { // nothing goes out before Join returns
			out.Send(wire.Frame{Head: []byte{0xa0}})
		}
	}}})
	c := s.dial(t)
	c.send(wire.Join{Sender: "tablet"})
	if frames := c.closed(wire.CloseOverload); len(frames) != 0 {
		t.Errorf("LM9 got %+v", frames)
	}
	take(t, take(t, s.hub.sessions).left)
}

func TestSendLossy(t *testing.T) { eachWay(t, testSendLossy) }

func testSendLossy(t *testing.T) {
	mark := func(n int) []byte { return wire.Append(nil, syncOf("syncd", strings.Repeat("x", n))) }
	s := serve(t, edge.Config{OutboundFramesMax: 10, Hub: &hub{onJoin: func(out edge.Outbox) {
		for n := range 8 { // nothing goes out before Join returns
			out.SendLossy(wire.Frame{Head: mark(n + 1)})
		}
		out.Send(wire.Frame{Head: mark(100)})
	}}})
	c, _ := s.joined(t, "tablet")
	for _, want := range []int{1, 2, 3, 4, 5, 6, 100} {
		if m := c.read().(wire.Sync); len(m.Data) != want {
			t.Errorf("EP6 message of %d bytes, want %d", len(m.Data), want)
		}
	}
	if n := s.metrics.DroppedLossy.Load(); n != 2 {
		t.Errorf("EP6 %d counted, want 2", n)
	}
}

func TestConnectionsMax(t *testing.T) {
	s := serve(t, edge.Config{ConnectionsMax: 2})
	c, session := s.joined(t, "a")
	s.joined(t, "b")
	_, resp, err := websocket.DefaultDialer.Dial(s.url, nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("HS19 third connection: %v", err)
	}
	c.send(wire.Leave{Sender: "a"})
	c.closed(wire.CloseNormal)
	take(t, session.left)
	for begin := time.Now(); s.metrics.Connections.Load() > 1; time.Sleep(time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatal("HS19 the place of a closed connection stays taken")
		}
	}
	s.joined(t, "c")
}

// HS18, HS20
func TestAuthenticate(t *testing.T) {
	s := serve(t, edge.Config{Authenticate: func(r *http.Request) (*gate.Principal, http.Header, error) {
		switch {
		case r.Header.Get("Device") != "":
			return &gate.Principal{Device: r.Header.Get("Device")}, nil, nil
		case slices.Contains(websocket.Subprotocols(r), "tavle.ticket.abc"):
			return &gate.Principal{Device: "abc"}, http.Header{"Sec-Websocket-Protocol": {"tavle.v1"}}, nil
		}
		return nil, nil, errors.New("who?")
	}})
	if _, resp, err := websocket.DefaultDialer.Dial(s.url, nil); err == nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody was let in: %v", err)
	}
	arrive := func(d *websocket.Dialer, header http.Header, device, subprotocol string) {
		t.Helper()
		ws, _, err := d.Dial(s.url, header)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		if ws.Subprotocol() != subprotocol {
			t.Errorf("the subprotocol is %q, want %q", ws.Subprotocol(), subprotocol)
		}
		(&client{t: t, Conn: ws}).send(wire.Join{Sender: "tablet"})
		if got := take(t, s.hub.sessions).principal.Device; got != device {
			t.Errorf("the hub heard of device %q, want %q", got, device)
		}
	}
	arrive(websocket.DefaultDialer, http.Header{"Device": {"7"}}, "7", "")
	arrive(&websocket.Dialer{Subprotocols: []string{"tavle.v1", "tavle.ticket.abc"}}, nil, "abc", "tavle.v1")
}

func TestAccess(t *testing.T) {
	for _, c := range []struct {
		name         string
		access       edge.Access
		host, origin string
		status       int
	}{
		{"no browser", edge.Access{}, "board.example", "", 101},
		{"page of the same host", edge.Access{}, "board.example:8080", "http://board.example:8080", 101},
		{"page of another port", edge.Access{}, "board.example:8080", "http://board.example", 403},
		{"page of another host", edge.Access{}, "board.example", "https://evil.example", 403},
		{"page on loopback, server on the net", edge.Access{}, "board.example", "http://localhost:3000", 403},
		{"page without an origin", edge.Access{}, "board.example", "null", 403},
		{"page with an empty origin", edge.Access{}, "board.example", "", 101},
		{"origin that is no URL", edge.Access{}, "board.example", "http://[", 403},
		{"allowed origin", edge.Access{Origins: []string{"https://app.example"}}, "board.example", "https://app.example", 101},
		{"allowed origin, other scheme", edge.Access{Origins: []string{"https://app.example"}}, "board.example", "http://app.example", 403},
		{"any origin", edge.Access{AnyOrigin: true}, "board.example", "null", 101},
		{"loopback, page of a development server", edge.Access{Loopback: true}, "localhost:8080", "http://localhost:3000", 101},
		{"loopback by address", edge.Access{Loopback: true}, "127.0.0.1:8080", "http://127.0.0.1:3000", 101},
		{"loopback by IPv6 address", edge.Access{Loopback: true}, "[::1]:8080", "http://[::1]:3000", 101},
		{"loopback, page on the web", edge.Access{Loopback: true}, "localhost:8080", "https://evil.example", 403},
		{"loopback, name made to point here", edge.Access{Loopback: true}, "evil.example:8080", "http://evil.example:8080", 421},
		{"loopback behind a proxy", edge.Access{Loopback: true, Hosts: []string{"board.example"}}, "board.example", "https://board.example", 101},
		{"name of the list", edge.Access{Hosts: []string{"board.example"}}, "Board.Example:443", "", 101},
		{"name not of the list", edge.Access{Hosts: []string{"board.example"}}, "other.example", "", 421},
	} {
		t.Run("HS16 "+c.name, func(t *testing.T) {
			s := serve(t, edge.Config{Access: c.access})
			header := http.Header{"Host": {c.host}}
			if c.origin != "" {
				header.Set("Origin", c.origin)
			}
			ws, resp, err := websocket.DefaultDialer.Dial(s.url, header)
			if err == nil {
				ws.Close()
			}
			if resp == nil || resp.StatusCode != c.status {
				t.Errorf("answered %v, error %v, want status %d", resp, err, c.status)
			}
		})
	}
	t.Run("HS16 two origins", func(t *testing.T) {
		s := serve(t, edge.Config{})
		host := strings.TrimPrefix(s.url, "ws://")
		_, resp, err := websocket.DefaultDialer.Dial(s.url, http.Header{"Origin": {"http://" + host, "https://evil.example"}})
		if err == nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("let in: %v", err)
		}
	})
}

func TestPage(t *testing.T) {
	s := serve(t, edge.Config{})
	web := "http" + strings.TrimPrefix(s.url, "ws")
	for path, want := range map[string]int{"/": http.StatusOK, "/sync": http.StatusUpgradeRequired, "/else": http.StatusNotFound} {
		resp, err := http.Get(web + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want || want == 200 && !strings.Contains(string(text), "syncd") {
			t.Errorf("HS17 GET %s: %s %q", path, resp.Status, text)
		}
	}
	resp, err := http.Post(web+"/", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HS17 POST: %s", resp.Status)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestElsewhere(t *testing.T) {
	s := serve(t, edge.Config{})
	_, resp, err := websocket.DefaultDialer.Dial(s.url+"/sync/else", nil)
	if err == nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("HS17 a websocket elsewhere: %v", err)
	}
}

func TestNoExtensions(t *testing.T) {
	s := serve(t, edge.Config{})
	dialer := websocket.Dialer{EnableCompression: true, Subprotocols: []string{"x"}}
	for _, path := range []string{"/", "/sync"} {
		ws, resp, err := dialer.Dial(s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		ws.Close()
		if ext, sub := resp.Header.Get("Sec-Websocket-Extensions"), ws.Subprotocol(); ext != "" || sub != "" {
			t.Errorf("HS18 %s: extensions %q, subprotocol %q", path, ext, sub)
		}
	}
}

// TestPeersAreApart: many at once, each gets its own and all of it.
func TestPeersAreApart(t *testing.T) { eachWay(t, testPeersAreApart) }

func testPeersAreApart(t *testing.T) {
	echo := func(s *session, m wire.Message) error {
		sync := m.(wire.Sync)
		s.out.Send(wire.Frame{Head: wire.AppendSync(nil, "syncd", sync.Sender, sync.Document, sync.Data, false)})
		return nil
	}
	s := serve(t, edge.Config{Hub: &hub{receive: echo}})
	done := make(chan string, 20)
	for i := range cap(done) {
		peer := id.Peer(string(rune('a' + i)))
		c, _ := s.joined(t, peer)
		go func() {
			for n := range 200 {
				want := strings.Repeat(string(peer), 1+n*7)
				if err := c.WriteMessage(websocket.BinaryMessage, wire.Append(nil, syncOf(peer, want))); err != nil {
					done <- err.Error()
					return
				}
				_, frame, err := c.ReadMessage()
				if err != nil {
					done <- err.Error()
					return
				}
				if m, err := wire.Decode(frame, wire.DefaultLimits); err != nil || string(m.(wire.Sync).Data) != want {
					done <- "another's message"
					return
				}
			}
			done <- ""
		}()
	}
	for range cap(done) {
		if problem := take(t, done); problem != "" {
			t.Error(problem)
		}
	}
}
