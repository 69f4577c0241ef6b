package hub

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/replica"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// document is one open document. Its events are handled one after another by a
// goroutine that lives while there are any.
type document struct {
	// Immutable.
	hub   *Hub
	id    id.Document
	rules func() replica.Rules // nil: there are none

	mu      sync.Mutex // guards the next five
	inbox   []event
	running bool // a goroutine is at work
	lingers bool // one will be, within answerDelay
	gone    bool // removed from the hub: nothing can be posted any more
	timer   *time.Timer

	// Owned by the goroutine.
	rep      *replica.Replica // nil until the first event
	sessions map[replica.Conn]*Session
	counted  replica.Counts     // what has been added to the hub's counters
	loaded   bool               // the hub counts it as loaded
	covered  int                // changes that the stored graph is of
	indexed  int                // changes that the stored index of rights is of, as far as is known
	held     []event            // that wait until the rules have caught up, in their order
	brought  map[*Session]int64 // bytes of changes that wait for others
	saving   int                // appends in the group commit

	answers answers

	used   atomic.Int64 // when it was last used, in ns since 1970
	bytes  atomic.Int64 // what the loaded history takes
	lonely atomic.Bool  // no peer listens
	holds  atomic.Bool  // changes wait for others
}

type eventKind int

const (
	evSync eventKind = iota + 1
	evEphemeral
	evSubscribe
	evHeads
	evLeave
	evDurable
	evTick
	evUnload
	evSnapshot
	evCatchUp
)

// event is something for a document to do. Which fields are set depends on kind.
type event struct {
	kind      eventKind
	session   *Session // of the first five kinds
	bytes     int      // of the session's room that it takes
	subs      map[id.Storage]struct{}
	sync      replica.Message
	agrees    bool // of evSync: the peer says no more than that it has what it was sent
	ephemeral *wire.Ephemeral
	added     []id.Storage
	heads     map[id.Storage]wire.RemoteHeads
	err       error // of evDurable
	snapshot  *history.Snapshot
}

// newDocument returns the document for a principal that may read it. Its rules are
// the same whoever comes first.
func newDocument(h *Hub, doc id.Document, p *gate.Principal) *document {
	d := &document{hub: h, id: doc, sessions: map[replica.Conn]*Session{}}
	if h.cfg.Gate.Rules(p, doc) != nil {
		d.rules = func() replica.Rules { return h.cfg.Gate.Rules(p, doc) }
	}
	return d
}

// answerDelay is how long a peer's answer may wait that asks for nothing. All
// peers answer each change, and so their answers are handled together.
const answerDelay = 20 * time.Millisecond

// post adds an event and sees to it that a goroutine handles it. It reports
// false when the document is gone.
func (d *document) post(ev event) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return false
	}
	d.inbox = append(d.inbox, ev)
	switch {
	case d.running:
	case !ev.agrees:
		d.running = true
		d.hub.work.begin()
		go d.run()
	case !d.lingers:
		d.lingers = true
		d.hub.work.begin()
		time.AfterFunc(answerDelay, d.runLate)
	}
	return true
}

// runLate is run, unless somebody was faster.
func (d *document) runLate() {
	d.mu.Lock()
	d.lingers = false
	idle := d.running || len(d.inbox) == 0
	d.running = d.running || !idle
	d.mu.Unlock()
	if idle {
		d.hub.work.end()
		return
	}
	d.run()
}

