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
		batch := c.take()
		others, err := c.commit(batch)
		if err != nil {
			c.end(err)
			return
		}
		writers = len(batch) + others
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
// to BatchBytesMax. What it passes over keeps its order.
func (c *Committer) take() (batch []entry) {
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
	return batch
}

// commit stores a batch and tells its members. It returns how many other documents
// were queued when it began to tell them. The error is a fatal one.
func (c *Committer) commit(batch []entry) (others int, fatal error) {
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
func (c *Committer) commitEach(batch []entry) (others int, fatal error) {
	for i, e := range batch {
		if others, fatal = c.commit([]entry{e}); fatal != nil {
			return c.answer(batch[i+1:], fatal), fatal
		}
	}
	return others, nil
}

// answer tells the members of a batch, gives their bytes back and returns how
// many other documents were queued before: each has a writer, however many
// appends it has submitted.
func (c *Committer) answer(batch []entry, err error) (others int) {
	c.mu.Lock()
	documents := make(map[id.Document]struct{}, len(batch))
	for _, e := range batch {
		documents[e.append.Document] = struct{}{}
	}
	known := len(documents)
	for _, e := range c.queue[:min(len(c.queue), passedMax)] {
		documents[e.append.Document] = struct{}{}
	}
	others = len(documents) - known
	c.mu.Unlock()
	bytes := 0
	for _, e := range batch {
		e.done(err)
		bytes += e.bytes
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.release(bytes)
	return others
}
