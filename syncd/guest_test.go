package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/auth"
)

// house is a server with one board, and its operator's commands.
type house struct {
	*daemon
	t     testing.TB
	dir   string
	board id.Document
	page  id.Document
	month board.Month
}

// newHouse starts a server with members and makes a board.
func newHouse(t testing.TB) *house {
	t.Helper()
	dir := t.TempDir()
	h := &house{daemon: launch(t, dir, "--admin-listen=off"), t: t, dir: dir}
	var made struct {
		ID string `json:"id"`
	}
	h.operate(&made, "board", "create", "Nørrevang", "--lang", "da")
	doc, err := id.ParseDocument(made.ID)
	if err != nil {
		t.Fatalf("board %q: %v", made.ID, err)
	}
	h.board, h.month = doc, board.MonthOf(time.Now().UnixMilli(), time.UTC)
	h.page = board.PageDocument(h.board, h.month, 0)
	return h
}

// operate runs an operator's command and reads what it prints.
func (h *house) operate(into any, args ...string) {
	h.t.Helper()
	code, stdout, stderr := run(h.t, "", append(args, "--data", h.dir, "--json")...)
	if code != 0 {
		h.t.Fatalf("syncd %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(stdout), into); err != nil {
		h.t.Fatalf("syncd %s printed %s: %v", strings.Join(args, " "), stdout, err)
	}
}

func (h *house) invite(roles ...string) (code string) {
	h.t.Helper()
	var made struct {
		Code string `json:"code"`
	}
	h.operate(&made, "invite", "--board", h.board.String(), "--role", strings.Join(roles, ","))
	return made.Code
}

// person is a device that has joined. It speaks the API as a browser does, with a
// cookie, and the sync protocol as a program of its own.
type person struct {
	h      *house
	t      testing.TB
	signer *auth.Signer
	http   *http.Client
	device string
	member string
}

// join lets a device join with a code.
func (h *house) join(code, kind string) *person {
	h.t.Helper()
	p, status, text := h.tryJoin(code, kind)
	if status != http.StatusOK {
		h.t.Fatalf("joining: %d %s", status, text)
	}
	return p
}

func (h *house) tryJoin(code, kind string) (p *person, status int, text string) {
	h.t.Helper()
	signer, err := auth.NewSigner(auth.ES256)
	if err != nil {
		h.t.Fatal(err)
	}
	jar, _ := cookiejar.New(nil) // never fails
	p = &person{h: h, t: h.t, signer: signer, http: &http.Client{Jar: jar, Timeout: patience}}
	normal, err := auth.NormalCode(code)
	if err != nil {
		h.t.Fatal(err)
	}
	proof := p.prove(auth.PurposeJoin, auth.JoinSubject(normal, signer.Key()))
	var me struct {
		Device struct{ ID string }
		Member struct{ Ref string }
	}
	status, text = p.call("POST", "/v1/join", map[string]string{
		"code": code, "alg": auth.ES256, "key": base64.RawURLEncoding.EncodeToString(signer.Key().Raw()),
		"challenge": proof.Challenge, "proof": proof.Signature, "kind": kind, "label": "a device of a test",
	}, &me)
	p.device, p.member = me.Device.ID, me.Member.Ref
	return p, status, text
}

func (h *house) resident() *person { h.t.Helper(); return h.join(h.invite("resident"), "phone") }

func (p *person) prove(purpose, subject string) auth.Proof {
	p.t.Helper()
	var c struct{ Challenge string }
	if status, text := p.call("POST", "/v1/challenge", struct{}{}, &c); status != http.StatusOK {
		p.t.Fatalf("a challenge: %d %s", status, text)
	}
	proof, err := p.signer.SignProof(auth.Proof{Purpose: purpose, Host: p.h.addr, Challenge: c.Challenge, Subject: subject})
	if err != nil {
		p.t.Fatal(err)
	}
	return proof
}

// call asks the API and reads the answer, if it is good, into into.
func (p *person) call(method, path string, body, into any) (status int, text string) {
	p.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequest(method, "http://"+p.h.addr+path, bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	if method == http.MethodGet {
		r.Body, r.ContentLength = nil, 0
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if into != nil && res.StatusCode == http.StatusOK {
		if err := json.Unmarshal(answer, into); err != nil {
			p.t.Fatalf("%s answered %s: %v", path, answer, err)
		}
	}
	return res.StatusCode, string(answer)
}

// ticket returns a ticket for a websocket: "socket", "url" or "bearer".
func (p *person) ticket(use string) string {
	p.t.Helper()
	var got struct{ Ticket string }
	if status, text := p.call("POST", "/v1/ticket", map[string]string{"for": use}, &got); status != http.StatusOK {
		p.t.Fatalf("a ticket for %s: %d %s", use, status, text)
	}
	return got.Ticket
}

// dial connects with a ticket for one use.
func (p *person) dial() (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{Subprotocols: []string{"tavle.v1", "tavle.ticket." + p.ticket("socket")}}
	return d.Dial("ws://"+p.h.addr+"/sync", nil)
}

// copyOf is a document as one program has it, connected to the server. Nothing
// keeps it from writing what its member may not.
type copyOf struct {
	*person
	*history.History
	*board.Writer
	doc    id.Document
	ws     *websocket.Conn
	peer   id.Peer
	state  exchange.State
	frames chan []byte // sent by the goroutine that open starts, which closes it
	ended  error       // why, once frames is closed
}

// open connects and joins as peer, with a copy that begins as every copy does.
// The actor is that of what is written.
func (p *person) open(doc id.Document, genesis *chunk.Change, actor string) *copyOf {
	p.t.Helper()
	ws, _, err := p.dial()
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { ws.Close() })
	c := &copyOf{person: p, doc: doc, ws: ws, peer: id.Peer(actor + fmt.Sprint(time.Now().UnixNano())), frames: make(chan []byte, 1000)}
	c.History = history.New(history.Limits{})
	c.take(genesis)
	if c.Writer, err = board.NewWriter(c.History, id.Actor(actor), new(board.Clock), time.Now().UnixMilli()); err != nil {
		p.t.Fatal(err)
	}
	c.send(wire.Join{Sender: c.peer, Versions: []string{wire.Version}})
	go func() {
		defer close(c.frames)
		for {
			_, frame, err := ws.ReadMessage()
			if err != nil {
				c.ended = err
				return
			}
			c.frames <- frame
		}
	}()
	return c
}

func (p *person) openPage(actor string) *copyOf {
	p.t.Helper()
	return p.open(p.h.page, board.PageGenesis(p.h.board, p.h.month, 0), actor)
}

func (c *copyOf) send(m wire.Message) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.BinaryMessage, wire.Append(nil, m)); err != nil {
		c.t.Logf("%s writes: %v", c.peer, err) // whoever waits for an answer finds out
	}
}

