// Package admin answers those who look after a running syncd: whether it lives
// (/healthz), whether it can serve (/readyz) and what it counts (/metrics).
//
// It only reads. It owns no listener: main puts Health beside the sync clients
// and the whole Admin on a listener of its own. Answers name no document, no
// peer and no cause of an error; causes go to the log.
package admin

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// answerTimeout is how long a store may take to answer before it is not ready.
const answerTimeout = 2 * time.Second

// Config is what New needs. All fields are required.
type Config struct {
	// Probe asks the store for something, and returns when it has answered. One
	// call at a time is under way.
	Probe func() error

	// Metrics is called for each scrape, and safe for concurrent use.
	Metrics func() []Metric

	Logger *slog.Logger
}

// Admin is an http.Handler with all endpoints.
type Admin struct {
	// Immutable after New.
	probe   func() error
	logger  *slog.Logger
	timeout time.Duration
	health  *http.ServeMux
	all     *http.ServeMux

	draining atomic.Bool

	mu       sync.Mutex
	underWay *question // guarded by mu; nil when there is none
}

// question is one question to the store, for everyone who asks meanwhile.
type question struct {
	done chan struct{} // closed when err is set
	err  error
}

// New returns an Admin.
func New(c Config) *Admin {
	a := &Admin{
		probe: c.Probe, logger: c.Logger, timeout: answerTimeout,
		health: http.NewServeMux(), all: http.NewServeMux(),
	}
	a.health.HandleFunc("GET /healthz", a.serveHealth)
	a.health.HandleFunc("GET /readyz", a.serveReady)
	a.all.Handle("/", a.health)
	a.all.Handle("GET /metrics", promhttp.HandlerFor(registry(c.Metrics), promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(c.Logger.Handler(), slog.LevelError),
	}))
	return a
}

// Drain makes /readyz refuse from now on, since the process is ending.
func (a *Admin) Drain() { a.draining.Store(true) }

// Health is the handler for /healthz and /readyz alone.
func (a *Admin) Health() http.Handler { return a.health }

func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.all.ServeHTTP(w, r) }

func (a *Admin) serveHealth(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, "alive\n")
}

func (a *Admin) serveReady(w http.ResponseWriter, r *http.Request) {
	if a.draining.Load() {
		answer(w, http.StatusServiceUnavailable, "not ready: shutting down\n")
		return
	}
	if err := a.ask(r.Context()); err != nil {
		a.logger.Error("the store is not ready", "err", err)
		answer(w, http.StatusServiceUnavailable, "not ready: the store does not answer\n")
		return
	}
	answer(w, http.StatusOK, "ready\n")
}

func answer(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // whoever asked has gone
}

var errNoAnswer = errors.New("no answer from the store in time")

// ask asks the store whether it answers. However many ask, and however long the
// store takes, one question at a time is under way.
func (a *Admin) ask(ctx context.Context) error {
	a.mu.Lock()
	q := a.underWay
	if q == nil {
		q = &question{done: make(chan struct{})}
		a.underWay = q
		go a.put(q)
	}
	a.mu.Unlock()
	timeout := time.NewTimer(a.timeout)
	defer timeout.Stop()
	select {
	case <-q.done:
		return q.err
	case <-timeout.C:
		return errNoAnswer
	case <-ctx.Done():
		return ctx.Err()
	}
}

// put ends when the store answers, at the latest when it is closed.
func (a *Admin) put(q *question) {
	q.err = a.probe()
	a.mu.Lock()
	a.underWay = nil
	a.mu.Unlock()
	close(q.done)
}
