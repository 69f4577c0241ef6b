package founding_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/api/founding"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func read(t *testing.T, s store.Store, doc id.Document) (board.Board, *history.History) {
	t.Helper()
	h := history.New(history.Limits{})
	if _, err := s.Load(doc, h.Restore); err != nil {
		t.Fatal(err)
	}
	b, err := board.ReadBoard(h)
	if err != nil {
		t.Fatal(err)
	}
	return b, h
}

func TestANewBoardHasItsTitle(t *testing.T) {
	s := mem.Open(mem.NewDisk())
	f := founding.Founder{Store: s, Now: func() time.Time { return now }}
	made := registry.Board{ID: id.Document{1}, Title: "Lindeparken", Lang: "da", TimeZone: "Europe/Copenhagen"}
	if err := f.Found(context.Background(), made, nil); err != nil {
		t.Fatal(err)
	}
	b, _ := read(t, s, made.ID)
	if b.Title != "Lindeparken" || b.TimeZone != "Europe/Copenhagen" || !reflect.DeepEqual(b.Languages, []string{"da"}) {
		t.Errorf("got %+v", b)
	}
	if err := f.Found(context.Background(), made, nil); !errors.Is(err, founding.ErrThere) {
		t.Errorf("founded twice: %v", err)
	}
}

func TestACloneHasTheSettingsAndNobody(t *testing.T) {
	s := mem.Open(mem.NewDisk())
	f := founding.Founder{Store: s, Now: func() time.Time { return now }}
	first := registry.Board{ID: id.Document{1}, Title: "Lindeparken", Lang: "da", TimeZone: "Europe/Copenhagen"}
	if err := f.Found(context.Background(), first, nil); err != nil {
		t.Fatal(err)
	}
	_, h := read(t, s, first.ID)
	stored := h.Len()
	w, err := board.NewWriter(h, id.Actor("owner"), new(board.Clock), now.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	days, hours, who := int64(14), int64(24), "Anna, 12 34 56 78"
	_, err1 := w.EditBoard(now.UnixMilli(), board.BoardEdit{OpenDays: &days, ClosedDays: &days, UnansweredHours: &hours,
		Controller: &who, HouseRules: map[string]string{"da": "Skriv venligt."}, AddLanguages: []string{"en"}})
	_, err2 := w.SetContact(now.UnixMilli(), board.Contact{ID: board.IDFromBytes([16]byte{2}), Name: "Vicevært"})
	_, err3 := w.SetCategory(now.UnixMilli(), board.Category{ID: board.IDFromBytes([16]byte{3}), Icon: "leaf", Order: 1, Label: map[string]string{"da": "Haven"}})
	_, err4 := w.Pin(now.UnixMilli(), board.IDFromBytes([16]byte{4}), true)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	a := store.Append{Document: first.ID, First: stored, Heads: h.Heads()}
	for i := stored; i < h.Len(); i++ {
		a.Changes = append(a.Changes, h.At(i).Bytes())
	}
	if err := s.Commit([]store.Append{a}); err != nil {
		t.Fatal(err)
	}

	clone := registry.Board{ID: id.Document{9}, Title: "Egeparken", Lang: "da", TimeZone: "Europe/Amsterdam"}
	if err := f.Found(context.Background(), clone, &first.ID); err != nil {
		t.Fatal(err)
	}
	old, _ := read(t, s, first.ID)
	b, _ := read(t, s, clone.ID)
	if b.Title != "Egeparken" || b.TimeZone != "Europe/Amsterdam" || b.Settings != old.Settings || b.Settings.OpenDays != 14 ||
		!reflect.DeepEqual(b.HouseRules, old.HouseRules) || !reflect.DeepEqual(b.Categories, old.Categories) || len(b.Categories) != 1 ||
		!reflect.DeepEqual(b.Languages, []string{"da", "en"}) {
		t.Errorf("the clone is %+v\nof %+v", b, old)
	}
	if b.Controller != "" || len(b.Contacts) != 0 || len(b.Pinned) != 0 {
		t.Errorf("people came along: %+v", b)
	}
}
