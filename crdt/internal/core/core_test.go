package core

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"github.com/tavle-org/tavle/crdt/id"
)

func newDoc(t *testing.T, actor string) *Doc {
	t.Helper()
	d, err := New(id.Actor(actor))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestScalarsRoundTrip(t *testing.T) {
	scalars := []any{
		nil, true, false, "", "blåbærgrød 🫐\x00", []byte{}, []byte{0, 255}, int64(math.MinInt64), int64(math.MaxInt64),
		uint64(math.MaxUint64), 0.5, math.Inf(-1), time.UnixMilli(1_700_000_000_123).UTC(),
		time.UnixMilli(-5000).UTC(), Counter(-7),
	}
	d := newDoc(t, "a")
	list, err := d.Root().SetNew("list", List)
	must(t, err)
	for i, want := range scalars {
		must(t, d.Root().Set("key", want))
		got, err := d.Root().Value("key")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("map: wrote %#v, read %#v, %v", want, got, err)
		}
		must(t, list.Insert(i, want))
	}
	got, err := list.List()
	if err != nil || !reflect.DeepEqual(got, scalars) {
		t.Errorf("list: read %#v, %v", got, err)
	}
}

func TestRefusesBadInputBeforeTheEngine(t *testing.T) {
	d := newDoc(t, "a")
	root := d.Root()
	list, err := root.SetNew("list", List)
	must(t, err)
	text, err := root.SetNew("text", Text)
	must(t, err)
	must(t, text.Splice(0, 0, "æ🙂"))

	for name, err := range map[string]error{
		"empty key":        root.Set("", 1.0),
		"bad UTF-8 key":    root.Set("\xff", 1.0),
		"bad UTF-8 string": root.Set("k", "\xff"),
		"no scalar":        root.Set("k", struct{}{}),
		"Go int":           root.Set("k", 1),
		"far time":         root.Set("k", time.Unix(math.MaxInt64/2, 0)),
		"index in a map":   root.Set(0, 1.0),
		"key in a list":    list.Set("k", 1.0),
		"set past the end": list.Set(0, 1.0),
		"insert past":      list.Insert(1, 1.0),
		"insert before":    list.Insert(-1, 1.0),
		"delete nothing":   root.Delete("nothing"),
		"delete past":      list.Delete(0),
		"splice past":      text.Splice(3, 0, "x"),
		"splice too much":  text.Splice(1, 2, "x"),
		"splice overflow":  text.Splice(1, math.MaxInt, "x"),
		"splice negative":  text.Splice(0, -1, "x"),
		"splice UTF-8":     text.Splice(0, 0, "\xff"),
		"splice a map":     root.Splice(0, 0, "x"),
		"count a list":     root.Increment("list", 1),
		"set in a text":    text.Set(0, 1.0),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if s, err := text.Text(); s != "æ🙂" || err != nil {
		t.Errorf("text is %q, %v after refused edits", s, err)
	}
	if m, _ := root.Map(); len(m) != 2 {
		t.Errorf("root is %v after refused edits", m)
	}
}

func TestCommitWritesSeconds(t *testing.T) {
	d := newDoc(t, "a")
	must(t, d.Root().Set("k", true))
	_, raw, err := d.Commit(CommitOptions{Message: "first", Time: time.Unix(1_700_000_000, 999e6)})
	must(t, err)
	changes, err := automerge.LoadChanges(raw)
	must(t, err)
	// automerge-go takes the stored number for milliseconds.
	if got := changes[0].Timestamp().UnixMilli(); got != 1_700_000_000 {
		t.Errorf("stored time is %d, want the seconds", got)
	}
	if changes[0].Message() != "first" || changes[0].ActorID() != id.Actor("a").String() {
		t.Errorf("message %q, actor %q", changes[0].Message(), changes[0].ActorID())
	}
}

func TestCommitOfNothing(t *testing.T) {
	d := newDoc(t, "a")
	if _, _, err := d.Commit(CommitOptions{}); !errors.Is(err, ErrNoEdit) {
		t.Fatalf("commit of nothing: %v, want ErrNoEdit", err)
	}
	if h := d.Heads(); len(h) != 0 {
		t.Fatalf("heads %v after a commit of nothing", h)
	}
	hash, _, err := d.Commit(CommitOptions{Empty: true})
	if h := d.Heads(); err != nil || len(h) != 1 || h[0] != hash {
		t.Fatalf("empty change: %v, heads %v, hash %v", err, h, hash)
	}
}

func TestChangesMoveBetweenDocuments(t *testing.T) {
	a, b := newDoc(t, "a"), newDoc(t, "b")
	must(t, a.Root().Set("n", Counter(1)))
	first, _, err := a.Commit(CommitOptions{})
	must(t, err)
	all, err := a.Changes()
	must(t, err)
	must(t, b.Load(bytes.Join(all, nil)))
	must(t, b.Root().Increment("n", 4))
	_, _, err = b.Commit(CommitOptions{})
	must(t, err)
	since, err := b.Changes(first, id.ChangeHash{9}) // an unknown hash is ignored
	must(t, err)
	if len(since) != 1 {
		t.Fatalf("%d changes since the first, want 1", len(since))
	}
	must(t, a.Load(since[0]))
	if v, err := a.Root().Value("n"); v != Counter(5) || err != nil {
		t.Errorf("counter is %v, %v", v, err)
	}
	if !reflect.DeepEqual(a.Heads(), b.Heads()) {
		t.Errorf("heads differ: %v, %v", a.Heads(), b.Heads())
	}
}

// Objects whose Go side is collected while the engine works on them were a use
// after free in Text of automerge-go; this runs the collector all the time.
func TestObjectsSurviveTheCollector(t *testing.T) {
	d := newDoc(t, "a")
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				runtime.GC()
			}
		}
	}()
	_, err := d.Root().SetNew("text", Text)
	must(t, err)
	for range 300 {
		v, err := d.Root().Value("text")
		must(t, err)
		must(t, v.(Object).Splice(0, 0, "ø"))
	}
	v, err := d.Root().Value("text")
	must(t, err)
	s, err := v.(Object).Text()
	must(t, err)
	close(stop)
	<-done
	if s != strings.Repeat("ø", 300) {
		t.Errorf("text is %q", s)
	}
}

func TestSyncConverges(t *testing.T) {
	a, b := newDoc(t, "a"), newDoc(t, "b")
	for d, key := range map[*Doc]string{a: "a", b: "b"} {
		must(t, d.Root().Set(key, true))
		_, _, err := d.Commit(CommitOptions{})
		must(t, err)
	}
	sa, sb := NewSync(a), NewSync(b)
	for round := 0; ; round++ {
		if round > 10 {
			t.Fatal("no end after 10 rounds")
		}
		ma, mb := sa.Generate(), sb.Generate()
		if ma == nil && mb == nil {
			break
		}
		if ma != nil {
			must(t, sb.Receive(ma))
		}
		if mb != nil {
			must(t, sa.Receive(mb))
		}
	}
	if h := a.Heads(); len(h) != 2 || !reflect.DeepEqual(h, b.Heads()) {
		t.Errorf("heads %v and %v", h, b.Heads())
	}
}
