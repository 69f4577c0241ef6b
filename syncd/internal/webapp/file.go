package webapp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// gzipBytesMin is the size under which compressing gains nothing.
const gzipBytesMin = 512

// contentTypes are given by name, not by the machine's own tables, so that
// every machine serves the same; nosniff makes a wrong one fatal.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2",
}

// packed are formats that are compressed already.
var packed = map[string]bool{".png": true, ".woff2": true}

// file is one answer, ready to be sent. Immutable.
type file struct {
	contentType string
	cache       string
	etag        string
	plain       []byte
	gzip        []byte // nil where it would not be smaller
}

// newFile prepares body, which it keeps. An unknown ending is an error: it
// would be served as bytes that a browser refuses.
func newFile(name string, body []byte, cache string) (*file, error) {
	ext := path.Ext(name)
	contentType, ok := contentTypes[ext]
	if !ok {
		return nil, fmt.Errorf("%s: no content type is known for %q", name, ext)
	}
	sum := sha256.Sum256(body)
	f := &file{contentType: contentType, cache: cache, plain: body, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
	if packed[ext] || len(body) < gzipBytesMin {
		return f, nil
	}
	small, err := compress(body)
	if err != nil {
		return nil, fmt.Errorf("compress %s: %w", name, err)
	}
	if len(small) < len(body) {
		f.gzip = small
	}
	return f, nil
}

func compress(body []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", f.cache)
	header.Set("Vary", "Accept-Encoding")
	body, etag := f.plain, f.etag
	if f.gzip != nil && acceptsGzip(r) {
		body, etag = f.gzip, strings.TrimSuffix(f.etag, `"`)+`-gzip"`
	}
	header.Set("ETag", etag)
	if f.cache != cacheNever && matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", f.contentType)
	if len(body) != len(f.plain) {
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the client went away: nobody is left to tell
}

// acceptsGzip reports whether the client names gzip, and not with a weight of
// zero.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && !strings.HasPrefix(weight, "q=0.0")
		}
	}
	return false
}

// matches reports whether a list of etags holds one, weakly compared.
func matches(list, etag string) bool {
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == etag {
			return true
		}
	}
	return false
}
