package board

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

// Writer writes to one document as one actor. Each of its methods is one action
// of a person and makes one change, which it adds to the history and returns;
// nil when there is nothing to change, since the entry is there or the values
// are. The owner of the history stores the change and sends it.
//
// now is the device's clock in milliseconds since 1970. Errors wrap ErrTooLong,
// ErrRequired, ErrUnknown, ErrHeld or ErrMalformed; after one nothing has changed.
//
// A Writer sees what others have added to the history since. An actor belongs to
// one store of one device, and to one Writer of a document at a time.
type Writer struct {
	h       *history.History
	d       *doc
	actor   id.Actor
	clock   *Clock
	applied int
	now     int64
}

// NewWriter returns a writer to the document in h, which begins with its genesis
// change. The clock may be shared by all writers of the device.
func NewWriter(h *history.History, actor id.Actor, clock *Clock, now int64) (*Writer, error) {
	w := &Writer{h: h, actor: actor, clock: clock}
	w.d = newDoc(func(t Time) { clock.See(t, w.now) })
	if err := w.catchUp(now); err != nil {
		return nil, err
	}
	root := w.root()
	if kind := root.string("kind"); kind != "board" && kind != "page" {
		return nil, fmt.Errorf("%w: the document of kind %.20q is none of a board", ErrMalformed, kind)
	}
	return w, nil
}

// Page reads the page as it is now.
func (w *Writer) Page() (Page, error) {
	if err := w.catchUp(w.now); err != nil {
		return Page{}, err
	}
	return w.d.page()
}

// Board reads the board as it is now.
func (w *Writer) Board() (Board, error) {
	if err := w.catchUp(w.now); err != nil {
		return Board{}, err
	}
	return w.d.board()
}

func (w *Writer) catchUp(now int64) error {
	w.now = now
	for ; w.applied < w.h.Len(); w.applied++ {
		if err := w.d.apply(w.h.At(w.applied)); err != nil {
			return fmt.Errorf("read a document: %w", err)
		}
	}
	return nil
}

func (w *Writer) root() entry { return entry{d: w.d, objects: []*object{w.d.root}} }

// act makes one change of what f writes, or none.
func (w *Writer) act(now int64, f func(*edit) error) (*chunk.Change, error) {
	if err := w.catchUp(now); err != nil {
		return nil, err
	}
	e := &edit{d: w.d, self: w.d.number(w.actor), w: w}
	if err := f(e); err != nil {
		return nil, err
	}
	if len(e.ops) == 0 {
		return nil, nil
	}
	c, err := chunk.Build(e.spec())
	if err != nil {
		return nil, fmt.Errorf("write a change: %w", err)
	}
	if _, err := w.h.Add(c); err != nil {
		return nil, fmt.Errorf("write a change: %w", err)
	}
	return c, w.catchUp(now)
}

// time makes the time of the action.
func (e *edit) time() chunk.Value {
	if e.made == (Time{}) {
		e.made = e.w.clock.Next(e.w.now)
	}
	return chunk.StringValue(e.made.String())
}

// edit is a change that is being written.
type edit struct {
	d    *doc
	w    *Writer
	self int32
	made Time
	ops  []op
}

// op is an operation whose ids are the document's; see chunk.Op.
type op struct {
	object, elem ref
	key          string
	sequence     bool
	insert       bool
	action       chunk.Action
	value        chunk.Value
	pred         []ref
}

func (e *edit) add(o op) ref {
	e.ops = append(e.ops, o)
	return ref{e.d.maxOp + uint64(len(e.ops)), e.self}
}

// spec is the change, in the numbering of its own actors.
func (e *edit) spec() chunk.Spec {
	s := chunk.Spec{
		Deps: e.w.h.Heads(), Actor: e.w.actor, Seq: e.d.seqs[e.self] + 1, StartOp: e.d.maxOp + 1,
		Time: max(0, min(e.w.now, chunk.TimeMax)) / 1000,
	}
	others := map[int32]int32{e.self: 0}
	e.each(func(r ref) {
		if _, ok := others[r.actor]; !ok && r != (ref{}) {
			others[r.actor] = 0
			s.Others = append(s.Others, e.d.actors[r.actor])
		}
	})
	slices.Sort(s.Others)
	for i, a := range s.Others {
		others[e.d.numbers[a]] = int32(i + 1)
	}
	index := func(r ref) chunk.OpID {
		if r == (ref{}) {
			return chunk.OpID{}
		}
		return chunk.OpID{Counter: r.counter, Actor: others[r.actor]}
	}
	for _, o := range e.ops {
		x := chunk.Op{
			Object: index(o.object), Sequence: o.sequence, Key: o.key, Elem: index(o.elem), Insert: o.insert, Action: o.action, Value: o.value,
		}
		slices.SortFunc(o.pred, e.d.compare)
		for _, p := range o.pred {
			x.Pred = append(x.Pred, index(p))
		}
		s.Ops = append(s.Ops, x)
	}
	return s
}

