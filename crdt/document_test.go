package crdt

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newAs returns an empty document with a fixed actor.
func newAs(t *testing.T, actor id.Actor) *Document {
	t.Helper()
	d := New()
	must(t, d.SetActor(actor))
	return d
}

// put makes one change that puts a value.
func put(t *testing.T, d *Document, value any, path ...any) id.ChangeHash {
	t.Helper()
	hash, err := d.Change("", func(tx *Tx) error { return tx.Put(path, value) })
	must(t, err)
	return hash
}

func want(t *testing.T, d *Document, value any, path ...any) {
	t.Helper()
	got, err := d.Value(path...)
	if err != nil || !reflect.DeepEqual(got, value) {
		t.Errorf("%v is %#v, %v, want %#v", Path(path), got, err, value)
	}
}

func TestValuesRoundTrip(t *testing.T) {
	type role string
	at := time.UnixMilli(1_700_000_000_123).UTC()
	n := 7
	for _, v := range []struct{ in, out any }{
		{nil, nil}, {true, true}, {int8(-3), int64(-3)}, {int64(math.MinInt64), int64(math.MinInt64)},
		{uint8(3), uint64(3)}, {uint64(math.MaxUint64), uint64(math.MaxUint64)}, {float32(0.5), 0.5},
		{1.0, 1.0}, {"", ""}, {"æøå 🙂", "æøå 🙂"}, {role("owner"), "owner"}, {[]byte{1}, []byte{1}}, {[]byte{}, []byte{}},
		{at, at}, {at.In(time.FixedZone("", 7200)), at}, {Counter(-2), Counter(-2)}, {Text("text 🙂"), "text 🙂"},
		{Text(""), ""}, {&n, int64(7)}, {(*int)(nil), nil},
		{[]any{}, []any{}}, {[]string{"a", "b"}, []any{"a", "b"}}, {map[string]any{}, map[string]any{}},
		{
			map[string]any{"l": []any{1, []any{Text("x")}, map[role]bool{"k": true}}, "c": Counter(1)},
			map[string]any{"l": []any{int64(1), []any{"x"}, map[string]any{"k": true}}, "c": Counter(1)},
		},
	} {
		d := New()
		put(t, d, v.in, "k")
		want(t, d, v.out, "k")
		again, err := Load(bytes.Join(d.Changes(), nil))
		must(t, err)
		want(t, again, v.out, "k")
	}
}

func TestEditsInLists(t *testing.T) {
	d := New()
	put(t, d, []any{"a", "c"}, "l")
	_, err := d.Change("", func(tx *Tx) error {
		return errors.Join(
			tx.Insert(Path{"l", 1}, "b"),
			tx.Insert(Path{"l", 3}, []any{"d"}),
			tx.Append(Path{"l"}, "e", Text("f"), map[string]any{"g": 1}),
			tx.Put(Path{"l", 0}, "A"),
			tx.Delete(Path{"l", 2}),
			tx.Append(Path{"l", 2}, "x"),
		)
	})
	must(t, err)
	want(t, d, []any{"A", "b", []any{"d", "x"}, "e", "f", map[string]any{"g": int64(1)}}, "l")
}

