package crdttest

import (
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// Changes that were once accepted and that a reader did not survive. Each must
// be refused, by whichever package.
func TestPoisonIsRefused(t *testing.T) {
	honest := chunk.Spec{Actor: "honest", Seq: 1, StartOp: 1, Ops: []chunk.Op{
		{Key: "text", Action: chunk.ActionMakeText},
		{Object: chunk.OpID{Counter: 1}, Sequence: true, Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue("a")},
		{Object: chunk.OpID{Counter: 1}, Sequence: true, Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue("b")},
	}}
	letter := func(after uint64, insert bool, s string, pred ...chunk.OpID) chunk.Op {
		return chunk.Op{
			Object: chunk.OpID{Counter: 1}, Sequence: true, Elem: chunk.OpID{Counter: after}, Insert: insert,
			Action: chunk.ActionSet, Value: chunk.StringValue(s), Pred: pred,
		}
	}
	for name, poison := range map[string]chunk.Spec{
		// JavaScript panics when something is written into a table.
		"a table": {Actor: "evil", Seq: 1, StartOp: 1, Ops: []chunk.Op{
			{Key: "t", Action: chunk.ActionMakeTable},
			{Object: chunk.OpID{Counter: 1}, Key: "k", Action: chunk.ActionSet, Value: chunk.BoolValue(true)},
		}},
		// JavaScript saves a document with this one and can never load it again.
		"an empty change that starts too late": {Actor: "evil", Seq: 1, StartOp: 2},
		// JavaScript panics when of two values of a letter one is deleted.
		"a letter with a second value": {Actor: "evil", Seq: 1, StartOp: 1, Ops: []chunk.Op{
			{Key: "t", Action: chunk.ActionMakeText},
			letter(0, true, "x"),
			letter(2, false, "y"),
		}},
		"a letter with another value": {Actor: "evil", Seq: 1, StartOp: 1, Ops: []chunk.Op{
			{Key: "t", Action: chunk.ActionMakeText},
			letter(0, true, "x"),
			letter(2, false, "y", chunk.OpID{Counter: 2}),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h := history.New(history.Limits{})
			add(t, h, []*chunk.Change{build(t, honest)})
			c, err := chunk.Build(poison)
			if err != nil {
				return
			}
			if _, err := h.Add(c); err == nil || h.Has(c.Hash) {
				t.Errorf("accepted: %x", c.Bytes())
			}
			// Not even after others have made room for it.
			grown := build(t, chunk.Spec{
				Actor: "honest", Seq: 2, StartOp: 4, Deps: []id.ChangeHash{build(t, honest).Hash},
				Ops: []chunk.Op{{Key: "k", Action: chunk.ActionSet, Value: chunk.BoolValue(true)}},
			})
			add(t, h, []*chunk.Change{grown})
			if h.Has(c.Hash) {
				t.Errorf("accepted later: %x", c.Bytes())
			}
		})
	}
}
