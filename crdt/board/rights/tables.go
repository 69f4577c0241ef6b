package rights

import (
	"cmp"
	"hash/maphash"
	"slices"
)

// What an index keeps most of, in flat slices: on a page of posts a Go map of objects took
// as much again as they do, and one of ids three times as much as a table of numbers.

// objects are the objects of a document by the operations that made them: for each
// actor, by its number, in the order of their counters: each change of an actor begins after its last.
type objects [][]made

// made is an object, and the counter of the operation that made it: 12 bytes.
type made struct {
	counter uint32 // at most chunk.CounterMax
	object
}

// search returns where the object of an actor stands, or would.
func search(of []made, counter uint64) (at int, ok bool) {
	return slices.BinarySearchFunc(of, counter, func(m made, c uint64) int { return cmp.Compare(uint64(m.counter), c) })
}

// of returns those of an actor.
func (x objects) of(actor int32) []made {
	if int(actor) >= len(x) {
		return nil
	}
	return x[actor]
}

// find returns an object; the zero value if nothing is known of it.
func (x objects) find(actor int32, counter uint64) object {
	of := x.of(actor)
	at, ok := search(of, counter)
	if !ok {
		return object{}
	}
	return of[at].object
}

// add enters an object that its actor made after all others of it.
func (x *objects) add(actor int32, m made) {
	for len(*x) <= int(actor) {
		*x = append(*x, nil)
	}
	(*x)[actor] = append((*x)[actor], m)
}

func (x objects) count() (n int) {
	for _, of := range x {
		n += len(of)
	}
	return n
}

// idTable finds entries by their ids: by open addressing, of which a slot holds the number of an
// entry. 0 is an empty one, since the first entry is the root, which has no id.
type idTable struct {
	slots []int32
	taken int
}

// seed keeps those who choose the ids from making some that stand in each other's way.
var seed = maphash.MakeSeed()

// slot returns the slot with the number of the entry with an id, or the empty one in which it belongs.
func (t *idTable) slot(id *entryID, entries []entry) *int32 {
	n := uint64(len(t.slots))
	for at := maphash.Bytes(seed, id[:]) >> 32 * n >> 32; ; at++ {
		if at == n {
			at = 0
		}
		if s := &t.slots[at]; *s == 0 || entries[*s].id == *id {
			return s
		}
	}
}

// add enters the last of the entries, unless one before it has its id. Three of four
// slots are taken at most.
func (t *idTable) add(entries []entry) {
	if 4*t.taken >= 3*len(t.slots) {
		t.grow(entries[:len(entries)-1])
	}
	last := len(entries) - 1
	if s := t.slot(&entries[last].id, entries); *s == 0 {
		*s, t.taken = int32(last), t.taken+1
	}
}

// grow makes the table anew, with room for half as many more.
func (t *idTable) grow(entries []entry) {
	*t = idTable{slots: make([]int32, 2*t.taken+8)}
	for i := 1; i < len(entries); i++ {
		if s := t.slot(&entries[i].id, entries); *s == 0 {
			*s, t.taken = int32(i), t.taken+1
		}
	}
}

// find returns the number of the entry with an id.
func (x *Index) find(id entryID) (int32, bool) {
	if x.ids.taken == 0 {
		return 0, false
	}
	n := *x.ids.slot(&id, x.entries)
	return n, n != 0
}
