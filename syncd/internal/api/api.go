// Package api is the HTTP API of a gated server: devices join with it, prove who
// they are, and look after their boards. API.md describes it.
//
// It decides who may ask for what, and leaves who belongs to the registry. It
// promises that what a caller may not know looks like what there is not, that
// nothing is answered as done before it is durable, and that no code, token, key
// or label is ever logged. It starts no goroutine and reads no document.
//
// The same requests are answered in two places: for members' devices over the
// network (New), and for whoever may open the server's socket, which is the user
// that runs it (NewOperator).
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/auth"
	"github.com/tavle-org/tavle/syncd/internal/registry"
)

// Config is what New and NewOperator need.
type Config struct {
	Registry *registry.Registry

	// Prover, Minter and the limits of failures. Codes are for invite codes,
	// Proofs for signatures. Required by New.
	Prover        *auth.Prover
	Minter        *auth.Minter
	Codes, Proofs *auth.Limiter

	Server Server

	// Names are the names, without port, that the server is reached by besides
	// that of Server.Base. Addresses in digits always are: a web page cannot make
	// one its own.
	Names []string

	// Loopback says that only this machine reaches the listener: the server
	// answers to local names as well.
	Loopback bool

	// Secure says that browsers come by https. Without it the cookie is not
	// marked, which is for loopback alone.
	Secure bool

	// TrustedProxies are believed about where a client is.
	TrustedProxies []netip.Prefix

	// Found writes the first content of a new board: its title, and what
	// else the board says that it is cloned from. Nil means that the first
	// owner's device does it.
	Found func(ctx context.Context, made registry.Board, from *id.Document) error

	Now    func() time.Time // nil means time.Now
	Logger *slog.Logger     // nil means silence
}

// Server is what people have to know to reach the server.
type Server struct {
	Base        string `json:"base"`                  // what links begin with: https://board.example
	Fingerprint string `json:"fingerprint,omitempty"` // of the server's own certificate, if it has one
}

// Link is the address that a device joins with: the code is behind the #, and so
// in no log. A kiosk has a page of its own.
func (s Server) Link(code string, kiosk bool) string {
	page := "/"
	if kiosk {
		page = "/kiosk"
	}
	link := s.Base + page + "#c=" + url.QueryEscape(code)
	if s.Fingerprint != "" {
		link += "&fp=" + s.Fingerprint
	}
	return link
}

// host is the host of Base, with a port that is not the usual one.
func (s Server) host() string {
	u, err := url.Parse(s.Base)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// API answers requests. Immutable after New.
type API struct {
	Config
	operator bool
	origins  *http.CrossOriginProtection
	mux      *http.ServeMux
}

// New returns the API for members' devices.
func New(c Config) *API {
	a := newAPI(c)
	a.origins = http.NewCrossOriginProtection()
	if c.Server.Base != "" {
		_ = a.origins.AddTrustedOrigin(c.Server.Base) // what is no origin trusts nobody
	}
	a.deviceRoutes()
	a.boardRoutes()
	return a
}

// NewOperator returns the API for whoever runs the server: everything that
// owners may do, on every board, and what only an operator may. It asks nobody
// who they are, so it is for a socket that only they can open.
func NewOperator(c Config) *API {
	a := newAPI(c)
	a.operator = true
	a.operatorRoutes()
	a.boardRoutes()
	return a
}

func newAPI(c Config) *API {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &API{Config: c, mux: http.NewServeMux()}
}

// Routes are the patterns that the API answers, for the mux of its server.
func Routes() []string { return []string{"/v1/", "/p/"} }

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if !a.operator {
		if err := a.checkOrigin(r); err != nil {
			a.refuse(w, r, err)
			return
		}
	}
	if _, pattern := a.mux.Handler(r); pattern == "" {
		a.refuse(w, r, a.noRoute(r))
		return
	}
	a.mux.ServeHTTP(w, r)
}

// noRoute tells a wrong method from a path that there is not.
func (a *API) noRoute(r *http.Request) error {
	other := r.Clone(r.Context())
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "" {
			return problem{http.StatusMethodNotAllowed, "method", "This address takes " + method + ".", ""}
		}
	}
	return errNoPath
}
