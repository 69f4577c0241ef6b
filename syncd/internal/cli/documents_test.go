package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/syncd/internal/cli"
	"github.com/tavle-org/tavle/syncd/internal/store"
)

// story returns n changes of one author, each upon the one before.
func story(t *testing.T, author id.Actor, n int) (changes []*chunk.Change) {
	t.Helper()
	for i := range n {
		spec := chunk.Spec{Actor: author, Seq: uint64(i + 1), StartOp: uint64(i + 1), Ops: []chunk.Op{
			{Key: fmt.Sprint("line ", i), Action: chunk.ActionSet, Value: chunk.StringValue("hello")},
		}}
		if i > 0 {
			spec.Deps = []id.ChangeHash{changes[i-1].Hash}
		}
		c, err := chunk.Build(spec)
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, c)
	}
	return changes
}

func file(changes ...*chunk.Change) string {
	var b strings.Builder
	for _, c := range changes {
		b.Write(c.Bytes())
	}
	return b.String()
}

// doc returns the document id 00…0n.
func doc(n byte) (d id.Document) {
	d[15] = n
	return d
}

func (r *runner) put(dir string, d id.Document, changes ...*chunk.Change) {
	r.t.Helper()
	s, _ := r.open(dir, true, nil)
	defer s.Close()
	a := store.Append{Document: d, Heads: []id.ChangeHash{changes[len(changes)-1].Hash}}
	for _, c := range changes {
		a.Changes = append(a.Changes, c.Bytes())
	}
	if err := s.Commit([]store.Append{a}); err != nil {
		r.t.Fatal(err)
	}
}

func TestExportAndImport(t *testing.T) {
	r := newRunner(t)
	changes := story(t, "ann", 2500) // more than one commit
	r.put("old", doc(1), changes...)
	exported := r.ok("export", "--data=old", doc(1).URL())
	if exported != file(changes...) {
		t.Fatalf("exported %d bytes, want %d", len(exported), len(file(changes...)))
	}
	if again := r.ok("export", "--data=old", doc(1).String()); again != exported {
		t.Error("an id alone exports something else than the URL")
	}

	r.stdin = exported
	url := strings.TrimSpace(r.ok("import", "--data=new", "-"))
	if got := r.ok("export", "--data=new", url); got != exported {
		t.Error("what was imported is exported differently")
	}
	if url == doc(1).URL() {
		t.Error("an import without --doc has kept the id")
	}

	res := r.run("import", "--data=new", "--doc", url, "-")
	if res.code != cli.ExitOK || res.out != url+"\n" || res.stderr != "0 changes stored, 2500 known already, 0 refused\n" {
		t.Errorf("importing again: exit %d, %q, %q", res.code, res.out, res.stderr)
	}
	if out := r.ok("check", "--data=new"); !strings.HasPrefix(out, "1 document, 2500 changes, ") {
		t.Errorf("check: %q", out)
	}
}

