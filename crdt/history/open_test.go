package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// shelf keeps the bytes of changes for a reader, and counts what is read of them.
type shelf struct {
	changes [][]byte
	reads   int
	err     error
}

func (s *shelf) put(h *history.History, from, to int) {
	for i := from; i < to; i++ {
		s.changes = append(s.changes, bytes.Clone(h.At(i).Bytes()))
	}
}

// read lends its bytes, as stores do: afterwards they are another's.
func (s *shelf) read(from int, is func([]byte) bool, yield func(int, []byte) bool) error {
	if s.err != nil {
		return s.err
	}
	if from < len(s.changes) && !is(s.changes[from]) {
		return fmt.Errorf("%w: change %d is another", history.ErrGraph, from)
	}
	for i := from; i < len(s.changes); i++ {
		s.reads++
		lent := bytes.Clone(s.changes[i])
		more := yield(i, lent)
		clear(lent)
		if !more {
			break
		}
	}
	return nil
}

// noise returns random bytes, for scribble.
func noise(rng *rand.Rand, n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// graphOf is the graph of the first changes, in pieces of about so many bytes.
func graphOf(t testing.TB, h *history.History, n, piece int) []byte {
	t.Helper()
	part := history.New(history.Limits{})
	for i := range n {
		if err := part.Restore(h.At(i).Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	part.MarkDurable(n)
	var graph []byte
	for at := 0; at < n; {
		b, next := part.AppendGraph(nil, at, piece)
		if next <= at {
			t.Fatalf("no entry for change %d", at)
		}
		graph, at = append(graph, b...), next
	}
	return graph
}

// witness is a guard that remembers what it hears, and refuses some.
type witness struct{ heard []id.ChangeHash }

var errUnlucky = errors.New("an unlucky change")

func (w *witness) Admit(c *chunk.Change, _ any) error {
	if c.Hash[31]%8 == 0 {
		return errUnlucky
	}
	return nil
}

func (w *witness) Accepted(c *chunk.Change, _ any) { w.heard = append(w.heard, c.Hash) }

// spoil returns changes that are like c and mostly invalid.
func spoil(rng *rand.Rand, c *chunk.Change) []*chunk.Change {
	spec := chunk.Spec{
		Deps: slices.Clone(c.Deps), Actor: c.Actor, Seq: c.Seq, StartOp: c.StartOp, Time: c.Time, Others: c.Others, Message: "spoiled",
	}
	for _, op := range c.Ops() {
		op.Pred = slices.Clone(op.Pred)
		spec.Ops = append(spec.Ops, op)
	}
	var out []*chunk.Change
	for range 3 {
		s := spec
		switch rng.IntN(6) {
		case 0:
			s.Seq++
		case 1:
			s.StartOp += uint64(rng.IntN(3))
		case 2:
			if len(s.Deps) > 0 {
				s.Deps = slices.Delete(slices.Clone(s.Deps), 0, 1)
			}
		case 3:
			s.Actor, s.Seq = "newcomer", 1
		case 4: // the same, beside the original
		case 5:
			if len(s.Ops) > 0 {
				s.Ops = slices.Clone(s.Ops)
				s.Ops[0].Object = chunk.OpID{Counter: 1 + rng.Uint64N(s.StartOp)}
			}
		}
		if c, err := chunk.Build(s); err == nil {
			out = append(out, c)
		}
	}
	return out
}

// pair is a history that was restored whole, and one that was opened.
type pair struct {
	whole, opened   *history.History
	heard, hearsay  *witness
	shelf           *shelf
	t               *testing.T
	rng             *rand.Rand
	seed            uint64
	accepted, wrong int
}

// newPair makes a pair of the first n changes; of the opened one, the graph tells of k.
func newPair(t *testing.T, seed uint64, from *history.History, n, k int) *pair {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 77))
	p := &pair{t: t, rng: rng, seed: seed, heard: &witness{}, hearsay: &witness{}, shelf: &shelf{}}
	p.whole = history.New(history.Limits{})
	p.whole.SetGuard(p.heard)
	p.shelf.put(from, 0, k)
	few := history.Limits{RecentBytesMax: 1 + rng.IntN(4000), LookupOpsMax: 2 + rng.IntN(30), ClockEntriesMax: 16}
	opened, err := history.Open(few, graphOf(t, from, k, 1+rng.IntN(500)), p.shelf.read)
	if err != nil {
		t.Fatal(err)
	}
	p.opened = opened
	p.opened.SetGuard(p.hearsay)
	for i := range n {
		c := from.At(i).Bytes()
		err := p.whole.Restore(c)
		if err == nil && i >= k {
			err = p.opened.Restore(c)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	p.durable()
	return p
}

// durable makes everything durable in both.
func (p *pair) durable() {
	p.shelf.put(p.whole, len(p.shelf.changes), p.whole.Len())
	p.whole.MarkDurable(p.whole.Len())
	p.opened.MarkDurable(p.opened.Len())
}

// add offers a change to both.
func (p *pair) add(c *chunk.Change) {
	p.t.Helper()
	a, errA := p.whole.AddFrom(c, "somebody")
	b, errB := p.opened.AddFrom(c, "somebody")
	if fmt.Sprint(errA) != fmt.Sprint(errB) || len(a) != len(b) {
		p.t.Fatalf("seed %d: change %s: %d accepted, %v; when opened %d, %v", p.seed, c.Hash, len(a), errA, len(b), errB)
	}
	for i := range a {
		if a[i].Hash != b[i].Hash {
			p.t.Fatalf("seed %d: other changes are accepted", p.seed)
		}
	}
	if p.accepted += len(a); errA != nil {
		p.wrong++
	}
	if len(p.whole.Dropped()) != len(p.opened.Dropped()) {
		p.t.Fatalf("seed %d: other held changes are dropped", p.seed)
	}
}

// compare asks both everything.
func (p *pair) compare(all []*chunk.Change) {
	t, w, o := p.t, p.whole, p.opened
	t.Helper()
	same := func(what string, a, b any) {
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Fatalf("seed %d: %s: %v, when opened %v", p.seed, what, a, b)
		}
	}
	same("length", [3]int{w.Len(), w.Durable(), w.Orphans()}, [3]int{o.Len(), o.Durable(), o.Orphans()})
	same("bytes", w.Bytes(), o.Bytes())
	same("heads", w.Heads(), o.Heads())
	same("durable heads", w.DurableHeads(), o.DurableHeads())
	var hashes []id.ChangeHash
	for _, c := range all {
		hashes = append(hashes, c.Hash)
		same("has", [2]bool{w.Has(c.Hash), w.HasDurable(c.Hash)}, [2]bool{o.Has(c.Hash), o.HasDurable(c.Hash)})
	}
	for range 10 {
		some := hashes[p.rng.IntN(len(hashes)):]
		some = some[:p.rng.IntN(min(4, len(some)))]
		from := p.rng.IntN(w.Len() + 1)
		since := w.Since(from, some)
		same("since", since, o.Since(from, some))
		same("missing", w.Missing(some, 1000), o.Missing(some, 1000))
		for _, i := range since {
			a, b := w.At(i), o.At(i)
			same("deps", w.Deps(i), o.Deps(i))
			if !bytes.Equal(a.Bytes(), b.Bytes()) || o.HashStart(i) != a.Hash.Start() || w.HashStart(i) != a.Hash.Start() || b.Hash != a.Hash {
				t.Fatalf("seed %d: change %d is another", p.seed, i)
			}
		}
	}
	if n := p.rng.IntN(w.Len() + 1); n > 0 {
		a, errA := history.MakeSnapshot(w.Prefix(n), chunk.Limits{}, nil)
		b, errB := history.MakeSnapshot(o.Prefix(n), chunk.Limits{}, nil)
		if errA != nil || errB != nil || !bytes.Equal(a.Chunk, b.Chunk) {
			t.Fatalf("seed %d: snapshot: %v; when opened %v", p.seed, errA, errB)
		}
		same("fits", w.Fits(a), o.Fits(b))
	}
	if err := o.Err(); err != nil {
		t.Fatalf("seed %d: %v", p.seed, err)
	}
}

func TestAnOpenedHistoryAnswersAsARestoredOne(t *testing.T) {
	accepted, wrong, read := 0, 0, 0
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 78))
		data := noise(rng, 100+rng.IntN(1500))
		from := scribble(data)
		if from.Len() < 2 {
			continue
		}
		n := 1 + rng.IntN(from.Len()-1)
		p := newPair(t, seed, from, n, rng.IntN(n+1))
		var all []*chunk.Change
		for i := range from.Len() {
			all = append(all, from.At(i))
		}
		p.compare(all)
		rest := slices.Clone(all[n:])
		for _, c := range all {
			rest = append(rest, spoil(rng, c)...)
		}
		rng.Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		for i, c := range rest {
			if rng.IntN(10) == 0 {
				if err := p.opened.CatchUp(1 + rng.IntN(5)); err != nil {
					t.Fatal(err)
				}
			}
			p.add(c)
			if rng.IntN(4) == 0 {
				p.durable()
			}
			if i%10 == 0 {
				p.compare(append(all, rest...))
			}
		}
		p.compare(append(all, rest...))
		if err := p.opened.CatchUp(p.opened.Len()); err != nil || p.opened.Behind() != 0 || p.whole.Behind() != 0 {
			t.Fatal(err)
		}
		if !slices.Equal(p.heard.heard, p.hearsay.heard) {
			t.Fatalf("seed %d: the guard heard of %d changes, when opened of %d", seed, len(p.heard.heard), len(p.hearsay.heard))
		}
		accepted, wrong, read = accepted+p.accepted, wrong+p.wrong, read+p.shelf.reads
	}
	if accepted < 900 || wrong < 1000 || read < 1000 {
		t.Errorf("%d changes accepted, %d refused, %d read: the test tests little", accepted, wrong, read)
	}
}

