package badger_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/badger"
	"github.com/tavle-org/tavle/syncd/internal/store/groupcommit"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// A test that needs a process to kill or to trace runs this test binary again
// with childEnv set to what it shall do and the directory of its store.
const childEnv = "TAVLE_STORE_CHILD"

const (
	childWrites  = "writes"  // childWriters writers, for ever
	childRotates = "rotates" // one writer, until the log has changed twice
)

const (
	childWriters        = 8
	childRotatesAppends = 450
)

// childChange is change i of writer w: mostly small, as posts are. One writer
// fills the log quickly, and one needs several transactions now and then.
func childChange(w, i int) []byte {
	size := 350
	switch {
	case w == 0:
		size = 100_000
	case w == 1 && i%8 == 7:
		size = 1_500_000
	}
	return storetest.Changes(storetest.Document(w), i, 1, size)[0]
}

func TestMain(m *testing.M) {
	if what, dir, ok := strings.Cut(os.Getenv(childEnv), " "); ok {
		if err := child(what, dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child appends to the store in dir, going on where the documents end. On
// standard output it says "append" before each, with the number of the document
// and of the changes that it will have, and "ack" from the done callback.
func child(what, dir string) error {
	s, err := badger.Open(badger.Config{Dir: dir})
	if err != nil {
		return err
	}
	c := groupcommit.New(s, groupcommit.Config{})
	writers, appends := childWriters, 1<<30
	if what == childRotates {
		writers, appends = 1, childRotatesAppends
	}
	errs := make(chan error, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() { errs <- childWrite(c, s, w, appends) })
	}
	wg.Wait()
	c.Close()
	for range writers {
		if err := <-errs; err != nil {
			return err
		}
	}
	return s.Close()
}

func childWrite(c *groupcommit.Committer, s *badger.Store, w, appends int) error {
	doc := storetest.Document(w)
	info, _, err := s.Stat(doc)
	if err != nil {
		return err
	}
	heard := make(chan error, 1)
	for first := info.Changes; first < info.Changes+appends; first++ {
		a := store.Append{
			Document: doc, First: first,
			Changes: [][]byte{childChange(w, first)}, Heads: storetest.Heads(first+1, 1),
		}
		fmt.Printf("append %d %d\n", w, first+1)
		err := c.Submit(context.Background(), a, func(err error) {
			if err == nil {
				fmt.Printf("ack %d %d\n", w, first+1)
			}
			heard <- err
		})
		if err == nil {
			err = <-heard
		}
		if err != nil {
			return err
		}
	}
	return nil
}
