package core

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"
	"unicode/utf8"

	"github.com/automerge/automerge-go"
)

// Kind is the kind of an object.
type Kind uint8

// The kinds of objects.
const (
	Map Kind = iota + 1
	List
	Text
)

// String returns the kind's name for messages.
func (k Kind) String() string {
	switch k {
	case Map:
		return "map"
	case List:
		return "list"
	case Text:
		return "text"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Counter is a scalar that concurrent increments add up in.
type Counter int64

// ErrNoValue is returned where a key or an index holds no value.
var ErrNoValue = errors.New("no such value")

// ErrKind is returned for an operation that does not fit the kind of the
// object or value.
var ErrKind = errors.New("wrong kind")

// Object is a map, a list or a text of a document. It stays usable while its
// document is, also after it was deleted there; edits of a deleted object have
// no visible effect.
//
// A step is the place of a value in an object: a string in a map, an int in a
// list. A scalar is nil, bool, string, []byte, int64, uint64, float64,
// time.Time (kept in milliseconds) or Counter.
type Object struct {
	kind Kind
	m    *automerge.Map
	l    *automerge.List
	t    *automerge.Text
}

// Kind returns the kind, 0 for the zero Object.
func (o Object) Kind() Kind { return o.kind }

// Len returns the number of keys, elements or Unicode code points.
func (o Object) Len() int {
	switch o.kind {
	case Map:
		return o.m.Len()
	case List:
		return o.l.Len()
	case Text:
		defer runtime.KeepAlive(o.t)
		return o.t.Len()
	}
	return 0
}

// Value returns what stands at a step: a scalar or an Object.
func (o Object) Value(step any) (any, error) {
	var v *automerge.Value
	var err error
	switch step := step.(type) {
	case string:
		if err := o.checkKey(step); err != nil {
			return nil, err
		}
		v, err = o.m.Get(step)
	case int:
		if err := o.checkIndex(step, o.Len()-1); err != nil {
			return nil, err
		}
		v, err = o.l.Get(step)
	default:
		return nil, fmt.Errorf("step is a %T, want string or int: %w", step, ErrKind)
	}
	if err != nil {
		return nil, err
	}
	if v.IsVoid() {
		return nil, ErrNoValue
	}
	return value(v)
}

// Map returns the values of a map by key.
func (o Object) Map() (map[string]any, error) {
	if o.kind != Map {
		return nil, fmt.Errorf("%v is no map: %w", o.kind, ErrKind)
	}
	in, err := o.m.Values()
	if err != nil {
		return nil, err
	}
	out := make(map[string]any, len(in))
	for k, v := range in {
		if out[k], err = value(v); err != nil {
			return nil, fmt.Errorf("key %q: %w", k, err)
		}
	}
	return out, nil
}

// List returns the values of a list.
func (o Object) List() ([]any, error) {
	if o.kind != List {
		return nil, fmt.Errorf("%v is no list: %w", o.kind, ErrKind)
	}
	in, err := o.l.Values()
	if err != nil {
		return nil, err
	}
	out := make([]any, len(in))
	for i, v := range in {
		if out[i], err = value(v); err != nil {
			return nil, fmt.Errorf("index %d: %w", i, err)
		}
	}
	return out, nil
}

// Text returns the content of a text. Elements that are no characters (block
// markers of other clients) read as U+FFFC.
func (o Object) Text() (string, error) {
	if o.kind != Text {
		return "", fmt.Errorf("%v is no text: %w", o.kind, ErrKind)
	}
	// The engine's Text does not keep itself alive during its calls.
	defer runtime.KeepAlive(o.t)
	return o.t.Get()
}

// Set writes a scalar at a key, or over an element of a list.
func (o Object) Set(step any, scalar any) error { return o.set(step, scalar, checkScalar) }

// Insert writes a scalar before the element at index; an index that equals the
// length appends.
func (o Object) Insert(index int, scalar any) error { return o.insert(index, scalar, checkScalar) }

// SetNew writes an empty object of the kind at a key, or over an element.
func (o Object) SetNew(step any, kind Kind) (Object, error) {
	n, v := newObject(kind)
	return n, o.set(step, v, nil)
}

// InsertNew inserts an empty object of the kind before the element at index.
func (o Object) InsertNew(index int, kind Kind) (Object, error) {
	n, v := newObject(kind)
	return n, o.insert(index, v, nil)
}

// Delete removes a key or an element. A key that is not there is ErrNoValue.
func (o Object) Delete(step any) error {
	if _, err := o.Value(step); err != nil {
		return err
	}
	if key, ok := step.(string); ok {
		return o.m.Delete(key)
	}
	return o.l.Delete(step.(int))
}

// Increment adds delta to the counter at a step, wrapping around at 64 bits.
func (o Object) Increment(step any, delta int64) error {
	v, err := o.Value(step)
	if err != nil {
		return err
	}
	if _, ok := v.(Counter); !ok {
		return fmt.Errorf("value is no counter: %w", ErrKind)
	}
	var at *automerge.Value
	if key, ok := step.(string); ok {
		at, err = o.m.Get(key)
	} else {
		at, err = o.l.Get(step.(int))
	}
	if err != nil {
		return err
	}
	return at.Counter().Inc(delta)
}

// Splice deletes del code points of a text from position pos and inserts s
// there. Positions count Unicode code points.
func (o Object) Splice(pos, del int, s string) error {
	if o.kind != Text {
		return fmt.Errorf("%v is no text: %w", o.kind, ErrKind)
	}
	n := o.Len()
	if pos < 0 || pos > n || del < 0 || del > n-pos {
		return fmt.Errorf("splice %d+%d of a text of %d code points: %w", pos, del, n, ErrNoValue)
	}
	if !utf8.ValidString(s) {
		return errors.New("text is not UTF-8")
	}
	defer runtime.KeepAlive(o.t)
	return o.t.Splice(pos, del, s)
}

func (o Object) set(step, v any, check func(any) (any, error)) error {
	var err error
	if check != nil {
		if v, err = check(v); err != nil {
			return err
		}
	}
	switch step := step.(type) {
	case string:
		if err := o.checkKey(step); err != nil {
			return err
		}
		return o.m.Set(step, v)
	case int:
		if err := o.checkIndex(step, o.Len()-1); err != nil {
			return err
		}
		return o.l.Set(step, v)
	}
	return fmt.Errorf("step is a %T, want string or int: %w", step, ErrKind)
}

func (o Object) insert(index int, v any, check func(any) (any, error)) error {
	var err error
	if check != nil {
		if v, err = check(v); err != nil {
			return err
		}
	}
	if err := o.checkIndex(index, o.Len()); err != nil {
		return err
	}
	return o.l.Insert(index, v)
}

func (o Object) checkKey(key string) error {
	switch {
	case o.kind != Map:
		return fmt.Errorf("%v has no keys: %w", o.kind, ErrKind)
	case key == "":
		return errors.New("key is empty")
	case !utf8.ValidString(key):
		return errors.New("key is not UTF-8")
	}
	return nil
}

func (o Object) checkIndex(i, last int) error {
	switch {
	case o.kind != List:
		return fmt.Errorf("%v has no indexes: %w", o.kind, ErrKind)
	case i < 0 || i > last:
		return fmt.Errorf("index %d of a list of %d: %w", i, o.Len(), ErrNoValue)
	}
	return nil
}

// newObject returns a detached object, and the same as the engine takes it.
func newObject(kind Kind) (Object, any) {
	switch kind {
	case Map:
		m := automerge.NewMap()
		return Object{kind: Map, m: m}, m
	case List:
		l := automerge.NewList()
		return Object{kind: List, l: l}, l
	default:
		t := automerge.NewText("")
		return Object{kind: Text, t: t}, t
	}
}

// checkScalar turns a scalar into what the engine takes.
func checkScalar(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, []byte, int64, uint64, float64:
		return v, nil
	case string:
		if !utf8.ValidString(v) {
			return nil, errors.New("string is not UTF-8")
		}
		return v, nil
	case time.Time:
		if v.Before(timeMin) || v.After(timeMax) {
			return nil, fmt.Errorf("time %v is out of range", v)
		}
		return v, nil
	case Counter:
		return automerge.NewCounter(int64(v)), nil
	}
	return nil, fmt.Errorf("%T is no scalar: %w", v, ErrKind)
}

// Times beyond these do not fit 64 bits of milliseconds.
var (
	timeMin = time.UnixMilli(math.MinInt64)
	timeMax = time.UnixMilli(math.MaxInt64)
)

// value turns what the engine read into a scalar or an Object.
func value(v *automerge.Value) (any, error) {
	switch v.Kind() {
	case automerge.KindMap:
		return Object{kind: Map, m: v.Map()}, nil
	case automerge.KindList:
		return Object{kind: List, l: v.List()}, nil
	case automerge.KindText:
		return Object{kind: Text, t: v.Text()}, nil
	case automerge.KindCounter:
		n, err := v.Counter().Get()
		return Counter(n), err
	case automerge.KindTime:
		return v.Time().UTC(), nil
	case automerge.KindUnknown:
		return nil, fmt.Errorf("value of a type this version does not know: %w", ErrKind)
	}
	return v.Interface(), nil
}
