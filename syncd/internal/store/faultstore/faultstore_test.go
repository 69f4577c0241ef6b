package faultstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/faultstore"
	"github.com/tavle-org/tavle/syncd/internal/store/groupcommit"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestContractWithoutFaults(t *testing.T) {
	place := func(cfg faultstore.Config) func(*testing.T) storetest.Opener {
		return func(*testing.T) storetest.Opener {
			disk := mem.NewDisk()
			return func() (store.Store, error) { return faultstore.New(mem.Open(disk), cfg) }
		}
	}
	t.Run("no rules", func(t *testing.T) { storetest.Run(t, place(faultstore.Config{})) })
	if !testing.Short() {
		// Its lie shows only in a crash.
		t.Run("flush every 3", func(t *testing.T) { storetest.Run(t, place(faultstore.Config{FlushEvery: 3})) })
	}
}

func open(t *testing.T, disk *mem.Disk, cfg faultstore.Config) *faultstore.Store {
	t.Helper()
	s, err := faultstore.New(mem.Open(disk), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const documents = 5

// process is one run of a daemon: a committer on a store with faults. Its
// writers append two changes at a time, and stop at the first error.
type process struct {
	acked [documents]int // changes of each document that were acknowledged
	tried [documents]int // changes of each document that were submitted
	errs  []error
	fatal error
}

// runProcess starts where the documents end, appends rounds times to each and
// ends: by Close if it can, by crashing if not.
func runProcess(t *testing.T, s *faultstore.Store, rounds int) process {
	t.Helper()
	var p process
	var mu sync.Mutex
	c := groupcommit.New(s, groupcommit.Config{WaitMax: -1})
	var wg sync.WaitGroup
	for n := range documents {
		wg.Go(func() {
			acked, tried, err := write(c, s, n, rounds)
			mu.Lock()
			defer mu.Unlock()
			p.acked[n], p.tried[n] = acked, tried
			if err != nil {
				p.errs = append(p.errs, err)
			}
		})
	}
	wg.Wait()
	c.Close()
	select {
	case p.fatal = <-c.Fatal():
	default:
	}
	if err := s.Close(); err != nil {
		p.errs = append(p.errs, err)
	}
	return p
}

func write(c *groupcommit.Committer, s *faultstore.Store, n, rounds int) (acked, tried int, err error) {
	doc := storetest.Document(n)
	found, _, err := storetest.Load(s, doc)
	if err != nil {
		return 0, 0, err
	}
	acked, tried = len(found), len(found)
	heard := make(chan error, 1)
	for range rounds {
		a := storetest.AppendOf(doc, acked, 2, 60)
		a.Authors = []store.ActorAuthor{storetest.Author(acked), storetest.Author(acked + 1)}
		tried = acked + 2
		err := c.Submit(context.Background(), a, func(err error) { heard <- err })
		if err == nil {
			err = <-heard
		}
		if err != nil {
			return acked, tried, err
		}
		acked += 2
	}
	return acked, tried, nil
}

// Each kind of failure, at each commit of a run, alone or followed by a crash.
// What must hold after opening again is the law: everything acknowledged is
// there; of what was tried a prefix may be; and the documents go on.
func TestFaultsThroughGroupCommit(t *testing.T) {
	const rounds = 4
	for _, fault := range []faultstore.Fault{
		faultstore.Fail, faultstore.Unknown, faultstore.UnknownPersisted,
		faultstore.Crash, faultstore.CrashTorn, faultstore.CrashPersisted,
	} {
		for call := 1; call <= 6; call++ {
			for _, then := range []string{"go on", "crash"} {
				t.Run(fmt.Sprintf("%s at commit %d, %s", fault, call, then), func(t *testing.T) {
					rules := []faultstore.Rule{{Op: faultstore.Commit, Call: call, Fault: fault}}
					if then == "crash" {
						rules = append(rules, faultstore.Rule{Op: faultstore.Commit, Call: call + 1, Fault: faultstore.Crash},
							faultstore.Rule{Op: faultstore.Close, Fault: faultstore.Crash})
					}
					checkFault(t, fault, rules, rounds)
				})
			}
		}
	}
}

func checkFault(t *testing.T, fault faultstore.Fault, rules []faultstore.Rule, rounds int) {
	disk := mem.NewDisk()
	s := open(t, disk, faultstore.Config{Rules: rules})
	p := runProcess(t, s, rounds)

	reached := s.Calls(faultstore.Commit) >= rules[0].Call
	unknown := fault == faultstore.Unknown || fault == faultstore.UnknownPersisted
	if reached && unknown && !errors.Is(p.fatal, store.ErrUnknownOutcome) {
		t.Errorf("the committer ended with %v, want the unknown outcome", p.fatal)
	}
	if reached && unknown && s.Calls(faultstore.Commit) != rules[0].Call {
		t.Errorf("after the unknown outcome %d commits were tried", s.Calls(faultstore.Commit)-rules[0].Call)
	}
	if reached && fault != faultstore.Fail && p.fatal == nil {
		t.Error("the committer went on")
	}
	if reached && fault != faultstore.Fail && len(p.errs) == 0 {
		t.Error("nobody heard of the failure")
	}

	again := open(t, disk, faultstore.Config{})
	checkDocuments(t, again, p)
	if fault == faultstore.Fail {
		// A failed batch is tried again one by one, so perhaps nobody hears of
		// it; but then it is stored, and what failed is not.
		checkOnlyAcknowledged(t, again, p)
	}
	if p := runProcess(t, again, rounds); len(p.errs) > 0 || p.fatal != nil {
		t.Errorf("after opening again: %v, %v", p.errs, p.fatal)
	}
}

// checkDocuments holds what a later process finds against what one has told.
func checkDocuments(t *testing.T, s store.Store, p process) {
	t.Helper()
	for n := range documents {
		doc := storetest.Document(n)
		got, _, err := storetest.Load(s, doc)
		if err != nil {
			t.Fatalf("document %d: %v", n, err)
		}
		if len(got) < p.acked[n] {
			t.Errorf("document %d has %d changes, %d were acknowledged", n, len(got), p.acked[n])
		}
		if len(got) > p.tried[n] {
			t.Errorf("document %d has %d changes, %d were tried", n, len(got), p.tried[n])
		}
		if !slices.EqualFunc(got, storetest.Changes(doc, 0, len(got), 60), slices.Equal) {
			t.Errorf("document %d holds other changes than were appended", n)
		}
		authors, err := storetest.Authors(s, doc)
		if err != nil {
			t.Fatalf("authors of document %d: %v", n, err)
		}
		if len(authors) < len(got) || len(authors) > p.tried[n] {
			t.Errorf("document %d has %d changes of %d tried, each with an author of its own, and %d authors",
				n, len(got), p.tried[n], len(authors))
		}
	}
}

func checkOnlyAcknowledged(t *testing.T, s store.Store, p process) {
	t.Helper()
	for n := range documents {
		if got, _, err := storetest.Load(s, storetest.Document(n)); err != nil || len(got) != p.acked[n] {
			t.Errorf("document %d has %d changes, %d were acknowledged and none else may be stored: %v",
				n, len(got), p.acked[n], err)
		}
	}
}

// The table above must notice a store that acknowledges before it flushes.
func TestTheTableNoticesAMissingFlush(t *testing.T) {
	disk := mem.NewDisk()
	s := open(t, disk, faultstore.Config{
		FlushEvery: 1000,
		Rules:      []faultstore.Rule{{Op: faultstore.Close, Fault: faultstore.Crash}},
	})
	p := runProcess(t, s, 4)
	lost := 0
	for n := range documents {
		got, _, err := storetest.Load(mem.Open(disk), storetest.Document(n))
		if err != nil {
			t.Fatal(err)
		}
		lost += p.acked[n] - len(got)
	}
	if lost == 0 {
		t.Fatal("a store that flushes nothing has lost nothing: the model shows no crash")
	}
}

// Reads fail without harm, or crash; the documents are the same afterwards.
func TestFaultsOfReads(t *testing.T) {
	for _, op := range []faultstore.Op{faultstore.Load, faultstore.Stat, faultstore.Documents} {
		for _, fault := range []faultstore.Fault{faultstore.Fail, faultstore.Crash, faultstore.CrashPersisted} {
			t.Run(fmt.Sprintf("%s of %s", fault, op), func(t *testing.T) {
				disk, doc := mem.NewDisk(), storetest.Document(1)
				s := open(t, disk, faultstore.Config{Rules: []faultstore.Rule{{Op: op, Call: 1, Fault: fault}}})
				if err := s.Commit([]store.Append{storetest.AppendOf(doc, 0, 3, 60)}); err != nil {
					t.Fatal(err)
				}
				crashes := fault != faultstore.Fail
				if err := read(s, op, doc); err == nil || errors.Is(err, store.ErrClosed) != crashes {
					t.Errorf("first call: %v", err)
				}
				if err := read(s, op, doc); (err != nil) != crashes {
					t.Errorf("second call: %v", err)
				}
				got, _, err := storetest.Load(mem.Open(disk), doc)
				if err != nil || len(got) != 3 {
					t.Errorf("%d changes, %v; want 3", len(got), err)
				}
			})
		}
	}
}

func read(s store.Store, op faultstore.Op, doc id.Document) (err error) {
	switch op {
	case faultstore.Load:
		_, err = s.Load(doc, func([]byte) error { return nil })
	case faultstore.Stat:
		_, _, err = s.Stat(doc)
	case faultstore.Documents:
		err = s.Documents(nil, func(id.Document, store.Info) error { return nil })
	}
	return err
}
