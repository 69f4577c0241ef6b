package edge

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tavle-org/tavle/crdt/wire"
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
	h.conn = &netConn{Conn: conn, users: 1, socket: -1, writeTimeout: h.writeTimeout}
	h.conn.lower()
	return h.conn, rw, nil
}

// netConn is a network connection that gathers small writes while it is
// corked, notices signs of life, and keeps its own deadlines: gorilla's are for
// whole frames, and a large frame on a slow line may take minutes.
//
// It can rest: then nobody waits for it with the help of the runtime, which has
// forgotten it, and a poller reads what comes.
type netConn struct {
	net.Conn     // what the runtime knows; nil while nobody uses it
	writeTimeout time.Duration
	socket       int       // for what does not wait; -1: the connection never rests
	tls          *tls.Conn // over an underTLS; nil without TLS, and with one that is not of a Listener

	life    atomic.Uint64 // rises with every sign of life of the peer
	waiting atomic.Bool   // somebody waits for bytes, so it is not us who is slow

	// Owned by the reader.
	fed    []byte  // to be read before what comes from the network
	gone   bool    // the peer has closed its side
	frames framing // of what was read since somebody began to use Conn
	now    bool    // reading does not wait
	dry    bool    // and has had all that there was
	drawn  int     // in so many bytes

	// Guarded by writing. The writer holds it for as long as a write takes;
	// the reader writes only when gorilla answers a breach of the protocol.
	writing sync.Mutex
	cork    *[]byte // nil = not corked
	trying  bool    // nothing waits: what the socket does not take stays in cork
	full    bool    // it has not taken all

	sealing sync.Mutex
	sealed  *[]byte // what TLS has written, if anything; guarded by sealing

	// Guarded by mu.
	mu          sync.Mutex
	users       int  // of Conn
	resting     bool // a poller may read, and nobody else does
	closed      bool
	closeBy     time.Time // no write goes on after this; zero = none
	interrupted bool      // reading is over
	aborted     bool      // what the peer has not taken by closeBy is dropped
}

// use makes Conn for a goroutine that may block, if nobody uses it yet.
func (n *netConn) use() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.Conn == nil {
		if n.closed {
			return net.ErrClosed
		}
		conn, err := connOf(n.socket)
		if err != nil {
			return err
		}
		n.Conn = conn
		if n.interrupted {
			n.bound(time.Now())
		}
	}
	n.users++
	return nil
}

// unuse ends that.
func (n *netConn) unuse() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.drop()
}

func (n *netConn) drop() {
	if n.users--; n.users == 0 && n.socket >= 0 {
		n.Conn.Close() // the socket stays open
		n.Conn = nil
	}
}

// rest leaves reading to a poller. It reports false when reading is over.
func (n *netConn) rest() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lie()
}

// leave is rest for a goroutine, which ceases to use Conn then.
func (n *netConn) leave() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.lie() {
		n.drop()
	}
	return n.resting
}

func (n *netConn) lie() bool {
	n.waiting.Store(true)
	n.resting = !n.interrupted
	return n.resting
}

// rouse makes the caller the reader of a connection that rests, if it does.
func (n *netConn) rouse() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	was := n.resting
	n.resting = false
	return was
}

func (n *netConn) Read(p []byte) (int, error) {
	if len(n.fed) > 0 {
		read := copy(p, n.fed)
		if n.fed = n.fed[read:]; len(n.fed) == 0 {
			n.fed = nil
		}
		n.frames.pass(p[:read])
		return read, nil
	}
	n.waiting.Store(true)
	read, err := n.receive(p)
	n.waiting.Store(false)
	n.gone = n.gone || err == io.EOF
	n.frames.pass(p[:read])
	return read, err
}

func (n *netConn) receive(p []byte) (int, error) {
	if n.tls != nil {
		return n.tls.Read(p)
	}
	return n.draw(p)
}

// SetWriteDeadline does nothing: see Write.
func (n *netConn) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline is without effect once reading was interrupted.
func (n *netConn) SetReadDeadline(t time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.interrupted || n.Conn == nil {
		return nil
	}
	return n.Conn.SetReadDeadline(t)
}

// interrupt ends reading at once, and writing within d. It reports whether the
// connection rested: then the caller is the reader now.
func (n *netConn) interrupt(d time.Duration) (rested bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	n.interrupted, n.closeBy = true, now.Add(d)
	if n.Conn != nil {
		n.bound(now)
	}
	rested, n.resting = n.resting, false
	return rested
}

// abort has a connection that was interrupted end within d, whatever it has to write, and drop
// then what is on its way.
func (n *netConn) abort(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.aborted {
		return
	}
	n.aborted = true
	if t := time.Now().Add(d); t.Before(n.closeBy) {
		n.closeBy = t
	}
	if n.Conn != nil {
		n.Conn.SetWriteDeadline(n.closeBy)
	}
}

// bound sets the deadlines of a connection that ends. It is called with mu held.
func (n *netConn) bound(now time.Time) {
	n.Conn.SetReadDeadline(now)
	n.Conn.SetWriteDeadline(n.closeBy)
}

// armWrite gives the next chunk its time.
func (n *netConn) armWrite() {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := time.Now().Add(n.writeTimeout)
	if !n.closeBy.IsZero() && n.closeBy.Before(t) {
		t = n.closeBy
	}
	n.Conn.SetWriteDeadline(t)
}

// Close ends reading and writing.
func (n *netConn) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.close()
	return nil
}

func (n *netConn) close() {
	if n.closed {
		return
	}
	n.closed = true
	if n.aborted {
		n.forget()
	}
	if n.Conn != nil {
		n.Conn.Close()
	}
	if n.socket >= 0 {
		shutSocket(n.socket)
	}
}

