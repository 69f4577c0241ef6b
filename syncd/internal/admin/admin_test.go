package admin

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func newAdmin(probe func() error) (*Admin, *bytes.Buffer) {
	var log bytes.Buffer
	return New(Config{
		Probe:  probe,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Metrics: func() []Metric {
			return []Metric{
				{Name: "tavle_documents", Help: "Open documents.", Gauge: true, Value: 7},
				{Name: "tavle_changes_total", Help: "Changes.", Label: "result", Of: "accepted", Value: 12},
				{Name: "tavle_changes_total", Help: "Changes.", Label: "result", Of: "refused", Value: 3},
			}
		},
	}), &log
}

func answers() error { return nil }

func request(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestEndpoints(t *testing.T) {
	ready, _ := newAdmin(answers)
	broken, log := newAdmin(func() error { return errors.New("disk on fire") })
	draining, _ := newAdmin(answers)
	draining.Drain()
	for _, c := range []struct {
		name, path string
		handler    http.Handler
		status     int
		body       string
	}{
		{"alive", "/healthz", ready, 200, "alive\n"},
		{"alive while draining", "/healthz", draining, 200, "alive\n"},
		{"ready", "/readyz", ready, 200, "ready\n"},
		{"ready, beside clients", "/readyz", ready.Health(), 200, "ready\n"},
		{"draining", "/readyz", draining, 503, "not ready: shutting down\n"},
		{"broken store", "/readyz", broken, 503, "not ready: the store does not answer\n"},
		{"no metrics beside clients", "/metrics", ready.Health(), 404, "404 page not found\n"},
		{"nothing else", "/", ready, 404, "404 page not found\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := request(c.handler, "GET", c.path)
			if w.Code != c.status || w.Body.String() != c.body {
				t.Errorf("got %d %q, want %d %q", w.Code, w.Body, c.status, c.body)
			}
		})
	}
	if !strings.Contains(log.String(), "disk on fire") {
		t.Errorf("the cause is not in the log: %q", log)
	}
	if w := request(ready, "POST", "/healthz"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", w.Code)
	}
}

func TestMetrics(t *testing.T) {
	a, _ := newAdmin(answers)
	body := request(a, "GET", "/metrics").Body.String()
	for _, line := range []string{
		"# TYPE tavle_documents gauge", "tavle_documents 7", "# TYPE tavle_changes_total counter",
		`tavle_changes_total{result="accepted"} 12`, `tavle_changes_total{result="refused"} 3`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no line %q", line)
		}
	}
	for _, name := range []string{"\ngo_goroutines ", "\nprocess_start_time_seconds "} {
		if !strings.Contains(body, name) {
			t.Errorf("no metric %q", name)
		}
	}
}

// A store that hangs must neither hang those who ask nor gather goroutines.
func TestOneQuestionAtATime(t *testing.T) {
	var questions atomic.Int32
	hanging := make(chan struct{})
	a, _ := newAdmin(func() error {
		questions.Add(1)
		<-hanging
		return nil
	})
	a.timeout = time.Millisecond
	for range 3 {
		if w := request(a, "GET", "/readyz"); w.Code != http.StatusServiceUnavailable {
			t.Errorf("got %d from a store that hangs", w.Code)
		}
	}
	a.mu.Lock()
	q := a.underWay
	a.mu.Unlock()
	close(hanging)
	<-q.done
	if n := questions.Load(); n != 1 {
		t.Errorf("%d questions were under way", n)
	}
}
