package rights

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"testing"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
)

// FuzzCheck gives a page what the bytes say, as operations on whatever objects
// there are. Whatever a history takes for valid is judged without a panic, in
// memory that follows the size of the change; what was accepted can be added, and
// adding it twice over gives the same index.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("a post and its reply"))
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19})
	if seed, err := os.ReadFile(filepath.Join("testdata", "typescript.mjs")); err == nil {
		f.Add(seed[:300])
	}
	for i := range 8 {
		f.Add([]byte{byte(i), 3, byte(i), 1, 0, 9, 4, 2, byte(20 - i), 1, 3, 0, 0, 2, 1})
	}
	actions := []chunk.Action{
		chunk.ActionMakeMap, chunk.ActionSet, chunk.ActionMakeList, chunk.ActionDelete, chunk.ActionMakeText, chunk.ActionIncrement, chunk.ActionSet, chunk.ActionMakeMap,
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		next := func(n int) int {
			if len(data) == 0 || n == 0 {
				return 0
			}
			b := int(data[0])
			data = data[1:]
			return b % n
		}
		x := newScene(t, Resident, Own)
		actor := x.maker.actor
		if next(2) == 1 {
			x, actor = newScene(t, Resident, Other), "the actor's actor"
			x.help()
		}
		keys := fuzzKeys(x)
		for range 4 {
			r := replicaOf(x.s.h)
			c := r.tamper(actor)
			objects, kinds := r.order, map[opRef]chunk.Action{}
			for range 1 + next(6) {
				at := objects[next(len(objects))]
				o := r.objects[at]
				if o == nil {
					o = &replicaObject{at: at, action: kinds[at]}
				}
				a, v := actions[next(len(actions))], chunk.Value{}
				if a == chunk.ActionSet {
					v = []chunk.Value{chunk.StringValue(keys[next(len(keys))]), chunk.StringValue(string(data)), chunk.BoolValue(true), chunk.IntValue(1), chunk.CounterValue(2), {}, chunk.BytesValue(data), chunk.TimestampValue(3)}[next(8)]
				} else if a == chunk.ActionIncrement {
					v = chunk.IntValue(1)
				}
				var made opRef
				switch {
				case o.action == chunk.ActionMakeMap && next(2) == 0:
					made = c.put(at, keys[next(len(keys))], a, v)
				case o.action == chunk.ActionMakeMap:
					made = c.over(o, keys[next(len(keys))], a, v)
				default:
					after := opRef{}
					if len(o.elems) > 0 {
						after = o.elems[next(len(o.elems))]
					}
					made = c.add(craftedOp{object: at, elem: after, sequence: true, Op: chunk.Op{Insert: true, Action: a, Value: v}})
				}
				if a.Makes() {
					objects, kinds[made] = append(objects, made), a
				}
			}
			if change, err := c.build(); err == nil {
				judge(t, x, change)
			}
		}
	})
}

// fuzzKeys are keys of all fields, and ids.
func fuzzKeys(x *scene) []string {
	var keys []string
	for _, s := range shapes {
		keys = append(keys, sortedKeys(s.fields)...)
	}
	return append(keys, "unknown", "", string(ident("post")), string(ident("reply")), string(ident("new")), x.p.Member, string(ident("helper")), aTime())
}

func judge(t *testing.T, x *scene, change *chunk.Change) {
	t.Helper()
	before := summary(x.s.x)
	var stats, after runtime.MemStats
	runtime.ReadMemStats(&stats)
	refused := x.s.x.Check(change, x.p)
	runtime.ReadMemStats(&after)
	if used, most := after.TotalAlloc-stats.TotalAlloc, uint64(64<<10+512*len(change.Bytes())); used > most {
		t.Errorf("%d bytes are allocated for a change of %d", used, len(change.Bytes()))
	}
	if summary(x.s.x) != before {
		t.Error("checking changed the index")
	}
	_, err := x.s.h.AddFrom(change, x.p)
	if err == nil && refused != nil {
		t.Errorf("accepted, and refused before: %v", refused)
	}
	again := NewPage(board.DemoBoard(), may, 0)
	for i := range x.s.h.Len() {
		c := x.s.h.At(i)
		a, _ := x.s.x.Author(c.Actor)
		again.Add(c, a)
	}
	if summary(again) != summary(x.s.x) {
		t.Error("the index of the same changes is another one")
	}
	loose := NewPage(board.DemoBoard(), may, 0) // takes everything
	open := history.New(history.Limits{})
	for i := range x.s.h.Len() {
		if _, err := open.Add(x.s.h.At(i)); err != nil {
			t.Fatal(err)
		}
		loose.Add(x.s.h.At(i), Author{})
	}
	if _, err := open.Add(change); err == nil {
		loose.Add(change, Author{})
	}
}

// No refusal has more in its path than ids and names of fields.
var plainPath = regexp.MustCompile(`^([a-zA-Z]+|[0-9a-z]{26})?(/([a-zA-Z]+|[0-9a-z]{26}))*$`)

func TestPathsArePlain(t *testing.T) {
	for _, v := range refusals {
		x := newScene(t, v.role, v.r)
		r := replicaOf(x.s.h)
		c := r.tamper("the actor's actor")
		if x.maker.p.Device == x.p.Device {
			c = r.tamper(x.maker.actor)
		}
		v.try(x, r, c)
		refusal, ok := x.s.x.Check(c.change(t), x.p).(*Refusal)
		if !ok || !plainPath.MatchString(refusal.Path) || refusal.Reason != GenesisOnly && refusal.Reason != UnknownPlace && refusal.Path == "" {
			t.Errorf("%s: %v", v.says, refusal)
		}
	}
}
