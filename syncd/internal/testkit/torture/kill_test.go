package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// ledger is everything that a server has told anyone.
type ledger struct {
	mu   sync.Mutex
	told map[id.Document]map[id.ChangeHash]struct{}
	n    int
}

func (l *ledger) note(doc id.Document, change id.ChangeHash) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told[doc] == nil {
		l.told[doc] = map[id.ChangeHash]struct{}{}
	}
	if _, known := l.told[doc][change]; !known {
		l.told[doc][change] = struct{}{}
		l.n++
	}
}

func newLedger() *ledger { return &ledger{told: map[id.Document]map[id.ChangeHash]struct{}{}} }

// verify fetches every document as a new device and looks for all that was told.
func (l *ledger) verify(t *testing.T, addr string, round int) {
	t.Helper()
	for doc, told := range l.told {
		copy := fetch(t, addr, doc, fmt.Sprintf("fresh %d", round))
		for change := range told {
			if !copy.Has(change) {
				t.Fatalf("round %d: document %s has lost change %s of %d that were told", round, doc, change, len(told))
			}
		}
	}
}

func fetch(t *testing.T, addr string, doc id.Document, name string) *historytest.Author {
	t.Helper()
	copy := historytest.New(name)
	c, err := dial(addr, id.Peer(name), doc, copy, func(id.Document, id.ChangeHash) {})
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	if err := c.say(); err != nil {
		t.Fatal(err)
	}
	for {
		heads, err := c.hear()
		if err != nil {
			t.Fatalf("document %s, %d changes, heads %v: %v", doc, copy.Len(), copy.Heads(), err)
		}
		if slices.Equal(heads, copy.Heads()) {
			return copy
		}
	}
}

// writer is a device that posts for as long as it can reach the server. What it
// has written survives the server.
type writer struct {
	name string
	doc  id.Document
	copy *historytest.Author
	more int // up to so many characters besides
}

// write posts until the connection ends: mostly one change at a time, waiting
// for the server to have it, sometimes several at once.
func (w *writer) write(addr string, rng *rand.Rand, told func(id.Document, id.ChangeHash)) {
	c, err := dial(addr, id.Peer(w.name), w.doc, w.copy, told)
	if err != nil {
		return
	}
	defer c.conn.Close()
	for {
		for range 1 + rng.IntN(3)*rng.IntN(3) {
			w.copy.Put(fmt.Sprint("key ", rng.IntN(10)), fmt.Sprint(w.name, rng.Uint32(), noise(rng, rng.IntN(w.more+1))))
		}
		if c.say() != nil {
			return
		}
		for {
			heads, err := c.hear()
			if err != nil {
				return
			}
			if slices.Equal(heads, w.copy.Heads()) {
				break
			}
		}
	}
}

func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("TAVLE_TORTURE_ROUNDS")); err == nil {
		return n
	}
	return 100
}

// P1, P2: whatever syncd has told anyone is there after kill -9, at any moment.
func TestKilledAtRandomMoments(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	data, told := t.TempDir(), newLedger()
	shared := id.NewDocument()
	writers := []*writer{
		{"one", shared, historytest.New("one"), 0},
		{"two", shared, historytest.New("two"), 0},
		{"three", id.NewDocument(), historytest.New("three"), 0},
		{"four", id.NewDocument(), historytest.New("four"), 0},
	}
	for round := range rounds() {
		d := start(t, data)
		if round%10 == 9 {
			told.verify(t, d.addr, round)
		}
		var group sync.WaitGroup
		for i, w := range writers {
			own := rand.New(rand.NewPCG(seed, uint64(round*len(writers)+i)))
			group.Go(func() { w.write(d.addr, own, told.note) })
		}
		time.Sleep(time.Duration(5+rng.IntN(120)) * time.Millisecond)
		d.kill()
		group.Wait()
	}
	d := start(t, data)
	told.verify(t, d.addr, rounds())
	d.stop(t)
	check(t, data)
	t.Logf("%d rounds, %d changes told, none lost", rounds(), told.n)
	if told.n < rounds() {
		t.Fatalf("only %d changes were told in %d rounds: the test has tested nothing", told.n, rounds())
	}
}
