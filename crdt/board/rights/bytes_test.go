package rights

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// What an index says that it takes is near what it does, whatever its changes are like.
func TestBytesAreWhatAnIndexTakes(t *testing.T) {
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	of := map[string]func(x *Index){
		"a change of many objects": func(x *Index) {
			ops := make([]chunk.Op, 100_000)
			for i := range ops {
				ops[i] = chunk.Op{Key: "k", Action: chunk.ActionMakeMap}
			}
			x.Add(build(t, "a", ops...), Author{})
		},
		"many changes of many actors": func(x *Index) {
			for i := range 5000 {
				x.Add(build(t, fmt.Sprint("actor ", i), chunk.Op{Key: "k", Action: chunk.ActionMakeMap}),
					Author{Member: fmt.Sprint("member ", i), Device: fmt.Sprint("device ", i)})
			}
		},
	}
	for name, fill := range of {
		fill(NewPage(board.DemoBoard(), may, 0)) // for what is made once
		before := heap()
		x := NewPage(board.DemoBoard(), may, 0)
		fill(x)
		took := heap() - before
		if told := float64(x.Bytes()); told < took/2 || told > 2*took {
			t.Errorf("%s: the index takes %.0f bytes and says %.0f", name, took, told)
		}
		runtime.KeepAlive(x)
	}
}

func build(t *testing.T, actor string, ops ...chunk.Op) *chunk.Change {
	t.Helper()
	c, err := chunk.Build(chunk.Spec{Actor: id.Actor(actor), Seq: 1, StartOp: 1, Ops: ops})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
