// Package hub brings peers and documents together: it owns the open documents,
// each run by one goroutine at a time, and carries out what their replicas ask
// for.
//
// It promises that the messages of one connection about one document are
// handled in order, that no effect leaves before what it waits for is durable
// (package replica sees to that), and that everything that waits is bounded: a
// connection may have only so much unhandled, then its reader waits, and have brought
// only so much that waits for other changes, then it is closed.
//
// # Documents
//
// A document has a goroutine only while it has something to do. Its history is
// loaded from the store when a peer has something new, and unloaded after a
// while without use; what the peers have is remembered in between, so a
// document that is only listened to costs little. A document without peers is
// forgotten altogether.
//
// # Errors
//
// An error of the peer closes its connection. A store that cannot be read closes
// the connections that wait for the document, as something that may pass. A
// write with an unknown outcome is fatal; the group commit reports that to main,
// which ends the process.
package hub

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/replica"
	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/groupcommit"
)

// Config is what a Hub is made of. A zero limit or time means the default.
type Config struct {
	Peer      id.Peer // of this server
	Store     store.Store
	Committer *groupcommit.Committer
	Gate      gate.Policy
	Logger    *slog.Logger

	// Refused is called with each change that the rules of a document have not
	// admitted, nil for never. It may wait for the disk.
	Refused func(Refusal)

	// Snapshots keeps snapshots of documents; nil: none are made.
	Snapshots store.Snapshots

	// Tidy is called with a document that has been idle, nil for never. It may
	// rearrange what is stored; an error of it is logged and does no harm.
	Tidy func(id.Document) error

	// IdleTimeout is how long a history stays loaded without use.
	IdleTimeout time.Duration

	// LoadedBytesMax is how much loaded histories may take together; beyond it
	// the ones unused for longest are unloaded early.
	LoadedBytesMax int64

	// LoadsMax is how many histories are loaded at the same time.
	LoadsMax int

	// PendingBytesMax and PendingMessagesMax bound what one connection has
	// unhandled. One message always fits.
	PendingBytesMax    int
	PendingMessagesMax int

	// HeldBytesMax is what changes may take in memory that one connection has brought and
	// that wait for others.
	HeldBytesMax int64

	// DocumentsMax is how many documents one connection may be a peer of.
	DocumentsMax int

	// WantsMax is how many documents that do not exist are remembered as wanted
	// by one connection.
	WantsMax int

	// Replica has the waits of documents; the rest of it is filled in here.
	Replica replica.Config
}

func (c *Config) setDefaults() {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.IdleTimeout = cmp.Or(c.IdleTimeout, time.Minute)
	c.LoadedBytesMax = cmp.Or(c.LoadedBytesMax, 256<<20)
	c.LoadsMax = cmp.Or(c.LoadsMax, 4)
	c.PendingBytesMax = cmp.Or(c.PendingBytesMax, 8<<20)
	c.PendingMessagesMax = cmp.Or(c.PendingMessagesMax, 64)
	c.HeldBytesMax = cmp.Or(c.HeldBytesMax, 16<<20)
	c.DocumentsMax = cmp.Or(c.DocumentsMax, 100_000)
	c.WantsMax = cmp.Or(c.WantsMax, 10_000)
	c.Replica.Storage = c.Store.StorageID()
}

// Refusal is a change that was not admitted.
type Refusal struct {
	Document id.Document
	Hash     id.ChangeHash
	Change   []byte       // not deflated; not to be modified
	Writer   *gate.Writer // nil: nobody in particular
	Code     string       // of the reason
	Err      error
}

// Hub is the meeting place. See the package comment.
type Hub struct {
	// Immutable after New.
	cfg   Config
	meta  wire.PeerMetadata
	loads chan struct{} // holds a token for each history being loaded
	stop  chan struct{} // closed by Shutdown

	unloads chan struct{} // holds a token for each document being unloaded

	conns  atomic.Uint64 // the last replica.Conn given out
	bytes  atomic.Int64  // what loaded histories take
	crowd  chan struct{} // of one: tells the sweeper that they take too much
	open   atomic.Int64  // sessions that have not left
	work   work
	counts counters

	refusals  refusals
	snapshots *snapshots // nil: none are made

	mu       sync.Mutex // guards what follows; taken before document.mu
	docs     map[id.Document]*document
	loaded   map[*document]struct{}
	sessions map[id.Peer]*Session
	draining bool
}

// New starts a hub.
func New(cfg Config) *Hub {
	cfg.setDefaults()
	h := &Hub{
		cfg:      cfg,
		meta:     wire.PeerMetadata{StorageID: cfg.Store.StorageID()},
		loads:    make(chan struct{}, cfg.LoadsMax),
		stop:     make(chan struct{}),
		unloads:  make(chan struct{}, unloadsMax),
		crowd:    make(chan struct{}, 1),
		docs:     map[id.Document]*document{},
		loaded:   map[*document]struct{}{},
		sessions: map[id.Peer]*Session{},
	}
	h.work.begin()
	go h.sweep()
	if cfg.Snapshots != nil {
		h.snapshots = newSnapshots(h)
		h.work.begin()
		go h.snapshots.run()
	}
	return h
}

