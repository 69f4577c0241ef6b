package edge_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
	"github.com/tavle-org/tavle/syncd/internal/gate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen; nothing depends on
// it but the time a failing test takes.
const patience = 10 * time.Second

// hub is a Hub that keeps what it is told, for the test to look at.
type hub struct {
	refuse   error                                  // what Join returns
	onJoin   func(out edge.Outbox)                  // called in Join
	receive  func(s *session, m wire.Message) error // called in Receive
	wait     func(s *session)                       // called in Wait; nil: sessions are always ready
	sessions chan *session                          // every session, as it joins
	deaf     bool                                   // sessions have no room for messages
	metadata wire.PeerMetadata
}

type session struct {
	hub       *hub
	principal *gate.Principal
	join      wire.Join
	out       edge.Outbox
	got       chan wire.Message
	left      chan struct{} // closed by Leave; a second Leave panics

	mu        sync.Mutex
	receiving bool
}

func (h *hub) Identity() (id.Peer, wire.PeerMetadata) { return "syncd", h.metadata }

func (h *hub) Join(p *gate.Principal, join wire.Join, out edge.Outbox) (edge.Session, error) {
	if h.onJoin != nil {
		h.onJoin(out)
	}
	if h.refuse != nil {
		return nil, h.refuse
	}
	s := &session{hub: h, principal: p, join: join, out: out, left: make(chan struct{})}
	if !h.deaf {
		s.got = make(chan wire.Message, 1000)
	}
	h.sessions <- s
	return s, nil
}

func (s *session) Ready(int) bool { return s.hub.wait == nil }

func (s *session) Wait(int) {
	if s.hub.wait != nil {
		s.hub.wait(s)
	}
}

func (s *session) Receive(m wire.Message) (late bool, err error) {
	s.mu.Lock()
	if s.receiving {
		panic("Receive is called while another call is under way")
	}
	s.receiving = true
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.receiving = false; s.mu.Unlock() }()
	select {
	case <-s.left:
		panic("Receive is called after Leave")
	default:
	}
	if s.hub.receive != nil {
		return false, s.hub.receive(s, m)
	}
	s.got <- m
	return false, nil
}

func (s *session) Leave() { close(s.left) }

// eachWay runs a test without and with TLS: serve looks which it is.
func eachWay(t *testing.T, test func(t *testing.T)) {
	t.Run("plain", test)
	t.Run("TLS", test)
}

func secured(t testing.TB) bool { return strings.Contains(t.Name(), "/TLS") }

// dialer takes the certificate of a test's server.
var dialer = websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, HandshakeTimeout: patience}

// server is an Edge behind a real listener on loopback.
type server struct {
	*edge.Edge
	hub     *hub
	metrics *edge.Metrics
	url     string
}

func serve(t testing.TB, cfg edge.Config) *server {
	t.Helper()
	h, ok := cfg.Hub.(*hub)
	if !ok {
		h = &hub{metadata: wire.PeerMetadata{StorageID: "store"}}
	}
	if h.sessions == nil {
		h.sessions = make(chan *session, 1000)
	}
	cfg.Hub, cfg.Metrics = h, new(edge.Metrics)
	e := edge.New(cfg)
	web := httptest.NewUnstartedServer(e)
	if secured(t) {
		web.Listener = edge.Listener{Listener: web.Listener}
		web.StartTLS()
	} else {
		web.Start()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := e.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		web.Close()
	})
	return &server{Edge: e, hub: h, metrics: cfg.Metrics, url: "ws" + strings.TrimPrefix(web.URL, "http")}
}

// client is the other end, with a deadline on everything.
type client struct {
	t testing.TB
	*websocket.Conn
}

func (s *server) dial(t testing.TB) *client {
	t.Helper()
	return s.dialBy(t, &dialer)
}

