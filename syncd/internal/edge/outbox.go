package edge

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tavle-org/tavle/crdt/wire"
)

// outbox is what waits to be written to one connection. At most one writer takes
// from it at a time; there is none while nothing waits.
type outbox struct {
	// Immutable after newConn.
	framesMax, bytesMax int
	metrics             *Metrics
	stop                func() // ends reading, bounds writing; called once, when closing begins
	abort               func() // bounds writing more narrowly; called after stop with mu held
	start               func() // gets a writer; called with mu held

	ended atomic.Bool // cut: nothing of what waits goes out any more, even if it was taken

	// Guarded by mu.
	mu         sync.Mutex
	held       bool         // until open: no frame goes out
	writing    bool         // there is a writer, for start has been called
	queue      []wire.Frame // not yet taken, from next on
	next       int
	frames     int // queued or being written
	bytes      int // likewise
	taken      int // frames being written
	takenBytes int
	pong       []byte
	ping       bool
	pings      int              // that were taken
	muted      bool             // Send does nothing: the connection will be closed soon
	closing    *wire.CloseError // once set, nothing more is queued
}

var _ Outbox = (*outbox)(nil)

func (o *outbox) Send(f wire.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing != nil || o.muted {
		return
	}
	if o.frames+1 > o.framesMax || o.bytes+f.Len() > o.bytesMax {
		o.metrics.Slow.Add(1)
		o.discard()
		o.close(&wire.CloseError{Code: wire.CloseOverload, Text: "too much is waiting to be read by this client"})
		return
	}
	o.push(f)
}

func (o *outbox) SendLossy(f wire.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing != nil || o.muted {
		return
	}
	if o.frames > o.framesMax/2 || o.bytes+f.Len() > o.bytesMax/2 {
		o.metrics.DroppedLossy.Add(1)
		return
	}
	o.push(f)
}

func (o *outbox) Close(code int, text string) {
	o.end(&wire.CloseError{Code: code, Text: text}, nil)
}

func (o *outbox) Cut(code int, text string) {
	o.cut(&wire.CloseError{Code: code, Text: text})
}

func (o *outbox) Recall(code int, text string) {
	o.mute()
	time.AfterFunc(settleTimeout, func() { o.Close(code, text) })
}

// mute drops what is sent from now on.
func (o *outbox) mute() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.muted = true
}

// end closes after what is queued and last, if that is not nil.
func (o *outbox) end(reason *wire.CloseError, last []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing != nil {
		return
	}
	if last != nil {
		o.push(wire.Frame{Head: last})
	}
	o.close(reason)
}

// cut closes without what is queued. CL9
func (o *outbox) cut(reason *wire.CloseError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended.Store(true)
	o.discard()
	o.close(reason)
	o.abort()
}

// open lets the queue go, with first at its head.
func (o *outbox) open(first []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing == nil {
		o.frames++
		o.bytes += len(first)
		o.queue = append([]wire.Frame{{Head: first}}, o.queue...)
	}
	o.held = false
	o.signal()
}

// answer queues a pong; of several, the last is enough (RFC 6455, 5.5.3).
func (o *outbox) answer(ping string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pong = append([]byte{}, ping...)
	o.signal()
}

// ask queues a ping.
func (o *outbox) ask() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ping = true
	o.signal()
}

// asked is how many pings have gone to the writer.
func (o *outbox) asked() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pings
}

// reason returns why the connection closes, or nil.
func (o *outbox) reason() *wire.CloseError {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closing
}

// turn is what a writer writes at once.
type turn struct {
	frames []wire.Frame
	pong   []byte
	ping   bool
	end    *wire.CloseError // once nothing else is left
}

// unbounded is the bytesMax of a writer that may block.
const unbounded = math.MaxInt

// take gives the writer its turn: as many frames as batch has room for, and one, or
// no more than bytesMax together. It reports false when what waits is not for a
// writer that may not block: what goes out before the end.
func (o *outbox) take(batch []wire.Frame, bytesMax int) (t turn, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing != nil && bytesMax != unbounded {
		if o.waiting() {
			return turn{}, false
		}
		return turn{end: o.closing}, true
	}
	t = turn{frames: batch[:0], pong: o.pong, ping: o.ping}
	for o.waiting() && len(t.frames) < cap(batch) &&
		(len(t.frames) == 0 || o.takenBytes+o.queue[o.next].Len() <= bytesMax) {
		f := o.queue[o.next]
		o.queue[o.next] = wire.Frame{}
		o.next++
		o.takenBytes += f.Len()
		t.frames = append(t.frames, f)
	}
	o.taken = len(t.frames)
	if o.ping {
		o.pings++
	}
	o.pong, o.ping = nil, false
	if o.next == len(o.queue) {
		o.empty()
		t.end = o.closing
	}
	return t, o.taken > 0 || t.pong != nil || t.ping || t.end != nil
}

// written gives back the room of what was taken. It reports whether the writer
// goes on; otherwise it has ended, and signal will start the next.
func (o *outbox) written() (more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.taken > 0 {
		o.metrics.FramesOut.Add(uint64(o.taken))
		o.metrics.BytesOut.Add(uint64(o.takenBytes))
		o.frames -= o.taken
		o.bytes -= o.takenBytes
		o.taken, o.takenBytes = 0, 0
	}
	o.writing = o.ready()
	return o.writing
}

// The methods below are called with mu held.

func (o *outbox) push(f wire.Frame) {
	o.queue = append(o.queue, f)
	o.frames++
	o.bytes += f.Len()
	o.signal()
}

// waiting tells whether a frame may go out.
func (o *outbox) waiting() bool {
	return o.next < len(o.queue) && (!o.held || o.closing != nil)
}

// ready tells whether there is anything to write.
func (o *outbox) ready() bool {
	return o.waiting() || o.pong != nil || o.ping || o.closing != nil
}

// signal sees to it that there is a writer if there is anything to write.
func (o *outbox) signal() {
	if !o.writing && o.ready() {
		o.writing = true
		o.start()
	}
}

func (o *outbox) close(reason *wire.CloseError) {
	if o.closing != nil {
		return
	}
	o.closing = reason
	o.stop()
	o.signal()
}

func (o *outbox) discard() {
	for _, f := range o.queue[o.next:] {
		o.frames--
		o.bytes -= f.Len()
	}
	o.queue = nil
	o.empty()
}

// empty keeps a small queue for the next frames and lets a large one go.
func (o *outbox) empty() {
	const keep = 8
	o.next = 0
	if cap(o.queue) > keep {
		o.queue = nil
	}
	o.queue = o.queue[:0]
}
