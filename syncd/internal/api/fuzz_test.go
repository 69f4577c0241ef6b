package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/board/rights"
)

// FuzzRequests sends what nobody who belongs would: whatever it is, it is
// answered, gives no session, and opens nothing.
func FuzzRequests(f *testing.F) {
	w := newWorld(f)
	b := w.board("a")
	w.member(b, rights.Owner)
	at := "/v1/boards/" + b.ID.String()
	for _, path := range []string{"/v1/me", "/v1/join", "/v1/session", "/v1/unsent", "/v1/ticket", at + "/members", at + "/invites", "/p/0123456789ab", "/v1/../v1/me", "//v1/me"} {
		f.Add("POST", path, "localhost", "tavle", "x", "Bearer x", "tavle.v1, tavle.ticket.x", "198.51.100.7", `{"code":"00000-00000","changes":[""]}`)
		f.Add("GET", path, "[::1]:1", "__Host-tavle", strings.Repeat("A", 76), "Bearer "+strings.Repeat("A", 76), "", ",,", "")
	}
	f.Fuzz(func(t *testing.T, method, path, host, cookie, session, authorization, protocol, forwarded, body string) {
		if !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n\x00") {
			return
		}
		r, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Host, r.RemoteAddr = host, "127.0.0.1:1"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Cookie", cookie+"="+session)
		r.Header.Set("Authorization", authorization)
		r.Header.Set("Sec-WebSocket-Protocol", protocol)
		r.Header.Set("X-Forwarded-For", forwarded)
		if p, device, _, err := w.api.Authenticate(r); err == nil {
			t.Fatalf("%s was let in as %v", device, p)
		}
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if rec.Header().Get("Set-Cookie") != "" {
			t.Fatalf("%s %s gave a session", method, path)
		}
		if rec.Code == http.StatusOK && r.URL.Path != "/v1/challenge" {
			t.Fatalf("%s %s was answered with %s", method, path, rec.Body)
		}
		if rec.Code == http.StatusInternalServerError {
			t.Fatalf("%s %s: %s\n%s", method, path, rec.Body, w.log.String())
		}
	})
}
