package webapp

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

const script = "console.log('a neighbourhood board')\n"

// builtApp is an app as the build leaves it. Nothing here reads brotli, so that
// form is a mark.
func builtApp() fstest.MapFS {
	app := fstest.MapFS{
		"placeholder.txt":        {Data: []byte("nothing built\n")},
		"index.html":             {Data: []byte("<!doctype html><div id=root></div>" + strings.Repeat("<!-- -->", 100))},
		"sw.js":                  {Data: []byte(strings.Repeat(script, 50))},
		"manifest.webmanifest":   {Data: []byte(`{"name":"Tavle"}`)},
		"assets/index-4f2a.js":   {Data: []byte(strings.Repeat(script, 100))},
		"assets/am-1c.wasm":      {Data: append([]byte("\x00asm"), make([]byte, 4096)...)},
		"assets/letters-9.woff2": {Data: make([]byte, 4096)},
	}
	for _, name := range []string{"index.html", "sw.js", "assets/index-4f2a.js"} {
		app[name+".gz"] = &fstest.MapFile{Data: gzipped(app[name].Data)}
	}
	app["assets/index-4f2a.js.br"] = &fstest.MapFile{Data: []byte(brotliMark)}
	return app
}

const brotliMark = "the same as brotli"

func gzipped(plain []byte) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(plain) // to memory
	_ = z.Close()
	return packed.Bytes()
}

func newTestHandler(t *testing.T, files fstest.MapFS, cfg Config) http.Handler {
	t.Helper()
	h, err := newHandler(files, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func ask(h http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPathsThatOpenTheApp(t *testing.T) {
	h := newTestHandler(t, builtApp(), Config{})
	for path, want := range map[string]int{
		"/": 200, "/kiosk": 200, "/kiosk/": 200, "/desk": 200, "/index.html": 200,
		"/sw.js": 200, "/assets/index-4f2a.js": 200, "/app/config.json": 200,
		"/kiosk/x": 404, "/desks": 404, "/placeholder.txt": 404, "/assets": 404, "/assets/": 404, "/assets/other.js": 404,
		"/sw.js.gz": 404, "/assets/index-4f2a.js.br": 404, "/../webapp.go": 404, "/assets/../index.html": 404, "//index.html": 404, "/.gitignore": 404,
	} {
		r := ask(h, http.MethodGet, "http://board.example"+path)
		if r.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, r.StatusCode, want)
		}
		isPage := strings.Contains(body(t, r), "id=root")
		if wantPage := want == 200 && !strings.Contains(path, ".js"); isPage != wantPage {
			t.Errorf("GET %s: is the page: %v, want %v", path, isPage, wantPage)
		}
	}
}

func TestTypesAndCaches(t *testing.T) {
	h := newTestHandler(t, builtApp(), Config{})
	for path, want := range map[string][2]string{
		"/":                       {"text/html; charset=utf-8", cacheAsk},
		"/sw.js":                  {"text/javascript; charset=utf-8", cacheAsk},
		"/manifest.webmanifest":   {"application/manifest+json", cacheAsk},
		"/assets/index-4f2a.js":   {"text/javascript; charset=utf-8", cacheForever},
		"/assets/am-1c.wasm":      {"application/wasm", cacheForever},
		"/assets/letters-9.woff2": {"font/woff2", cacheForever},
		"/app/config.json":        {"application/json; charset=utf-8", cacheNever},
	} {
		r := ask(h, http.MethodGet, path)
		if got := [2]string{r.Header.Get("Content-Type"), r.Header.Get("Cache-Control")}; got != want {
			t.Errorf("GET %s: %q, want %q", path, got, want)
		}
	}
}

func TestEveryAnswerKeepsOtherOriginsOut(t *testing.T) {
	h := newTestHandler(t, builtApp(), Config{})
	for _, r := range []*http.Response{
		ask(h, http.MethodGet, "/"), ask(h, http.MethodGet, "/assets/index-4f2a.js"),
		ask(h, http.MethodGet, "/nothing"), ask(h, http.MethodPost, "/"), ask(h, http.MethodGet, "/app/config.json"),
	} {
		csp := r.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval';", "style-src 'self';", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("policy %q lacks %q", csp, want)
			}
		}
		if strings.Contains(csp, "unsafe-inline") || strings.Contains(csp, "'unsafe-eval'") || strings.Contains(csp, "http") {
			t.Errorf("policy %q is not strict", csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": permissionsPolicy,
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

func TestPackedForThoseWhoTakeIt(t *testing.T) {
	h := newTestHandler(t, builtApp(), Config{})
	whole := strings.Repeat(script, 100)
	get := func(accept string) (encoding, text string) {
		r := ask(h, http.MethodGet, "/assets/index-4f2a.js", "Accept-Encoding", accept)
		text = body(t, r)
		if r.Header.Get("Vary") != "Accept-Encoding" || r.Header.Get("Content-Length") != strconv.Itoa(len(text)) {
			t.Errorf("Accept-Encoding %q: %d bytes with %v", accept, len(text), r.Header)
		}
		return r.Header.Get("Content-Encoding"), text
	}
	for _, accept := range []string{"gzip, deflate, br, zstd", "BR;q=0.5, gzip"} {
		if encoding, text := get(accept); encoding != "br" || text != brotliMark {
			t.Errorf("Accept-Encoding %q: %d bytes of %q", accept, len(text), encoding)
		}
	}
	for _, accept := range []string{"gzip", "br;q=0, gzip;q=0.8"} {
		encoding, text := get(accept)
		if encoding != "gzip" || text != string(gzipped([]byte(whole))) {
			t.Errorf("Accept-Encoding %q: %d bytes of %q", accept, len(text), encoding)
		}
	}
	for _, accept := range []string{"", "deflate", "gzip;q=0, br; q=0.0", "x-gzip"} {
		if encoding, text := get(accept); encoding != "" || text != whole {
			t.Errorf("Accept-Encoding %q: %d bytes of %q, not plain", accept, len(text), encoding)
		}
	}
	if r := ask(h, http.MethodGet, "/assets/letters-9.woff2", "Accept-Encoding", "br, gzip"); r.Header.Get("Content-Encoding") != "" {
		t.Error("a font was sent packed")
	}
}

func TestTheSameIsNotSentTwice(t *testing.T) {
	h := newTestHandler(t, builtApp(), Config{})
	first := ask(h, http.MethodGet, "/sw.js", "Accept-Encoding", "gzip")
	etag := first.Header.Get("ETag")
	again := ask(h, http.MethodGet, "/sw.js", "Accept-Encoding", "gzip", "If-None-Match", `"other", W/`+etag)
	if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
		t.Errorf("with its etag: %d", again.StatusCode)
	}
	if plain := ask(h, http.MethodGet, "/sw.js", "If-None-Match", etag); plain.StatusCode != http.StatusOK {
		t.Errorf("the etag of the compressed file stood for the plain one: %d", plain.StatusCode)
	}
	changed := builtApp()
	changed["sw.js"].Data = append(changed["sw.js"].Data, '\n')
	changed["sw.js.gz"].Data = gzipped(changed["sw.js"].Data)
	if r := ask(newTestHandler(t, changed, Config{}), http.MethodGet, "/sw.js", "Accept-Encoding", "gzip", "If-None-Match", etag); r.StatusCode != http.StatusOK {
		t.Errorf("a changed service worker was answered by %d", r.StatusCode)
	}
}

func TestHeadAndOtherMethods(t *testing.T) {
	h := newTestHandler(t, builtApp(), Config{})
	r := ask(h, http.MethodHead, "/")
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Length") == "" || body(t, r) != "" {
		t.Errorf("HEAD: %d %v", r.StatusCode, r.Header)
	}
	if r := ask(h, http.MethodPost, "/"); r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %q", r.StatusCode, r.Header.Get("Allow"))
	}
}

