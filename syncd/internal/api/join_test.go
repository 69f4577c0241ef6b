package api_test

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/auth"
)

func TestFromTheSetUpLinkToAResident(t *testing.T) {
	w := newWorld(t)
	_, code, err := w.registry.SetupInvite()
	if err != nil {
		t.Fatal(err)
	}
	first := w.device().join(code)
	if !first.me.Operator || len(first.me.Boards) != 0 || first.me.Device.ID != first.id() {
		t.Errorf("the first is %+v", first.me)
	}
	var board api.Board
	first.post("/v1/boards", fields{"title": "Lindeparken", "lang": "da", "timeZone": "Europe/Copenhagen"}).into(&board)
	var me api.Me
	first.get("/v1/me").into(&me)
	if len(me.Boards) != 1 || me.Boards[0].ID != board.ID || me.Boards[0].Roles[0].Role != "owner" {
		t.Fatalf("after making a board the first is %+v", me)
	}
	var invite api.NewInvite
	first.post("/v1/boards/"+board.ID+"/invites", fields{"role": "resident", "label": "Anna"}).into(&invite)
	if want := w.url + "/#c=" + invite.Code; invite.Link != want {
		t.Errorf("the link is %s, want %s", invite.Link, want)
	}
	anna := w.device().join(strings.ToUpper(strings.ReplaceAll(invite.Code, "-", " ")))
	if len(anna.me.Boards) != 1 || anna.me.Boards[0].Title != "Lindeparken" || anna.me.Boards[0].Roles[0].Role != "resident" || anna.me.Operator {
		t.Errorf("Anna is %+v", anna.me)
	}
	d := w.device()
	d.post("/v1/join", d.joinWith(invite.Code)).want(http.StatusForbidden, "code")
}

func TestTimeGoesOnWhileADeviceJoins(t *testing.T) {
	w := newWorld(t)
	code := w.code(w.board("a"), 1, rights.Resident)
	w.step = 3 * time.Millisecond
	if d := w.device().join(code); len(d.me.Boards) != 1 {
		t.Errorf("joined, and is on %+v", d.me.Boards)
	}
}

func TestTheCookieIsKeptFromScriptsAndOtherSites(t *testing.T) {
	for _, secure := range []bool{false, true} {
		w := newWorld(t, func(c *api.Config) { c.Secure = secure })
		d := w.member(w.board("a"), rights.Resident)
		c := d.cookie
		name := "tavle"
		if secure {
			name = "__Host-tavle"
		}
		if c.Name != name || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 30*24*3600 {
			t.Errorf("secure %v: cookie %+v", secure, c)
		}
		if d.get("/v1/me").status != http.StatusOK {
			t.Errorf("secure %v: the cookie was not taken back", secure)
		}
	}
}

func TestGuessingCodes(t *testing.T) {
	w := newWorld(t)
	right := w.code(w.board("a"), 1, rights.Resident)
	d := w.device()
	for i := range 5 {
		r := d.post("/v1/join", d.joinWith("0000000000"), from("198.51.100.7"))
		r.want(http.StatusForbidden, "code")
		if i == 0 && strings.Contains(w.log.String(), "0000000000") {
			t.Error("a code is in the log")
		}
	}
	locked := d.post("/v1/join", d.joinWith(right), from("198.51.100.7"))
	locked.want(http.StatusTooManyRequests, "slow")
	if locked.header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", locked.header.Get("Retry-After"))
	}
	if locked.cookie != nil {
		t.Error("the right code was taken while locked out")
	}
	other := w.device()
	other.header = http.Header{}
	w.pass(time.Minute)
	body := d.joinWith(right)
	if r := d.post("/v1/join", body, from("198.51.100.7")); r.status != http.StatusOK {
		t.Errorf("after the minute: %d %s", r.status, r.body)
	}
}

func TestAWrongSignatureIsNoGuess(t *testing.T) {
	w := newWorld(t)
	right := w.code(w.board("a"), 1, rights.Resident)
	d := w.device()
	for range 20 {
		body := d.joinWith(right)
		body["challenge"] = "A" + body["challenge"].(string)[1:]
		if r := d.post("/v1/join", body, from("198.51.100.7")); r.status == http.StatusTooManyRequests {
			t.Fatal("locked out without a wrong code")
		}
	}
	d.header.Set("X-Forwarded-For", "198.51.100.7")
	d.join(right)
}

