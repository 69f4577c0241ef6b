package edge

import (
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/wire"
)

// batchFrames is how many frames the writer takes from the queue at once.
const batchFrames = 64

// closeTextMax is what a close frame has room for beside the code, in bytes.
const closeTextMax = 123

// write is the writer: it drains the queue, asks for signs of life, and has
// the last word. It starts no goroutine and ends when the connection does.
func (c *conn) write() {
	tick := time.NewTicker(c.cfg.PingInterval)
	defer tick.Stop()
	watch := watch{net: c.net}
	for {
		select {
		case <-c.out.wake:
			if done := c.drain(); done {
				return
			}
		case <-tick.C:
			if watch.unanswered() == c.cfg.PongMisses { // LV2
				c.cfg.Metrics.Silent.Add(1)
				c.out.cut(&wire.CloseError{Code: wire.CloseTimeout, Text: "no sign of life"})
				continue
			}
			watch.pings++
			c.control(websocket.PingMessage, nil) // LV1
			tick.Reset(c.cfg.PingInterval)        // a long write may have held up the last one
		}
	}
}

// batches are held only while a queue is drained: idle writers have small
// stacks.
var batches = sync.Pool{New: func() any { return new([batchFrames][]byte) }}

// drain writes what is queued; true means that it was the last.
func (c *conn) drain() (done bool) {
	space := batches.Get().(*[batchFrames][]byte)
	defer func() {
		clear(space[:])
		batches.Put(space)
	}()
	for {
		batch, pong, end := c.out.take(space[:])
		if pong != nil {
			c.control(websocket.PongMessage, pong)
		}
		if len(batch) == 0 {
			if end == nil {
				return false
			}
			c.goodbye(end)
			return true
		}
		err := c.frames(batch)
		c.out.written(batch)
		if err != nil {
			c.broken(err)
			return true
		}
	}
}

// frames writes a batch, gathered into as few writes as may be.
func (c *conn) frames(batch [][]byte) error {
	if len(batch) == 1 {
		return c.ws.WriteMessage(websocket.BinaryMessage, batch[0])
	}
	c.net.gather()
	for _, frame := range batch {
		if err := c.ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
			c.net.release()
			return err
		}
	}
	return c.net.release()
}

// control writes a control frame. If that fails, the next frame fails too, or
// the sign of life stays out.
func (c *conn) control(kind int, data []byte) {
	c.ws.WriteControl(kind, data, time.Now().Add(c.cfg.WriteTimeout))
}

// broken ends a connection that takes no more.
func (c *conn) broken(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.cfg.Metrics.Slow.Add(1)
	}
	c.out.cut(&wire.CloseError{Code: wire.CloseOverload, Text: "the connection takes no more", Cause: err})
	c.net.Close()
}

// goodbye tells the peer why.
func (c *conn) goodbye(end *wire.CloseError) {
	text := strings.ToValidUTF8(end.Text[:min(len(end.Text), closeTextMax)], "")
	c.control(websocket.CloseMessage, websocket.FormatCloseMessage(end.Code, text)) // CL1
}

// watch counts the pings since the last sign of life.
type watch struct {
	net   *netConn
	seen  uint64
	pings int
}

func (w *watch) unanswered() int {
	life := w.net.life.Load()
	if life != w.seen || !w.net.waiting.Load() { // LV2: or it is we who do not read
		w.seen, w.pings = life, 0
	}
	return w.pings
}
