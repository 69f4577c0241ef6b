package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// A device removes what it has of a board when it is told that it belongs there no
// more, so that is told only where it is recorded.
func TestABoardThatOneBelongsToNoMoreIsNamed(t *testing.T) {
	w := newWorld(t)
	a, b, c := w.board("a"), w.board("b"), w.board("c")
	d := w.member(a, rights.Resident)
	ref := d.me.Member.Ref
	ended := func() []string {
		t.Helper()
		var me api.Me
		d.get("/v1/me").into(&me)
		if me.Ended == nil {
			t.Error("no list of the boards")
		}
		return me.Ended
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(when string, boards ...registry.Board) {
		t.Helper()
		var all []string
		for _, b := range boards {
			all = append(all, b.ID.String())
		}
		if got := ended(); !slices.Equal(got, all) {
			t.Errorf("%s: ended %q, want %q", when, got, all)
		}
	}
	want("a member of one board")
	must(w.registry.Grant(ref, a.ID, rights.Moderator, time.Time{}, time.Time{}, "test"))
	must(errOf(w.registry.Ungrant(ref, a.ID, rights.Resident, "test")))
	want("one of two roles was taken")
	must(errOf(w.registry.Remove(ref, a.ID, "test")))
	want("both were", a)
	must(errOf(w.registry.Remove(ref, a.ID, "test")))
	must(errOf(w.registry.Remove(ref, c.ID, "test")))
	want("taken again, and from a board without one", a)
	must(w.registry.Grant(ref, b.ID, rights.Resident, time.Time{}, w.clock().Add(time.Hour), "test"))
	must(w.registry.Grant(ref, c.ID, rights.Resident, w.clock().Add(3*time.Hour), time.Time{}, "test"))
	want("a role for an hour, and one to come", a)
	w.pass(2 * time.Hour)
	want("the hour is over", a, b)
	must(w.registry.Grant(ref, a.ID, rights.Resident, time.Time{}, time.Time{}, "test"))
	want("back on the board", b)
}