func (c *copyOf) take(changes ...*chunk.Change) {
	c.t.Helper()
	for _, change := range changes {
		if _, err := c.Add(change); err != nil {
			c.t.Fatal(err)
		}
	}
	c.MarkDurable(c.Len())
}

// say sends what the server may lack.
func (c *copyOf) say() {
	c.t.Helper()
	c.MarkDurable(c.Len())
	if data := exchange.NewRound(c.History).Generate(&c.state).Bytes(); data != nil {
		c.send(wire.Sync{Sender: c.peer, Document: c.doc, Data: data})
	}
}

// answer is what a copy hears in the end.
type answer struct {
	text string // of an error
	code int    // of the close; 0: none
	gone bool   // the document is not available
}

// until takes in what comes until done, or until the connection ends.
func (c *copyOf) until(done func() bool) (a answer) {
	c.t.Helper()
	timeout := time.After(patience)
	for !done() {
		select {
		case <-timeout:
			c.t.Fatalf("%s waited in vain", c.peer)
		case frame, ok := <-c.frames:
			if !ok {
				var closed *websocket.CloseError
				if errors.As(c.ended, &closed) {
					a.code = closed.Code
				}
				return a
			}
			m, err := wire.Decode(frame, wire.DefaultLimits)
			if err != nil {
				c.t.Fatal(err)
			}
			switch m := m.(type) {
			case wire.Error:
				a.text = m.Message
			case wire.Unavailable:
				a.gone = true
				return a
			case wire.Sync:
				c.hear(m)
			}
		}
	}
	return a
}

func (c *copyOf) hear(m wire.Sync) {
	c.t.Helper()
	message, err := exchange.Decode(m.Data, exchange.Limits{})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := message.Offer(c.History, nil); err != nil {
		c.t.Fatal(err)
	}
	c.MarkDurable(c.Len())
	c.state.Receive(c.History, message)
	c.say()
}

// saved sends what is new and waits until the server has it; the answer is that
// of a connection that ended instead.
func (c *copyOf) saved() answer {
	c.t.Helper()
	c.say()
	return c.until(func() bool {
		heads, _ := c.state.Heard()
		return heads && slices.Equal(c.state.Heads(), c.Heads())
	})
}

func (c *copyOf) mustBeSaved() {
	c.t.Helper()
	if a := c.saved(); a.code != 0 || a.gone {
		c.t.Fatalf("%s: closed with %d, %q, not available: %t", c.peer, a.code, a.text, a.gone)
	}
}

// untilHas waits for the heads of another copy.
func (c *copyOf) untilHas(o *copyOf) {
	c.t.Helper()
	c.say()
	if a := c.until(func() bool { return slices.Equal(c.Heads(), o.Heads()) }); a.code != 0 || a.gone {
		c.t.Fatalf("%s: closed with %d, %q, not available: %t", c.peer, a.code, a.text, a.gone)
	}
}

func (c *copyOf) newPost(title string) board.ID {
	c.t.Helper()
	post, err := board.NewID(rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(c.AddPost(time.Now().UnixMilli(), board.NewPost{
		ID: post, Kind: "request", Title: title, Body: "Who has a ladder?", Author: "Somebody", CreatedBy: c.member, Lang: "en", Origin: "phone",
	}))
	return post
}

func (c *copyOf) rename(post board.ID, title string) {
	c.t.Helper()
	c.write(c.EditPost(time.Now().UnixMilli(), post, board.PostEdit{Title: &title}))
}

// write passes over the change that a Writer has made, unless it could not.
func (c *copyOf) write(change *chunk.Change, err error) {
	c.t.Helper()
	if err != nil || change == nil {
		c.t.Fatalf("writing: change %v, %v", change, err)
	}
}

// bytes is every change of the copy, for comparing.
func (c *copyOf) bytes() []byte {
	var all []byte
	for i := range c.Len() {
		all = append(all, c.At(i).Bytes()...)
	}
	return all
}

// How to be the first is told while nobody belongs, whoever it is that does.
func TestTheSetUpLinkIsForAServerWithoutMembers(t *testing.T) {
	h := newHouse(t)
	h.invite("owner")
	told := func() bool {
		if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_, rest := h.wait()
		h.daemon = launch(t, h.dir, "--admin-listen=off")
		return strings.Contains(rest, "Nobody belongs to this server yet")
	}
	for range 2 {
		if !told() {
			t.Error("without members it does not tell how to be the first")
		}
	}
	h.resident()
	if told(); told() {
		t.Error("with a member it tells that nobody belongs")
	}
}
