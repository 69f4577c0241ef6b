package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// world is a server on a real listener, with a clock that the test sets.
type world struct {
	t        testing.TB
	store    store.Store
	registry *registry.Registry
	api      *api.API
	operator *api.API
	url      string // of the server, as clients on this machine reach it
	log      lockedBuffer

	mu   sync.Mutex
	now  time.Time     // guarded by mu
	step time.Duration // guarded by mu; how far the clock goes between two looks at it
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newWorld starts a server; change may alter its settings.
func newWorld(t testing.TB, change ...func(*api.Config)) *world {
	t.Helper()
	w := &world{t: t, store: mem.Open(mem.NewDisk()), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	logger := slog.New(slog.NewTextHandler(&w.log, nil))
	var err error
	if w.registry, err = registry.Open(registry.Config{Store: w.store, Now: w.clock, Logger: logger}); err != nil {
		t.Fatal(err)
	}
	secret, err := api.OpenSecret(w.store)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(server.Close)
	w.url = server.URL
	c := api.Config{
		Registry: w.registry, Prover: auth.NewProver(secret), Minter: auth.NewMinter(secret),
		Codes: auth.NewLimiter(auth.CodeLimits), Proofs: auth.NewLimiter(auth.ProofLimits),
		Server: api.Server{Base: server.URL}, Loopback: true, Now: w.clock, Logger: logger,
		// So that a test can come from anywhere.
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	}
	for _, f := range change {
		f(&c)
	}
	w.api, w.operator = api.New(c), api.NewOperator(c)
	handler = w.api
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(w.step)
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// reply is an answer, read to its end.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   string
	cookie *http.Cookie
}

func (r reply) into(v any) {
	r.t.Helper()
	if r.status != http.StatusOK {
		r.t.Fatalf("answered %d: %s", r.status, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), v); err != nil {
		r.t.Fatalf("%v in %s", err, r.body)
	}
}

// code is the code of a problem.
func (r reply) code() string {
	var p api.Problem
	_ = json.Unmarshal([]byte(r.body), &p)
	return p.Code
}

func (r reply) want(status int, code string) {
	r.t.Helper()
	if r.status != status || r.code() != code {
		r.t.Errorf("answered %d %s, want %d %s", r.status, strings.TrimSpace(r.body), status, code)
	}
}

// device is a client with a key, and a cookie once it has joined.
type device struct {
	w      *world
	signer *auth.Signer
	cookie *http.Cookie
	header http.Header // sent along
	me     api.Me
}

func (w *world) device() *device {
	w.t.Helper()
	s, err := auth.NewSigner(auth.Ed25519)
	if err != nil {
		w.t.Fatal(err)
	}
	return &device{w: w, signer: s, header: http.Header{}}
}

func (d *device) id() string { return d.signer.Key().Device() }

// call sends a request; change may alter it.
func (d *device) call(method, path string, body any, change ...func(*http.Request)) reply {
	d.w.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			d.w.t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, d.w.url+path, bytes.NewReader(text))
	if err != nil {
		d.w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, values := range d.header {
		r.Header[name] = values
	}
	if d.cookie != nil {
		r.AddCookie(d.cookie)
	}
	for _, f := range change {
		f(r)
	}
	return send(d.w.t, r)
}

func send(t testing.TB, r *http.Request) reply {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := reply{t: t, status: answer.StatusCode, header: answer.Header, body: string(text)}
	for _, c := range answer.Cookies() {
		got.cookie = c
	}
	return got
}

func (d *device) get(path string, change ...func(*http.Request)) reply {
	d.w.t.Helper()
	return d.call("GET", path, nil, change...)
}

func (d *device) post(path string, body any, change ...func(*http.Request)) reply {
	d.w.t.Helper()
	return d.call("POST", path, body, change...)
}

type fields map[string]any

// challenge asks for one.
func (d *device) challenge() string {
	d.w.t.Helper()
	var c struct{ Challenge string }
	d.post("/v1/challenge", nil).into(&c)
	return c.Challenge
}

// prove signs a challenge.
func (d *device) prove(purpose, challenge, subject string) string {
	d.w.t.Helper()
	p, err := d.signer.SignProof(auth.Proof{Purpose: purpose, Host: strings.TrimPrefix(d.w.url, "http://"), Challenge: challenge, Subject: subject})
	if err != nil {
		d.w.t.Fatal(err)
	}
	return p.Signature
}

// joinWith makes the body with which the device joins.
func (d *device) joinWith(code string) fields {
	d.w.t.Helper()
	challenge := d.challenge()
	normal, err := auth.NormalCode(code)
	if err != nil {
		normal = code
	}
	key := d.signer.Key()
	return fields{"code": code, "alg": key.Alg(), "key": key.Text(), "challenge": challenge,
		"proof": d.prove(auth.PurposeJoin, challenge, auth.JoinSubject(normal, key)), "label": "my phone", "kind": "phone", "appVersion": "1.2"}
}

// join joins, which must succeed.
func (d *device) join(code string) *device {
	d.w.t.Helper()
	r := d.post("/v1/join", d.joinWith(code))
	r.into(&d.me)
	if d.cookie = r.cookie; d.cookie == nil {
		d.w.t.Fatal("joined without a cookie")
	}
	return d
}

// session signs in with the key.
func (d *device) session() reply {
	d.w.t.Helper()
	challenge := d.challenge()
	return d.post("/v1/session", fields{"device": d.id(), "challenge": challenge, "proof": d.prove(auth.PurposeSession, challenge, d.id())})
}

func (w *world) board(title string) registry.Board {
	w.t.Helper()
	b, err := w.registry.CreateBoard(registry.BoardSpec{Title: title, Lang: "da"}, "operator")
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) code(b registry.Board, uses int, roles ...rights.Role) string {
	w.t.Helper()
	_, code, err := w.registry.Invite(registry.InviteSpec{Board: b.ID, Roles: rights.RolesOf(roles...), Uses: uses, By: "operator"})
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// member is a device that has joined with roles.
func (w *world) member(b registry.Board, roles ...rights.Role) *device {
	w.t.Helper()
	return w.device().join(w.code(b, 1, roles...))
}

// errOf is the error of what tells more than that.
func errOf(_ int, err error) error { return err }

func from(addr string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Forwarded-For", addr) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}
