package groupcommit_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/groupcommit"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// slow is a store whose Commit takes a while, as a flush does, and can be made
// to fail. It remembers the documents of each batch.
type slow struct {
	*mem.Store
	elapsed time.Duration

	mu      sync.Mutex
	batches [][]id.Document                  // guarded by mu
	fail    func(batch []store.Append) error // guarded by mu
}

func newSlow(elapsed time.Duration) *slow {
	return &slow{Store: mem.Open(mem.NewDisk()), elapsed: elapsed}
}

func (s *slow) Commit(batch []store.Append) error {
	time.Sleep(s.elapsed)
	s.mu.Lock()
	defer s.mu.Unlock()
	var docs []id.Document
	for _, a := range batch {
		docs = append(docs, a.Document)
	}
	s.batches = append(s.batches, docs)
	if s.fail != nil {
		if err := s.fail(batch); err != nil {
			return err
		}
	}
	return s.Store.Commit(batch)
}

func (s *slow) failWith(fail func([]store.Append) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

func (s *slow) sizes() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n []int
	for _, b := range s.batches {
		n = append(n, len(b))
	}
	return n
}

// outcomes collects what done is called with.
type outcomes struct {
	t    *testing.T
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs map[int][]error // guarded by mu
}

func newOutcomes(t *testing.T) *outcomes { return &outcomes{t: t, errs: make(map[int][]error)} }

func (o *outcomes) done(n int) func(error) {
	o.wg.Add(1)
	return func(err error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.errs[n] = append(o.errs[n], err)
		o.wg.Done()
	}
}

// of waits for all and returns the only outcome of n.
func (o *outcomes) of(n int) error {
	o.t.Helper()
	o.wg.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.errs[n]) != 1 {
		o.t.Fatalf("done %d was called %d times", n, len(o.errs[n]))
	}
	return o.errs[n][0]
}

func submit(t *testing.T, c *groupcommit.Committer, a store.Append, done func(error)) {
	t.Helper()
	if err := c.Submit(t.Context(), a, done); err != nil {
		t.Fatalf("submit: %v", err)
	}
}

func one(n int) store.Append { return storetest.AppendOf(storetest.Document(n), 0, 1, 100) }

func TestWhatArrivesDuringAFlushIsTheNextBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Millisecond)
		c := groupcommit.New(s, groupcommit.Config{})
		defer c.Close()
		got := newOutcomes(t)
		submit(t, c, one(0), got.done(0))
		synctest.Wait() // the first is being flushed, alone
		for n := 1; n < 20; n++ {
			submit(t, c, one(n), got.done(n))
		}
		for n := range 20 {
			if err := got.of(n); err != nil {
				t.Errorf("append %d: %v", n, err)
			}
		}
		if want := []int{1, 19}; !slices.Equal(s.sizes(), want) {
			t.Errorf("batches of %v, want %v", s.sizes(), want)
		}
	})
}

// Writers that each wait for their answer stay together, though some need
// longer to come again; a lone writer never waits.
func TestCompanyIsAwaitedOnlyAfterCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const flush, rounds, writers = time.Millisecond, 10, 5
		s := newSlow(flush)
		c := groupcommit.New(s, groupcommit.Config{WaitMax: 2 * time.Millisecond})
		defer c.Close()
		write := func(n, rounds int) {
			for first := range rounds {
				heard := make(chan error, 1)
				submit(t, c, storetest.AppendOf(storetest.Document(n), first, 1, 100), func(err error) { heard <- err })
				if err := <-heard; err != nil {
					t.Error(err)
				}
				time.Sleep(time.Duration(n) * 100 * time.Microsecond)
			}
		}
		var wg sync.WaitGroup
		for n := range writers {
			wg.Go(func() { write(n, rounds) })
		}
		wg.Wait()
		full := 0
		for _, n := range s.sizes() {
			if n == writers {
				full++
			}
		}
		if full < rounds-2 {
			t.Errorf("batches of %v, want nearly all of %d", s.sizes(), writers)
		}

		time.Sleep(time.Second)
		write(100, 2) // the first may wait for company that is gone
		began := time.Now()
		write(101, rounds)
		if took := time.Since(began); took != rounds*(flush+101*100*time.Microsecond) {
			t.Errorf("a lone writer needed %v for %d appends with a flush of %v each", took, rounds, flush)
		}
	})
}

