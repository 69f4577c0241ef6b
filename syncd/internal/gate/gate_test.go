package gate

import (
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
)

func TestOpenAllowsEverythingButTakingOverForSomebodyElse(t *testing.T) {
	var p Policy = Open{}
	one, other := &Principal{Device: "one"}, &Principal{Device: "other"}
	for _, a := range []Action{Read, Write, Create} {
		if err := p.Allow(one, a, id.NewDocument()); err != nil {
			t.Errorf("action %d: %v", a, err)
		}
	}
	if !p.SamePrincipal(one, one) || !p.SamePrincipal(&Principal{}, &Principal{}) || p.SamePrincipal(one, other) {
		t.Error("a principal may take over its own connections and no others")
	}
	if p.Rules(one, id.NewDocument()) != nil {
		t.Error("an open server judges no changes")
	}
}

func member(of id.Document, roles ...rights.Role) *Principal {
	return &Principal{Device: "device", Member: "member", Boards: []Membership{
		{Board: of, Roles: rights.RolesOf(roles...), Pages: NewPages(of)},
	}}
}

func TestMembersKnowTheDocumentsOfTheirBoardsAndNoOthers(t *testing.T) {
	mine, other := id.NewDocument(), id.NewDocument()
	p := member(mine, rights.Resident)
	month := func(year int, m time.Month) board.Month { return board.Month{Year: year, Month: m} }
	cases := []struct {
		what  string
		doc   id.Document
		known bool
	}{
		{"the board document", mine, true},
		{"the page of a month", board.PageDocument(mine, month(2026, time.November), 0), true},
		{"the page of a tablet that has lost its clock", board.PageDocument(mine, month(1970, time.January), 0), true},
		{"the last page", board.PageDocument(mine, month(2059, time.December), 0), true},
		{"a page after the last", board.PageDocument(mine, month(2060, time.January), 0), false},
		{"a page of an epoch that there is not", board.PageDocument(mine, month(2026, time.November), 1), false},
		{"another board", other, false},
		{"a page of another board", board.PageDocument(other, month(2026, time.November), 0), false},
		{"any document", id.NewDocument(), false},
	}
	for _, c := range cases {
		if known := (Members{}).Allow(p, Read, c.doc) == nil; known != c.known {
			t.Errorf("%s: known %t", c.what, known)
		}
		if rules := (Members{}).Rules(p, c.doc); (rules != nil) != c.known {
			t.Errorf("%s: has rules: %t", c.what, rules != nil)
		}
	}
}

func TestObserversAndThoseWithoutARoleReadNothing(t *testing.T) {
	b := id.NewDocument()
	for _, p := range []*Principal{member(b, rights.Observer), member(b), {Device: "device"}, {}} {
		if (Members{}).Allow(p, Read, b) == nil {
			t.Errorf("%+v reads the board", p)
		}
	}
}

func TestPagesKnowTheirMonths(t *testing.T) {
	b := id.NewDocument()
	pages := NewPages(b)
	for m := firstMonth; m != lastMonth.Next(); m = m.Next() {
		if got, ok := pages.Find(board.PageDocument(b, m, 0)); !ok || got != m {
			t.Fatalf("the page of %s is taken for that of %s (%t)", m, got, ok)
		}
	}
}

func TestNobodyWritesToAnArchivedBoard(t *testing.T) {
	b := id.NewDocument()
	p := member(b, rights.Owner)
	p.Boards[0].Archived = true
	rules := (Members{}).Rules(p, b)
	err := rules.Admit(board.BoardGenesis(), (Members{}).Writer(p, b))
	if code, _ := Reason(err); err == nil || code != "archived" {
		t.Errorf("an archived board takes a change: %v", err)
	}
	if code, _ := Reason(rules.Admit(board.BoardGenesis(), nil)); code != "notMember" {
		t.Error("nobody in particular writes to a board")
	}
}

func TestADeviceThatFloodsIsRefusedUntilTheNextDay(t *testing.T) {
	u := new(Usage)
	day := time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)
	u.At(day)
	for range PostsPerDay {
		if !u.room(false) {
			t.Fatal("refused below the limit")
		}
		u.add(1)
	}
	if u.At(day.Add(time.Hour)); u.room(false) {
		t.Error("more posts than a day may have")
	}
	if !u.room(true) {
		t.Error("a desk writes for many people")
	}
	if u.At(day.Add(12 * time.Hour)); !u.room(false) {
		t.Error("refused on the next day")
	}
	for range ChangesPerDay {
		u.add(0)
	}
	if u.room(false) {
		t.Error("more changes than a day may have")
	}
}