func (s *server) dialBy(t testing.TB, d *websocket.Dialer) *client {
	t.Helper()
	ws, _, err := d.Dial(s.url+"/sync", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	ws.SetReadDeadline(time.Now().Add(patience))
	return &client{t: t, Conn: ws}
}

// joined dials, joins and reads the answer.
func (s *server) joined(t testing.TB, peer id.Peer) (*client, *session) {
	t.Helper()
	return s.joinedBy(t, peer, &dialer)
}

func (s *server) joinedBy(t testing.TB, peer id.Peer, d *websocket.Dialer) (*client, *session) {
	t.Helper()
	c := s.dialBy(t, d)
	c.send(wire.Join{Sender: peer, Versions: []string{"1"}})
	if p, ok := c.read().(wire.Peer); !ok || p.Target != peer {
		t.Fatalf("the answer to join is %+v", p)
	}
	return c, take(t, s.hub.sessions)
}

func (c *client) send(m wire.Message) { c.t.Helper(); c.sendRaw(wire.Append(nil, m)) }

func (c *client) sendRaw(frame []byte) {
	c.t.Helper()
	if err := c.WriteMessage(websocket.BinaryMessage, frame); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) read() wire.Message {
	c.t.Helper()
	kind, frame, err := c.ReadMessage()
	if err != nil || kind != websocket.BinaryMessage {
		c.t.Fatalf("reading a frame: kind %d, error %v", kind, err)
	}
	m, err := wire.Decode(frame, wire.DefaultLimits)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// closed reads until the connection ends, which must be with code, and returns
// what came before.
func (c *client) closed(code int) (frames []wire.Message) {
	c.t.Helper()
	for {
		_, frame, err := c.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, code) {
				c.t.Errorf("closed with %v, want code %d", err, code)
			}
			return frames
		}
		m, err := wire.Decode(frame, wire.DefaultLimits)
		if err != nil {
			c.t.Fatal(err)
		}
		frames = append(frames, m)
	}
}

// told is closed, with an error frame before.
func (c *client) told(code int, sentence string) {
	c.t.Helper()
	frames := c.closed(code)
	if len(frames) != 1 {
		c.t.Fatalf("got %+v before the close, want one error", frames)
	}
	e, ok := frames[0].(wire.Error)
	if !ok || e.Message != sentence || e.Sender != "syncd" {
		c.t.Errorf("got %+v, want an error %q", frames[0], sentence)
	}
}

