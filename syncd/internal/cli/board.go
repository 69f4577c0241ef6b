package cli

import (
	"errors"
	"fmt"

	"github.com/tavle-org/tavle/syncd/internal/api"
)

type boardCmd struct {
	Create  boardCreateCmd  `cmd:"" help:"Make a board."`
	List    boardListCmd    `cmd:"" help:"List the boards."`
	Rename  boardRenameCmd  `cmd:"" help:"Change a board's title."`
	Clone   boardCloneCmd   `cmd:"" help:"Make a board with the settings of another, and none of its people or posts."`
	Archive boardArchiveCmd `cmd:"" help:"End writing to a board; it can still be read."`
}

type boardCreateCmd struct {
	operatorCmd `embed:""`
	Title       string `arg:"" help:"What people call it."`
	Lang        string `default:"da" enum:"da,nl,en" placeholder:"LANG" help:"Main language: da, nl or en (default: ${default})."`
	TimeZone    string `name:"time-zone" default:"Europe/Copenhagen" placeholder:"ZONE" help:"Time zone (default: ${default})."`
}

func (c *boardCreateCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, true, func(o *operator) error {
		var b api.Board
		err := o.tell("/v1/boards", map[string]string{"title": c.Title, "lang": c.Lang, "timeZone": c.TimeZone}, &b)
		if err != nil {
			return err
		}
		return a.showBoard(c.JSON, b, fmt.Sprintf("made the board %q\n\nNext, invite its owner:\n  syncd invite%s --board %s --role owner --label NAME\n", b.Title, c.where(), b.ID))
	})
}

// showBoard prints the id of a board, and a sentence for people.
func (a *app) showBoard(asJSON bool, b api.Board, sentence string) error {
	if asJSON {
		return a.printJSON(b)
	}
	fmt.Fprintln(a.Stdout, b.ID)
	_, err := fmt.Fprint(a.Stderr, sentence)
	return err
}

type boardListCmd struct {
	operatorCmd `embed:""`
}

func (c *boardListCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		var list api.BoardList
		if err := o.ask("/v1/boards", &list); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(list)
		}
		t := newTable(a.Stdout, "BOARD", "TITLE", "LANG", "TIME ZONE", "MADE", "STATE")
		for _, b := range list.Boards {
			state := ""
			if b.Demo {
				state = "demo"
			}
			if b.Archived {
				state = "archived"
			}
			t.row(b.ID, b.Title, b.Lang, b.TimeZone, when(b.Created), state)
		}
		return t.w.Flush()
	})
}

type boardRenameCmd struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
	Title       string `arg:"" help:"The new title."`
}

func (*boardRenameCmd) Help() string {
	return "Changes what the server calls the board. What stands on the board itself an owner changes, in the app."
}

func (c *boardRenameCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		if err := o.tell(boardPath(b, "/rename"), map[string]string{"title": c.Title}, &b); err != nil {
			return err
		}
		return a.showBoard(c.JSON, b, fmt.Sprintf("the server calls it %q now\n", b.Title))
	})
}

type boardCloneCmd struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
	Title       string `arg:"" help:"The title of the new board."`
}

func (c *boardCloneCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		from, err := o.board(c.Board)
		if err != nil {
			return err
		}
		var b api.Board
		if err := o.tell(boardPath(from, "/clone"), map[string]string{"title": c.Title}, &b); err != nil {
			return err
		}
		return a.showBoard(c.JSON, b, fmt.Sprintf("made the board %q with the settings of %q\n\nNext, invite its owner:\n  syncd invite%s --board %s --role owner --label NAME\n", b.Title, from.Title, c.where(), b.ID))
	})
}

type boardArchiveCmd struct {
	operatorCmd `embed:""`
	Board       string `placeholder:"BOARD" help:"The board, by id or title; it has to be named."`
	Undo        bool   `help:"Let people write to it again."`
}

func (c *boardArchiveCmd) Run(a *app) error {
	if c.Board == "" {
		return usageError{errors.New("say which board with --board")}
	}
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		if err := o.tell(boardPath(b, "/archive"), map[string]bool{"archived": !c.Undo}, &b); err != nil {
			return err
		}
		sentence := fmt.Sprintf("%q is archived: it can be read, and nobody writes to it. --undo takes that back\n", b.Title)
		if c.Undo {
			sentence = fmt.Sprintf("people can write to %q again\n", b.Title)
		}
		return a.showBoard(c.JSON, b, sentence)
	})
}
