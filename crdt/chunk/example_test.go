package chunk_test

import (
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

func Example() {
	actor, err := id.ParseActor("a1b2c3")
	if err != nil {
		fmt.Println(err)
		return
	}
	// {"title": "Soup"}, and the title replaced in the same change.
	built, err := chunk.Build(chunk.Spec{
		Actor: actor, Seq: 1, StartOp: 1, Message: "a post",
		Ops: []chunk.Op{
			{Key: "title", Action: chunk.ActionSet, Value: chunk.StringValue("Soup")},
			{Key: "title", Action: chunk.ActionSet, Value: chunk.StringValue("Soup on Friday"), Pred: []chunk.OpID{{Counter: 1}}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// What another peer does with the bytes.
	change, err := chunk.ParseChange(chunk.Deflate(nil, built.Bytes()), chunk.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(change.Actor, change.Seq, change.Message, change.Hash == built.Hash)
	for i, op := range change.Ops() {
		text, _ := op.Value.Text()
		fmt.Printf("%d@%s: %s %q to %q\n", change.StartOp+uint64(i), change.Actor, op.Action, op.Key, text)
		for _, p := range op.Pred {
			fmt.Printf("  instead of %d@%s\n", p.Counter, change.ActorAt(p.Actor))
		}
	}
	// Output:
	// a1b2c3 1 a post true
	// 1@a1b2c3: set "title" to "Soup"
	// 2@a1b2c3: set "title" to "Soup on Friday"
	//   instead of 1@a1b2c3
}