func take[T any](t testing.TB, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func syncOf(sender id.Peer, data string) wire.Sync {
	return wire.Sync{Sender: sender, Target: "syncd", Document: id.Document{7}, Data: []byte(data)}
}

func TestHandshake(t *testing.T) {
	t.Run("HS1 HS2 HS4 join is answered by peer", func(t *testing.T) {
		s := serve(t, edge.Config{})
		c := s.dial(t)
		c.send(wire.Join{Sender: "tablet", Metadata: wire.PeerMetadata{StorageID: "t"}, Versions: []string{"2", "1"}})
		want := wire.Peer{Sender: "syncd", Target: "tablet", Version: "1", Metadata: wire.PeerMetadata{StorageID: "store"}}
		if got := c.read(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got := take(t, s.hub.sessions).join; got.Sender != "tablet" || got.Metadata.StorageID != "t" {
			t.Errorf("the hub heard of %+v", got)
		}
	})
	t.Run("HS7 versions that we do not speak", func(t *testing.T) {
		c := serve(t, edge.Config{}).dial(t)
		c.send(wire.Join{Sender: "tablet", Versions: []string{"2"}})
		c.told(wire.CloseVersion, "unsupported protocol version")
	})
	t.Run("HS8 first message is no join", func(t *testing.T) {
		s := serve(t, edge.Config{})
		for name, frame := range map[string][]byte{
			"sync":             wire.Append(nil, syncOf("tablet", "x")),
			"leave":            wire.Append(nil, wire.Leave{Sender: "tablet"}),
			"unknown type":     []byte("\xa1\x64type\x66arrive"),
			"unknown document": []byte("\xa4\x64type\x64sync\x68senderId\x61p\x64data\x41x\x6adocumentId\x61x"),
		} {
			t.Run(name, func(t *testing.T) {
				c := s.dial(t)
				c.sendRaw(frame)
				c.told(wire.CloseUnexpected, "expected a join message")
			})
		}
	})
	t.Run("HS9 a second join, a peer message", func(t *testing.T) {
		s := serve(t, edge.Config{})
		for _, m := range []wire.Message{wire.Join{Sender: "tablet"}, wire.Join{Sender: "another"}, wire.Peer{Sender: "tablet", Version: "1"}} {
			c, session := s.joined(t, "tablet")
			c.send(m)
			c.told(wire.CloseUnexpected, "unexpected join or peer message")
			take(t, session.left)
		}
	})
	t.Run("HS10 taken over", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		session.out.Close(wire.CloseTakenOver, "this peer id is connected anew")
		c.closed(wire.CloseTakenOver)
		take(t, session.left)
	})
	t.Run("HS10 taken over while it joins", func(t *testing.T) {
		s := serve(t, edge.Config{Hub: &hub{onJoin: func(out edge.Outbox) { out.Close(wire.CloseTakenOver, "too late") }}})
		c := s.dial(t)
		c.SetCloseHandler(func(int, string) error { return nil }) // a client that does not go by itself
		c.send(wire.Join{Sender: "tablet"})
		c.closed(wire.CloseTakenOver)
		take(t, take(t, s.hub.sessions).left)
	})
	t.Run("HS11 the hub refuses", func(t *testing.T) {
		s := serve(t, edge.Config{Hub: &hub{refuse: &wire.CloseError{Code: wire.ClosePeerTaken, Text: "peer id is in use", Cause: errors.New("secret")}}})
		c := s.dial(t)
		c.send(wire.Join{Sender: "tablet"})
		c.told(wire.ClosePeerTaken, "peer id is in use")
	})
	t.Run("CL5 what the hub refuses for a reason of its own stays with us", func(t *testing.T) {
		s := serve(t, edge.Config{Hub: &hub{refuse: errors.New("disk 7 is broken")}})
		c := s.dial(t)
		c.send(wire.Join{Sender: "tablet"})
		c.told(wire.CloseStorage, "the server has a problem")
	})
	t.Run("HS12 peer goes before what the hub sends", func(t *testing.T) {
		first := syncOf("syncd", "early")
		s := serve(t, edge.Config{Hub: &hub{onJoin: func(out edge.Outbox) {
			out.Send(wire.Frame{Head: wire.Append(nil, first)})
			time.Sleep(time.Millisecond) // time enough for a writer that does not wait
		}}})
		c, _ := s.joined(t, "tablet")
		if m, ok := c.read().(wire.Sync); !ok || string(m.Data) != "early" {
			t.Errorf("got %+v, want what was sent early", m)
		}
	})
	t.Run("HS13 other senders are skipped", func(t *testing.T) {
		s := serve(t, edge.Config{})
		c, session := s.joined(t, "tablet")
		c.send(syncOf("somebody", "x"))
		c.send(wire.Leave{Sender: "somebody"})
		c.send(syncOf("tablet", "y"))
		if m := take(t, session.got).(wire.Sync); string(m.Data) != "y" {
			t.Errorf("the session got %+v", m)
		}
		if n := s.metrics.SkippedSender.Load(); n != 2 {
			t.Errorf("%d counted, want 2", n)
		}
	})
	t.Run("HS14 the target does not matter", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		m := syncOf("tablet", "y")
		m.Target = "nobody"
		c.send(m)
		take(t, session.got)
	})
	t.Run("HS15 no join in time", func(t *testing.T) {
		s := serve(t, edge.Config{JoinTimeout: 20 * time.Millisecond})
		s.dial(t).closed(wire.CloseTimeout)
		c := s.dial(t) // and a part of a frame is no join either
		c.UnderlyingConn().Write([]byte{0x82, 0xff})
		c.closed(wire.CloseTimeout)
	})
	t.Run("HS15 ends with the join", func(t *testing.T) {
		s := serve(t, edge.Config{JoinTimeout: 200 * time.Millisecond})
		c, session := s.joined(t, "tablet")
		time.Sleep(400 * time.Millisecond)
		c.send(syncOf("tablet", "late"))
		take(t, session.got)
	})
	t.Run("LM2 a peer id that is too long", func(t *testing.T) {
		c := serve(t, edge.Config{}).dial(t)
		c.send(wire.Join{Sender: id.Peer(strings.Repeat("x", 257))})
		c.told(wire.CloseMalformed, "the join message is over a limit")
	})
	t.Run("LM1 a join of 1 MiB", func(t *testing.T) {
		c := serve(t, edge.Config{}).dial(t)
		c.send(wire.Join{Sender: id.Peer(strings.Repeat("x", 1<<20))})
		c.closed(wire.CloseTooBig)
	})
}

