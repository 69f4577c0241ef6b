package edge_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
)

// pipes is a listener whose connections are net.Pipes, so that everything
// happens inside one bubble of synctest, in its time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours, nil
}

// bubble runs f inside synctest with a client that has joined.
func bubble(t *testing.T, cfg edge.Config, f func(t *testing.T, s *server, c *client, session *session)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h, ok := cfg.Hub.(*hub)
		if !ok {
			h = new(hub)
		}
		h.sessions = make(chan *session, 10)
		cfg.Hub, cfg.Metrics = h, new(edge.Metrics)
		s := &server{Edge: edge.New(cfg), hub: h, metrics: cfg.Metrics}
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		web := &http.Server{Handler: s.Edge}
		go web.Serve(listener)
		dialer := websocket.Dialer{NetDialContext: listener.dial}
		ws, _, err := dialer.Dial("ws://syncd.example/sync", nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, Conn: ws}
		c.send(wire.Join{Sender: "tablet", Versions: []string{"1"}})
		c.read()
		f(t, s, c, take(t, h.sessions))
		ws.Close()
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		web.Close()
	})
}

// reading lets the client read on, and returns where its end will be told.
func (c *client) reading() <-chan error {
	end := make(chan error, 1)
	go func() {
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				end <- err
				return
			}
		}
	}()
	return end
}

// ended reports the error that ended reading, or nil if it still goes on.
func ended(end <-chan error) error {
	synctest.Wait()
	select {
	case err := <-end:
		return err
	default:
		return nil
	}
}

func TestLiveness(t *testing.T) {
	t.Run("LV1 a ping every 25 s", func(t *testing.T) {
		bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, _ *session) {
			start, pings := time.Now(), make(chan time.Duration, 100)
			answer := c.PingHandler()
			c.SetPingHandler(func(data string) error {
				pings <- time.Since(start)
				return answer(data)
			})
			end := c.reading()
			time.Sleep(10*time.Minute + time.Second)
			if err := ended(end); err != nil {
				t.Fatalf("a client that answers was closed: %v", err)
			}
			if len(pings) != 24 {
				t.Errorf("%d pings in ten minutes, want 24", len(pings))
			}
			if first := <-pings; first != 25*time.Second {
				t.Errorf("first ping after %v", first)
			}
		})
	})
	t.Run("LV2 two unanswered pings close", func(t *testing.T) {
		bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
			c.SetPingHandler(func(string) error { return nil })
			end := c.reading()
			time.Sleep(74 * time.Second)
			if err := ended(end); err != nil {
				t.Fatalf("closed too early: %v", err)
			}
			time.Sleep(2 * time.Second)
			if err := ended(end); !websocket.IsCloseError(err, wire.CloseTimeout) {
				t.Errorf("closed with %v", err)
			}
			<-session.left
			if s.metrics.Silent.Load() != 1 {
				t.Error("not counted")
			}
		})
	})
	t.Run("LV2 a client that is gone without a word", func(t *testing.T) {
		bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
			<-session.left // neither reads nor writes: the ping itself is stuck
		})
	})
	t.Run("LV2 any bytes are life", func(t *testing.T) {
		bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
			c.SetPingHandler(func(string) error { return nil })
			end := c.reading()
			for range 20 {
				time.Sleep(45 * time.Second)
				c.send(syncOf("tablet", "x"))
			}
			if err := ended(end); err != nil {
				t.Errorf("a client that sends was closed: %v", err)
			}
		})
	})
	t.Run("LV2 a client that we do not read from is not dead", func(t *testing.T) {
		h := &hub{wait: func(*session) { time.Sleep(10 * time.Minute) }}
		bubble(t, edge.Config{Hub: h}, func(t *testing.T, s *server, c *client, session *session) {
			c.SetPingHandler(func(string) error { return nil }) // a pipe has no room for pongs
			end := c.reading()
			c.send(syncOf("tablet", "x"))
			time.Sleep(9 * time.Minute)
			if err := ended(end); err != nil {
				t.Errorf("closed: %v", err)
			}
			time.Sleep(time.Minute + time.Second)
			if err := ended(end); err != nil {
				t.Errorf("closed right afterwards: %v", err)
			}
		})
	})
	t.Run("LV3 a client may be busy for a while", func(t *testing.T) {
		bubble(t, edge.Config{WriteTimeout: time.Hour}, func(t *testing.T, s *server, c *client, session *session) {
			time.Sleep(40 * time.Second) // the first ping waits to be read
			end := c.reading()
			time.Sleep(5 * time.Minute)
			if err := ended(end); err != nil {
				t.Errorf("closed: %v", err)
			}
		})
	})
	t.Run("pongs repeat the ping", func(t *testing.T) {
		bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
			pongs := make(chan string, 1)
			c.SetPongHandler(func(data string) error { pongs <- data; return nil })
			end := c.reading()
			c.WriteControl(websocket.PingMessage, []byte("hello"), time.Time{})
			synctest.Wait()
			if got := <-pongs; got != "hello" || ended(end) != nil {
				t.Errorf("pong %q, error %v", got, ended(end))
			}
		})
	})
}

