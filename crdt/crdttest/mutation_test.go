package crdttest

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/internal/core"
)

var (
	mutations    = flag.Int("mutations", 1500, "altered histories to try")
	mutationSeed = flag.Uint64("mutation-seed", 1, "seed of the altered histories")
	mutationsOut = flag.String("mutations-out", "", "write the accepted histories to this file, a line of JSON each")
)

// What our strict validation accepts never harms the engine: not when it loads
// the changes at once or one by one, reads, saves, loads what it saved, nor when
// somebody goes on editing. The engine runs in a child process, since a panic
// of it cannot be caught.
func TestAcceptedMutationsDoNotHarmTheEngine(t *testing.T) {
	bases := mutationBases(t)
	child := startChild(t)
	defer func() { child.stop() }()
	r := rand.New(rand.NewPCG(*mutationSeed, 3))
	var out io.Writer = io.Discard
	if *mutationsOut != "" {
		f, err := os.Create(*mutationsOut)
		must(t, err)
		defer f.Close()
		out = f
	}

	accepted, aborts := 0, 0
	for i := range *mutations {
		h, ok := mutateAccepted(r, bases)
		if !ok {
			continue
		}
		accepted++
		line, err := json.Marshal(ask(uint64(i), h))
		must(t, err)
		fmt.Fprintf(out, "%s\n", line)
		a, err := child.ask(line)
		if err != nil {
			aborts++
			t.Errorf("mutation %d kills the engine: %v\n%s", i, err, dump(h))
			child.stop()
			child = startChild(t)
			continue
		}
		if a.Failed != "" {
			t.Errorf("mutation %d: %s\n%s", i, a.Failed, dump(h))
		}
		if !slices.Equal(a.Heads, h.Heads()) {
			t.Errorf("mutation %d: the engine has heads %v, we have %v\n%s", i, a.Heads, h.Heads(), dump(h))
		}
		if accepted%500 == 0 { // the engine's memory grows behind the collector's back
			child.stop()
			child = startChild(t)
		}
	}
	t.Logf("%d mutations: %d accepted, %d killed the engine", *mutations, accepted, aborts)
	if accepted < *mutations/20 {
		t.Errorf("only %d of %d mutations were accepted: too few to tell", accepted, *mutations)
	}
}

// mutateAccepted alters a document and returns what of it our validation
// accepts, if the altered change is among that.
func mutateAccepted(r *rand.Rand, bases [][]*chunk.Change) (*history.History, bool) {
	changes, altered, ok := Mutate(r, bases[r.IntN(len(bases))])
	if !ok {
		return nil, false
	}
	h := history.New(history.Limits{})
	for _, c := range changes {
		h.Add(c) // refusing is fine; what it then holds is what counts
	}
	return h, h.Has(altered)
}

// mutationBases returns the documents that are altered: small ones, so that
// what matters is hit.
func mutationBases(t *testing.T) (bases [][]*chunk.Change) {
	for seed := range uint64(40) {
		d, err := Generate(seed, Options{Actors: 2 + int(seed%3), Changes: 3 + int(seed%10)})
		must(t, err)
		bases = append(bases, parse(t, d.Changes))
	}
	vectors, err := ReadVectors(histories)
	must(t, err)
	for _, v := range vectors {
		if len(v.Changes) < 20 && v.Name != "long" {
			for range 4 {
				bases = append(bases, parse(t, v.Changes))
			}
		}
	}
	return bases
}

func dump(h *history.History) string {
	var b strings.Builder
	for i := range h.Len() {
		fmt.Fprintln(&b, hex.EncodeToString(h.At(i).Bytes()))
	}
	return b.String()
}

// question is what the child is asked: what happens with these changes?
type question struct {
	Seed    uint64
	Changes [][]byte
}

func ask(seed uint64, h *history.History) question {
	q := question{Seed: seed}
	for i := range h.Len() {
		q.Changes = append(q.Changes, h.At(i).Bytes())
	}
	return q
}

type answer struct {
	Heads  []id.ChangeHash
	Failed string // what went wrong, short of death
}

// child is the test binary run again as TestEngineChild. It answers one line
// of JSON for each.
type child struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *bytes.Buffer
}

