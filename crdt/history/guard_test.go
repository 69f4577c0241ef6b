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
	if len(dropped) != 1 || dropped[0].Change.Hash != second.Hash || dropped[0].From != "mallory" {
		t.Errorf("dropped %v", dropped)
	}
	if len(h.Dropped()) != 0 {
		t.Error("what was told once is told again")
	}
	if !slices.Equal(d.accepted, []string{"alice"}) {
		t.Errorf("the guard heard of %v", d.accepted)
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