func (d *document) run() {
	defer d.hub.work.end()
	var batch []event
	for {
		d.mu.Lock()
		batch, d.inbox = d.inbox, batch[:0]
		if len(batch) == 0 {
			d.running = false
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		for i, ev := range batch {
			d.handle(ev)
			batch[i] = event{}
		}
		d.count()
		d.account()
		if d.useless() && d.hub.forget(d) {
			return
		}
	}
}

// useless tells whether the document can be forgotten: nobody listens, nothing
// waits to be stored, and there is no loaded history that might be of use again.
func (d *document) useless() bool {
	if d.rep == nil || len(d.held) > 0 {
		return d.rep == nil && d.saving == 0
	}
	return d.rep.Peers() == 0 && !d.rep.Busy() && !(d.rep.Loaded() && d.rep.Exists())
}

// handle handles one event. An event that fails for reasons of the store closes
// the connections of all peers: what they see might otherwise not be what is
// stored.
func (d *document) handle(ev event) {
	now := time.Now()
	if d.waits(ev) {
		d.held = append(d.held, ev)
		return
	}
	held := false
	if ev.session != nil && ev.kind != evLeave {
		defer func() {
			if !held {
				ev.session.handled(ev.bytes)
			}
		}()
		d.used.Store(now.UnixNano())
	}
	if ev.kind == evUnload {
		defer func() { <-d.hub.unloads }()
	}
	if ev.kind == evDurable {
		if d.saving--; d.rep == nil {
			return // the replica that had asked for it was given up
		}
	}
	if err := d.open(); err != nil {
		d.fail(ev, err)
		return
	}
	if ev.session != nil && ev.session.ended() && ev.kind != evLeave {
		return // what the principal sent before may not be theirs to send any more
	}
	switch ev.kind {
	case evSync:
		if d.join(now, ev); d.rep != nil {
			held = !d.sync(now, ev)
		}
	case evEphemeral:
		if d.join(now, ev); d.rep != nil {
			d.carry(d.rep.Ephemeral(now, ev.session.conn, ev.ephemeral))
		}
	case evSubscribe:
		d.carry(d.rep.Subscribe(now, ev.session.conn, ev.subs, ev.added))
	case evHeads:
		d.carry(d.rep.RemoteHeads(now, ev.session.conn, ev.heads))
	case evLeave:
		delete(d.sessions, ev.session.conn)
		d.rep.Detach(ev.session.conn)
	case evDurable:
		d.durable(now, ev.err)
	case evTick:
		d.carry(d.rep.Tick(now))
	case evUnload:
		d.unload()
	case evSnapshot:
		d.takeSnapshot(ev.snapshot)
	case evCatchUp:
		d.catchUp()
	}
}

// open asks the store what it has of the document, once.
func (d *document) open() error {
	if d.rep != nil {
		return nil
	}
	if d.saving > 0 {
		return fmt.Errorf("document %s: %w", d.id, errSaving)
	}
	info, _, err := d.hub.cfg.Store.Stat(d.id)
	if err != nil {
		return fmt.Errorf("look up document %s: %w", d.id, err)
	}
	cfg := d.hub.cfg.Replica
	cfg.Rules, cfg.Read = d.rules, d.reader()
	d.covered, d.indexed = 0, 0
	d.rep = replica.New(cfg, info.Changes, info.Heads)
	return nil
}

// join makes the session of a message a peer of the document.
func (d *document) join(now time.Time, ev event) {
	c := ev.session.conn
	if d.sessions[c] == nil {
		d.sessions[c] = ev.session
		info := ev.session.info(d.id)
		info.Subscriptions = ev.subs
		d.rep.Attach(c, info)
		if len(ev.subs) > 0 {
			d.carry(d.rep.Subscribe(now, c, ev.subs, slices.Collect(maps.Keys(ev.subs)))) // RH2
		}
	}
}

// sync hands a message to the replica. It reports false if the message is held.
func (d *document) sync(now time.Time, ev event) bool {
	if u := ev.session.principal.Usage; u != nil {
		u.At(now)
	}
	in := replica.Input{From: ev.session.conn, Message: ev.sync, Alone: d.hub.alone()}
	e := d.rep.Sync(now, in)
	if e.Load && d.findSnapshot() {
		e = d.rep.Sync(now, in)
	}
	if e.Load {
		if err := d.load(); err != nil {
			d.fail(ev, err)
			return true
		}
		now = time.Now()
		e = d.rep.Sync(now, in)
	}
	if e.CatchUp {
		d.hold(ev)
		return false
	}
	end := time.Now()
	ev.session.spend(end, end.Sub(now))
	d.carry(e)
	d.weigh(ev.session)
	if d.rep != nil && d.rep.Outdated(false) {
		d.wantSnapshot()
	}
	return true
}

// load reads the history from the store, when it is this document's turn.
func (d *document) load() error {
	d.hub.loads <- struct{}{}
	defer func() { <-d.hub.loads }()
	authors, err := d.authors()
	if err != nil {
		return err
	}
	had := d.rep.HasSnapshot()
	if !d.loadGraph(authors) {
		err = d.rep.Load(authors, func(take func([]byte) error) error {
			_, err := d.hub.cfg.Store.Load(d.id, take)
			return err
		})
		if err != nil {
			return fmt.Errorf("load document %s: %w", d.id, err)
		}
	}
	d.hub.counts.loads.Add(1)
	if had && !d.rep.HasSnapshot() {
		d.dropSnapshot(history.ErrSnapshot)
	}
	return nil
}

// authors reads who the actors of the document are, when its rules ask for it.
func (d *document) authors() ([]rights.Binding, error) {
	if d.rules == nil {
		return nil, nil
	}
	var authors []rights.Binding
	err := d.hub.cfg.Store.Authors(d.id, func(a store.ActorAuthor) error {
		authors = append(authors, rights.Binding{
			Actor: a.Actor, Author: rights.Author{Device: a.Device, Member: a.Member, Kiosk: a.Kiosk},
		})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load the authors of document %s: %w", d.id, err)
	}
	return authors, nil
}

func (d *document) unload() {
	if len(d.held) > 0 {
		return
	}
	if d.rep.Holds() {
		if d.hub.bytes.Load() <= d.hub.cfg.LoadedBytesMax {
			return
		}
		d.carry(d.rep.Shed())
	}
	d.lastSnapshot()
	d.keepGraph()
	d.keepIndex()
	d.rep.Unload()
	if tidy := d.hub.cfg.Tidy; tidy != nil && !d.rep.Loaded() {
		if err := tidy(d.id); err != nil {
			d.hub.cfg.Logger.Warn("an idle document could not be tidied", "doc", d.id, "err", err)
		}
	}
}

// carry carries out effects, in the order that replica.Effects gives.
func (d *document) carry(e replica.Effects) {
	if e.Fail != nil {
		d.dropGraph(e.Fail)
		d.fail(event{}, e.Fail)
		return
	}
	d.send(e.Send)
	for _, c := range e.Close {
		if s := d.sessions[c.Conn]; s != nil {
			d.hub.cfg.Logger.Warn("closing a connection", "peer", s.peer, "doc", d.id, "code", c.Code, "err", c.Err)
			if c.Code == wire.CloseStorage || c.Code == wire.CloseOverload {
				s.out.Recall(c.Code, c.Text)
			} else {
				s.out.Close(c.Code, c.Text)
			}
		}
	}
	for _, r := range e.Refuse {
		d.refuse(r)
	}
	if e.Persist != nil {
		d.persist(e.Persist)
	}
	if e.WrongSnapshot != nil {
		d.hub.cfg.Logger.Error("no snapshot could be made", "doc", d.id, "err", e.WrongSnapshot)
		d.hub.counts.snapshotsWrong.Add(1)
	}
	d.wake(e.Wake)
}

// refuse tells a peer which of its changes was not admitted, and closes its
// connection: what it writes next would depend on that change. // SY17
func (d *document) refuse(r replica.Refuse) {
	code, sentence := gate.Reason(r.Err)
	w, _ := r.Writer.(*gate.Writer)
	c := r.Change
	d.hub.refused(Refusal{Document: d.id, Hash: c.Hash, Change: c.Bytes(), Writer: w, Code: code, Err: r.Err})
	s := d.sessions[r.To]
	if s == nil {
		return
	}
	text := fmt.Sprintf("refused document=%s change=%s reason=%s: %s", d.id, c.Hash, code, sentence)
	s.send(wire.Error{Sender: d.hub.cfg.Peer, Message: text})
	s.out.Close(wire.CloseForbidden, "a change was refused: "+code)
}

// persist hands an append to the group commit. It waits while that is full,
// which holds up this document and its writers only.
func (d *document) persist(p *replica.Persist) {
	a := store.Append{Document: d.id, First: p.First, Changes: p.Changes, Heads: p.Heads}
	for _, b := range p.Authors {
		a.Authors = append(a.Authors, store.ActorAuthor{
			Actor: b.Actor, Device: b.Author.Device, Member: b.Author.Member, Kiosk: b.Author.Kiosk,
		})
	}
	d.saving++
	d.hub.work.begin()
	done := func(err error) {
		d.post(event{kind: evDurable, err: err})
		d.hub.work.end()
	}
	if err := d.hub.cfg.Committer.Submit(context.Background(), a, done); err != nil {
		done(err)
	}
}

func (d *document) durable(now time.Time, err error) {
	switch {
	case errors.Is(err, store.ErrFull): // P7: reading goes on
		d.hub.counts.storeErrors.Add(1)
		d.hub.cfg.Logger.Error("changes wait for space on the disk", "doc", d.id, "err", err)
		d.carry(d.rep.NotDurable(now))
		return
	case err != nil:
		d.fail(event{}, fmt.Errorf("store changes: %w", err))
		return
	}
	created := !d.rep.Exists()
	e := d.rep.Durable(now)
	if created {
		for _, s := range d.sessions {
			s.served(d.id)
		}
	}
	d.carry(e)
}

// wake sets the time of the next tick.
func (d *document) wake(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	if !at.IsZero() {
		d.timer = time.AfterFunc(time.Until(at), func() { d.post(event{kind: evTick}) })
	}
}

// fail handles an error of the store: it says nothing about the document, so
// the peers are told to come back, and what is in memory is given up. SY15
func (d *document) fail(ev event, err error) {
	d.hub.counts.storeErrors.Add(1)
	d.hub.cfg.Logger.Error("document is not readable", "doc", d.id, "err", err)
	c := asCloseError(err)
	if ev.session != nil {
		ev.session.out.Close(c.Code, c.Text)
	}
	for _, s := range d.sessions {
		s.out.Close(c.Code, c.Text)
	}
	clear(d.sessions)
	d.release()
	d.rep, d.counted = nil, replica.Counts{}
	d.wake(time.Time{})
}

// count adds what the replica has counted to the counters of the hub.
func (d *document) count() {
	if d.rep == nil {
		return
	}
	now, was, c := d.rep.Counts(), d.counted, &d.hub.counts
	c.accepted.Add(int64(now.Accepted - was.Accepted))
	c.refused.Add(int64(now.Refused - was.Refused))
	c.relayed.Add(int64(now.Relayed - was.Relayed))
	c.dropped.Add(int64(now.Dropped - was.Dropped))
	c.unavailable.Add(int64(now.Unavailable - was.Unavailable))
	c.snapshotsMade.Add(int64(now.Snapshots - was.Snapshots))
	d.counted = now
}
