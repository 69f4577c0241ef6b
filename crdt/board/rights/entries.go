package rights

import (
	"crypto/sha256"
	"strings"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// entryAt is an operation on a map from ids to entries.
//
// An id stands for one entry of a document, wherever it is made: readers take maps
// that were made twice for one, and a record of moderation names nothing but ids.
// So nobody can put something under the id of another's entry, in whatever map. Who
// made a post, a reply or an offer may make it again, since two tabs may send the
// same form, but only while they may edit it: readers show the fields of the later
// one first. For the same reason records, which are never changed, are made once.
func (w *walk) entryAt(op *chunk.Op) Reason {
	id, ok := parseID(op.Key)
	if !ok || op.Action != chunk.ActionMakeMap {
		w.make(op, 0, w.obj.entry)
		if ok && w.judging && w.obj.loose && op.Action == chunk.ActionDelete {
			return w.mayEdit()
		}
		return notMade(op)
	}
	at, again := w.lookup(id)
	if again && !w.same(at) {
		again = false
		if w.judging {
			return TakenID
		}
	}
	reason := w.mayMake(op, at, again)
	if reason != 0 && w.judging {
		return reason
	}
	e := freshEntry{of: none, entry: entry{id: id, parent: w.obj.entry, shape: w.obj.of.number}}
	if again {
		e.of, e.entry = at, *w.entry(at)
	}
	if w.p.Kiosk && !again {
		e.flags |= flagKiosk
	}
	w.fresh = append(w.fresh, e)
	w.make(op, e.shape, int32(len(w.x.entries)+len(w.fresh)-1))
	return 0
}

func notMade(op *chunk.Op) Reason {
	switch {
	case op.Action == chunk.ActionDelete || len(op.Pred) > 0:
		return NeverDeleted
	case op.Action != chunk.ActionMakeMap:
		return WrongType
	}
	return BadID
}

// lookup finds an entry by its id.
func (w *walk) lookup(id entryID) (int32, bool) {
	if i, ok := w.x.find(id); ok {
		return i, true
	}
	for i := range w.fresh[:min(len(w.fresh), freshMax)] {
		if w.fresh[i].id == id {
			return int32(len(w.x.entries) + i), true
		}
	}
	return 0, false
}

// same tells whether an entry stands where one is being made.
func (w *walk) same(i int32) bool {
	e := w.entry(i)
	return e.shape == w.obj.of.number && w.canonical(e.parent) == w.canonical(w.obj.entry)
}

func (w *walk) mayMake(op *chunk.Op, at int32, again bool) Reason {
	if !w.judging {
		return 0
	}
	if w.obj.loose {
		return w.mayEdit()
	}
	if len(op.Pred) > 0 {
		return NeverDeleted
	}
	if r := w.allowed(w.obj.make, w.obj.entry, false); r != 0 {
		return r
	}
	switch {
	case !again && len(w.fresh) >= freshMax:
		return TooMany
	case !again:
		return 0
	case w.freshAt(at) != nil:
		return TakenID // twice in one change
	case w.relation(at) != Own:
		return NotYours
	}
	return w.allowed(w.obj.of.edit, at, false) // records are made once
}

// finish judges what only the whole change shows.
func (w *walk) finish() *Refusal {
	if r := w.endText(); r != 0 {
		return &Refusal{Reason: r, Path: w.path(&chunk.Op{})}
	}
	for i := range w.fresh {
		n := int32(len(w.x.entries) + i)
		if r := w.complete(n, &w.fresh[i]); r != 0 {
			return &Refusal{Reason: r, Path: w.pathOf(n, "")}
		}
	}
	return nil
}

func (w *walk) complete(n int32, e *freshEntry) Reason {
	s := shapes[e.shape]
	switch {
	case e.has&s.needs != s.needs:
		return Incomplete
	case e.leak && e.flags&flagProxy != 0:
		return ContactData
	case s == recordEntry:
		return w.mayModerate(e.target)
	case s == claimEntry && !w.fits(n, e):
		return WrongSecret
	case s == claimEntry:
		post := w.entry(w.post(n))
		if post.flags&flagClaimed != 0 && !w.p.owns(w.x.refs[post.holder]) {
			return AlreadyClaimed
		}
	}
	return 0
}

// fits tells whether a claim has the secret of a hand-over by the author of the
// post. Others count for nobody who reads.
func (w *walk) fits(n int32, claim *freshEntry) bool {
	over := w.entry(n).parent
	want, ok := w.x.hashes[over]
	if f := w.freshAt(over); f != nil {
		want, ok = f.hash, true
	}
	author := w.signer(w.post(n))
	return ok && author != "" && author == w.signer(over) && sha256.Sum256([]byte(claim.secret)) == want
}

// commit enters into the index what the change did.
func (w *walk) commit() {
	x, first := w.x, int32(len(w.x.entries))
	numbers := make([]int32, len(w.fresh)) // in the index
	for i := range w.fresh {
		f := &w.fresh[i]
		if f.of != none {
			numbers[i] = f.of
			x.entries[f.of].flags |= f.flags & flagProxy
			continue
		}
		if f.parent >= first {
			f.parent = numbers[f.parent-first]
		}
		numbers[i] = int32(len(x.entries))
		w.enter(numbers[i], f)
	}
	resolve := func(i int32) int32 {
		if i >= first {
			return numbers[i-first]
		}
		return i
	}
	for _, m := range w.made {
		x.objects.add(w.actors[0], made{m.counter, object{resolve(m.entry), m.shape}})
	}
	for _, t := range w.touched {
		x.touched(resolve(t.entry), t)
	}
	for i := range w.fresh {
		if w.fresh[i].of == none {
			w.follow(numbers[i], &w.fresh[i])
		}
	}
}

// follow does what follows from a record that is new to the index.
func (w *walk) follow(n int32, f *freshEntry) {
	switch shapes[f.shape] {
	case claimEntry:
		w.x.claim(n, f.secret)
	case answerEntry:
		w.x.answer(w.x.entries[n].parent, f.answer, w.p.Author)
	case recordEntry:
		w.x.moderate(n, f.target, f.removes)
	}
}

// enter adds an entry that is new to the index.
func (w *walk) enter(n int32, f *freshEntry) {
	x := w.x
	by := f.signed
	if by == "" {
		by = w.p.Member
	}
	f.by = x.number(strings.Clone(by))
	f.holder = f.by
	x.entries = append(x.entries, f.entry)
	x.ids.add(x.entries)
	if shapes[f.shape] == handoverEntry {
		x.hashes[n] = f.hash
	}
}

func (x *Index) touched(n int32, t touch) {
	const most = 1 << 30
	e := &x.entries[n]
	e.inserted = int32(min(int(e.inserted)+t.inserted, most))
	for i, n := range t.labels {
		e.labels[i] = uint16(min(int(e.labels[i])+n, 1<<15))
	}
	if t.answered {
		e.flags |= flagAnswered
	}
	if t.ended {
		x.turn(n, e.flags|flagEnded)
	}
}

// claim gives a post to who claimed it with the secret, unless it is taken.
func (x *Index) claim(n int32, secret string) {
	over := x.entries[n].parent
	post := &x.entries[x.entries[over].parent]
	want, ok := x.hashes[over]
	if ok && post.flags&flagClaimed == 0 && post.by != 0 && post.by == x.entries[over].by && sha256.Sum256([]byte(secret)) == want {
		post.holder, post.flags = x.entries[n].by, post.flags|flagClaimed
	}
}

// parseID reads an id as board.ParseID does, to bytes.
func parseID(s string) (id entryID, ok bool) {
	if len(s) != idLen {
		return id, false
	}
	acc, bits, n := uint32(0), 0, 0
	for i := range idLen {
		v := crockford[s[i]]
		if v == 0 {
			return id, false
		}
		acc, bits = acc<<5|uint32(v-1), bits+5
		if bits >= 8 && n < len(id) {
			bits -= 8
			id[n] = byte(acc >> bits)
			n++
		}
	}
	return id, acc&3 == 0
}

const idLen = 26

// crockford is the value of each character of an id, plus one.
var crockford = func() (table [256]byte) {
	var zero [16]byte
	for v := range byte(32) {
		b := zero
		b[0] = v << 3
		table[board.IDFromBytes(b)[0]] = v + 1
	}
	return table
}()

var (
	postEntry     = postShape.child.of
	offerEntry    = postEntry.fields["offers"].child.of
	answerEntry   = offerEntry.fields["answers"].child.of
	handoverEntry = postEntry.fields["handovers"].child.of
	claimEntry    = handoverEntry.fields["claims"].child.of
	recordEntry   = pageShape.fields["moderation"].child.of

	fieldProxy     = postEntry.fields["proxy"]
	fieldIdea      = postEntry.fields["idea"]
	fieldWithdrawn = offerEntry.fields["withdrawn"]
	fieldAnswer    = answerEntry.fields["answer"]
	fieldTarget    = recordEntry.fields["target"]
	fieldAction    = recordEntry.fields["action"]
)
