package replica

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board/rights"
	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/id"
)

// rulebook admits a change when it knows of all that were there before.
type rulebook struct {
	known int
	bound []rights.Binding
}

func (r *rulebook) Admit(c *chunk.Change, _ any) error {
	if r.known != int(c.Seq)-1 {
		return fmt.Errorf("change %d is judged by who knows of %d", c.Seq, r.known)
	}
	return nil
}

func (r *rulebook) Accepted(*chunk.Change, any) { r.known++ }
func (r *rulebook) Bind(b rights.Binding)       { r.bound = append(r.bound, b) }
func (r *rulebook) Fresh() []rights.Binding     { return nil }

func (r *rulebook) Bytes() int64 { return int64(r.known) << 10 }

func (r *rulebook) AppendIndex(b []byte) []byte { return fmt.Append(b, r.known) }

func (r *rulebook) RestoreIndex(index []byte) (err error) {
	r.known, err = strconv.Atoi(string(index))
	return err
}

// opened is a replica of what the author has written, opened with its graph.
func opened(t *testing.T, a *historytest.Author, read func(from int, is func([]byte) bool, yield func(int, []byte) bool) error) (*Replica, *rulebook) {
	t.Helper()
	book := &rulebook{}
	r := New(Config{Storage: "server", Read: read, Rules: func() Rules { return book }}, a.Len(), a.Heads())
	graph, n := a.AppendGraph(nil, 0, 1<<20)
	bindings := []rights.Binding{{Actor: a.Actor}}
	ok, err := r.LoadGraph(bindings, func(take func([]byte, int) error, _ func([]byte) error) (int, []id.ChangeHash, error) {
		return n, a.Heads(), take(graph, n)
	})
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	r.Attach(1, Peer{})
	r.Attach(2, Peer{})
	return r, book
}

func reading(a *historytest.Author) func(int, func([]byte) bool, func(int, []byte) bool) error {
	stored := a.All()
	return func(from int, _ func([]byte) bool, yield func(int, []byte) bool) error {
		for i := from; i < len(stored) && yield(i, stored[i].Bytes()); i++ {
		}
		return nil
	}
}

func offer(t *testing.T, a *historytest.Author, c *chunk.Change) Message {
	t.Helper()
	m := exchange.Message{Version: exchange.V1, Heads: a.Heads(), Have: []exchange.Have{{LastSync: c.Deps}}, Changes: [][]byte{c.Bytes()}}
	return received(t, m)
}

// Who brings a change waits until the rules know the document; who reads does not.
func TestRulesCatchUpAfterAnOpening(t *testing.T) {
	a := historytest.New("author")
	for range 1000 {
		a.Put("k", "v")
	}
	r, book := opened(t, a, reading(a))
	behind := []id.ChangeHash{a.At(990).Hash}
	input := Input{From: 1, Message: offer(t, a, a.Put("k", "new"))}
	now := time.Now()
	if e := r.Sync(now, input); !e.CatchUp || e.Persist != nil || len(e.Send) > 0 || book.known != 0 {
		t.Fatalf("before the rules know the document: %+v", e)
	}
	read := received(t, agreement(behind))
	if e := r.Sync(now, Input{From: 2, Message: read}); len(e.Send) != 1 || e.Send[0].To != 2 || book.known != 0 {
		t.Fatalf("who reads gets %+v, the rules know of %d changes", e.Send, book.known)
	}
	steps := 0
	for more := true; more; steps++ {
		var e Effects
		if more, e = r.CatchUp(300); e.Fail != nil {
			t.Fatal(e.Fail)
		}
	}
	if e := r.Sync(now, input); e.Persist == nil || len(e.Close)+len(e.Refuse) > 0 || steps != 4 || len(book.bound) != 1 {
		t.Fatalf("after %d steps: %+v", steps, e)
	}
}

// A document that cannot be read blames nobody.
func TestAHistoryThatCannotBeReadIsGivenUp(t *testing.T) {
	boom := errors.New("the disk is on fire")
	a := historytest.New("author")
	for range 10 {
		a.Put("k", "v")
	}
	r, _ := opened(t, a, func(int, func([]byte) bool, func(int, []byte) bool) error { return boom })
	e := r.Sync(time.Now(), Input{From: 1, Message: offer(t, a, a.Put("k", "new"))})
	if !errors.Is(e.Fail, boom) || len(e.Close)+len(e.Refuse)+len(e.Send) > 0 || e.Persist != nil {
		t.Errorf("effects %+v", e)
	}
}

// TestWhatIsMadeForPeersCounts: it is given up with the history, which happens to what
// takes most.
func TestWhatIsMadeForPeersCounts(t *testing.T) {
	a := historytest.New("a")
	a.Put("k", strings.Repeat("x", 50_000))
	r := New(Config{}, 0, nil)
	const writer, reader = Conn(1), Conn(2)
	r.Attach(writer, Peer{})
	r.Attach(reader, Peer{})
	now := time.Unix(1, 0)
	r.Sync(now, Input{From: writer, Message: Message{&exchange.Message{Version: exchange.V1, Heads: a.Heads(), Changes: [][]byte{a.At(0).Bytes()}}}})
	r.Durable(now)
	before := r.Bytes()
	e := r.Sync(now, Input{From: reader, Message: Message{&exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}}}})
	if len(e.Send) != 1 || e.Send[0].Sync.Len() < 50_000 {
		t.Fatalf("the reader is sent %d messages", len(e.Send))
	}
	if more := r.Bytes() - before; more < 50_000 {
		t.Errorf("a message of %d bytes is kept, %d are counted", e.Send[0].Sync.Len(), more)
	}
}

func TestAGraphOfAnotherDocumentIsNotLoaded(t *testing.T) {
	a, b := historytest.New("a"), historytest.New("b")
	for range 3 {
		a.Put("k", "v")
		b.Put("k", "v")
	}
	graph, _ := b.AppendGraph(nil, 0, 1<<20)
	for name, f := range map[string]func(take func([]byte, int) error, more func([]byte) error) error{
		"other heads":    func(take func([]byte, int) error, _ func([]byte) error) error { return take(graph, 3) },
		"another length": func(take func([]byte, int) error, _ func([]byte) error) error { return take(graph, 2) },
		"no graph":       func(take func([]byte, int) error, _ func([]byte) error) error { return take([]byte("?"), 3) },
	} {
		t.Run(name, func(t *testing.T) {
			r := New(Config{Storage: "server", Read: reading(a)}, 3, a.Heads())
			ok, err := r.LoadGraph(nil, func(take func([]byte, int) error, more func([]byte) error) (int, []id.ChangeHash, error) {
				return 3, a.Heads(), f(take, more)
			})
			if ok || !errors.Is(err, history.ErrGraph) || r.Loaded() {
				t.Errorf("loaded %v, %v", ok, err)
			}
		})
	}
}
