package edge_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
)

func TestClosing(t *testing.T) { eachWay(t, testClosing) }

func testClosing(t *testing.T) {
	t.Run("CL2 leave", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		c.send(wire.Leave{Sender: "tablet"})
		c.closed(wire.CloseNormal)
		take(t, session.left)
	})
	t.Run("CL3 error of the client", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		c.send(wire.Error{Sender: "tablet", Message: "I do not like this"})
		c.closed(wire.CloseNormal)
		take(t, session.left)
	})
	t.Run("CL1 close of the client", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1001, "off"), time.Now().Add(patience))
		c.closed(wire.CloseNormal)
		take(t, session.left)
	})
	t.Run("CL1 no websocket frame", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		c.UnderlyingConn().Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		c.closed(wire.CloseProtocol)
		take(t, session.left)
	})
	t.Run("CL7 the line breaks", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		c.UnderlyingConn().Close()
		take(t, session.left)
		session.out.Send(wire.Frame{Head: []byte{0xa0}}) // and nothing happens
		session.out.Close(1000, "")
	})
	t.Run("SY12 SY15 the hub closes", func(t *testing.T) {
		for _, c := range []struct {
			err  error
			code int
		}{
			{&wire.CloseError{Code: wire.CloseForbidden, Text: "not for you"}, wire.CloseForbidden},
			{errors.Join(errors.New("apply"), &wire.CloseError{Code: wire.CloseMalformed, Text: "no"}), wire.CloseMalformed},
			{errors.New("disk"), wire.CloseStorage},
		} {
			s := serve(t, edge.Config{Hub: &hub{receive: func(*session, wire.Message) error { return c.err }}})
			cl, session := s.joined(t, "tablet")
			cl.send(syncOf("tablet", "x"))
			cl.closed(c.code)
			take(t, session.left)
		}
	})
	t.Run("CL6 what was queued goes out first", func(t *testing.T) {
		c, session := serve(t, edge.Config{}).joined(t, "tablet")
		for range 300 {
			session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("syncd", strings.Repeat("x", 1000)))})
		}
		session.out.Close(wire.CloseRestart, strings.Repeat("ø", 100))
		if frames := c.closed(wire.CloseRestart); len(frames) != 300 {
			t.Errorf("%d frames came, want 300", len(frames))
		}
	})
	t.Run("nothing is delivered after a close, not even what has come already", func(t *testing.T) {
		got := make(chan wire.Message, 10)
		s := serve(t, edge.Config{Hub: &hub{receive: func(s *session, m wire.Message) error {
			got <- m
			s.out.Close(wire.CloseUnauthorised, "revoked")
			return nil
		}}})
		c, session := s.joined(t, "tablet")
		frame := wire.Append(nil, syncOf("tablet", "x"))
		one := append([]byte{0x82, 0x80 | byte(len(frame)), 0, 0, 0, 0}, frame...) // masked with zeros
		c.UnderlyingConn().Write(append(append(one[:len(one):len(one)], one...), one...))
		c.closed(wire.CloseUnauthorised)
		take(t, session.left)
		if len(got) != 1 {
			t.Errorf("%d messages were delivered", len(got))
		}
	})
	t.Run("1012 on shutdown", func(t *testing.T) {
		s := serve(t, edge.Config{})
		a, sessionA := s.joined(t, "a")
		b := s.dial(t) // has not joined
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		a.closed(wire.CloseRestart)
		b.closed(wire.CloseRestart)
		take(t, sessionA.left)
		if _, resp, err := dialer.Dial(s.url, nil); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("dialling after shutdown: %v", err)
		}
		if n := s.metrics.Connections.Load(); n != 0 {
			t.Errorf("%d connections counted after shutdown", n)
		}
	})
	t.Run("CL8 nothing is sent between the beginning of a stop and the close", func(t *testing.T) {
		s := serve(t, edge.Config{})
		a, session := s.joined(t, "a")
		session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("a", "before"))})
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		stopped := make(chan error, 1)
		go func() { stopped <- s.Shutdown(ctx) }()
		for range 20 { // some of these come after the beginning
			time.Sleep(5 * time.Millisecond)
			session.out.SendLossy(wire.Frame{Head: wire.Append(nil, syncOf("a", "lossy"))})
		}
		session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("a", "too late"))})
		frames := a.closed(wire.CloseRestart)
		for _, m := range frames {
			if sync, ok := m.(wire.Sync); ok && string(sync.Data) == "too late" {
				t.Error("a message was sent while the server was stopping")
			}
		}
		if len(frames) == 0 {
			t.Error("what was sent before the stop has not arrived")
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	t.Run("shutdown does not wait for ever", func(t *testing.T) {
		release := make(chan struct{})
		s := serve(t, edge.Config{Hub: &hub{receive: func(*session, wire.Message) error { <-release; return nil }}})
		c, session := s.joined(t, "a")
		c.send(syncOf("a", "x"))
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown: %v", err)
		}
		close(release)
		take(t, session.left)
	})
}
