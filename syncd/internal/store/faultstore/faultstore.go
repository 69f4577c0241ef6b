// Package faultstore makes a store fail on purpose, for tests.
//
// It wraps any store.Store and fails, delays or crashes the calls that its rules
// name, in every way that the law of package store allows, and in one that it
// forbids: with Config.FlushEvery it acknowledges what it has not kept, so that
// a test can be shown to notice.
//
// A crash is that of the process: from then on every call fails with ErrCrashed,
// which is a store.ErrClosed, and what the wrapped store holds is what the next
// process finds. The wrapped store belongs to the caller, and is closed only by
// Close.
package faultstore

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

var (
	// ErrInjected is the cause of a failure that has no other.
	ErrInjected = errors.New("a failure on purpose")

	// ErrCrashed is returned by all calls after a crash and by the one that
	// crashed. In truth nobody would hear it.
	ErrCrashed = fmt.Errorf("the process has crashed on purpose: %w", store.ErrClosed)
)

// Op names a method of store.Store.
type Op string

// The methods that rules apply to.
const (
	Commit     Op = "Commit"
	PutRecords Op = "PutRecords"
	Load       Op = "Load"
	Stat       Op = "Stat"
	Documents  Op = "Documents"
	Authors    Op = "Authors"
	Records    Op = "Records"
	Close      Op = "Close"
)

// Fault is what happens to a call.
type Fault int

const (
	// Pass lets the call through, after Rule.Delay.
	Pass Fault = iota

	// Fail returns an error; nothing was stored, and the store goes on.
	Fail

	// Unknown returns store.ErrUnknownOutcome; nothing was stored.
	Unknown

	// UnknownPersisted returns store.ErrUnknownOutcome; all was stored.
	UnknownPersisted

	// Crash crashes before the call has any effect.
	Crash

	// CrashTorn crashes while half of each append is stored. Only a store that
	// has CommitTorn, as mem's, can do so; with another, and for PutRecords,
	// which is stored whole or not at all, it is Crash.
	CrashTorn

	// CrashPersisted crashes when the call has had its effect, before anyone
	// hears of it.
	CrashPersisted
)

// String names the fault in the output of tests.
func (f Fault) String() string {
	return [...]string{"pass", "fail", "unknown", "unknown but persisted",
		"crash", "torn crash", "crash after"}[f]
}

// Rule says what happens to a call. Unknown and UnknownPersisted are for Commit
// and PutRecords; to other calls they are Fail.
type Rule struct {
	Op    Op
	Call  int // the n-th call of Op, from 1; 0 means each
	Fault Fault
	Delay time.Duration // before the call
	Err   error         // the cause; nil means ErrInjected
}

// Config says what goes wrong.
type Config struct {
	// Rules are tried in order; the first that applies does.
	Rules []Rule

	// FlushEvery is after how many calls of Commit and PutRecords they reach the wrapped store. What
	// was committed since is lost in a crash, though it was acknowledged: this
	// is a store that breaks the law. 0 and 1 keep it.
	FlushEvery int
}

// Store is a store.Store with faults.
type Store struct {
	inner store.Store
	cfg   Config
	cache *cache // nil if the law is kept

	mu sync.Mutex
	// Guarded by mu.
	calls   map[Op]int
	over    error // what every call returns from now on
	crashed chan struct{}
}

var _ store.Store = (*Store)(nil)

// New wraps a store. With Config.FlushEvery it reads all of it.
func New(inner store.Store, cfg Config) (*Store, error) {
	s := &Store{inner: inner, cfg: cfg, calls: make(map[Op]int), crashed: make(chan struct{})}
	if cfg.FlushEvery > 1 {
		cache, err := newCache(inner)
		if err != nil {
			return nil, fmt.Errorf("read the wrapped store: %w", err)
		}
		s.cache = cache
	}
	return s, nil
}

// CrashNow crashes the store between calls. Those under way go on.
func (s *Store) CrashNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.crash()
}

// crash needs mu.
func (s *Store) crash() {
	if s.over == nil {
		s.over = ErrCrashed
		close(s.crashed)
	}
}

// Crashed is closed when the store has crashed.
func (s *Store) Crashed() <-chan struct{} { return s.crashed }

