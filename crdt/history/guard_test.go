package history_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
)

// doorkeeper refuses what mallory brings.
type doorkeeper struct{ accepted []string }

var errMallory = errors.New("mallory may not")

func (d *doorkeeper) Admit(_ *chunk.Change, from any) error {
	if from == "mallory" {
		return errMallory
	}
	return nil
}

func (d *doorkeeper) Accepted(_ *chunk.Change, from any) {
	who, _ := from.(string)
	d.accepted = append(d.accepted, who)
}

func guarded() (*history.History, *doorkeeper) {
	h, d := history.New(history.Limits{}), &doorkeeper{}
	h.SetGuard(d)
	return h, d
}

func TestAGuardIsAskedForTheOneWhoBroughtTheChange(t *testing.T) {
	h, d := guarded()
	author := historytest.New("author")
	first, second := author.Put("a", "1"), author.Put("b", "2")
	if _, err := h.AddFrom(first, "alice"); err != nil {
		t.Fatal(err)
	}
	_, err := h.AddFrom(second, "mallory")
	var refused *history.Refused
	if !errors.As(err, &refused) || refused.Change != second || refused.From != "mallory" || !errors.Is(err, errMallory) {
		t.Fatalf("mallory's change gave %v", err)
	}
	if h.Len() != 1 || h.Has(second.Hash) || h.Heads()[0] != first.Hash {
		t.Fatalf("a refused change left a trace: %d changes, heads %v", h.Len(), h.Heads())
	}
	if _, err := h.AddFrom(second, "alice"); err != nil || h.Len() != 2 {
		t.Fatalf("the same change from one who may: %d changes, %v", h.Len(), err)
	}
	if !slices.Equal(d.accepted, []string{"alice", "alice"}) {
		t.Errorf("the guard heard of %v", d.accepted)
	}
}

func TestAHeldChangeIsJudgedForTheOneWhoBroughtIt(t *testing.T) {
	h, d := guarded()
	author := historytest.New("author")
	first, second, third := author.Put("a", "1"), author.Put("b", "2"), author.Put("c", "3")
	for _, c := range []*chunk.Change{third, second} {
		if added, err := h.AddFrom(c, "mallory"); len(added) > 0 || err != nil {
			t.Fatalf("a change without its dependencies gave %d, %v", len(added), err)
		}
	}
	added, err := h.AddFrom(first, "alice")
	if err != nil || len(added) != 1 {
		t.Fatalf("%d changes accepted, %v; mallory's waited for alice's and are not hers", len(added), err)
	}
	dropped := h.Dropped()
	var refused *history.Refused
	if len(dropped) != 1 || dropped[0].From != "mallory" || !errors.As(dropped[0].Err, &refused) || refused.Change.Hash != second.Hash {
		t.Errorf("dropped %v", dropped)
	}
	if len(h.Dropped()) != 0 {
		t.Error("what was told once is told again")
	}
	if !slices.Equal(d.accepted, []string{"alice"}) {
		t.Errorf("the guard heard of %v", d.accepted)
	}
}

func TestAHeldChangeIsJudgedForEachWhoBroughtIt(t *testing.T) {
	for _, end := range []struct {
		bringers, told []string
		accepted       int
	}{
		{[]string{"mallory", "alice"}, nil, 2},
		{[]string{"alice", "mallory"}, nil, 2},
		{[]string{"mallory", "alice", "mallory", "bob"}, nil, 2},
		{[]string{"mallory", "mallory"}, []string{"mallory"}, 1},
	} {
		h, _ := guarded()
		author := historytest.New("author")
		first, second := author.Put("a", "1"), author.Put("b", "2")
		for _, who := range end.bringers {
			if added, err := h.AddFrom(second, who); len(added) > 0 || err != nil {
				t.Fatalf("a change without its dependency gave %d, %v", len(added), err)
			}
		}
		if added, err := h.AddFrom(first, "carol"); len(added) != end.accepted || err != nil {
			t.Errorf("brought by %v: %d accepted, %v; want %d", end.bringers, len(added), err, end.accepted)
		}
		var told []string
		for _, d := range h.Dropped() {
			told = append(told, d.From.(string))
		}
		if !slices.Equal(told, end.told) {
			t.Errorf("brought by %v: %v are told, want %v", end.bringers, told, end.told)
		}
	}
}

