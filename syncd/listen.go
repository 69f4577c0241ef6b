package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/edge"
)

// Limits of an HTTP request. A connection that became a websocket is the
// edge's, with limits of its own.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = 30 * time.Second
	idleTimeout    = 60 * time.Second
	headerBytesMax = 32 << 10
)

// partingTimeout is what requests that are under way get when the server stops.
const partingTimeout = 2 * time.Second

// server is an http.Server on its listener.
type server struct {
	http   *http.Server // nil until serve
	lis    *lobby
	addr   string
	failed chan error // capacity 1; hears why serving ended by itself

	requests sync.WaitGroup // that are under way

	// Guarded by mu.
	mu      sync.Mutex
	stopped bool // no request begins any more
}

// listen takes an address. Who connects waits for serve. So many connections at most are open
// that are no websockets.
func listen(addr string, places int) (*server, error) {
	lis, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, errors.New("another program uses this port, maybe another syncd; stop it or choose another port")
	}
	if err != nil {
		return nil, err
	}
	return newServer(lis, places), nil
}

func newServer(lis net.Listener, places int) *server {
	return &server{lis: newLobby(lis, places), addr: lis.Addr().String(), failed: make(chan error, 1)}
}

// serve starts a goroutine that answers, by TLS unless secured is nil; shutdown
// ends it.
func (s *server) serve(h http.Handler, secured *tls.Config, logger *slog.Logger) {
	s.http = &http.Server{
		Handler:           s.untilShutdown(paced(h)),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       requestTimeout,
		WriteTimeout:      requestTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytesMax,
		ConnState:         s.lis.note,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	var lis net.Listener = s.lis
	if secured != nil {
		lis = tls.NewListener(edge.Listener{Listener: lis}, secured)
	}
	go func() {
		if err := s.http.Serve(lis); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.failed <- fmt.Errorf("serve %s: %w", s.addr, err)
		}
	}()
}

// stop lets nobody connect any more.
func (s *server) stop() error { return s.lis.Close() }

// shutdown waits for the requests that are under way, but cuts off those whose peer is slower
// than partingTimeout. When it returns nil they have ended, and there will be none. Websockets
// are none.
func (s *server) shutdown(ctx context.Context) error {
	if s.http == nil {
		return s.lis.Close()
	}
	soon, cancel := context.WithTimeout(ctx, partingTimeout)
	defer cancel()
	if err := s.http.Shutdown(soon); soon.Err() != nil {
		s.lis.clear()
	} else if err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	ended := make(chan struct{}) // closed when the last request has
	go func() {
		s.requests.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// untilShutdown passes requests on as long as there may be any.
func (s *server) untilShutdown(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			http.Error(w, "the server is being stopped", http.StatusServiceUnavailable)
			return
		}
		defer s.requests.Done()
		next.ServeHTTP(w, r)
	})
}

func (s *server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.requests.Add(1)
	return true
}

// onlyLocalNames serves requests for this machine alone, by the name that the
// caller knows it by. A web page can give its own name the address of loopback
// and then read what answers there, but its name stands in the Host.
func onlyLocalNames(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		if !config.LocalHost(host) {
			http.Error(w, "this listener answers to localhost alone", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}
