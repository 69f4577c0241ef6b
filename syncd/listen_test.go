package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A peer that does not finish its request, or does not read the answer, must not use up the time
// in which the documents and the store are to be closed.
func TestUnfinishedRequestsAreCutOffWhenItStops(t *testing.T) {
	for name, request := range map[string]string{
		"a header":                    "GET / HTTP/1.1\r\nHost: 127",
		"a body":                      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n{",
		"an answer that nobody reads": "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var under atomic.Int32
				p := newPipes()
				s := newServer(p, 10)
				s.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					under.Add(1)
					defer under.Add(-1)
					io.Copy(io.Discard, r.Body)
					io.WriteString(w, strings.Repeat("x", 1<<20))
					time.Sleep(time.Second) // what a handler has to do after all
				}), nil, slog.New(slog.DiscardHandler))
				conn := p.dial()
				defer conn.Close()
				io.WriteString(conn, request)
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), connectionsTimeout)
				defer cancel()
				if err := s.shutdown(ctx); err != nil {
					t.Error(err)
				}
				if n := under.Load(); n > 0 {
					t.Errorf("%d requests go on", n)
				}
			})
		})
	}
}

// A request that comes with the stop is refused, or has ended before shutdown returns.
func TestNoRequestBeginsAfterTheStop(t *testing.T) {
	s := newServer(newPipes(), 10)
	s.serve(http.HandlerFunc(nothing), nil, slog.New(slog.DiscardHandler))
	if err := s.shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	begun := false
	s.untilShutdown(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { begun = true })).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	if begun {
		t.Error("a request began")
	}
}
