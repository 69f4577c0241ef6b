package simnet

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/replica"
)

var (
	seeds = flag.Int("seeds", 300, "how many seeds to try")
	first = flag.Uint64("seed", 0, "the first seed")
)

func TestEverybodyConvergesAndNothingToldIsLost(t *testing.T) {
	var edits, told, crashes, snapshots, refusals, opened, caughtUp, calledBack int
	for seed := *first; seed < *first+uint64(*seeds); seed++ {
		w := newWorld(t, seed)
		for range 400 {
			w.step()
		}
		w.heal()
		edits, told, crashes, snapshots = edits+w.edits, told+len(w.told), crashes+w.crashes, snapshots+w.snapshots
		refusals, opened, caughtUp = refusals+w.refusals, opened+w.opened, caughtUp+w.caughtUp
		calledBack += w.calledBack
	}
	t.Logf("%d seeds: %d edits, %d heads and changes told, %d crashes, %d snapshots, %d refusals, %d times opened with a graph, after which the rules caught up %d times, %d devices called back",
		*seeds, edits, told, crashes, snapshots, refusals, opened, caughtUp, calledBack)
	if edits < 20**seeds || told < 5**seeds || crashes < *seeds/2 || snapshots < *seeds/2 || refusals < *seeds/2 || opened < *seeds/2 ||
		calledBack < *seeds/10 {
		t.Fatal("too little has happened for the test to mean anything")
	}
}

// world is everything there is. All randomness comes from rng.
type world struct {
	t    *testing.T
	seed uint64
	rng  *rand.Rand
	now  time.Time

	devices []*device
	conns   replica.Conn
	modern  bool // devices declare that they read snapshots, and write much at once
	stock   bool // devices send each change once on a connection, also when they are asked for it again
	ruled   bool // the document has rules, which devices break now and then
	graphs  bool // the server opens it with a graph, and reads changes when it needs them

	// The server: what is on its disk, and what a crash forgets.
	disk    [][]byte
	authors []rights.Binding // of what is there
	onDisk  map[id.ChangeHash]bool
	rep     *replica.Replica
	saving  *replica.Persist
	wake    time.Time

	told                             map[id.ChangeHash]bool
	edits, crashes, fulls, snapshots int
	refusals, opened, caughtUp       int
	calledBack                       int // devices that were closed to send again what was dropped
}

type device struct {
	*historytest.Author
	name  string
	lives int          // how often it has begun anew
	conn  replica.Conn // 0 when not connected
	state exchange.State
	sent  map[id.ChangeHash]bool // on this connection
	up    [][]byte               // on the way to the server
	down  [][]byte               // on the way to the device
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 0)),
		now: time.Unix(1_800_000_000, 0), told: map[id.ChangeHash]bool{}, onDisk: map[id.ChangeHash]bool{},
		modern: seed%2 == 1, ruled: seed%4 < 2, graphs: seed%3 == 0, stock: seed%8 < 4}
	var before []*chunk.Change
	if seed%25 == 0 {
		before = longPage()
	}
	for _, c := range before {
		w.disk, w.onDisk[c.Hash] = append(w.disk, c.Bytes()), true
		w.authors = []rights.Binding{{Actor: c.Actor, Author: rights.Author{Device: "somebody"}}}
	}
	for i := range 2 + w.rng.IntN(4) {
		name := fmt.Sprint("device ", i)
		d := &device{Author: historytest.New(name), name: name}
		d.Take(before...)
		w.devices = append(w.devices, d)
	}
	w.boot()
	return w
}

// longPage is one of which a filter alone makes a large message, and that everybody has.
var longPage = sync.OnceValue(func() []*chunk.Change { return historytest.Posts(3500).All() })

func (w *world) fatal(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("seed %d: %s", w.seed, fmt.Sprintf(format, args...))
}