func TestErrorsSayWhereAndWhy(t *testing.T) {
	d := New()
	put(t, d, map[string]any{"l": []any{1}, "s": "s", "t": Text("t"), "c": Counter(1), "n": nil}, "m")
	for _, c := range []struct {
		name string
		edit func(*Tx) error
		is   error
		says string
	}{
		{"missing parent", func(tx *Tx) error { return tx.Put(Path{"m", "x", "y"}, 1) }, ErrNotFound, "put /m/x/y: /m/x: no such value"},
		{"below a scalar", func(tx *Tx) error { return tx.Put(Path{"m", "s", "y"}, 1) }, ErrKind, "put /m/s/y: /m/s is a string and has no parts"},
		{"key in a list", func(tx *Tx) error { return tx.Put(Path{"m", "l", "y"}, 1) }, ErrKind, "put /m/l/y: list has no keys"},
		{"below a counter", func(tx *Tx) error { return tx.Put(Path{"m", "c", "y", "z"}, 1) }, ErrKind, "/m/c is a counter"},
		{"below null", func(tx *Tx) error { return tx.Append(Path{"m", "n"}, 1) }, ErrKind, "append /m/n: /m/n is null"},
		{"index in a map", func(tx *Tx) error { return tx.Put(Path{"m", 0}, 1) }, ErrKind, "put /m/0: map has no indexes"},
		{"put past the end", func(tx *Tx) error { return tx.Put(Path{"m", "l", 1}, 1) }, ErrNotFound, "index 1 of a list of 1"},
		{"insert past the end", func(tx *Tx) error { return tx.Insert(Path{"m", "l", 2}, 1) }, ErrNotFound, "insert /m/l/2"},
		{"insert into a map", func(tx *Tx) error { return tx.Insert(Path{"m", "k"}, 1) }, ErrKind, "no index of a list"},
		{"append to a text", func(tx *Tx) error { return tx.Append(Path{"m", "t"}, 1) }, ErrKind, "text has no indexes"},
		{"delete nothing", func(tx *Tx) error { return tx.Delete(Path{"m", "x"}) }, ErrNotFound, "delete /m/x"},
		{"edit the root", func(tx *Tx) error { return tx.Put(nil, 1) }, ErrKind, "put /: the root map"},
		{"count a string", func(tx *Tx) error { return tx.Increment(Path{"m", "s"}, 1) }, ErrKind, "no counter"},
		{"splice a string", func(tx *Tx) error { return tx.Splice(Path{"m", "s"}, 0, 0, "x") }, ErrKind, "splice /m/s"},
		{"splice a list", func(tx *Tx) error { return tx.Splice(Path{"m", "l"}, 0, 0, "x") }, ErrKind, "list is no text"},
		{"splice past the end", func(tx *Tx) error { return tx.Splice(Path{"m", "t"}, 1, 1, "x") }, ErrNotFound, "splice 1+1 of a text of 1"},
		{"strange step", func(tx *Tx) error { return tx.Put(Path{"m", 1.5}, 1) }, ErrKind, "step is a float64"},
		{"strange value", func(tx *Tx) error { return tx.Put(Path{"k"}, struct{}{}) }, ErrKind, "a struct {} cannot be stored"},
		{"strange value inside", func(tx *Tx) error { return tx.Put(Path{"k"}, []any{1, make(chan int)}) }, ErrKind, "index 1: a chan int"},
		{"no UTF-8", func(tx *Tx) error { return tx.Put(Path{"k"}, map[string]any{"a": "\xff"}) }, nil, `key "a": not UTF-8`},
		{"no UTF-8 text", func(tx *Tx) error { return tx.Put(Path{"k"}, Text("\xff")) }, nil, "not UTF-8"},
		{"empty key inside", func(tx *Tx) error { return tx.Put(Path{"k"}, map[string]any{"": 1}) }, nil, "key is empty"},
		{"empty key", func(tx *Tx) error { return tx.Put(Path{""}, 1) }, nil, "key is empty"},
		{"strange keys", func(tx *Tx) error { return tx.Put(Path{"k"}, map[int]int{}) }, ErrKind, "keys are no strings"},
		{"far year", func(tx *Tx) error { return tx.Put(Path{"k"}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) }, ErrRange, "year 10000"},
		{"huge counter", func(tx *Tx) error { return tx.Put(Path{"k"}, Counter(chunk.CounterValueMax+1)) }, ErrRange, "counter 4503599627370497"},
		{"huge step", func(tx *Tx) error { return tx.Increment(Path{"m", "c"}, -chunk.IncrementMax-1) }, ErrRange, "increment /m/c: -2147483649"},
		{"too deep", func(tx *Tx) error { return tx.Put(Path{"k"}, nested(DepthMax+1)) }, nil, "nested deeper"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := d.Heads()
			var inner error
			hash, err := d.Change("", func(tx *Tx) error { inner = c.edit(tx); return nil })
			if inner == nil || !strings.Contains(inner.Error(), c.says) || c.is != nil && !errors.Is(inner, c.is) {
				t.Errorf("got %v, want %q", inner, c.says)
			}
			var pathErr *PathError
			if !errors.As(inner, &pathErr) {
				t.Errorf("%T is no *PathError", inner)
			}
			// The method edited nothing, so a change that goes on has nothing in it.
			if err != nil || hash != (id.ChangeHash{}) || !slices.Equal(before, d.Heads()) {
				t.Errorf("the refused edit made change %v, %v", hash, err)
			}
		})
	}
	put(t, d, nested(DepthMax), "deep")
}

