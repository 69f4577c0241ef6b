package main

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/edge"
)

// pipes is a listener whose connections are net.Pipes, so that everything happens inside one
// bubble of synctest, in its time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn, 100), closed: make(chan struct{})} }

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

// dial returns the other end of a connection, which waits to be accepted.
func (p *pipes) dial() net.Conn {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	return ours
}

// serving runs f inside synctest while a server with so many places answers by h.
func serving(t *testing.T, places int, h http.Handler, f func(t *testing.T, p *pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		s := newServer(p, places)
		s.serve(h, nil, slog.New(slog.DiscardHandler))
		f(t, p)
		if err := s.shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// get asks for a page and returns its status.
func get(conn net.Conn) (status int, err error) {
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		return 0, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}

func nothing(http.ResponseWriter, *http.Request) {}

func TestConnectionsThatSayNothingShutOutNobody(t *testing.T) {
	serving(t, 5, http.HandlerFunc(nothing), func(t *testing.T, p *pipes) {
		var strangers []net.Conn
		for range 20 {
			strangers = append(strangers, p.dial())
		}
		synctest.Wait()
		if n := len(p.conns); n != 15 {
			t.Errorf("%d connections wait to be accepted, want 15", n)
		}
		device := p.dial()
		if status, err := get(device); status != http.StatusOK {
			t.Errorf("a device got %d, %v", status, err)
		}
		if _, err := strangers[0].Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the first stranger is still there: %v", err)
		}
		for _, c := range append(strangers, device) {
			c.Close()
		}
	})
}

func TestAPlaceIsTakenFromTheOldestRequest(t *testing.T) {
	forever := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			<-r.Context().Done()
		}
	})
	serving(t, 3, forever, func(t *testing.T, p *pipes) {
		var slow []net.Conn
		for range 3 {
			c := p.dial()
			io.WriteString(c, "GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
			slow = append(slow, c)
			time.Sleep(time.Second)
		}
		begin, device := time.Now(), p.dial()
		if status, err := get(device); status != http.StatusOK {
			t.Errorf("a device got %d, %v", status, err)
		}
		if took := time.Since(begin); took != requestsPatience-3*time.Second {
			t.Errorf("a place was taken after %v", took)
		}
		if _, err := slow[0].Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the oldest request goes on: %v", err)
		}
		for _, c := range append(slow, device) {
			c.Close()
		}
	})
}

func TestWebsocketsTakeNoPlace(t *testing.T) {
	var taken []net.Conn
	upgrade := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		taken = append(taken, conn)
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
	})
	serving(t, 2, upgrade, func(t *testing.T, p *pipes) {
		begin := time.Now()
		for range 10 {
			if status, err := get(p.dial()); status != http.StatusSwitchingProtocols {
				t.Fatalf("got %d, %v", status, err)
			}
		}
		if time.Since(begin) > 0 {
			t.Error("they had to wait for each other")
		}
		for _, conn := range taken {
			conn.Close()
		}
	})
}

func TestAFullLobbyCanBeClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		l := newLobby(p, 1)
		p.dial()
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		l.note(conn, http.StateNew)
		go l.Close()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestDescriptorsAreShared(t *testing.T) {
	for _, c := range []struct{ files, wanted, websockets, places int }{
		{math.MaxInt32, 10_000, 10_000, lobbyPlaces},
		{1 << 19, 10_000, 10_000, lobbyPlaces},
		{1024, 100, 100, 128},
		{32, 10, 1, 4},
	} {
		if websockets, places := share(c.files, c.wanted); websockets != c.websockets || places != c.places {
			t.Errorf("of %d: %d websockets and %d places, want %d and %d", c.files, websockets, places, c.websockets, c.places)
		}
	}
	for files := 200; files < 1<<17; files += 100 {
		websockets, places := share(files, math.MaxInt)
		if left := files - edge.Descriptors*websockets - places; left < files/4 || left < storeFilesMin {
			t.Errorf("of %d descriptors the store has %d", files, left)
		}
	}
}

func TestPlacesAreTakenOneByOne(t *testing.T) {
	serving(t, 5, http.HandlerFunc(nothing), func(t *testing.T, p *pipes) {
		var all []net.Conn
		for range 5 {
			all = append(all, p.dial())
		}
		time.Sleep(silencePatience) // all are as old
		for range 5 {
			all = append(all, p.dial())
		}
		synctest.Wait()
		if n := len(p.conns); n != 4 {
			t.Errorf("%d wait for a place, want 4", n)
		}
		for _, c := range all {
			c.Close()
		}
	})
}