const (
	childVariable = "CRDTTEST_ENGINE_CHILD"
	hangAfter     = time.Minute // an engine that takes this long hangs
)

func startChild(t *testing.T) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0], "-test.run=^TestEngineChild$"), stderr: &bytes.Buffer{}}
	c.cmd.Env = append(os.Environ(), childVariable+"=1")
	c.cmd.Stderr = c.stderr
	var err error
	c.in, err = c.cmd.StdinPipe()
	must(t, err)
	out, err := c.cmd.StdoutPipe()
	must(t, err)
	c.out = bufio.NewReaderSize(out, 1<<20)
	must(t, c.cmd.Start())
	return c
}

func (c *child) ask(line []byte) (a answer, err error) {
	hang := time.AfterFunc(hangAfter, func() { c.cmd.Process.Kill() })
	defer hang.Stop()
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return a, err
	}
	reply, err := c.out.ReadBytes('\n')
	if err != nil {
		c.in.Close()
		c.cmd.Wait()
		first, _, _ := strings.Cut(c.stderr.String(), "\ngoroutine ")
		return a, fmt.Errorf("%v: %.1000s", c.cmd.ProcessState, first)
	}
	return a, json.Unmarshal(reply, &a)
}

func (c *child) stop() {
	c.in.Close()
	c.cmd.Wait()
}

// TestEngineChild is no test but the child process of those above.
func TestEngineChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("runs only as a child process of other tests")
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			os.Exit(0) // without the lines that go test would print
		}
		must(t, err)
		var q question
		must(t, json.Unmarshal(line, &q))
		a := answer{}
		if a.Heads, err = tryEngine(q); err != nil {
			a.Failed = err.Error()
		}
		reply, err := json.Marshal(a)
		must(t, err)
		fmt.Printf("%s\n", reply)
		if n%50 == 0 {
			runtime.GC()
		}
	}
}

// tryEngine does with changes what a reader of the document would do.
func tryEngine(q question) ([]id.ChangeHash, error) {
	atOnce, err := core.New("reader")
	if err != nil {
		return nil, err
	}
	if err := atOnce.Load(bytes.Join(q.Changes, nil)); err != nil {
		return nil, err
	}
	first, err := Read(atOnce)
	if err != nil {
		return nil, err
	}
	oneByOne, err := core.New("reader")
	if err != nil {
		return nil, err
	}
	for _, c := range q.Changes {
		if err := oneByOne.Load(c); err != nil {
			return nil, err
		}
	}
	saved, err := core.New("reader")
	if err != nil {
		return nil, err
	}
	if err := saved.Load(first.Saved); err != nil {
		return nil, fmt.Errorf("what the engine saved: %w", err)
	}
	for name, d := range map[string]*core.Doc{"one by one": oneByOne, "saved": saved} {
		again, err := Read(d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if !slices.Equal(again.Heads, first.Heads) {
			return nil, fmt.Errorf("%s: heads %v, at once %v", name, again.Heads, first.Heads)
		}
		if a, b := fmt.Sprintf("%#v", again.Value), fmt.Sprintf("%#v", first.Value); a != b {
			return nil, fmt.Errorf("%s: reads %s, at once %s", name, a, b)
		}
	}
	if _, err := chunk.ParseDocument(first.Saved, chunk.Limits{}); err != nil {
		return nil, fmt.Errorf("what the engine saved: %w", err)
	}
	return first.Heads, goOn(q.Seed, atOnce)
}

// goOn edits the document and brings the edits to an empty one.
func goOn(seed uint64, d *core.Doc) error {
	g := &generator{rand: rand.New(rand.NewPCG(seed, 4))}
	for range 3 {
		if err := g.change(d, 4); err != nil {
			return fmt.Errorf("go on editing: %w", err)
		}
	}
	other, err := core.New("other")
	if err != nil {
		return err
	}
	if err := pull(other, d); err != nil {
		return fmt.Errorf("pass on the edits: %w", err)
	}
	if !slices.Equal(other.Heads(), d.Heads()) {
		return fmt.Errorf("after passing on the edits: heads %v, want %v", other.Heads(), d.Heads())
	}
	return nil
}
