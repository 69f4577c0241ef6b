// Package founding writes the first content of a new board's document: what the
// board is called, and, for a board that is cloned, the settings of the other.
//
// It writes to a document that nobody has yet, whose id nobody has been told,
// and only there. No person comes along: neither members, who are no part of a
// document, nor contact cards, nor whoever is responsible, nor what is pinned.
package founding

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Founder writes to a store.
type Founder struct {
	Store store.Store
	Now   func() time.Time
}

// ErrThere is returned for a board whose document has content already.
var ErrThere = errors.New("the board's document is there already")

// Found writes the first content of a board; with that of another board unless
// from is nil. What it has written is durable when it returns.
func (f Founder) Found(_ context.Context, made registry.Board, from *id.Document) error {
	if _, there, err := f.Store.Stat(made.ID); err != nil || there {
		return errors.Join(err, fmt.Errorf("found board %s: %w", made.ID, ErrThere))
	}
	var like board.Board
	if from != nil {
		var err error
		if like, err = f.read(*from); err != nil {
			return fmt.Errorf("found board %s like %s: %w", made.ID, from, err)
		}
	}
	if err := f.write(made, like); err != nil {
		return fmt.Errorf("found board %s: %w", made.ID, err)
	}
	return nil
}

// read returns what stands in a board document; nothing where there is none.
func (f Founder) read(doc id.Document) (board.Board, error) {
	h := history.New(history.Limits{})
	if _, err := f.Store.Load(doc, h.Restore); err != nil || h.Len() == 0 {
		return board.Board{}, err
	}
	return board.ReadBoard(h)
}

func (f Founder) write(made registry.Board, like board.Board) error {
	h := history.New(history.Limits{})
	if _, err := h.Add(board.BoardGenesis()); err != nil {
		return err
	}
	// The actor belongs to nobody and writes never again.
	actor := make([]byte, 16)
	rand.Read(actor) // never fails
	now := f.Now().UnixMilli()
	w, err := board.NewWriter(h, id.Actor(actor), new(board.Clock), now)
	if err != nil {
		return err
	}
	edit := board.BoardEdit{Title: &made.Title, TimeZone: &made.TimeZone, HouseRules: like.HouseRules, AddLanguages: like.Languages}
	if made.Lang != "" && !slices.Contains(edit.AddLanguages, made.Lang) {
		edit.AddLanguages = append(slices.Clone(edit.AddLanguages), made.Lang)
	}
	if s := like.Settings; s != (board.Settings{}) {
		edit.OpenDays, edit.ClosedDays, edit.UnansweredHours = &s.OpenDays, &s.ClosedDays, &s.UnansweredHours
	}
	if _, err := w.EditBoard(now, edit); err != nil {
		return err
	}
	for _, c := range like.Categories {
		if _, err := w.SetCategory(now, c); err != nil {
			return err
		}
	}
	a := store.Append{Document: made.ID, Heads: h.Heads()}
	for i := range h.Len() {
		a.Changes = append(a.Changes, h.At(i).Bytes())
	}
	return f.Store.Commit([]store.Append{a})
}
