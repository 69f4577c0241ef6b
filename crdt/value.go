package crdt

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

// DepthMax is the deepest nesting of a value that Put and Insert write.
const DepthMax = 64

// Counter is a number that concurrent increments add up in. One to begin with
// is at most ±chunk.CounterValueMax.
type Counter int64

// Text is a string that several people edit at once.
type Text string

// Path names a place in a document: a string is a key of a map, an int is an
// index of a list. The empty path is the root map.
type Path []any

// String returns the path as it stands in error messages, "/posts/3/title".
func (p Path) String() string {
	var b strings.Builder
	for _, step := range p {
		fmt.Fprintf(&b, "/%v", step)
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

// ErrNotFound is returned for a path where there is no value.
var ErrNotFound = core.ErrNoValue

// ErrKind is returned for an operation that does not fit what stands at the
// path, such as an increment of a string.
var ErrKind = core.ErrKind

// ErrRange is returned for a number or a time that some reader of the format
// cannot hold.
var ErrRange = errors.New("out of range")

var errTxDone = errors.New("the change is over")

// PathError says which operation failed where. Err may wrap ErrNotFound,
// ErrKind or ErrRange.
type PathError struct {
	Op   string // "read", "put", "splice", …
	Path Path
	Err  error
}

// Error returns one sentence with the operation, the path and the reason.
func (e *PathError) Error() string { return fmt.Sprintf("%s %s: %v", e.Op, e.Path, e.Err) }

// Unwrap returns Err.
func (e *PathError) Unwrap() error { return e.Err }

// find follows the first n steps of the path and returns a scalar or a
// core.Object.
func find(root core.Object, path Path, n int) (any, error) {
	var at any = root
	for i := range n {
		obj, ok := at.(core.Object)
		if !ok {
			return nil, noParts(path[:i], at)
		}
		next, err := obj.Value(path[i])
		if err != nil {
			if i+1 < len(path) {
				err = fmt.Errorf("%s: %w", path[:i+1], err)
			}
			return nil, err
		}
		at = next
	}
	return at, nil
}

// object is find for steps that must lead to an object.
func object(root core.Object, path Path, n int) (core.Object, error) {
	v, err := find(root, path, n)
	if err != nil {
		return core.Object{}, err
	}
	obj, ok := v.(core.Object)
	if !ok {
		return obj, noParts(path[:n], v)
	}
	return obj, nil
}

func noParts(path Path, scalar any) error {
	kind := fmt.Sprintf("a %T", scalar)
	switch scalar.(type) {
	case nil:
		kind = "null"
	case core.Counter:
		kind = "a counter"
	}
	return fmt.Errorf("%s is %s and has no parts: %w", path, kind, ErrKind)
}

// read returns the value at the path as Go values.
func read(root core.Object, path Path) (any, error) {
	v, err := find(root, path, len(path))
	if err == nil {
		v, err = goValue(v)
	}
	if err != nil {
		return nil, &PathError{Op: "read", Path: path, Err: err}
	}
	return v, nil
}

func goValue(v any) (any, error) {
	switch v := v.(type) {
	case core.Counter:
		return Counter(v), nil
	case core.Object:
		return goObject(v)
	}
	return v, nil
}

// goObject copies an object. Its depth is that of the document; the stack of a
// goroutine holds far deeper ones than a change can create.
func goObject(o core.Object) (any, error) {
	switch o.Kind() {
	case core.Map:
		m, err := o.Map()
		if err != nil {
			return nil, err
		}
		for k, v := range m {
			if m[k], err = goValue(v); err != nil {
				return nil, fmt.Errorf("key %q: %w", k, err)
			}
		}
		return m, nil
	case core.List:
		l, err := o.List()
		if err != nil {
			return nil, err
		}
		for i, v := range l {
			if l[i], err = goValue(v); err != nil {
				return nil, fmt.Errorf("index %d: %w", i, err)
			}
		}
		return l, nil
	}
	return o.Text()
}

// decode copies a value into what target points to.
func decode(v, target any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, target)
}

// plainMap is a map in the order of its keys, so that the same value makes the
// same operations on every device.
type plainMap []plainEntry

type plainEntry struct {
	key   string
	value any
}

// plain checks a value from outside, all of it, and turns it into nil, bool,
// int64, uint64, float64, string, []byte, time.Time, Counter, Text, plainMap
// or []any.
func plain(v any, depth int) (any, error) {
	if depth > DepthMax {
		return nil, fmt.Errorf("nested deeper than %d", DepthMax)
	}
	switch v := v.(type) {
	case nil, bool, int64, uint64, float64, []byte:
		return v, nil
	case Counter:
		if v > chunk.CounterValueMax || v < -chunk.CounterValueMax {
			return nil, fmt.Errorf("counter %d is more than ±%d: %w", v, int64(chunk.CounterValueMax), ErrRange)
		}
		return v, nil
	case time.Time:
		if y := v.Year(); y < 0 || y > 9999 {
			return nil, fmt.Errorf("year %d is not between 0 and 9999: %w", y, ErrRange)
		}
		return v, nil
	case Text:
		return v, checkUTF8(string(v))
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Bool:
		return rv.Bool(), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int(), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return rv.Uint(), nil
	case reflect.Float32, reflect.Float64:
		return rv.Float(), nil
	case reflect.String:
		return rv.String(), checkUTF8(rv.String())
	case reflect.Slice, reflect.Array:
		return plainList(rv, depth)
	case reflect.Map:
		return plainEntries(rv, depth)
	case reflect.Pointer:
		if rv.IsNil() {
			return nil, nil
		}
		return plain(rv.Elem().Interface(), depth+1)
	}
	return nil, fmt.Errorf("a %T cannot be stored: %w", v, ErrKind)
}

func plainList(rv reflect.Value, depth int) (any, error) {
	if rv.Kind() == reflect.Slice && rv.Type().Elem().Kind() == reflect.Uint8 {
		return rv.Bytes(), nil
	}
	out := make([]any, rv.Len())
	for i := range out {
		var err error
		if out[i], err = plain(rv.Index(i).Interface(), depth+1); err != nil {
			return nil, fmt.Errorf("index %d: %w", i, err)
		}
	}
	return out, nil
}

func plainEntries(rv reflect.Value, depth int) (any, error) {
	if rv.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a %v cannot be stored, its keys are no strings: %w", rv.Type(), ErrKind)
	}
	values := make(map[string]any, rv.Len())
	for it := rv.MapRange(); it.Next(); {
		key := it.Key().String()
		if key == "" {
			return nil, errors.New("key is empty")
		}
		if err := checkUTF8(key); err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
		v, err := plain(it.Value().Interface(), depth+1)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", key, err)
		}
		values[key] = v
	}
	out := make(plainMap, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		out = append(out, plainEntry{key, values[key]})
	}
	return out, nil
}

func checkUTF8(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("not UTF-8")
	}
	return nil
}
