package crdttest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

var update = flag.Bool("update", false, "write built.json anew; generate.mjs has to complete it")

// JavaScript has read these changes, which chunk.Build made, and built.json
// says what it saw. That the engine sees the same is
// TestEngineReadsWhatJavaScriptReads.
func TestBuiltChangesAreThoseThatJavaScriptRead(t *testing.T) {
	path := filepath.Join(histories, "built.json")
	var built [][]byte
	for _, c := range buildDocument(t) {
		built = append(built, c.Bytes())
	}
	if *update {
		data, err := json.Marshal(Vector{Changes: built})
		must(t, err)
		must(t, os.WriteFile(path, data, 0o666))
		t.Skip("now run generate.mjs")
	}
	var v Vector
	data, err := os.ReadFile(path)
	must(t, err)
	must(t, json.Unmarshal(data, &v))
	if len(v.Changes) != len(built) {
		t.Fatalf("built %d changes, JavaScript read %d", len(built), len(v.Changes))
	}
	for i := range built {
		if !bytes.Equal(built[i], v.Changes[i]) {
			t.Errorf("change %d is now\n%x\nJavaScript read\n%x", i, built[i], v.Changes[i])
		}
	}
}

func build(t *testing.T, s chunk.Spec) *chunk.Change {
	t.Helper()
	c, err := chunk.Build(s)
	must(t, err)
	return c
}

// buildDocument makes a document without any engine: every action and kind of
// value, a text with a mark, and a conflict of two actors that one of them settles.
func buildDocument(t *testing.T) []*chunk.Change {
	t.Helper()
	own := func(counter uint64) chunk.OpID { return chunk.OpID{Counter: counter} }
	set := func(key string, v chunk.Value, pred ...chunk.OpID) chunk.Op {
		return chunk.Op{Key: key, Action: chunk.ActionSet, Value: v, Pred: pred}
	}
	insert := func(object, after uint64, action chunk.Action, v chunk.Value) chunk.Op {
		return chunk.Op{Object: own(object), Sequence: true, Elem: own(after), Insert: true, Action: action, Value: v}
	}
	char := func(after uint64, s string) chunk.Op { return insert(12, after, chunk.ActionSet, chunk.StringValue(s)) }
	begin := insert(12, 13, chunk.ActionMark, chunk.BoolValue(true))
	begin.HasMarkName, begin.MarkName, begin.Expand = true, "bold", true
	end := insert(12, 15, chunk.ActionMark, chunk.Value{})

	first := build(t, chunk.Spec{Actor: "\x20first", Seq: 1, StartOp: 1, Time: 1_700_000_000, Message: "bygget i Go", Ops: []chunk.Op{
		set("null", chunk.Value{}),
		set("yes", chunk.BoolValue(true)),
		set("no", chunk.BoolValue(false)),
		set("uint", chunk.UintValue(1<<40)),
		set("int", chunk.IntValue(-65)),
		set("float", chunk.Float64Value(0.5)),
		set("string", chunk.StringValue("nabo 🙂")),
		set("bytes", chunk.BytesValue([]byte{0, 0xff})),
		set("counter", chunk.CounterValue(5)),
		set("time", chunk.TimestampValue(-1)),
		{Key: "list", Action: chunk.ActionMakeList}, // 11
		{Key: "text", Action: chunk.ActionMakeText}, // 12
		char(0, "K"), char(13, "ø"), char(14, "d"), begin, end, // 13 … 17
		{Key: "map", Action: chunk.ActionMakeMap},         // 18
		insert(11, 0, chunk.ActionMakeMap, chunk.Value{}), // 19
		{Object: own(19), Key: "in", Action: chunk.ActionSet, Value: chunk.StringValue("list")},
		insert(11, 19, chunk.ActionSet, chunk.IntValue(2)),     // 21
		insert(11, 19, chunk.ActionSet, chunk.CounterValue(0)), // 22, before 21
	}})
	left := build(t, chunk.Spec{Deps: []id.ChangeHash{first.Hash}, Actor: "\x20first", Seq: 2, StartOp: 23, Ops: []chunk.Op{
		set("int", chunk.IntValue(1), own(5)),
		{Key: "counter", Action: chunk.ActionIncrement, Value: chunk.IntValue(-2), Pred: []chunk.OpID{own(9)}},
		{Key: "null", Action: chunk.ActionDelete, Pred: []chunk.OpID{own(1)}},
	}})
	theirs := func(counter uint64) chunk.OpID { return chunk.OpID{Counter: counter, Actor: 1} }
	right := build(t, chunk.Spec{
		Deps: []id.ChangeHash{first.Hash}, Actor: "\x10second", Seq: 1, StartOp: 23, Time: -1, Others: []id.Actor{"\x20first"},
		Ops: []chunk.Op{
			set("int", chunk.IntValue(2), theirs(5)),
			{Key: "counter", Action: chunk.ActionIncrement, Value: chunk.IntValue(40), Pred: []chunk.OpID{theirs(9)}},
			{Object: theirs(11), Sequence: true, Elem: theirs(21), Action: chunk.ActionDelete, Pred: []chunk.OpID{theirs(21)}},
			{Object: theirs(11), Sequence: true, Elem: theirs(22), Action: chunk.ActionIncrement, Value: chunk.IntValue(7), Pred: []chunk.OpID{theirs(22)}},
			{Object: theirs(12), Sequence: true, Elem: theirs(14), Insert: true, Action: chunk.ActionSet, Value: chunk.StringValue("ø")},
		},
	})
	heads := []id.ChangeHash{left.Hash, right.Hash}
	if heads[0].Compare(heads[1]) > 0 {
		heads[0], heads[1] = heads[1], heads[0]
	}
	settled := build(t, chunk.Spec{
		Deps: heads, Actor: "\x10second", Seq: 2, StartOp: 28, Others: []id.Actor{"\x20first"},
		Ops: []chunk.Op{set("int", chunk.IntValue(3), own(23), theirs(23))},
	})
	empty := build(t, chunk.Spec{Deps: []id.ChangeHash{settled.Hash}, Actor: "\x20first", Seq: 3, StartOp: 29, Message: "empty"})
	return []*chunk.Change{first, left, right, settled, empty}
}
