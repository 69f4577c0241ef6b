// Package replica is the state machine of one document and of the peers that
// are interested in it: who lacks what, what has to be stored, who is told that
// the document is not available.
//
// It starts no goroutine, reads no clock and does no I/O. Each method is one
// input and returns the Effects that the caller carries out; see there for what
// waits for what. Time is an argument. The same inputs give the same effects.
//
// The one law above the others: nothing is told to a peer before it is durable.
// A Replica keeps to it by making every message from the durable part of the
// history alone.
//
// A Replica can do without its history for as long as its peers have nothing
// new, so that an open document that nobody writes to costs little: see Unload.
package replica

import (
	"cmp"
	"slices"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

// Config is what a Replica needs to know. A zero duration means the default.
type Config struct {
	Storage id.Storage // of this server

	// Grace is how long a peer that wants an unknown document waits before it is
	// told that the document is not available, if somebody else is connected who
	// may be about to bring it.
	Grace time.Duration

	// SupplyWait is how long it waits while a peer that has the document is
	// being asked for it.
	SupplyWait time.Duration

	// RetryWait is how long after a failed Persist the next one comes.
	RetryWait time.Duration

	// Read reads changes of this document that are durable, so that they need not
	// be kept in memory. Nil: they are.
	Read history.Reader

	// MakeSnapshot makes a snapshot of all changes while a peer waits for it. Nil:
	// history.MakeSnapshot; if it returns nil there is none.
	MakeSnapshot func(changes []*chunk.Change) (*history.Snapshot, error)

	// Rules makes the rules of this document, anew whenever its history is loaded.
	// Nil: every valid change is taken, whoever wrote it.
	Rules func() Rules
}

// Rules decide which changes a document takes, and remember who writes under
// which actor id.
type Rules interface {
	history.Guard

	// Bind tells what the store knows of an actor, before anything is restored.
	Bind(b rights.Binding)

	// Fresh returns the actors that have been bound since the last call.
	Fresh() []rights.Binding

	// Bytes is about what the rules take in memory.
	Bytes() int64

	// AppendIndex appends to b what the rules know of the changes they were told of.
	AppendIndex(b []byte) []byte

	// RestoreIndex tells rules that know of no change what AppendIndex has written.
	// After an error they know of none.
	RestoreIndex(index []byte) error
}

const (
	graceDefault      = 400 * time.Millisecond
	supplyWaitDefault = 10 * time.Second
	retryWaitDefault  = 5 * time.Second
)

// Replica is one document with its peers. See the package comment. It belongs to
// one goroutine at a time.
type Replica struct {
	cfg   Config
	peers map[Conn]*peer
	order []*peer // by arrival: the order in which they are served

	waiting    int // peers with a want
	subscribed int // peers with subscriptions

	owed   int       // peers that are owed an update
	owedBy time.Time // when the first of them gets it at the latest, or sooner; zero when there is none

	h       *history.History // nil while it is not loaded
	rules   Rules            // of h; nil when there are none
	unbound []rights.Binding // authors that are not stored yet
	bound   int              // how many of them will be when the open Persist is
	round   *exchange.Round  // of h; nil when its durable changes have moved on
	changes int              // durable changes
	heads   []id.ChangeHash  // their heads, sorted

	saving  int       // changes that will be durable when the open Persist is; 0 when none is open
	stalled bool      // the last Persist failed; no further change is accepted
	retry   time.Time // when it is tried again

	snapshot *history.Snapshot // of the first durable changes; nil when there is none
	kept     int               // how many changes the stored one covers; 0 when none is known
	fresh    bool              // a peer that had nothing was served since the last snapshot
	hopeless bool              // none could be made, and none will be made here any more
	wrong    error             // why, until it has been told

	remote  map[id.Storage]wire.RemoteHeads // what is known of the heads of stores
	ownTime int64                           // timestamp of our own heads, ms since 1970

	counts Counts
}

// Counts are totals since New.
type Counts struct {
	Accepted    int // changes
	Refused     int // changes that were invalid, over a limit or not permitted
	Relayed     int // ephemeral messages, one for each receiver
	Dropped     int // ephemeral messages over the rate
	Unavailable int // answers
	Snapshots   int // made here
}

type peer struct {
	*bringer
	storage       id.Storage // of a peer that persists; else empty
	subscriptions map[id.Storage]struct{}
	state         exchange.State
	wants         time.Time // since when it waits for a document that is not there; zero when it does not
	relay         *relay    // nil before its first ephemeral message

	brought int       // index after the last change that it brought, durable or not
	told    time.Time // when it was last sent a sync message
	owed    bool      // it lacks something, and an earlier message waits for its answer

	missedFull  bool // it has brought changes while none were accepted
	missedHeads bool // … for which there were too many heads

	denied, readOnly bool // see Peer
}

// Peer describes a connection to Attach.
type Peer struct {
	Metadata wire.PeerMetadata

	// Subscriptions are the stores whose heads the peer wants to hear of. The
	// map is not modified afterwards, by either side.
	Subscriptions map[id.Storage]struct{}

	// Denied peers are treated as if the document did not exist.
	Denied bool

	// ReadOnly peers receive, and what they write is dropped.
	ReadOnly bool

	// Writer is for whom the peer writes, as the rules of the document know it.
	Writer any
}

// New returns the replica of a stored document, with what the store says of it:
// how many changes it has and their heads. A document without changes does not
// exist.
func New(cfg Config, changes int, heads []id.ChangeHash) *Replica {
	cfg.Grace = cmp.Or(cfg.Grace, graceDefault)
	cfg.SupplyWait = cmp.Or(cfg.SupplyWait, supplyWaitDefault)
	cfg.RetryWait = cmp.Or(cfg.RetryWait, retryWaitDefault)
	if cfg.MakeSnapshot == nil {
		cfg.MakeSnapshot = makeSnapshot
	}
	r := &Replica{cfg: cfg, peers: map[Conn]*peer{}, changes: changes, heads: heads}
	if changes == 0 {
		r.h, r.rules = r.empty()
	}
	return r
}

// empty returns a history without changes, and its rules.
func (r *Replica) empty() (*history.History, Rules) {
	h := history.New(history.Limits{})
	if r.cfg.Read != nil {
		h.SetReader(r.cfg.Read)
	}
	return h, r.guard(h, nil)
}

// guard gives a history its rules, if there are any.
func (r *Replica) guard(h *history.History, authors []rights.Binding) Rules {
	if r.cfg.Rules == nil {
		return nil
	}
	rules := r.cfg.Rules()
	for _, b := range authors {
		rules.Bind(b)
	}
	h.SetGuard(judge{rules})
	return rules
}

// Load gives the replica its history. It calls read with a function that takes
// one stored change after the other, in their order; an error of either ends it
// and is returned, and the replica stays as it was. authors are the stored ones.
func (r *Replica) Load(authors []rights.Binding, read func(take func(change []byte) error) error) error {
	h, rules := r.empty()
	if rules != nil {
		for _, b := range authors {
			rules.Bind(b)
		}
	}
	err := read(func(change []byte) error {
		err := h.Restore(change)
		h.MarkDurable(h.Len()) // lets it go, if it can be read again
		return err
	})
	if err != nil {
		return err
	}
	r.loaded(h, rules)
	return nil
}

func (r *Replica) loaded(h *history.History, rules Rules) {
	r.h, r.rules, r.round = h, rules, nil
	r.changes, r.heads = h.Len(), h.DurableHeads()
	if r.snapshot != nil && !h.Fits(r.snapshot) {
		r.snapshot, r.kept = nil, 0
	}
}

// Loaded tells whether the replica has its history.
func (r *Replica) Loaded() bool { return r.h != nil }

// Unload gives up the history, unless something waits to be stored or to be sent, or for
// other changes. What the peers have is remembered.
func (r *Replica) Unload() {
	if r.h == nil || r.changes == 0 || r.Busy() || r.owed > 0 || r.Holds() {
		return
	}
	r.h, r.rules, r.round, r.snapshot = nil, nil, nil, nil
}

// Bytes is about what the history takes in memory, with its rules and what is made of it for peers.
func (r *Replica) Bytes() int64 {
	if r.h == nil {
		return 0
	}
	const perDocument = 4 << 10 // maps, caches
	bytes := perDocument + r.h.Memory()
	if r.rules != nil {
		bytes += r.rules.Bytes()
	}
	if r.round != nil {
		bytes += r.round.Bytes()
	}
	if r.snapshot != nil {
		bytes += int64(len(r.snapshot.Chunk))
	}
	return bytes
}

// Peers is the number of attached connections.
func (r *Replica) Peers() int { return len(r.peers) }

// Busy tells whether accepted changes wait to be stored.
func (r *Replica) Busy() bool { return r.h != nil && r.h.Len() > r.changes }

// Exists tells whether the document has durable changes.
func (r *Replica) Exists() bool { return r.changes > 0 }

// Counts returns the totals.
func (r *Replica) Counts() Counts { return r.counts }

// Attach makes a connection a peer of the document, or changes what is known of
// it. Any message of a peer about a document attaches it.
func (r *Replica) Attach(c Conn, info Peer) {
	p := r.peers[c]
	if p == nil {
		p = &peer{bringer: &bringer{conn: c}}
		r.peers[c] = p
		r.order = append(r.order, p)
	}
	r.setSubscriptions(p, info.Subscriptions)
	p.denied, p.readOnly, p.writer = info.Denied, info.ReadOnly, info.Writer
	if info.Denied {
		r.setOwed(p, false)
	}
	if info.Denied || info.ReadOnly {
		r.forget(p)
	}
	if !info.Metadata.IsEphemeral {
		p.storage = info.Metadata.StorageID
	}
}

// Detach forgets a connection that has ended, and what it has brought that is still held:
// when that is judged, the peer may long have been shut out.
func (r *Replica) Detach(c Conn) {
	p := r.peers[c]
	if p == nil {
		return
	}
	r.setWant(p, time.Time{})
	r.setSubscriptions(p, nil)
	r.setOwed(p, false)
	r.forget(p)
	delete(r.peers, c)
	r.order = slices.DeleteFunc(r.order, func(o *peer) bool { return o == p })
}

func (r *Replica) setSubscriptions(p *peer, subs map[id.Storage]struct{}) {
	if len(p.subscriptions) > 0 {
		r.subscribed--
	}
	if len(subs) > 0 {
		r.subscribed++
	}
	p.subscriptions = subs
}

// Message is a sync message that has been decoded.
type Message struct{ *exchange.Message }

// Decode reads the payload of a sync message, which it keeps referring to.
func Decode(data []byte) (Message, error) {
	m, err := exchange.Decode(data, exchange.Limits{})
	return Message{m}, err
}

// Input is a sync message of an attached peer.
type Input struct {
	From    Conn
	Message Message

	// Alone tells that no other peer is connected who could bring the document.
	Alone bool
}

// Sync handles a sync message of an attached peer.
func (r *Replica) Sync(now time.Time, in Input) Effects {
	p := r.peers[in.From]
	if p == nil {
		return r.finish(Effects{})
	}
	var e Effects
	if p.denied {
		r.want(&e, now, p, in.Alone)
		return r.finish(e)
	}
	if r.h == nil || in.Message.Agrees() {
		reply, ok := p.state.ReceiveCurrent(r.changes, r.heads, in.Message.Message)
		if !ok && r.h == nil {
			reply, ok = p.state.ReceiveFresh(r.changes, r.heads, r.snapshot, in.Message.Message)
		}
		switch {
		case ok:
			r.setOwed(p, false)
			if reply != nil {
				p.told = now
				e.Send = append(e.Send, Send{To: in.From, Sync: reply.Payload()})
			}
			r.peerHeads(&e, now, p)
			return r.finish(e)
		case r.h == nil:
			return Effects{Load: true}
		}
	}
	if len(in.Message.Changes) > 0 && r.h.Behind() > behindMax && !p.readOnly && !r.stalled {
		return Effects{CatchUp: true}
	}
	r.accept(&e, p, in.Message.Message)
	p.state.Receive(r.h, in.Message.Message)
	r.persist(&e)
	r.peerHeads(&e, now, p)
	_, wants := p.state.Heard()
	switch {
	case r.saving > 0 || len(e.Close) > 0 || len(e.Refuse) > 0:
		// The answer follows when the changes are durable.
	case r.changes == 0 && wants:
		r.want(&e, now, p, in.Alone)
	default:
		r.serve(&e, now, p)
	}
	return r.finish(e)
}

// persist asks for what has been accepted and is not durable, unless an earlier
// request is open or has just failed.
func (r *Replica) persist(e *Effects) {
	if r.saving > 0 || r.stalled || r.h == nil || r.h.Len() == r.changes {
		return
	}
	if r.rules != nil {
		r.unbound = append(r.unbound, r.rules.Fresh()...)
	}
	p := &Persist{First: r.changes, Heads: r.h.Heads(), Authors: slices.Clone(r.unbound)}
	r.bound = len(r.unbound)
	for i := r.changes; i < r.h.Len(); i++ {
		p.Changes = append(p.Changes, r.h.At(i).Bytes())
	}
	r.saving = r.h.Len()
	e.Persist = p
}

// Durable tells that the open Persist is on stable storage.
func (r *Replica) Durable(now time.Time) Effects {
	var e Effects
	if r.saving == 0 {
		return r.finish(e) // no Persist is open
	}
	r.h.MarkDurable(r.saving)
	r.unbound, r.bound = slices.Delete(r.unbound, 0, r.bound), 0
	e.Send = make([]Send, 0, len(r.order)) // most get something
	were := r.changes
	r.changes, r.heads, r.saving, r.round = r.saving, r.h.DurableHeads(), 0, nil
	for _, p := range r.order {
		if heard, _ := p.state.Heard(); heard && !p.denied {
			r.setWant(p, time.Time{})
			r.serveOrOwe(&e, now, p, were)
		}
	}
	r.ownHeads(&e, now)
	r.callBack(&e)
	r.persist(&e)
	return r.finish(e)
}

// NotDurable tells that the open Persist stored nothing, for a reason that may
// pass, such as a full disk. The changes stay in memory, untold; until they are
// stored no further ones are accepted, while reading goes on. Who has brought some
// comes back then.
func (r *Replica) NotDurable(now time.Time) Effects {
	r.saving, r.stalled, r.retry = 0, true, now.Add(r.cfg.RetryWait)
	return r.finish(Effects{})
}

// Tick tells the time when a Wake has come.
func (r *Replica) Tick(now time.Time) Effects {
	var e Effects
	if r.stalled && !now.Before(r.retry) {
		r.stalled = false
		r.persist(&e)
	}
	if r.waiting > 0 {
		for _, p := range r.order {
			if !p.wants.IsZero() && !now.Before(r.wantEnd(p)) {
				r.unavailable(&e, p)
			}
		}
	}
	r.settle(&e, now)
	return r.finish(e)
}

// finish sets the time of the next Tick. Of a history that cannot be read nothing
// else is told.
func (r *Replica) finish(e Effects) Effects {
	if r.h != nil && r.h.Err() != nil {
		return Effects{Fail: r.h.Err()}
	}
	e.WrongSnapshot, r.wrong = r.wrong, nil
	next := func(t time.Time) {
		if e.Wake.IsZero() || t.Before(e.Wake) {
			e.Wake = t
		}
	}
	if r.stalled {
		next(r.retry)
	}
	if r.owed > 0 {
		next(r.owedBy)
	}
	if r.waiting > 0 {
		for _, p := range r.order {
			if !p.wants.IsZero() {
				next(r.wantEnd(p))
			}
		}
	}
	return e
}
