// Package webapp serves the built web app of examples/board: the shell, its
// assets and one small answer of its own, /app/config.json.
//
// The files are embedded, so syncd stays one binary, and packed by the build, so
// New reads none of them; they are sent from where they lie in the binary. The
// package never serves anything but what was built, and every answer carries
// the headers that keep other origins out. Without a build it serves one page
// that says how to make one.
package webapp

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// dist is where examples/board builds to. The placeholder in it is committed,
// so that the package compiles where nothing is built.
//
//go:embed all:dist
var dist embed.FS

const (
	indexName       = "index.html"
	placeholderName = "placeholder.txt"
	// assetsDir holds files whose names carry a hash of their content.
	assetsDir = "assets/"
)

// contentSecurityPolicy lets the app run its own code and Automerge's wasm,
// talk to its own origin, and nothing else. A websocket to the own host is part
// of 'self' for all browsers in use. The one trusted type names the service
// worker (examples/board/src/app/worker.ts).
const contentSecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"font-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types tavle"

// permissionsPolicy refuses what the app never needs.
const permissionsPolicy = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"

// Cache-Control: files named after their content never change; the others are
// asked for each time, and answered by 304 when they are the same.
const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheAsk     = "no-cache"
	cacheNever   = "no-store"
)

// pages are the addresses that open the app.
var pages = map[string]bool{"/": true, "/kiosk": true, "/desk": true}

// Config says what the app is told about its server.
type Config struct {
	// DefaultBoard is the address of the board to open when a device knows
	// none ("automerge:…"), or empty.
	DefaultBoard string
	// Open tells that the server has no members: nobody needs to join.
	Open bool
	// Demo has the invites with which any browser joins the demo board by itself;
	// nil when there is none.
	Demo *Demo
}

// Demo is the codes of two invites.
type Demo struct {
	Code      string `json:"code"`      // of a person
	KioskCode string `json:"kioskCode"` // of a kiosk
}

// handler is immutable after New.
type handler struct {
	files  map[string]*file // by name below dist
	config *file
	built  bool
}

// New returns a handler for everything that is not the websocket. It panics
// when the embedded files cannot be read, which a build that compiled cannot
// bring about.
func New(cfg Config) http.Handler {
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(fmt.Errorf("webapp: open the embedded files: %w", err))
	}
	h, err := newHandler(built, cfg)
	if err != nil {
		panic(fmt.Errorf("webapp: %w", err))
	}
	return h
}

func newHandler(files fs.FS, cfg Config) (*handler, error) {
	config, err := configFile(cfg)
	if err != nil {
		return nil, err
	}
	h := &handler{files: make(map[string]*file), config: config}
	err = fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == placeholderName || isPacked(name) {
			return err
		}
		h.files[name], err = builtFile(files, name, cacheOf(name))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the built app: %w", err)
	}
	if h.built = h.files[indexName] != nil; !h.built {
		h.files[indexName], err = textFile(indexName, cacheNever, []byte(notBuilt))
	}
	return h, err
}

func cacheOf(name string) string {
	if strings.HasPrefix(name, assetsDir) {
		return cacheForever
	}
	return cacheAsk
}

// configFile is what the app asks for at /app/config.json.
func configFile(cfg Config) (*file, error) {
	answer := struct {
		DefaultBoard *string `json:"defaultBoard"`
		Open         bool    `json:"open"`
		Demo         *Demo   `json:"demo,omitempty"`
	}{Open: cfg.Open, Demo: cfg.Demo}
	if cfg.DefaultBoard != "" {
		answer.DefaultBoard = &cfg.DefaultBoard
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("write config.json: %w", err)
	}
	return textFile("config.json", cacheNever, body)
}

// ServeHTTP answers GET and HEAD.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Permissions-Policy", permissionsPolicy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	f, err := h.find(r.URL.Path)
	if err != nil {
		header.Set("Cache-Control", cacheNever)
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	f.serve(w, r)
}

var errNotFound = errors.New("not found")

// find returns what stands at a path: a page, a built file, or the config.
func (h *handler) find(urlPath string) (*file, error) {
	if urlPath == "/app/config.json" {
		return h.config, nil
	}
	trimmed := urlPath
	if len(trimmed) > 1 {
		trimmed = strings.TrimSuffix(trimmed, "/")
	}
	if pages[trimmed] || isPoster(urlPath) {
		return h.files[indexName], nil
	}
	name := strings.TrimPrefix(urlPath, "/")
	if path.Clean("/"+name) != "/"+name {
		return nil, errNotFound
	}
	if f := h.files[name]; f != nil && (h.built || name != indexName) {
		return f, nil
	}
	return nil, errNotFound
}

// isPoster tells whether a path is that of a printed poster, /p/ and a number of
// twelve letters and digits. What it leads to stands in the fragment.
func isPoster(urlPath string) bool {
	poster, ok := strings.CutPrefix(urlPath, "/p/")
	return ok && len(poster) == 12 && !strings.ContainsFunc(poster, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}

// notBuilt is shown in the place of an app that is not there.
const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tavle</title>
<h1>The web app is not built into this syncd</h1>
<p>The server itself runs, and sync clients can connect to <code>/sync</code>.</p>
<p>To build the app: <code>cd examples/board &amp;&amp; npm ci &amp;&amp; npm run build</code>, then build syncd again. <code>make run</code> does all of it.</p>
</html>
`
