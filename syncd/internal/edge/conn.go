package edge

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/gate"
)

// conn is one connection.
type conn struct {
	// Immutable after newConn.
	cfg       *Config
	ws        *websocket.Conn
	net       *netConn
	principal *gate.Principal
	out       *outbox
	poller    *poller // of a connection that can rest
	pulses    *pulses
	ended     func()       // tells the Edge
	parties   atomic.Int32 // the reader and the writer, as far as they have not ended

	pulse pulse // of pulses

	// Closed when the connection begins to close; nil before the reader has paused.
	stopping atomic.Pointer[chan struct{}]

	// Owned by the reader: a goroutine, or the poller while the connection rests.
	session Session
	peer    id.Peer // "" before the join
	warned  bool    // of an unknown type
	begun   []byte  // a frame that has begun, while it rests
	had     int     // messages and control frames since a goroutine began to read

	messages, bytes bucket
}

func newConn(e *Edge, ws *websocket.Conn, nc *netConn, principal *gate.Principal) *conn {
	cfg := &e.cfg
	c := &conn{
		cfg: cfg, ws: ws, net: nc, principal: principal, pulses: &e.pulses,
		out: &outbox{
			framesMax: cfg.OutboundFramesMax, bytesMax: cfg.OutboundBytesMax, metrics: cfg.Metrics,
			held: true,
		},
	}
	c.out.stop = func() {
		if stopping := c.stopping.Load(); stopping != nil {
			close(*stopping)
		}
		if nc.interrupt(cfg.CloseTimeout) {
			c.poller.remove(c)
			go c.end(nil)
		}
	}
	c.out.abort = func() { nc.abort(cutTimeout) }
	c.out.start = func() {
		if nc.socket >= 0 {
			e.writers.add(c)
		} else {
			go c.write()
		}
	}
	c.parties.Store(2)
	c.pulses.add(c)
	ws.SetCloseHandler(func(int, string) error { return nil }) // the writer answers
	ws.SetPingHandler(func(data string) error {
		c.had++
		c.out.answer(data)
		return c.throttle(0)
	})
	ws.SetPongHandler(func(string) error {
		c.had++
		return c.throttle(0)
	})
	return c
}

// run is the reader from the handshake on, until the connection rests or has ended.
// A connection that never rests waits in await most of its life, and what its stack
// holds there costs it: less than 1 200 bytes, and the runtime shrinks it to 4 KiB,
// else to 8. So it does no more than wait, and what it calls besides is not inlined.
func (c *conn) run() { c.loop(c.handshake()) }

func (c *conn) loop(err error) {
	for err == nil && !c.rest() {
		err = c.next()
	}
	if err != nil {
		c.end(err)
	}
}

func (c *conn) next() error {
	r, err := c.await()
	if err != nil {
		return err
	}
	return c.receive(r)
}

// end is the last thing that the reader does. Without err the reason is known. It does
// not block if the peer has gone.
//
//go:noinline
func (c *conn) end(err error) {
	if c.session != nil {
		c.session.Leave()
	}
	if err != nil {
		c.finish(err)
	}
	if c.parties.Add(-1) == 0 {
		c.close()
	}
}

// wrote is the last thing that the last writer does.
func (c *conn) wrote() {
	if c.parties.Add(-1) > 0 {
		return
	}
	if c.net.gone {
		c.close()
	} else {
		go c.close()
	}
}

// close closes the connection, when nobody reads or writes any more.
func (c *conn) close() {
	c.pulses.remove(c)
	c.net.linger(lingerTimeout)
	c.net.release()
	reason := c.out.reason()
	c.cfg.Logger.Debug("connection closed", "peer", c.peer, "code", reason.Code, "text", reason.Text, "err", reason.Cause)
	c.ended()
}

// refusal is a reason to close that the peer is told in an error frame first.
type refusal struct{ *wire.CloseError }

// finish begins to close, unless somebody else has.
func (c *conn) finish(err error) {
	var refused refusal
	switch {
	case errors.As(err, &refused): // CL3
		self, _ := c.cfg.Hub.Identity()
		c.out.end(refused.CloseError, wire.Append(nil, wire.Error{Sender: self, Target: c.peer, Message: refused.Text}))
	default:
		c.out.end(closeError(err), nil)
	}
}

func refuse(code int, text string, cause error) error {
	return refusal{&wire.CloseError{Code: code, Text: text, Cause: cause}}
}

