package board

import (
	"maps"
	"math"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// OpID names the operation that made an entry. Compare says which of two entries
// is the later one: what was written with knowledge of an entry is later than it.
type OpID struct {
	Counter uint64
	Actor   id.Actor
}

// Compare orders operations: -1, 0 or +1.
func (o OpID) Compare(p OpID) int {
	switch {
	case o == p:
		return 0
	case o.Counter < p.Counter, o.Counter == p.Counter && o.Actor < p.Actor:
		return -1
	}
	return 1
}

// Concurrent holds, for each field that has several values at once, all of them
// that differ, the one that is shown first: strings, bools, Times, and int64
// for numbers and for timestamps in milliseconds. The key is the field's name, with
// its map's before it where it stands in a map of the entry: "when.start".
type Concurrent map[string][]any

// entry is one map of a document, which may have been made more than once: its
// objects are read as one, the one that Automerge shows first.
type entry struct {
	d       *doc
	objects []*object
	prefix  string      // of names in concurrent
	notes   *Concurrent // what has several values; nil when nobody asks
}

// made is the earliest operation that made the entry.
func (e entry) made() OpID {
	least := e.objects[0].made
	for _, o := range e.objects[1:] {
		if e.d.compare(o.made, least) < 0 {
			least = o.made
		}
	}
	return OpID{least.counter, e.d.actors[least.actor]}
}

// objectsAt returns the objects of a kind under a key.
func (e entry) objectsAt(key string, kind objectKind) []*object {
	var found []*object
	for _, o := range e.objects {
		for _, v := range e.d.values(o, key) {
			if v.object != nil && v.object.kind == kind {
				found = append(found, v.object)
			}
		}
	}
	return found
}

// entryAt returns the map under a key; without objects when there is none.
func (e entry) entryAt(key string) entry {
	return entry{d: e.d, objects: e.objectsAt(key, kindMap), prefix: e.prefix + key + ".", notes: e.notes}
}

func (e entry) empty() bool { return len(e.objects) == 0 }

// keys returns the keys that have a value, sorted.
func (e entry) keys() []string {
	all := map[string]bool{}
	for _, o := range e.objects {
		for key := range o.fields {
			all[key] = true
		}
	}
	return sortedKeys(all)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// children calls f with each key under which a map stands, in the order of keys.
func (e entry) children(f func(key string, child entry)) {
	for _, key := range e.keys() {
		child := e.entryAt(key)
		child.prefix, child.notes = "", nil
		if !child.empty() {
			f(key, child)
		}
	}
}

// set returns the values of a set, sorted.
func (e entry) set() []string {
	var found []string
	e.notes = nil
	for _, key := range e.keys() {
		if b, ok := pick(e, key, asBool); ok && b {
			found = append(found, key)
		}
	}
	return found
}

// pick returns the value of a field and notes if there are several.
func pick[T comparable](e entry, key string, as func(chunk.Value) (T, bool)) (shown T, ok bool) {
	var all []any
	for _, o := range e.objects {
		for _, v := range e.d.values(o, key) {
			x, fits := as(v.scalar)
			if v.object != nil || !fits {
				continue
			}
			if !ok {
				shown, ok = x, true
			}
			if !slices.Contains(all, any(x)) {
				all = append(all, x)
			}
		}
	}
	e.note(key, all)
	return shown, ok
}

func (e entry) note(key string, all []any) {
	if len(all) < 2 || e.notes == nil {
		return
	}
	if *e.notes == nil {
		*e.notes = Concurrent{}
	}
	(*e.notes)[e.prefix+key] = all
}

func (e entry) string(key string) string {
	s, _ := pick(e, key, chunk.Value.Text)
	return s
}

func (e entry) time(key string) Time {
	t, _ := pick(e, key, func(v chunk.Value) (Time, bool) {
		s, ok := v.Text()
		t, err := ParseTime(s)
		return t, ok && err == nil
	})
	return t
}

// millis is a timestamp.
func (e entry) millis(key string) int64 {
	ms, _ := pick(e, key, func(v chunk.Value) (int64, bool) {
		ms, ok := v.Int()
		return ms, ok && v.Kind == chunk.ValueTimestamp
	})
	return ms
}

// number is a whole number.
func (e entry) number(key string, otherwise int64) int64 {
	if n, ok := pick(e, key, asNumber); ok {
		return n
	}
	return otherwise
}

func (e entry) bool(key string) bool {
	b, _ := pick(e, key, asBool)
	return b
}

// text is the text object under a key.
func (e entry) text(key string) string {
	var all []any
	for _, o := range e.objectsAt(key, kindText) {
		if s := o.text.string(e.d); !slices.Contains(all, any(s)) {
			all = append(all, s)
		}
	}
	e.note(key, all)
	if len(all) == 0 {
		return ""
	}
	return all[0].(string)
}

// marked tells whether a field has any value but false and null.
func (e entry) marked(key string) bool {
	yes, ok := pick(e, key, func(v chunk.Value) (bool, bool) {
		return v.Kind != chunk.ValueFalse && v.Kind != chunk.ValueNull, true
	})
	return yes && ok
}

func asBool(v chunk.Value) (bool, bool) {
	return v.Kind == chunk.ValueTrue, v.Kind == chunk.ValueTrue || v.Kind == chunk.ValueFalse
}

func asNumber(v chunk.Value) (int64, bool) {
	switch v.Kind {
	case chunk.ValueInt:
		return v.Int()
	case chunk.ValueUint:
		u, ok := v.Uint()
		return int64(u), ok && u <= math.MaxInt64
	case chunk.ValueFloat64:
		f, ok := v.Float64()
		return int64(f), ok && f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	return 0, false
}