// Of an opened change a part of the hash and a secret sum are kept, which is enough to tell it from one whose hash begins alike.
func TestAHashThatBeginsAlikeIsAnother(t *testing.T) {
	a := historytest.New("author")
	for range 3 {
		a.Put("k", "v")
	}
	graph := graphOf(t, a.History, 3, 1<<20)
	s := &shelf{}
	s.put(a.History, 0, 3)
	for i := range 3 {
		hash := a.At(i).Hash
		for at := range hash {
			other := hash
			other[at] ^= 1
			h, err := history.Open(history.Limits{}, bytes.Replace(graph, hash[:], other[:], 1), s.read)
			if err != nil {
				t.Fatal(err)
			}
			if h.Has(hash) || h.HasDurable(hash) || !h.Has(other) {
				t.Errorf("change %d is taken for one whose hash differs in byte %d", i, at)
			}
			if h.Prefix(3) != nil || !errors.Is(h.Err(), history.ErrGraph) {
				t.Errorf("change %d is read for one whose hash differs in byte %d: %v", i, at, h.Err())
			}
		}
	}
}

// What a peer asks that lacks the newest is answered without reading the rest, and
// what is written on top of it as well.
func TestLittleIsRead(t *testing.T) {
	a := historytest.New("author")
	for i := range 500 {
		a.Put(fmt.Sprint("key ", i), strings.Repeat("value ", 60))
	}
	s := &shelf{}
	s.put(a.History, 0, a.Len())
	h, err := history.Open(history.Limits{}, graphOf(t, a.History, a.Len(), 1<<20), s.read)
	if err != nil {
		t.Fatal(err)
	}
	behind := []id.ChangeHash{a.At(497).Hash}
	for _, i := range h.Since(0, behind) {
		h.At(i)
	}
	if s.reads != 2 {
		t.Errorf("%d changes were read for a peer that lacks 2", s.reads)
	}
	mustAdd(t, h, a.Put("a new key", "value"))
	if s.reads != 2 {
		t.Errorf("%d changes were read for one that refers to none", s.reads)
	}
	if h.Memory() >= h.Bytes() {
		t.Errorf("%d bytes in memory for %d bytes of changes", h.Memory(), h.Bytes())
	}
}

