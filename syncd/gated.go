package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/examples/data"
	"github.com/tavle-org/tavle/syncd/internal/api"
	"github.com/tavle-org/tavle/syncd/internal/api/founding"
	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/cli"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/edge"
	"github.com/tavle-org/tavle/syncd/internal/gate"
	"github.com/tavle-org/tavle/syncd/internal/hub"
	"github.com/tavle-org/tavle/syncd/internal/registry"
	"github.com/tavle-org/tavle/syncd/internal/webapp"
)

// gated is what a server with members has besides: who belongs, how they prove
// it, and how the operator reaches it.
type gated struct {
	registry  *registry.Registry
	belonging *belonging
	api       *api.API
	operator  *http.Server // on the operator's socket
	socket    net.Listener
	demo      *webapp.Demo
}

// openRegistry reads who belongs. It comes before the hub, which asks it.
func (m *Main) openRegistry() error {
	r, err := registry.Open(registry.Config{Store: m.store, Logger: m.Logger})
	if err != nil {
		return fmt.Errorf("read who belongs: %w", err)
	}
	m.gated = &gated{registry: r}
	return nil
}

// openGate starts what lets members in, once it is known where people reach the
// server.
func (m *Main) openGate(server api.Server) error {
	secret, err := api.OpenSecret(m.store)
	if err != nil {
		return err
	}
	if err := api.RememberServer(m.store, server); err != nil {
		return err
	}
	local, _ := config.Loopback(m.Config.Listen) // checked before
	proxies, err := m.Config.Proxies()
	if err != nil {
		return err
	}
	cfg := api.Config{
		Registry: m.gated.registry,
		Prover:   auth.NewProver(secret), Minter: auth.NewMinter(secret),
		Codes: auth.NewLimiter(auth.CodeLimits), Proofs: auth.NewLimiter(auth.ProofLimits),
		Server: server, Names: cli.Names(m.Config), Loopback: local, Secure: m.Config.Secure(), TrustedProxies: proxies,
		Found: founding.Founder{Store: m.store, Now: time.Now}.Found, Logger: m.Logger,
	}
	m.gated.api = api.New(cfg)
	m.gated.belonging = newBelonging(m.hub, m.gated.registry, m.Logger)
	if m.Config.Demo {
		if err := m.openDemo(); err != nil {
			return err
		}
	}
	return m.openSocket(api.NewOperator(cfg))
}

// openSocket answers the operator's commands.
func (m *Main) openSocket(h http.Handler) error {
	lis, err := api.ListenSocket(m.Config.Data)
	if err != nil {
		return err
	}
	m.gated.socket = lis
	m.gated.operator = &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout}
	go func() {
		if err := m.gated.operator.Serve(lis); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			m.Logger.Error("the operator's socket has failed: commands find no server", "err", err)
		}
	}()
	return nil
}

// The roles with which any browser on this machine joins the demo board, so that
// everything can be tried.
var demoRoles = rights.RolesOf(rights.Owner, rights.Resident, rights.Connector, rights.Matchmaker, rights.Moderator)

// openDemo sees to it that there is a demo board, and makes the codes with which
// browsers join it by themselves.
func (m *Main) openDemo() error {
	if err := cli.LoadDemo(m.store, data.Posts); err != nil {
		return err
	}
	r, doc := m.gated.registry, board.DemoBoard()
	if _, ok := r.Board(doc); !ok {
		spec := registry.BoardSpec{Title: "Lindeparken", Lang: "en", Demo: true, ID: doc}
		if _, err := r.CreateBoard(spec, "demo"); err != nil {
			return fmt.Errorf("register the demo board: %w", err)
		}
	}
	for _, i := range r.Invites(doc) { // of an earlier start, whose codes nobody has
		if i.Label == demoLabel && i.Open(time.Now()) {
			if err := r.RevokeInvite(i.ID); err != nil {
				return fmt.Errorf("end a demo invite: %w", err)
			}
		}
	}
	person, err := m.demoCode(demoRoles)
	if err != nil {
		return err
	}
	kiosk, err := m.demoCode(rights.RolesOf(rights.Visitor))
	if err != nil {
		return err
	}
	m.gated.demo = &webapp.Demo{Code: person, KioskCode: kiosk}
	return nil
}

const demoLabel = "demo"

func (m *Main) demoCode(roles rights.Roles) (string, error) {
	_, code, err := m.gated.registry.Invite(registry.InviteSpec{
		Board: board.DemoBoard(), Roles: roles, Label: demoLabel, Uses: registry.UsesMax, TTL: registry.TTLMax, By: "demo",
	})
	if err != nil {
		return "", fmt.Errorf("make a demo invite: %w", err)
	}
	return code, nil
}

// authenticate finds out who wants to connect. // HS20
func (m *Main) authenticate(r *http.Request) (*gate.Principal, http.Header, error) {
	p, _, header, err := m.gated.api.Authenticate(r)
	return p, header, err
}

// policy is what the hub asks, and meeting what the edge hands connections to.
func (m *Main) policy() gate.Policy {
	if m.gated == nil {
		return gate.Open{}
	}
	return gate.Members{}
}

func (m *Main) meeting() edge.Hub {
	if m.gated == nil {
		return meeting{m.hub}
	}
	return m.gated.belonging
}

// refused is what the hub calls with a refused change.
func (m *Main) refused() func(hub.Refusal) {
	if m.gated == nil {
		return nil
	}
	return m.quarantine
}

// registryFatal hears of a write of the registry whose outcome is unknown.
func (m *Main) registryFatal() <-chan error {
	if m.gated == nil {
		return nil
	}
	return m.gated.registry.Fatal()
}

// close ends the parts that have begun; the hub has no connection any more.
func (g *gated) close() error {
	var errs []error
	if g.operator != nil {
		errs = append(errs, g.operator.Close())
	}
	if g.belonging != nil {
		g.belonging.Close()
	}
	return errors.Join(append(errs, g.registry.Close())...)
}
