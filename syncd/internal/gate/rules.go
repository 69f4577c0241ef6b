package gate

import (
	"errors"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// Writer is who brings a change to a document, with what they are on its board.
type Writer struct {
	rights.Principal
	Board    id.Document
	Archived bool
	Usage    *Usage // of the device; nil: it is not counted
}

// Rules decide which changes one document takes. They know its board, which
// objects it has and who made them, and nothing of its content besides what a
// rule needs. They belong to the goroutine of the document, and learn of every
// change of it in order: see history.Guard.
type Rules struct {
	index   *rights.Index
	authors map[id.Actor]rights.Author // of changes that are restored
	fresh   []rights.Binding
}

// NewRules returns the rules of a document without changes.
func NewRules(p Place) *Rules {
	r := &Rules{authors: map[id.Actor]rights.Author{}}
	if p.Page {
		r.index = rights.NewPage(p.Board, p.Month, p.Epoch)
	} else {
		r.index = rights.NewBoard(p.Board)
	}
	return r
}

var (
	errNobody   = errors.New("nobody in particular may write")
	errArchived = errors.New("the board is archived: it can be read, and nobody writes to it any more")
	errTooMuch  = errors.New("this device has written more today than one person does; it may go on tomorrow")
)

// Reason returns the code of an error of Admit, for programs and statistics, and
// a sentence for people.
func Reason(err error) (code, sentence string) {
	var refusal *rights.Refusal
	switch {
	case errors.As(err, &refusal):
		return refusal.Reason.String(), refusal.Reason.Sentence("en")
	case errors.Is(err, errArchived):
		return "archived", errArchived.Error()
	case errors.Is(err, errTooMuch):
		return "dailyLimit", errTooMuch.Error()
	}
	return "notMember", errNobody.Error()
}

// Bind tells who an actor id belongs to, as the store has it.
func (r *Rules) Bind(b rights.Binding) { r.authors[b.Actor] = b.Author }

// Fresh returns the actors that have been bound since the last call.
func (r *Rules) Fresh() []rights.Binding {
	fresh := r.fresh
	r.fresh = nil
	return fresh
}

// AppendIndex appends to b what the rules know of the changes.
func (r *Rules) AppendIndex(b []byte) []byte { return r.index.Append(b) }

// RestoreIndex tells the rules, who know of no change, what AppendIndex has written. The error wraps
// rights.ErrSaved.
func (r *Rules) RestoreIndex(index []byte) error {
	return r.index.Restore(index, func(actor id.Actor) rights.Author { return r.authors[actor] })
}

// Bytes is about what the rules take in memory.
func (r *Rules) Bytes() int64 {
	const perAuthor = 250 // the ids of actor, member and device
	return r.index.Bytes() + int64(len(r.authors))*perAuthor
}

// Admit returns nil, or a *rights.Refusal. from is a *Writer.
func (r *Rules) Admit(c *chunk.Change, from any) error {
	w, ok := from.(*Writer)
	switch {
	case !ok || w == nil:
		return errNobody
	case w.Archived:
		return errArchived
	}
	if err := r.index.Check(c, w.Principal); err != nil {
		return err
	}
	if w.Usage != nil && !w.Usage.room(w.shared()) {
		return errTooMuch
	}
	return nil
}

// shared tells whether many people write with the device.
func (w *Writer) shared() bool {
	return w.Kiosk || w.Roles.Any(rights.RolesOf(rights.Connector, rights.Matchmaker))
}

// Accepted takes note of a change. The actor of a new one is bound to its writer.
func (r *Rules) Accepted(c *chunk.Change, from any) {
	w, ok := from.(*Writer)
	if !ok {
		r.index.Add(c, r.authors[c.Actor])
		return
	}
	if _, bound := r.index.Author(c.Actor); !bound {
		r.fresh = append(r.fresh, rights.Binding{Actor: c.Actor, Author: w.Author})
	}
	before := r.index.Posts()
	r.index.Add(c, w.Author)
	if w.Usage != nil {
		w.Usage.add(r.index.Posts() - before)
	}
}
