package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/api"
)

func TestForeignPages(t *testing.T) {
	w := newWorld(t)
	d := w.member(w.board("a"), rights.Resident)
	for name, change := range map[string]func(*http.Request){
		"foreign origin":              header("Origin", "https://evil.example"),
		"hidden origin":               header("Origin", "null"),
		"another port":                header("Origin", "http://127.0.0.1:1"),
		"cross-site by fetch":         header("Sec-Fetch-Site", "cross-site"),
		"same-site by fetch":          header("Sec-Fetch-Site", "same-site"),
		"two origins":                 func(r *http.Request) { r.Header["Origin"] = []string{d.w.url, "https://evil.example"} },
		"same host in another scheme": header("Origin", "ftp://evil.example"),
	} {
		d.post("/v1/me/status", fields{}, change).want(http.StatusForbidden, "origin")
		d.get("/v1/me", change).want(http.StatusForbidden, "origin")
		r, _ := http.NewRequest("GET", w.url+"/sync", nil)
		r.AddCookie(d.cookie)
		change(r)
		if strings.Contains(name, "origin") || strings.Contains(name, "port") {
			if _, _, _, err := w.api.Authenticate(r); err == nil {
				t.Errorf("%s: the cookie opened a websocket", name)
			}
		}
	}
	for name, change := range map[string]func(*http.Request){
		"no browser":  func(*http.Request) {},
		"own page":    header("Origin", w.url),
		"typed in":    header("Sec-Fetch-Site", "none"),
		"own by both": func(r *http.Request) { r.Header.Set("Origin", d.w.url); r.Header.Set("Sec-Fetch-Site", "same-origin") },
	} {
		if got := d.post("/v1/me/status", fields{}, change); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func TestAnotherNameForTheServer(t *testing.T) {
	local := newWorld(t)
	public := newWorld(t, func(c *api.Config) {
		c.Loopback, c.Names, c.Server.Base = false, []string{"tavle.local"}, "https://board.example"
	})
	for _, c := range []struct {
		w    *world
		host string
		ok   bool
	}{
		{local, "rebound.example", false}, {local, "localhost:3030", true}, {local, "[::1]:3030", true}, {local, "192.0.2.1", false},
		{local, "localhost.evil.example", false}, {local, "127.0.0.1.evil.example", false}, {local, "", false},
		{public, "rebound.example", false}, {public, "board.example", true}, {public, "BOARD.example:443", true},
		{public, "tavle.local:3030", true}, {public, "192.0.2.1:3030", true}, {public, "localhost", true}, {public, "localhost.evil.example", false},
	} {
		d := c.w.device()
		r := d.post("/v1/challenge", nil, func(r *http.Request) { r.Host = c.host })
		if c.host == "" {
			continue // the client fills it in
		}
		if c.ok != (r.status == http.StatusOK) {
			t.Errorf("Host %q: %d %s", c.host, r.status, r.body)
		}
		upgrade, _ := http.NewRequest("GET", c.w.url+"/sync", nil)
		upgrade.Host = c.host
		if _, _, _, err := c.w.api.Authenticate(upgrade); (err.Error() == "host: This server has another name.") == c.ok {
			t.Errorf("Host %q: a websocket is refused with %v", c.host, err)
		}
	}
}

func TestUnknownAndForbiddenBoardsLookTheSame(t *testing.T) {
	w := newWorld(t)
	mine, theirs := w.board("mine"), w.board("theirs")
	owner := w.member(mine, rights.Owner)
	other := w.member(theirs, rights.Owner)
	unknown := "2akvofn6L1o4RMUEMQi7qzwRjKWZ"
	for _, path := range []string{"/members", "/devices", "/invites", "/quarantine", "/posters", "/numbers"} {
		forbidden := owner.get("/v1/boards/" + theirs.ID.String() + path)
		missing := owner.get("/v1/boards/" + unknown + path)
		malformed := owner.get("/v1/boards/nothing" + path)
		forbidden.want(http.StatusNotFound, "unknownBoard")
		if forbidden.body != missing.body || forbidden.body != malformed.body || forbidden.status != missing.status {
			t.Errorf("%s: %s, %s and %s", path, forbidden.body, missing.body, malformed.body)
		}
	}
	// Nor do one's own boards tell of others' members, devices and invites.
	at := "/v1/boards/" + mine.ID.String()
	owner.post(at+"/members/"+other.me.Member.Ref+"/grant", fields{"role": "resident"}).want(http.StatusNotFound, "unknownMember")
	owner.post(at+"/members/00000000000000000000000000/grant", fields{"role": "resident"}).want(http.StatusNotFound, "unknownMember")
	owner.post(at+"/devices/"+other.id()+"/revoke", nil).want(http.StatusNotFound, "unknownDevice")
	owner.post(at+"/devices/00000000000000000000000000/revoke", nil).want(http.StatusNotFound, "unknownDevice")
	owner.post(at+"/invites/"+w.registry.Invites(theirs.ID)[0].ID+"/revoke", nil).want(http.StatusNotFound, "unknownInvite")
	if other.get("/v1/me").status != http.StatusOK {
		t.Error("the other board's owner was shut out")
	}
}

// TestWhoMayAskForWhat is a table of paths and roles.
func TestWhoMayAskForWhat(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String()
	owner := w.member(b, rights.Owner)
	target := w.member(b, rights.Resident)
	callers := map[string]*device{
		"owner": owner, "deputy": w.member(b, rights.Deputy), "moderator": w.member(b, rights.Moderator), "ambassador": w.member(b, rights.Ambassador),
		"resident": w.member(b, rights.Resident), "observer": w.member(b, rights.Observer),
	}
	for _, c := range []struct {
		method, path string
		body         any
		may          string // the others get 403 role
	}{
		{"GET", "/members", nil, "owner deputy"},
		{"GET", "/devices", nil, "owner deputy"},
		{"GET", "/invites", nil, "owner deputy ambassador"},
		{"GET", "/quarantine", nil, "owner deputy moderator"},
		{"GET", "/posters", nil, "owner deputy ambassador"},
		{"GET", "/numbers", nil, "owner deputy observer"},
		{"POST", "/rename", fields{"title": "b"}, "owner deputy"},
		{"POST", "/archive", fields{"archived": false}, "owner"},
		{"POST", "/invites", fields{"role": "resident"}, "owner deputy ambassador"},
		{"POST", "/invites", fields{"role": "connector"}, "owner deputy"},
		{"POST", "/invites", fields{"roles": []string{"resident", "moderator"}}, "owner deputy"},
		{"POST", "/invites", fields{"role": "owner"}, "owner"},
		{"POST", "/invites", fields{"role": "deputy"}, "owner"},
		{"POST", "/letters", fields{"role": "resident", "count": 2, "label": "x"}, "owner deputy ambassador"},
		{"POST", "/letters", fields{"role": "matchmaker", "count": 2, "label": "x"}, "owner deputy"},
		{"POST", "/members/" + target.me.Member.Ref + "/grant", fields{"role": "connector"}, "owner deputy"},
		{"POST", "/members/" + target.me.Member.Ref + "/ungrant", fields{"role": "connector"}, "owner deputy"},
		{"POST", "/members/" + target.me.Member.Ref + "/label", fields{"label": "Bo"}, "owner deputy"},
		{"POST", "/members/" + target.me.Member.Ref + "/grant", fields{"role": "owner"}, "owner"},
		{"POST", "/members/" + target.me.Member.Ref + "/ungrant", fields{"role": "owner"}, "owner"},
		{"POST", "/devices/" + target.id() + "/rename", fields{"label": "x"}, "owner deputy"},
		{"POST", "/devices/" + owner.id() + "/revoke", nil, ""},
		{"POST", "/posters", fields{"poster": "0123456789ab", "label": "x"}, "owner deputy moderator ambassador resident"},
	} {
		for role, d := range callers {
			if role == "owner" && strings.HasSuffix(c.path, owner.id()+"/revoke") {
				continue
			}
			r := d.call(c.method, at+c.path, c.body)
			if strings.Contains(c.may, role) {
				if r.status != http.StatusOK {
					t.Errorf("%s %s %v by %s: %d %s", c.method, c.path, c.body, role, r.status, r.body)
				}
			} else {
				r.want(http.StatusForbidden, "role")
			}
		}
	}
	stranger := w.device()
	stranger.get(at+"/members").want(http.StatusUnauthorized, "signIn")
	callers["resident"].post("/v1/boards", fields{"title": "mine"}).want(http.StatusForbidden, "role")
}

// Deputies stand in for owners and choose neither owners nor deputies: they take
// them off the board as little as they take the role away.
func TestWhomADeputyRemoves(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String() + "/members/"
	owner, deputy := w.member(b, rights.Owner), w.member(b, rights.Deputy)
	other, heir, resident := w.member(b, rights.Deputy), w.member(b, rights.Resident), w.member(b, rights.Resident)
	if err := w.registry.Grant(heir.me.Member.Ref, b.ID, rights.Owner, w.clock().Add(time.Hour), time.Time{}, "operator"); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*device{owner, other, heir} {
		deputy.post(at+d.me.Member.Ref+"/remove", nil).want(http.StatusForbidden, "role")
	}
	for _, d := range []*device{resident, deputy} {
		deputy.post(at+d.me.Member.Ref+"/remove", nil).into(&struct{}{})
	}
	owner.post(at+other.me.Member.Ref+"/remove", nil).into(&struct{}{})
}

// Who is taken off a board has no code of their own to come back with, on whatever device, and
// the owner hears how many ended.
func TestWhoIsTakenOffTheBoardStaysOff(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String()
	owner, other := w.member(b, rights.Owner), w.member(b, rights.Owner)
	ambassador := w.member(b, rights.Ambassador)
	codes := []string{}
	invite := func(d *device, role string) {
		t.Helper()
		var made api.NewInvite
		d.post(at+"/invites", fields{"role": role, "uses": 2}).into(&made)
		codes = append(codes, made.Code)
	}
	for _, role := range []string{"owner", "moderator", "resident"} {
		invite(other, role)
	}
	w.device().join(codes[1]) // there is a use left
	var letters api.LetterList
	ambassador.post(at+"/letters", fields{"role": "resident", "count": 3}).into(&letters)
	w.device().join(letters.Letters[0].Code)
	codes = append(codes, letters.Letters[1].Code, letters.Letters[2].Code)
	for d, ended := range map[*device]int{other: 3, ambassador: 2} {
		var removed api.Removed
		owner.post(at+"/members/"+d.me.Member.Ref+"/remove", nil).into(&removed)
		if removed.Ref != d.me.Member.Ref || removed.InvitesEnded != ended {
			t.Errorf("the answer is %+v, want %d invites ended", removed, ended)
		}
	}
	for _, code := range codes {
		for _, d := range []*device{other, ambassador, w.device()} {
			w.pass(time.Minute) // before it is another try too many
			d.post("/v1/join", d.joinWith(code)).want(http.StatusForbidden, "code")
		}
	}
	var list api.InviteList
	owner.get(at + "/invites").into(&list)
	for _, i := range list.Invites {
		if i.Open || !i.Void && i.By != "operator" {
			t.Errorf("listed as %+v", i)
		}
	}
	var log api.AuditPage
	owner.get(at + "/audit?limit=2").into(&log)
	if n := log.Entries[0].Count + log.Entries[1].Count; n != 5 {
		t.Errorf("the log tells of %d invites: %+v", n, log.Entries)
	}
}

// A device is shut out for good, so whose roles a deputy may not take keep theirs.
func TestWhoseDeviceADeputyShutsOut(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String() + "/devices/"
	owner, deputy, next := w.member(b, rights.Owner), w.member(b, rights.Deputy), w.member(b, rights.Deputy)
	other, heir, resident := w.member(b, rights.Deputy), w.member(b, rights.Resident), w.member(b, rights.Resident)
	for _, d := range []*device{heir, next} {
		if err := w.registry.Grant(d.me.Member.Ref, b.ID, rights.Owner, w.clock().Add(time.Hour), time.Time{}, "operator"); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []*device{owner, other, heir} {
		deputy.post(at+d.id()+"/revoke", nil).want(http.StatusForbidden, "role")
	}
	deputy.post(at+resident.id()+"/revoke", nil).into(&struct{}{})
	for _, d := range []*device{deputy, next} { // also who is to be an owner
		d.post(at+d.id()+"/revoke", nil).into(&struct{}{})
	}
	owner.post(at+other.id()+"/revoke", nil).into(&struct{}{})
}

// The numbers, too, are of own invites alone, whoever else has invited with the
// same label.
func TestAnAmbassadorsNumbersAreOfOwnInvites(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String() + "/invites"
	owner, ambassador := w.member(b, rights.Owner), w.member(b, rights.Ambassador)
	var i api.NewInvite
	for range 2 {
		w.pass(time.Second)
		ambassador.post(at, fields{"role": "resident", "uses": 3}).into(&i)
		w.pass(time.Second)
		owner.post(at, fields{"role": "moderator", "uses": 40}).into(&i)
		var list api.InviteList
		ambassador.get(at).into(&list)
		if len(list.Labels) != 1 || list.Labels[0].UsesMax != 3*len(list.Invites) {
			t.Errorf("of %d invites: %+v", len(list.Invites), list.Labels)
		}
	}
}

func TestAnAmbassadorSeesOwnInvitesOnly(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String() + "/invites"
	owner, ambassador := w.member(b, rights.Owner), w.member(b, rights.Ambassador)
	var theirs, own api.NewInvite
	owner.post(at, fields{"role": "moderator", "label": "secret"}).into(&theirs)
	ambassador.post(at, fields{"role": "resident", "label": "stairs 2"}).into(&own)
	list := ambassador.get(at)
	if !strings.Contains(list.body, own.ID) || strings.Contains(list.body, theirs.ID) || strings.Contains(list.body, "secret") {
		t.Errorf("an ambassador sees %s", list.body)
	}
	if strings.Contains(list.body, own.Code) {
		t.Error("a list shows a code")
	}
	ambassador.post(at+"/"+theirs.ID+"/revoke", nil).want(http.StatusNotFound, "unknownInvite")
	if r := ambassador.post(at+"/"+own.ID+"/revoke", nil); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	d := w.device()
	d.post("/v1/join", d.joinWith(own.Code)).want(http.StatusForbidden, "code")
}

func TestARoleThatThereIsNotIsNamed(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	owner := w.member(b, rights.Owner)
	at := "/v1/boards/" + b.ID.String()
	for _, path := range []string{"/invites", "/members/" + owner.me.Member.Ref + "/grant", "/members/" + owner.me.Member.Ref + "/ungrant"} {
		r := owner.post(at+path, fields{"role": "residents"})
		r.want(http.StatusBadRequest, "body")
		if !strings.Contains(r.body, `\"residents\"`) || !strings.Contains(r.body, "connector") {
			t.Errorf("%s: %s", path, r.body)
		}
	}
}

func TestRequestsThatAreNone(t *testing.T) {
	w := newWorld(t)
	d := w.member(w.board("a"), rights.Resident)
	long := strings.Repeat("x", 64<<10)
	d.post("/v1/me/status", fields{"appVersion": long}).want(http.StatusRequestEntityTooLarge, "tooLong")
	d.post("/v1/me/status", "text").want(http.StatusBadRequest, "body")
	d.post("/v1/me/status", fields{}, header("Content-Type", "text/plain")).want(http.StatusUnsupportedMediaType, "contentType")
	d.get("/v1/nothing").want(http.StatusNotFound, "noPath")
	d.get("/v1/ticket").want(http.StatusMethodNotAllowed, "method")
	d.call("DELETE", "/v1/me", nil).want(http.StatusMethodNotAllowed, "method")
	d.call("OPTIONS", "/v1/me", nil).want(http.StatusMethodNotAllowed, "method")
	d.post("/v1/ticket", fields{"for": "anything"}).want(http.StatusBadRequest, "body")
	r := d.get("/v1/me")
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/json; charset=utf-8"} {
		if r.header.Get(name) != want {
			t.Errorf("%s: %q", name, r.header.Get(name))
		}
	}
	if got := r.header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("pages of %q may read answers", got)
	}
}

func TestWhatIsKnownOfMe(t *testing.T) {
	w := newWorld(t)
	b := w.board("Lindeparken")
	d := w.member(b, rights.Resident)
	d.post("/v1/me/status", fields{"appVersion": "2.0", "clock": w.clock().UnixMilli() + 90_000, "unsent": 3}).into(&struct{}{})
	var known api.Known
	d.get("/v1/me/known").into(&known)
	if len(known.Devices) != 1 || known.Devices[0].AppVersion != "2.0" || known.Devices[0].ClockOffset != 90_000 || *known.Devices[0].Unsent != 3 {
		t.Errorf("devices %+v", known.Devices)
	}
	if len(known.Roles) != 1 || known.Roles[0].Title != "Lindeparken" || known.Roles[0].Role.Role != "resident" || len(known.Invites) != 1 {
		t.Errorf("roles %+v, invites %+v", known.Roles, known.Invites)
	}
	if known.Member.Ref != d.me.Member.Ref || known.Refused != 0 {
		t.Errorf("member %+v, refused %d", known.Member, known.Refused)
	}
}

func TestOneMoreDeviceAndLeaving(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	phone := w.member(b, rights.Resident)
	var invite api.NewInvite
	phone.post("/v1/me/invite", nil).into(&invite)
	laptop := w.device().join(invite.Code)
	if laptop.me.Member.Ref != phone.me.Member.Ref || len(laptop.me.Boards) != 1 {
		t.Errorf("the laptop belongs to %+v", laptop.me)
	}
	stranger := w.member(b, rights.Resident)
	stranger.post("/v1/me/devices/"+phone.id()+"/revoke", nil).want(http.StatusNotFound, "unknownDevice")
	laptop.post("/v1/me/devices/"+phone.id()+"/revoke", nil).into(&struct{}{})
	phone.get("/v1/me").want(http.StatusUnauthorized, "revoked")
	left := laptop.post("/v1/me/leave", nil)
	if left.status != http.StatusOK || left.cookie == nil || left.cookie.MaxAge >= 0 {
		t.Errorf("%d %s, cookie %+v", left.status, left.body, left.cookie)
	}
	laptop.get("/v1/me").want(http.StatusUnauthorized, "revoked")
	w.member(b, rights.Owner).post("/v1/me/leave", nil).want(http.StatusConflict, "lastOwner")
}

func TestRolesEndByThemselves(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	at := "/v1/boards/" + b.ID.String() + "/members/"
	owner, d := w.member(b, rights.Owner), w.member(b, rights.Resident)
	until := w.clock().Add(time.Hour).UnixMilli()
	owner.post(at+d.me.Member.Ref+"/grant", fields{"role": "moderator", "until": until}).into(&struct{}{})
	if r := d.get("/v1/boards/" + b.ID.String() + "/quarantine"); r.status != http.StatusOK {
		t.Errorf("a moderator: %d %s", r.status, r.body)
	}
	w.pass(time.Hour)
	d.get("/v1/boards/"+b.ID.String()+"/quarantine").want(http.StatusForbidden, "role")
	owner.post(at+d.me.Member.Ref+"/remove", nil).into(&struct{}{})
	d.get("/v1/boards/"+b.ID.String()+"/numbers").want(http.StatusNotFound, "unknownBoard")
}