// Identity is what the server tells of itself in the handshake.
func (h *Hub) Identity() (id.Peer, wire.PeerMetadata) { return h.cfg.Peer, h.meta }

// Outbox takes what goes to one connection. Its methods do not block and are
// safe for concurrent use.
type Outbox interface {
	// Send queues a frame of two parts, which nobody modifies afterwards.
	Send(f wire.Frame)
	// SendLossy queues a frame unless the queue is rather full.
	SendLossy(f wire.Frame)
	// Close ends the connection after what is queued.
	Close(code int, text string)
	// Cut ends the connection without what is queued.
	Cut(code int, text string)
	// Recall asks the peer to connect anew: nothing more is sent, and a moment later the
	// connection is closed. CL8
	Recall(code int, text string)
}

// Join makes a connection a peer. It reads and writes no disk. // HS12
func (h *Hub) Join(p *gate.Principal, join wire.Join, out Outbox) (*Session, error) {
	s := newSession(h, p, join, out)
	h.mu.Lock()
	if h.draining {
		h.mu.Unlock()
		return nil, &wire.CloseError{Code: wire.CloseRestart, Text: "the server is being stopped"}
	}
	older := h.sessions[join.Sender]
	if older != nil && !h.cfg.Gate.SamePrincipal(older.principal, p) {
		h.mu.Unlock()
		return nil, &wire.CloseError{Code: wire.ClosePeerTaken, Text: "peer id is in use"} // HS11
	}
	h.sessions[join.Sender] = s
	h.open.Add(1)
	h.mu.Unlock()
	if older != nil {
		older.out.Close(wire.CloseTakenOver, "the peer connected again") // HS10
	}
	return s, nil
}

// leave forgets a session, unless a newer one has taken over its peer id.
func (h *Hub) leave(s *Session) {
	h.open.Add(-1)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sessions[s.peer] == s {
		delete(h.sessions, s.peer)
	}
	if len(h.sessions) == 0 {
		h.sessions = map[id.Peer]*Session{} // the old one keeps the room of its fullest time
	}
}

// alone tells whether at most one peer is connected. AV3
func (h *Hub) alone() bool { return h.open.Load() <= 1 }

// document returns the open document, opening it if need be for a principal that
// may read it.
func (h *Hub) document(doc id.Document, p *gate.Principal) *document {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.docs[doc]
	if d == nil {
		d = newDocument(h, doc, p)
		h.docs[doc] = d
	}
	return d
}

// post gives a document something to do that a session brings.
func (h *Hub) post(doc id.Document, ev event) *document {
	for {
		if d := h.document(doc, ev.session.principal); d.post(ev) {
			return d
		}
	}
}

// forget removes a document that has nothing left to do, unless something has
// come in meanwhile. It reports whether it did.
func (h *Hub) forget(d *document) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.inbox) > 0 {
		return false
	}
	d.gone, d.running = true, false
	delete(h.docs, d.id)
	delete(h.loaded, d)
	if len(h.docs) == 0 { // the old ones keep the room of their fullest time
		h.docs, h.loaded = map[id.Document]*document{}, map[*document]struct{}{}
	}
	return true
}

// refused counts and reports a refusal, without its content.
func (h *Hub) refused(r Refusal) {
	device := ""
	if r.Writer != nil {
		device = r.Writer.Device
	}
	h.cfg.Logger.Warn("a change was refused", "doc", r.Document, "device", device, "reason", r.Code, "err", r.Err)
	h.refusals.add(r.Code)
	if h.cfg.Refused != nil {
		h.cfg.Refused(r)
	}
}

// grow notes that loaded histories take more, or less.
func (h *Hub) grow(bytes int64) {
	if h.bytes.Add(bytes) > h.cfg.LoadedBytesMax {
		select {
		case h.crowd <- struct{}{}:
		default: // told already
		}
	}
}

func (h *Hub) setLoaded(d *document, loaded bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if loaded {
		h.loaded[d] = struct{}{}
	} else {
		delete(h.loaded, d)
	}
}

// Drain takes no more sessions and lets none wait because of the work that it has
// caused. It is called before the connections are closed.
func (h *Hub) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.draining {
		h.draining = true
		close(h.stop)
	}
}

// Shutdown takes no more sessions and waits until every document has done what
// it had to do, with what is under way in the group commit. The connections are
// to be closed first by whoever has them.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.Drain()
	select {
	case <-h.work.quiet():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for documents: %w", ctx.Err())
	}
}

// work counts what is under way: running documents, appends in the group commit
// and the sweeper. Unlike a sync.WaitGroup it may grow while somebody waits.
type work struct {
	mu      sync.Mutex
	n       int
	waiting []chan struct{} // closed when n is 0
}

func (w *work) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
}

func (w *work) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n--; w.n > 0 {
		return
	}
	for _, c := range w.waiting {
		close(c)
	}
	w.waiting = nil
}

// quiet returns a channel that is closed when nothing is under way.
func (w *work) quiet() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := make(chan struct{})
	if w.n == 0 {
		close(c)
		return c
	}
	w.waiting = append(w.waiting, c)
	return c
}
