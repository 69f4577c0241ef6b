package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

type checkCmd struct {
	config.Store `embed:""`
}

func (*checkCmd) Help() string {
	return `Reads every document whole: the changes parse, match their hashes, follow their dependencies and are valid, they end at the heads that the store has noted, and it is sound who wrote them. Then reads every record of who belongs to the boards. Names every damaged document and record and goes on; exits with 1 if there was one. Changes nothing. The store must not be in use by a running syncd.`
}

// progressEvery is after how many documents a terminal shows the count.
const progressEvery = 100

// tally is what check has seen.
type tally struct {
	documents, records, damaged, changes, bytes int64
}

func (c *checkCmd) Run(a *app) error {
	s, err := a.openStore(c.Data, false)
	if err != nil {
		return err
	}
	defer s.Close()
	out := bufio.NewWriter(a.Stdout)
	t, err := checkAll(s, out, progress(a.Stderr))
	if err != nil {
		return errors.Join(fmt.Errorf("check %s: %w", c.Data, err), out.Flush())
	}
	fmt.Fprintf(out, "%s, %s, %s", plural(t.documents, "document"), plural(t.changes, "change"), plural(t.bytes, "byte"))
	if t.records > 0 {
		fmt.Fprintf(out, ", %s", plural(t.records, "record"))
	}
	fmt.Fprint(out, " checked: ")
	if t.damaged == 0 {
		fmt.Fprintln(out, "all is well")
		return out.Flush()
	}
	fmt.Fprintf(out, "%d damaged\n", t.damaged)
	return errors.Join(errWrong, out.Flush())
}

// progress returns what shows the number of checked documents in place, where
// a person is looking.
func progress(w io.Writer) func(documents int64) {
	if !terminal(w) {
		return func(int64) {}
	}
	return func(n int64) {
		if n%progressEvery == 0 {
			fmt.Fprintf(w, "\r%d documents checked\r", n)
		}
	}
}

// checkAll writes a line for each damaged document. An error means that it did
// not see all of them.
func checkAll(s store.Store, out *bufio.Writer, progress func(int64)) (t tally, err error) {
	damaged := func(what string) {
		t.damaged++
		fmt.Fprintf(out, "damaged: %s\n", what)
		_ = out.Flush() // the next write tells
	}
	err = s.Documents(nil, func(doc id.Document, noted store.Info) error {
		h, err := checkDocument(s, doc, noted)
		if err == nil {
			err = s.Authors(doc, func(store.ActorAuthor) error { return nil })
		}
		if errors.Is(err, store.ErrClosed) {
			return err
		}
		t.documents++
		t.changes += int64(h.Len())
		t.bytes += h.Bytes()
		if err != nil {
			damaged(fmt.Sprintf("%s: %v", doc.URL(), err))
		}
		progress(t.documents)
		return nil
	})
	if err != nil && !errors.Is(err, store.ErrCorrupt) {
		return t, err
	}
	// Documents that cannot be listed: the store names each in a line.
	for _, line := range lines(err) {
		t.documents++
		damaged(line)
	}
	err = s.Records(nil, func(_, _ []byte) error {
		t.records++
		return nil
	})
	if err != nil && !errors.Is(err, store.ErrCorrupt) {
		return t, err
	}
	for _, line := range lines(err) {
		t.records++
		damaged(line)
	}
	return t, nil
}

// lines are those of an error, none for nil.
func lines(err error) (all []string) {
	if err == nil {
		return nil
	}
	for line := range strings.Lines(err.Error()) {
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

// checkDocument reads a document from its first change and returns its history
// as far as it is sound, and what is wrong with the rest.
//
// Changes may follow those that the store has noted, from an append that a
// crash cut short. They have to be valid like all others.
func checkDocument(s store.Store, doc id.Document, noted store.Info) (*history.History, error) {
	h := history.New(history.Limits{})
	loaded, err := s.Load(doc, func(data []byte) error {
		if h.Len() == noted.Changes {
			if err := sameHeads(h, noted); err != nil {
				return err
			}
		}
		return checkChange(h, data)
	})
	switch {
	case err != nil:
		return h, err
	case h.Len() < noted.Changes:
		return h, fmt.Errorf("%s of %d are there", plural(int64(h.Len()), "change"), noted.Changes)
	case loaded.Changes != noted.Changes || !slices.Equal(loaded.Heads, noted.Heads):
		return h, errors.New("the store lists it with other heads than it loads it with")
	case h.Len() == noted.Changes:
		return h, sameHeads(h, noted)
	}
	return h, nil
}

func checkChange(h *history.History, data []byte) error {
	at := h.Len()
	c, err := chunk.ParseChange(data, chunk.Limits{})
	if err != nil {
		return fmt.Errorf("change %d: %w", at, err)
	}
	if h.Has(c.Hash) {
		return fmt.Errorf("change %d: %s is there twice", at, c.Hash)
	}
	added, err := h.Add(c)
	switch {
	case err != nil:
		return fmt.Errorf("change %d: %w", at, err)
	case len(added) == 0:
		return fmt.Errorf("change %d: %s stands before what it depends on", at, c.Hash)
	}
	return nil
}

func sameHeads(h *history.History, noted store.Info) error {
	if heads := h.Heads(); !slices.Equal(heads, noted.Heads) {
		return fmt.Errorf("its %d changes end at heads %s, the store has noted %s", noted.Changes, short(heads), short(noted.Heads))
	}
	return nil
}

// short names heads by their first digits, a few of them.
func short(heads []id.ChangeHash) string {
	const digits, most = 8, 3
	var names []string
	for i, h := range heads {
		if i == most {
			names = append(names, fmt.Sprintf("… (%d)", len(heads)))
			break
		}
		names = append(names, h.String()[:digits])
	}
	return fmt.Sprint(names)
}