// A document that submits without waiting for answers is one writer, for whose
// company nobody waits.
func TestOneDocumentIsNoCompany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const flush, appends = time.Millisecond, 10
		c := groupcommit.New(newSlow(flush), groupcommit.Config{WaitMax: 2 * time.Millisecond})
		defer c.Close()
		began, got := time.Now(), newOutcomes(t)
		for first := range appends {
			submit(t, c, storetest.AppendOf(storetest.Document(1), first, 1, 100), got.done(first))
		}
		for first := range appends {
			if err := got.of(first); err != nil {
				t.Errorf("append %d: %v", first, err)
			}
		}
		if elapsed := time.Since(began); elapsed != appends*flush {
			t.Errorf("%d flushes took %v, want %v", appends, elapsed, appends*flush)
		}
	})
}

func TestADocumentIsOnceInABatchAndStaysInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Millisecond)
		c := groupcommit.New(s, groupcommit.Config{})
		defer c.Close()
		got := newOutcomes(t)
		submit(t, c, one(9), got.done(-1))
		synctest.Wait()
		for doc := range 2 { // all of one, then all of the other
			for first := range 4 {
				submit(t, c, storetest.AppendOf(storetest.Document(doc), first, 1, 100), got.done(10*doc+first))
			}
		}
		for first := range 4 {
			for doc := range 2 {
				if err := got.of(10*doc + first); err != nil {
					t.Errorf("append %d of document %d: %v", first, doc, err)
				}
			}
		}
		if want := []int{1, 2, 2, 2, 2}; !slices.Equal(s.sizes(), want) {
			t.Errorf("batches of %v, want %v", s.sizes(), want)
		}
	})
}

func TestABatchHasALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Millisecond)
		c := groupcommit.New(s, groupcommit.Config{BatchBytesMax: 10_000, WaitMax: -1})
		defer c.Close()
		got := newOutcomes(t)
		submit(t, c, one(0), got.done(0))
		synctest.Wait()
		for n := 1; n <= 4; n++ {
			submit(t, c, storetest.AppendOf(storetest.Document(n), 0, 1, 4000), got.done(n))
		}
		submit(t, c, storetest.AppendOf(storetest.Document(5), 0, 1, 50_000), got.done(5))
		for n := range 6 {
			if err := got.of(n); err != nil {
				t.Error(err)
			}
		}
		if want := []int{1, 2, 2, 1}; !slices.Equal(s.sizes(), want) {
			t.Errorf("batches of %v, want %v", s.sizes(), want)
		}
	})
}

func TestSubmitBlocksWhileTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		c := groupcommit.New(s, groupcommit.Config{QueueBytesMax: 1100})
		defer c.Close()
		got := newOutcomes(t)
		submit(t, c, one(0), got.done(0))
		submit(t, c, one(1), got.done(1))
		var entered [4]bool
		var wg sync.WaitGroup
		for n := 2; n < 4; n++ {
			wg.Go(func() {
				submit(t, c, one(n), got.done(n))
				entered[n] = true
			})
			synctest.Wait()
		}
		if !entered[2] || entered[3] {
			t.Fatalf("room for 1100 bytes let in %v", entered)
		}

		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		err := c.Submit(ctx, one(4), func(error) { t.Error("done was called after Submit failed") })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("submit: %v, want Canceled", err)
		}
		wg.Wait()
		for n := range 4 {
			if err := got.of(n); err != nil {
				t.Errorf("append %d: %v", n, err)
			}
		}
		huge := storetest.AppendOf(storetest.Document(5), 0, 1, 5000)
		submit(t, c, huge, got.done(5)) // alone, so it is let in
		if err := got.of(5); err != nil {
			t.Error(err)
		}
	})
}

func TestABadAppendFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Millisecond)
		c := groupcommit.New(s, groupcommit.Config{})
		defer c.Close()
		got := newOutcomes(t)
		submit(t, c, one(0), got.done(0))
		synctest.Wait()
		for n := 1; n < 5; n++ {
			a := one(n)
			if n == 3 {
				a.First = 7
			}
			submit(t, c, a, got.done(n))
		}
		for n := range 5 {
			if err := got.of(n); (n == 3) != errors.Is(err, store.ErrConflict) {
				t.Errorf("append %d: %v", n, err)
			}
			changes, _, _ := storetest.Load(s, storetest.Document(n))
			if (n == 3) != (len(changes) == 0) {
				t.Errorf("document %d has %d changes", n, len(changes))
			}
		}
		submit(t, c, one(6), got.done(6))
		if err := got.of(6); err != nil {
			t.Errorf("append after a refused one: %v", err)
		}
	})
}

func TestAFullDiskFailsItsBatchOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Millisecond)
		c := groupcommit.New(s, groupcommit.Config{})
		defer c.Close()
		got := newOutcomes(t)
		submit(t, c, one(0), got.done(0))
		synctest.Wait()
		s.failWith(func([]store.Append) error { return store.ErrFull })
		submit(t, c, one(1), got.done(1))
		submit(t, c, one(2), got.done(2))
		for n := range 3 {
			if err := got.of(n); !errors.Is(err, store.ErrFull) {
				t.Errorf("append %d: %v, want ErrFull", n, err)
			}
		}
		if want := []int{1, 2}; !slices.Equal(s.sizes(), want) {
			t.Errorf("batches of %v, want %v: a full disk is not tried for each", s.sizes(), want)
		}
		s.failWith(nil)
		submit(t, c, one(1), got.done(11))
		if err := got.of(11); err != nil {
			t.Errorf("append after space was freed: %v", err)
		}
	})
}

func TestAnUnknownOutcomeStopsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Second)
		c := groupcommit.New(s, groupcommit.Config{QueueBytesMax: 1100})
		defer c.Close()
		cause := errors.New("msync: input/output error")
		commits := 0
		s.failWith(func([]store.Append) error {
			commits++
			return errors.Join(store.ErrUnknownOutcome, cause)
		})
		got := newOutcomes(t)
		submit(t, c, one(0), got.done(0))
		synctest.Wait()
		submit(t, c, one(1), got.done(1)) // queued
		submit(t, c, one(0), got.done(2)) // queued
		var blocked error
		var wg sync.WaitGroup
		wg.Go(func() {
			blocked = c.Submit(t.Context(), one(3), func(error) { t.Error("done was called after Submit failed") })
		})
		wg.Wait()
		late := c.Submit(t.Context(), one(4), func(error) { t.Error("done was called after Submit failed") })
		for who, err := range map[string]error{
			"batch": got.of(0), "queued": got.of(1), "queued twice": got.of(2),
			"waiting for room": blocked, "after": late, "Fatal": <-c.Fatal(),
		} {
			if !errors.Is(err, store.ErrUnknownOutcome) || !errors.Is(err, cause) {
				t.Errorf("%s heard %v, want the unknown outcome and its cause", who, err)
			}
		}
		if commits != 1 {
			t.Errorf("%d commits were tried, want 1", commits)
		}
	})
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlow(time.Millisecond)
		c := groupcommit.New(s, groupcommit.Config{QueueBytesMax: 10 * 400})
		got := newOutcomes(t)
		for n := range 10 {
			submit(t, c, one(n), got.done(n))
		}
		blocked := make(chan error)
		go func() {
			huge := storetest.AppendOf(storetest.Document(50), 0, 1, 4000)
			blocked <- c.Submit(t.Context(), huge, func(error) { t.Error("done was called after Submit failed") })
		}()
		synctest.Wait()
		go c.Close()
		if err := <-blocked; !errors.Is(err, store.ErrClosed) {
			t.Errorf("submit that waited for room: %v, want ErrClosed", err)
		}
		c.Close()
		for n := range 10 {
			if err := got.of(n); err != nil {
				t.Errorf("append %d: %v", n, err)
			}
		}
		err := c.Submit(t.Context(), one(20), func(error) { t.Error("done was called after Submit failed") })
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("submit after Close: %v, want ErrClosed", err)
		}
		select {
		case err := <-c.Fatal():
			t.Errorf("Close was fatal: %v", err)
		default:
		}
	})
}