func TestConfig(t *testing.T) {
	type answer struct {
		DefaultBoard *string `json:"defaultBoard"`
		Open         bool    `json:"open"`
		Demo         *Demo   `json:"demo"`
	}
	read := func(cfg Config) (a answer) {
		r := ask(newTestHandler(t, builtApp(), cfg), http.MethodGet, "/app/config.json")
		if err := json.Unmarshal([]byte(body(t, r)), &a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	if a := read(Config{}); a.DefaultBoard != nil || a.Open || a.Demo != nil {
		t.Errorf("without a board: %+v", a)
	}
	demo := Demo{Code: "00000-00000", KioskCode: "11111-11111"}
	if a := read(Config{Open: true, Demo: &demo}); !a.Open || a.Demo == nil || *a.Demo != demo {
		t.Errorf("an open server with a demo board: %+v", a)
	}
	if a := read(Config{DefaultBoard: "automerge:2j9kn"}); a.DefaultBoard == nil || *a.DefaultBoard != "automerge:2j9kn" {
		t.Errorf("with a board: %+v", a)
	}
}

func TestAPosterOpensTheApp(t *testing.T) {
	h := newTestHandler(t, builtApp(), Config{})
	for path, status := range map[string]int{"/p/0123456789ab": 200, "/p/0123456789AB": 404, "/p/x": 404, "/p/0123456789ab/x": 404} {
		if r := ask(h, http.MethodGet, path); r.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, status)
		}
	}
}

func TestWithoutABuildItSaysHowToMakeOne(t *testing.T) {
	h := newTestHandler(t, fstest.MapFS{"placeholder.txt": {Data: []byte("x")}}, Config{})
	r := ask(h, http.MethodGet, "/kiosk")
	if text := body(t, r); r.StatusCode != 200 || !strings.Contains(text, "npm run build") {
		t.Errorf("%d %q", r.StatusCode, text)
	}
	if r := ask(h, http.MethodGet, "/placeholder.txt"); r.StatusCode != 404 {
		t.Errorf("the placeholder was served: %d", r.StatusCode)
	}
}

func TestAFileOfUnknownTypeIsRefused(t *testing.T) {
	files := builtApp()
	files["assets/odd.xyz"] = &fstest.MapFile{Data: []byte("?")}
	if _, err := newHandler(files, Config{}); err == nil {
		t.Error("a file that browsers would refuse was taken")
	}
}

// TestEmbedded: whatever is in dist now, New serves it, and what is packed is the
// same.
func TestEmbedded(t *testing.T) {
	h := New(Config{})
	if r := ask(h, http.MethodGet, "/"); r.StatusCode != http.StatusOK {
		t.Errorf("GET /: %d", r.StatusCode)
	}
	for name, f := range h.(*handler).files {
		for _, packed := range f.packed {
			if packed.encoding != "gzip" {
				continue
			}
			z, err := gzip.NewReader(packed.reader())
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			if plain := body(t, ask(h, http.MethodGet, "/"+name)); err != nil || string(text) != plain {
				t.Errorf("%s: %d bytes packed, %d plain, %v", name, len(text), len(plain), err)
			}
		}
	}
}

// TestNothingIsReadBeforeItIsAskedFor: a process that serves no pages holds none.
func TestNothingIsReadBeforeItIsAskedFor(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	h := New(Config{})
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 256<<10 {
		t.Errorf("New takes %d bytes for %d files", n, len(h.(*handler).files))
	}
}
