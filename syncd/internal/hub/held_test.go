package hub

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// sendLast sends the last change of the device alone, whatever it depends on.
func (d *device) sendLast(doc id.Document) {
	d.t.Helper()
	m := exchange.Message{Version: exchange.V1, Heads: d.Heads(), Have: []exchange.Have{{}}, Changes: [][]byte{d.At(d.Len() - 1).Bytes()}}
	d.receive(wire.Sync{Sender: d.peer, Document: doc, Data: m.Append(nil)})
}

// handled waits until the hub has handled what the device has sent about a document that
// another one listens to.
func (d *device) handled(doc id.Document, other *device) {
	d.t.Helper()
	d.receive(wire.Ephemeral{Sender: d.peer, Document: doc, Session: "s", Count: 1, Data: []byte{0xf6}})
	other.until("a sign", func(m wire.Message) bool { _, ok := m.(wire.Ephemeral); return ok })
}

// leave is Leave before the end of the test, which calls it again.
func (d *device) leave() {
	d.Session.Leave()
	d.Session.docs = attached{}
	d.Session.hub.open.Add(1)
}

// P6
func TestWhatWaitsOfADeviceThatIsShutOutIsDropped(t *testing.T) {
	v := newVillage()
	var refusals []Refusal
	var mu sync.Mutex
	disk := mem.Open(mem.NewDisk())
	s := newServer(t, disk, gated(&refusals, &mu))
	anna, mallory := s.member(v, "anna", "phone of anna", rights.Resident), s.member(v, "mallory", "phone of mallory", rights.Resident)
	lamp := anna.post("lamp")
	anna.publish(v.page)
	mallory.say(v.page)
	mallory.untilHas(anna.Heads())
	anna.rename(lamp, "lamp, please")
	mallory.Take(anna.At(anna.Len() - 1)) // past the server
	mallory.post("poison")
	mallory.sendLast(v.page)
	mallory.handled(v.page, anna.device)
	mallory.End(wire.CloseForbidden, "this device was shut out")
	mallory.leave()
	made := anna.Len()
	anna.publish(v.page)
	if info, _, err := disk.Stat(v.page); err != nil || info.Changes != made {
		t.Errorf("%d changes are stored, %v; anna has made %d", info.Changes, err, made)
	}
}

// SY11
func TestWhatWaitsIsSentAgainByWhoComesBack(t *testing.T) {
	disk := mem.Open(mem.NewDisk())
	s := newServer(t, disk, nil)
	a, b := s.device("a"), s.device("b")
	doc := id.NewDocument()
	a.Put("k", "1")
	b.say(doc)
	b.Take(a.At(0))
	b.Put("k", "2")
	b.sendLast(doc)
	a.receive(wire.Ephemeral{Sender: "a", Document: doc, Session: "s", Data: []byte{0xf6}})
	b.handled(doc, a)
	b.leave()
	a.publish(doc)
	again := s.device("b")
	again.Author = b.Author
	again.publish(doc)
	if info, _, err := disk.Stat(doc); err != nil || info.Changes != 2 {
		t.Errorf("%d changes are stored, %v", info.Changes, err)
	}
}

// large is a change that waits for another one, and takes so many bytes in memory and few
// on the wire.
func large(t *testing.T, actor string, bytes int) []byte {
	t.Helper()
	c, err := chunk.Build(chunk.Spec{Actor: id.Actor(actor), Seq: 1, StartOp: 1, Deps: []id.ChangeHash{{1}}, Ops: []chunk.Op{
		{Key: "k", Action: chunk.ActionSet, Value: chunk.Value{Kind: chunk.ValueBytes, Bytes: make([]byte, bytes)}}}})
	if err != nil {
		t.Fatal(err)
	}
	return chunk.Deflate(nil, c.Bytes())
}

func (d *device) send(doc id.Document, change []byte) {
	d.t.Helper()
	m := exchange.Message{Version: exchange.V1, Heads: []id.ChangeHash{{2}}, Have: []exchange.Have{{}}, Changes: [][]byte{change}}
	d.receive(wire.Sync{Sender: d.peer, Document: doc, Data: m.Append(nil)})
}

func TestWhatWaitsIsCounted(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	a := s.device("a")
	a.send(id.NewDocument(), large(t, "a", 100<<10))
	eventually(t, "it is counted", func() bool {
		st := s.Stats()
		return st.Loaded == 1 && st.LoadedBytes > 100<<10 && st.LoadedBytes < 150<<10
	})
	a.leave()
	eventually(t, "nothing of it is left", func() bool {
		st := s.Stats()
		return st.Documents == 0 && st.Loaded == 0 && st.LoadedBytes == 0
	})
}

// LM14
func TestOfOneConnectionOnlySoMuchWaits(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), func(c *Config) { c.HeldBytesMax = 300 << 10 })
	a, b, c := s.device("a"), s.device("b"), s.device("c")
	for i := range 20 { // of c it waits for a moment
		doc, author := id.NewDocument(), historytest.New(fmt.Sprint("author ", i))
		first, second := author.Put("k", strings.Repeat("1", 50<<10)), author.Put("k", strings.Repeat("2", 50<<10))
		c.send(doc, second.Bytes())
		c.send(doc, first.Bytes())
		eventually(t, "both are stored", func() bool { return s.Stats().Accepted == int64(2*i+2) })
	}
	for range 2 {
		a.send(id.NewDocument(), large(t, "a", 100<<10))
	}
	for range 5 {
		b.send(id.NewDocument(), large(t, "b", 100<<10))
	}
	eventually(t, "who has brought too much is sent away", func() bool { return b.closeCode() == wire.CloseOverload })
	b.leave()
	eventually(t, "what it has brought is dropped", func() bool { return s.Stats().Documents == 22 && b.held.Load() == 0 })
	if a.closeCode() != 0 || c.closeCode() != 0 {
		t.Errorf("the others are closed with %d and %d", a.closeCode(), c.closeCode())
	}
}

func TestWhatWaitsMakesRoom(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), func(c *Config) { c.LoadedBytesMax = 200 << 10 })
	var devices []*device
	for i := range 10 {
		d := s.device(fmt.Sprint("device ", i))
		d.send(id.NewDocument(), large(t, "a", 50<<10))
		devices = append(devices, d)
	}
	eventually(t, "there is room again", func() bool {
		closed := 0
		for _, d := range devices {
			if d.closeCode() == wire.CloseOverload {
				closed++
			}
		}
		return closed > 0 && closed < len(devices) && s.Stats().LoadedBytes <= 200<<10
	})
}

// SY11
func TestWhatWaitsKeepsItsDocumentLoaded(t *testing.T) {
	s := newServer(t, mem.Open(mem.NewDisk()), nil)
	a := s.device("a")
	waits, idle := id.NewDocument(), id.NewDocument()
	a.Put("k", "1")
	a.publish(idle)
	a.send(waits, large(t, "a", 100))
	eventually(t, "both are loaded", func() bool { return s.Stats().Loaded == 2 })
	if swept := s.idle(time.Now().Add(time.Hour)); len(swept) != 1 || swept[0].id != idle {
		t.Errorf("%d documents are idle", len(swept))
	}
}
