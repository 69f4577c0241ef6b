package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/api"
)

type memberCmd struct {
	List    memberListCmd    `cmd:"" help:"List members with their roles."`
	Grant   memberGrantCmd   `cmd:"" help:"Give a member a role on a board."`
	Ungrant memberUngrantCmd `cmd:"" help:"Take a role away."`
	Forget  memberForgetCmd  `cmd:"" help:"End everything of a member, and erase what the server knows of them."`
}

type memberListCmd struct {
	operatorCmd `embed:""`
	Board       string `placeholder:"BOARD" help:"Of this board alone, by id or title."`
	All         bool   `help:"Also those who have no role any more."`
}

func (c *memberListCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		path, err := o.pathOf("/members", c.Board)
		if err != nil {
			return err
		}
		var list api.MemberList
		if err := o.ask(path, &list); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(list)
		}
		c.show(a, list, time.Now())
		return nil
	})
}

func (c *memberListCmd) show(a *app, list api.MemberList, now time.Time) {
	t := newTable(a.Stdout, "MEMBER", "LABEL", "ROLES", "DEVICES", "SINCE")
	hidden := 0
	for _, m := range list.Members {
		roles := rolesOf(m, c.Board == "", now)
		if m.Operator {
			roles = append(roles, "operator")
		}
		if len(roles) == 0 && !c.All {
			hidden++
			continue
		}
		label := m.Label
		if m.Forgotten != 0 {
			label = "(forgotten)"
		}
		t.row(m.Ref, label, strings.Join(roles, ", "), fmt.Sprint(m.Devices), when(m.Created))
	}
	_ = t.w.Flush() // output remembers
	if hidden > 0 {
		fmt.Fprintf(a.Stderr, "%s without a role; --all shows them\n", plural(int64(hidden), "member"))
	}
}

// rolesOf writes the roles that a member has now or will have.
func rolesOf(m api.Member, withBoard bool, now time.Time) []string {
	var roles []string
	for _, r := range m.Roles {
		if r.Until != 0 && !now.Before(r.Until.Time()) {
			continue
		}
		text := r.Role.Role
		if withBoard {
			text += " of " + cmp.Or(r.Title, r.Board)
		}
		if r.From.Time().After(now) {
			text += " from " + when(r.From)
		}
		if r.Until != 0 {
			text += " until " + when(r.Until)
		}
		roles = append(roles, text)
	}
	slices.Sort(roles)
	return roles
}

type memberGrantCmd struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
	Member      string `arg:"" help:"The reference of the member."`
	Role        string `required:"" placeholder:"ROLE" help:"The role."`
	For         span   `placeholder:"TIME" help:"How long: 12h, 7d, 2w (default: for good)."`
}

func (c *memberGrantCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		body := struct {
			Role  string     `json:"role"`
			Until api.Millis `json:"until,omitempty"`
		}{c.Role, c.For.from(time.Now())}
		var m api.Member
		if err := o.tell(boardPath(b, "/members"+segment(c.Member)+"/grant"), body, &m); err != nil {
			return err
		}
		return a.showMember(c.JSON, m, b)
	})
}

func (a *app) showMember(asJSON bool, m api.Member, b api.Board) error {
	if asJSON {
		return a.printJSON(m)
	}
	roles := strings.Join(rolesOf(m, false, time.Now()), ", ")
	_, err := fmt.Fprintf(a.Stderr, "%s has on %q: %s\n", printable(cmp.Or(m.Label, m.Ref)), b.Title, cmp.Or(roles, "no role"))
	return err
}

type memberUngrantCmd struct {
	operatorCmd `embed:""`
	onBoard     `embed:""`
	Member      string `arg:"" help:"The reference of the member."`
	Role        string `required:"" placeholder:"ROLE" help:"The role."`
}

func (c *memberUngrantCmd) Run(a *app) error {
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		b, err := o.board(c.Board)
		if err != nil {
			return err
		}
		var m api.Removed
		if err := o.tell(boardPath(b, "/members"+segment(c.Member)+"/ungrant"), map[string]string{"role": c.Role}, &m); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(m)
		}
		if n := m.InvitesEnded; n > 0 {
			fmt.Fprintf(a.Stderr, "%s that they had made ended with the role; to make new ones: syncd invite\n", plural(int64(n), "invite"))
		}
		return a.showMember(false, m.Member, b)
	})
}

type memberForgetCmd struct {
	operatorCmd `embed:""`
	Member      string `arg:"" help:"The reference of the member."`
	Yes         bool   `help:"Do it; there is no way back."`
}

func (*memberForgetCmd) Help() string {
	return "All roles end, all devices are shut out, and labels, keys and what devices told are erased. What the member has posted stays, under a reference that says nothing; posts are removed in the app."
}

func (c *memberForgetCmd) Run(a *app) error {
	if !c.Yes {
		return usageError{errors.New("there is no way back; add --yes to do it")}
	}
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		var m api.Member
		if err := o.tell("/v1/members"+segment(c.Member)+"/forget", nil, &m); err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(m)
		}
		fmt.Fprintf(a.Stderr, "the server knows nothing of %s any more but that it was there\n", m.Ref)
		return nil
	})
}
