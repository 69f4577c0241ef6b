package edge_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
	"github.com/tavle-org/tavle/syncd/internal/edge"
)

// numbered is what a peer is sent as message n, in parts or in one.
func numbered(n int, sizes []int) wire.Frame {
	whole := wire.Append(nil, syncOf("syncd", fmt.Sprint(n, " ", strings.Repeat("x", sizes[n%len(sizes)]))))
	a, b := len(whole)/3, len(whole)/2
	return []wire.Frame{
		{Head: whole},
		{Head: whole[:a], Tail: whole[a:]},
		{Head: whole[:a], Body: [][]byte{whole[a:b], nil, whole[b : len(whole)-5]}, Tail: whole[len(whole)-5:]},
	}[n%3]
}

// inOrder reads messages 0 to n-1.
func (c *client) inOrder(n int, sizes []int) {
	for i := range n {
		c.SetReadDeadline(time.Now().Add(patience))
		m := c.read().(wire.Sync)
		if want := fmt.Sprint(i, " "); !strings.HasPrefix(string(m.Data), want) || len(wire.Append(nil, m)) != numbered(i, sizes).Len() {
			c.t.Errorf("message %d is %.20q, of %d bytes", i, m.Data, len(m.Data))
			return
		}
	}
}

func sum(sizes []int) (total int) {
	for _, size := range sizes {
		total += size
	}
	return total
}

func TestPeersThatDoNotReadHoldUpNobody(t *testing.T) {
	for name, sizes := range map[string][]int{
		"messages that go out together":                {10, 500, 3000, 15 << 10},
		"messages that do not all go out in one write": {10, 15 << 10, 17 << 10, 40 << 10},
		"messages that are more than a turn":           {10, 300 << 10, 40 << 10, 2000, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, edge.Config{})
			messages := 12 << 20 * len(sizes) / sum(sizes) // more than a socket takes
			var slow []*client
			var sessions []*session
			for i := range 8 {
				c, session := s.joined(t, id.Peer(fmt.Sprint("slow", i)))
				slow, sessions = append(slow, c), append(sessions, session)
			}
			quick, quickSession := s.joined(t, "quick")
			for n := range messages {
				for _, session := range sessions {
					session.out.Send(numbered(n, sizes))
				}
				quickSession.out.Send(numbered(n, sizes))
			}
			quick.inOrder(messages, sizes)
			if frames := s.metrics.FramesOut.Load(); frames >= uint64(9*messages) {
				t.Errorf("%d frames went out: this test does not test", frames)
			}
			var readers sync.WaitGroup
			for _, c := range slow {
				readers.Go(func() { c.inOrder(messages, sizes) })
			}
			readers.Wait()
		})
	}
}

func TestManySendersOneOrder(t *testing.T) {
	s := serve(t, edge.Config{})
	c, session := s.joined(t, "tablet")
	const senders, each = 8, 500
	var all sync.WaitGroup
	for sender := range senders {
		all.Go(func() {
			for n := range each {
				session.out.Send(wire.Frame{Head: wire.Append(nil, syncOf("syncd", fmt.Sprintf("%d %d", sender, n)))})
			}
		})
	}
	next := make([]int, senders)
	for range senders * each {
		var sender, n int
		fmt.Sscan(string(c.read().(wire.Sync).Data), &sender, &n)
		if n != next[sender] {
			t.Fatalf("sender %d: %d, want %d", sender, n, next[sender])
		}
		next[sender]++
	}
	all.Wait()
	session.out.Send(numbered(0, []int{10})) // the writer had come to rest
	c.inOrder(1, []int{10})
	if slices.Max(next) != each {
		t.Error(next)
	}
}
