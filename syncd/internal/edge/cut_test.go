package edge_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
)

// A device that is shut out gets nothing more within a second, however much was on its way (P6).
func TestCut(t *testing.T) {
	send := func(session *session, n, size int) {
		for range n {
			session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("syncd", strings.Repeat("x", size)))})
		}
	}
	t.Run("CL9 what was taken but has not begun stays", func(t *testing.T) {
		bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
			send(session, 30, 100<<10)
			synctest.Wait() // the first is being written, and the others are taken
			session.out.Cut(wire.CloseUnauthorised, "shut out")
			if frames := c.closed(wire.CloseUnauthorised); len(frames) > 1 {
				t.Errorf("%d messages came", len(frames))
			}
		})
	})
	for name, first := range map[string]func(out edge.Outbox){
		"":                           func(edge.Outbox) {},
		", nor one that was closing": func(out edge.Outbox) { out.Close(wire.CloseRestart, "") },
	} {
		t.Run("CL9 a peer that does not read is gone within a second"+name, func(t *testing.T) {
			bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
				send(session, 30, 100<<10)
				synctest.Wait()
				first(session.out)
				session.out.Cut(wire.CloseUnauthorised, "shut out")
				time.Sleep(time.Second)
				synctest.Wait()
				if n := s.metrics.Connections.Load(); n > 0 {
					t.Error("the connection is still open")
				}
			})
		})
	}
}

// What waits in the socket of a peer that reads too slowly is dropped with it.
func TestNothingComesOutOfTheSocketAfterACut(t *testing.T) {
	eachWay(t, testNothingComesOutOfTheSocketAfterACut)
}

func testNothingComesOutOfTheSocketAfterACut(t *testing.T) {
	s := serve(t, edge.Config{})
	c, session := s.joined(t, "lost")
	for range 60 { // more than the sockets have room for: nobody reads
		session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("syncd", strings.Repeat("x", 500<<10)))})
	}
	session.out.Cut(wire.CloseUnauthorised, "shut out")
	take(t, session.left)
	eventually(t, "the connection has gone", func() bool { return s.metrics.Connections.Load() == 0 })
	var err error
	for err == nil {
		_, _, err = c.ReadMessage()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("all that was written came, until %v", err)
	}
}

// A client that is to come back is not caught answering: it gets what was sent before, and a moment to answer it.
func TestRecall(t *testing.T) {
	bubble(t, edge.Config{}, func(t *testing.T, s *server, c *client, session *session) {
		send := func(data string) { session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("syncd", data))}) }
		began := time.Now()
		send("before")
		session.out.Recall(wire.CloseStorage, "come back") // CL8
		send("after")
		frames := c.closed(wire.CloseStorage)
		if len(frames) != 1 || time.Since(began) < 200*time.Millisecond {
			t.Errorf("%d messages came, and the end after %v", len(frames), time.Since(began))
		}
	})
}
