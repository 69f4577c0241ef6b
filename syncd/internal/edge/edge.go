// Package edge carries wire messages over websockets.
//
// It promises to speak the handshake, liveness, closing and limit rules of
// crdt/wire/PROTOCOL.md, and to hand the rest, message by message and in order,
// to the hub. It never touches a document, never waits for a disk, and keeps
// nothing of a connection that has ended.
//
// Each connection has a reader, which calls the session and ends last: it waits
// for the last writer. The reader is a goroutine from the handshake on, and while
// something has to wait: for the rest of a frame, a rate limit or the session. A
// connection of which all is read rests, and then its reader is a poller, one
// goroutine for many connections: see rest.go. Shutdown waits for all readers. What
// goes out is written by a few goroutines for all connections, and by one of the
// connection's own while its socket is full: see writers. The queue between the
// hub and a writer is bounded; a peer that does not keep up loses its connection
// and disturbs nobody else. In the other direction a reader that the hub or a
// rate limit holds up stops reading, so that the peer is slowed down.
package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/gate"
)

// Hub is what the edge hands messages to.
type Hub interface {
	// Join registers the peer. It does no disk work and returns at once. An
	// error should be a *wire.CloseError; the peer is told its text and closed
	// with its code. out may be used right away and for good; what is sent
	// before Join has returned goes out after the peer message.
	Join(p *gate.Principal, join wire.Join, out Outbox) (Session, error)
	// Identity is what the peer message carries.
	Identity() (id.Peer, wire.PeerMetadata)
}

// Session is one peer's presence at the hub.
type Session interface {
	// Ready tells whether there is room for a message of n bytes. The methods but
	// Leave are called by the reader only.
	Ready(n int) bool
	// Wait returns when there is, or never will be. The peer is slowed down
	// meanwhile.
	Wait(n int)
	// Receive takes one message, in the order of the frames. It never waits. late
	// tells that nobody waits for what comes of it, and that more such messages
	// may be about to come. An error closes the connection, with its code if it
	// is a *wire.CloseError. It sees no Join, Peer, Leave or Error, and none from
	// another sender.
	Receive(m wire.Message) (late bool, err error)
	// Leave is called exactly once, after the last Receive has returned.
	Leave()
}

// Outbox leads to one peer. It is safe for concurrent use and never blocks.
// After Close, or once the connection has ended, it does nothing.
type Outbox interface {
	// Send queues a frame of two parts, of which the second may be nil. Nobody
	// modifies them from now on, so the same body may be sent to many. A frame over
	// the limits of the queue closes the connection with 1013. LM9
	Send(f wire.Frame)
	// SendLossy is Send, but drops the frame when the queue is more than half
	// full. EP6
	SendLossy(f wire.Frame)
	// Close ends the connection after what is queued, which gets
	// Config.CloseTimeout to go out. The first call counts.
	Close(code int, text string)
	// Cut ends the connection without what is queued, and within a second. CL9
	Cut(code int, text string)
	// Recall asks the peer to connect anew: nothing more is sent, and a moment later the
	// connection is closed. CL8
	Recall(code int, text string)
}

// Config says how an Edge behaves. Only Hub is required; a zero value of
// anything else stands for the default in parentheses.
type Config struct {
	Hub     Hub
	Logger  *slog.Logger // (discards)
	Metrics *Metrics     // (one that nobody reads)

	// Pages answers what asks for no websocket, under the same rules about
	// names. Without it there is a short page of text at "/". HS17
	Pages http.Handler

	Authenticate Authenticator // (everyone is nobody in particular)
	Access       Access
	Limits       wire.Limits // (wire.DefaultLimits)

	JoinTimeout  time.Duration // from the upgrade to the join (5 s)
	PingInterval time.Duration // (25 s)
	PongMisses   int           // pings in a row without a sign of life (2)
	WriteTimeout time.Duration // for each 32 KiB to be taken by the peer (30 s)
	CloseTimeout time.Duration // for the queue to go out on closing (5 s)

	ConnectionsMax    int // (20 000)
	OutboundBytesMax  int // queued for one connection (32 MiB)
	OutboundFramesMax int // likewise (16 384)

	// What one connection may send, on the average and at once; beyond, it is
	// read more slowly. LM10 LM11
	MessagesPerSecond int // (2 000)
	MessagesBurst     int // (20 000)
	BytesPerSecond    int // (16 MiB)
	BytesBurst        int // (64 MiB)
}

