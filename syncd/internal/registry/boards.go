package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
)

const defaultTimeZone = "Europe/Copenhagen"

var languages = []string{"da", "nl", "en"}

// CreateBoard makes a board with a random id. The member by, unless it is empty
// or no member, becomes its owner.
func (r *Registry) CreateBoard(spec BoardSpec, by string) (b Board, err error) {
	if spec.TimeZone == "" {
		spec.TimeZone = defaultTimeZone
	}
	title, err := label(spec.Title, TitleMax)
	switch {
	case err != nil:
		return b, fmt.Errorf("title of a board: %w", err)
	case title == "":
		return b, fmt.Errorf("%w: a board needs a title", ErrInvalid)
	case !slices.Contains(languages, spec.Lang):
		return b, fmt.Errorf("%w: language %.10q, not one of %v", ErrInvalid, spec.Lang, languages)
	case !isTimeZone(spec.TimeZone):
		return b, fmt.Errorf("%w: %.40q is no time zone", ErrInvalid, spec.TimeZone)
	}
	err = r.change(func(d *draft) error {
		if len(r.boards) >= BoardsMax {
			return fmt.Errorf("boards: %w", ErrTooMany)
		}
		doc := spec.ID
		if doc == (id.Document{}) {
			doc = id.NewDocument()
		}
		if r.boards[doc] != nil {
			return fmt.Errorf("%w: there is a board with that id", ErrInvalid)
		}
		made := &boardRow{
			id: doc, Title: title, Lang: spec.Lang, TimeZone: spec.TimeZone, Created: d.now, Demo: spec.Demo,
		}
		d.boards[made.id] = made
		b = made.view()
		noted := entryRow{By: by, Act: ActBoardCreated, Boards: []id.Document{made.id}}
		m := d.member(by)
		if m != nil && m.Forgotten == 0 {
			if m.Kiosk {
				return ErrKiosk
			}
			noted.Subject, noted.Roles = by, rights.RolesOf(rights.Owner)
			if err := d.grant(m, grantRow{Board: made.id, Role: rights.Owner, From: d.now, By: by}); err != nil {
				return err
			}
		}
		d.note(noted)
		if spec.Found != nil {
			spec.Found(b)
		}
		return nil
	})
	return b, err
}

// isTimeZone accepts what looks like a name of the IANA's; whether there is such a
// zone is for the devices to know, which have the list.
func isTimeZone(s string) bool {
	ok := func(c rune) bool {
		return c < utf8.RuneSelf && (unicode.IsLetter(c) || strings.ContainsRune("/_+-0123456789", c))
	}
	return len(s) <= 64 && strings.Trim(s, "/") == s && strings.IndexFunc(s, func(c rune) bool { return !ok(c) }) < 0
}

// label cleans what people call something.
func label(s string, most int) (string, error) {
	s = strings.Join(strings.FieldsFunc(s, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }), " ")
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > most {
		return "", fmt.Errorf("%w: more than %d characters", ErrInvalid, most)
	}
	return s, nil
}

// RenameBoard changes the title by which the server knows the board. The board
// document has its own, which an owner's device writes.
func (r *Registry) RenameBoard(board id.Document, title, by string) error {
	title, err := label(title, TitleMax)
	if err != nil {
		return err
	}
	if title == "" {
		return fmt.Errorf("%w: a board needs a title", ErrInvalid)
	}
	return r.change(func(d *draft) error {
		b := d.board(board)
		if b == nil {
			return ErrUnknownBoard
		}
		if b.Title != title {
			d.note(entryRow{By: by, Act: ActBoardRenamed, Boards: []id.Document{board}})
		}
		b.Title = title
		return nil
	})
}

// CloneBoard makes a board with the language and time zone of another, and none
// of its members but by, who becomes its owner. The registry reads no document: the
// content of the board document is copied by found, or by an owner's device. An empty
// title is that of the other. found is as in BoardSpec.
func (r *Registry) CloneBoard(from id.Document, title, by string, found func(Board)) (Board, error) {
	b, ok := r.Board(from)
	if !ok {
		return Board{}, ErrUnknownBoard
	}
	return r.CreateBoard(BoardSpec{Title: cmp.Or(title, b.Title), Lang: b.Lang, TimeZone: b.TimeZone, Found: found}, by)
}

// ArchiveBoard ends or, if archived is false, resumes writing to a board. Invites
// to an archived board do not work.
func (r *Registry) ArchiveBoard(board id.Document, archived bool, by string) error {
	return r.change(func(d *draft) error {
		b := d.board(board)
		switch {
		case b == nil:
			return ErrUnknownBoard
		case archived == (b.Archived != 0):
			return nil
		case !archived:
			b.Archived = 0
			d.note(entryRow{By: by, Act: ActBoardResumed, Boards: []id.Document{board}})
		default:
			b.Archived = d.now
			d.note(entryRow{By: by, Act: ActBoardArchived, Boards: []id.Document{board}})
		}
		return nil
	})
}

// Board returns a board.
func (r *Registry) Board(board id.Document) (Board, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	b := r.boards[board]
	if b == nil {
		return Board{}, false
	}
	return b.view(), true
}

// Boards returns all boards, by title.
func (r *Registry) Boards() []Board {
	r.mu.RLock()
	all := make([]Board, 0, len(r.boards))
	for _, b := range r.boards {
		all = append(all, b.view())
	}
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b Board) int {
		return cmp.Or(strings.Compare(a.Title, b.Title), slices.Compare(a.ID[:], b.ID[:]))
	})
	return all
}