func TestAHeldChangeThatIsInvalidIsDropped(t *testing.T) {
	h, _ := guarded()
	bob, author, twin := historytest.New("bob"), historytest.New("author"), historytest.New("author")
	first := bob.Put("a", "1")
	twin.Take(first)
	second := twin.Put("b", "2") // the author's first change, and not the one that is known
	for _, c := range []*chunk.Change{author.Put("a", "1"), second, first} {
		if _, err := h.AddFrom(c, "alice"); err != nil {
			t.Fatal(err)
		}
	}
	dropped := h.Dropped()
	if len(dropped) != 1 || dropped[0].From != "alice" || !errors.Is(dropped[0].Err, history.ErrInvalid) || h.Has(second.Hash) {
		t.Errorf("dropped %v", dropped)
	}
}

func TestWhoBroughtAChangeThatMadeRoomIsTold(t *testing.T) {
	h := history.New(history.Limits{OrphansMax: 2})
	author := historytest.New("author")
	for range 5 {
		author.Put("a", "1")
	}
	for i, who := range []string{"alice", "bob", "carol", "carol"} {
		if _, err := h.AddFrom(author.At(4-i), who); err != nil {
			t.Fatal(err)
		}
	}
	var told []string
	for _, d := range h.Dropped() {
		if errors.Is(d.Err, history.ErrCrowded) {
			told = append(told, d.From.(string))
		}
	}
	if !slices.Equal(told, []string{"alice", "bob"}) || h.Orphans() != 2 {
		t.Errorf("%v are told, %d are held", told, h.Orphans())
	}
}

func TestAGuardHearsOfWhatIsRestored(t *testing.T) {
	h, d := guarded()
	author := historytest.New("author")
	author.Put("a", "1")
	author.Put("b", "2")
	for _, c := range author.All() {
		if err := h.Restore(c.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(d.accepted, []string{"", ""}) {
		t.Errorf("the guard heard of %v", d.accepted)
	}
}

func TestWhatIsHeldGoesWithThoseWhoBroughtIt(t *testing.T) {
	for _, end := range []struct {
		bringers, leave []string
		held, accepted  int
	}{
		{[]string{"alice"}, []string{"alice"}, 0, 1},
		{[]string{"alice", "bob"}, []string{"alice", "bob"}, 0, 1},
		{[]string{"alice", "bob"}, []string{"alice", "alice"}, 2, 3},
		{[]string{"alice", "mallory"}, []string{"alice"}, 2, 1}, // mallory's are refused
		{[]string{"alice"}, []string{"bob"}, 2, 3},
	} {
		h, _ := guarded()
		author := historytest.New("author")
		for range 3 {
			author.Put("a", "1")
		}
		for _, who := range end.bringers {
			for _, c := range author.All()[1:] {
				if _, err := h.AddFrom(c, who); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, who := range end.leave {
			h.Forget(who)
		}
		if h.Orphans() != end.held {
			t.Errorf("%v brought, %v left: %d are held, want %d", end.bringers, end.leave, h.Orphans(), end.held)
		}
		if added, err := h.AddFrom(author.At(0), "carol"); len(added) != end.accepted || err != nil {
			t.Errorf("%v brought, %v left: %d are accepted, %v; want %d", end.bringers, end.leave, len(added), err, end.accepted)
		}
		for _, d := range h.Dropped() {
			if slices.Contains(end.leave, d.From.(string)) {
				t.Errorf("%v is told of %v", d.From, d.Err)
			}
		}
		if _, err := h.AddFrom(author.At(1), "dora"); err != nil || h.Len() < 2 {
			t.Errorf("when it is brought again: %d changes, %v", h.Len(), err)
		}
	}
}
