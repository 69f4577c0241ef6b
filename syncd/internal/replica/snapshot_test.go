package replica

import (
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
)

// stored is the replica of a document that is stored and loaded.
func stored(t *testing.T, cfg Config, a *historytest.Author) *Replica {
	t.Helper()
	r := New(cfg, a.Len(), a.Heads())
	err := r.Load(nil, func(take func([]byte) error) error {
		for _, c := range a.All() {
			if err := take(c.Bytes()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newcomer has a peer come that has nothing, and returns what it is sent: whether it
// begins with a snapshot, and how many changes follow one by one.
func newcomer(t *testing.T, r *Replica, c Conn) (snapshot bool, changes int, e Effects) {
	t.Helper()
	r.Attach(c, Peer{})
	m := exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}, Flags: &exchange.Flags{}}
	e = r.Sync(time.Unix(1_800_000_000, 0), Input{From: c, Message: Message{&m}})
	if len(e.Send) != 1 || e.Send[0].To != c {
		t.Fatalf("%d messages are sent", len(e.Send))
	}
	got, err := exchange.Decode(e.Send[0].Sync.Bytes(), exchange.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	changes = len(got.Changes)
	if got.Version == exchange.V2 {
		snapshot, changes = true, changes-1
	}
	return snapshot, changes, e
}

func TestASnapshotIsMadeWhileAPeerWaits(t *testing.T) {
	a := historytest.Posts(200)
	r := stored(t, Config{}, a)
	for c := range Conn(3) {
		if snapshot, changes, _ := newcomer(t, r, c+1); !snapshot || changes != 0 {
			t.Errorf("newcomer %d: a snapshot: %v, and %d changes", c, snapshot, changes)
		}
	}
	if n := r.Counts().Snapshots; n != 1 {
		t.Errorf("%d snapshots were made", n)
	}
	if r.Outdated(false) || r.Outdated(true) {
		t.Error("it wants another one")
	}
	made := r.Unkept()
	if made == nil || made.Changes != 200 {
		t.Fatalf("to be kept: %v", made)
	}
	shorter, err := history.MakeSnapshot(a.Prefix(100), chunk.Limits{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.UseSnapshot(shorter) || r.Unkept() != made {
		t.Error("a shorter one took its place")
	}
	if snapshot, changes, _ := newcomer(t, r, 10); !snapshot || changes != 0 {
		t.Errorf("beside a shorter one: a snapshot: %v, and %d changes", snapshot, changes)
	}
	if !r.UseSnapshot(made) || r.Unkept() != nil {
		t.Error("it is kept, and is to be kept")
	}
}

func TestNoSnapshotIsMadeThatTakesLong(t *testing.T) {
	large := historytest.New("a")
	large.Change(chunk.Op{Key: "text", Action: chunk.ActionMakeText})
	for i := range 199 {
		var ops []chunk.Op
		for k := range 105 {
			after := chunk.OpID{}
			if n := i*105 + k; n > 0 {
				after.Counter = uint64(n + 1)
			}
			ops = append(ops, chunk.Op{Object: chunk.OpID{Counter: 1}, Sequence: true, Insert: true, Elem: after,
				Action: chunk.ActionSet, Value: chunk.StringValue("x")})
		}
		large.Change(ops...)
	}
	photos := historytest.New("a")
	for range 64 {
		photos.Put("photo", strings.Repeat("0123456789abcdef", 1+promptBytesMax/64/16))
	}
	for name, c := range map[string]struct {
		*historytest.Author
		snapshot bool
	}{
		"changes that can be":    {historytest.Posts(promptChangesMax), true},
		"too many changes":       {historytest.Posts(promptChangesMax + 1), false},
		"too many operations":    {large, false},
		"too many bytes":         {photos, false},
		"too few to be worth it": {historytest.Posts(20), false},
	} {
		r := stored(t, Config{}, c.Author)
		snapshot, changes, _ := newcomer(t, r, 1)
		if snapshot != c.snapshot || !snapshot && changes != c.Len() {
			t.Errorf("%s: a snapshot: %v, and %d changes", name, snapshot, changes)
		}
		if due := name != "too few to be worth it" && !snapshot; r.Outdated(false) != due {
			t.Errorf("%s: the caller is asked for one: %v, want %v", name, r.Outdated(false), due)
		}
	}
}

func TestAWrongSnapshotIsReportedAndNotServed(t *testing.T) {
	tried := 0
	r := stored(t, Config{MakeSnapshot: func([]*chunk.Change) (*history.Snapshot, error) {
		tried++
		return nil, history.ErrSnapshot
	}}, historytest.Posts(200))
	for c := range Conn(2) {
		snapshot, changes, e := newcomer(t, r, c+1)
		if snapshot || changes != 200 {
			t.Errorf("newcomer %d: a snapshot: %v, and %d changes", c, snapshot, changes)
		}
		if reported := e.WrongSnapshot != nil; reported != (c == 0) {
			t.Errorf("newcomer %d: reported: %v", c, e.WrongSnapshot)
		}
		r.round = nil // as after a further change
	}
	if tried != 1 {
		t.Errorf("it was tried %d times", tried)
	}
}
