package edge

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"time"
)

// Listener is for tls.NewListener: of its connections the Edge knows what is below
// their TLS, so that they rest as others do, and nobody waits while TLS writes.
type Listener struct{ net.Listener }

func (l Listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &line{conn}, nil
}

// line is what TLS reads from and writes to: the connection, and once that has become a
// websocket, underTLS.
type line struct{ net.Conn }

// lower puts n below the TLS of its connection, if that is of a Listener. Nobody else uses
// the connection yet.
func (n *netConn) lower() {
	secured, ok := n.Conn.(*tls.Conn)
	if !ok {
		return
	}
	if l, ok := secured.NetConn().(*line); ok {
		n.tls, n.Conn = secured, l.Conn
		l.Conn = underTLS{n}
	}
}

// sealedMax bounds what TLS has sealed and nobody has sent, in bytes: a chunk, and what TLS
// says of its own.
const sealedMax = 4 * chunkBytes

// drawnMax bounds what TLS is given to read in one go, in bytes: a record may hold nothing, or a
// byte, and costs as much time as one that is full.
//
// One that changes the keys takes 4 µs for its 28 bytes, which no limit counts; crypto/tls takes 16
// in a row. A MB of them is 0.15 s of processor time, less than one of small requests (0.2 s) or of
// handshakes (1.2 s), which anybody can send.
const drawnMax = 64 << 10

var errSealed = errors.New("too much is waiting below TLS")

// underTLS is a netConn as its TLS sees it. What TLS writes is kept, and sent by the writer
// when TLS has done (unseal): the reader may have to write, too, since a peer can ask TLS for
// new keys, and would wait for a writer that waits for the peer.
type underTLS struct{ *netConn }

func (s underTLS) Write(p []byte) (int, error) {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	if s.sealed == nil {
		s.sealed = corkBuffers.Get().(*[]byte)
	}
	if len(*s.sealed)+len(p) > sealedMax {
		return 0, errSealed
	}
	*s.sealed = append(*s.sealed, p...)
	return len(p), nil
}

func (s underTLS) Read(p []byte) (int, error) { return s.draw(p) }

// draw reads what comes from the network, be it a part of a record. It waits, unless it is on
// behalf of readNow.
func (n *netConn) draw(p []byte) (read int, err error) {
	if n.now {
		read, err = n.drawNow(p)
	} else {
		read, err = n.Conn.Read(p)
	}
	if read > 0 {
		n.life.Add(1) // LV2
	}
	return read, err
}

func (n *netConn) drawNow(p []byte) (int, error) {
	if n.dry || n.drawn == drawnMax {
		return 0, errNotNow{}
	}
	p = p[:min(len(p), drawnMax-n.drawn)]
	read, ok := readSocket(n.socket, p)
	switch {
	case !ok:
		n.dry = true
		return 0, errNotNow{}
	case read == 0:
		return 0, io.EOF
	}
	n.drawn += read
	n.dry = read < len(p) // what comes from now on is reported
	return read, nil
}

// Deadlines and closing are the netConn's own affair.
func (underTLS) Close() error                     { return nil }
func (underTLS) SetDeadline(time.Time) error      { return nil }
func (underTLS) SetReadDeadline(time.Time) error  { return nil }
func (underTLS) SetWriteDeadline(time.Time) error { return nil }

// errNotNow is a net.Error after which TLS can go on.
type errNotNow struct{}

func (errNotNow) Error() string   { return "nothing to read now" }
func (errNotNow) Timeout() bool   { return true }
func (errNotNow) Temporary() bool { return true }

// readNow reads what is there, without waiting, until p is full or drawnMax is reached: dry tells
// that it was not. end tells that nothing will follow.
func (n *netConn) readNow(p []byte) (read int, end bool) {
	n.now, n.dry, n.drawn = true, false, 0
	defer func() { n.now = false }()
	for read < len(p) {
		k, err := n.receive(p[read:])
		read += k
		if err != nil {
			return read, !errors.Is(err, errNotNow{})
		}
	}
	return read, false
}

// spent tells whether TLS holds nothing that could be read: nobody would report that. What
// it holds is read next.
func (n *netConn) spent() bool {
	buf := scratch.Get().(*[32 << 10]byte)
	defer scratch.Put(buf)
	read, end := n.readNow(buf[:])
	if read > 0 {
		n.fed = slices.Clone(buf[:read])
	}
	return read == 0 && !end && n.dry
}

// unseal takes what TLS has written; nil if that is nothing.
func (n *netConn) unseal() *[]byte {
	n.sealing.Lock()
	defer n.sealing.Unlock()
	buf := n.sealed
	n.sealed = nil
	return buf
}

// sendSealed sends what TLS has written. It may block.
func (n *netConn) sendSealed() error {
	buf := n.unseal()
	if buf == nil {
		return nil
	}
	n.armWrite()
	_, err := n.Conn.Write(*buf)
	uncork(buf)
	return err
}

// reply sends what TLS had to say to what it read, such as its part of new keys, if nobody is
// writing. What is left goes out before the next write.
func (n *netConn) reply() {
	if n.tls == nil || !n.writing.TryLock() {
		return
	}
	defer n.writing.Unlock()
	n.offerSealed()
}

// offerSealed sends of it what the socket takes at once, and reports whether that is all.
func (n *netConn) offerSealed() bool {
	n.sealing.Lock()
	defer n.sealing.Unlock()
	if n.sealed == nil {
		return true
	}
	rest := writeSocket(n.socket, *n.sealed)
	if len(rest) > 0 {
		*n.sealed = append((*n.sealed)[:0], rest...)
		return false
	}
	uncork(n.sealed)
	n.sealed = nil
	return true
}