// step lets one thing happen.
func (w *world) step() {
	d := w.devices[w.rng.IntN(len(w.devices))]
	switch n := w.rng.IntN(100); {
	case n < 15:
		edits := 1
		if w.modern {
			edits += w.rng.IntN(10)
		}
		for range edits {
			key := fmt.Sprint("key ", w.rng.IntN(4))
			if w.ruled && w.rng.IntN(20) == 0 {
				key = forbidden
			}
			d.Put(key, fmt.Sprint(w.rng.Uint32()))
		}
		w.edits += edits
		w.say(d)
	case n < 22:
		w.connect(d)
	case n < 25:
		w.cut(d)
	case n < 55:
		w.deliverUp(d)
	case n < 80:
		w.deliverDown(d)
	case n < 92:
		w.save()
	case n < 94:
		w.diskFull()
	case n < 95:
		w.crash()
	case n < 97:
		w.rep.Unload()
	default:
		w.pass(time.Duration(w.rng.IntN(3000)) * time.Millisecond)
	}
}

// heal ends all trouble and lets everything come to rest.
func (w *world) heal() {
	for _, d := range w.devices {
		w.connect(d)
	}
	for round := 0; ; round++ {
		if round > 2000 {
			w.fatal("no rest")
		}
		busy := w.saving != nil
		w.save()
		for _, d := range w.devices {
			if d.conn == 0 { // it was refused something, and has begun anew
				w.connect(d)
			}
			busy = busy || len(d.up)+len(d.down) > 0
			w.deliverUp(d)
			w.deliverDown(d)
		}
		if !busy && w.wake.IsZero() {
			break
		}
		if !busy {
			w.pass(w.wake.Sub(w.now))
		}
	}
	want := w.devices[0].Heads()
	for _, d := range w.devices {
		if !slices.Equal(d.Heads(), want) {
			w.fatal("%s has heads %v, another %v", d.Actor, d.Heads(), want)
		}
	}
	w.crash()
	h := w.stored(len(w.disk))
	if !slices.Equal(h.Heads(), want) {
		w.fatal("the server has heads %v, the devices %v", h.Heads(), want)
	}
	for change := range w.told {
		if !h.Has(change) {
			w.fatal("change %s was told and is lost", change)
		}
	}
}

// stored is the history of the first n changes on the disk.
func (w *world) stored(n int) *history.History {
	h := history.New(history.Limits{})
	for _, c := range w.disk[:n] {
		if err := h.Restore(c); err != nil {
			w.fatal("the disk has %v", err)
		}
	}
	return h
}

// boot starts the server on what its disk has.
func (w *world) boot() {
	h := w.stored(len(w.disk))
	cfg := replica.Config{Storage: "server"}
	if w.ruled {
		cfg.Rules = w.rules
	}
	if w.graphs {
		cfg.Read = w.read
	}
	w.rep = replica.New(cfg, h.Len(), h.Heads())
	w.saving, w.wake = nil, time.Time{}
}

// crash ends the server. An append under way is on disk as far as it got.
func (w *world) crash() {
	if w.saving != nil {
		w.write(w.saving, w.rng.IntN(len(w.saving.Changes)+1))
	}
	for _, d := range w.devices {
		d.conn, d.up, d.down = 0, nil, nil
	}
	w.crashes++
	w.boot()
}

// write writes n changes of an append, and with the first the authors.
func (w *world) write(p *replica.Persist, n int) {
	if n > 0 {
		w.authors = append(w.authors, p.Authors...)
	}
	for _, raw := range p.Changes[:n] {
		c, err := chunk.ReadChange(raw)
		if err != nil {
			w.fatal("the server stores %v", err)
		}
		if isForbidden(c) {
			w.fatal("the server stores what its rules forbid")
		}
		w.disk, w.onDisk[c.Hash] = append(w.disk, raw), true
	}
}

func (w *world) save() {
	if w.saving == nil {
		return
	}
	if w.saving.First != len(w.disk) {
		w.fatal("an append begins at %d of %d stored changes", w.saving.First, len(w.disk))
	}
	w.write(w.saving, len(w.saving.Changes))
	w.saving = nil
	w.carry(w.rep.Durable(w.now))
}

func (w *world) diskFull() {
	if w.saving != nil {
		w.saving = nil
		w.fulls++
		w.carry(w.rep.NotDurable(w.now))
	}
}

func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	if !w.wake.IsZero() && !w.now.Before(w.wake) {
		w.carry(w.rep.Tick(w.now))
	}
}

