package api_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/auth"
)

func (d *device) unsent(doc id.Document, changes ...string) reply {
	d.w.t.Helper()
	var texts []string
	for _, c := range changes {
		texts = append(texts, base64.StdEncoding.EncodeToString([]byte(c)))
	}
	challenge := d.challenge()
	return d.post("/v1/unsent", fields{"device": d.id(), "challenge": challenge, "proof": d.prove(auth.PurposeUnsent, challenge, d.id()),
		"document": doc.String(), "changes": texts})
}

func TestWhatARevokedDeviceHadNotSentIsKeptForReview(t *testing.T) {
	w := newWorld(t)
	b, other := w.board("a"), w.board("b")
	at := "/v1/boards/" + b.ID.String()
	owner, d, resident := w.member(b, rights.Owner), w.member(b, rights.Resident), w.member(b, rights.Resident)
	page := board.PageDocument(b.ID, board.Month{Year: 2026, Month: 3}, 0)
	d.unsent(page, "x").want(http.StatusConflict, "notRevoked")
	owner.post(at+"/devices/"+d.id()+"/revoke", nil).into(&struct{}{})
	if r := d.unsent(page, "my last post", "and one more"); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	d.unsent(other.ID, "x").want(http.StatusNotFound, "unknownDocument")
	d.unsent(id.Document{7}, "x").want(http.StatusNotFound, "unknownDocument")
	thief := w.device()
	challenge := thief.challenge()
	thief.post("/v1/unsent", fields{"device": d.id(), "challenge": challenge, "proof": thief.prove(auth.PurposeUnsent, challenge, d.id()),
		"document": page.String(), "changes": []string{"eA=="}}).want(http.StatusForbidden, "proof")

	var list struct{ Items []api.Refused }
	owner.get(at + "/quarantine").into(&list)
	if len(list.Items) != 1 || list.Items[0].Reason != "unsent" || list.Items[0].Device != d.id() || list.Items[0].Document != page.String() {
		t.Fatalf("waits for review: %+v", list.Items)
	}
	var item api.RefusedChanges
	owner.get(at + "/quarantine/" + list.Items[0].ID).into(&item)
	if len(item.Changes) != 2 || item.Changes[0] != base64.StdEncoding.EncodeToString([]byte("my last post")) {
		t.Errorf("changes %q", item.Changes)
	}
	resident.get(at+"/quarantine/"+list.Items[0].ID).want(http.StatusForbidden, "role")
	owner.post(at+"/quarantine/"+list.Items[0].ID+"/delete", nil).into(&struct{}{})
	owner.get(at+"/quarantine/"+list.Items[0].ID).want(http.StatusNotFound, "unknownItem")
	taken := w.member(b, rights.Resident)
	owner.post(at+"/members/"+taken.me.Member.Ref+"/remove", nil).into(&struct{}{})
	if r := taken.unsent(page, "written before"); r.status != http.StatusOK {
		t.Errorf("of a member who was taken off the board: %d %s", r.status, r.body)
	}
	taken.unsent(other.ID, "x").want(http.StatusConflict, "notRevoked")
	if strings.Contains(w.log.String(), "last post") {
		t.Error("content is in the log")
	}
}

func TestARevokedDeviceCannotFillTheQuarantine(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	d := w.member(b, rights.Resident)
	if err := w.registry.RevokeDevice(d.id(), "operator"); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for range 30 {
		if d.unsent(b.ID, "x").status == http.StatusOK {
			kept++
		}
	}
	if kept != 20 {
		t.Errorf("%d are kept", kept)
	}
}

func TestScansOfAPoster(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	owner := w.member(b, rights.Owner)
	at := "/v1/boards/" + b.ID.String() + "/posters"
	owner.post(at, fields{"poster": "0123456789ab", "label": "laundry"}).into(&struct{}{})
	anyone := w.device()
	for _, path := range []string{"/p/0123456789ab", "/p/0123456789ab?next=https://evil.example", "/p/zzzzzzzzzzzz", "/p/nothing", "/p/%2f%2fevil.example", "/p/https:%2f%2fevil.example"} {
		r := anyone.get(path, header("Sec-Fetch-Site", "cross-site"))
		if r.status != http.StatusSeeOther || r.header.Get("Location") != "/" || r.body != "" || r.cookie != nil {
			t.Errorf("%s: %d to %q", path, r.status, r.header.Get("Location"))
		}
	}
	anyone.call("HEAD", "/p/0123456789ab", nil)
	var list struct{ Posters []api.Poster }
	owner.get(at).into(&list)
	if len(list.Posters) != 1 || list.Posters[0].Scans != 2 || list.Posters[0].Label != "laundry" {
		t.Errorf("posters %+v", list.Posters)
	}
}

func TestAPosterIsRemoved(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String() + "/posters"
	remove := at + "/0123456789ab/remove"
	w.member(w.board("other"), rights.Owner).post(remove, nil).want(http.StatusNotFound, "unknownBoard")
	for _, role := range []rights.Role{rights.Resident, rights.Moderator, rights.Observer} {
		w.member(b, role).post(remove, nil).want(http.StatusForbidden, "role")
	}
	for _, role := range []rights.Role{rights.Owner, rights.Deputy, rights.Ambassador} {
		d := w.member(b, role)
		d.post(remove, nil).want(http.StatusNotFound, "unknownPoster")
		d.post(at, fields{"poster": "0123456789ab", "label": "laundry"}).into(&struct{}{})
		d.post(remove, nil).into(&struct{}{})
		var list struct{ Posters []api.Poster }
		if d.get(at).into(&list); len(list.Posters) != 0 {
			t.Errorf("left by %s: %+v", role, list.Posters)
		}
	}
}

func TestLetters(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String()
	owner := w.member(b, rights.Owner)
	var letters api.LetterList
	owner.post(at+"/letters", fields{"role": "resident", "count": 3, "label": "stairs 4", "until": w.clock().AddDate(0, 0, 30).UnixMilli()}).into(&letters)
	if len(letters.Letters) != 3 || letters.Batch == "" || letters.Letters[0].Code == letters.Letters[1].Code {
		t.Fatalf("letters %+v", letters)
	}
	w.device().join(letters.Letters[1].Code)
	var list api.InviteList
	owner.get(at + "/invites").into(&list)
	if len(list.Batches) != 1 || list.Batches[0].Invites != 3 || list.Batches[0].Returned != 1 || list.Batches[0].Label != "stairs 4" {
		t.Errorf("usage %+v", list.Batches)
	}
}

func TestAKiosk(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	owner := w.member(b, rights.Owner)
	var invite api.NewInvite
	owner.post("/v1/boards/"+b.ID.String()+"/invites", fields{"role": "visitor"}).into(&invite)
	if want := w.url + "/kiosk#c=" + invite.Code; invite.Link != want {
		t.Errorf("link %s, want %s", invite.Link, want)
	}
	kiosk := w.device().join(invite.Code)
	if !kiosk.me.Member.Kiosk {
		t.Errorf("a kiosk is %+v", kiosk.me.Member)
	}
	p, _, _ := kiosk.upgrade(withCookie(kiosk.cookie))
	if p == nil || !p.Kiosk {
		t.Errorf("a kiosk connects as %+v", p)
	}
}
