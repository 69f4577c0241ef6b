package cli

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"github.com/tavle-org/tavle/syncd/internal/api"
)

// auditCmd shows the audit log.
type auditCmd struct {
	operatorCmd `embed:""`
	Board       string `placeholder:"BOARD" help:"Only what concerns this board, by id or title."`
	Limit       int    `default:"50" help:"How many entries; 0 is all there are."`
}

func (*auditCmd) Help() string {
	return "The latest come first, and none is older than 24 months. The log has ids and codes; names are those of today."
}

func (c *auditCmd) Run(a *app) error {
	if c.Limit < 0 {
		return usageError{fmt.Errorf("--limit is 0 or more, not %d", c.Limit)}
	}
	return a.operate(c.operatorCmd, false, func(o *operator) error {
		path, err := o.pathOf("/audit", c.Board)
		if err != nil {
			return err
		}
		list, err := o.audit(path, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			return a.printJSON(list)
		}
		titles, err := o.titles()
		if err != nil {
			return err
		}
		t := newTable(a.Stdout, "WHEN", "BY", "ACT", "BOARD", "WHOM", "ROLES", "WHAT")
		for _, e := range list.Entries {
			t.row(when(e.At), cmp.Or(e.ByLabel, e.By), e.Act, boardsOf(e, titles), cmp.Or(e.SubjectLabel, e.Subject), strings.Join(e.Roles, ","), what(e))
		}
		return t.w.Flush()
	})
}

// audit asks for pages until there are limit entries; 0 is all.
func (o *operator) audit(path string, limit int) (list api.AuditPage, err error) {
	list.Entries = []api.AuditEntry{}
	for {
		var page api.AuditPage
		query := url.Values{"limit": {"200"}}
		if left := limit - len(list.Entries); limit > 0 && left < 200 {
			query.Set("limit", fmt.Sprint(left))
		}
		if list.Next > 0 {
			query.Set("before", fmt.Sprint(list.Next))
		}
		if err := o.ask(path+"?"+query.Encode(), &page); err != nil {
			return list, err
		}
		list.Entries, list.Next = append(list.Entries, page.Entries...), page.Next
		if list.Next == 0 || limit > 0 && len(list.Entries) >= limit {
			return list, nil
		}
	}
}

// titles are those of the boards, by id.
func (o *operator) titles() (map[string]string, error) {
	var list api.BoardList
	if err := o.ask("/v1/boards", &list); err != nil {
		return nil, err
	}
	titles := map[string]string{}
	for _, b := range list.Boards {
		titles[b.ID] = b.Title
	}
	return titles, nil
}

func boardsOf(e api.AuditEntry, titles map[string]string) string {
	var names []string
	for _, b := range e.Boards {
		names = append(names, cmp.Or(titles[b], b))
	}
	return strings.Join(names, ", ")
}

func what(e api.AuditEntry) string {
	if e.Count > 0 {
		return fmt.Sprintf("%s (%s)", e.Object, plural(int64(e.Count), "letter"))
	}
	return e.Object
}
