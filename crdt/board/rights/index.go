package rights

import (
	"unsafe"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// Index is what the rules need to know of one document: what each object is, who
// made each entry and to whom it belongs, and the authors of its actors. It is fed
// with every accepted change in the order of acceptance, and belongs to the
// goroutine that owns the document's history.
//
// # Why the order of acceptance decides
//
// Some rules depend on what others did: whether a post was handed over, who was
// accepted as its helper, who made an entry first. Two changes that do not know of each other
// may disagree about it, such as the neighbour's claim of a post and an edit by the
// volunteer who wrote it. A rule over causal order would let both stand, and would
// let a volunteer who never takes note of the claim write to the post for ever. So
// the index decides by what it has accepted when a change arrives: after the claim,
// the volunteer's edits are refused, also those made before it in ignorance. Their
// device is told and asks the person. Servers that accept in another order may
// decide otherwise; each sticks to what it has accepted.
//
// Restoring changes in the order in which they were accepted makes the same index.
type Index struct {
	genesis      id.ChangeHash
	genesisActor id.Actor

	actors  map[id.Actor]int32
	authors []Author // by number of the actor
	refs    []string // references of members that signed something; 0 is nobody
	numbers map[string]int32

	refBytes int // of all references

	objects objects
	entries []entry          // the first stands for the root of the document
	ids     idTable          // entries by id, which stands for one entry of the document
	hashes  map[int32]hash   // of the secrets of hand-overs
	helpers map[helper]int32 // accepted offers that stand; see helpers.go
	targets map[int32]int32  // entries that records of moderation are about

	posts   int // among the first counted entries
	counted int

	walk walk // of the change at hand; kept for its memory only
}

// object is what an object of the document is, and to which entry it belongs.
type object struct {
	entry int32
	shape uint8
}

// entry is a post, a reply, an offer or another record: 40 bytes.
type entry struct {
	id       entryID
	parent   int32 // the entry in which it stands
	by       int32 // the reference with which it is signed, or of who made it
	holder   int32 // of a post: who has it now
	inserted int32 // code points that were ever inserted into its texts
	labels   [labelSets]uint16
	shape    uint8
	flags    flags
}

type flags uint8

const (
	flagKiosk    flags = 1 << iota // made at a kiosk
	flagProxy                      // made for a neighbour
	flagClaimed                    // was handed over
	flagAnswered                   // as an idea, by who may
	flagAccepted                   // as an offer
	flagEnded                      // as an offer: withdrawn or removed
)

type (
	entryID [16]byte
	hash    [32]byte
)

// NewPage returns the index of an empty page of a board.
func NewPage(of id.Document, month board.Month, epoch uint32) *Index {
	return newIndex(board.PageGenesis(of, month, epoch), pageShape)
}

// NewBoard returns the index of an empty board document. All of them begin alike.
func NewBoard(id.Document) *Index { return newIndex(board.BoardGenesis(), boardShape) }

func newIndex(genesis *chunk.Change, root *shape) *Index {
	x := &Index{
		genesis: genesis.Hash, genesisActor: genesis.Actor,
		actors: map[id.Actor]int32{}, refs: []string{""}, numbers: map[string]int32{"": 0},
		entries: []entry{{shape: root.number}}, hashes: map[int32]hash{},
		helpers: map[helper]int32{}, targets: map[int32]int32{},
	}
	return x
}

// Check returns nil or a *Refusal: whether the principal may bring the change,
// which a history found valid, and all of whose ancestors were added. It changes
// nothing. Its time and memory are bounded by the operations of the change.
func (x *Index) Check(c *chunk.Change, p Principal) error {
	if c.Hash == x.genesis {
		return nil
	}
	w := x.start(c, p)
	defer w.forget()
	if reason := x.mayWrite(c, w.p); reason != 0 {
		return &Refusal{Reason: reason}
	}
	w.judging = true
	if r := w.run(); r != nil {
		return r
	}
	return nil
}

func (x *Index) mayWrite(c *chunk.Change, p Principal) Reason {
	switch n, bound := x.actors[c.Actor]; {
	case c.Actor == x.genesisActor:
		return GenesisOnly
	case p.Member == "" || p.Device == "" || p.Roles == 0:
		return NotMember
	case !p.Roles.Any(writers):
		return RoleMayNot
	case bound && x.authors[n].Device != p.Device:
		return ActorOfAnother
	}
	return 0
}

// Add takes note of a change that was accepted, also of a restored one, and of who
// its actor is bound to. An actor stays bound to the first author; the actor of the
// change that every document begins with is bound to nobody.
//
// It takes changes that Check would refuse: they may have been accepted by other
// rules. What is no part of a board stays closed.
func (x *Index) Add(c *chunk.Change, a Author) {
	if c.Actor == x.genesisActor {
		a = Author{}
	}
	w := x.start(c, Principal{Author: a})
	defer w.forget()
	w.genesis = c.Hash == x.genesis
	w.run()
	x.bind(c.Actor, a)
	w.commit()
}

// Author returns who an actor is bound to; false for an actor without a change.
func (x *Index) Author(actor id.Actor) (Author, bool) {
	n, ok := x.actors[actor]
	if !ok {
		return Author{}, false
	}
	return x.authors[n], true
}

// Posts returns how many posts the document has.
func (x *Index) Posts() int {
	for ; x.counted < len(x.entries); x.counted++ {
		if x.entries[x.counted].shape == postShape.child.of.number {
			x.posts++
		}
	}
	return x.posts
}

func (x *Index) bind(actor id.Actor, a Author) {
	if _, ok := x.actors[actor]; !ok {
		x.actors[actor] = int32(len(x.authors))
		x.authors = append(x.authors, a)
	}
}

// number is the number of a reference, which is entered if it is new.
func (x *Index) number(ref string) int32 {
	n, ok := x.numbers[ref]
	if !ok {
		n = int32(len(x.refs))
		x.refs, x.numbers[ref] = append(x.refs, ref), n
		x.refBytes += len(ref)
	}
	return n
}

// Bytes is about what the index takes in memory: most of it by the capacity of its slices. It
// takes a look at each actor.
func (x *Index) Bytes() int64 {
	const (
		fixed     = 2 << 10
		perActor  = 150 // its id, and who it is bound to
		perNumber = 60  // of what is in a map
	)
	n := fixed + x.refBytes + perActor*len(x.actors) +
		perNumber*(len(x.numbers)+len(x.helpers)+len(x.targets)+len(x.hashes)) + len(x.hashes)*len(hash{}) +
		cap(x.authors)*int(unsafe.Sizeof(Author{})) + cap(x.refs)*int(unsafe.Sizeof("")) +
		cap(x.entries)*int(unsafe.Sizeof(entry{})) + cap(x.ids.slots)*int(unsafe.Sizeof(int32(0))) +
		cap(x.objects)*int(unsafe.Sizeof([]made{})) + cap(x.walk.text.bytes)
	for _, of := range x.objects {
		n += cap(of) * int(unsafe.Sizeof(made{}))
	}
	return int64(n)
}
