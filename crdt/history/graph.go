package history

import (
	"hash/maphash"
	"math"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// graph is what has to be known of every change to tell who lacks what and who
// may refer to what, without its bytes. Of a change that was opened with its graph it takes
// about 45 bytes: a key 16, a node 12, where its dependencies stand 1, a dependency 4, the table that
// finds it by its hash 5 to 7, and the list of its actor 4. A newer one has its hash instead of a key.
//
// # Keys
//
// The hashes of opened changes stay in storage, where their entries and the changes themselves
// are. What is kept tells whether a hash is theirs: its first 12 bytes, which Bloom filters are asked with, and a
// sum with a secret seed. Who wanted another change taken for one of them would have to find two that begin alike, by
// trying some 2^48, and of such pairs 2^32, each of which he has to send to see.
//
// # What was tried
//
// A Go map from hash to index takes 66 bytes a change, more than all of this,
// and is filled in nearly twice the time. A slice of dependencies for each change
// takes 28 bytes and an allocation, instead of 5 bytes. Four bytes for each number of a node, with the sequence
// number and the end of the dependencies among them, which can be found from others: 22 bytes more; a walk over 1 000
// changes takes 9 to 12 us then, and 12 to 16 now. With a stride of 16 it took 18. Whole hashes of all: 16 bytes more. Not tried: to keep the
// numbers as they are stored (open.go), some 5 bytes less and work for each look; and to leave the keys in the
// store as well, since every message of a peer names some changes, and those that it names first are mostly not the newest.
type graph struct {
	keys   []key           // of the changes that were opened
	hashes []id.ChangeHash // of those after them
	packed []packed        // of all
	wide   map[int32]node  // of the changes whose numbers do not fit
	deps   []int32         // of all changes, one after the other
	begins []uint32        // where in deps those of each stride-th change begin
	table  []uint32        // open addressing: see slotOf; 0 where there is no change
}

// key is what is kept of the hash of an opened change.
type key struct {
	start id.HashStart
	sum   uint32
}

func keyOf(hash *id.ChangeHash) key {
	return key{hash.Start(), uint32(maphash.Bytes(seed, hash[:]))}
}

// node is what is known of a change besides its hash and its dependencies. Package chunk keeps
// its numbers within 32 bits.
type node struct {
	actor   int32 // number in the actor table
	startOp uint32
	opCount uint32
	size    uint32 // bytes of the chunk, not deflated
}

// packed is a node with the number of the change's dependencies.
type packed struct {
	startOp uint32
	opCount uint16 // isWide: the node is in graph.wide
	size    uint16
	actor   uint16
	deps    uint16
}

const (
	isWide = math.MaxUint16
	stride = 4

	depsMax  = math.MaxUint16 // of one change; package chunk takes fewer from a peer
	indexMax = 1<<indexBits - 2
)

// maxOp is the counter of the last operation; startOp-1 if there is none.
func (n node) maxOp() uint64 { return uint64(n.startOp) + uint64(n.opCount) - 1 }

func (g *graph) len() int { return len(g.packed) }

// hash is that of a change that was not opened.
func (g *graph) hash(i int32) *id.ChangeHash { return &g.hashes[int(i)-len(g.keys)] }

// is tells whether the hash is that of change i.
func (g *graph) is(i int32, hash *id.ChangeHash) bool {
	return g.matches(i, hash, keyOf(hash))
}

// matches is that with the key of the hash.
func (g *graph) matches(i int32, hash *id.ChangeHash, k key) bool {
	if int(i) < len(g.keys) {
		return g.keys[i] == k
	}
	return *g.hash(i) == *hash
}

func (g *graph) start(i int32) id.HashStart {
	if int(i) < len(g.keys) {
		return g.keys[i].start
	}
	return g.hash(i).Start()
}

func (g *graph) key(i int32) key {
	if int(i) < len(g.keys) {
		return g.keys[i]
	}
	return keyOf(g.hash(i))
}

func nodeOf(c *chunk.Change) node {
	return node{actor: -1, startOp: uint32(c.StartOp), opCount: uint32(c.OpCount), size: uint32(len(c.Bytes()))}
}

func (g *graph) node(i int32) node {
	p := g.packed[i]
	if p.opCount == isWide {
		return g.wide[i]
	}
	return node{actor: int32(p.actor), startOp: p.startOp, opCount: uint32(p.opCount), size: uint32(p.size)}
}

// depsOf are the dependencies of a change, in the order in which it names them.
func (g *graph) depsOf(i int32) []int32 {
	begin := g.begins[i/stride]
	for _, p := range g.packed[i/stride*stride : i] {
		begin += uint32(p.deps)
	}
	end := begin + uint32(g.packed[i].deps)
	return g.deps[begin:end:end]
}

// append takes a change whose dependencies, depsMax at most, are the last of g.deps, and whose key or hash is the last of
// those. It does not enter it into the table.
func (g *graph) append(n node, deps int) {
	i := int32(g.len())
	if i%stride == 0 {
		g.begins = append(g.begins, uint32(len(g.deps)-deps))
	}
	p := packed{startOp: n.startOp, opCount: uint16(n.opCount), size: uint16(n.size), actor: uint16(n.actor), deps: uint16(deps)}
	if n.opCount >= isWide || n.size > math.MaxUint16 || n.actor > math.MaxUint16 {
		if g.wide == nil {
			g.wide = map[int32]node{}
		}
		g.wide[i] = n
		p.opCount = isWide
	}
	g.packed = append(g.packed, p)
}

// # Finding a change by its hash
//
// A slot of the table holds the index plus one, and above it some bits of the hash, so that those that stand in the way are
// passed over without a look at their key. Seven of eight slots are taken at most.
const (
	indexBits = 24
	indexMask = 1<<indexBits - 1
)

// seed keeps others from making hashes that stand in each other's way, or have one key.
var seed = maphash.MakeSeed()

// index enters the last change into the table.
func (g *graph) index() {
	if n := g.len(); 8*n > 7*len(g.table) {
		g.reindex(n + n/2)
	} else {
		g.enter(int32(n - 1))
	}
}

// reindex makes the table anew, with room for n changes.
func (g *graph) reindex(n int) {
	g.table = make([]uint32, n+n/4+8)
	for i := range g.len() {
		g.enter(int32(i))
	}
}

func (g *graph) enter(i int32) {
	at, tag := g.slotOf(g.key(i))
	for g.table[at] != 0 {
		at = g.after(at)
	}
	g.table[at] = tag | uint32(i+1)
}

// slotOf returns where the search for a hash begins, and the bits of it that its slot holds.
func (g *graph) slotOf(k key) (at int, tag uint32) {
	return int(uint64(k.sum) * uint64(len(g.table)) >> 32), uint32(k.start[0]) << indexBits
}

func (g *graph) after(at int) int {
	if at++; at < len(g.table) {
		return at
	}
	return 0
}

func (g *graph) find(hash id.ChangeHash) (int32, bool) {
	if len(g.table) == 0 {
		return 0, false
	}
	k := keyOf(&hash)
	for at, tag := g.slotOf(k); g.table[at] != 0; at = g.after(at) {
		slot := g.table[at]
		if i := int32(slot&indexMask) - 1; slot&^indexMask == tag && g.matches(i, &hash, k) {
			return i, true
		}
	}
	return 0, false
}

// grow makes room for n changes that are opened.
func (g *graph) grow(n int) {
	g.keys = make([]key, 0, n)
	g.packed = make([]packed, 0, n)
	g.deps = make([]int32, 0, n)
	g.begins = make([]uint32, 0, n/stride+1)
}

// bytes is what the graph takes in memory.
func (g *graph) bytes() int64 {
	const perWide = 48
	return int64(cap(g.keys)*16+cap(g.hashes)*len(id.ChangeHash{})+cap(g.packed)*12+len(g.wide)*perWide) +
		4*int64(cap(g.deps)+cap(g.begins)+cap(g.table))
}
