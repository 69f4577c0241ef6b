package history

import (
	"hash/maphash"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// graph is what has to be known of every change to tell who lacks what and who
// may refer to what, without its bytes: about 80 bytes a change, of which the
// hash is 32.
//
// # What was tried
//
// A Go map from hash to index takes 66 bytes a change, nearly as much as all of this,
// instead of 7, and is filled in nearly twice the time. A slice of dependencies for each change
// takes 28 bytes and an allocation, instead of 8 bytes. Not tried: to leave out
// what can be found by a search (the sequence number, the end of the dependencies), 8
// bytes; and to leave the hashes in the store, since every message of a peer names some,
// and those that it names first are mostly not the newest.
type graph struct {
	hashes []id.ChangeHash
	nodes  []node
	deps   []int32 // of all changes, one after the other
	table  []int32 // open addressing: index+1 of a change, 0 where there is none
}

// node is a change in the graph. Package chunk keeps its numbers within 32 bits.
type node struct {
	depsEnd uint32 // in graph.deps; they begin where those of the change before end
	actor   int32  // number in the actor table
	steps   int32  // longest way down to a change whose clock is kept
	seq     uint32
	startOp uint32
	opCount uint32
	size    uint32 // bytes of the chunk, not deflated
}

// maxOp is the counter of the last operation; startOp-1 if there is none.
func (n *node) maxOp() uint64 { return uint64(n.startOp) + uint64(n.opCount) - 1 }

func nodeOf(c *chunk.Change) node {
	return node{
		actor: -1, seq: uint32(c.Seq), startOp: uint32(c.StartOp), opCount: uint32(c.OpCount), size: uint32(len(c.Bytes())),
	}
}

// depsOf are the dependencies of a change, in the order in which it names them.
func (g *graph) depsOf(i int32) []int32 {
	begin := uint32(0)
	if i > 0 {
		begin = g.nodes[i-1].depsEnd
	}
	end := g.nodes[i].depsEnd
	return g.deps[begin:end:end]
}

func (g *graph) append(hash id.ChangeHash, n node, deps []int32) {
	g.deps = append(g.deps, deps...)
	n.depsEnd = uint32(len(g.deps))
	g.nodes = append(g.nodes, n)
	g.hashes = append(g.hashes, hash)
	if 4*len(g.hashes) > 3*len(g.table) {
		g.rehash(2 * len(g.hashes))
	} else {
		g.enter(int32(len(g.hashes) - 1))
	}
}

// tableSeed keeps others from making hashes that stand in each other's way.
var tableSeed = maphash.MakeSeed()

const tableMin = 16

// rehash makes the table anew, with room for n changes.
func (g *graph) rehash(n int) {
	size := tableMin
	for 3*size < 4*n {
		size *= 2
	}
	g.table = make([]int32, size)
	for i := range g.hashes {
		g.enter(int32(i))
	}
}

func (g *graph) enter(i int32) {
	mask := len(g.table) - 1
	at := g.slot(&g.hashes[i])
	for g.table[at] != 0 {
		at = (at + 1) & mask
	}
	g.table[at] = i + 1
}

func (g *graph) slot(hash *id.ChangeHash) int {
	return int(maphash.Bytes(tableSeed, hash[:])) & (len(g.table) - 1)
}

func (g *graph) find(hash id.ChangeHash) (int32, bool) {
	if len(g.table) == 0 {
		return 0, false
	}
	mask := len(g.table) - 1
	for at := g.slot(&hash); g.table[at] != 0; at = (at + 1) & mask {
		if i := g.table[at] - 1; g.hashes[i] == hash {
			return i, true
		}
	}
	return 0, false
}

// bytes is what the graph takes in memory.
func (g *graph) bytes() int64 {
	const perNode = 7 * 4
	return int64(cap(g.hashes)*len(id.ChangeHash{}) + cap(g.nodes)*perNode + 4*(cap(g.deps)+cap(g.table)))
}