func TestExportToAFile(t *testing.T) {
	r := newRunner(t)
	changes := story(t, "ann", 3)
	r.put("d", doc(1), changes...)
	path := filepath.Join(t.TempDir(), "a.automerge")
	r.ok("export", "--data=d", doc(1).URL(), "-o", path)
	if got, err := os.ReadFile(path); err != nil || string(got) != file(changes...) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	r.wrap = func(s store.Store) store.Store {
		return tampered{Store: s, doc: doc(1), change: func(i int, c []byte) [][]byte { return nil }, fail: errors.New("no such disk")}
	}
	res := r.run("export", "--data=d", doc(1).URL(), "-o", path)
	if got, _ := os.ReadFile(path); res.code != cli.ExitWrong || string(got) != file(changes...) {
		t.Errorf("cut short: exit %d, %q, and the file that was there has %d bytes", res.code, res.stderr, len(got))
	}
	res = r.run("export", "--data=d", doc(2).URL(), "-o", path)
	if res.code != cli.ExitWrong || !strings.Contains(res.stderr, "there is no such document in d") {
		t.Errorf("unknown document: exit %d, %q", res.code, res.stderr)
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	if len(entries) != 1 {
		t.Errorf("files are left: %v", entries)
	}
	if res := r.run("export", "--data=d", "automerge:nonsense"); res.code != cli.ExitUsage {
		t.Errorf("no document id: exit %d, %q", res.code, res.stderr)
	}
}

func TestImportTakesValidChangesOnly(t *testing.T) {
	ann, bob := story(t, "ann", 4), story(t, "bob", 2)
	flipped := []byte(file(ann[3]))
	flipped[len(flipped)-1] ^= 1
	nowhere, err := chunk.Build(chunk.Spec{
		Actor: "eve", Seq: 1, StartOp: 5, Deps: []id.ChangeHash{ann[3].Hash},
		Ops: []chunk.Op{{Object: chunk.OpID{Counter: 2}, Key: "x", Action: chunk.ActionSet}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, file string
		code       int
		stderr     []string // parts of it
	}{
		{"out of order", file(ann[2], ann[0], ann[3], ann[1]), cli.ExitOK, []string{"4 changes stored, 0 known already, 0 refused"}},
		{"twice", file(ann[0], ann[0]), cli.ExitOK, []string{"1 change stored, 1 known already, 0 refused"}},
		{"two authors", file(ann...) + file(bob...), cli.ExitOK, []string{"6 changes stored"}},
		{"a gap", file(ann[0], ann[2], ann[3]), cli.ExitWrong, []string{
			"refused: change " + ann[2].Hash.String() + ": it depends on " + ann[1].Hash.String() + ", which is not there",
			"refused: change " + ann[3].Hash.String() + ": it depends on " + ann[2].Hash.String(), "1 change stored, 0 known already, 2 refused"}},
		{"invalid", file(append(slices.Clone(ann), nowhere)...), cli.ExitWrong, []string{
			"refused: change " + nowhere.Hash.String(), "4 changes stored, 0 known already, 1 refused"}},
		{"a flipped bit", file(ann[:3]...) + string(flipped), cli.ExitWrong, []string{
			"refused: chunk 4 of the file: chunk does not match its checksum", "3 changes stored, 0 known already, 1 refused"}},
		{"cut short", file(ann[:2]...) + file(ann[2])[:20], cli.ExitWrong, []string{
			"refused: from chunk 3 of the file on:", "2 changes stored, 0 known already, 1 refused"}},
		{"a picture", "\x89PNG and so on and on", cli.ExitWrong, []string{"no valid change; is this a file that Automerge has saved?"}},
		{"empty", "", cli.ExitWrong, []string{"there is no change in it"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRunner(t)
			r.stdin = c.file
			res := r.run("import", "--data=d", "--doc", doc(7).String(), "-")
			if res.code != c.code {
				t.Errorf("exit %d", res.code)
			}
			for _, part := range c.stderr {
				if !strings.Contains(res.stderr, part) {
					t.Errorf("stderr\n%s\nlacks %q", res.stderr, part)
				}
			}
			if res.out != "" { // something came in
				r.ok("check", "--data=d")
			} else if r.disks["d"] != nil {
				t.Error("a store was made for nothing")
			}
		})
	}
}

func TestDocs(t *testing.T) {
	r := newRunner(t)
	r.put("d", doc(1), story(t, "ann", 3)...)
	r.put("d", doc(2), story(t, "bob", 12)...)
	r.put("d", doc(3), story(t, "eve", 7)...)
	want := `DOCUMENT                                  CHANGES  STORED BYTES
automerge:1111111111111118k14cG                 3           223
automerge:111111111111111L6hK8p                12           990
automerge:111111111111111Mos8RU                 7           563
3 documents                                    22          1776
`
	if out := r.ok("docs", "--data=d"); out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
	largest := strings.Split(r.ok("docs", "--data=d", "--largest=2"), "\n")
	if len(largest) != 5 || !strings.Contains(largest[1], doc(2).URL()) || !strings.Contains(largest[2], doc(3).URL()) ||
		!strings.HasPrefix(largest[3], "3 documents ") {
		t.Errorf("largest 2:\n%s", strings.Join(largest, "\n"))
	}
	if res := r.run("docs", "--data=nowhere"); res.code != cli.ExitWrong || res.stderr != "syncd: there is no store\n" {
		t.Errorf("no store: exit %d, %q", res.code, res.stderr)
	}
}

// tampered is a store that shows one document differently than it is.
type tampered struct {
	store.Store
	doc    id.Document
	change func(i int, change []byte) [][]byte
	info   func(*store.Info)
	fail   error // at the end of loading
	list   error // joined to the end of the list
}

func (s tampered) Load(d id.Document, yield func([]byte) error) (store.Info, error) {
	i := 0
	info, err := s.Store.Load(d, func(c []byte) error {
		show := [][]byte{c}
		if d == s.doc && s.change != nil {
			show = s.change(i, c)
		}
		i++
		for _, c := range show {
			if err := yield(c); err != nil {
				return err
			}
		}
		return nil
	})
	if d == s.doc && s.info != nil {
		s.info(&info)
	}
	return info, errors.Join(err, s.fail)
}

func (s tampered) Documents(after *id.Document, yield func(id.Document, store.Info) error) error {
	err := s.Store.Documents(after, func(d id.Document, info store.Info) error {
		if d == s.doc && s.info != nil {
			s.info(&info)
		}
		return yield(d, info)
	})
	return errors.Join(err, s.list)
}

func TestCheckNamesEveryDamagedDocument(t *testing.T) {
	for _, c := range []struct {
		name string
		with tampered
		want string // after the URL; empty when nothing is damaged
	}{
		{name: "sound"},
		{name: "a flipped bit", want: "change 1: chunk does not match its checksum: change ",
			with: tampered{change: func(i int, c []byte) [][]byte {
				if i == 1 {
					c = bytes.Clone(c)
					c[len(c)-1] ^= 1
				}
				return [][]byte{c}
			}}},
		{name: "a change is missing", want: " stands before what it depends on",
			with: tampered{change: func(i int, c []byte) [][]byte {
				if i == 1 {
					return nil
				}
				return [][]byte{c}
			}}},
		{name: "a change is there twice", want: " is there twice",
			with: tampered{change: func(i int, c []byte) [][]byte { return [][]byte{c, c} }}},
		{name: "changes are missing at the end", want: "2 changes of 3 are there",
			with: tampered{change: func(i int, c []byte) [][]byte {
				if i == 2 {
					return nil
				}
				return [][]byte{c}
			}}},
		{name: "other heads", want: "its 3 changes end at heads [",
			with: tampered{info: func(i *store.Info) { i.Heads = []id.ChangeHash{{1}} }}},
		{name: "an append cut short", // not damage: see store.Load
			with: tampered{info: func(i *store.Info) {
				i.Changes, i.Heads = 2, []id.ChangeHash{story(t, "ann", 2)[1].Hash}
			}}},
		{name: "an append cut short after other heads", want: "its 2 changes end at heads [",
			with: tampered{info: func(i *store.Info) { i.Changes = 2 }}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRunner(t)
			r.put("d", doc(1), story(t, "bob", 1)...)
			r.put("d", doc(2), story(t, "ann", 3)...)
			r.put("d", doc(3), story(t, "eve", 1)...)
			r.wrap = func(s store.Store) store.Store {
				c.with.Store, c.with.doc = s, doc(2)
				return c.with
			}
			res := r.run("check", "--data=d")
			if c.want == "" {
				if res.code != cli.ExitOK || !strings.HasSuffix(res.out, " checked: all is well\n") {
					t.Errorf("exit %d\n%s%s", res.code, res.out, res.stderr)
				}
				return
			}
			lines := strings.Split(strings.TrimSpace(res.out), "\n")
			if res.code != cli.ExitWrong || len(lines) != 2 ||
				!strings.HasPrefix(lines[0], "damaged: "+doc(2).URL()+": ") || !strings.Contains(lines[0], c.want) ||
				!strings.HasPrefix(lines[1], "3 documents, ") || !strings.HasSuffix(lines[1], " checked: 1 damaged") {
				t.Errorf("exit %d\n%s%s", res.code, res.out, res.stderr)
			}
		})
	}
}

func TestCheckCountsWhatCannotBeListed(t *testing.T) {
	r := newRunner(t)
	r.put("d", doc(1), story(t, "ann", 1)...)
	r.wrap = func(s store.Store) store.Store {
		return tampered{Store: s, list: errors.Join(
			fmt.Errorf("document A: %w", store.ErrCorrupt), fmt.Errorf("document B: %w", store.ErrCorrupt))}
	}
	res := r.run("check", "--data=d")
	if res.code != cli.ExitWrong || !strings.Contains(res.out, "damaged: document A: ") || !strings.Contains(res.out, "damaged: document B: ") ||
		!strings.Contains(res.out, "3 documents, 1 change, ") || !strings.Contains(res.out, " 2 damaged") {
		t.Errorf("exit %d\n%s%s", res.code, res.out, res.stderr)
	}
	r.wrap = func(s store.Store) store.Store { return tampered{Store: s, list: errors.New("no such disk")} }
	if res := r.run("check", "--data=d"); res.code != cli.ExitWrong || res.stderr != "syncd: check d: no such disk\n" {
		t.Errorf("exit %d\n%s%s", res.code, res.out, res.stderr)
	}
}
