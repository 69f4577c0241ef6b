package rights

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

const noon = 1779973200000 // of a day in May 2026

var may = board.Month{Year: 2026, Month: 5}

// fataler is a test, or a test of rapid.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// ident is an id made of a name.
func ident(name string) board.ID {
	return board.IDFromBytes([16]byte(firstBytes(name)))
}

func firstBytes(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:16]
}

// server takes what the rules let through. It goes on with what its index becomes in storage.
type server struct {
	h     *history.History
	x     *Index
	empty func() *Index
}

func newPageServer() *server {
	return newServer(func() *Index { return NewPage(board.DemoBoard(), may, 0) })
}

func newBoardServer() *server { return newServer(func() *Index { return NewBoard(board.DemoBoard()) }) }

func newServer(empty func() *Index) *server {
	s := &server{h: history.New(history.Limits{}), x: empty(), empty: empty}
	s.h.SetGuard(s)
	return s
}

func (s *server) Admit(c *chunk.Change, from any) error { return s.x.Check(c, from.(Principal)) }

// Accepted takes what was written while there were no rules for nobody's.
func (s *server) Accepted(c *chunk.Change, from any) {
	p, _ := from.(Principal)
	s.x.Add(c, p.Author)
	s.x = restored(s.x, s.empty())
}

// restored is what an index becomes in storage.
func restored(x, empty *Index) *Index {
	err := empty.Restore(x.Append(nil), func(actor id.Actor) Author {
		a, _ := x.Author(actor)
		return a
	})
	if err != nil {
		panic(err)
	}
	return empty
}

// add tells why a change was refused; 0 when it was accepted.
func (s *server) add(t fataler, c *chunk.Change, p Principal) Reason {
	t.Helper()
	_, err := s.h.AddFrom(c, p)
	var r *Refusal
	switch {
	case err == nil:
		if !s.h.Has(c.Hash) {
			t.Fatalf("change %s waits for others", c.Hash)
		}
		return 0
	case errors.As(err, &r):
		return r.Reason
	}
	t.Fatalf("the change is not valid: %v", err)
	return 0
}

// device is one with a copy of a document, which a member writes on.
type device struct {
	t     fataler
	name  string
	ref   string // what it signs with
	p     Principal
	now   int64
	h     *history.History
	clock board.Clock
	actor id.Actor
	*board.Writer
}

func member(name string, roles ...Role) Principal {
	return Principal{Author: Author{Member: string(ident(name)), Device: "device of " + name}, Roles: RolesOf(roles...)}
}

func kioskOf(name string) Principal {
	p := member(name, Visitor)
	p.Kiosk = true
	return p
}

func newDevice(t fataler, name string, p Principal, genesis *chunk.Change) *device {
	t.Helper()
	d := &device{t: t, name: name, ref: p.Member, p: p, now: noon, h: history.New(history.Limits{}), actor: id.Actor(firstBytes("actor of " + name))}
	if p.Kiosk {
		d.visit("first")
	}
	if _, err := d.h.Add(genesis); err != nil {
		t.Fatalf("%v", err)
	}
	w, err := board.NewWriter(d.h, d.actor, &d.clock, noon)
	if err != nil {
		t.Fatalf("%v", err)
	}
	d.Writer = w
	return d
}

func onPage(t fataler, name string, p Principal) *device {
	t.Helper()
	return newDevice(t, name, p, board.PageGenesis(board.DemoBoard(), may, 0))
}

// visit begins: from now on somebody else is at the kiosk.
func (d *device) visit(name string) { d.ref = d.p.Member + "." + string(ident(name)) }

// must is what a writer returned, and fails at an error.
func (d *device) must(c *chunk.Change, err error) *chunk.Change {
	d.t.Helper()
	if err != nil {
		d.t.Fatalf("%s: %v", d.name, err)
	}
	return c
}

// push brings everything to the server, all of which has to be accepted.
func (d *device) push(s *server) {
	d.t.Helper()
	for i := range d.h.Len() {
		c := d.h.At(i)
		if s.h.Has(c.Hash) {
			continue
		}
		if _, err := s.h.AddFrom(c, d.p); err != nil {
			d.t.Fatalf("%s is refused: %v", d.name, err)
		}
	}
}

// pull takes everything from the server.
func (d *device) pull(s *server) {
	d.t.Helper()
	for i := range s.h.Len() {
		if _, err := d.h.Add(s.h.At(i)); err != nil {
			d.t.Fatalf("%s: %v", d.name, err)
		}
	}
}

func (d *device) sync(s *server) {
	d.t.Helper()
	d.push(s)
	d.pull(s)
}

func (d *device) read() board.Page {
	d.t.Helper()
	p, err := d.Page()
	if err != nil {
		d.t.Fatalf("%s: %v", d.name, err)
	}
	return p
}

func (d *device) post(post board.ID) *board.Post {
	d.t.Helper()
	p := d.read()
	for i := range p.Posts {
		if p.Posts[i].ID == post {
			return &p.Posts[i]
		}
	}
	d.t.Fatalf("%s: post %s is not there", d.name, post)
	return nil
}

func (d *device) request(name string) board.NewPost {
	return board.NewPost{
		ID: ident(name), Kind: "request", Title: name, Body: "Hvem kan hjælpe med " + name + "?", Lang: "da",
		Author: d.name, CreatedBy: d.ref, Origin: "phone",
	}
}

func (d *device) forNeighbour(name string) board.NewPost {
	form := d.request(name)
	form.Proxy = &board.Proxy{Kind: "volunteer", Permission: "spoken", PermittedAt: noon, PermittedUntil: noon + 1000, CallBackBy: "phone", Connector: d.ref}
	return form
}

func asJSON(t fataler, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return string(b)
}

func secretOf(name string) string {
	return board.SecretFromBytes([10]byte(firstBytes("secret " + name)[:10]))
}

func TestParseIDIsThatOfTheBoard(t *testing.T) {
	good := []string{string(ident("a")), string(ident("b")), "00000000000000000000000000", "zzzzzzzzzzzzzzzzzzzzzzzzzw"}
	bad := []string{"", "a", "zzzzzzzzzzzzzzzzzzzzzzzzzz", string(ident("a"))[:25] + "u", string(ident("a")) + "0", "A" + string(ident("a"))[1:]}
	for _, s := range append(good, bad...) {
		b, ok := parseID(s)
		want, err := board.ParseID(s)
		if ok != (err == nil) || ok && board.IDFromBytes(b) != want {
			t.Errorf("%q: %v, and in package board %v", s, ok, err)
		}
	}
	for i := range 1000 {
		s := string(ident(fmt.Sprint(i)))
		if b, ok := parseID(s); !ok || string(board.IDFromBytes(b)) != s {
			t.Fatalf("%s is read as %x", s, b)
		}
	}
}