// Calls is how often a method was called, failed calls included.
func (s *Store) Calls(op Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// enter counts a call and returns the rule for it.
func (s *Store) enter(op Op) (Rule, error) {
	s.mu.Lock()
	s.calls[op]++
	n, over := s.calls[op], s.over
	s.mu.Unlock()
	if over != nil {
		return Rule{}, over
	}
	for _, r := range s.cfg.Rules {
		if r.Op == op && (r.Call == 0 || r.Call == n) {
			time.Sleep(r.Delay)
			if r.Err == nil {
				r.Err = ErrInjected
			}
			r.Err = fmt.Errorf("%s call %d: %w", op, n, r.Err)
			return r, nil
		}
	}
	return Rule{}, nil
}

// end makes every later call fail and returns what this one returns.
func (s *Store) end(crash bool, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if crash {
		s.crash()
		return ErrCrashed
	}
	if s.over == nil {
		s.over = store.ErrClosed
	}
	return err
}

// around runs a call that stores nothing under its rule.
func (s *Store) around(op Op, call func(store.Store) error) error {
	rule, err := s.enter(op)
	if err != nil {
		return err
	}
	switch rule.Fault {
	case Pass:
		return call(s.front())
	case Fail, Unknown, UnknownPersisted:
		return rule.Err
	case CrashPersisted:
		_ = call(s.front()) // nobody hears how it went
	}
	return s.end(true, nil)
}

// front is the store that reads are answered from.
func (s *Store) front() store.Store {
	if s.cache != nil {
		return s.cache.store
	}
	return s.inner
}

// StorageID implements store.Store. It never fails.
func (s *Store) StorageID() id.Storage { return s.inner.StorageID() }

// Commit implements store.Store.
func (s *Store) Commit(batch []store.Append) error {
	return s.write(Commit, write{batch: batch})
}

// PutRecords implements store.Store.
func (s *Store) PutRecords(records []store.Record) error {
	return s.write(PutRecords, write{records: records, isRecords: true})
}

// write runs a call that stores something under its rule.
func (s *Store) write(op Op, w write) error {
	rule, err := s.enter(op)
	if err != nil {
		return err
	}
	switch rule.Fault {
	case Pass:
		return s.apply(w)
	case Fail:
		return rule.Err
	case Unknown, UnknownPersisted:
		if rule.Fault == UnknownPersisted {
			if err := s.apply(w); err != nil {
				return err
			}
		}
		return s.end(false, fmt.Errorf("%w: %w", store.ErrUnknownOutcome, rule.Err))
	case CrashPersisted:
		_ = s.apply(w)
	case CrashTorn:
		s.tear(w.batch)
	}
	return s.end(true, nil)
}

func (s *Store) apply(w write) error {
	if s.cache != nil {
		return s.cache.write(w, s.inner, s.cfg.FlushEvery)
	}
	return w.to(s.inner)
}

func (s *Store) tear(batch []store.Append) {
	torn, ok := s.inner.(interface {
		CommitTorn([]store.Append, func(int, store.Append) int) error
	})
	if ok && s.cache == nil {
		_ = torn.CommitTorn(batch, func(_ int, a store.Append) int { return len(a.Changes) / 2 })
	}
}

// Load implements store.Store.
func (s *Store) Load(doc id.Document, yield func(change []byte) error) (info store.Info, err error) {
	err = s.around(Load, func(from store.Store) error {
		info, err = from.Load(doc, yield)
		return err
	})
	return info, err
}

// Stat implements store.Store.
func (s *Store) Stat(doc id.Document) (info store.Info, exists bool, err error) {
	err = s.around(Stat, func(from store.Store) error {
		info, exists, err = from.Stat(doc)
		return err
	})
	return info, exists, err
}

// Documents implements store.Store.
func (s *Store) Documents(after *id.Document, yield func(id.Document, store.Info) error) error {
	return s.around(Documents, func(from store.Store) error { return from.Documents(after, yield) })
}

// Authors implements store.Store.
func (s *Store) Authors(doc id.Document, yield func(store.ActorAuthor) error) error {
	return s.around(Authors, func(from store.Store) error { return from.Authors(doc, yield) })
}

// Records implements store.Store.
func (s *Store) Records(prefix []byte, yield func(key, value []byte) error) error {
	return s.around(Records, func(from store.Store) error { return from.Records(prefix, yield) })
}

// Close implements store.Store. It closes the wrapped store too, except after a
// crash or a write of unknown outcome; then the wrapped store is as it was left.
func (s *Store) Close() error {
	rule, err := s.enter(Close)
	if err != nil {
		return nil
	}
	switch rule.Fault {
	case Crash, CrashTorn:
		return s.end(true, nil)
	}
	if s.cache != nil {
		if err := s.cache.flush(s.inner); err != nil {
			return err
		}
	}
	err = s.end(false, s.inner.Close())
	switch rule.Fault {
	case Pass:
		return err
	case CrashPersisted:
		return ErrCrashed
	}
	return rule.Err
}