// A reader that fails, or reads something else, ends the history: it says so, takes
// nothing more and blames nobody's change.
func TestAHistoryThatCannotBeReadIsBroken(t *testing.T) {
	a := historytest.New("author")
	obj := a.Change(chunk.Op{Key: "map", Action: chunk.ActionMakeMap})
	for range 5 {
		a.Put("k", "v")
	}
	next := a.Change(chunk.Op{Object: chunk.OpID{Counter: obj.StartOp}, Key: "k", Action: chunk.ActionMakeMap})
	other := historytest.New("author")
	for range 6 {
		other.Put("z", "other")
	}
	boom := errors.New("the disk is on fire")
	for name, spoil := range map[string]func(s *shelf){
		"the reader fails":          func(s *shelf) { s.err = boom },
		"a change is missing":       func(s *shelf) { s.changes = nil },
		"a change is damaged":       func(s *shelf) { s.changes[0][20] ^= 1 },
		"a change is another":       func(s *shelf) { copy(s.changes[0][4:], s.changes[1][4:]) },
		"the changes are another's": func(s *shelf) { s.changes = nil; s.put(other.History, 0, 6) },
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{}
			s.put(a.History, 0, 6)
			h, err := history.Open(history.Limits{}, graphOf(t, a.History, 6, 1<<20), s.read)
			if err != nil {
				t.Fatal(err)
			}
			spoil(s)
			if _, err := h.Add(next); err == nil || errors.Is(err, history.ErrInvalid) || h.Err() == nil {
				t.Fatalf("adding gave %v, the history says %v", err, h.Err())
			}
			if s.err == nil && !errors.Is(h.Err(), history.ErrGraph) {
				t.Errorf("the history says %v", h.Err())
			}
			if _, err := h.Add(next); err == nil {
				t.Error("a broken history takes a change")
			}
			if c := h.At(0); c == nil || len(c.Bytes()) != 0 {
				t.Error("what stands in for a change is not empty")
			}
			if h.Prefix(3) != nil {
				t.Error("changes that cannot be read are there")
			}
			h.SetGuard(&witness{})
			if err := h.CatchUp(1); err == nil {
				t.Error("the guard was told of what cannot be read")
			}
		})
	}
}

