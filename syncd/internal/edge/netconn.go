package edge

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Sizes of what is written at once, in bytes.
const (
	corkBytes  = 32 << 10 // frames gathered into one write
	chunkBytes = 32 << 10 // what must go out within a WriteTimeout
)

var corkBuffers = sync.Pool{New: func() any {
	buf := make([]byte, 0, corkBytes)
	return &buf
}}

// hijacker puts a netConn between the HTTP server's connection and the
// websocket made of it.
type hijacker struct {
	http.ResponseWriter
	writeTimeout time.Duration
	conn         *netConn // set by Hijack
}

func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = &netConn{Conn: conn, writeTimeout: h.writeTimeout, raw: rawOf(conn)}
	return h.conn, rw, nil
}

// netConn is a network connection that gathers small writes while it is
// corked, notices signs of life, and keeps its own deadlines: gorilla's are for
// whole frames, and a large frame on a slow line may take minutes.
type netConn struct {
	net.Conn
	writeTimeout time.Duration
	raw          syscall.RawConn // nil: it cannot be written to without blocking

	life    atomic.Uint64 // rises with every sign of life of the peer
	waiting atomic.Bool   // the reader waits for bytes, so it is not us who is slow

	// Guarded by writing. The writer holds it for as long as a write takes;
	// the reader writes only when gorilla answers a breach of the protocol.
	writing sync.Mutex
	cork    *[]byte // nil = not corked

	// Guarded by deadlines.
	deadlines   sync.Mutex
	closeBy     time.Time // no write goes on after this; zero = none
	interrupted bool      // reading is over
}

func (n *netConn) Read(p []byte) (int, error) {
	n.waiting.Store(true)
	read, err := n.Conn.Read(p)
	n.waiting.Store(false)
	if read > 0 {
		n.life.Add(1) // LV2
	}
	return read, err
}

// SetWriteDeadline does nothing: see Write.
func (n *netConn) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline is without effect once reading was interrupted.
func (n *netConn) SetReadDeadline(t time.Time) error {
	n.deadlines.Lock()
	defer n.deadlines.Unlock()
	if n.interrupted {
		return nil
	}
	return n.Conn.SetReadDeadline(t)
}

// interrupt ends reading at once, and writing within d.
func (n *netConn) interrupt(d time.Duration) {
	n.deadlines.Lock()
	defer n.deadlines.Unlock()
	now := time.Now()
	n.interrupted, n.closeBy = true, now.Add(d)
	n.Conn.SetReadDeadline(now)
	n.Conn.SetWriteDeadline(n.closeBy)
}

// armWrite gives the next chunk its time.
func (n *netConn) armWrite() {
	n.deadlines.Lock()
	defer n.deadlines.Unlock()
	t := time.Now().Add(n.writeTimeout)
	if !n.closeBy.IsZero() && n.closeBy.Before(t) {
		t = n.closeBy
	}
	n.Conn.SetWriteDeadline(t)
}

// disarmWrite lets a writer that does not block find the connection without a
// deadline that is over.
func (n *netConn) disarmWrite() {
	if n.raw == nil {
		return
	}
	n.deadlines.Lock()
	defer n.deadlines.Unlock()
	if n.closeBy.IsZero() {
		n.Conn.SetWriteDeadline(time.Time{})
	}
}

// Write writes in chunks, each with a deadline of its own, or gathers.
func (n *netConn) Write(p []byte) (int, error) {
	n.writing.Lock()
	defer n.writing.Unlock()
	if n.cork == nil {
		return n.write(p)
	}
	if len(*n.cork)+len(p) > corkBytes {
		if err := n.flush(); err != nil {
			return 0, err
		}
		if len(p) > corkBytes/2 {
			return n.write(p)
		}
	}
	*n.cork = append(*n.cork, p...)
	return len(p), nil
}

func (n *netConn) write(p []byte) (written int, err error) {
	for err == nil && written < len(p) {
		n.armWrite()
		var k int
		k, err = n.Conn.Write(p[written:min(len(p), written+chunkBytes)])
		written += k
	}
	n.disarmWrite()
	return written, err
}

func (n *netConn) flush() error {
	if len(*n.cork) == 0 {
		return nil
	}
	_, err := n.write(*n.cork)
	*n.cork = (*n.cork)[:0]
	return err
}

// gather holds writes back until release.
func (n *netConn) gather() {
	n.writing.Lock()
	defer n.writing.Unlock()
	n.cork = corkBuffers.Get().(*[]byte)
}

// tryGather is gather, unless somebody is writing, and may be for long.
func (n *netConn) tryGather() bool {
	if !n.writing.TryLock() {
		return false
	}
	defer n.writing.Unlock()
	n.cork = corkBuffers.Get().(*[]byte)
	return true
}

// release writes what was gathered, if anything was.
func (n *netConn) release() error {
	n.writing.Lock()
	defer n.writing.Unlock()
	if n.cork == nil {
		return nil
	}
	err := n.flush()
	n.uncork()
	return err
}

// tryRelease is release that does not wait: if it reports false, something is
// still to be released.
func (n *netConn) tryRelease(a *attempt) bool {
	n.writing.Lock()
	defer n.writing.Unlock()
	rest := a.write(n.raw, *n.cork)
	if len(rest) > 0 {
		*n.cork = append((*n.cork)[:0], rest...)
		return false
	}
	n.uncork()
	return true
}

func (n *netConn) uncork() {
	*n.cork = (*n.cork)[:0]
	corkBuffers.Put(n.cork)
	n.cork = nil
}

// linger lets the peer read what was written last and close its side, for at
// most d; a connection closed with unread bytes would take that from it.
func (n *netConn) linger(d time.Duration) {
	half, ok := n.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	n.Conn.SetReadDeadline(time.Now().Add(d))
	var scrap [512]byte
	for {
		if _, err := n.Conn.Read(scrap[:]); err != nil {
			return
		}
	}
}
