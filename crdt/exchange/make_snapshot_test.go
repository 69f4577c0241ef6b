package exchange_test

import (
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

func TestSnapshotIsMadeForWhoLacksMost(t *testing.T) {
	a := historytest.Posts(100)
	for name, c := range map[string]struct {
		all, has, covered int // changes of the document, of the peer, of the snapshot that is there
		flags             *exchange.Flags
		fails             bool
		asked             int
		covers            int // what the snapshot covers that is sent; 0 for none
	}{
		"nothing":                        {all: 100, asked: 1, covers: 100},
		"a quarter":                      {all: 100, has: 25, asked: 1, covers: 100},
		"more than a quarter":            {all: 100, has: 26},
		"nothing of few":                 {all: 63},
		"nothing of enough":              {all: 64, asked: 1, covers: 64},
		"there is one that is as good":   {all: 100, covered: 80, covers: 80},
		"there is one that is too short": {all: 100, covered: 36, asked: 1, covers: 100},
		"there is one that is just good": {all: 100, covered: 37, covers: 37},
		"none can be made":               {all: 100, fails: true, asked: 1},
		"none can be made, one is there": {all: 100, covered: 36, fails: true, asked: 1, covers: 36},
		"declares nothing":               {all: 100, flags: nil},
		"takes no changes":               {all: 100, flags: &exchange.Flags{ReadOnly: true}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.flags == nil && name != "declares nothing" {
				c.flags = &exchange.Flags{}
			}
			h := historytest.New("all")
			for _, change := range a.Prefix(c.all) {
				h.Take(change)
			}
			h.MarkDurable(c.all)
			asked := 0
			round := exchange.NewRound(h.History)
			if c.covered > 0 {
				round.UseSnapshot(snapshot(t, h, c.covered))
			}
			round.MakeSnapshots(func() *history.Snapshot {
				if asked++; c.fails {
					return nil
				}
				return snapshot(t, h, c.all)
			})
			for range 2 { // peers that have the same
				var s exchange.State
				m := &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}, Flags: c.flags}
				if c.has > 0 {
					m.Heads = []id.ChangeHash{h.At(c.has - 1).Hash}
				}
				s.Receive(h.History, m)
				got, err := exchange.Decode(round.Generate(&s).Bytes(), exchange.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				covers := 0
				if got.Version == exchange.V2 {
					d, err := chunk.ParseDocument(got.Changes[0], chunk.Limits{})
					if err != nil {
						t.Fatal(err)
					}
					covers = len(d)
				}
				if covers != c.covers {
					t.Errorf("it is sent a snapshot of %d changes, want %d", covers, c.covers)
				}
			}
			if asked != c.asked {
				t.Errorf("a snapshot was asked for %d times, want %d", asked, c.asked)
			}
		})
	}
}