func TestFrames(t *testing.T) {
	malformed := map[string][]byte{"empty": {}, "null": {0xf6}, "list": {0x80}, "cut short": {0xa1}, "no sender": []byte("\xa1\x64type\x65leave")}
	t.Run("FR1 text", func(t *testing.T) {
		s := serve(t, edge.Config{})
		c, session := s.joined(t, "tablet")
		c.WriteMessage(websocket.TextMessage, wire.Append(nil, syncOf("tablet", "x")))
		c.closed(wire.CloseTextFrame)
		take(t, session.left)
		c = s.dial(t)
		c.WriteMessage(websocket.TextMessage, []byte("hello"))
		c.closed(wire.CloseTextFrame)
	})
	for name, frame := range malformed {
		t.Run("FR2 FR3 "+name, func(t *testing.T) {
			s := serve(t, edge.Config{})
			c := s.dial(t)
			c.sendRaw(frame)
			if frames := c.closed(wire.CloseMalformed); len(frames) != 0 {
				t.Errorf("before a join: got %+v", frames)
			}
			c, session := s.joined(t, "tablet")
			c.sendRaw(frame)
			if frames := c.closed(wire.CloseMalformed); len(frames) != 0 {
				t.Errorf("after the join: got %+v", frames)
			}
			take(t, session.left)
			if n := s.metrics.Malformed.Load(); n != 2 {
				t.Errorf("%d counted, want 2", n)
			}
		})
	}
	t.Run("FR6 FR8 LM4 what is skipped", func(t *testing.T) {
		s := serve(t, edge.Config{})
		c, session := s.joined(t, "tablet")
		c.sendRaw([]byte("\xa2\x64type\x66arrive\x68senderId\x66tablet"))
		c.sendRaw([]byte("\xa4\x64type\x64sync\x68senderId\x66tablet\x64data\x41x\x6adocumentId\x61x"))
		c.send(wire.Ephemeral{Sender: "tablet", Session: "s", Data: make([]byte, 64<<10+1)})
		c.send(syncOf("tablet", "y"))
		take(t, session.got)
		if a, b, d := s.metrics.SkippedType.Load(), s.metrics.SkippedDocument.Load(), s.metrics.SkippedSize.Load(); a != 1 || b != 1 || d != 1 {
			t.Errorf("counted %d, %d, %d, want one of each", a, b, d)
		}
	})
	t.Run("SY1 order, and Data stays as it was", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		var want []string
		for i := range 500 {
			want = append(want, strings.Repeat(string(rune('a'+i%26)), 1+i*i%5000))
			c.send(syncOf("tablet", want[i]))
		}
		var got []wire.Message
		for range want {
			got = append(got, take(t, session.got))
		}
		for i := range want {
			if m := got[i].(wire.Sync); string(m.Data) != want[i] {
				t.Fatalf("message %d is %d bytes of %.1q, want %d of %.1q", i, len(m.Data), m.Data, len(want[i]), want[i])
			}
		}
	})
	t.Run("LM1 large frames", func(t *testing.T) {
		lim := wire.DefaultLimits
		lim.FrameBytes = 300 << 10
		c, session := serve(t, edge.Config{Limits: lim}).joined(t, "tablet")
		large := strings.Repeat("x", 299<<10)
		c.send(syncOf("tablet", large))
		if m := take(t, session.got).(wire.Sync); string(m.Data) != large {
			t.Errorf("got %d bytes, want %d", len(m.Data), len(large))
		}
		c.send(syncOf("tablet", strings.Repeat("x", 300<<10)))
		c.closed(wire.CloseTooBig)
		take(t, session.left)
	})
}
