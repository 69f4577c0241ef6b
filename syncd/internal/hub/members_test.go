package hub

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// now is the clock of the devices of these tests, in ms.
var now = time.Date(2026, time.November, 22, 10, 0, 0, 0, time.UTC).UnixMilli()

// village is a board with its page of the month.
type village struct {
	board id.Document
	month board.Month
	page  id.Document
	pages *gate.Pages
}

func newVillage() village {
	v := village{board: id.NewDocument(), month: board.MonthOf(now, time.UTC)}
	v.page = board.PageDocument(v.board, v.month, 0)
	v.pages = gate.NewPages(v.board)
	return v
}

func (v village) principal(member string, roles ...rights.Role) *gate.Principal {
	return &gate.Principal{Device: "device of " + member, Member: member, Boards: []gate.Membership{
		{Board: v.board, Roles: rights.RolesOf(roles...), Pages: v.pages},
	}}
}

// member is a device that belongs, with a writer to the page.
type member struct {
	*device
	*board.Writer
	ref string
}

func (s *server) member(v village, ref, actor string, roles ...rights.Role) *member {
	s.t.Helper()
	d := &device{Author: historytest.New(actor), t: s.t, peer: id.Peer(actor)}
	session, err := s.Join(v.principal(ref, roles...), wire.Join{Sender: d.peer}, d)
	if err != nil {
		s.t.Fatal(err)
	}
	d.Session = session
	s.t.Cleanup(session.Leave)
	d.Take(board.PageGenesis(v.board, v.month, 0))
	w, err := board.NewWriter(d.History, id.Actor(actor), new(board.Clock), now)
	if err != nil {
		s.t.Fatal(err)
	}
	return &member{d, w, ref}
}

// Receive and Close of the device, not of the writer or the session.
func (m *member) Close(code int, text string) { m.device.Close(code, text) }

func (m *member) post(title string) board.ID {
	m.t.Helper()
	var entropy [16]byte
	copy(entropy[:], title)
	post := board.IDFromBytes(entropy)
	_, err := m.AddPost(now, board.NewPost{ID: post, Kind: "request", Title: title, Author: m.ref, CreatedBy: m.ref, Lang: "en", Origin: "phone"})
	if err != nil {
		m.t.Fatal(err)
	}
	m.MarkDurable(m.Len())
	return post
}

func (m *member) rename(post board.ID, title string) {
	m.t.Helper()
	if _, err := m.EditPost(now, post, board.PostEdit{Title: &title}); err != nil {
		m.t.Fatal(err)
	}
	m.MarkDurable(m.Len())
}

func (m *member) titles() []string {
	m.t.Helper()
	p, err := m.Page()
	if err != nil {
		m.t.Fatal(err)
	}
	var titles []string
	for _, post := range p.Posts {
		titles = append(titles, post.Title)
	}
	slices.Sort(titles)
	return titles
}

// refusal waits for the error that names a refused change, and for the close.
func (m *member) refusal() string {
	m.t.Helper()
	var text string
	m.until("an error", func(msg wire.Message) bool {
		e, ok := msg.(wire.Error)
		text = e.Message
		return ok
	})
	eventually(m.t, "the connection is closed as forbidden", func() bool { return m.closeCode() == wire.CloseForbidden })
	return text
}

func gated(refusals *[]Refusal, mu *sync.Mutex) func(*Config) {
	return func(c *Config) {
		c.Gate = gate.Members{}
		c.Refused = func(r Refusal) {
			mu.Lock()
			defer mu.Unlock()
			*refusals = append(*refusals, r)
		}
	}
}

