package faultstore_test

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/faultstore"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// step i of a process that keeps two records in step, and one that comes and
// goes.
func step(i int) []store.Record {
	value := fmt.Append(nil, i)
	records := []store.Record{{Key: []byte("a"), Value: value}, {Key: []byte("b"), Value: value}, {Key: []byte("odd")}}
	if i%2 == 1 {
		records[2].Value = value
	}
	return records
}

// after is what there is after step i; after step 0 there is nothing.
func after(i int) map[string]string {
	want := make(map[string]string)
	if i > 0 {
		want["a"], want["b"] = fmt.Sprint(i), fmt.Sprint(i)
	}
	if i%2 == 1 {
		want["odd"] = fmt.Sprint(i)
	}
	return want
}

// Each kind of failure at each call, alone or followed by a crash: what was
// acknowledged is there, what failed is not, what is unknown is there as a whole
// or not at all, and the store takes more.
func TestFaultsOfRecords(t *testing.T) {
	const steps = 5
	for _, fault := range []faultstore.Fault{
		faultstore.Fail, faultstore.Unknown, faultstore.UnknownPersisted,
		faultstore.Crash, faultstore.CrashTorn, faultstore.CrashPersisted,
	} {
		for call := 1; call <= steps; call++ {
			for _, then := range []string{"go on", "crash"} {
				t.Run(fmt.Sprintf("%s at call %d, %s", fault, call, then), func(t *testing.T) {
					disk := mem.NewDisk()
					rules := []faultstore.Rule{{Op: faultstore.PutRecords, Call: call, Fault: fault}}
					if then == "crash" {
						rules = append(rules, faultstore.Rule{Op: faultstore.PutRecords, Call: call + 1, Fault: faultstore.Crash})
					}
					acked, tried := putSteps(t, open(t, disk, faultstore.Config{Rules: rules}), fault, call, steps)
					again := open(t, disk, faultstore.Config{})
					got, err := storetest.Records(again, "")
					if err != nil || !maps.Equal(got, after(acked)) && !maps.Equal(got, after(tried)) {
						t.Errorf("after step %d, and %d tried, there is %v, %v", acked, tried, got, err)
					}
					if persisted := fault == faultstore.UnknownPersisted || fault == faultstore.CrashPersisted; persisted && !maps.Equal(got, after(tried)) {
						t.Errorf("what was stored is not there: %v", got)
					}
					if err := again.PutRecords(step(steps + 1)); err != nil {
						t.Errorf("after opening again: %v", err)
					}
				})
			}
		}
	}
}

// putSteps returns the last step that was acknowledged and the last whose
// outcome is not known to be a failure.
func putSteps(t *testing.T, s *faultstore.Store, fault faultstore.Fault, call, steps int) (acked, tried int) {
	t.Helper()
	for i := 1; i <= steps; i++ {
		err := s.PutRecords(step(i))
		unknown := fault == faultstore.Unknown || fault == faultstore.UnknownPersisted
		if i == call && unknown != errors.Is(err, store.ErrUnknownOutcome) || i == call && err == nil {
			t.Errorf("call %d: %v", i, err)
		}
		if i > call && fault != faultstore.Fail && !errors.Is(err, store.ErrClosed) {
			t.Errorf("call %d, after the end of the store: %v", i, err)
		}
		switch {
		case err == nil:
			acked, tried = i, i
		case i == call && fault != faultstore.Fail:
			tried = i
		}
	}
	return acked, tried
}

// The table above must notice a store that acknowledges before it flushes.
func TestAMissingFlushLosesRecords(t *testing.T) {
	disk := mem.NewDisk()
	s := open(t, disk, faultstore.Config{FlushEvery: 1000})
	if err := s.PutRecords(step(1)); err != nil {
		t.Fatal(err)
	}
	if got, err := storetest.Records(s, ""); err != nil || !maps.Equal(got, after(1)) {
		t.Fatalf("before the crash there is %v, %v", got, err)
	}
	s.CrashNow()
	if got, err := storetest.Records(mem.Open(disk), ""); err != nil || len(got) != 0 {
		t.Errorf("a store that flushes nothing has kept %v, %v: the model shows no crash", got, err)
	}
}

// Reads fail without harm.
func TestFaultsOfReadingRecords(t *testing.T) {
	for _, op := range []faultstore.Op{faultstore.Records, faultstore.Authors} {
		disk, doc := mem.NewDisk(), storetest.Document(1)
		s := open(t, disk, faultstore.Config{Rules: []faultstore.Rule{{Op: op, Call: 1, Fault: faultstore.Fail}}})
		a := storetest.AppendOf(doc, 0, 1, 60)
		a.Authors = []store.ActorAuthor{storetest.Author(1)}
		if err := errors.Join(s.Commit([]store.Append{a}), s.PutRecords(step(1))); err != nil {
			t.Fatal(err)
		}
		read := func() (n int, err error) {
			if op == faultstore.Records {
				found, err := storetest.Records(s, "")
				return len(found), err
			}
			found, err := storetest.Authors(s, doc)
			return len(found), err
		}
		if _, err := read(); !errors.Is(err, faultstore.ErrInjected) {
			t.Errorf("%s: %v, want the failure", op, err)
		}
		if n, err := read(); err != nil || n == 0 {
			t.Errorf("%s afterwards: %d found, %v", op, n, err)
		}
	}
}
