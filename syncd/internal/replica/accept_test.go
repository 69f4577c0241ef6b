package replica

import (
	"fmt"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history"
	"github.com/tavle-org/tavle/crdt/history/historytest"
	"github.com/tavle-org/tavle/crdt/wire"
)

// What depends on a change that comes later, and is invalid: its sender is told as if
// it had come in order, and whoever brought the other is not harmed.
func TestAnInvalidChangeThatCameTooEarlyClosesItsSender(t *testing.T) {
	now := time.Now()
	author, other, twin := historytest.New("author"), historytest.New("other"), historytest.New("author")
	author.Put("a", "1")
	r := New(Config{Storage: "server"}, 0, nil)
	r.Attach(1, Peer{})
	r.Attach(2, Peer{})
	late := other.Put("b", "2")
	twin.Take(late)
	invalid := twin.Put("c", "3") // another first change of the author
	if e := r.Sync(now, Input{From: 2, Message: offer(t, author, author.At(0))}); e.Persist == nil {
		t.Fatalf("at first: %+v", e)
	}
	r.Durable(now)
	if e := r.Sync(now, Input{From: 1, Message: offer(t, twin, invalid)}); len(e.Close)+len(e.Refuse) > 0 || e.Persist != nil {
		t.Fatalf("before its dependency is there: %+v", e)
	}
	e := r.Sync(now, Input{From: 2, Message: offer(t, other, late)})
	if len(e.Close) != 1 || e.Close[0].Conn != 1 || e.Close[0].Code != wire.CloseMalformed || e.Persist == nil {
		t.Fatalf("after: %+v", e)
	}
	if n := r.Counts().Refused; n != 1 {
		t.Errorf("counted %d", n)
	}
}

// Who has sent more than there is room to hold starts anew, and is told so once.
func TestWhoSendsTooMuchThatWaitsComesBack(t *testing.T) {
	author := historytest.New("author")
	for range history.DefaultLimits.OrphansMax + 4 {
		author.Put("a", "1")
	}
	r := New(Config{Storage: "server"}, 0, nil)
	r.Attach(1, Peer{})
	m := &exchange.Message{Version: exchange.V1, Heads: author.Heads(), Have: []exchange.Have{{}}}
	for _, c := range author.All()[1:] {
		m.Changes = append(m.Changes, c.Bytes())
	}
	e := r.Sync(time.Now(), Input{From: 1, Message: Message{m}})
	if len(e.Close) != 1 || e.Close[0].Conn != 1 || e.Close[0].Code != wire.CloseOverload || e.Persist != nil {
		t.Fatalf("%+v", e)
	}
	if n := r.Counts().Refused; n != 3 {
		t.Errorf("counted %d", n)
	}
}

// A change that is one head too many is sent anew when others have joined some.
func TestWhoHasAHeadTooManyComesBackWhenThereAreFewer(t *testing.T) {
	now := time.Now()
	r := New(Config{Storage: "server"}, 0, nil)
	r.Attach(1, Peer{})
	r.Attach(2, Peer{})
	many, last := historytest.New("joiner"), historytest.New("last")
	last.Put("a", "1")
	m := &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}}
	for i := range history.DefaultLimits.HeadsMax {
		c := historytest.New(fmt.Sprint("author ", i)).Put("a", "1")
		many.Take(c)
		m.Heads, m.Changes = append(m.Heads, c.Hash), append(m.Changes, c.Bytes())
	}
	r.Sync(now, Input{From: 1, Message: Message{m}})
	r.Durable(now)
	r.Sync(now, Input{From: 2, Message: offer(t, last, last.At(0))})
	other := historytest.New("author 0")
	other.Take(many.At(0))
	r.Sync(now, Input{From: 1, Message: offer(t, other, other.Put("a", "2"))})
	if e := r.Durable(now); len(e.Close) > 0 || r.Counts().Refused != 1 {
		t.Fatalf("with as many heads as before: close %v, refused %d", e.Close, r.Counts().Refused)
	}
	r.Sync(now, Input{From: 1, Message: offer(t, many, many.Put("a", "2"))})
	e := r.Durable(now)
	if len(e.Close) != 1 || e.Close[0].Conn != 2 || e.Close[0].Code != wire.CloseStorage {
		t.Fatalf("with fewer: close %v", e.Close)
	}
	r.Detach(2)
	r.Attach(3, Peer{})
	if e := r.Sync(now, Input{From: 3, Message: offer(t, last, last.At(0))}); e.Persist == nil || len(e.Close) > 0 {
		t.Errorf("when it comes back: %+v", e)
	}
}

// Who has brought changes that take too long to check brings the rest on a new connection.
func TestWhoseChangesTakeTooLongComesBack(t *testing.T) {
	r := New(Config{Storage: "server"}, 0, nil)
	r.Attach(1, Peer{})
	var e Effects
	r.reject(&e, r.peers[1].bringer, fmt.Errorf("change: %w", history.ErrBusy))
	if len(e.Close) != 1 || e.Close[0].Conn != 1 || e.Close[0].Code != wire.CloseOverload {
		t.Fatalf("%+v", e)
	}
}
