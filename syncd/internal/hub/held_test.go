package hub

import (
	"sync"
	"testing"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/exchange"
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
