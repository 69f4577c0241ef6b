package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/admin"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/cli"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/edge"
	"github.com/tavle-org/tavle/syncd/internal/hub"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
	"github.com/tavle-org/tavle/syncd/internal/store/groupcommit"
	"github.com/tavle-org/tavle/syncd/internal/tlsconfig"
	"github.com/tavle-org/tavle/syncd/internal/webapp"
)

// shutdownTimeout bounds a clean shutdown, and connectionsTimeout that of the connections,
// however slow their peers are: the rest is kept for the documents and the store.
const (
	shutdownTimeout    = 10 * time.Second
	connectionsTimeout = 7 * time.Second
)

// Main is a whole syncd in one value: Open starts it, Run waits for its end,
// Close ends it. The exported fields are set before Open.
type Main struct {
	Config   config.Config // checked
	Optional cli.Optional
	Logger   *slog.Logger
	Stdout   io.Writer // hears one line, once the server answers

	store     *badger.Store
	committer *groupcommit.Committer
	hub       *hub.Hub
	gated     *gated // nil on an open server
	edge      *edge.Edge
	admin     *admin.Admin
	public    *server
	private   *server    // nil without an admin listener
	address   api.Server // as people know it, of a gated server

	// Written by the parts, read for the metrics.
	traffic edge.Metrics
	commits commitCounts
}

// Open opens the store, starts every part and listens. After an error nothing
// is left open.
func (m *Main) Open() (err error) {
	defer func() {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
			defer cancel()
			_ = m.Close(ctx) // the first error is the one to tell
		}
	}()
	cfg := m.Config
	m.store, err = openBadger(badger.Config{Dir: cfg.Data, FreeBytesMin: max(int64(cfg.FreeMin), 1), Logger: m.Logger})
	if err != nil {
		return err
	}
	if cfg.Gated() {
		if err := m.openRegistry(); err != nil {
			return err
		}
	}
	m.committer = groupcommit.New(m.store, groupcommit.Config{Logger: m.Logger, Observe: m.commits.observe})
	m.hub = hub.New(hub.Config{
		Peer: newPeer(), Store: m.store, Committer: m.committer, Gate: m.policy(), Refused: m.refused(), Logger: m.Logger,
		Tidy: m.store.Merge, Snapshots: m.store, LoadedBytesMax: limitMemory(),
	})
	m.admin = admin.New(admin.Config{Probe: m.probe, Metrics: m.metrics, Logger: m.Logger})
	if err := m.openPublic(); err != nil {
		return err
	}
	if err := m.openAdmin(); err != nil {
		return err
	}
	m.Logger.Info("serving", "listen", m.Addr(), "admin", m.AdminAddr(), "data", cfg.Data, "storage", string(m.store.StorageID()))
	return m.announce()
}

// openPublic opens the listener for clients, and what answers there. Its address
// is known before anything that tells it to people is made.
func (m *Main) openPublic() error {
	cfg := m.Config
	websockets, places := share(filesMax(), cfg.ConnectionsMax)
	if websockets < cfg.ConnectionsMax {
		level := slog.LevelWarn
		if cfg.ConnectionsMax == config.ConnectionsDefault { // nobody has asked for so many
			level = slog.LevelInfo
		}
		m.Logger.Log(context.Background(), level, "fewer connections than --connections-max: this process may have too few open files; raise their limit (ulimit -n, or LimitNOFILE= of a systemd unit)",
			"files", filesMax(), "connections", websockets, "wanted", cfg.ConnectionsMax)
	}
	public, err := listen(cfg.Listen, places)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", cfg.Listen, err)
	}
	m.public = public
	secured, err := m.secure()
	if err != nil {
		return err
	}
	app := webapp.Config{DefaultBoard: m.defaultBoard(), Open: cfg.Open}
	var authenticate edge.Authenticator
	if m.gated != nil {
		m.address = api.Server{Base: cli.Reached(cfg, m.Addr()), Fingerprint: secured.Fingerprint}
		if err := m.openGate(m.address); err != nil {
			return err
		}
		app.Demo, authenticate = m.gated.demo, m.authenticate
	}
	m.edge = edge.New(edge.Config{
		Hub: m.meeting(), Access: access(cfg), ConnectionsMax: websockets, Authenticate: authenticate,
		Pages: webapp.New(app), Metrics: &m.traffic, Logger: m.Logger,
	})
	m.public.serve(m.handler(), secured.Config, m.Logger)
	return nil
}

// secure returns what the listener needs for TLS, nothing when it does none.
func (m *Main) secure() (*tlsconfig.TLS, error) {
	cfg := m.Config
	if !cfg.TLS() {
		return new(tlsconfig.TLS), nil
	}
	c := tlsconfig.Config{CertFile: cfg.TLSCert, KeyFile: cfg.TLSKey, Names: cli.Names(cfg), Logger: m.Logger}
	switch {
	case cfg.LAN:
		c.OwnDir = cfg.Data
	case cfg.ACME != "":
		c.Issuer = &autocert.Manager{
			Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(cfg.ACME), Cache: autocert.DirCache(filepath.Join(cfg.Data, "acme")),
			Client: &acme.Client{DirectoryURL: cmp.Or(cfg.ACMEDir, autocert.DefaultACMEDirectory)},
		}
	}
	return tlsconfig.New(c)
}

