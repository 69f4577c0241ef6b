package chunk

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

// inflated takes a document apart as far as its columns.
func inflated(t testing.TB, data []byte) *document {
	t.Helper()
	d := newDocument(Limits{})
	if err := d.readFrame(data); err != nil {
		t.Fatal(err)
	}
	return &d
}

// sameDocument fails for each part in which two documents differ. How well a
// column was deflated does not count.
func sameDocument(t *testing.T, got, want []byte) {
	t.Helper()
	g, w := inflated(t, got), inflated(t, want)
	if !slices.Equal(g.actors, w.actors) || !slices.Equal(g.heads, w.heads) || !slices.Equal(g.headIndexes, w.headIndexes) {
		t.Errorf("actors, heads or their indexes are\n%q %v %d, want\n%q %v %d",
			g.actors, g.heads, g.headIndexes, w.actors, w.heads, w.headIndexes)
	}
	for k := range g.changes {
		if !bytes.Equal(g.changes[k], w.changes[k]) {
			t.Errorf("column %s of changes is\n%x, want\n%x", docChangeNames[k], g.changes[k], w.changes[k])
		}
	}
	for k := range g.ops {
		if !bytes.Equal(g.ops[k], w.ops[k]) {
			t.Errorf("column %s is\n%x, want\n%x", docOpNames[k], g.ops[k], w.ops[k])
		}
	}
}

