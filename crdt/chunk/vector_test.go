package chunk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

// vector is one history made by the reference implementation; see
// crdt/testdata/chunk/README.md.
type vector struct {
	Name     string
	Heads    []string
	Document string
	Changes  []struct {
		Hash, Bytes, Deflated string
		Ops                   []vectorOp
	}
}

// vectorOp is an operation as the reference decodes it.
type vectorOp struct {
	Action, Obj, Key, ElemID, Datatype, Name string
	Insert, Expand                           bool
	Value                                    json.RawMessage
	Pred                                     []string
}

var loadVectors = sync.OnceValues(func() (vs []vector, err error) {
	b, err := os.ReadFile("../testdata/chunk/vectors.json")
	if err != nil {
		return nil, err
	}
	return vs, json.Unmarshal(b, &vs)
})

func vectors(t testing.TB) []vector {
	t.Helper()
	vs, err := loadVectors()
	if err != nil {
		t.Fatal(err)
	}
	if len(vs) == 0 {
		t.Fatal("no vectors")
	}
	return vs
}

func unbase64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// specOf takes a change apart so that Build can make it again.
func specOf(c *Change) Spec {
	s := Spec{
		Deps: c.Deps, Actor: c.Actor, Seq: c.Seq, StartOp: c.StartOp, Time: c.Time, Message: c.Message,
		Others: c.Others, Extra: c.Extra,
	}
	for _, op := range c.Ops() {
		op.Pred = slices.Clone(op.Pred)
		s.Ops = append(s.Ops, op)
	}
	return s
}

func TestVectorsParseAndBuildAgain(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			for i, want := range v.Changes {
				data := unbase64(t, want.Bytes)
				c, err := ParseChange(data, Limits{})
				if err != nil {
					t.Fatalf("change %d: %v", i, err)
				}
				if c.Hash.String() != want.Hash {
					t.Errorf("change %d: hash %s, want %s", i, c.Hash, want.Hash)
				}
				again, err := Build(specOf(c))
				if err != nil {
					t.Fatalf("change %d: %v", i, err)
				}
				if !bytes.Equal(again.Bytes(), data) {
					t.Errorf("change %d: built again differently", i)
				}
				read, err := ReadChange(data)
				if err != nil || !reflect.DeepEqual(read, c) {
					t.Errorf("change %d: ReadChange differs from ParseChange (%v)", i, err)
				}
				if want.Ops != nil {
					compareOps(t, c, want.Ops)
				}
			}
		})
	}
}

// compareOps holds our decoding of the operations against the reference's.
func compareOps(t *testing.T, c *Change, want []vectorOp) {
	t.Helper()
	if c.OpCount != len(want) {
		t.Fatalf("%d operations, want %d", c.OpCount, len(want))
	}
	seen := 0
	for i, op := range c.Ops() {
		seen++
		if got, want := describe(c, op), describeVector(t, want[i]); got != want {
			t.Errorf("change %s op %d:\n got %s\nwant %s", c.Hash, i, got, want)
		}
	}
	if seen != len(want) {
		t.Errorf("Ops gave %d operations, want %d", seen, len(want))
	}
}

func describe(c *Change, op Op) string {
	name := func(o OpID, zero string) string {
		if o.IsZero() {
			return zero
		}
		return fmt.Sprintf("%d@%s", o.Counter, c.ActorAt(o.Actor))
	}
	key := strconv.Quote(op.Key)
	if op.Sequence {
		key = name(op.Elem, "_head")
	}
	var preds []string
	for _, p := range op.Pred {
		preds = append(preds, name(p, "none"))
	}
	action := op.Action.String()
	if op.Action == ActionMark {
		action = "mark end"
		if op.HasMarkName {
			action = "mark begin " + op.MarkName
		}
		action += fmt.Sprint(" ", op.Expand)
	}
	value := describeValue(op.Value)
	if op.Action != ActionSet && op.Action != ActionIncrement && !op.HasMarkName {
		value = ""
	}
	return fmt.Sprint(action, " ", name(op.Object, "_root"), " ", key, " ", op.Insert, " ", value, " ", preds)
}

func describeValue(v Value) string {
	switch v.Kind {
	case ValueFalse, ValueTrue:
		return fmt.Sprint(v.Kind == ValueTrue)
	case ValueUint:
		n, _ := v.Uint()
		return fmt.Sprint("uint ", n)
	case ValueInt, ValueCounter, ValueTimestamp:
		n, _ := v.Int()
		return fmt.Sprint([]string{4: "int", 8: "counter", 9: "timestamp"}[v.Kind], " ", n)
	case ValueFloat64:
		n, _ := v.Float64()
		return fmt.Sprint("float64 ", n)
	case ValueString:
		s, _ := v.Text()
		return strconv.Quote(s)
	case ValueBytes:
		return fmt.Sprint(v.Bytes)
	}
	return "null"
}

