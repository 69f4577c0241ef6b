package edge

import (
	"sync"

	"github.com/tavle-org/tavle/crdt/wire"
)

// outbox is the queue between the hub and the writer of one connection.
type outbox struct {
	// Immutable after newConn.
	framesMax, bytesMax int
	metrics             *Metrics
	stop                func()        // ends reading, bounds writing; called once, when closing begins
	wake                chan struct{} // of one; whoever queues sends, the writer receives

	// Guarded by mu.
	mu      sync.Mutex
	held    bool     // until open: nothing goes out
	queue   [][]byte // not yet taken, from next on
	next    int
	frames  int // queued or being written
	bytes   int // likewise
	pong    []byte
	muted   bool             // Send does nothing: the connection will be closed soon
	closing *wire.CloseError // once set, nothing more is queued
}

var _ Outbox = (*outbox)(nil)

func (o *outbox) Send(frame []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing != nil || o.muted {
		return
	}
	if o.frames+1 > o.framesMax || o.bytes+len(frame) > o.bytesMax {
		o.metrics.Slow.Add(1)
		o.discard()
		o.close(&wire.CloseError{Code: wire.CloseOverload, Text: "too much is waiting to be read by this client"})
		return
	}
	o.push(frame)
}

func (o *outbox) SendLossy(frame []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing != nil || o.muted {
		return
	}
	if o.frames > o.framesMax/2 || o.bytes+len(frame) > o.bytesMax/2 {
		o.metrics.DroppedLossy.Add(1)
		return
	}
	o.push(frame)
}

func (o *outbox) Close(code int, text string) {
	o.end(&wire.CloseError{Code: code, Text: text}, nil)
}

func (o *outbox) Cut(code int, text string) {
	o.cut(&wire.CloseError{Code: code, Text: text})
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
		o.push(last)
	}
	o.close(reason)
}

// cut closes without what is queued.
func (o *outbox) cut(reason *wire.CloseError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.discard()
	o.close(reason)
}

// open lets the queue go, with first at its head.
func (o *outbox) open(first []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing == nil {
		o.frames++
		o.bytes += len(first)
		o.queue = append([][]byte{first}, o.queue...)
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

// reason returns why the connection closes, or nil.
func (o *outbox) reason() *wire.CloseError {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closing
}

// take fills batch, up to its capacity, and returns the pong that is owed. An
// empty batch with a reason means that this was all.
func (o *outbox) take(batch [][]byte) (_ [][]byte, pong []byte, end *wire.CloseError) {
	o.mu.Lock()
	defer o.mu.Unlock()
	pong, o.pong = o.pong, nil
	if o.held && o.closing == nil {
		return batch[:0], pong, nil
	}
	n := min(len(o.queue)-o.next, cap(batch))
	batch = batch[:n]
	copy(batch, o.queue[o.next:])
	clear(o.queue[o.next : o.next+n])
	if o.next += n; o.next == len(o.queue) {
		o.empty()
	}
	return batch, pong, o.closing
}

// written gives back the room of frames that were taken.
func (o *outbox) written(batch [][]byte) {
	bytes := 0
	for _, frame := range batch {
		bytes += len(frame)
	}
	o.metrics.FramesOut.Add(uint64(len(batch)))
	o.metrics.BytesOut.Add(uint64(bytes))
	o.mu.Lock()
	defer o.mu.Unlock()
	o.frames -= len(batch)
	o.bytes -= bytes
}

// The methods below are called with mu held.

func (o *outbox) push(frame []byte) {
	o.queue = append(o.queue, frame)
	o.frames++
	o.bytes += len(frame)
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default: // the writer is told already
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
	for _, frame := range o.queue[o.next:] {
		o.frames--
		o.bytes -= len(frame)
	}
	o.queue = nil
	o.empty()
}

// empty keeps a small queue for the next frames and lets a large one go.
func (o *outbox) empty() {
	const keep = 16
	o.next = 0
	if cap(o.queue) > keep {
		o.queue = nil
	}
	o.queue = o.queue[:0]
}
