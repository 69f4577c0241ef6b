package rights

import (
	"strings"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// walk goes through the operations of one change: what each object is, and what
// the change makes. When judging it stops at the first operation that is not
// allowed; otherwise it takes what it can, to be committed to the index.
type walk struct {
	x       *Index
	c       *chunk.Change
	p       Principal
	judging bool
	genesis bool // the change is that of the index
	actors  []int32

	made    []made
	fresh   []freshEntry
	touched []touch

	at   int        // number of the operation
	last chunk.OpID // the object of the operation before, and what it is
	obj  target
	may  bool // the edits of obj are allowed

	bytes   int // of texts and strings that were looked at
	suspect int // bytes of them that may be personal data
	text    run
}

// freshEntry is an entry that the change makes; its number is that of the last
// entry of the index plus its own.
type freshEntry struct {
	entry
	of     int32 // the same entry in the index, or nobody
	signed string
	secret string // of a claim
	answer string // to an offer
	target string // of a record of moderation
	hash   hash   // of a hand-over
	has    uint16 // which of the fields that it needs are there
	leak   bool   // a field of it has contact data

	removes bool // a record of moderation that removes its target
}

const none = -1

// touch is what the change does to the texts and sets of an entry.
type touch struct {
	entry    int32
	inserted int
	labels   [labelSets]int
	members  int  // added to its other sets
	ended    bool // as an offer
	answered bool // as an idea, by who may
}

// target is an object that is written to.
type target struct {
	object
	*shape
	fresh bool // made by the change
}

// Limits of one change.
const (
	freshMax   = 100       // entries that it makes, and other entries whose texts and sets it changes
	madeMax    = 2000      // objects that it makes; a post with all its maps is some ten
	bytesMax   = 128 << 10 // of texts and strings
	membersMax = 200       // added to a set that is none of labels
	lifeFactor = 10        // by how much more than its limit a text takes over its life
)

func (x *Index) start(c *chunk.Change, p Principal) *walk {
	w := &x.walk
	if p.Kiosk { // whatever it was given: the next person at it is somebody else
		p.Roles &= 1 << Visitor
	}
	w.x, w.c, w.p, w.judging, w.genesis = x, c, p, false, false
	w.last, w.obj, w.bytes = chunk.OpID{}, target{object: object{}, shape: shapes[x.entries[0].shape]}, 0
	w.suspect = 0
	w.actors = append(w.actors, x.actorOf(c, 0))
	for i := range c.Others {
		w.actors = append(w.actors, x.actorOf(c, int32(i+1)))
	}
	return w
}

// actorOf is the number of an actor of the change; that of a new one is the next.
func (x *Index) actorOf(c *chunk.Change, i int32) int32 {
	if n, ok := x.actors[c.ActorAt(i)]; ok {
		return n
	}
	return int32(len(x.authors))
}

// forget lets go of the change, and of memory that only a large one needs.
func (w *walk) forget() {
	w.c, w.p = nil, Principal{}
	w.actors = w.actors[:0]
	w.made = emptied(w.made)
	w.fresh = emptied(w.fresh)
	w.touched = emptied(w.touched)
	w.text.reset()
}

const keptMax = 256 // elements of a slice that are kept for the next change

func emptied[T any](s []T) []T {
	if cap(s) > keptMax {
		return nil
	}
	clear(s)
	return s[:0]
}

func (w *walk) run() *Refusal {
	if w.judging {
		if r := w.message(); r != 0 {
			return &Refusal{Reason: r}
		}
	}
	for i, op := range w.c.Ops() {
		w.at = i
		r := w.op(&op)
		if len(w.made) > madeMax && r == 0 {
			r = TooMany
		}
		if r != 0 && w.judging {
			return &Refusal{Reason: r, Path: w.path(&op)}
		}
	}
	if !w.judging {
		return nil
	}
	return w.finish()
}

// message judges the text that a change carries beside its operations.
func (w *walk) message() Reason {
	return w.free(none, w.c.Message, board.LineMax)
}

func (w *walk) op(op *chunk.Op) Reason {
	if op.Object != w.last {
		if r := w.endText(); r != 0 && w.judging {
			return r
		}
		w.last, w.obj, w.may = op.Object, w.find(op.Object), false
	}
	switch w.obj.kind {
	case kindRoot, kindEntry, kindFields:
		return w.keyed(op)
	case kindByLang:
		return w.byLang(op)
	case kindEntries:
		return w.entryAt(op)
	case kindSet:
		return w.member(op)
	case kindText:
		return w.inText(op)
	case kindForeign:
		return w.foreign(op)
	}
	w.make(op, 0, w.obj.entry)
	return UnknownPlace
}

// find says what an object is. The history has seen to it that it exists.
func (w *walk) find(o chunk.OpID) target {
	t := target{shape: shapes[0]}
	switch {
	case o.IsZero():
		t.shape = shapes[w.x.entries[0].shape]
	case o.Actor == 0 && o.Counter >= w.c.StartOp:
		if i, ok := search(w.made, o.Counter); ok {
			t.object, t.fresh = w.made[i].object, true
		}
	default:
		t.object = w.x.objects.find(w.actors[o.Actor], o.Counter)
	}
	if t.object.shape != 0 {
		t.shape = shapes[t.object.shape]
	}
	return t
}

// make takes note of the object that an operation makes, if it makes one.
func (w *walk) make(op *chunk.Op, shape uint8, entry int32) {
	if op.Action.Makes() {
		w.made = append(w.made, made{uint32(w.c.StartOp) + uint32(w.at), object{entry, shape}})
	}
}

// entry returns an entry of the index, or one that the change makes.
func (w *walk) entry(i int32) *entry {
	if n := int32(len(w.x.entries)); i >= n {
		return &w.fresh[i-n].entry
	}
	return &w.x.entries[i]
}

// freshAt returns an entry that the change makes; nil for another.
func (w *walk) freshAt(i int32) *freshEntry {
	if n := int32(len(w.x.entries)); i >= n {
		return &w.fresh[i-n]
	}
	return nil
}

// canonical is the number of an entry in the index, if it is there.
func (w *walk) canonical(i int32) int32 {
	if f := w.freshAt(i); f != nil && f.of != none {
		return f.of
	}
	return i
}

// touch returns what the change does to an entry. Of a change that touches more
// entries than Check lets through there may be several, which add up.
func (w *walk) touch(i int32) *touch {
	i = w.canonical(i)
	for k := range w.touched[:min(len(w.touched), freshMax)] {
		if w.touched[k].entry == i {
			return &w.touched[k]
		}
	}
	w.touched = append(w.touched, touch{entry: i})
	return &w.touched[len(w.touched)-1]
}

// post is the post that an entry belongs to; the root for what is in none.
func (w *walk) post(i int32) int32 {
	for i != 0 && w.entry(i).shape != postEntry.number {
		i = w.entry(i).parent
	}
	return i
}

// signer is the reference with which an entry is signed.
func (w *walk) signer(i int32) string {
	if f := w.freshAt(i); f != nil && f.signed != "" {
		return f.signed
	}
	return w.x.refs[w.entry(i).by]
}

// relation is how the principal stands to an entry.
func (w *walk) relation(i int32) Relation {
	if f := w.freshAt(i); f != nil && f.of == none {
		return Own
	}
	e := w.entry(i)
	isPost := e.shape == postEntry.number
	switch {
	case isPost && w.p.owns(w.x.refs[e.holder]), !isPost && w.p.owns(w.x.refs[e.by]):
		return Own
	case !isPost || e.holder != e.by:
		return Other
	case e.flags&flagProxy != 0:
		return Proxy
	case e.flags&flagKiosk != 0:
		return Kiosk
	}
	return Other
}

// allowed tells whether the principal may do this at an entry, or why not.
func (w *walk) allowed(a Action, i int32, helped bool) Reason {
	if a == 0 {
		return SetOnce
	}
	if a != EditReply && a != EditOffer && a != Moderate {
		i = w.post(i)
	}
	r := w.relation(i)
	switch {
	case Allowed(w.p.Roles, a, r):
		return 0
	case helped && Allowed(w.p.Roles, EditAsHelper, r) && w.x.helps(i, w.p.Member):
		return 0
	case table[a][Own].Any(w.p.Roles):
		return NotYours
	}
	return RoleMayNot
}

// mayEdit tells whether the principal may change the object at hand.
func (w *walk) mayEdit() Reason {
	if w.obj.fresh || w.may {
		return 0
	}
	r := w.allowed(w.obj.edit, w.obj.entry, w.obj.helped)
	w.may = r == 0
	return r
}

// path is where an operation writes, without content.
func (w *walk) path(op *chunk.Op) string {
	var b strings.Builder
	w.appendPath(&b, w.obj.entry)
	if w.obj.kind != kindRoot && w.obj.kind != kindEntry && w.obj.kind != kindVoid && w.obj.kind != kindForeign {
		join(&b, w.obj.name)
	}
	if f := w.obj.fields[op.Key]; f != nil {
		join(&b, f.name)
	}
	if w.obj.kind == kindEntries {
		if id, ok := parseID(op.Key); ok {
			join(&b, string(board.IDFromBytes(id)))
		}
	}
	return b.String()
}

func (w *walk) appendPath(b *strings.Builder, i int32) {
	if i == 0 {
		return
	}
	e := w.entry(i)
	w.appendPath(b, e.parent)
	join(b, shapes[e.shape].name)
	join(b, string(board.IDFromBytes(e.id)))
}

func (w *walk) pathOf(i int32, field string) string {
	var b strings.Builder
	w.appendPath(&b, i)
	join(&b, field)
	return b.String()
}

func join(b *strings.Builder, s string) {
	if s == "" {
		return
	}
	if b.Len() > 0 {
		b.WriteByte('/')
	}
	b.WriteString(s)
}