// handshake waits for the join and answers it. HS1 to HS12
//
//go:noinline
func (c *conn) handshake() error {
	c.ws.SetReadLimit(joinFrameMax)
	c.ws.SetReadDeadline(time.Now().Add(c.cfg.JoinTimeout))
	r, err := c.await()
	if err != nil {
		return err
	}
	frame, err := c.read(r)
	if err != nil {
		return err
	}
	m, err := c.decode(frame)
	switch {
	case errors.Is(err, wire.ErrTooLarge):
		return refuse(wire.CloseMalformed, "the join message is over a limit", err) // LM2
	case errors.Is(err, wire.ErrMalformed):
		return c.malformed(err)
	}
	join, ok := m.(wire.Join)
	if !ok { // an unknown type or document, too
		return refuse(wire.CloseUnexpected, "expected a join message", err) // HS8
	}
	c.peer = join.Sender
	if !join.Speaks(wire.Version) {
		return refuse(wire.CloseVersion, "unsupported protocol version", nil) // HS7
	}
	c.session, err = c.cfg.Hub.Join(c.principal, join, c.out)
	if err != nil {
		return refusal{closeError(fmt.Errorf("join: %w", err))}
	}
	self, metadata := c.cfg.Hub.Identity()
	c.out.open(wire.Append(nil, wire.Peer{Sender: self, Target: join.Sender, Version: wire.Version, Metadata: metadata}))
	c.cfg.Metrics.Joined.Add(1)
	c.ws.SetReadLimit(int64(c.cfg.Limits.FrameBytes))
	c.ws.SetReadDeadline(time.Time{})
	return nil
}

// receive hands the message in r to the session, when both have room for it. The
// error ends the connection, and says why.
//
//go:noinline
func (c *conn) receive(r io.Reader) error {
	frame, err := c.read(r)
	if err != nil {
		return err
	}
	if err := c.throttle(len(frame)); err != nil {
		return err
	}
	return c.take(frame)
}

// take hands the message over as soon as the session has room for it.
func (c *conn) take(frame []byte) error {
	c.session.Wait(len(frame))
	_, err := c.handle(frame)
	return err
}

// handle hands a message to the session, which has room for it.
func (c *conn) handle(frame []byte) (late bool, err error) {
	if reason := c.out.reason(); reason != nil {
		return false, reason // frames may still lie in the read buffer
	}
	m, err := c.decode(frame)
	if err != nil {
		return false, c.skip(err)
	}
	return c.deliver(m)
}

func (c *conn) deliver(m wire.Message) (late bool, err error) {
	switch m := m.(type) {
	case wire.Join, wire.Peer:
		return false, refuse(wire.CloseUnexpected, "unexpected join or peer message", nil) // HS9
	case wire.Error:
		return false, &wire.CloseError{Code: wire.CloseNormal, Text: "goodbye", // CL3
			Cause: fmt.Errorf("peer says %.200q", m.Message)}
	}
	if m.From() != c.peer { // HS13
		c.cfg.Metrics.SkippedSender.Add(1)
		return false, nil
	}
	if _, ok := m.(wire.Leave); ok {
		return false, &wire.CloseError{Code: wire.CloseNormal, Text: "goodbye"} // CL2
	}
	return c.session.Receive(m)
}

// skip counts a frame that is passed over, or returns the error that ends the
// connection.
func (c *conn) skip(err error) error {
	switch {
	case errors.Is(err, wire.ErrUnknownType): // FR6
		c.cfg.Metrics.SkippedType.Add(1)
		if !c.warned {
			c.warned = true
			c.cfg.Logger.Warn("message of unknown type skipped, said once a connection", "peer", c.peer, "err", err)
		}
	case errors.Is(err, wire.ErrUnknownDocument): // FR8
		c.cfg.Metrics.SkippedDocument.Add(1)
	case errors.Is(err, wire.ErrTooLarge): // LM
		c.cfg.Metrics.SkippedSize.Add(1)
	default:
		return c.malformed(err)
	}
	return nil
}

func (c *conn) malformed(err error) error {
	c.cfg.Metrics.Malformed.Add(1)
	return &wire.CloseError{Code: wire.CloseMalformed, Text: "this frame is no message", Cause: err} // FR2 FR3
}

// decode keeps a defect in the decoder from ending the process.
func (c *conn) decode(frame []byte) (m wire.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			c.cfg.Logger.Error("decoding a frame panicked", "peer", c.peer, "bytes", len(frame), "err", p)
			m, err = nil, fmt.Errorf("%w: panic", wire.ErrMalformed)
		}
	}()
	return wire.Decode(frame, c.cfg.Limits)
}

