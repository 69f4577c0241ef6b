package badger

import (
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/store"
	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// cutShort does what a kill leaves of an append that does not fit one transaction.
func cutShort(t *testing.T, s *Store, a store.Append) {
	t.Helper()
	metas, err := s.check([]store.Append{a})
	if err != nil {
		t.Fatal(err)
	}
	w := writer{store: s}
	if err := w.append(a, metas[0]); err != nil {
		t.Fatal(err)
	}
	if !w.committed || w.txn == nil {
		t.Fatal("the append has one transaction")
	}
	w.txn.Discard()
}

// What an append that was cut short has left goes with the next one, however large that is;
// another document's and what is counted stay.
func TestTheNextAppendRemovesLeftovers(t *testing.T) {
	for name, changes := range map[string]int{"of one transaction": 2, "of several": 40, "that is cut short, too": 0} {
		t.Run(name, func(t *testing.T) {
			s, doc, other := mustOpen(t, t.TempDir()), storetest.Document(1), storetest.Document(2)
			mustCommit(t, s, storetest.AppendOf(doc, 0, 3, 350), storetest.AppendOf(other, 0, 1, 350))
			cutShort(t, s, storetest.AppendOf(doc, 3, 60, 100<<10))
			cutShort(t, s, storetest.AppendOf(other, 1, 60, 100<<10))
			if changes == 0 {
				cutShort(t, s, storetest.AppendOf(doc, 3, 50, 100<<10))
				changes = 1
			}
			mustCommit(t, s, storetest.AppendOf(doc, 3, changes, 100<<10))
			if got, _, err := storetest.Load(s, doc); err != nil || len(got) != 3+changes {
				t.Fatalf("%d changes, %v; want %d", len(got), err, 3+changes)
			}
			txn := s.db.NewTransaction(false)
			defer txn.Discard()
			m, _, err := readMeta(txn, doc)
			if err != nil || m.reserved != m.changes {
				t.Errorf("%d changes, %d reserved, %v", m.changes, m.reserved, err)
			}
			if n := countRecords(t, s, doc); n != int(m.records) {
				t.Errorf("there are %d records, the description counts %d", n, m.records)
			}
			if n := countRecords(t, s, other); n < 2 {
				t.Errorf("another document has %d records", n)
			}
		})
	}
}
