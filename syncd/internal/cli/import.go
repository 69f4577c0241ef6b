package cli

import (
	"fmt"
	"io"
	"os"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// Limits of an import. A file is read whole; what a chunk may hold is wider
// than on the network, since the file is the operator's own.
const (
	importBytesMax    = 512 << 20
	importOpsMax      = 20_000_000 // of one saved document
	importChangesMax  = 1_000_000  // of one saved document
	commitChangesMax  = 1000
	commitBytesMax    = 4 << 20
	refusalsShownMost = 20
)

type importCmd struct {
	config.Store `embed:""`
	File         string   `arg:"" help:"A saved document or changes, as export and Automerge's save write them; - is standard input."`
	Doc          document `placeholder:"DOC" help:"Add to this document, or make it with this id (default: a new document with a random id)."`
}

func (*importCmd) Help() string {
	return `Prints the URL of the document; how many changes came in and which were refused goes to standard error. Only valid changes get in, each once: to import a file again into the same document, give --doc. Exits with 1 if anything was refused. The store must not be in use by a running syncd.`
}

func (c *importCmd) Run(a *app) error {
	data, err := readInput(c.File, a.Stdin)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	in := intake{}
	in.read(data)
	if len(in.changes) == 0 && len(in.refused) == 0 {
		return fmt.Errorf("import %s: there is no change in it", c.File)
	}
	if len(in.changes) == 0 {
		in.report(a.Stderr)
		return fmt.Errorf("import %s: no valid change; is this a file that Automerge has saved?", c.File)
	}
	doc := c.Doc.Document
	if doc == (id.Document{}) {
		doc = id.NewDocument()
	}
	s, err := a.openStore(c.Data, true)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := in.store(s, doc); err != nil {
		return fmt.Errorf("import into %s: %w", doc.URL(), err)
	}
	in.report(a.Stderr)
	if in.stored+in.known > 0 {
		fmt.Fprintln(a.Stdout, doc.URL())
	}
	if len(in.refused) > 0 {
		return errWrong
	}
	return nil
}

func readInput(path string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, importBytesMax+1))
	if err == nil && len(data) > importBytesMax {
		err = fmt.Errorf("%s has more than %d bytes", path, importBytesMax)
	}
	return data, err
}

// intake takes changes from a file into a document.
type intake struct {
	changes []*chunk.Change // of the file, as they stand there
	refused []error
	known   int // were stored already, or stand in the file twice
	stored  int

	history *history.History
	pending store.Append // accepted, and not yet committed
}

// read takes the file apart. What cannot be read is refused.
func (in *intake) read(data []byte) {
	wide := chunk.Limits{BytesMax: importBytesMax, ChangesMax: importChangesMax, DocumentOpsMax: importOpsMax}
	n := 0
	for raw, err := range chunk.Split(data, wide) {
		n++
		if err != nil {
			in.refuse(fmt.Errorf("from chunk %d of the file on: %w", n, err))
			return
		}
		changes, err := readChunk(raw, wide)
		if err != nil {
			in.refuse(fmt.Errorf("chunk %d of the file: %w", n, err))
		}
		in.changes = append(in.changes, changes...)
	}
}

func readChunk(raw chunk.Raw, wide chunk.Limits) ([]*chunk.Change, error) {
	if raw.Type == chunk.TypeDocument {
		return chunk.ParseDocument(raw.Bytes, wide)
	}
	c, err := chunk.ParseChange(raw.Bytes, chunk.Limits{})
	if err != nil {
		return nil, err
	}
	return []*chunk.Change{c}, nil
}

func (in *intake) refuse(err error) { in.refused = append(in.refused, err) }

// store adds the changes to the document, in an order in which each stands
// after its dependencies, and commits them part by part.
func (in *intake) store(s store.Store, doc id.Document) error {
	in.history = history.New(history.Limits{})
	_, err := s.Load(doc, func(data []byte) error { return checkChange(in.history, data) })
	if err != nil {
		return fmt.Errorf("load what it has: %w", err)
	}
	in.pending = store.Append{Document: doc, First: in.history.Len()}
	refused := map[id.ChangeHash]bool{}
	for _, c := range in.sorted() {
		if in.history.Has(c.Hash) {
			in.known++
			continue
		}
		if err := in.add(c); err != nil {
			refused[c.Hash] = true
			in.refuse(err)
		}
		if len(in.pending.Changes) >= commitChangesMax || in.pending.Bytes() >= commitBytesMax {
			if err := in.commit(s); err != nil {
				return err
			}
		}
	}
	in.refuseHeld(refused)
	return in.commit(s)
}

// add gives a change to the history, and what the history accepts to the next
// commit. A change that lacks a dependency is refused.
func (in *intake) add(c *chunk.Change) error {
	for _, d := range c.Deps {
		if !in.history.Has(d) {
			return fmt.Errorf("change %s: it depends on %s, which is not there", c.Hash, d)
		}
	}
	added, err := in.history.Add(c)
	for _, a := range added {
		in.pending.Changes = append(in.pending.Changes, a.Bytes())
	}
	return err
}

// refuseHeld refuses what the history still holds back, or has dropped after
// holding it back, although the dependencies are there.
func (in *intake) refuseHeld(refused map[id.ChangeHash]bool) {
	for _, c := range in.changes {
		if refused[c.Hash] || in.history.Has(c.Hash) {
			continue
		}
		refused[c.Hash] = true
		err := in.add(c)
		if err == nil && !in.history.Has(c.Hash) {
			err = fmt.Errorf("change %s: it was made on a version of the document that is not there", c.Hash)
		}
		if err != nil {
			in.refuse(err)
		}
	}
}

func (in *intake) commit(s store.Store) error {
	if len(in.pending.Changes) == 0 {
		return nil
	}
	in.pending.Heads = in.history.Heads()
	if err := s.Commit([]store.Append{in.pending}); err != nil {
		return err
	}
	in.stored += len(in.pending.Changes)
	in.pending = store.Append{Document: in.pending.Document, First: in.history.Len()}
	return nil
}

// sorted returns the changes so that each stands after those of its
// dependencies that are in the file, and otherwise as in the file.
func (in *intake) sorted() []*chunk.Change {
	waiting := map[id.ChangeHash][]int{} // dependency -> changes that lack it
	missing := make([]int, len(in.changes))
	first := map[id.ChangeHash]int{}
	for i, c := range in.changes {
		if _, twice := first[c.Hash]; !twice {
			first[c.Hash] = i
		}
	}
	for i, c := range in.changes {
		for _, d := range c.Deps {
			if _, ok := first[d]; ok {
				waiting[d] = append(waiting[d], i)
				missing[i]++
			}
		}
	}
	sorted := make([]*chunk.Change, 0, len(in.changes))
	for i, c := range in.changes {
		if missing[i] == 0 {
			sorted = append(sorted, c)
		}
	}
	for i := 0; i < len(sorted); i++ {
		hash := sorted[i].Hash
		for _, j := range waiting[hash] {
			if missing[j]--; missing[j] == 0 {
				sorted = append(sorted, in.changes[j])
			}
		}
		delete(waiting, hash)
	}
	return sorted
}

func (in *intake) report(w io.Writer) {
	for i, err := range in.refused {
		if i == refusalsShownMost {
			fmt.Fprintf(w, "refused: %d more\n", len(in.refused)-i)
			break
		}
		fmt.Fprintf(w, "refused: %v\n", err)
	}
	fmt.Fprintf(w, "%s stored, %d known already, %d refused\n", plural(int64(in.stored), "change"), in.known, len(in.refused))
}