func TestSlowLine(t *testing.T) {
	large := wire.Append(nil, syncOf("syncd", strings.Repeat("x", 1<<20)))
	// crawl reads n bytes at rate bytes a second.
	crawl := func(c *client, n, rate int) (err error) {
		buf := make([]byte, rate)
		for n > 0 && err == nil {
			var k int
			k, err = c.UnderlyingConn().Read(buf[:min(n, len(buf))])
			n -= k
			time.Sleep(time.Second)
		}
		return err
	}
	wholeFrame := 10 + len(large) // with the head of a websocket frame
	t.Run("LM9 a large frame may take minutes", func(t *testing.T) {
		bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
			session.out.Send(wire.Frame{Head: large})
			start := time.Now()
			if err := crawl(c, wholeFrame, 2<<10); err != nil {
				t.Errorf("closed after %v: %v", time.Since(start), err)
			}
			if took := time.Since(start); took < 5*time.Minute {
				t.Errorf("took only %v: this test does not test", took)
			}
			// Then it gets as much time to answer as any other.
			answer := c.PingHandler()
			c.SetPingHandler(func(data string) error {
				time.AfterFunc(40*time.Second, func() { answer(data) })
				return nil
			})
			end := c.reading()
			time.Sleep(5 * time.Minute)
			if err := ended(end); err != nil {
				t.Errorf("closed afterwards: %v", err)
			}
		})
	})
	t.Run("LM9 a peer that takes nothing is closed", func(t *testing.T) {
		bubble(t, edge.Config{PingInterval: time.Hour}, func(t *testing.T, s *server, c *client, session *session) {
			session.out.Send(wire.Frame{Head: large})
			crawl(c, 10<<10, 2<<10)
			start := time.Now()
			<-session.left
			if took := time.Since(start); took > 31*time.Second {
				t.Errorf("took %v", took)
			}
			if s.metrics.Slow.Load() != 1 {
				t.Error("not counted")
			}
		})
	})
	t.Run("CL6 closing does not wait longer than 5 s", func(t *testing.T) {
		bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
			session.out.Send(wire.Frame{Head: large})
			go crawl(c, wholeFrame, 16<<10) // would take a minute
			synctest.Wait()
			start := time.Now()
			session.out.Close(wire.CloseRestart, "")
			if err := s.Shutdown(t.Context()); err != nil || time.Since(start) > 5*time.Second {
				t.Errorf("took %v, error %v", time.Since(start), err)
			}
			time.Sleep(2 * time.Second) // until crawl has noticed
		})
	})
}

func TestThrottle(t *testing.T) {
	count := func(t *testing.T, cfg edge.Config, n int, data string) (atOnce int, all time.Duration) {
		bubble(t, cfg, func(t *testing.T, s *server, c *client, session *session) {
			start := time.Now()
			go func() {
				for range n {
					c.WriteMessage(websocket.BinaryMessage, wire.Append(nil, syncOf("tablet", data)))
				}
			}()
			synctest.Wait()
			atOnce = len(session.got)
			for range n {
				<-session.got
			}
			all = time.Since(start)
			if s.metrics.Throttled.Load() == 0 {
				t.Error("not counted")
			}
		})
		return atOnce, all
	}
	t.Run("LM10 messages beyond the burst are read slowly, not refused", func(t *testing.T) {
		atOnce, all := count(t, edge.Config{MessagesPerSecond: 10, MessagesBurst: 20}, 120, "x")
		if atOnce != 20 || all < 9*time.Second || all > 11*time.Second {
			t.Errorf("%d at once, all within %v", atOnce, all)
		}
	})
	t.Run("LM11 bytes beyond the burst", func(t *testing.T) {
		atOnce, all := count(t, edge.Config{BytesPerSecond: 100_000, BytesBurst: 200_000}, 120, strings.Repeat("x", 10_000))
		if atOnce != 19 || all < 9*time.Second || all > 11*time.Second {
			t.Errorf("%d at once, all within %v", atOnce, all)
		}
	})
	t.Run("LM11 a frame above the burst", func(t *testing.T) {
		_, all := count(t, edge.Config{BytesPerSecond: 10_000, BytesBurst: 10_000}, 2, strings.Repeat("x", 100_000))
		if all > 2*time.Second {
			t.Errorf("took %v", all)
		}
	})
	t.Run("LM10 closing ends the wait", func(t *testing.T) {
		bubble(t, edge.Config{MessagesPerSecond: 1, MessagesBurst: 1}, func(t *testing.T, s *server, c *client, session *session) {
			end := c.reading()
			c.send(syncOf("tablet", "x"))
			start := time.Now()
			go c.WriteMessage(websocket.BinaryMessage, wire.Append(nil, syncOf("tablet", "y")))
			synctest.Wait()
			session.out.Close(wire.CloseTakenOver, "")
			<-session.left
			if took := time.Since(start); took != 0 {
				t.Errorf("took %v", took)
			}
			if err := <-end; !websocket.IsCloseError(err, wire.CloseTakenOver) && !errors.Is(err, net.ErrClosed) {
				t.Errorf("closed with %v", err)
			}
			if len(session.got) != 1 {
				t.Errorf("%d messages were delivered, one before the close", len(session.got))
			}
		})
	})
}