// scratch holds frames while they come in; what is kept is a copy of just the
// length of the frame.
var scratch = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// await waits for the beginning of a frame.
func (c *conn) await() (io.Reader, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return nil, c.readError(err)
	}
	if kind != websocket.BinaryMessage { // FR1
		return nil, errTextFrame
	}
	return r, nil
}

var errTextFrame = &wire.CloseError{Code: wire.CloseTextFrame, Text: "only binary messages are known here"}

// read waits for the rest of it. The caller owns the frame.
func (c *conn) read(r io.Reader) ([]byte, error) {
	frame, err := readFrame(r)
	if err != nil {
		return nil, c.readError(err)
	}
	c.had++
	c.count(frame)
	return frame, nil
}

func (c *conn) count(frame []byte) {
	c.cfg.Metrics.FramesIn.Add(1)
	c.cfg.Metrics.BytesIn.Add(uint64(len(frame)))
}

func readFrame(r io.Reader) ([]byte, error) {
	buf := scratch.Get().(*[32 << 10]byte)
	defer scratch.Put(buf)
	n := 0
	for n < len(buf) {
		k, err := r.Read(buf[n:])
		n += k
		if err == io.EOF {
			return append(make([]byte, 0, n), buf[:n]...), nil
		}
		if err != nil {
			return nil, err
		}
	}
	frame := append(make([]byte, 0, 2*n), buf[:n]...)
	for {
		k, err := r.Read(frame[len(frame):cap(frame)])
		frame = frame[:len(frame)+k]
		if err == io.EOF {
			return frame, nil
		}
		if err != nil {
			return nil, err
		}
		if len(frame) == cap(frame) {
			frame = append(frame, 0)[:len(frame)]
		}
	}
}

// readError says what the end of reading means.
//
//go:noinline
func (c *conn) readError(err error) error {
	var network net.Error
	var closed *websocket.CloseError
	switch {
	case c.out.reason() != nil: // interrupted: the reason is known
		return c.out.reason()
	case errors.Is(err, websocket.ErrReadLimit): // the peer has been told
		return &wire.CloseError{Code: wire.CloseTooBig, Text: "a frame is too big", Cause: err} // LM1
	case errors.As(err, &network) && network.Timeout():
		return &wire.CloseError{Code: wire.CloseTimeout, Text: "no join message in time", Cause: err} // HS15
	case errors.As(err, &closed), errors.As(err, &network): // it said so, or just went
		c.out.cut(&wire.CloseError{Code: wire.CloseNormal, Text: "goodbye", Cause: err})
	default: // a breach of the websocket protocol, of which the peer has been told
		c.out.cut(&wire.CloseError{Code: wire.CloseProtocol, Text: "this is no websocket frame", Cause: err})
	}
	return c.out.reason()
}

// pace counts a message of n bytes, and says how long it has to wait for what
// came before. LM10 LM11
func (c *conn) pace(n int) time.Duration {
	now := time.Now()
	wait := c.messages.take(now, 1, c.cfg.MessagesPerSecond, c.cfg.MessagesBurst)
	return max(wait, c.bytes.take(now, min(n, c.cfg.BytesBurst), c.cfg.BytesPerSecond, c.cfg.BytesBurst))
}

// bucket is a token bucket, as the time when it will be full: the generic cell rate
// algorithm (ITU-T I.371). The zero value is full. It belongs to the reader, so it needs no lock;
// a Limiter of golang.org/x/time has one, takes 80 bytes, and took 1.5 % of a fan-out to 200.
type bucket struct{ full time.Time }

// take takes n tokens, of which so many come a second and at most burst are there, and
// returns how long to wait until they have come.
func (b *bucket) take(now time.Time, n, perSecond, burst int) (wait time.Duration) {
	if b.full.Before(now) {
		b.full = now
	}
	b.full = b.full.Add(spread(n, perSecond))
	return b.full.Sub(now) - spread(burst, perSecond)
}

// spread is in what time n tokens come, of which there are at most some 9e9.
func spread(n, perSecond int) time.Duration {
	return time.Duration(int64(n) * int64(time.Second) / int64(perSecond))
}

// throttle waits until the peer may have sent one more message of n bytes.
func (c *conn) throttle(n int) error { return c.pause(c.pace(n)) }

// pause waits, or until the connection begins to close.
func (c *conn) pause(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	c.cfg.Metrics.Throttled.Add(1)
	stopping := c.stopping.Load()
	if stopping == nil {
		made := make(chan struct{})
		stopping = &made
		c.stopping.Store(stopping)
	}
	if reason := c.out.reason(); reason != nil { // perhaps it came before there was anything to close
		return reason
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-*stopping:
		return c.out.reason()
	}
}
