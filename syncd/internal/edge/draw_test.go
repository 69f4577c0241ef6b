package edge

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// recorder keeps what TLS writes, so that records can be sent in parts, or many at once.
type recorder struct {
	net.Conn
	on  bool
	buf bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.on {
		return r.buf.Write(p)
	}
	return r.Conn.Write(p)
}

// overTLS returns a connection that can rest, and the other end, what that writes from now on
// being recorded.
func overTLS(t *testing.T) (n *netConn, peer *tls.Conn, sent *recorder) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("connections rest on Linux only")
	}
	web := httptest.NewTLSServer(nil)
	web.Close()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	conn, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	sent = &recorder{Conn: conn}
	peer = tls.Client(sent, &tls.Config{InsecureSkipVerify: true})
	shaken := make(chan error, 1)
	go func() { shaken <- peer.Handshake() }()
	secured, err := tls.NewListener(Listener{inner}, &tls.Config{Certificates: web.TLS.Certificates}).Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := secured.(*tls.Conn).Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	n = &netConn{Conn: secured, users: 1, socket: -1, writeTimeout: time.Minute}
	n.lower()
	n.socket = socketOf(n.Conn)
	sent.on = true
	t.Cleanup(func() { n.release(); conn.Close() })
	return n, peer, sent
}

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for begin := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatalf("not so: %s", what)
		}
	}
}

// A large record takes its time on a slow line, and its peer cannot answer a ping meanwhile.
func TestPartsOfARecordAreLife(t *testing.T) {
	n, peer, sent := overTLS(t)
	peer.Write(make([]byte, 8<<10))
	record := sent.buf.Bytes()

	sent.Conn.Write(record[:100])
	buf := make([]byte, 16<<10)
	soon(t, "LV2 counted while the connection rests", func() bool {
		if read, end := n.readNow(buf); read > 0 || end {
			t.Fatalf("%d bytes, end %v", read, end)
		}
		return n.life.Load() == 1
	})

	whole := make(chan int, 1)
	go func() {
		read, _ := n.Read(buf)
		whole <- read
	}()
	sent.Conn.Write(record[100:200])
	soon(t, "LV2 counted while a goroutine reads", func() bool { return n.life.Load() == 2 })
	sent.Conn.Write(record[200:])
	if read := <-whole; read == 0 {
		t.Error("the record has not come")
	}
}

// Records of a byte must not hold up a poller for longer than full ones.
func TestWhatIsReadAtOnceIsBoundedBelowTLS(t *testing.T) {
	n, peer, sent := overTLS(t)
	const records = 6000 // of 23 bytes
	for range records {
		peer.Write([]byte("x"))
	}
	go sent.Conn.Write(sent.buf.Bytes())
	buf, read := make([]byte, pollBytes), 0
	soon(t, "all has come", func() bool {
		k, end := n.readNow(buf)
		if read += k; end || n.drawn > drawnMax {
			t.Fatalf("%d bytes of plaintext, %d of records; end %v", k, n.drawn, end)
		}
		return read == records
	})
}

// A peer that asks for new keys gets them without another message.
func TestWhatTLSAnswersIsSentAtRest(t *testing.T) {
	n, peer, sent := overTLS(t)
	e := New(Config{})
	c := newConn(e, new(websocket.Conn), n, nil)
	defer c.pulses.remove(c)
	n.rest()
	peer.Write([]byte{frameFin | opPong, frameMasked, 0, 0, 0, 0})
	sent.Conn.Write(sent.buf.Bytes())
	underTLS{n}.Write([]byte("new keys")) // as TLS does while it reads
	buf := make([]byte, pollBytes)
	soon(t, "the pong has come", func() bool {
		c.readable(buf, false)
		return n.life.Load() > 0
	})
	sent.Conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for got := ""; !strings.HasSuffix(got, "new keys"); { // after tickets of the session
		k, err := sent.Conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got += string(buf[:k])
	}
}