func (e *edit) each(f func(ref)) {
	for _, o := range e.ops {
		f(o.object)
		f(o.elem)
		for _, p := range o.pred {
			f(p)
		}
	}
}

// set writes a field: in the first object of the entry, and deletes it in the
// others. Nothing is written if the value is there and stands alone.
func (e *edit) set(at entry, key string, v chunk.Value) {
	same := true
	for i, o := range at.objects {
		values := e.d.values(o, key)
		same = same && (i == 0 && len(values) == 1 && values[0].object == nil && equal(values[0].scalar, v) || i > 0 && len(values) == 0)
	}
	if same {
		return
	}
	e.put(at.objects[0].made, key, chunk.ActionSet, v, e.d.values(at.objects[0], key))
	e.clear(at.objects[1:], key)
}

// clear deletes a field in each of the objects.
func (e *edit) clear(objects []*object, key string) {
	for _, o := range objects {
		if values := e.d.values(o, key); len(values) > 0 {
			e.put(o.made, key, chunk.ActionDelete, chunk.Value{}, values)
		}
	}
}

func (e *edit) put(object ref, key string, action chunk.Action, v chunk.Value, before []value) ref {
	o := op{object: object, key: key, action: action, value: v}
	for _, b := range before {
		o.pred = append(o.pred, b.op)
	}
	return e.add(o)
}

func equal(a, b chunk.Value) bool { return a.Kind == b.Kind && string(a.Bytes) == string(b.Bytes) }

// object makes a map or a text in a new object.
func (e *edit) object(parent ref, key string, action chunk.Action) ref {
	return e.put(parent, key, action, chunk.Value{}, nil)
}

// mapAt returns the object of the map under a key, which is made if there is none.
// A value of another type under the key is left beside it.
func (e *edit) mapAt(at entry, key string) ref {
	if child := at.entryAt(key); !child.empty() {
		return child.objects[0].made
	}
	return e.object(at.objects[0].made, key, chunk.ActionMakeMap)
}

// fields writes the fields of a new object in order.
func (e *edit) fields(object ref, fields ...field) {
	for _, f := range fields {
		if f.there {
			e.put(object, f.key, chunk.ActionSet, f.value, nil)
		}
	}
}

// field is a field to be written to a new object; there is none to write unless
// there.
type field struct {
	key   string
	value chunk.Value
	there bool
}

func stringField(key, s string) field { return field{key, chunk.StringValue(s), s != ""} }
func timeField(key string, v chunk.Value) field {
	return field{key, v, true}
}
func millisField(key string, ms int64) field { return field{key, chunk.TimestampValue(ms), ms != 0} }

// newSet writes a set in a new object, unless it is empty.
func (e *edit) newSet(parent ref, key string, members []string) {
	if len(members) == 0 {
		return
	}
	set := e.object(parent, key, chunk.ActionMakeMap)
	for _, m := range slices.Compact(slices.Sorted(slices.Values(members))) {
		e.put(set, m, chunk.ActionSet, chunk.BoolValue(true), nil)
	}
}

// member adds a member to the set under a key, or takes it out.
func (e *edit) member(at entry, key, member string, in bool) {
	set := at.entryAt(key)
	switch {
	case slices.Contains(set.set(), member) == in:
	case !in:
		e.clear(set.objects, member)
	case set.empty():
		e.put(e.mapAt(at, key), member, chunk.ActionSet, chunk.BoolValue(true), nil)
	default:
		e.set(set, member, chunk.BoolValue(true))
	}
}

// checks returns the first of some errors.
func checks(errs ...error) error { return cmp.Or(errs...) }

func within(name, s string, limit int) error {
	if n := utf8.RuneCountInString(s); n > limit {
		return fmt.Errorf("%w: %s has %d characters, and %d are allowed", ErrTooLong, name, n, limit)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s is not UTF-8", ErrMalformed, name)
	}
	return nil
}

func required(name, s string, limit int) error {
	if strings.TrimSpace(s) == "" {
		return fmt.Errorf("%w: %s", ErrRequired, name)
	}
	return within(name, s, limit)
}

func oneOf(name, s string, words string) error {
	if s == "" || slices.Contains(strings.Fields(words), s) {
		return nil
	}
	return fmt.Errorf("%w: %s %.20q is none of %s", ErrMalformed, name, s, words)
}

func valid(ids ...ID) error {
	for _, x := range ids {
		if _, err := ParseID(string(x)); err != nil {
			return err
		}
	}
	return nil
}