// SY17
func TestAChangeToSomebodyElsesPostIsRefused(t *testing.T) {
	var refusals []Refusal
	var mu sync.Mutex
	disk := mem.NewDisk()
	v := newVillage()
	var lamp board.ID
	t.Run("while both are connected", func(t *testing.T) {
		s := newServer(t, mem.Open(disk), gated(&refusals, &mu))
		anna, bo := s.member(v, "anna", "phone of anna", rights.Resident), s.member(v, "bo", "phone of bo", rights.Resident)
		lamp = anna.post("lamp")
		anna.publish(v.page)
		bo.say(v.page)
		bo.untilHas(anna.Heads())
		bo.rename(lamp, "nonsense")
		bad := bo.Heads()[0]
		bo.say(v.page)
		text := bo.refusal()
		want := "refused document=" + v.page.String() + " change=" + bad.String() + " reason=notYours: "
		if !strings.HasPrefix(text, want) || len(text) < len(want)+20 {
			t.Errorf("bo is told %q, want %q and a sentence", text, want)
		}
		mu.Lock()
		if len(refusals) != 1 || refusals[0].Hash != bad || refusals[0].Writer.Member != "bo" || len(refusals[0].Change) == 0 {
			t.Errorf("reported: %+v", refusals)
		}
		mu.Unlock()
		if n := s.Refusals()["notYours"]; n != 1 {
			t.Errorf("counted %d", n)
		}
		// Anna goes on, and a newcomer sees what she wrote and nothing else.
		anna.rename(lamp, "lamp, please")
		anna.publish(v.page)
		eva := s.member(v, "eva", "phone of eva", rights.Resident)
		eva.say(v.page)
		eva.untilHas(anna.Heads())
		if got := eva.titles(); !slices.Equal(got, []string{"lamp, please"}) {
			t.Errorf("eva reads %q", got)
		}
	})
	t.Run("after a restart", func(t *testing.T) {
		s := newServer(t, mem.Open(disk), gated(&refusals, &mu))
		anna, bo := s.member(v, "anna", "phone of anna", rights.Resident), s.member(v, "bo", "bo again", rights.Resident)
		anna.say(v.page)
		anna.until("the page", func(wire.Message) bool { return len(anna.titles()) == 1 })
		anna.rename(lamp, "lamp, thank you")
		anna.publish(v.page)
		bo.say(v.page)
		bo.untilHas(anna.Heads())
		bo.rename(lamp, "nonsense")
		bo.say(v.page)
		bo.refusal()
	})
	t.Run("with the actor id of somebody else", func(t *testing.T) {
		s := newServer(t, mem.Open(disk), gated(&refusals, &mu))
		anna := s.member(v, "anna", "third phone of anna", rights.Resident)
		anna.say(v.page)
		anna.until("the page", func(wire.Message) bool { return len(anna.titles()) == 1 })
		mallory := s.member(v, "mallory", "phone of anna", rights.Resident)
		mallory.say(v.page)
		mallory.untilHas(anna.Heads())
		mallory.post("forged")
		mallory.say(v.page)
		if text := mallory.refusal(); !strings.Contains(text, "reason=actorOfAnother") {
			t.Errorf("mallory is told %q", text)
		}
	})
}

