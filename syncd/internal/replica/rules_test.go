package replica

import (
	"errors"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/history/historytest"
)

// Rules that remember are told of what came later, and of nothing else.
func TestRulesAreToldOfWhatTheyDoNotRemember(t *testing.T) {
	a := historytest.New("author")
	for range 1000 {
		a.Put("k", "v")
	}
	r, _ := opened(t, a, reading(a))
	for r.h.Behind() > 0 {
		r.CatchUp(1000)
	}
	n, index := r.Index()
	if n != 1000 || !r.IndexDue(0) || r.IndexDue(900) {
		t.Fatalf("an index of %d changes; due %v and %v", n, r.IndexDue(0), r.IndexDue(900))
	}
	for range 300 {
		a.Put("k", "v")
	}
	later, book := opened(t, a, reading(a))
	if later.IndexDue(0) {
		t.Error("rules that know nothing are worth keeping")
	}
	for _, wrong := range []int{0, 999, 1001, 1300, 1301, -1} {
		if err := later.UseIndex(wrong, index); !errors.Is(err, ErrIndex) {
			t.Errorf("an index of 1000 changes as one of %d: %v", wrong, err)
		}
	}
	if err := later.UseIndex(1000, index[:len(index)-4]); !errors.Is(err, ErrIndex) || later.h.Behind() != 1300 {
		t.Errorf("a damaged index: %v", err)
	}
	if err := later.UseIndex(1000, index); err != nil || book.known != 1000 || later.h.Behind() != 300 {
		t.Fatalf("the rules know of %d changes, %v", book.known, err)
	}
	if more, e := later.CatchUp(1000); more || e.Fail != nil || book.known != 1300 {
		t.Errorf("then they know of %d: %+v", book.known, e)
	}
	if err := later.UseIndex(1000, index); err != nil || book.known != 1300 {
		t.Errorf("and then of %d, %v", book.known, err)
	}
	if e := later.Sync(time.Now(), Input{From: 1, Message: offer(t, a, a.Put("k", "new"))}); e.Persist == nil || len(e.Refuse) > 0 {
		t.Errorf("a change after that: %+v", e)
	}
	if later.IndexDue(0) {
		t.Error("it is due before all changes are stored")
	}
}

func TestRulesCountByWhatTheyTake(t *testing.T) {
	a := historytest.New("author")
	for range 10 {
		a.Put("k", "v")
	}
	r, book := opened(t, a, reading(a))
	before := r.Bytes()
	book.known = 1000
	if took := r.Bytes() - before; took != 1000<<10 {
		t.Errorf("%d bytes are counted for rules that take %d", took, book.Bytes())
	}
}
