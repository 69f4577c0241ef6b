package mem_test

import (
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Opener {
		disk := mem.NewDisk()
		return func() (store.Store, error) { return mem.Open(disk), nil }
	})
}

// The document of a torn append has the changes that were kept, though Info
// does not count them, and goes on after them.
func TestTornAppend(t *testing.T) {
	disk, doc := mem.NewDisk(), storetest.Document(1)
	s := mem.Open(disk)
	if err := s.Commit([]store.Append{storetest.AppendOf(doc, 0, 2, 50)}); err != nil {
		t.Fatal(err)
	}
	if err := s.CommitTorn([]store.Append{storetest.AppendOf(doc, 2, 5, 50)},
		func(int, store.Append) int { return 3 }); err != nil {
		t.Fatal(err)
	}
	s = mem.Open(disk)
	got, info, err := storetest.Load(s, doc)
	if err != nil || len(got) != 5 || info.Changes != 2 {
		t.Fatalf("%d changes, info %+v, %v; want 5 changes of which 2 are counted", len(got), info, err)
	}
	if err := s.Commit([]store.Append{storetest.AppendOf(doc, 5, 1, 50)}); err != nil {
		t.Fatalf("append after the torn one: %v", err)
	}
	if info, _, _ := s.Stat(doc); info.Changes != 6 {
		t.Fatalf("%d changes, want 6", info.Changes)
	}
}