// announce tells that clients can connect, and on a server that nobody belongs to
// how to be the first.
func (m *Main) announce() error {
	scheme := "http"
	if m.Config.TLS() {
		scheme = "https"
	}
	if _, err := fmt.Fprintf(m.Stdout, "listening on %s://%s\n", scheme, m.Addr()); err != nil {
		return err
	}
	if m.gated == nil || m.gated.demo != nil || m.gated.registry.HasMembers() {
		return nil
	}
	_, code, err := m.gated.registry.SetupInvite()
	if err != nil {
		return fmt.Errorf("make the set-up code: %w", err)
	}
	_, err = io.WriteString(m.Stdout, "\n"+cli.SetupText(m.Stdout, m.address, code))
	return err
}

// defaultBoard is the address of the board that the web app opens on a device
// that knows none: the one that is set, or the demo board if it is there.
func (m *Main) defaultBoard() string {
	if doc, _ := m.Config.BoardID(); doc != nil { // checked before
		return doc.URL()
	}
	demo := board.DemoBoard()
	if _, ok, err := m.store.Stat(demo); err != nil || !ok {
		return ""
	}
	return demo.URL()
}

// handler has what clients reach: the edge, and the health beside it.
func (m *Main) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", m.edge)
	if m.gated != nil {
		for _, route := range api.Routes() {
			mux.Handle(route, m.gated.api)
		}
	}
	mux.Handle("/healthz", m.admin.Health())
	mux.Handle("/readyz", m.admin.Health())
	return mux
}

func (m *Main) openAdmin() error {
	addr := m.Config.AdminListen
	if addr == config.Off {
		return nil
	}
	local, _ := config.Loopback(addr) // checked before
	var handler http.Handler = m.admin
	if local {
		handler = onlyLocalNames(handler)
	}
	private, err := listen(addr, adminPlaces)
	if err != nil && m.Optional.AdminListen {
		m.Logger.Warn("no admin listener, and so no metrics: its default address is taken; choose one with --admin-listen", "admin", addr, "err", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("--admin-listen %s: %w", addr, err)
	}
	if !local {
		m.Logger.Warn("others than this machine can read the metrics", "admin", addr)
	}
	private.serve(handler, nil, m.Logger)
	m.private = private
	return nil
}

// probe asks the store for a document that nobody has.
func (m *Main) probe() error {
	_, _, err := m.store.Stat(id.Document{})
	return err
}

// Addr is where clients connect, with the port that was taken for port 0.
func (m *Main) Addr() string { return m.public.addr }

// AdminAddr is where the metrics are, or "off".
func (m *Main) AdminAddr() string {
	if m.private == nil {
		return config.Off
	}
	return m.private.addr
}

// Run serves until ctx ends and closes everything, or returns at once when the
// outcome of a write is unknown: then nothing may be closed as if all were well.
func (m *Main) Run(ctx context.Context) error {
	var failed error
	select {
	case <-ctx.Done():
	case err := <-m.committer.Fatal():
		m.Logger.Error("the outcome of a write is unknown", "err", err)
		return fmt.Errorf("%w: %w", cli.ErrFatal, err)
	case err := <-m.registryFatal():
		m.Logger.Error("the outcome of a write is unknown", "err", err)
		return fmt.Errorf("%w: %w", cli.ErrFatal, err)
	case failed = <-m.public.failed:
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := errors.Join(failed, m.Close(ctx))
	select {
	case fatal := <-m.committer.Fatal():
		return fmt.Errorf("%w: %w", cli.ErrFatal, fatal)
	default:
	}
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	m.Logger.Info("stopped")
	return nil
}

// Close ends the parts in the order of a message's path: no new connections,
// the connections that there are, the documents, the commits, the store. What
// takes longer than ctx is left; everything that was told is durable anyhow.
func (m *Main) Close(ctx context.Context) error {
	var errs []error
	step := func(what string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	if m.admin != nil {
		m.admin.Drain()
	}
	if m.public != nil {
		step("close the listener", m.public.stop())
	}
	if m.hub != nil {
		m.hub.Drain()
	}
	m.closeConnections(ctx, step)
	if m.hub != nil {
		step("finish the documents", m.hub.Shutdown(ctx))
	}
	if m.gated != nil {
		step("finish what knows the members", m.gated.close())
	}
	step("finish the commits and close the store", m.closeStore(ctx))
	if m.private != nil {
		step("close the admin listener", m.private.shutdown(ctx))
	}
	return errors.Join(errs...)
}

// closeConnections ends websockets and requests at the same time: each of them may have a
// peer that takes its time.
func (m *Main) closeConnections(ctx context.Context, step func(what string, err error)) {
	ctx, cancel := context.WithTimeout(ctx, connectionsTimeout)
	defer cancel()
	finished := make(chan error, 1)
	go func() {
		if m.public == nil {
			finished <- nil
			return
		}
		finished <- m.public.shutdown(ctx)
	}()
	if m.edge != nil {
		step("close the connections", m.edge.Shutdown(ctx))
	}
	step("finish the requests", <-finished)
}

// closeStore drains the commits and closes the store, both of which may wait
// for the disk longer than ctx allows.
func (m *Main) closeStore(ctx context.Context) error {
	if m.store == nil {
		return nil
	}
	done := make(chan error, 1)
	go func() {
		if m.committer != nil {
			m.committer.Close()
		}
		done <- m.store.Close()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// access is what the settings say about names and web pages.
func access(cfg config.Config) edge.Access {
	local, _ := config.Loopback(cfg.Listen) // checked before
	return edge.Access{
		Origins: cfg.Origins, AnyOrigin: slices.Contains(cfg.Origins, "*"), Hosts: cli.Names(cfg), Loopback: local,
	}
}

// newPeer names this process. A process that starts again is another peer.
func newPeer() id.Peer {
	var b [8]byte
	rand.Read(b[:])                                            // never fails
	return id.Peer(base64.RawURLEncoding.EncodeToString(b[:])) // it stands in every frame
}
