package rights

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// # An index in storage
//
// To make an index again, all changes have to be read and gone through, 7 µs each. So it can be kept
// beside them, some 35 bytes a change of a page:
//
//	8        lawHash: what the rules were that made it
//	uvarint  number of actors; of each, in the order of their first changes:
//	           uvarint, bytes  its id
//	uvarint  number of references, without nobody's; of each: uvarint, bytes
//	uvarint  number of entries; of each, the first of which is the root:
//	           16       its id
//	           uvarint  the entry in which it stands
//	           uvarint  the reference with which it is signed
//	           uvarint  that of its holder
//	           uvarint  code points inserted
//	           uvarint  labels, of each set
//	           1        shape
//	           1        flags
//	of each actor:
//	uvarint  number of objects that it made; of each, by counter:
//	           uvarint  counter, less that of the one before
//	           varint   entry, less that of the one before
//	           1        shape
//	uvarint  number of hand-overs; of each: uvarint entry, 32 hash of its secret
//	uvarint  number of records that have a target; of each: uvarint entry, uvarint its target
//
// Authors are not in it, since they are stored with the changes: what an actor may do is decided in one
// place. Ids and helpers follow from the entries.
//
// It is derived, and is to be made anew from the changes if anything is wrong. A sum is for storage to
// keep, and that it is of these changes is for the caller to see; Restore checks that nothing in
// it leads outside.

// ErrSaved marks an index that cannot be restored: damaged, or made by other rules.
var ErrSaved = errors.New("the stored index of rights cannot be used")

// lawVersion is to be raised when the same changes make another index than before, though
// the shapes are the same.
const lawVersion = 1

// lawHash tells indexes apart that mean different things: by lawVersion, and by the shapes,
// whose numbers they hold.
var lawHash = sync.OnceValue(func() (hash [8]byte) {
	law := fmt.Appendln(nil, lawVersion, labelSets)
	for _, s := range shapes {
		law = fmt.Appendln(law, s.number, s.kind, s.name, s.make, s.edit, s.helped, s.ids, s.refs, s.labels, s.limit, s.loose)
		for _, name := range slices.Sorted(maps.Keys(s.fields)) {
			f, child := s.fields[name], uint8(0)
			if f.child != nil {
				child = f.child.number
			}
			law = fmt.Appendln(law, name, f.typ, f.limit, f.bit != 0, f.once, f.edit, f.helped, f.fixed, child)
		}
	}
	sum := sha256.Sum256(law)
	copy(hash[:], sum[:])
	return hash
})