func TestEveryCodeThatDoesNotWorkLooksTheSame(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	used, revoked, late := w.code(b, 1, rights.Resident), w.code(b, 1, rights.Resident), w.code(b, 1, rights.Resident)
	w.device().join(used)
	for _, i := range w.registry.Invites(b.ID) {
		if i.Uses == 0 {
			if err := w.registry.RevokeInvite(i.ID); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	w.pass(8 * 24 * time.Hour)
	var first reply
	for i, code := range []string{used, revoked, late, "zzzzz-zzzzz", "no code at all"} {
		d := w.device()
		r := d.post("/v1/join", d.joinWith(code), from("203.0.113."+string(rune('1'+i))))
		r.want(http.StatusForbidden, "code")
		if i == 0 {
			first = r
		}
		if r.body != first.body || r.cookie != nil {
			t.Errorf("%q: %s, and the others %s", code, r.body, first.body)
		}
	}
}

func TestTwoDevicesAndOneUse(t *testing.T) {
	w := newWorld(t)
	code := w.code(w.board("a"), 1, rights.Resident)
	var devices []*device
	var bodies []fields
	for range 8 {
		d := w.device()
		devices, bodies = append(devices, d), append(bodies, d.joinWith(code))
	}
	replies := make([]reply, len(devices))
	var wg sync.WaitGroup
	for i, d := range devices {
		wg.Go(func() { replies[i] = d.post("/v1/join", bodies[i], from("192.0.2."+string(rune('1'+i)))) })
	}
	wg.Wait()
	joined := 0
	for _, r := range replies {
		if r.status == http.StatusOK {
			joined++
		} else {
			r.want(http.StatusForbidden, "code")
		}
	}
	if joined != 1 {
		t.Errorf("%d devices joined with one use", joined)
	}
}

func TestSignInWithTheKey(t *testing.T) {
	w := newWorld(t)
	d := w.member(w.board("a"), rights.Resident)
	d.cookie = nil
	d.get("/v1/me").want(http.StatusUnauthorized, "signIn")
	r := d.session()
	if r.status != http.StatusOK || r.cookie == nil {
		t.Fatalf("%d %s", r.status, r.body)
	}
	d.cookie = r.cookie
	if d.get("/v1/me").status != http.StatusOK {
		t.Error("the new session does not work")
	}

	thief := w.device()
	challenge := thief.challenge()
	thief.post("/v1/session", fields{"device": d.id(), "challenge": challenge, "proof": thief.prove(auth.PurposeSession, challenge, d.id())}).
		want(http.StatusForbidden, "proof")
	thief.session().want(http.StatusNotFound, "unknownDevice")

	body := fields{"device": d.id(), "challenge": challenge, "proof": d.prove(auth.PurposeSession, challenge, d.id())}
	if r := d.post("/v1/session", body); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	d.post("/v1/session", body).want(http.StatusForbidden, "challenge") // replayed

	old := d.challenge()
	w.pass(time.Minute)
	d.post("/v1/session", fields{"device": d.id(), "challenge": old, "proof": d.prove(auth.PurposeSession, old, d.id())}).
		want(http.StatusForbidden, "challenge")
}

// TestOneDeviceKeepsNobodyFromSigningIn has one that signs in over and over, one
// that was shut out and does the same, and a house full of others behind the same
// address.
func TestOneDeviceKeepsNobodyFromSigningIn(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	greedy, out := w.member(b, rights.Resident), w.member(b, rights.Resident)
	if err := w.registry.RevokeDevice(out.id(), "operator"); err != nil {
		t.Fatal(err)
	}
	var r reply
	for range 100 {
		if r = greedy.session(); r.status != http.StatusOK {
			break
		}
		out.session().want(http.StatusForbidden, "revoked") // and has used nothing up
	}
	r.want(http.StatusTooManyRequests, "slow")
	if r.header.Get("Retry-After") == "" {
		t.Error("it is not told how long to wait")
	}
	for range 100 {
		w.member(b, rights.Resident).session().into(&struct{}{})
	}
}

func TestASessionIsRenewedWhenHalfIsOver(t *testing.T) {
	w := newWorld(t)
	d := w.member(w.board("a"), rights.Resident)
	w.pass(14 * 24 * time.Hour)
	if r := d.get("/v1/me"); r.status != http.StatusOK || r.cookie != nil {
		t.Errorf("after two weeks: %d, cookie %v", r.status, r.cookie)
	}
	w.pass(2 * 24 * time.Hour)
	r := d.get("/v1/me")
	if r.status != http.StatusOK || r.cookie == nil {
		t.Fatalf("after 16 days: %d, cookie %v", r.status, r.cookie)
	}
	w.pass(20 * 24 * time.Hour)
	d.get("/v1/me").want(http.StatusUnauthorized, "signIn")
	d.cookie = r.cookie
	if d.get("/v1/me").status != http.StatusOK {
		t.Error("the renewed session does not work")
	}
}

func TestAStolenCookieAfterRevocation(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	owner, d := w.member(b, rights.Owner), w.member(b, rights.Resident)
	var bearer struct{ Ticket string }
	d.post("/v1/ticket", fields{"for": "bearer"}).into(&bearer)
	owner.post("/v1/boards/"+b.ID.String()+"/devices/"+d.id()+"/revoke", nil).into(&struct{}{})
	d.get("/v1/me").want(http.StatusUnauthorized, "revoked")
	d.post("/v1/ticket", fields{"for": "socket"}).want(http.StatusUnauthorized, "revoked")
	d.session().want(http.StatusForbidden, "revoked")
	d.post("/v1/join", d.joinWith(w.code(b, 1, rights.Resident))).want(http.StatusForbidden, "revoked")
	d.cookie = nil
	d.get("/v1/me", header("Authorization", "Bearer "+bearer.Ticket)).want(http.StatusUnauthorized, "revoked")
}

func TestADeviceThatWasNotSeenForItsLease(t *testing.T) {
	w := newWorld(t)
	d := w.member(w.board("a"), rights.Resident)
	w.pass(61 * 24 * time.Hour)
	r := d.session()
	r.want(http.StatusForbidden, "revoked")
	if !strings.Contains(r.body, `"reason":"lease"`) {
		t.Errorf("it is not told why: %s", r.body)
	}
}

// A device that asks by HTTP alone is here, too.
func TestTheLeaseOfADeviceThatOpensNoWebsocket(t *testing.T) {
	w := newWorld(t)
	b := w.board("a")
	d := w.member(b, rights.Observer)
	for day := range 70 {
		w.pass(24 * time.Hour)
		r := d.get("/v1/boards/" + b.ID.String() + "/numbers")
		if r.status != http.StatusOK {
			t.Fatalf("day %d: %d %s", day, r.status, r.body)
		}
		if r.cookie != nil {
			d.cookie = r.cookie
		}
	}
}

func TestTheProofNamesTheHostThatTheBrowserSees(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Server.Base = "https://board.example"; c.Secure = true })
	d := w.member(w.board("a"), rights.Resident)
	in := func(host string) reply {
		challenge := d.challenge()
		p, err := d.signer.SignProof(auth.Proof{Purpose: auth.PurposeSession, Host: host, Challenge: challenge, Subject: d.id()})
		if err != nil {
			t.Fatal(err)
		}
		return d.post("/v1/session", fields{"device": d.id(), "challenge": challenge, "proof": p.Signature})
	}
	if r := in("board.example"); r.status != http.StatusOK {
		t.Errorf("by the name of the links, behind a proxy: %d %s", r.status, r.body)
	}
	in("evil.example").want(http.StatusForbidden, "proof")
}

