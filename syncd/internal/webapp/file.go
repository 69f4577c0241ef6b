package webapp

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// encodings are what the build has packed beside a file, the smallest first: the
// name that clients know and the ending. examples/board/scripts/pack.ts
var encodings = []struct{ name, ending string }{{"br", ".br"}, {"gzip", ".gz"}}

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

// file is one answer. Immutable.
type file struct {
	contentType string
	cache       string
	plain       *form
	packed      []*form // in the order of encodings
}

// form is one way to send a file. Its bytes are read where they lie, for each
// request anew: those that are embedded take no memory until somebody asks.
type form struct {
	encoding string // "" for none
	bytes    io.ReaderAt
	size     int64
	etag     func() string
}

func newForm(encoding string, bytes io.ReaderAt, size int64) *form {
	f := &form{encoding: encoding, bytes: bytes, size: size}
	f.etag = sync.OnceValue(func() string {
		sum := sha256.New()
		_, _ = io.Copy(sum, f.reader()) // neither end can fail
		return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`
	})
	return f
}

func (f *form) reader() io.Reader { return io.NewSectionReader(f.bytes, 0, f.size) }

// newFile returns a file that is sent as it is. An unknown ending is an error: it
// would be served as bytes that a browser refuses.
func newFile(name, cache string, plain *form) (*file, error) {
	contentType, ok := contentTypes[path.Ext(name)]
	if !ok {
		return nil, fmt.Errorf("%s: no content type is known for %q", name, path.Ext(name))
	}
	return &file{contentType: contentType, cache: cache, plain: plain}, nil
}

// textFile returns a file of bytes, which it keeps.
func textFile(name, cache string, body []byte) (*file, error) {
	return newFile(name, cache, newForm("", bytes.NewReader(body), int64(len(body))))
}

// builtFile returns the file of a name, with the forms that stand beside it.
func builtFile(files fs.FS, name, cache string) (*file, error) {
	plain, err := openForm(files, name, "")
	if err != nil {
		return nil, err
	}
	f, err := newFile(name, cache, plain)
	if err != nil {
		return nil, err
	}
	for _, e := range encodings {
		packed, err := openForm(files, name+e.ending, e.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f.packed = append(f.packed, packed)
	}
	return f, nil
}

// openForm opens a file for good: embedded ones hold nothing.
func openForm(files fs.FS, name, encoding string) (*form, error) {
	opened, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, err
	}
	at, ok := opened.(io.ReaderAt)
	if !ok {
		return nil, fmt.Errorf("%s cannot be read from the middle", name)
	}
	return newForm(encoding, at, info.Size()), nil
}

// isPacked tells whether a file is another one in a smaller form.
func isPacked(name string) bool {
	return slices.ContainsFunc(encodings, func(e struct{ name, ending string }) bool { return strings.HasSuffix(name, e.ending) })
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", f.cache)
	header.Set("Vary", "Accept-Encoding")
	sent := f.plain
	if i := slices.IndexFunc(f.packed, func(p *form) bool { return accepts(r, p.encoding) }); i >= 0 {
		sent = f.packed[i]
	}
	header.Set("ETag", sent.etag())
	if f.cache != cacheNever && matches(r.Header.Get("If-None-Match"), sent.etag()) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", f.contentType)
	if sent.encoding != "" {
		header.Set("Content-Encoding", sent.encoding)
	}
	header.Set("Content-Length", strconv.FormatInt(sent.size, 10))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.Copy(w, sent.reader()) // the client went away: nobody is left to tell
}

// accepts reports whether the client names an encoding, and not with a weight of
// zero.
func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
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
