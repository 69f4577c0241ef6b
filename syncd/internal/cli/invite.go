package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/api"
)

type inviteCmd struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
	Role        []string `required:"" placeholder:"ROLE" help:"Role of who joins: visitor (for a kiosk), resident, connector, matchmaker, moderator, ambassador, owner, deputy or observer. Repeatable."`
	Uses        int      `default:"1" placeholder:"N" help:"How many devices may join with it (default: ${default})."`
	TTL         span     `name:"ttl" placeholder:"TIME" help:"How long the code works: 15m, 12h, 7d (default: 7d)."`
	Label       string   `placeholder:"TEXT" help:"What you call whoever it is for. Only owners see it."`
}

func (*inviteCmd) Help() string {
	return "Prints a link with a code, and a QR code of it on a terminal. The code is shown once, here; the server keeps only its hash."
}

func (c *inviteCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		var i api.NewInvite
		spec := api.NewInviteSpec{Roles: c.Role, Label: c.Label, Uses: c.Uses, Until: c.TTL.from(time.Now())}
		if err := o.tell(boardPath(b, "/invites"), spec, &i); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(i)
		}
		fmt.Fprint(a.Stdout, inviteText(b.Title, i, terminal(a.Stdout)))
		return nil
	})
}

func inviteText(board string, i api.NewInvite, drawn bool) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s joins %q", strings.Join(i.Roles, ", "), board)
	if i.UsesMax > 1 {
		fmt.Fprintf(&out, ", up to %d devices", i.UsesMax)
	}
	fmt.Fprintf(&out, ", until %s\n\n", when(i.Until))
	writeJoining(&out, i, drawn)
	fmt.Fprintf(&out, "\nThe code is not shown again. To take it back: syncd invites revoke %s\n", i.ID)
	return out.String()
}

// writeJoining writes the ways to join: link, code and drawing.
func writeJoining(out io.Writer, i api.NewInvite, drawn bool) {
	if strings.HasPrefix(i.Link, "/") {
		// No server has run here yet, so nobody knows its address.
		fmt.Fprintf(out, "  link   known once the server has run: its address, and %s\n", i.Link)
		drawn = false
	} else {
		fmt.Fprintf(out, "  link   %s\n", i.Link)
	}
	fmt.Fprintf(out, "  code   %s\n", i.Code)
	if drawn {
		fmt.Fprintf(out, "\n%s", qrText(i.Link))
	}
}

type invitesCmd struct {
	List   invitesListCmd   `cmd:"" help:"List the invites of a board, and how many were used."`
	Revoke invitesRevokeCmd `cmd:"" help:"End an invite. Who has joined with it stays."`
}

type invitesListCmd struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
	All         bool `help:"Also those that are over, and each letter."`
}

func (c *invitesListCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		var list api.InviteList
		if err := o.ask(boardPath(b, "/invites"), &list); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(list)
		}
		c.show(a, list)
		return nil
	})
}

func (c *invitesListCmd) show(a *app, list api.InviteList) {
	t := newTable(a.Stdout, "INVITE", "ROLE", "USED", "UNTIL", "BY", "LABEL", "STATE")
	hidden := 0
	for _, i := range list.Invites {
		if !c.All && (!i.Open || i.Batch != "") {
			hidden++
			continue
		}
		state := ""
		switch {
		case i.Revoked != 0:
			state = "revoked"
		case i.Void:
			state = "who made it may not any more"
		case !i.Open:
			state = "over"
		}
		t.row(i.ID, strings.Join(i.Roles, ","), fmt.Sprintf("%d/%d", i.Uses, i.UsesMax), when(i.Until), i.By, i.Label, state)
	}
	_ = t.w.Flush() // output remembers
	if len(list.Batches) > 0 {
		fmt.Fprintln(a.Stdout)
		t := newTable(a.Stdout, "LETTERS", "LABEL", "MADE", "SENT", "ANSWERED")
		for _, u := range list.Batches {
			t.row(u.Batch, u.Label, when(u.Made), fmt.Sprint(u.Invites), fmt.Sprint(u.Returned))
		}
		_ = t.w.Flush()
	}
	if hidden > 0 {
		fmt.Fprintf(a.Stderr, "%s more; --all shows them\n", plural(int64(hidden), "invite"))
	}
}

type invitesRevokeCmd struct {
	operatorCmd `embed:""`
	Invite      string `arg:"" help:"The id of the invite."`
}

func (c *invitesRevokeCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		var i api.Invite
		if err := o.tell("/v1/invites"+segment(c.Invite)+"/revoke", nil, &i); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(i)
		}
		fmt.Fprintf(a.Stderr, "the code does not work any more; %s joined with it and stay\n", plural(int64(i.Uses), "device"))
		return nil
	})
}