// Append appends the index to b, in a form that Restore reads.
func (x *Index) Append(b []byte) []byte {
	b = slices.Grow(b, 1<<10+36*len(x.entries)+5*x.objects.count())
	hash := lawHash()
	b = append(b, hash[:]...)
	b = binary.AppendUvarint(b, uint64(len(x.authors)))
	for _, actor := range x.actorIDs() {
		b = appendBytes(b, string(actor))
	}
	b = binary.AppendUvarint(b, uint64(len(x.refs)-1))
	for _, ref := range x.refs[1:] {
		b = appendBytes(b, ref)
	}
	b = binary.AppendUvarint(b, uint64(len(x.entries)))
	for i := range x.entries {
		e := &x.entries[i]
		b = append(b, e.id[:]...)
		for _, n := range [...]int32{e.parent, e.by, e.holder, e.inserted} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		for _, n := range e.labels {
			b = binary.AppendUvarint(b, uint64(n))
		}
		b = append(b, e.shape, byte(e.flags))
	}
	for actor := range x.authors {
		of := x.objects.of(int32(actor))
		b = binary.AppendUvarint(b, uint64(len(of)))
		last := made{}
		for _, m := range of {
			b = binary.AppendUvarint(b, uint64(m.counter-last.counter))
			b = binary.AppendVarint(b, int64(m.entry)-int64(last.entry))
			b = append(b, m.shape)
			last = m
		}
	}
	b = binary.AppendUvarint(b, uint64(len(x.hashes)))
	for _, n := range slices.Sorted(maps.Keys(x.hashes)) {
		hash := x.hashes[n]
		b = append(binary.AppendUvarint(b, uint64(n)), hash[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(x.targets)))
	for _, n := range slices.Sorted(maps.Keys(x.targets)) {
		b = binary.AppendUvarint(b, uint64(n))
		b = binary.AppendUvarint(b, uint64(x.targets[n]))
	}
	return b
}

func (x *Index) actorIDs() []id.Actor {
	ids := make([]id.Actor, len(x.actors))
	for actor, n := range x.actors {
		ids[n] = actor
	}
	return ids
}

func appendBytes(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Restore makes of an index without changes one that Append has written, of the same
// document. author tells who an actor is bound to, as it was told to Add. After an
// error, which wraps ErrSaved, the index is as it was.
func (x *Index) Restore(data []byte, author func(id.Actor) Author) error {
	again := *x
	again.actors, again.numbers, again.hashes = map[id.Actor]int32{}, map[string]int32{"": 0}, map[int32]hash{}
	again.helpers, again.targets, again.refs = map[helper]int32{}, map[int32]int32{}, []string{""}
	again.refBytes = 0
	r := savedReader{data: data}
	law := lawHash()
	if got := r.take(len(law)); string(got) != string(law[:]) {
		return fmt.Errorf("%w: it was made by other rules", ErrSaved)
	}
	again.restoreActors(&r, author)
	again.restoreEntries(&r, x.entries[0].shape)
	again.restoreObjects(&r)
	again.restoreMarks(&r)
	if r.bad || len(r.data) > 0 {
		return fmt.Errorf("%w: it is damaged", ErrSaved)
	}
	*x = again
	return nil
}

func (x *Index) restoreActors(r *savedReader, author func(id.Actor) Author) {
	for range r.count(1) {
		actor, err := id.ActorFromBytes(r.take(r.count(1)))
		if _, twice := x.actors[actor]; err != nil || twice {
			r.fail()
			return
		}
		a := Author{}
		if actor != x.genesisActor {
			a = author(actor)
		}
		x.bind(actor, a)
	}
	for range r.count(1) {
		x.number(string(r.take(r.count(1))))
	}
}

func (x *Index) restoreEntries(r *savedReader, root uint8) {
	n := r.count(len(entryID{}) + 8)
	x.entries, x.ids = make([]entry, 0, n+n/8), idTable{}
	for i := range n {
		e := entry{id: entryID(r.take(len(entryID{})))}
		e.parent, e.by, e.holder = r.number(max(i, 1)), r.number(len(x.refs)), r.number(len(x.refs))
		e.inserted = r.number(math.MaxInt32)
		for l := range e.labels {
			e.labels[l] = uint16(r.number(math.MaxUint16 + 1))
		}
		e.shape, e.flags = r.shape(), flags(r.byte())
		if x.entries = append(x.entries, e); i > 0 {
			x.ids.add(x.entries)
		}
	}
	if n == 0 || x.entries[0].shape != root {
		r.fail()
		x.entries = []entry{{shape: root}} // for what is read until somebody asks
	}
	for i := range x.entries {
		e := &x.entries[i]
		if e.flags.stands() {
			x.helpers[x.helperOf(e)]++
		}
	}
}

func (x *Index) restoreObjects(r *savedReader) {
	x.objects = make(objects, len(x.authors))
	for actor := range x.authors {
		n := r.count(3)
		of, last := make([]made, 0, n+n/8), made{}
		for range n {
			m := made{counter: last.counter + uint32(r.number(chunk.CounterMax))}
			m.entry, m.shape = last.entry+r.step(), r.shape()
			if m.counter <= last.counter || m.counter > chunk.CounterMax || m.entry < 0 || int(m.entry) >= len(x.entries) {
				r.fail()
				return
			}
			of, last = append(of, m), m
		}
		x.objects[actor] = of
	}
}

// restoreMarks restores what few entries have.
func (x *Index) restoreMarks(r *savedReader) {
	for range r.count(1 + len(hash{})) {
		n := r.number(len(x.entries))
		x.hashes[n] = hash(r.take(len(hash{})))
	}
	for range r.count(2) {
		n := r.number(len(x.entries))
		x.targets[n] = r.number(len(x.entries))
	}
}

// savedReader takes fields off a stored index. When there is too little left, or a number is too large, it is bad
// for good and gives zeros.
type savedReader struct {
	data []byte
	bad  bool
}

func (r *savedReader) fail() { r.data, r.bad = nil, true }

func (r *savedReader) take(n int) []byte {
	if n > len(r.data) {
		r.fail()
		return make([]byte, n)
	}
	taken := r.data[:n]
	r.data = r.data[n:]
	return taken
}

func (r *savedReader) byte() byte { return r.take(1)[0] }

// shape takes the number of a shape.
func (r *savedReader) shape() uint8 {
	n := r.byte()
	if int(n) >= len(shapes) {
		r.fail()
		return 0
	}
	return n
}

// number takes a number below end.
func (r *savedReader) number(end int) int32 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || v >= uint64(end) {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return int32(v)
}

// step takes a difference of two numbers.
func (r *savedReader) step() int32 {
	v, n := binary.Varint(r.data)
	if n <= 0 || v < math.MinInt32 || v > math.MaxInt32 {
		r.fail()
		return 0
	}
	r.data = r.data[n:]
	return int32(v)
}

// count takes how many elements follow, of at least so many bytes each.
func (r *savedReader) count(bytesMin int) int {
	return int(r.number(len(r.data)/bytesMin + 1))
}
