package edge

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/wire"
)

func TestWhatWaitsBelowTLSIsBounded(t *testing.T) {
	n := new(netConn)
	line := underTLS{n}
	for size := 0; size+1000 <= sealedMax; size += 1000 {
		if k, err := line.Write(make([]byte, 1000)); k != 1000 || err != nil {
			t.Fatalf("after %d bytes: %d, %v", size, k, err)
		}
	}
	if _, err := line.Write(make([]byte, 1000)); !errors.Is(err, errSealed) {
		t.Errorf("more than the limit: %v", err)
	}
	if buf := n.unseal(); len(*buf) > sealedMax {
		t.Errorf("%d bytes wait", len(*buf))
	}
	if _, err := line.Write([]byte("x")); err != nil {
		t.Errorf("when nothing waits any more: %v", err)
	}
}

func TestAnErrorOfTLSIsLeftToTheWriteThatWaits(t *testing.T) {
	ours, theirs := net.Pipe()
	theirs.Close()
	n := &netConn{Conn: ours, socket: -1, tls: tls.Server(ours, &tls.Config{})} // no handshake comes about
	if !n.tryGather() {
		t.Fatal("somebody writes")
	}
	if err := n.add([]byte("x")); err != nil || n.tryScatter() {
		t.Errorf("%v, or it was written", err)
	}
	if err := n.scatter(); err == nil {
		t.Error("the error was lost")
	}
}

func TestWhatATryHasLeftIsSent(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	n := &netConn{Conn: ours, socket: -1, writeTimeout: time.Minute}
	n.tls = tls.Server(underTLS{n}, &tls.Config{})
	n.gather()
	underTLS{n}.Write([]byte("rest")) // and nothing is left that TLS has not sealed
	sent := make(chan error, 1)
	go func() { sent <- n.scatter() }()
	theirs.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, 4)
	if _, err := io.ReadFull(theirs, got); err != nil || string(got) != "rest" {
		t.Errorf("%q came, %v", got, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// What a turn leaves to a writer that may block must not be gathered once more by that.
func TestATurnThatHasNothingForItLeavesNothingBehind(t *testing.T) {
	e := New(Config{})
	n := &netConn{socket: -1}
	c := newConn(e, new(websocket.Conn), n, nil)
	defer c.pulses.remove(c)
	c.out.start = func() {}
	c.out.Send(wire.Frame{Head: []byte("x")})
	c.out.Close(wire.CloseForbidden, "a change was refused")
	if got := c.turn(new(batch)); got != blocks {
		t.Fatalf("the turn ended with %d", got)
	}
	if n.trying || n.cork != nil {
		t.Error("the next writer gathers all that it writes")
	}
}
