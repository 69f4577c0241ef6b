package cli

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// ErrNoStore is what Parts.OpenStore returns where there is none and none is to be made.
var ErrNoStore = errors.New("there is no store")

// openStore opens a store for a command that works on it alone.
func (a *app) openStore(dir string, create bool) (store.Store, error) {
	logger := slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return a.parts.OpenStore(dir, create, logger)
}

// document is an argument that names a document: its URL, or its id alone.
type document struct{ id.Document }

func (d *document) UnmarshalText(text []byte) (err error) {
	d.Document, err = id.ParseDocument(strings.TrimPrefix(string(text), id.URLPrefix))
	if err != nil {
		return fmt.Errorf("%.60q is no document; a document looks like %s", text, id.Document{1}.URL())
	}
	return nil
}

// terminal tells whether a person looks at w. The null device, a character
// device as well, is none.
func terminal(w io.Writer) bool {
	if o, ok := w.(*output); ok {
		w = o.Writer
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