// forget has the system drop what it has not sent when the connection is closed.
func (n *netConn) forget() {
	if n.socket >= 0 {
		resetSocket(n.socket)
	} else if tcp, ok := n.Conn.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
}

// release closes the connection for good. Nobody reads or writes any more.
func (n *netConn) release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.close()
	if n.socket >= 0 {
		closeSocket(n.socket)
	}
	n.socket = -1
}

// Write writes in chunks, each with a deadline of its own, or gathers.
func (n *netConn) Write(p []byte) (int, error) {
	n.writing.Lock()
	defer n.writing.Unlock()
	if n.cork == nil {
		return n.write(p)
	}
	if err := n.add(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeFrame writes a message between gather and scatter, without putting it together
// first, as one frame that nothing comes between.
func (n *netConn) writeFrame(f wire.Frame) error {
	n.writing.Lock()
	defer n.writing.Unlock()
	var head [headBytesMax]byte
	if err := n.add(appendHead(head[:0], frameFin|opBinary, f.Len())); err != nil {
		return err
	}
	if err := n.add(f.Head); err != nil {
		return err
	}
	for _, part := range f.Body {
		if err := n.add(part); err != nil {
			return err
		}
	}
	return n.add(f.Tail)
}

// add gathers p, or writes it after what was gathered. It is called with writing held.
func (n *netConn) add(p []byte) error {
	if n.trying {
		n.try(p)
		return nil
	}
	if len(*n.cork)+len(p) > corkBytes {
		if err := n.flush(); err != nil {
			return err
		}
		if len(p) > corkBytes/2 {
			_, err := n.write(p)
			return err
		}
	}
	*n.cork = append(*n.cork, p...)
	return nil
}

func (n *netConn) write(p []byte) (written int, err error) {
	for err == nil && written < len(p) {
		var k int
		k, err = n.send(p[written:min(len(p), written+chunkBytes)])
		written += k
	}
	return written, err
}

func (n *netConn) send(p []byte) (int, error) {
	if n.tls == nil {
		n.armWrite()
		return n.Conn.Write(p)
	}
	written, err := n.tls.Write(p)
	if err == nil {
		err = n.sendSealed()
	}
	return written, err
}

func (n *netConn) flush() error {
	if n.tls != nil { // what a try has left
		if err := n.sendSealed(); err != nil {
			return err
		}
	}
	_, err := n.write(*n.cork)
	*n.cork = (*n.cork)[:0]
	return err
}

// gather holds writes back until scatter.
func (n *netConn) gather() {
	n.writing.Lock()
	defer n.writing.Unlock()
	n.cork = corkBuffers.Get().(*[]byte)
}

// tryGather is gather, unless somebody is writing, and may be for long. Until
// tryScatter nothing waits.
func (n *netConn) tryGather() bool {
	if !n.writing.TryLock() {
		return false
	}
	defer n.writing.Unlock()
	n.cork = corkBuffers.Get().(*[]byte)
	n.trying = true
	return true
}

// try gathers p, and writes what the socket takes whenever the buffer is full.
func (n *netConn) try(p []byte) {
	for len(p) > 0 {
		room := len(p)
		if !n.full {
			room = min(room, corkBytes-len(*n.cork))
		}
		*n.cork = append(*n.cork, p[:room]...)
		p = p[room:]
		if len(p) > 0 {
			n.offer()
		}
	}
}

// offer writes what the socket takes, unless it is full.
func (n *netConn) offer() {
	if n.full {
		return
	}
	if n.tls == nil {
		rest := writeSocket(n.socket, *n.cork)
		n.full = len(rest) > 0
		*n.cork = append((*n.cork)[:0], rest...)
		return
	}
	if _, err := n.tls.Write(*n.cork); err != nil {
		n.full = true // the next write that waits meets the error
		return
	}
	*n.cork = (*n.cork)[:0]
	n.full = !n.offerSealed()
}

// scatter writes what was gathered, if anything was.
func (n *netConn) scatter() error {
	n.writing.Lock()
	defer n.writing.Unlock()
	if n.cork == nil {
		return nil
	}
	err := n.flush()
	uncork(n.cork)
	n.cork = nil
	return err
}

// tryScatter is scatter that does not wait: if it reports false, something is
// still to be written.
func (n *netConn) tryScatter() bool {
	n.writing.Lock()
	defer n.writing.Unlock()
	n.offer()
	full := n.full
	n.trying, n.full = false, false
	if !full {
		uncork(n.cork)
		n.cork = nil
	}
	return !full
}

// uncork gives a buffer back, unless it has become large.
func uncork(buf *[]byte) {
	if cap(*buf) <= 2*corkBytes {
		*buf = (*buf)[:0]
		corkBuffers.Put(buf)
	}
}

// linger lets the peer read what was written last and close its side, for at
// most d; a connection closed with unread bytes would take that from it.
func (n *netConn) linger(d time.Duration) {
	if n.gone || n.use() != nil {
		return
	}
	defer n.unuse()
	if n.tls != nil && (n.tls.CloseWrite() != nil || n.sendSealed() != nil) {
		return
	}
	half, ok := n.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	n.Conn.SetReadDeadline(n.lingerBy(d))
	var scrap [512]byte
	for {
		if _, err := n.Conn.Read(scrap[:]); err != nil {
			return
		}
	}
}

func (n *netConn) lingerBy(d time.Duration) time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := time.Now().Add(d)
	if n.aborted && n.closeBy.Before(t) {
		return n.closeBy
	}
	return t
}
