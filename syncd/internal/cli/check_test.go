package cli_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/cli"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// damagedRecords is a store with two damaged records and a damaged author.
type damagedRecords struct {
	store.Store
	author id.Document
}

func (d damagedRecords) Records(prefix []byte, yield func(k, v []byte) error) error {
	return errors.Join(d.Store.Records(prefix, yield),
		fmt.Errorf("%w: record A", store.ErrCorrupt), fmt.Errorf("%w: record B", store.ErrCorrupt))
}

func (d damagedRecords) Authors(doc id.Document, yield func(store.ActorAuthor) error) error {
	err := d.Store.Authors(doc, yield)
	if doc == d.author {
		return errors.Join(err, fmt.Errorf("%w: author of an actor", store.ErrCorrupt))
	}
	return err
}

func TestCheckReadsRecordsAndAuthors(t *testing.T) {
	r := newRunner(t)
	r.put("d", doc(1), story(t, "ann", 1)...)
	r.put("d", doc(2), story(t, "bob", 1)...)
	s, _ := r.open("d", true, nil)
	if err := s.PutRecords([]store.Record{{Key: []byte("k"), Value: []byte("v")}}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if out := r.ok("check", "--data=d"); !strings.HasSuffix(out, ", 1 record checked: all is well\n") {
		t.Errorf("a sound store: %q", out)
	}
	r.wrap = func(s store.Store) store.Store { return damagedRecords{s, doc(2)} }
	res := r.run("check", "--data=d")
	for _, want := range []string{
		"damaged: " + doc(2).URL() + ": ", "record A\n", "record B\n", "2 documents, 2 changes, ", ", 3 records checked: 3 damaged\n",
	} {
		if !strings.Contains(res.out, want) {
			t.Errorf("%q is not in the output", want)
		}
	}
	if res.code != cli.ExitWrong || strings.Contains(res.out, doc(1).URL()) {
		t.Errorf("exit %d\n%s%s", res.code, res.out, res.stderr)
	}
}