func describeVector(t *testing.T, op vectorOp) string {
	t.Helper()
	action := map[string]string{
		"set": "set", "del": "delete", "inc": "increment", "makeMap": "make map", "makeList": "make list",
		"makeText": "make text", "markBegin": "mark begin " + op.Name, "markEnd": "mark end",
	}[op.Action]
	if strings.HasPrefix(action, "mark") {
		action += fmt.Sprint(" ", op.Expand)
	}
	key := strconv.Quote(op.Key)
	if op.ElemID != "" {
		key = op.ElemID
	}
	value := describeJSON(t, op)
	return fmt.Sprint(action, " ", op.Obj, " ", key, " ", op.Insert, " ", value, " ", op.Pred)
}

func describeJSON(t *testing.T, op vectorOp) string {
	t.Helper()
	if op.Value == nil {
		if op.Action == "set" {
			return "null"
		}
		return ""
	}
	if op.Action == "inc" {
		op.Datatype = "int"
	}
	if op.Datatype != "" {
		return op.Datatype + " " + string(op.Value)
	}
	var v any
	if err := json.Unmarshal(op.Value, &v); err != nil {
		t.Fatal(err)
	}
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(v)
	default:
		return fmt.Sprint(v)
	}
}

func TestVectorDeflatedChanges(t *testing.T) {
	found := 0
	for _, v := range vectors(t) {
		for i, want := range v.Changes {
			plain := unbase64(t, want.Bytes)
			wire := Deflate(nil, plain)
			if len(wire) > len(plain) {
				t.Errorf("%s: change %d grows from %d to %d bytes", v.Name, i, len(plain), len(wire))
			}
			forms := [][]byte{wire}
			if want.Deflated != "" {
				found++
				forms = append(forms, unbase64(t, want.Deflated))
				if Type(wire[typeOffset]) != TypeDeflated {
					t.Errorf("%s: change %d of %d bytes was not deflated", v.Name, i, len(plain))
				}
			}
			for _, form := range forms {
				c, err := ParseChange(form, Limits{})
				if err != nil {
					t.Fatalf("%s: change %d: %v", v.Name, i, err)
				}
				if c.Hash.String() != want.Hash || !bytes.Equal(c.Bytes(), plain) {
					t.Errorf("%s: change %d: inflates to another change", v.Name, i)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no vector has a deflated change")
	}
}

func TestVectorDocuments(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			changes, err := ParseDocument(unbase64(t, v.Document), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			known, heads := map[id.ChangeHash]bool{}, map[string]bool{}
			for _, c := range changes {
				got = append(got, c.Hash.String())
				for _, d := range c.Deps {
					if !known[d] {
						t.Errorf("change %s comes before its dependency %s", c.Hash, d)
					}
					delete(heads, d.String())
				}
				known[c.Hash], heads[c.Hash.String()] = true, true
			}
			byHash := map[string][]byte{}
			if names := slices.Sorted(maps.Keys(heads)); !slices.Equal(names, slices.Sorted(slices.Values(v.Heads))) {
				t.Errorf("heads %s, want %s", names, v.Heads)
			}
			for _, c := range v.Changes {
				want = append(want, c.Hash)
				byHash[c.Hash] = unbase64(t, c.Bytes)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("changes\n%s\nwant\n%s", got, want)
			}
			for _, c := range changes {
				if !bytes.Equal(c.Bytes(), byHash[c.Hash.String()]) {
					t.Errorf("change %s has other bytes", c.Hash)
				}
			}
		})
	}
}

func TestVectorFileSplits(t *testing.T) {
	var file []byte
	var want []Type
	for _, v := range vectors(t) {
		file = append(file, unbase64(t, v.Document)...)
		want = append(want, TypeDocument)
		for _, c := range v.Changes {
			file = append(file, unbase64(t, c.Bytes)...)
			want = append(want, TypeChange)
			if c.Deflated != "" {
				file = append(file, unbase64(t, c.Deflated)...)
				want = append(want, TypeDeflated)
			}
		}
	}
	var got []Type
	var joined []byte
	for raw, err := range Split(file, Limits{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, raw.Type)
		joined = append(joined, raw.Bytes...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("types %v, want %v", got, want)
	}
	if !bytes.Equal(joined, file) {
		t.Error("the parts are not the file")
	}
}
