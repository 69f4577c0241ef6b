package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/api"
)

// When a board gets another owner, what the old one has opens nothing any more, the
// log says who did it, and nothing else changes.
func TestABoardGetsAnotherOwner(t *testing.T) {
	w := newWorld(t)
	b := w.board("Lindeparken")
	old, heir, neighbour := w.member(b, rights.Owner), w.member(b, rights.Resident), w.member(b, rights.Resident)
	path := "/v1/boards/" + b.ID.String()
	var made api.NewInvite
	old.post(path+"/invites", fields{"role": "owner", "uses": 5}).into(&made)
	var letters api.InviteList
	old.post(path+"/invites", fields{"role": "resident"})
	old.get(path + "/invites").into(&letters)
	var ticket struct{ Ticket string }
	old.post("/v1/ticket", fields{"for": "bearer"}).into(&ticket)

	grant := fields{"role": "owner"}
	if r := old.post(path+"/members/"+heir.me.Member.Ref+"/grant", grant); r.status != http.StatusOK {
		t.Fatalf("handing over: %d %s", r.status, r.body)
	}
	var before, after api.MemberList
	heir.get(path + "/members").into(&before)
	if r := heir.post(path+"/members/"+old.me.Member.Ref+"/remove", nil); r.status != http.StatusOK {
		t.Fatalf("taking over: %d %s", r.status, r.body)
	}

	// Nothing that the old owner has works on the board, and all of it together.
	ways := map[string]func(*http.Request){
		"session": func(*http.Request) {},
		"bearer":  func(r *http.Request) { r.Header.Del("Cookie"); r.Header.Set("Authorization", "Bearer "+ticket.Ticket) },
	}
	if r := old.session(); r.status != http.StatusOK {
		t.Fatalf("signing in again: %d", r.status)
	} else {
		ways["new session"] = func(q *http.Request) { q.Header.Del("Cookie"); q.AddCookie(r.cookie) }
	}
	for name, way := range ways {
		for _, get := range []string{"/members", "/devices", "/invites", "/audit", "/numbers", "/quarantine"} {
			old.get(path+get, way).want(http.StatusNotFound, "unknownBoard")
		}
		old.post(path+"/members/"+old.me.Member.Ref+"/grant", grant, way).want(http.StatusNotFound, "unknownBoard")
		old.post(path+"/archive", fields{}, way).want(http.StatusNotFound, "unknownBoard")
		var me api.Me
		if old.get("/v1/me", way).into(&me); len(me.Boards) != 0 {
			t.Errorf("%s: the old owner is on %+v", name, me.Boards)
		}
	}
	old.post("/v1/join", old.joinWith(made.Code)).want(http.StatusForbidden, "code")
	other := w.device()
	other.post("/v1/join", other.joinWith(made.Code)).want(http.StatusForbidden, "code")

	var log api.AuditPage
	heir.get(path + "/audit?limit=2").into(&log)
	if len(log.Entries) != 2 || log.Next == 0 {
		t.Fatalf("log %+v", log)
	}
	removed, granted := log.Entries[0], log.Entries[1]
	if removed.Act != "removed" || removed.By != heir.me.Member.Ref || removed.Subject != old.me.Member.Ref || !slices.Equal(removed.Roles, []string{"owner"}) {
		t.Errorf("taking over is told as %+v", removed)
	}
	if granted.Act != "granted" || granted.By != old.me.Member.Ref || granted.Subject != heir.me.Member.Ref || !slices.Equal(granted.Roles, []string{"owner"}) {
		t.Errorf("handing over is told as %+v", granted)
	}

	heir.get(path + "/members").into(&after)
	rest := slices.DeleteFunc(before.Members, func(m api.Member) bool { return m.Ref == old.me.Member.Ref })
	if fmt.Sprint(after.Members) != fmt.Sprint(rest) {
		t.Errorf("members\n%+v, before\n%+v", after.Members, rest)
	}
	var me api.Me
	if neighbour.get("/v1/me").into(&me); len(me.Boards) != 1 || me.Boards[0].Title != "Lindeparken" {
		t.Errorf("a neighbour is on %+v", me.Boards)
	}
	var invites api.InviteList
	for i := range letters.Invites {
		if own := &letters.Invites[i]; own.By == old.me.Member.Ref {
			own.Open, own.Void = false, true
		}
	}
	if heir.get(path + "/invites").into(&invites); fmt.Sprint(invites.Invites) != fmt.Sprint(letters.Invites) {
		t.Errorf("invites\n%+v, before\n%+v", invites, letters)
	}
}

func TestWhoReadsTheLog(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	path := "/v1/boards/" + b.ID.String() + "/audit"
	for role, status := range map[rights.Role]int{
		rights.Owner: 200, rights.Deputy: 200, rights.Ambassador: 403, rights.Moderator: 403, rights.Observer: 403, rights.Resident: 403,
	} {
		if r := w.member(b, role).get(path); r.status != status {
			t.Errorf("%s: %d %s", role, r.status, r.body)
		}
	}
	owner := w.member(b, rights.Owner)
	w.member(w.board("other"), rights.Owner).get(path).want(http.StatusNotFound, "unknownBoard")
	for _, query := range []string{"?before=x", "?limit=-1", "?before=99999999999999999999"} {
		owner.get(path+query).want(http.StatusBadRequest, "body")
	}
	owner.get("/v1/audit").want(http.StatusNotFound, "noPath")
	if err := w.registry.SetLabel(owner.me.Member.Ref, "Ann"); err != nil {
		t.Fatal(err)
	}
	var page api.AuditPage
	seen, last := 0, uint64(1<<60)
	for next := ""; ; next = fmt.Sprint("&before=", page.Next) {
		page = api.AuditPage{}
		owner.get(path + "?limit=3" + next).into(&page)
		for _, e := range page.Entries {
			if e.N >= last || len(e.Boards) > 0 || e.Subject == owner.me.Member.Ref && e.SubjectLabel != "Ann" {
				t.Errorf("after %d: %+v", last, e)
			}
			last = e.N
			seen++
		}
		if page.Next == 0 {
			break
		}
	}
	if seen != 1+7*2 {
		t.Errorf("%d entries", seen)
	}
	// The operator sees all boards.
	rec := httptest.NewRecorder()
	w.operator.ServeHTTP(rec, httptest.NewRequest("GET", "/v1/audit?limit=200", nil))
	if body := rec.Body.String(); rec.Code != 200 || strings.Count(body, `"act":`) != 18 || strings.Count(body, `"act":"boardCreated","boards":[`) != 2 {
		t.Errorf("the operator sees %d %s", rec.Code, body)
	}
}

func TestNumbersCountAmbassadors(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	observer, ann := w.member(b, rights.Observer), w.member(b, rights.Ambassador)
	w.member(b, rights.Ambassador)
	if _, err := w.registry.Remove(ann.me.Member.Ref, b.ID, "operator"); err != nil {
		t.Fatal(err)
	}
	var n api.Numbers
	observer.get("/v1/boards/" + b.ID.String() + "/numbers").into(&n)
	if want := (api.Recruits{Total: 2, Years: []api.Year{{Year: 2026, People: 2}}}); fmt.Sprint(n.Ambassadors) != fmt.Sprint(want) || n.Roles["ambassador"] != 1 {
		t.Errorf("numbers %+v", n)
	}
}
