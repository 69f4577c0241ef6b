package board

import (
	"fmt"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// Schema is the version of SCHEMA.md that documents begin with.
const Schema = 1

// genesisActor is the author of every genesis change: on every device the same.
func genesisActor() id.Actor {
	d := firstBytes("tavle/genesis/v1")
	return id.Actor(d[:])
}

// BoardGenesis is the change that a board document begins with, the same for
// every board.
func BoardGenesis() *chunk.Change {
	return genesis(
		set("kind", chunk.StringValue("board")), set("schema", chunk.IntValue(Schema)),
		makeMap("categories"), makeMap("houseRules"), makeMap("contacts"), makeMap("pinned"), makeMap("settings"),
	)
}

// PageGenesis is the change that a page document begins with: the same on every
// device, byte for byte, so that nobody's posts hide another's.
func PageGenesis(board id.Document, month Month, epoch uint32) *chunk.Change {
	return genesis(
		set("kind", chunk.StringValue("page")), set("schema", chunk.IntValue(Schema)),
		set("board", chunk.StringValue(board.String())), set("month", chunk.StringValue(month.String())),
		set("epoch", chunk.IntValue(int64(epoch))), makeMap("posts"), makeMap("moderation"),
	)
}

func genesis(ops ...chunk.Op) *chunk.Change {
	c, err := chunk.Build(chunk.Spec{Actor: genesisActor(), Seq: 1, StartOp: 1, Ops: ops})
	if err != nil {
		panic(fmt.Sprintf("board: build a genesis change: %v", err)) // the arguments cannot cause it
	}
	return c
}

func set(key string, v chunk.Value) chunk.Op {
	return chunk.Op{Key: key, Action: chunk.ActionSet, Value: v}
}

func makeMap(key string) chunk.Op { return chunk.Op{Key: key, Action: chunk.ActionMakeMap} }