// A filter may tell the server that it has a change which it lacks, so that what comes
// first depends on what comes later. Those who brought it have sent it then, and do not
// send it again.
func TestARefusedChangeThatCameTooEarlyIsToldToAllWhoBroughtIt(t *testing.T) {
	v := newVillage()
	var refusals []Refusal
	var mu sync.Mutex
	s := newServer(t, mem.Open(mem.NewDisk()), gated(&refusals, &mu))
	anna := s.member(v, "anna", "phone of anna", rights.Resident)
	lamp := anna.post("lamp")
	anna.publish(v.page)
	bo, cai := s.member(v, "bo", "phone of bo", rights.Resident), s.member(v, "cai", "phone of cai", rights.Resident)
	for _, m := range []*member{bo, cai} {
		m.say(v.page)
		m.untilHas(anna.Heads())
	}
	bo.post("ladder")
	good := bo.Heads()
	bo.rename(lamp, "nonsense")
	bad := bo.Heads()
	send := func(m *member, hashes ...id.ChangeHash) {
		message := exchange.Message{Version: exchange.V1, Heads: bad, Have: []exchange.Have{{LastSync: anna.Heads()}}}
		for _, hash := range hashes {
			i, _ := bo.Index(hash)
			message.Changes = append(message.Changes, bo.At(i).Bytes())
		}
		m.receive(wire.Sync{Sender: m.peer, Document: v.page, Data: message.Append(nil)})
	}
	send(cai, bad...)
	cai.until("to be asked for what it depends on", func(msg wire.Message) bool {
		sync, ok := msg.(wire.Sync)
		if !ok {
			return false
		}
		asked, err := exchange.Decode(sync.Data, exchange.Limits{})
		return err == nil && slices.Equal(asked.Need, good)
	})
	send(bo, bad...)
	send(bo, good...)
	for m, reason := range map[*member]string{bo: "notYours", cai: "actorOfAnother"} {
		if text := m.refusal(); !strings.Contains(text, "change="+bad[0].String()+" reason="+reason) {
			t.Errorf("%s is told %q", m.ref, text)
		}
	}
	anna.untilHas(good)
	mu.Lock()
	defer mu.Unlock()
	// Bo's device, asked for what it has sent already, may have sent it again, as stock ones do not.
	if len(refusals) < 2 || refusals[0].Writer.Member != "cai" || refusals[1].Writer.Member != "bo" {
		t.Errorf("reported: %+v", refusals)
	}
}

// counting is a store that notices every look at a document.
type counting struct {
	*mem.Store
	mu    sync.Mutex
	looks int
}

func (c *counting) Stat(doc id.Document) (store.Info, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looks++
	return c.Store.Stat(doc)
}

// AV1
func TestForbiddenAndUnknownAreAlike(t *testing.T) {
	disk := &counting{Store: mem.Open(mem.NewDisk())}
	var mu sync.Mutex
	s := newServer(t, disk, gated(new([]Refusal), &mu))
	v, elsewhere := newVillage(), newVillage()
	anna := s.member(v, "anna", "phone of anna", rights.Resident)
	anna.post("lamp")
	anna.publish(v.page)
	disk.mu.Lock()
	disk.looks = 0
	disk.mu.Unlock()
	for name, doc := range map[string]id.Document{"another board's": v.page, "nobody's": id.NewDocument()} {
		out := s.member(elsewhere, "carl", "phone of carl "+name, rights.Owner)
		out.say(doc)
		out.until("to be told that it is not available", func(m wire.Message) bool {
			u, ok := m.(wire.Unavailable)
			return ok && u.Document == doc
		})
		out.receive(wire.Ephemeral{Sender: out.peer, Document: doc, Session: "s", Count: 1, Data: []byte{0xf6}})
	}
	disk.mu.Lock()
	defer disk.mu.Unlock()
	if disk.looks != 0 {
		t.Errorf("the store was asked %d times, which takes another time when there is something", disk.looks)
	}
	if m := anna.next(); m != nil {
		if _, ok := m.(wire.Ephemeral); ok {
			t.Error("an outsider's ephemeral message came through")
		}
	}
}

// HS21
func TestNothingOfAnEndedSessionIsHandled(t *testing.T) {
	var mu sync.Mutex
	s := newServer(t, mem.Open(mem.NewDisk()), gated(new([]Refusal), &mu))
	v := newVillage()
	anna, bo := s.member(v, "anna", "phone of anna", rights.Resident), s.member(v, "bo", "phone of bo", rights.Resident)
	anna.post("before")
	anna.publish(v.page)
	anna.End(wire.CloseUnauthorised, "this device is revoked")
	anna.post("after")
	anna.say(v.page)
	if anna.closeCode() != wire.CloseUnauthorised {
		t.Errorf("closed with %d", anna.closeCode())
	}
	bo.post("bo's")
	bo.publish(v.page)
	if got := bo.titles(); !slices.Equal(got, []string{"before", "bo's"}) {
		t.Errorf("bo reads %q", got)
	}
}
