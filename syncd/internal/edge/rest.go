package edge

import (
	"runtime"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// begunBytesMax is how much of a frame a connection keeps while it rests. A longer
// one is read by a goroutine.
const begunBytesMax = 16 << 10

// pongBytesMax is the payload of a control frame (RFC 6455, 5.5).
const pongBytesMax = 125

// A connection whose peer has nothing to say rests: it has no goroutine, and a
// poller reads what comes. What is whole and ordinary the poller handles at once.
// For anything else a goroutine takes over, which may wait, and lets the
// connection rest again when it has done with all that was read.

// rest lets the connection rest, if it can. Then the caller is no longer the reader.
//
//go:noinline
func (c *conn) rest() bool {
	n := c.net
	if n.socket < 0 || len(n.fed) > 0 || !n.frames.between() || n.frames.ended != c.had {
		return false
	}
	if n.tls != nil && !n.spent() {
		return false
	}
	if err := c.poller.add(c); err != nil {
		c.cfg.Logger.Warn("a connection cannot rest", "peer", c.peer, "err", err)
		return false
	}
	socket := n.socket
	if !n.leave() {
		c.poller.remove(c)
		return false
	}
	c.poller.again(socket) // what came between was reported to nobody who might read it
	return true
}

// follow makes a goroutine the reader. It begins with a message, if there is one,
// after wait, and goes on with what was read besides.
func (c *conn) follow(frame []byte, wait time.Duration, more []byte) {
	c.poller.remove(c)
	c.net.waiting.Store(false)
	c.net.fed, c.net.frames, c.had = slices.Clone(more), framing{}, 0
	go func() {
		err := c.net.use()
		if err == nil {
			err = c.pause(wait)
		}
		switch {
		case err != nil:
		case frame != nil:
			err = c.take(frame)
		default:
			err = c.next()
		}
		c.loop(err)
	}()
}

// over ends the connection. The poller calls it.
func (c *conn) over(err error) {
	c.poller.remove(c)
	if c.net.gone {
		c.end(err)
		runtime.Gosched() // if many go at once, their documents take note before the next goes
	} else {
		go c.end(err)
	}
}

// readable reads what has come for a connection that rests. The poller calls it.
// buf is the poller's. ended tells that the end has come, perhaps after more. late is
// that of Session.Receive.
func (c *conn) readable(buf []byte, ended bool) (late bool) {
	if !c.net.rouse() {
		return true
	}
	socket := c.net.socket
	n, end := c.net.readNow(buf)
	c.net.reply()
	if n == 0 && end {
		c.lost()
		return false
	}
	data := buf[:n]
	if len(c.begun) > 0 {
		data = append(c.begun, data...)
		c.begun = nil
	}
	if c.net.tls != nil && !end && (n == len(buf) || !c.net.dry) { // what TLS still holds is reported by nobody
		c.follow(nil, 0, data)
		return false
	}
	late, mine := c.digest(data)
	switch {
	case mine && end:
		c.lost()
	case mine && !c.net.rest():
		c.over(nil)
	case mine && (n == len(buf) || ended):
		c.poller.again(socket)
	}
	return late
}

// lost ends a connection whose peer has gone.
func (c *conn) lost() {
	c.net.gone = true
	c.over(c.readError(&websocket.CloseError{Code: websocket.CloseAbnormalClosure}))
}

// digest handles frames. It reports whether the poller is still the reader.
func (c *conn) digest(data []byte) (late, mine bool) {
	late = true
	for len(data) > 0 {
		h, ok := readHead(data)
		if ok && !c.ordinary(h) || len(data) > begunBytesMax && h.whole(data) == 0 {
			c.follow(nil, 0, data)
			return false, false
		}
		size := 0
		if ok {
			size = h.whole(data)
		}
		if size == 0 {
			c.begun = slices.Clone(data)
			return false, true
		}
		var frame []byte
		if h.first == frameFin|opBinary {
			frame = h.unmasked(data[:size])
			c.count(frame)
		}
		data = data[size:]
		wait := c.pace(len(frame))
		if wait > 0 || frame != nil && !c.session.Ready(len(frame)) {
			c.follow(frame, wait, data)
			return false, false
		}
		if frame == nil {
			continue // a pong
		}
		l, err := c.handle(frame)
		if err != nil {
			c.over(err)
			return false, false
		}
		late = late && l
	}
	return late, true
}

// ordinary tells whether a frame is a whole message within the limit, or a pong.
func (c *conn) ordinary(h head) bool {
	switch {
	case !h.masked:
		return false
	case h.first == frameFin|opPong:
		return h.payload <= pongBytesMax
	}
	return h.first == frameFin|opBinary && h.payload <= uint64(c.cfg.Limits.FrameBytes)
}