// Authenticator finds out who asks, before the upgrade, and what the upgrade shall
// say besides, such as the subprotocol. An error is answered by status 401.
type Authenticator func(*http.Request) (*gate.Principal, http.Header, error)

// joinFrameMax bounds the first frame, in bytes: nobody is known yet. LM1
const joinFrameMax = 64 << 10

// cutTimeout is how long a connection that is cut goes on: for the end of a frame that has
// begun, and for the peer to close its side.
const cutTimeout = 800 * time.Millisecond

// lingerTimeout is how long the peer gets to close its side after ours.
const lingerTimeout = time.Second

func (c *Config) setDefaults() {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = new(Metrics)
	}
	if c.Authenticate == nil {
		c.Authenticate = func(*http.Request) (*gate.Principal, http.Header, error) { return &gate.Principal{}, nil, nil }
	}
	if c.Limits == (wire.Limits{}) {
		c.Limits = wire.DefaultLimits
	}
	or(&c.JoinTimeout, 5*time.Second)
	or(&c.PingInterval, 25*time.Second)
	or(&c.PongMisses, 2)
	or(&c.WriteTimeout, 30*time.Second)
	or(&c.CloseTimeout, 5*time.Second)
	or(&c.ConnectionsMax, 20_000)
	or(&c.OutboundBytesMax, 32<<20)
	or(&c.OutboundFramesMax, 16_384)
	or(&c.MessagesPerSecond, 2_000)
	or(&c.MessagesBurst, 20_000)
	or(&c.BytesPerSecond, 16<<20)
	or(&c.BytesBurst, 64<<20)
}

func or[T comparable](v *T, preset T) {
	var zero T
	if *v == zero {
		*v = preset
	}
}

// Edge accepts connections at /sync and at /, and answers 404 elsewhere.
type Edge struct {
	// Immutable after New.
	cfg      Config
	upgrader websocket.Upgrader
	writers  *writers
	pulses   pulses

	// Guarded by mu.
	mu      sync.Mutex
	conns   map[*conn]struct{}
	pollers []*poller // as many as were needed so far
	pending int       // upgrades under way
	stopped bool

	readers sync.WaitGroup
}

// New returns an Edge that accepts connections until Shutdown.
func New(cfg Config) *Edge {
	cfg.setDefaults()
	e := &Edge{
		cfg:     cfg,
		conns:   map[*conn]struct{}{},
		writers: newWriters(),
		upgrader: websocket.Upgrader{
			HandshakeTimeout: cfg.JoinTimeout,
			// Small, since every connection holds one; what is longer is read past
			// it. With a pool there is none for writing, which writeFrame does.
			ReadBufferSize:  1 << 7,
			WriteBufferPool: new(sync.Pool),
			CheckOrigin:     func(*http.Request) bool { return true }, // ServeHTTP has looked
		},
	}
	e.pulses.cfg = &e.cfg
	return e
}

// ServeHTTP upgrades a request to a connection, or says why not. HS16 HS17
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !e.cfg.Access.host(r.Host) {
		e.refuse(w, http.StatusMisdirectedRequest, "this server does not go by that name")
		return
	}
	upgrade := websocket.IsWebSocketUpgrade(r)
	if !upgrade && e.cfg.Pages != nil {
		e.cfg.Pages.ServeHTTP(w, r)
		return
	}
	if r.URL.Path != "/" && r.URL.Path != "/sync" {
		http.NotFound(w, r)
		return
	}
	if !upgrade {
		page(w, r)
		return
	}
	if !e.cfg.Access.origin(r) {
		e.refuse(w, http.StatusForbidden, "web pages from elsewhere may not connect")
		return
	}
	principal, header, err := e.cfg.Authenticate(r)
	if err != nil {
		e.refuse(w, http.StatusUnauthorized, "this device is not known here")
		return
	}
	if !e.reserve() { // HS19
		w.Header().Set("Retry-After", "5")
		e.refuse(w, http.StatusServiceUnavailable, "no more connections at the moment")
		return
	}
	e.accept(w, r, principal, header)
}

func (e *Edge) refuse(w http.ResponseWriter, status int, sentence string) {
	e.cfg.Metrics.Refused.Add(1)
	http.Error(w, sentence, status)
}

