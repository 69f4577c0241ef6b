package edge

import (
	"errors"
	"net"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/wire"
)

// batchFrames is how many frames a writer takes at once.
const batchFrames = 64

// closeTextMax is what a close frame has room for beside the code, in bytes.
const closeTextMax = 123

// turnBytes is after how many bytes it is the next connection's turn.
const turnBytes = 128 << 10

// batch is the room for what a writer takes. It is held only while there is something
// to write.
type batch [batchFrames]wire.Frame

var batches = sync.Pool{New: func() any { return new(batch) }}

// writers are a few goroutines that write to all connections of an Edge what can
// be written without waiting: a message to two hundred peers wakes one or two
// goroutines, not two hundred, and an idle connection has none. What the socket
// does not take at once goes on in a goroutine of that connection, which may block.
type writers struct {
	max int // at most so many goroutines

	// Guarded by mu.
	mu      sync.Mutex
	due     []*conn // whose turns come, in their order, from next on; each is there once
	next    int
	running int
}

// newWriters leaves most processors to what there is to say: what is written at
// once takes some 10 µs.
func newWriters() *writers { return &writers{max: max(1, runtime.GOMAXPROCS(0)/4)} }

// add gives a connection a turn after all that are due.
func (w *writers) add(c *conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next > batchFrames && 2*w.next > len(w.due) { // it may never come to an end
		w.due, w.next = append(w.due[:0], w.due[w.next:]...), 0
	}
	w.due = append(w.due, c)
	if w.running < w.max {
		w.running++
		go w.run()
	}
}

func (w *writers) run() {
	b := batches.Get().(*batch)
	defer batches.Put(b)
	for c := w.first(); c != nil; c = w.first() {
		switch c.turn(b) {
		case goesOn:
			w.add(c)
		case blocks:
			go c.write()
		}
	}
}

// first takes the connection whose turn it is. Without one the goroutine ends.
func (w *writers) first() *conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == len(w.due) {
		w.due, w.next = nil, 0
		w.running--
		return nil
	}
	c := w.due[w.next]
	w.due[w.next] = nil
	w.next++
	return c
}

type outcome int

const (
	rests  outcome = iota // nothing is left to write, or nobody to write to
	goesOn                // there is more
	blocks                // there is what only a writer that may block can write
)

// turn writes what can be written at once, in one piece.
func (c *conn) turn(b *batch) outcome {
	if !c.net.tryGather() {
		return blocks
	}
	t, ok := c.out.take(b[:], turnBytes)
	err := c.compose(t)
	switch {
	case err != nil:
		c.broken(err)
		return rests
	case !ok:
		c.net.tryScatter() // nothing was gathered
		return blocks
	case t.end != nil:
		c.goodbye(t.end)
		if !c.net.tryScatter() {
			go c.last()
		} else {
			c.wrote()
		}
		return rests
	case !c.net.tryScatter():
		return blocks
	case c.out.written():
		return goesOn
	}
	return rests
}

// write writes until nothing is left. It may block. What a turn has begun comes
// first.
func (c *conn) write() {
	b := batches.Get().(*batch)
	defer batches.Put(b)
	err := c.net.use()
	if err == nil {
		defer c.net.unuse()
		err = c.net.scatter()
	}
	for err == nil && c.out.written() {
		t, _ := c.out.take(b[:], unbounded)
		c.net.gather()
		err = c.compose(t)
		if err == nil {
			err = c.net.scatter()
		}
		if err == nil && t.end != nil {
			c.goodbye(t.end)
			c.wrote()
			return
		}
	}
	if err != nil {
		c.broken(err)
	}
}

// compose makes websocket frames of a turn. They are gathered, but for large ones.
func (c *conn) compose(t turn) error {
	defer clear(t.frames)
	if t.pong != nil {
		c.control(websocket.PongMessage, t.pong)
	}
	for _, f := range t.frames {
		if c.out.ended.Load() {
			break
		}
		if err := c.net.writeFrame(f); err != nil {
			return err
		}
	}
	if t.ping {
		c.control(websocket.PingMessage, nil) // LV1
		c.pulses.add(c)
	}
	return nil
}

// control writes a control frame. If that fails, the next frame fails too, or
// the sign of life stays out.
func (c *conn) control(kind int, data []byte) {
	c.ws.WriteControl(kind, data, time.Now().Add(c.cfg.WriteTimeout))
}

// broken ends a connection that takes no more, and its last writer.
func (c *conn) broken(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.cfg.Metrics.Slow.Add(1)
	}
	c.out.cut(&wire.CloseError{Code: wire.CloseOverload, Text: "the connection takes no more", Cause: err})
	c.net.Close()
	c.wrote()
}

// last writes what is left of the last frame. It may block.
func (c *conn) last() {
	defer c.wrote()
	if c.net.use() == nil {
		defer c.net.unuse()
		c.net.scatter()
	}
}

// goodbye tells the peer why.
func (c *conn) goodbye(end *wire.CloseError) {
	text := strings.ToValidUTF8(end.Text[:min(len(end.Text), closeTextMax)], "")
	c.control(websocket.CloseMessage, websocket.FormatCloseMessage(end.Code, text)) // CL1
}
