package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
)

// ms is the clock of the programs of these tests.
func ms() int64 { return time.Now().UnixMilli() }

// postsMap is the map of posts of a page: the sixth operation of its first change.
const postsMap = 6

// raw makes a change of single operations on top of a copy, as the actor that
// others have, whatever a Writer would say.
func (c *copyOf) raw(actor string, others []id.Actor, ops ...chunk.Op) {
	c.t.Helper()
	seq, maxOp := uint64(1), uint64(0)
	for i := range c.Len() {
		if c.At(i).Actor == id.Actor(actor) {
			seq++
		}
		maxOp = max(maxOp, c.At(i).MaxOp())
	}
	slices.SortFunc(others, func(a, b id.Actor) int { return strings.Compare(string(a), string(b)) })
	change, err := chunk.Build(chunk.Spec{
		Deps: c.Heads(), Actor: id.Actor(actor), Seq: seq, StartOp: maxOp + 1, Others: others, Ops: ops,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.Add(change); err != nil {
		c.t.Fatalf("the change is not even valid: %v", err)
	}
}

// refOf is an operation, among actors that a change names.
func refOf(others []id.Actor, actor id.Actor, counter uint64) chunk.OpID {
	return chunk.OpID{Counter: counter, Actor: int32(1 + slices.Index(others, actor))}
}

// A tampered client is a program that speaks the protocol, has joined as a
// resident, and writes what it likes.
func TestATamperedClient(t *testing.T) {
	h := newHouse(t)
	anna := h.resident()
	page := anna.openPage("phone of anna")
	lamp := page.newPost("A lamp to be changed")
	page.mustBeSaved()
	genesis := board.PageGenesis(h.board, h.month, 0)
	change := func(p *copyOf) *chunk.Change { return p.At(1) } // anna's post
	steal := "stolen"

	cases := []struct {
		name, reason string
		roles        []string
		tamper       func(m *copyOf)
	}{
		{"edits another's post", "notYours", nil, func(m *copyOf) { m.write(m.EditPost(ms(), lamp, board.PostEdit{Title: &steal})) }},
		{"edits another's text", "notYours", nil, func(m *copyOf) { m.write(m.EditPost(ms(), lamp, board.PostEdit{Body: &steal})) }},
		{"closes another's post", "notYours", nil, func(m *copyOf) {
			m.write(m.Writer.Close(ms(), lamp, board.NewVote{ID: newID(t), Is: "notNeeded", By: m.member}))
		}},
		{"deletes another's post", "neverDeleted", nil, func(m *copyOf) {
			others := []id.Actor{genesis.Actor, change(m).Actor}
			slices.Sort(others)
			m.raw("mallory", others, chunk.Op{
				Object: refOf(others, genesis.Actor, postsMap), Key: string(lamp), Action: chunk.ActionDelete,
				Pred: []chunk.OpID{refOf(others, change(m).Actor, change(m).StartOp)},
			})
		}},
		{"replaces another's post", "neverDeleted", nil, func(m *copyOf) {
			others := []id.Actor{genesis.Actor, change(m).Actor}
			slices.Sort(others)
			m.raw("mallory", others, chunk.Op{
				Object: refOf(others, genesis.Actor, postsMap), Key: string(lamp), Action: chunk.ActionMakeMap,
				Pred: []chunk.OpID{refOf(others, change(m).Actor, change(m).StartOp)},
			})
		}},
		{"puts a second post under another's id", "notYours", nil, func(m *copyOf) {
			others := []id.Actor{genesis.Actor}
			m.raw("mallory", others, chunk.Op{Object: refOf(others, genesis.Actor, postsMap), Key: string(lamp), Action: chunk.ActionMakeMap})
		}},
		{"overwrites all posts", "genesisOnly", nil, func(m *copyOf) {
			others := []id.Actor{genesis.Actor}
			m.raw("mallory", others, chunk.Op{Key: "posts", Action: chunk.ActionMakeMap, Pred: []chunk.OpID{refOf(others, genesis.Actor, postsMap)}})
		}},
		{"forges the author", "forged", nil, func(m *copyOf) {
			m.write(m.AddPost(ms(), board.NewPost{ID: newID(t), Kind: "offer", Title: "In anna's name", CreatedBy: anna.member, Lang: "en"}))
		}},
		{"writes moderation", "roleMayNot", nil, func(m *copyOf) {
			m.write(m.Moderate(ms(), board.NewRecord{ID: newID(t), Target: lamp, Action: "remove", Rule: "1", Facts: "none", By: m.member}))
		}},
		{"restores as a moderator of nothing", "roleMayNot", []string{"connector"}, func(m *copyOf) {
			m.write(m.Moderate(ms(), board.NewRecord{ID: newID(t), Target: lamp, Action: "restore", By: m.member}))
		}},
		{"writes as a kiosk what it did not make", "roleMayNot", []string{"visitor"}, func(m *copyOf) {
			m.write(m.EditPost(ms(), lamp, board.PostEdit{Title: &steal}))
		}},
		{"writes an identity number", "identityNumber", nil, func(m *copyOf) {
			m.write(m.AddPost(ms(), board.NewPost{ID: newID(t), Kind: "request", Title: "My number is 010180-1239", CreatedBy: m.member, Lang: "en"}))
		}},
		{"writes what no post is", "wrongType", nil, func(m *copyOf) {
			others := []id.Actor{genesis.Actor}
			m.raw("mallory", others, chunk.Op{
				Object: refOf(others, genesis.Actor, postsMap), Key: string(newID(t)), Action: chunk.ActionMakeList,
			})
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			kind, roles := "phone", c.roles
			if len(roles) == 0 {
				roles = []string{"resident"}
			}
			if roles[0] == "visitor" {
				kind = "kiosk"
			}
			mallory := h.join(h.invite(roles...), kind)
			m := mallory.openPage("mallory")
			m.untilHas(page)
			c.tamper(m)
			bad := m.Heads()[0]
			a := m.saved()
			if want := fmt.Sprintf("refused document=%s change=%s reason=%s: ", h.page, bad, c.reason); a.code != wire.CloseForbidden || !strings.HasPrefix(a.text, want) {
				t.Errorf("closed with %d, %q; want 4403 and %q", a.code, a.text, want)
			}
			if code, _ := h.revoke(mallory); code != 0 {
				t.Errorf("revoking: exit %d", code)
			}
		})
	}
	t.Run("uses the actor id of another", func(t *testing.T) {
		m := h.resident().openPage("phone of anna")
		m.untilHas(page)
		m.newPost("By whom?")
		if a := m.saved(); a.code != wire.CloseForbidden || !strings.Contains(a.text, "reason=actorOfAnother") {
			t.Errorf("closed with %d, %q", a.code, a.text)
		}
	})
	t.Run("floods", func(t *testing.T) {
		m := h.resident().openPage("flood")
		m.untilHas(page)
		for i := range 101 {
			m.newPost(fmt.Sprint("Flood ", i))
		}
		if a := m.saved(); a.code != wire.CloseForbidden || !strings.Contains(a.text, "reason=dailyLimit") {
			t.Errorf("closed with %d, %q", a.code, a.text)
		}
	})
	t.Run("and nobody has noticed", func(t *testing.T) {
		before := len(page.bytes())
		eva := h.resident().openPage("phone of eva")
		eva.say()
		eva.until(func() bool { return eva.Len() > page.Len() }) // the flood, up to its limit
		if !bytes.HasPrefix(eva.bytes(), page.bytes()[:before]) {
			t.Error("what anna wrote is not as she wrote it")
		}
		p, err := eva.Page()
		if err != nil {
			t.Fatal(err)
		}
		for _, post := range p.Posts {
			if post.ID == lamp && (post.Title != "A lamp to be changed" || post.Body != "Who has a ladder?" || len(post.Replies) > 0 || !post.Open()) {
				t.Errorf("anna's post reads %+v", post)
			}
		}
		var kept struct {
			Items []struct{ Reason string } `json:"items"`
		}
		h.operate(&kept, "quarantine", "list", "--board", h.board.String())
		if len(kept.Items) < len(cases)+2 {
			t.Errorf("%d refused changes are kept for review, want %d", len(kept.Items), len(cases)+2)
		}
	})
}

func newID(t testing.TB) board.ID {
	t.Helper()
	post, err := board.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return post
}

func (h *house) revoke(p *person) (code int, stderr string) {
	h.t.Helper()
	code, _, stderr = run(h.t, "", "device", "revoke", p.device, "--data", h.dir)
	return code, stderr
}

// HS20
func TestWhoMayConnect(t *testing.T) {
	h := newHouse(t)
	anna := h.resident()
	try := func(path string, header http.Header, subprotocols ...string) int {
		t.Helper()
		ws, res, err := (&websocket.Dialer{Subprotocols: subprotocols}).Dial("ws://"+h.addr+path, header)
		if err == nil {
			ws.Close()
			return http.StatusSwitchingProtocols
		}
		if res == nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	cookie := http.Header{"Cookie": {cookieOf(anna)}}
	fromElsewhere := http.Header{"Cookie": {cookieOf(anna)}, "Origin": {"https://evil.example"}}
	once, again := anna.ticket("socket"), anna.ticket("url")
	bearer := http.Header{"Authorization": {"Bearer " + anna.ticket("bearer")}}
	for _, c := range []struct {
		name   string
		status int
		want   int
	}{
		{"nobody", try("/sync", nil), 401},
		{"the web app with its cookie", try("/sync", cookie), 101},
		{"another page with that cookie", try("/sync", fromElsewhere), 403},
		{"a ticket", try("/sync", nil, "tavle.v1", "tavle.ticket."+once), 101},
		{"the same ticket again", try("/sync", nil, "tavle.v1", "tavle.ticket."+once), 401},
		{"a stock client with a ticket in its address", try("/?ticket="+again, nil), 101},
		{"when it connects again", try("/?ticket="+again, nil), 101},
		{"a ticket of the wrong kind", try("/?ticket="+once, nil), 401},
		{"a native client", try("/sync", bearer), 101},
		{"a made-up ticket", try("/?ticket=AAAA", nil), 401},
	} {
		if c.status != c.want {
			t.Errorf("%s: %d, want %d", c.name, c.status, c.want)
		}
	}
	if code, stderr := h.revoke(anna); code != 0 {
		t.Fatal(stderr)
	}
	for name, status := range map[string]int{
		"the cookie": try("/sync", cookie), "the ticket in the address": try("/?ticket="+again, nil), "the bearer token": try("/sync", bearer),
	} {
		if status != 401 {
			t.Errorf("%s of a revoked device: %d", name, status)
		}
	}
}

func cookieOf(p *person) string {
	p.t.Helper()
	r, _ := http.NewRequest("GET", "http://"+p.h.addr+"/", nil)
	var all []string
	for _, c := range p.http.Jar.Cookies(r.URL) {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

// HS21
func TestRevokingWhileWritesAreInFlight(t *testing.T) {
	h := newHouse(t)
	mallory, anna := h.resident(), h.resident()
	page := mallory.openPage("phone of mallory")
	lamp := page.newPost("The first")
	page.mustBeSaved()
	watcher := anna.openPage("phone of anna")
	watcher.untilHas(page)

	var writing sync.WaitGroup
	told := make(chan struct{}) // closed when the revocation was answered
	sent := 0                   // changes that were sent before that
	writing.Go(func() {
		for i := range 2000 {
			page.rename(lamp, fmt.Sprint("Title ", i))
			page.say()
			select {
			case <-told:
				return
			default:
				sent = page.Len()
			}
		}
	})
	time.Sleep(50 * time.Millisecond)
	code, stderr := h.revoke(mallory)
	close(told)
	writing.Wait()
	if code != 0 {
		t.Fatal(stderr)
	}
	page.rename(lamp, "Afterwards")
	page.say()
	if a := page.until(func() bool { return false }); a.code != wire.CloseUnauthorised {
		t.Errorf("closed with %d %q, want 4401", a.code, a.text)
	}
	// Only what was sent before is there, also after a restart.
	_ = h.cmd.Process.Kill()
	h.wait()
	s, err := badger.Open(badger.Config{Dir: h.dir})
	if err != nil {
		t.Fatal(err)
	}
	stored := history.New(history.Limits{})
	if _, err := s.Load(h.page, stored.Restore); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if stored.Len() > sent+1 {
		t.Errorf("%d changes are stored, and %d were sent before the device was revoked", stored.Len(), sent)
	}
	h.daemon = launch(t, h.dir, "--admin-listen=off")
	if status, _ := mallory.call("GET", "/v1/me", nil, nil); status != http.StatusUnauthorized {
		t.Errorf("after a restart the revoked device gets %d", status)
	}
}

// HS11, AV1
func TestWhatOthersHave(t *testing.T) {
	h := newHouse(t)
	anna := h.resident()
	page := anna.openPage("phone of anna")
	page.newPost("A lamp")
	page.mustBeSaved()

	t.Run("an observer reads no document", func(t *testing.T) {
		observer := h.join(h.invite("observer"), "desk").openPage("observer")
		observer.say()
		if a := observer.until(func() bool { return false }); !a.gone {
			t.Errorf("closed with %d", a.code)
		}
	})
	t.Run("a member of another board finds nothing", func(t *testing.T) {
		var other struct{ ID string }
		h.operate(&other, "board", "create", "Elsewhere", "--lang", "nl")
		var made struct{ Code string }
		h.operate(&made, "invite", "--board", other.ID, "--role", "owner")
		carl := h.join(made.Code, "phone").openPage("phone of carl")
		carl.say()
		if a := carl.until(func() bool { return false }); !a.gone {
			t.Errorf("closed with %d", a.code)
		}
	})
	t.Run("a peer id of another is taken", func(t *testing.T) {
		bo := h.resident()
		ws, _, err := bo.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		frame := wire.Append(nil, wire.Join{Sender: page.peer, Versions: []string{wire.Version}})
		if err := ws.WriteMessage(websocket.BinaryMessage, frame); err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, _, err = ws.ReadMessage()
		}
		if !websocket.IsCloseError(err, wire.ClosePeerTaken) {
			t.Errorf("got %v", err)
		}
		page.newPost("Anna goes on")
		page.mustBeSaved()
	})
	t.Run("a resident does not write the board document", func(t *testing.T) {
		bo := h.resident().open(h.board, board.BoardGenesis(), "phone of bo")
		title := "Bo's board"
		bo.say()
		bo.until(func() bool { return bo.Len() > 1 })
		bo.write(bo.EditBoard(ms(), board.BoardEdit{Title: &title}))
		if a := bo.saved(); a.code != wire.CloseForbidden || !strings.Contains(a.text, "reason=roleMayNot") {
			t.Errorf("closed with %d, %q", a.code, a.text)
		}
	})
}

// HS21
func TestARoleThatIsGivenHoldsAtOnce(t *testing.T) {
	h := newHouse(t)
	anna, bo := h.resident(), h.resident()
	page := anna.openPage("phone of anna")
	lamp := page.newPost("A lamp")
	page.mustBeSaved()
	hide := func(c *copyOf) {
		t.Helper()
		c.untilHas(page)
		c.write(c.Moderate(ms(), board.NewRecord{ID: newID(t), Target: lamp, Action: "hide", Rule: "2", Facts: "an advertisement", By: bo.member}))
	}
	before := bo.openPage("phone of bo")
	hide(before)
	if a := before.saved(); a.code != wire.CloseForbidden {
		t.Fatalf("a resident moderates: closed with %d", a.code)
	}
	waiting := bo.openPage("phone of bo, second try")
	waiting.untilHas(page)
	h.operate(nil, "member", "grant", bo.member, "--board", h.board.String(), "--role", "moderator")
	if a := waiting.until(func() bool { return false }); a.code != wire.CloseRestart {
		t.Errorf("the connection with the old roles is closed with %d, want 1012", a.code)
	}
	now := bo.openPage("phone of bo, third try")
	hide(now)
	now.mustBeSaved()
}
