package cli

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/config"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

type docsCmd struct {
	config.Store `embed:""`
	Largest      int `placeholder:"N" help:"List only the N documents that take the most room, largest first."`
}

func (*docsCmd) Help() string {
	return "Stored bytes are what the changes of a document take on disk, compressed. The store must not be in use by a running syncd."
}

// row is one line of the list.
type row struct {
	doc  id.Document
	info store.Info
}

func (c *docsCmd) Run(a *app) error {
	if c.Largest < 0 {
		return usageError{errors.New("--largest must be at least 1")}
	}
	s, err := a.openStore(c.Data, false)
	if err != nil {
		return err
	}
	defer s.Close()
	out := bufio.NewWriter(a.Stdout)
	if err := c.list(s, out); err != nil {
		return fmt.Errorf("list documents: %w", err)
	}
	return out.Flush()
}

func (c *docsCmd) list(s store.Store, out *bufio.Writer) error {
	const form = "%-38s  %9v  %12v\n" // no document URL is longer than 38
	fmt.Fprintf(out, form, "DOCUMENT", "CHANGES", "STORED BYTES")
	print := func(r row) { fmt.Fprintf(out, form, r.doc.URL(), r.info.Changes, r.info.StoredBytes) }

	var largest []row
	var documents, changes, bytes int64
	err := s.Documents(nil, func(doc id.Document, info store.Info) error {
		documents++
		changes += int64(info.Changes)
		bytes += info.StoredBytes
		if c.Largest == 0 {
			print(row{doc, info})
			return nil
		}
		largest = keepLargest(largest, row{doc, info}, c.Largest)
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range largest {
		print(r)
	}
	fmt.Fprintf(out, form, plural(documents, "document"), changes, bytes)
	return nil
}

// keepLargest adds r to rows, which stay at most n and sorted, largest first.
func keepLargest(rows []row, r row, n int) []row {
	at, _ := slices.BinarySearchFunc(rows, r, func(a, b row) int {
		return cmp.Or(-cmp.Compare(a.info.StoredBytes, b.info.StoredBytes), slices.Compare(a.doc[:], b.doc[:]))
	})
	if at == n {
		return rows
	}
	rows = slices.Insert(rows, at, r)
	return rows[:min(n, len(rows))]
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
