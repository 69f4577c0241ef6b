package crdt

import (
	"fmt"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

// Tx is the open change of Document.Change. It belongs to the function it was
// given to and every method fails after that has returned.
//
// A method that returns an error has edited nothing, so the function may go on
// (for instance after ErrNotFound). The parents of a path must exist: creating
// them silently would let two devices create the same map twice, and one would
// hide what the other wrote into its own.
type Tx struct {
	root core.Object
	at   time.Time
	done bool
	err  error // the engine failed half way through an edit
}

// SetTime sets the time the change is labelled with, in whole seconds; without
// it that is the time of the call to Change. It is a label and orders nothing.
func (tx *Tx) SetTime(at time.Time) { tx.at = at }

// Value reads like Document.Value, and sees the edits so far.
func (tx *Tx) Value(path ...any) (any, error) {
	if err := tx.usable("read", path); err != nil {
		return nil, err
	}
	return read(tx.root, path)
}

// Put writes value at a key of a map, or over an element of a list. What was
// there is replaced as a whole, also an object of the same kind: to keep what
// others write into an object meanwhile, edit inside it.
//
// Stored as scalars are nil, bool, Go's integers and floats, string, []byte and
// time.Time (in milliseconds). Counter, Text, maps with string keys and slices
// make collaborative values, nested up to DepthMax. A string is a scalar that
// is replaced as a whole, which JavaScript calls an ImmutableString; what
// JavaScript writes for a plain string is a Text.
func (tx *Tx) Put(path Path, value any) error {
	return tx.edit("put", path, func() error {
		v, err := plain(value, 0)
		if err != nil {
			return err
		}
		parent, step, err := tx.parent(path)
		if err != nil {
			return err
		}
		return tx.write(place{obj: parent, step: step}, v)
	})
}

// Insert writes value into a list before the element that the path names. An
// index that equals the length of the list appends.
func (tx *Tx) Insert(path Path, value any) error {
	return tx.edit("insert", path, func() error {
		v, err := plain(value, 0)
		if err != nil {
			return err
		}
		parent, step, err := tx.parent(path)
		if err != nil {
			return err
		}
		return tx.insert(parent, step, v)
	})
}

// Append adds values to the end of the list at the path.
func (tx *Tx) Append(list Path, values ...any) error {
	return tx.edit("append", list, func() error {
		vs := make([]any, len(values))
		for i, value := range values {
			var err error
			if vs[i], err = plain(value, 0); err != nil {
				return err
			}
		}
		obj, err := object(tx.root, list, len(list))
		if err != nil {
			return err
		}
		for _, v := range vs {
			if err := tx.insert(obj, obj.Len(), v); err != nil {
				return err
			}
		}
		return nil
	})
}

// Delete removes a key of a map or an element of a list. Where there is none it
// returns ErrNotFound.
func (tx *Tx) Delete(path Path) error {
	return tx.edit("delete", path, func() error {
		parent, step, err := tx.parent(path)
		if err != nil {
			return err
		}
		return parent.Delete(step)
	})
}

// Increment adds delta, which may be negative, to the counter at the path.
// Concurrent increments all count. A delta beyond ±chunk.IncrementMax is refused.
func (tx *Tx) Increment(path Path, delta int64) error {
	return tx.edit("increment", path, func() error {
		if delta > chunk.IncrementMax || delta < -chunk.IncrementMax {
			return fmt.Errorf("%d is more than ±%d: %w", delta, int64(chunk.IncrementMax), ErrRange)
		}
		parent, step, err := tx.parent(path)
		if err != nil {
			return err
		}
		return parent.Increment(step, delta)
	})
}

// Splice deletes del characters of the text at the path from position pos and
// inserts s there. Positions count Unicode code points from 0; JavaScript
// counts UTF-16 units, in which 🙂 is two.
func (tx *Tx) Splice(text Path, pos, del int, s string) error {
	return tx.edit("splice", text, func() error {
		obj, err := object(tx.root, text, len(text))
		if err != nil {
			return err
		}
		return obj.Splice(pos, del, s)
	})
}

func (tx *Tx) edit(op string, path Path, do func() error) error {
	if err := tx.usable(op, path); err != nil {
		return err
	}
	if err := do(); err != nil {
		return &PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

func (tx *Tx) usable(op string, path Path) error {
	switch {
	case tx.done:
		return &PathError{Op: op, Path: path, Err: errTxDone}
	case tx.err != nil:
		return &PathError{Op: op, Path: path, Err: tx.err}
	}
	return nil
}

// parent returns the object that holds the last step of the path.
func (tx *Tx) parent(path Path) (core.Object, any, error) {
	if len(path) == 0 {
		return core.Object{}, nil, fmt.Errorf("the root map itself cannot be edited: %w", ErrKind)
	}
	last := len(path) - 1
	obj, err := object(tx.root, path, last)
	return obj, path[last], err
}

func (tx *Tx) insert(list core.Object, step, v any) error {
	i, ok := step.(int)
	if !ok {
		return fmt.Errorf("step %q is no index of a list: %w", step, ErrKind)
	}
	return tx.write(place{obj: list, step: i, insert: true}, v)
}

// place is where a value goes: at a step of an object, or before it.
type place struct {
	obj    core.Object
	step   any
	insert bool
}

// write writes a plain value. When the engine fails after a first edit, the
// whole change is doomed, also if the caller would go on.
func (tx *Tx) write(to place, v any) error {
	var err error
	switch v := v.(type) {
	case Text:
		var obj core.Object
		if obj, err = to.create(core.Text); err != nil {
			return err
		}
		err = obj.Splice(0, 0, string(v))
	case plainMap:
		var obj core.Object
		if obj, err = to.create(core.Map); err != nil {
			return err
		}
		for i := 0; i < len(v) && err == nil; i++ {
			err = tx.write(place{obj: obj, step: v[i].key}, v[i].value)
		}
	case []any:
		var obj core.Object
		if obj, err = to.create(core.List); err != nil {
			return err
		}
		for i := 0; i < len(v) && err == nil; i++ {
			err = tx.write(place{obj: obj, step: i, insert: true}, v[i])
		}
	case Counter:
		return to.scalar(core.Counter(v))
	default:
		return to.scalar(v)
	}
	if err != nil && tx.err == nil {
		tx.err = err
	}
	return err
}

func (p place) scalar(v any) error {
	if p.insert {
		return p.obj.Insert(p.step.(int), v)
	}
	return p.obj.Set(p.step, v)
}

func (p place) create(kind core.Kind) (core.Object, error) {
	if p.insert {
		return p.obj.InsertNew(p.step.(int), kind)
	}
	return p.obj.SetNew(p.step, kind)
}