// carry carries out the effects of the server.
func (w *world) carry(e replica.Effects) {
	for _, m := range e.Send {
		if m.Sync == nil {
			continue
		}
		w.note(m.Sync.Bytes())
		for _, d := range w.devices {
			if d.conn == m.To {
				d.down = append(d.down, bytes.Clone(m.Sync.Bytes()))
			}
		}
	}
	for _, c := range e.Close {
		if c.Code != wire.CloseStorage || w.fulls == 0 {
			w.fatal("an honest device is closed: %s: %v", c.Text, c.Err)
		}
		w.calledBack++
		for _, d := range w.devices {
			if d.conn == c.Conn {
				w.cut(d)
			}
		}
	}
	for _, r := range e.Refuse {
		w.refuse(r)
	}
	if e.Fail != nil {
		w.fatal("the history cannot be read: %v", e.Fail)
	}
	if e.Persist != nil {
		w.saving = e.Persist
	}
	w.wake = e.Wake
}

// note enters what a message tells into the ledger. It must be on disk already.
func (w *world) note(data []byte) {
	m, err := exchange.Decode(data, exchange.Limits{})
	if err != nil {
		w.fatal("the server says %v", err)
	}
	if m.Version == exchange.V2 {
		w.snapshots++
	}
	hashes := slices.Clone(m.Heads)
	for _, c := range w.changes(m) {
		hashes = append(hashes, c.Hash)
	}
	for _, hash := range hashes {
		if !w.onDisk[hash] {
			w.fatal("change %s is told before it is durable", hash)
		}
		w.told[hash] = true
	}
}

// changes are those in a message of the server, one by one or in a snapshot.
func (w *world) changes(m *exchange.Message) (all []*chunk.Change) {
	for _, raw := range m.Changes {
		var one *chunk.Change
		some, err := chunk.ParseDocument(raw, chunk.Limits{})
		if errors.Is(err, chunk.ErrType) {
			one, err = chunk.ParseChange(raw, chunk.Limits{})
			some = append(some, one)
		}
		if err != nil {
			w.fatal("the server sends %v", err)
		}
		all = append(all, some...)
	}
	return all
}

func (w *world) connect(d *device) {
	w.cut(d)
	w.conns++
	d.conn, d.state, d.sent = w.conns, exchange.State{}, map[id.ChangeHash]bool{}
	w.say(d)
}

func (w *world) cut(d *device) {
	if d.conn != 0 {
		w.rep.Detach(d.conn)
	}
	d.conn, d.up, d.down = 0, nil, nil
}

func (w *world) say(d *device) {
	if d.conn == 0 {
		return
	}
	data := exchange.NewRound(d.History).Generate(&d.state).Bytes()
	if data == nil {
		return
	}
	m, err := exchange.Decode(data, exchange.Limits{})
	if err != nil {
		w.fatal("a device says %v", err)
	}
	if w.modern {
		m.Flags = &exchange.Flags{}
	}
	if w.stock {
		m.Changes = slices.DeleteFunc(m.Changes, func(raw []byte) bool {
			c, err := chunk.ParseChange(raw, chunk.Limits{})
			if err != nil {
				w.fatal("a device sends %v", err)
			}
			again := d.sent[c.Hash]
			d.sent[c.Hash] = true
			return again
		})
	}
	data = m.Append(nil)
	d.up = append(d.up, bytes.Clone(data))
}

func (w *world) deliverUp(d *device) {
	if len(d.up) == 0 {
		return
	}
	m, err := replica.Decode(d.up[0])
	if err != nil {
		w.fatal("a device says %v", err)
	}
	d.up = d.up[1:]
	w.rep.Attach(d.conn, replica.Peer{Writer: d.name})
	in := replica.Input{From: d.conn, Message: m, Alone: w.rng.IntN(2) == 0}
	e := w.rep.Sync(w.now, in)
	if e.Load {
		w.load()
		e = w.rep.Sync(w.now, in)
	}
	if e.CatchUp {
		w.caughtUp++
		for more := true; more; {
			more, e = w.rep.CatchUp(1000)
			w.carry(e)
		}
		e = w.rep.Sync(w.now, in)
	}
	w.carry(e)
}

func (w *world) deliverDown(d *device) {
	if len(d.down) == 0 {
		return
	}
	m, err := exchange.Decode(d.down[0], exchange.Limits{})
	if err != nil {
		w.fatal("the server says %v", err)
	}
	d.down = d.down[1:]
	d.Take(w.changes(m)...)
	d.state.Receive(d.History, m)
	w.say(d)
}