// page answers a request that asks for no websocket.
func page(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "use GET", http.StatusMethodNotAllowed)
	case r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		fmt.Fprintln(w, "This is syncd, a sync server for automerge-repo. Point a websocket client here.")
	default:
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "connect with a websocket", http.StatusUpgradeRequired)
	}
}

func (e *Edge) reserve() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped || len(e.conns)+e.pending >= e.cfg.ConnectionsMax {
		return false
	}
	e.pending++
	return true
}

// accept upgrades and starts the reader. The request and what the HTTP server
// keeps for it are free once the handler returns.
func (e *Edge) accept(w http.ResponseWriter, r *http.Request, principal *gate.Principal, header http.Header) {
	h := &hijacker{ResponseWriter: w, writeTimeout: e.cfg.WriteTimeout}
	ws, err := e.upgrader.Upgrade(h, r, header)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pending--
	if err != nil { // the upgrader has answered
		e.cfg.Metrics.Refused.Add(1)
		return
	}
	c := newConn(e, ws, h.conn, principal)
	if !e.stopped {
		c.poller = e.poller(h.conn)
	}
	e.conns[c] = struct{}{}
	if e.stopped {
		c.out.Close(wire.CloseRestart, textRestart)
	}
	e.cfg.Metrics.Accepted.Add(1)
	e.cfg.Metrics.Connections.Add(1)
	e.readers.Add(1)
	c.ended = func() {
		e.cfg.Metrics.Connections.Add(-1)
		e.mu.Lock()
		delete(e.conns, c)
		if len(e.conns) == 0 {
			e.conns = map[*conn]struct{}{} // the old one keeps the room of its fullest time
		}
		e.mu.Unlock()
		e.readers.Done()
	}
	go c.run()
}

// poller returns one for a connection that can rest; it makes that of it if there
// is one. It is called with mu held.
func (e *Edge) poller(n *netConn) *poller {
	socket := socketOf(n.Conn)
	if socket < 0 {
		return nil
	}
	i := len(e.conns) % pollersMax()
	if i >= len(e.pollers) {
		p, err := newPoller()
		if err != nil {
			e.cfg.Logger.Warn("connections cannot rest", "err", err)
			closeSocket(socket)
			return nil
		}
		e.pollers = append(e.pollers, p)
		i = len(e.pollers) - 1
	}
	n.socket = socket
	return e.pollers[i]
}

// pollersMax is how many goroutines read from connections that rest.
func pollersMax() int { return max(1, runtime.GOMAXPROCS(0)/4) }

const textRestart = "the server is being stopped"

// settleTimeout lies between the last message and the close of a connection that
// is shut down or whose peer is to come back. Stock JavaScript clients answer a message at once, fail if the
// connection has begun to close by then, and can no longer use the document that
// the message was about.
const settleTimeout = 250 * time.Millisecond

// Shutdown refuses new connections, closes all with 1012 and waits for them.
// What the hub sends from now on is dropped; see settleTimeout.
// When ctx is done first, they are cut off and its error is returned; a
// session that is still blocked in Receive is then not waited for.
func (e *Edge) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	e.stopped = true
	conns := slices.Collect(maps.Keys(e.conns))
	e.mu.Unlock()
	for _, c := range conns {
		c.out.mute()
	}
	if len(conns) > 0 {
		select {
		case <-time.After(settleTimeout):
		case <-ctx.Done():
		}
	}
	for _, c := range conns {
		c.out.Close(wire.CloseRestart, textRestart)
	}
	done := make(chan struct{}) // closed when the last reader has ended
	go func() {
		e.readers.Wait()
		close(done)
	}()
	select {
	case <-done:
		e.mu.Lock()
		defer e.mu.Unlock()
		for _, p := range e.pollers {
			p.end()
		}
		e.pollers = nil
		return nil
	case <-ctx.Done():
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := range e.conns {
		c.net.Close()
	}
	return fmt.Errorf("close %d connections: %w", len(e.conns), ctx.Err())
}

// closeError makes a *wire.CloseError of whatever the hub returned.
func closeError(err error) *wire.CloseError {
	var ce *wire.CloseError
	if errors.As(err, &ce) {
		return ce
	}
	return &wire.CloseError{Code: wire.CloseStorage, Text: "the server has a problem", Cause: err}
}