// vectorChanges are the changes of each vector's document, in its order.
func vectorChanges(t testing.TB, yield func(name string, saved []byte, changes []*Change)) {
	t.Helper()
	for _, v := range vectors(t) {
		saved := unbase64(t, v.Document)
		changes, err := ParseDocument(saved, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		yield(v.Name, saved, changes)
	}
}

// JavaScript saved these documents; given the changes in its order, every column
// comes out as it wrote it.
func TestBuildDocumentAsJavaScriptDoes(t *testing.T) {
	vectorChanges(t, func(name string, saved []byte, changes []*Change) {
		t.Run(name, func(t *testing.T) {
			if err := VerifyDocument(saved, changes, Limits{}, nil); err != nil {
				t.Errorf("JavaScript's own: %v", err)
			}
			built, err := BuildDocument(changes, Limits{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := VerifyDocument(built, changes, Limits{}, nil); err != nil {
				t.Error(err)
			}
			sameDocument(t, built, saved)
			if more := len(built) - len(saved); more > len(saved)/50+20 {
				t.Errorf("%d bytes, JavaScript needs %d", len(built), len(saved))
			}
			heads, err := DocumentHeads(built, Limits{})
			if err != nil || !slices.Equal(heads, inflated(t, saved).heads) {
				t.Errorf("heads %v, %v", heads, err)
			}
		})
	})
}

// written is a writer that has done everything but writing.
func written(t testing.TB, changes []*Change) *documentWriter {
	t.Helper()
	w := &documentWriter{lim: DefaultLimits, changes: changes}
	for _, step := range []func() error{w.readChanges, w.readOps, w.linkSuccs, w.order} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *documentWriter) finish(t testing.TB) []byte {
	t.Helper()
	cols, err := w.opColumns()
	if err != nil {
		t.Fatal(err)
	}
	data, err := w.frame(w.changeColumns(), cols)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A document with two rows changed round has the right changes for whoever
// parses it, and another content: a letter is elsewhere, another of two values wins.
func TestVerifyDocumentSeesRowsOutOfOrder(t *testing.T) {
	parsed := 0
	vectorChanges(t, func(name string, _ []byte, changes []*Change) {
		w := written(t, changes)
		if len(w.rows) > 2000 {
			return // much of the same
		}
		for i := 0; i+1 < len(w.rows); i += 1 + i/20 {
			w.rows[i], w.rows[i+1] = w.rows[i+1], w.rows[i]
			data := w.finish(t)
			if _, err := ParseDocument(data, Limits{}); err == nil {
				parsed++
			}
			if err := VerifyDocument(data, changes, Limits{}, nil); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: rows %d and %d are changed round: %v", name, i, i+1, err)
			}
			w.rows[i], w.rows[i+1] = w.rows[i+1], w.rows[i]
		}
		for i := range w.ops {
			succs := w.succsOf(int32(i))
			if len(succs) < 2 {
				continue
			}
			slices.Reverse(succs)
			if err := VerifyDocument(w.finish(t), changes, Limits{}, nil); !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: successors of %d are changed round: %v", name, i, err)
			}
			slices.Reverse(succs)
		}
		if err := VerifyDocument(w.finish(t), changes, Limits{}, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	if parsed < 100 {
		t.Errorf("only %d of the documents parse: the test shows little", parsed)
	}
}

// An element with its children moved before or behind another keeps every
// parent before its children.
func TestVerifyDocumentSeesSiblingsOutOfOrder(t *testing.T) {
	list := OpID{Counter: 1}
	insert := func(after uint64) Op {
		return Op{Object: list, Sequence: true, Insert: true, Elem: OpID{Counter: after}, Action: ActionSet, Value: IntValue(int64(after))}
	}
	c, err := Build(Spec{Actor: "a", Seq: 1, StartOp: 1, Ops: []Op{
		{Key: "list", Action: ActionMakeList}, insert(0), insert(2), insert(0), insert(4), insert(2),
	}})
	if err != nil {
		t.Fatal(err)
	}
	w := written(t, []*Change{c})
	if want := []int32{0, 3, 4, 1, 5, 2}; !slices.Equal(w.rows, want) {
		t.Fatalf("rows %v, want %v", w.rows, want)
	}
	for _, rows := range [][]int32{
		{0, 1, 5, 2, 3, 4}, // the younger sibling of the head's children last
		{0, 3, 4, 1, 2, 5},
		{0, 3, 1, 5, 2, 4}, // back to one that was left
		{0, 3, 4, 5, 1, 2}, // a child before its parent
	} {
		w.rows = rows
		data := w.finish(t)
		if _, err := ParseDocument(data, Limits{}); err != nil {
			t.Errorf("rows %v: %v", rows, err)
		}
		if err := VerifyDocument(data, []*Change{c}, Limits{}, nil); !errors.Is(err, ErrMalformed) {
			t.Errorf("rows %v are accepted: %v", rows, err)
		}
	}
}

func TestVerifyDocumentSeesOtherChanges(t *testing.T) {
	var documents [][]byte
	var all [][]*Change
	vectorChanges(t, func(_ string, saved []byte, changes []*Change) {
		documents, all = append(documents, saved), append(all, changes)
	})
	for i, data := range documents {
		for k, changes := range all {
			if err := VerifyDocument(data, changes, Limits{}, nil); i != k && !errors.Is(err, ErrChecksum) {
				t.Errorf("document %d of changes %d: %v", i, k, err)
			}
		}
		if n := len(all[i]); n > 1 {
			if err := VerifyDocument(data, all[i][:n-1], Limits{}, nil); !errors.Is(err, ErrChecksum) {
				t.Errorf("document %d without its last change: %v", i, err)
			}
		}
		w := written(t, all[i])
		w.changes = slices.Clone(all[i])
		last := *w.changes[len(w.changes)-1]
		last.Time++
		w.changes[len(w.changes)-1] = &last
		if err := VerifyDocument(w.finish(t), all[i], Limits{}, nil); !errors.Is(err, ErrChecksum) {
			t.Errorf("document %d with another time: %v", i, err)
		}
	}
}

func TestBuildDocumentRefuses(t *testing.T) {
	post := OpID{Counter: 1}
	spec := Spec{Actor: "a", Seq: 1, StartOp: 1, Ops: []Op{
		{Key: "post", Action: ActionMakeMap}, {Object: post, Key: "n", Action: ActionSet, Value: StringValue("value")},
	}}
	first := mustBuild(t, spec)
	next := func(change func(*Spec)) *Change {
		s := Spec{
			Deps: []id.ChangeHash{first.Hash}, Actor: "b", Seq: 1, StartOp: 3, Others: []id.Actor{"a"},
			Ops: []Op{{Key: "n", Object: OpID{Counter: 1, Actor: 1}, Action: ActionSet, Pred: []OpID{{Counter: 2, Actor: 1}}}},
		}
		change(&s)
		return mustBuild(t, s)
	}
	good := next(func(*Spec) {})
	elem := func(s *Spec) { s.Ops[0].Sequence, s.Ops[0].Key, s.Ops[0].Elem = true, "", OpID{Counter: 2, Actor: 1} }
	for what, c := range map[string]struct {
		changes []*Change
		lim     Limits
		kind    error
	}{
		"a dependency too late":         {[]*Change{good, first}, Limits{}, ErrMalformed},
		"a dependency left out":         {[]*Change{good}, Limits{}, ErrMalformed},
		"a change twice":                {[]*Change{first, first}, Limits{}, ErrMalformed},
		"a gap in an actor's changes":   {[]*Change{first, next(func(s *Spec) { s.Seq = 2 })}, Limits{}, ErrMalformed},
		"an actor without changes":      {[]*Change{first, next(func(s *Spec) { s.Others[0] = "c" })}, Limits{}, ErrMalformed},
		"an object that is none":        {[]*Change{first, next(func(s *Spec) { s.Ops[0].Object.Counter = 2 })}, Limits{}, ErrMalformed},
		"an element in a map":           {[]*Change{first, next(elem)}, Limits{}, ErrMalformed},
		"a counter far above all":       {[]*Change{first, next(func(s *Spec) { s.StartOp = 1 << 30 })}, Limits{}, ErrMalformed},
		"two changes, one is allowed":   {[]*Change{first, good}, Limits{ChangesMax: 1}, ErrLimit},
		"three operations, two allowed": {[]*Change{first, good}, Limits{DocumentOpsMax: 2}, ErrLimit},
		"two actors, one is allowed":    {[]*Change{first, good}, Limits{ActorsMax: 1}, ErrLimit},
		"more bytes than allowed":       {[]*Change{first, good}, Limits{BytesMax: 60}, ErrLimit},
		"more values than allowed":      {[]*Change{first}, Limits{BytesMax: 4}, ErrLimit},
	} {
		if _, err := BuildDocument(c.changes, c.lim, nil); !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", what, err, c.kind)
		}
	}
	if _, err := BuildDocument([]*Change{first, good}, Limits{}, nil); err != nil {
		t.Errorf("as it should be: %v", err)
	}
}

func mustBuild(t testing.TB, s Spec) *Change {
	t.Helper()
	c, err := Build(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEmptyDocumentIsWritten(t *testing.T) {
	data, err := BuildDocument(nil, Limits{}, nil)
	if err != nil || !bytes.Equal(data, encodeChunk(TypeDocument, []byte{0, 0, 0, 0})) {
		t.Errorf("%x, %v", data, err)
	}
	if err := VerifyDocument(data, nil, Limits{}, nil); err != nil {
		t.Error(err)
	}
}

// The work can be ended, and slowed down, anywhere.
func TestDocumentStepEndsTheWork(t *testing.T) {
	c := mustBuild(t, Spec{Actor: "a", Seq: 1, StartOp: 1, Ops: textOps(50_000)})
	changes := []*Change{c}
	data, err := BuildDocument(changes, Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("stop")
	for what, run := range map[string]func(func() error) error{
		"write":  func(step func() error) error { _, err := BuildDocument(changes, Limits{}, step); return err },
		"verify": func(step func() error) error { return VerifyDocument(data, changes, Limits{}, step) },
	} {
		calls := 0
		if err := run(func() error { calls++; return nil }); err != nil || calls < 10 {
			t.Errorf("%s: %d steps, %v", what, calls, err)
		}
		for end := 1; end <= calls; end++ {
			n := 0
			err := run(func() error {
				if n++; n == end {
					return stop
				}
				return nil
			})
			if !errors.Is(err, stop) || n != end {
				t.Errorf("%s: ended at step %d after %d: %v", what, end, n, err)
			}
		}
	}
}

// textOps makes a text of n letters, each behind the one before.
func textOps(n int) []Op {
	ops := []Op{{Key: "text", Action: ActionMakeText}}
	for i := range n {
		op := Op{Object: OpID{Counter: 1}, Sequence: true, Insert: true, Action: ActionSet, Value: StringValue("x")}
		if i > 0 {
			op.Elem = OpID{Counter: uint64(i + 1)}
		}
		ops = append(ops, op)
	}
	return ops
}

// Readers find the heads by these indexes without hashing anything.
func TestVerifyDocumentSeesWrongHeadIndexes(t *testing.T) {
	vectorChanges(t, func(name string, saved []byte, changes []*Change) {
		d := inflated(t, saved)
		var right []byte
		for _, i := range d.headIndexes {
			right = appendUleb(right, i)
		}
		if err := VerifyDocument(encodeDocument(d, right...), changes, Limits{}, nil); err != nil {
			t.Errorf("%s: as it was: %v", name, err)
		}
		wrong := slices.Clone(right)
		wrong[0] ^= 1
		for _, suffix := range [][]byte{nil, wrong} {
			if err := VerifyDocument(encodeDocument(d, suffix...), changes, Limits{}, nil); !errors.Is(err, ErrChecksum) {
				t.Errorf("%s: indexes %x instead of %x: %v", name, suffix, right, err)
			}
		}
	})
}

// Two small changes can put a long key and a short one into each of many
// objects: the document would have to repeat the long one for each.
func TestBuildDocumentThatWouldGrow(t *testing.T) {
	const objects, keyBytes = 20_000, 64 << 10
	var made, long, short []Op
	key := strings.Repeat("k", keyBytes)
	for i := range uint64(objects) {
		made = append(made, Op{Key: "k", Action: ActionMakeMap})
		object := OpID{Counter: i + 1}
		long = append(long, Op{Object: object, Key: key, Action: ActionSet})
		short = append(short, Op{Object: object, Key: "short", Action: ActionSet})
	}
	var changes []*Change
	for i, ops := range [][]Op{made, long, short} {
		s := Spec{Actor: "a", Seq: uint64(i + 1), StartOp: uint64(i*objects + 1), Ops: ops}
		if i > 0 {
			s.Deps = []id.ChangeHash{changes[i-1].Hash}
		}
		changes = append(changes, mustBuild(t, s))
	}
	if _, err := BuildDocument(changes[:2], Limits{}, nil); err != nil {
		t.Errorf("with the long key alone: %v", err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := BuildDocument(changes, Limits{}, nil)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrLimit) || used > 150<<20 {
		t.Errorf("%d MiB allocated, %v", used>>20, err)
	}
}
