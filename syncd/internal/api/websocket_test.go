package api_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/gate"
)

// upgrade asks for a websocket.
func (d *device) upgrade(change ...func(*http.Request)) (*gate.Principal, http.Header, reply) {
	d.w.t.Helper()
	r, err := http.NewRequest("GET", d.w.url+"/sync", nil)
	if err != nil {
		d.w.t.Fatal(err)
	}
	for _, f := range change {
		f(r)
	}
	p, id, header, err := d.w.api.Authenticate(r)
	if err != nil {
		w := httptest.NewRecorder()
		d.w.api.Refuse(w, r, err)
		return nil, header, reply{t: d.w.t, status: w.Code, body: w.Body.String()}
	}
	if id != d.id() || p.Device != d.id() {
		d.w.t.Errorf("the websocket is %s's, not %s's", id, d.id())
	}
	return p, header, reply{t: d.w.t, status: http.StatusSwitchingProtocols}
}

func (d *device) ticket(kind string) string {
	d.w.t.Helper()
	var ticket struct{ Ticket string }
	d.post("/v1/ticket", fields{"for": kind}).into(&ticket)
	return ticket.Ticket
}

func withCookie(c *http.Cookie) func(*http.Request) {
	return func(r *http.Request) { r.AddCookie(c) }
}

func query(ticket string) func(*http.Request) {
	return func(r *http.Request) { r.URL.RawQuery = "ticket=" + ticket }
}

func TestWaysToAWebsocket(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	d := w.member(b, rights.Resident)
	for name, change := range map[string]func(*http.Request){
		"cookie":           withCookie(d.cookie),
		"cookie, own page": func(r *http.Request) { r.AddCookie(d.cookie); r.Header.Set("Origin", w.url) },
		"subprotocol":      header("Sec-WebSocket-Protocol", "tavle.v1, tavle.ticket."+d.ticket("socket")),
		"subprotocol, foreign": func(r *http.Request) {
			r.Header.Set("Sec-WebSocket-Protocol", "tavle.v1,tavle.ticket."+d.ticket("socket"))
			r.Header.Set("Origin", "https://a.example")
		},
		"address": query(d.ticket("url")),
		"bearer":  header("Authorization", "Bearer "+d.ticket("bearer")),
		"old cookie, ticket": func(r *http.Request) {
			withCookie(&http.Cookie{Name: d.cookie.Name, Value: "x"})(r)
			query(d.ticket("url"))(r)
		},
	} {
		p, header, r := d.upgrade(change)
		if p == nil {
			t.Errorf("%s: %d %s", name, r.status, r.body)
			continue
		}
		if m := p.On(b.ID); m == nil || !m.Roles.Has(rights.Resident) {
			t.Errorf("%s: acts for %+v", name, p)
		}
		got := header.Get("Sec-Websocket-Protocol")
		if want := map[bool]string{true: "tavle.v1"}[name[0] == 's']; got != want {
			t.Errorf("%s: says back %q", name, got)
		}
	}
}

func TestWebsocketsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	owner, d := w.member(b, rights.Owner), w.member(b, rights.Resident)
	replayed, url, bearer := d.ticket("socket"), d.ticket("url"), d.ticket("bearer")
	protocol := func(ticket string) func(*http.Request) {
		return header("Sec-WebSocket-Protocol", "tavle.v1, tavle.ticket."+ticket)
	}
	if p, _, r := d.upgrade(protocol(replayed)); p == nil {
		t.Fatal(r.body)
	}
	refused := func(name, code string, change ...func(*http.Request)) {
		t.Helper()
		_, _, r := d.upgrade(change...)
		if r.status != http.StatusUnauthorized || r.code() != code {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	refused("nobody", "signIn")
	refused("replayed ticket", "signIn", protocol(replayed))
	refused("a ticket of another kind", "signIn", protocol(url))
	refused("a session in the address", "signIn", query(d.cookie.Value))
	refused("a session as bearer", "signIn", header("Authorization", "Bearer "+d.cookie.Value))
	refused("basic", "signIn", header("Authorization", "Basic "+bearer))
	refused("foreign page with the cookie", "signIn", withCookie(d.cookie), header("Origin", "https://evil.example"))
	late := d.ticket("socket")
	w.pass(time.Minute)
	refused("late ticket", "signIn", protocol(late))

	owner.post("/v1/boards/"+b.ID.String()+"/devices/"+d.id()+"/revoke", nil).into(&struct{}{})
	refused("cookie after revocation", "revoked", withCookie(d.cookie))
	refused("address after revocation", "revoked", query(url))
	refused("bearer after revocation", "revoked", header("Authorization", "Bearer "+bearer))
}

// A browser sends its cookie whatever a page of it asks for.
func TestAPageThatIsAnotherDeviceThanItsBrowser(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	browser, page := w.member(b, rights.Resident), w.member(b, rights.Visitor)
	page.cookie = nil
	challenge := page.challenge()
	asked := fields{"device": page.id(), "challenge": challenge, "proof": page.prove(auth.PurposeSession, challenge, page.id()), "for": "bearer"}
	var session struct {
		Device struct{ ID string }
		Ticket string
	}
	page.post("/v1/session", asked).into(&session)
	if session.Device.ID != page.id() {
		t.Errorf("the session is %s's", session.Device.ID)
	}
	var socket struct{ Ticket string }
	page.post("/v1/ticket", fields{"for": "socket"}, header("Authorization", "Bearer "+session.Ticket)).into(&socket)
	page.upgrade(withCookie(browser.cookie), header("Sec-WebSocket-Protocol", "tavle.v1, tavle.ticket."+socket.Ticket))

	challenge = page.challenge()
	asked["challenge"], asked["proof"], asked["for"] = challenge, page.prove(auth.PurposeSession, challenge, page.id()), "url"
	page.post("/v1/session", asked).want(http.StatusBadRequest, "body")
}

func TestABearerMakesNoBearer(t *testing.T) {
	w := newWorld(t)
	d := w.member(w.board("a"), rights.Resident)
	auth := header("Authorization", "Bearer "+d.ticket("bearer"))
	d.cookie = nil
	if r := d.post("/v1/ticket", fields{"for": "socket"}, auth); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	d.post("/v1/ticket", fields{"for": "bearer"}, auth).want(http.StatusUnauthorized, "signIn")
}

func TestRefuseSaysNothingOfOtherErrors(t *testing.T) {
	w := newWorld(t)
	rec := httptest.NewRecorder()
	w.api.Refuse(rec, httptest.NewRequest("GET", "/sync", nil), errors.New("disk /dev/x"))
	if rec.Code != http.StatusInternalServerError || rec.Body.String() != `{"error":"internal","message":"Something went wrong on the server. It was noted."}`+"\n" {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestAPageThatCameWithoutTLS(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Secure = true })
	d := w.member(w.board("a"), rights.Resident)
	host := strings.TrimPrefix(w.url, "http://")
	if p, _, _ := d.upgrade(withCookie(d.cookie), header("Origin", "http://"+host)); p != nil {
		t.Error("it opened a websocket with the cookie")
	}
	d.get("/v1/me", header("Origin", "http://"+host)).want(http.StatusForbidden, "origin")
	if p, _, r := d.upgrade(withCookie(d.cookie), header("Origin", "https://"+host)); p == nil {
		t.Errorf("a page with TLS: %d %s", r.status, r.body)
	}
}
