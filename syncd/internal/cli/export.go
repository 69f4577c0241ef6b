package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

type exportCmd struct {
	config.Store `embed:""`
	Doc          document `arg:"" help:"The document: its URL, or its id alone."`
	Output       string   `short:"o" placeholder:"FILE" help:"Write to FILE instead of standard output."`
}

func (*exportCmd) Help() string {
	return `The file holds every change of the document, and "syncd import" and Automerge's own load read it. The store must not be in use by a running syncd.`
}

func (c *exportCmd) Run(a *app) error {
	if c.Output == "" && terminal(a.Stdout) {
		return usageError{errors.New("a document is no text for a terminal; add -o FILE, or send the output somewhere")}
	}
	s, err := a.openStore(c.Data, false)
	if err != nil {
		return err
	}
	defer s.Close()
	doc := c.Doc.Document
	if _, ok, err := s.Stat(doc); err != nil {
		return fmt.Errorf("export %s: %w", doc, err)
	} else if !ok {
		return fmt.Errorf("export %s: there is no such document in %s", doc, c.Data)
	}
	if c.Output == "" {
		err = export(s, doc, a.Stdout)
	} else {
		err = replaceFile(c.Output, func(w io.Writer) error { return export(s, doc, w) })
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", doc, err)
	}
	return nil
}

// export writes the changes of a document one after the other.
func export(s store.Store, doc id.Document, w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	_, err := s.Load(doc, func(change []byte) error {
		_, err := out.Write(change)
		return err
	})
	return errors.Join(err, out.Flush())
}

// replaceFile writes a file whole or not at all: the file at path changes only
// when everything has been written and flushed to the disk.
func replaceFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // has another name by then, if all went well
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
