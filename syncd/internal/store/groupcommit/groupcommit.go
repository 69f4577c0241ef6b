// Package groupcommit joins the appends of many documents into one durable
// batch, so that many writers share one flush.
//
// It promises that whoever submitted an append hears its outcome exactly once,
// and hears nil only when the store has made the append durable. It never
// reorders the appends of a document, never holds more bytes than it was told
// to, and never guesses after a write with unknown outcome: it stops.
//
// The Committer owns one goroutine, which Close ends. It is the only one to
// call Commit of the store; reading goes to the store directly.
package groupcommit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Defaults of Config.
const (
	WaitMaxDefault       = 2 * time.Millisecond
	BatchBytesMaxDefault = 1 << 20
	QueueBytesMaxDefault = 64 << 20
)

// appendBytesMore is what an append counts besides its changes, so that many
// tiny ones have a bound too.
const appendBytesMore = 256

// authorBytes is what an author of an append counts.
const authorBytes = 256

// Config says how appends are joined. Zero values mean the defaults.
type Config struct {
	// WaitMax is how long a batch may wait for writers that were there when the
	// batch before it ended. Negative means never.
	WaitMax time.Duration

	// BatchBytesMax is the size, uncompressed, at which a batch takes no
	// further append. A single append may be larger.
	BatchBytesMax int

	// QueueBytesMax bounds what was submitted and has no outcome yet. Over it
	// Submit blocks. A single larger append is let in when nothing else is.
	QueueBytesMax int

	// Logger hears of each batch at debug level, of a refused one as a warning
	// and of the end as an error. Nil means silence.
	Logger *slog.Logger

	// Observe is told of each batch that became durable: how many appends, how
	// many bytes, how long Commit took. It runs on the committer's goroutine
	// and must not block. It may be nil.
	Observe func(batch, bytes int, elapsed time.Duration)
}

// Committer commits appends in batches.
//
// # Invariants
//
//   - One Commit is under way at a time, and each batch has at most one append
//     of a document. So a document never has two Commits under way, and what a
//     document submitted first is stored first.
//   - done is called after Commit has returned, on the committer's goroutine,
//     in the order of submission within a batch; then the next batch is formed.
//   - An append is in exactly one place: waiting for room (Submit blocks), in
//     the queue, in the batch under way, or done. used counts the two in the
//     middle.
//   - After a write of unknown outcome no Commit is tried again.
//
// # Outline
//
//	Submit:  wait for room, in order of arrival; append to the queue; wake the committer
//	run:     wait until the queue has something
//	         take a batch: from the front, each document once, up to BatchBytesMax
//	         if there was more than one writer, wait until as many have come
//	         Commit; tell each member; make room; let in who waits for it
//
// # Why not a timer alone
//
// A fixed window costs every lone writer the whole window, and the lone writer
// is the common case on a board: one person posts. The flush is a window of its
// own: what arrives while it runs is the next batch, and nobody waits for
// nothing. That alone has one flaw. When twenty writers each wait for their
// answer before writing again, the first to be answered would be flushed alone
// while the nineteen others just miss it, and the batches swing between one and
// nineteen. So a batch that follows one with several members waits until as
// many have come again, and at most WaitMax: in that state company is near.
// A lone writer after a lone writer never waits.
//
// # What was dropped
//
//   - Joining several appends of one document in one batch. The document's owner
//     does it better, before it submits: it knows the heads of the whole.
//   - Preparing the next batch while one is flushed. Compressing takes a tenth
//     of the time of the flush, and the order of the invariants above would
//     need a second goroutine to keep.
//   - Telling waiters by channel. Each would cost a goroutine that waits, or an
//     allocation; done can send on a channel if its owner wants one.
type Committer struct {
	// Immutable after New.
	store store.Store
	cfg   Config
	log   *slog.Logger

	wake  chan struct{} // capacity 1; Submit and Close send, run receives
	fatal chan error    // capacity 1; run sends at most once
	ended chan struct{} // closed by run when it ends

	mu sync.Mutex
	// Guarded by mu.
	queue   []entry
	used    int      // bytes in the queue and in the batch under way
	waiting []ticket // Submits that wait for room, first come first
	refuse  error    // what Submit returns, once it takes nothing more
}

// entry is an append that waits for its batch.
type entry struct {
	append store.Append
	bytes  int
	done   func(error)
}

// ticket is a place in the line for room.
type ticket struct {
	bytes   int
	granted chan error // capacity 1; nil once the bytes are counted in used
}

