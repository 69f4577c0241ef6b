package groupcommit

import (
	"errors"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// passedMax is how many entries of documents that are in the batch already are
// passed over in search of other documents. It keeps one document with a long
// queue from costing every batch a walk over all of it.
const passedMax = 1024

// run forms and commits batches until Close or a fatal error.
func (c *Committer) run() {
	defer close(c.ended)
	writers := 0
	for c.sleep() {
		if writers > 1 {
			c.company(writers)
		}
		batch, passed := c.take()
		queued, err := c.commit(batch)
		if err != nil {
			c.end(err)
			return
		}
		writers = len(batch) + queued - passed
	}
}

// sleep returns true once the queue has something, and false when it is empty
// and Close was called.
func (c *Committer) sleep() bool {
	for {
		c.mu.Lock()
		some, over := len(c.queue) > 0, c.refuse != nil
		c.mu.Unlock()
		if some {
			return true
		}
		if over {
			return false
		}
		<-c.wake
	}
}

// company waits until the queue has an entry of each writer, or for WaitMax, or
// until a batch is full.
func (c *Committer) company(writers int) {
	if c.cfg.WaitMax < 0 || c.enough(writers) {
		return
	}
	timer := time.NewTimer(c.cfg.WaitMax)
	defer timer.Stop()
	for {
		select {
		case <-c.wake:
			if c.enough(writers) {
				return
			}
		case <-timer.C:
			return
		}
	}
}

func (c *Committer) enough(writers int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.queue) >= writers || c.used >= c.cfg.BatchBytesMax || c.refuse != nil
}

// take removes a batch from the queue: from its front, each document once, up
// to BatchBytesMax. What it passes over keeps its order; it is of documents that are
// in the batch, and so of no further writers.
func (c *Committer) take() (batch []entry, passedOver int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var passed []entry
	bytes, at := 0, 0
	seen := make(map[id.Document]struct{})
	for ; at < len(c.queue) && len(passed) < passedMax; at++ {
		e := c.queue[at]
		if len(batch) > 0 && bytes+e.bytes > c.cfg.BatchBytesMax {
			break
		}
		if _, twice := seen[e.append.Document]; twice {
			passed = append(passed, e)
			continue
		}
		seen[e.append.Document] = struct{}{}
		batch = append(batch, e)
		bytes += e.bytes
	}
	clear(c.queue[:len(batch)]) // lets go of the changes
	copy(c.queue[len(batch):at], passed)
	c.queue = c.queue[len(batch):]
	return batch, len(passed)
}

// commit stores a batch and tells its members. It returns how many entries were
// queued when it began to tell them. The error is a fatal one.
func (c *Committer) commit(batch []entry) (queued int, fatal error) {
	appends := make([]store.Append, len(batch))
	bytes := 0
	for i, e := range batch {
		appends[i] = e.append
		bytes += e.append.Bytes()
	}
	began := time.Now()
	err := c.store.Commit(appends)
	elapsed := time.Since(began)

	switch {
	case err == nil:
		c.log.Debug("batch committed", "batch", len(batch), "bytes", bytes, "elapsed", elapsed)
		if c.cfg.Observe != nil {
			c.cfg.Observe(len(batch), bytes, elapsed)
		}
	case isFatal(err):
		c.halt(err) // before there is room, so that nobody is let in
		return c.answer(batch, err), err
	case !errors.Is(err, store.ErrFull) && len(batch) > 1:
		return c.commitEach(batch)
	default:
		c.log.Warn("batch refused", "batch", len(batch), "bytes", bytes, "err", err)
	}
	return c.answer(batch, err), nil
}

// commitEach commits the members of a refused batch one by one, so that only
// the one at fault hears of it. It is slow, and rare: a document has two
// writers, or is damaged.
func (c *Committer) commitEach(batch []entry) (queued int, fatal error) {
	for i, e := range batch {
		if queued, fatal = c.commit([]entry{e}); fatal != nil {
			return c.answer(batch[i+1:], fatal), fatal
		}
	}
	return queued, nil
}

// answer tells the members of a batch, gives their bytes back and returns how
// many entries were queued before.
func (c *Committer) answer(batch []entry, err error) (queued int) {
	c.mu.Lock()
	queued = len(c.queue)
	c.mu.Unlock()
	bytes := 0
	for _, e := range batch {
		e.done(err)
		bytes += e.bytes
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.release(bytes)
	return queued
}
