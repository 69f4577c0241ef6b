package board

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
)

var update = flag.Bool("update", false, "write what is read into documents.json")

// jsDocument is a document that Automerge made in JavaScript.
type jsDocument struct {
	Says      string              `json:"says"`
	Heads     []string            `json:"heads"`
	Changes   []string            `json:"changes"`
	Value     any                 `json:"value"`
	Conflicts map[string][]string `json:"conflicts"`
	HeldBy    map[ID]string       `json:"heldBy,omitempty"`  // of posts that were handed over, as SCHEMA.md says
	Reasons   map[ID]ID           `json:"reasons,omitempty"` // of entries that are hidden or removed: the record
	Read      json.RawMessage     `json:"read,omitempty"`
}

func (v jsDocument) history(t *testing.T, order func(n int) int) *history.History {
	t.Helper()
	h := history.New(history.Limits{})
	for i := range v.Changes {
		data, err := hex.DecodeString(v.Changes[order(i)])
		if err != nil {
			t.Fatal(err)
		}
		c, err := chunk.ParseChange(data, chunk.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	if h.Orphans() > 0 {
		t.Fatalf("%d changes wait", h.Orphans())
	}
	return h
}

// Automerge and this package have to see the same values and the same conflicts.
func TestDocumentsOfJavaScript(t *testing.T) {
	all := vectors[[]jsDocument](t, "documents.json")
	for i, v := range all {
		t.Run(v.Says, func(t *testing.T) {
			forward := v.history(t, func(i int) int { return i })
			backward := v.history(t, func(i int) int { return len(v.Changes) - 1 - i })
			d, err := materialise(forward)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := asJSON(t, d.plain(d.root)), asJSON(t, v.Value); got != want {
				t.Errorf("read\n%s\nand Automerge reads\n%s", got, want)
			}
			found := map[string][]string{}
			d.conflicts(t, d.root, nil, found)
			if got, want := asJSON(t, found), asJSON(t, v.Conflicts); got != want {
				t.Errorf("conflicts\n%s\nand in Automerge\n%s", got, want)
			}
			v.checkPosts(t, forward)
			read, again := readAny(t, forward), readAny(t, backward)
			if read != again {
				t.Errorf("read in another order:\n%s\n%s", read, again)
			}
			if *update {
				all[i].Read = json.RawMessage(read)
			} else if got, want := read, compact(t, v.Read); got != want {
				t.Errorf("read\n%s\nwant\n%s", got, want)
			}
		})
	}
	if *update {
		data, err := json.MarshalIndent(all, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("..", "testdata", "board", "documents.json"), append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (v jsDocument) checkPosts(t *testing.T, h *history.History) {
	t.Helper()
	p, err := ReadPage(h)
	if err != nil {
		return // a board
	}
	reasons := map[ID]ID{}
	for target, r := range p.Reasons() {
		reasons[target] = r.ID
	}
	if !maps.Equal(reasons, v.Reasons) {
		t.Errorf("hidden or removed by %v, want %v", reasons, v.Reasons)
	}
	for _, post := range p.Posts {
		if want, ok := v.HeldBy[post.ID]; ok && post.HeldBy() != want {
			t.Errorf("post %s is held by %s, want %s", post.ID, post.HeldBy(), want)
		}
	}
}

func readAny(t *testing.T, h *history.History) string {
	t.Helper()
	if p, err := ReadPage(h); err == nil {
		return asJSON(t, p)
	}
	b, err := ReadBoard(h)
	if err != nil {
		t.Fatal(err)
	}
	return asJSON(t, b)
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compact(t *testing.T, data json.RawMessage) string {
	t.Helper()
	p, b := Page{}, Board{}
	if strings.Contains(string(data), `"posts"`) {
		if err := json.Unmarshal(data, &p); err != nil {
			t.Fatal(err)
		}
		return asJSON(t, p)
	}
	if err := json.Unmarshal(data, &b); err != nil {
		t.Fatal(err)
	}
	return asJSON(t, b)
}

// plain is an object as Automerge shows it: of several values the first.
func (d *doc) plain(o *object) any {
	switch o.kind {
	case kindText:
		return o.text.string(d)
	case kindOther:
		return "(list)"
	}
	m := map[string]any{}
	for key := range o.fields {
		m[key] = d.plainValue(d.values(o, key)[0])
	}
	return m
}

func (d *doc) plainValue(v value) any {
	if v.object != nil {
		return d.plain(v.object)
	}
	if s, ok := v.scalar.Text(); ok {
		return s
	}
	if f, ok := v.scalar.Float64(); ok {
		return f
	}
	switch v.scalar.Kind {
	case chunk.ValueCounter:
		return "(counter)"
	case chunk.ValueTrue, chunk.ValueFalse:
		return v.scalar.Kind == chunk.ValueTrue
	}
	if n, ok := v.scalar.Int(); ok {
		return n
	}
	if n, ok := v.scalar.Uint(); ok {
		return n
	}
	return nil
}

func (d *doc) conflicts(t *testing.T, o *object, path []string, found map[string][]string) {
	for key := range o.fields {
		values := d.values(o, key)
		at := slices.Concat(path, []string{key})
		if len(values) > 1 {
			var all []string
			for _, v := range values {
				all = append(all, strings.TrimSpace(asJSON(t, d.plainValue(v))))
			}
			sort.Strings(all)
			found[strings.Join(at, "/")] = all
		}
		if v := values[0]; v.object != nil && v.object.kind == kindMap {
			d.conflicts(t, v.object, at, found)
		}
	}
}

// Documents that are no boards: their texts and maps are read as Automerge reads
// them too; lists and counters are passed over.
func TestOtherDocumentsOfJavaScript(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "histories", "*.json"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, name := range files {
		var v struct {
			Changes [][]byte
			Value   map[string]any
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		h := history.New(history.Limits{})
		for _, data := range v.Changes {
			c, err := chunk.ParseChange(data, chunk.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Add(c); err != nil {
				t.Fatal(err)
			}
		}
		d, err := materialise(h)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := asJSON(t, d.plain(d.root)), asJSON(t, untagged(v.Value)); got != want {
			t.Errorf("%s: read\n%s\nwant\n%s", filepath.Base(name), got, want)
		}
	}
}

// untagged takes the values of JavaScript as plain reads them.
func untagged(v any) any {
	switch v := v.(type) {
	case []any:
		return "(list)"
	case map[string]any:
		if _, ok := v["$counter"]; ok {
			return "(counter)"
		}
		if at, ok := v["$time"]; ok {
			return at
		}
		if _, ok := v["$bytes"]; ok {
			return nil
		}
		m := map[string]any{}
		for key, x := range v {
			m[key] = untagged(x)
		}
		return m
	}
	return v
}