// New starts a committer on a store, which must outlive it.
func New(s store.Store, cfg Config) *Committer {
	if cfg.WaitMax == 0 {
		cfg.WaitMax = WaitMaxDefault
	}
	if cfg.BatchBytesMax == 0 {
		cfg.BatchBytesMax = BatchBytesMaxDefault
	}
	if cfg.QueueBytesMax == 0 {
		cfg.QueueBytesMax = QueueBytesMaxDefault
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Committer{
		store: s, cfg: cfg, log: cfg.Logger,
		wake:  make(chan struct{}, 1),
		fatal: make(chan error, 1),
		ended: make(chan struct{}),
	}
	go c.run()
	return c
}

// Submit queues an append, and blocks while the queue is over its limit.
//
// If it returns nil, done is called exactly once, on the committer's goroutine,
// with the outcome; done must not block and must not call Submit or Close. If
// it returns an error, nothing was queued and done is never called: the error
// is that of ctx, or store.ErrClosed after Close, or one that wraps
// store.ErrUnknownOutcome after such a write.
func (c *Committer) Submit(ctx context.Context, a store.Append, done func(error)) error {
	e := entry{append: a, bytes: a.Bytes() + appendBytesMore + len(a.Authors)*authorBytes, done: done}
	c.mu.Lock()
	if c.refuse != nil {
		defer c.mu.Unlock()
		return c.refuse
	}
	if len(c.waiting) == 0 && c.hasRoom(e.bytes) {
		c.used += e.bytes
		c.push(e)
		c.mu.Unlock()
		return nil
	}
	t := ticket{e.bytes, make(chan error, 1)}
	c.waiting = append(c.waiting, t)
	c.mu.Unlock()
	return c.await(ctx, t, e)
}

// await waits for room.
func (c *Committer) await(ctx context.Context, t ticket, e entry) error {
	var err error
	select {
	case err = <-t.granted:
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		if !c.leaveLine(t) && <-t.granted == nil {
			c.release(t.bytes)
		}
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse != nil {
		c.release(t.bytes)
		return c.refuse
	}
	c.push(e)
	return nil
}

// hasRoom needs mu.
func (c *Committer) hasRoom(bytes int) bool {
	return c.used == 0 || c.used+bytes <= c.cfg.QueueBytesMax
}

// push queues an entry whose bytes are counted. It needs mu.
func (c *Committer) push(e entry) {
	c.queue = append(c.queue, e)
	c.signal()
}

func (c *Committer) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// release gives bytes back and lets in who waits for them. It needs mu.
func (c *Committer) release(bytes int) {
	c.used -= bytes
	for len(c.waiting) > 0 && c.hasRoom(c.waiting[0].bytes) {
		t := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.used += t.bytes
		t.granted <- nil
	}
}

// leaveLine reports whether the ticket was still in the line. It needs mu.
func (c *Committer) leaveLine(t ticket) bool {
	for i, w := range c.waiting {
		if w.granted == t.granted {
			c.waiting = append(c.waiting[:i:i], c.waiting[i+1:]...)
			c.release(0) // who came after may need less
			return true
		}
	}
	return false
}

// stop lets nothing more in. It needs mu.
func (c *Committer) stop(err error) {
	if c.refuse == nil {
		c.refuse = err
	}
	for _, t := range c.waiting {
		t.granted <- err
	}
	c.waiting = nil
	c.signal()
}

// Fatal receives one error when a write had an unknown outcome or the store was
// closed under the committer. Everyone who waits has heard it or will; the
// process must end, and opening the store again decides what was stored.
func (c *Committer) Fatal() <-chan error { return c.fatal }

// Close takes nothing more, commits what is queued and returns when the last
// done has returned. Submits that wait for room get store.ErrClosed. It may be
// called several times.
func (c *Committer) Close() {
	c.mu.Lock()
	c.stop(store.ErrClosed)
	c.mu.Unlock()
	<-c.ended
}

// isFatal tells errors after which the store takes no write any more.
func isFatal(err error) bool {
	return errors.Is(err, store.ErrUnknownOutcome) || errors.Is(err, store.ErrClosed)
}

// halt lets nothing more in after a fatal error.
func (c *Committer) halt(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = fmt.Errorf("the committer has stopped: %w", cause)
	c.stop(c.refuse)
}

// end tells everyone who is queued, and main. It follows halt.
func (c *Committer) end(cause error) {
	c.mu.Lock()
	err, rest := c.refuse, c.queue
	c.queue = nil
	c.mu.Unlock()
	c.answer(rest, err)
	c.log.Error("the committer has stopped", "err", cause)
	c.fatal <- err
}
