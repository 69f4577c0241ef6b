// Package historytest makes small valid histories for the tests of the packages
// that handle changes. It is for tests only and fails by panicking.
package historytest

import (
	"fmt"
	"strings"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// Author writes changes to its own copy of a document.
type Author struct {
	*history.History
	Actor id.Actor
	seq   uint64
	maxOp uint64
}

// New returns an author with an empty document.
func New(name string) *Author {
	return &Author{History: history.New(history.Limits{}), Actor: id.Actor(name)}
}

// Posts returns an author of n changes that together deflate well, as those of boards do.
func Posts(n int) *Author {
	a := New("a")
	for i := range n {
		a.Put(fmt.Sprint("post ", i), strings.Repeat("somebody needs a ladder on Saturday ", 5))
	}
	return a
}

// Put makes a change that sets a key of the root map, on top of everything that
// the author has.
func (a *Author) Put(key, value string) *chunk.Change {
	return a.Change(chunk.Op{Key: key, Action: chunk.ActionSet, Value: chunk.StringValue(value)})
}

// Change makes a change with the given operations.
func (a *Author) Change(ops ...chunk.Op) *chunk.Change {
	c := a.Draft(ops...)
	a.Take(c)
	return c
}

// Draft builds the author's next change without adding it to its document.
func (a *Author) Draft(ops ...chunk.Op) *chunk.Change {
	c, err := chunk.Build(chunk.Spec{
		Deps:    a.Heads(),
		Actor:   a.Actor,
		Seq:     a.seq + 1,
		StartOp: a.maxOp + 1,
		Ops:     ops,
	})
	if err != nil {
		panic(err)
	}
	return c
}

// Take adds changes to the author's document, whoever made them; those that it
// has are passed over.
func (a *Author) Take(changes ...*chunk.Change) {
	for _, c := range changes {
		added, err := a.Add(c)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", a.Actor, err))
		}
		for _, c := range added {
			a.maxOp = max(a.maxOp, c.MaxOp())
			if c.Actor == a.Actor {
				a.seq = c.Seq
			}
		}
	}
	a.MarkDurable(a.Len())
}

// All returns the author's changes in order.
func (a *Author) All() []*chunk.Change {
	all := make([]*chunk.Change, a.Len())
	for i := range all {
		all[i] = a.At(i)
	}
	return all
}