func nested(depth int) any {
	var v any = "bottom"
	for range depth {
		v = []any{v}
	}
	return v
}

func TestChangeIsAllOrNothing(t *testing.T) {
	d := newAs(t, "a")
	first := put(t, d, Counter(1), "n")
	saved := d.Changes()
	boom := errors.New("boom")
	half := func(tx *Tx) {
		must(t, tx.Put(Path{"x"}, map[string]any{"y": 1}))
		must(t, tx.Increment(Path{"n"}, 5))
	}
	if _, err := d.Change("", func(tx *Tx) error { half(tx); return boom }); err != boom {
		t.Errorf("error is %v", err)
	}
	func() {
		defer func() { recover() }()
		d.Change("", func(tx *Tx) error { half(tx); panic(boom) })
	}()
	if _, err := d.Change("bad message \xff", func(tx *Tx) error { half(tx); return nil }); err == nil {
		t.Error("a message that is not UTF-8 was accepted")
	}
	want(t, d, map[string]any{"n": Counter(1)})
	if h := d.Heads(); len(h) != 1 || h[0] != first {
		t.Errorf("heads %v after failed changes", h)
	}
	// The next change continues as if nothing had been: same actor, next number.
	put(t, d, 2, "m")
	other, err := Load(bytes.Join(saved, nil))
	must(t, err)
	must(t, other.Merge(d))
	want(t, other, map[string]any{"n": Counter(1), "m": int64(2)})
}

func TestChangeTooLargeIsUndone(t *testing.T) {
	d := New()
	put(t, d, true, "k")
	_, err := d.Change("", func(tx *Tx) error {
		return tx.Put(Path{"t"}, Text(strings.Repeat("x", chunk.DefaultLimits.OpsMax)))
	})
	if !errors.Is(err, chunk.ErrLimit) {
		t.Fatalf("error is %v, want chunk.ErrLimit", err)
	}
	want(t, d, map[string]any{"k": true})
}

func TestTxSeesItsEditsAndEndsWithTheChange(t *testing.T) {
	d := New()
	var kept *Tx
	_, err := d.Change("", func(tx *Tx) error {
		kept = tx
		must(t, tx.Put(Path{"k"}, "v"))
		if v, err := tx.Value("k"); v != "v" || err != nil {
			t.Errorf("inside: %v, %v", v, err)
		}
		return nil
	})
	must(t, err)
	if err := kept.Put(Path{"k"}, "late"); !errors.Is(err, errTxDone) {
		t.Errorf("late put: %v", err)
	}
	if _, err := kept.Value("k"); !errors.Is(err, errTxDone) {
		t.Errorf("late read: %v", err)
	}
	want(t, d, "v", "k")
}

func TestChangeCarriesMessageTimeAndActor(t *testing.T) {
	d := newAs(t, "actor")
	_, err := d.Change("why", func(tx *Tx) error {
		tx.SetTime(time.Unix(-5, 0)) // a tablet that thinks it is 1969
		return tx.Put(Path{"k"}, 1)
	})
	must(t, err)
	c, err := chunk.ParseChange(d.Changes()[0], chunk.Limits{})
	must(t, err)
	if c.Message != "why" || c.Time != -5 || c.Actor != "actor" || c.Seq != 1 {
		t.Errorf("message %q, time %d, actor %q, seq %d", c.Message, c.Time, c.Actor, c.Seq)
	}
	before := time.Now().Unix()
	put(t, d, 2, "k")
	c, err = chunk.ParseChange(d.Changes()[1], chunk.Limits{})
	must(t, err)
	if c.Time < before || c.Time > time.Now().Unix() {
		t.Errorf("time %d is not now in seconds", c.Time)
	}
}

func TestApplyHoldsOrphans(t *testing.T) {
	a := newAs(t, "a")
	for i := range 3 {
		put(t, a, i, "k")
	}
	cs := a.Changes()
	b := New()
	must(t, b.Apply(cs[2], cs[1]))
	if b.Held() != 2 || len(b.Heads()) != 0 || len(b.Changes()) != 0 {
		t.Errorf("%d held, heads %v", b.Held(), b.Heads())
	}
	want(t, b, map[string]any{})
	must(t, b.Apply(cs[0]))
	if b.Held() != 0 || !slices.Equal(a.Heads(), b.Heads()) {
		t.Errorf("%d held, heads %v, want %v", b.Held(), b.Heads(), a.Heads())
	}
	want(t, b, int64(2), "k")
	if _, err := Load(cs[1]); err == nil {
		t.Error("a file without the first change was loaded")
	}
}