// TestWhoseFailuresAreCounted has clients behind proxies. Anybody can write a
// header; only what a trusted proxy added counts.
func TestWhoseFailuresAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		trusted  string
		headers  func(i int) string // of the guesses
		innocent string             // header of somebody else, who is not locked out; empty for nobody
	}{
		"a proxy":             {"127.0.0.0/8", func(int) string { return "198.51.100.7" }, "198.51.100.8"},
		"with an own header":  {"127.0.0.0/8", func(i int) string { return "203.0.113." + string(rune('1'+i)) + ", 198.51.100.7" }, "198.51.100.8"},
		"two proxies":         {"127.0.0.0/8", func(int) string { return "198.51.100.7, 127.0.0.9" }, "198.51.100.8, 127.0.0.9"},
		"nonsense before":     {"127.0.0.0/8", func(i int) string { return string(rune('a'+i)) + ", 198.51.100.7" }, "198.51.100.8"},
		"no proxy":            {"192.0.2.0/24", func(i int) string { return "203.0.113." + string(rune('1'+i)) }, ""},
		"IPv6 of one network": {"127.0.0.0/8", func(i int) string { return "2001:db8::" + string(rune('1'+i)) }, "2001:db8:0:1::1"},
	} {
		w := newWorld(t, func(cfg *api.Config) { cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix(c.trusted)} })
		d := w.device()
		for i := range 5 {
			d.post("/v1/join", d.joinWith("0000000000"), from(c.headers(i))).want(http.StatusForbidden, "code")
		}
		if r := d.post("/v1/join", d.joinWith("0000000000"), from(c.headers(6))); r.status != http.StatusTooManyRequests {
			t.Errorf("%s: the sixth guess is answered %d", name, r.status)
		}
		if c.innocent != "" {
			d.post("/v1/join", d.joinWith("0000000000"), from(c.innocent)).want(http.StatusForbidden, "code")
		}
	}
}