// A graph that is not that of the changes is not opened, or noticed at the first
// change that is read; never does it cause a panic.
func FuzzOpen(f *testing.F) {
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 79))
		data := noise(rng, 300)
		h := scribble(data)
		h.MarkDurable(h.Len())
		graph, _ := h.AppendGraph(nil, 0, 1<<20)
		f.Add(graph)
	}
	f.Fuzz(func(t *testing.T, graph []byte) {
		h, err := history.Open(history.Limits{}, graph, (&shelf{}).read)
		if err != nil {
			if !errors.Is(err, history.ErrGraph) {
				t.Fatal(err)
			}
			return
		}
		h.Heads()
		h.Since(0, nil)
		if again, next := h.AppendGraph(nil, 0, 1<<30); len(again) > 0 || next != 0 {
			t.Fatalf("%d changes that were opened are written again", next)
		}
		for i := range h.Len() {
			for _, d := range h.Deps(i) {
				if d < 0 || int(d) >= i {
					t.Fatal("a dependency comes later")
				}
			}
			if h.At(i); h.Err() == nil {
				t.Fatal("a change that is nowhere was read")
			}
		}
		if h.Len() > 0 {
			h.SinceByClock(0, []int32{int32(h.Len() - 1)})
		}
	})
}

// Whatever is wrong with a graph is noticed: it is not opened, its heads are not
// those of the document, or it differs from the changes once they are read.
func TestEveryWrongByteOfAGraphIsNoticed(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 80))
		data := noise(rng, 400)
		from := scribble(data)
		n := from.Len()
		s := &shelf{}
		s.put(from, 0, n)
		graph := graphOf(t, from, n, 1<<20)
		for at := range graph {
			wrong := bytes.Clone(graph)
			wrong[at] ^= byte(1 + rng.IntN(255))
			h, err := history.Open(history.Limits{}, wrong, s.read)
			if err != nil || h.Len() != n || !slices.Equal(h.Heads(), from.Heads()) {
				continue
			}
			if h.Prefix(n) != nil || !errors.Is(h.Err(), history.ErrGraph) {
				t.Errorf("seed %d: byte %d of the graph is wrong, and nobody notices: %v", seed, at, h.Err())
			}
		}
	}
}