func TestApplyRefuses(t *testing.T) {
	a := newAs(t, "a")
	put(t, a, 1, "k")
	good := a.Changes()[0]

	d := New()
	for name, data := range map[string][]byte{
		"garbage":   []byte("garbage and more of it"),
		"truncated": good[:len(good)-1],
		"flipped":   append(slices.Clone(good[:len(good)-1]), good[len(good)-1]^1),
		"trailing":  append(slices.Clone(good), 0),
	} {
		if err := d.Apply(good, data); err == nil {
			t.Errorf("%s: no error", name)
		}
		if d.history.Len() != 0 {
			t.Fatalf("%s: something was added", name)
		}
	}

	// Well-formed, but the object it writes into does not exist.
	c, err := chunk.Build(chunk.Spec{Actor: "evil", Seq: 1, StartOp: 5, Ops: []chunk.Op{{
		Object: chunk.OpID{Counter: 3}, Key: "k", Action: chunk.ActionSet, Value: chunk.BoolValue(true),
	}}})
	must(t, err)
	if err := d.Apply(good, c.Bytes()); err != nil {
		t.Fatalf("%v, want it held: it starts later than the document is long", err)
	}
	c, err = chunk.Build(chunk.Spec{Actor: "evil", Seq: 1, StartOp: 2, Ops: []chunk.Op{{
		Object: chunk.OpID{Counter: 1}, Key: "k", Action: chunk.ActionSet, Value: chunk.BoolValue(true),
	}}})
	must(t, err)
	if err := d.Apply(c.Bytes()); !errors.Is(err, history.ErrInvalid) {
		t.Errorf("%v, want history.ErrInvalid", err)
	}
	want(t, d, map[string]any{"k": int64(1)})
}

func TestForkMergeAndSince(t *testing.T) {
	a := newAs(t, "a")
	put(t, a, []any{}, "l")
	b, err := a.Fork("b")
	must(t, err)
	if b.Actor() != "b" {
		t.Errorf("actor of the fork is %v", b.Actor())
	}
	for i := range 3 {
		put(t, a, i, "a")
		put(t, b, i, "b")
	}
	since := a.ChangesSince(b.Heads()) // b's own changes are unknown to a and passed over
	if len(since) != 4 {
		t.Errorf("%d changes since unknown heads, want all 4", len(since))
	}
	common := a.Heads()
	must(t, a.Merge(b))
	if n := len(a.ChangesSince(common)); n != 3 {
		t.Errorf("%d changes since the merge, want 3", n)
	}
	must(t, a.Merge(a))
	must(t, b.Merge(a))
	all, err := a.Value()
	must(t, err)
	want(t, b, all)
	if !slices.Equal(a.Heads(), b.Heads()) || len(a.Heads()) != 2 {
		t.Errorf("heads %v and %v", a.Heads(), b.Heads())
	}
	if _, err := a.Fork(""); err == nil {
		t.Error("forked with an empty actor")
	}
}

// Whoever keeps the bytes given to Apply may write to them afterwards.
func TestApplyKeepsNoBytes(t *testing.T) {
	a := newAs(t, "a")
	put(t, a, "v", "k")
	data := slices.Clone(a.Changes()[0])
	d := New()
	must(t, d.Apply(data))
	clear(data)
	want(t, d, "v", "k")
}

func TestEmptyDocument(t *testing.T) {
	d, err := Load(nil)
	must(t, err)
	want(t, d, map[string]any{})
	saved, err := d.Save()
	must(t, err)
	again, err := Load(saved)
	must(t, err)
	if len(again.Heads()) != 0 {
		t.Errorf("heads %v", again.Heads())
	}
}

func TestConcurrentUse(t *testing.T) {
	d := New()
	put(t, d, Counter(0), "n")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 10 {
				_, err := d.Change(fmt.Sprint(i, j), func(tx *Tx) error { return tx.Increment(Path{"n"}, 1) })
				if err != nil {
					t.Error(err)
				}
				d.Value("n")
				d.Heads()
				if err := d.Merge(d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want(t, d, Counter(40), "n")
}
