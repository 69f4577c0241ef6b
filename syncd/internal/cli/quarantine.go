package cli

import (
	"fmt"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/api"
)

type quarantineCmd struct {
	List   quarantineListCmd   `cmd:"" help:"List the changes that were refused and wait for review."`
	Show   quarantineShowCmd   `cmd:"" help:"Print the changes of one item."`
	Delete quarantineDeleteCmd `cmd:"" help:"Remove an item."`
}

type quarantineListCmd struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
}

func (c *quarantineListCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		var list struct {
			Items []api.Refused `json:"items"`
		}
		if err := o.ask(boardPath(b, "/quarantine"), &list); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(list)
		}
		t := newTable(a.Stdout, "ITEM", "WHEN", "REASON", "WHERE", "MEMBER", "DEVICE", "BYTES")
		for _, r := range list.Items {
			t.row(r.ID, ago(r.At, time.Now()), r.Reason, r.Path, r.Member, r.Device, fmt.Sprint(r.Bytes))
		}
		return t.w.Flush()
	})
}

type quarantineItem struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
	Item        string `arg:"" help:"The id of the item."`
}

type quarantineShowCmd struct {
	quarantineItem `embed:""`
}

func (*quarantineShowCmd) Help() string {
	return "The changes are binary; they are printed in base64, one a line. They hold what somebody wrote, so treat them as personal."
}

func (c *quarantineShowCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		var item api.RefusedChanges
		if err := o.ask(boardPath(b, "/quarantine"+segment(c.Item)), &item); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(item)
		}
		fmt.Fprintf(a.Stderr, "refused %s: %s %s, of member %s on device %s\n", when(item.At), item.Reason, item.Path, item.Member, item.Device)
		for _, change := range item.Changes {
			fmt.Fprintln(a.Stdout, change)
		}
		return nil
	})
}

type quarantineDeleteCmd struct {
	quarantineItem `embed:""`
}

func (c *quarantineDeleteCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		if err := o.tell(boardPath(b, "/quarantine"+segment(c.Item)+"/delete"), nil, nil); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(struct{}{})
		}
		_, err = fmt.Fprintln(a.Stderr, "removed")
		return err
	})
}
