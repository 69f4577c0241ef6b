package main

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	ackWithin = 20 * time.Second
	dialsMax  = 50 // connections made at the same time while a load is prepared
)

// A play says which load is put on a server. Kinds are ingest, fanout, storm, herd, fetch, idle,
// crash and documents; a count that a kind does not
// need is 0.
type play struct {
	Kind       string  `json:"kind"`
	Peers      int     `json:"peers"`      // writers, subscribers, connections, or devices of a board
	Each       int     `json:"each"`       // posts of each writer
	Boards     int     `json:"boards"`     // documents
	PerSecond  int     `json:"perSecond"`  // posts of the one who writes
	Undeclared bool    `json:"undeclared"` // clients say nothing about document chunks, so they are sent changes
	Read       bool    `json:"read"`       // somebody has fetched the document before the restart
	Within     float64 `json:"within"`     // seconds until the load has failed
}

func (p play) within() time.Duration { return time.Duration(p.Within * float64(time.Second)) }

// A result is what clients have counted.
type result struct {
	N       int       `json:"n"`     // what the load is about: changes acked, deliveries, devices
	Waits   []float64 `json:"waits"` // milliseconds: of an ack, of a delivery, or until a device had all
	Down    int64     `json:"down"`  // bytes of messages
	Up      int64     `json:"up"`
	Refused int       `json:"refused"` // tries to connect that came to nothing, and connections that the server ended
	Missing int       `json:"missing"` // acked, and not there after a crash
}

// A scene is a play with its clients. prepare does what is not measured, act what is; check compares what clients hold with what they
// should, on a server that may have been restarted; leave closes all connections. Each is called once at most, in this order.
type scene interface {
	prepare(url string) error
	act(url string) (result, error)
	check(url string) (result, error)
	leave() error
}

// newScene makes the scene whose clients speak automerge-repo's protocol.
func newScene(p play, posts *posts) (scene, error) {
	switch p.Kind {
	case "ingest":
		return &ingest{play: p, posts: posts}, nil
	case "fanout":
		return &fanout{play: p, posts: posts}, nil
	case "storm", "herd":
		return &storm{play: p, posts: posts}, nil
	case "fetch":
		return &fetch{play: p, posts: posts}, nil
	case "idle":
		return &idle{play: p, posts: posts}, nil
	case "documents":
		return &documents{play: p, posts: posts}, nil
	case "crash":
		return &crash{play: p, posts: posts}, nil
	}
	return nil, fmt.Errorf("there is no load %q", p.Kind)
}

// each calls f for 0 to n-1, so many at a time, and returns the first error there is, since many clients mostly fail of the same.
func each(n, atOnce int, f func(i int) error) error {
	failed := make([]error, n)
	free := make(chan struct{}, atOnce)
	var group sync.WaitGroup
	for i := range n {
		free <- struct{}{}
		group.Go(func() {
			failed[i] = f(i)
			<-free
		})
	}
	group.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// start makes a new document of the given posts on the server, and returns its id once the last is acked.
func start(url string, posts ...post) (string, error) {
	id := newDocumentID()
	c, err := dial(url, "founder-"+id, id, newDocument(true))
	if err != nil {
		return "", err
	}
	defer c.close()
	return id, fill(c, posts)
}

// fill writes the posts, in messages of no more than batchPosts, and waits for each ack.
func fill(c *client, posts []post) error {
	for batch := range slices.Chunk(posts, batchPosts) {
		if err := c.write(batch...); err != nil {
			return err
		}
		if err := c.acked(batch[len(batch)-1].hash); err != nil {
			return err
		}
	}
	return nil
}

const batchPosts = 500

// acked waits until the server's heads contain the change.
func (c *client) acked(h hash) error {
	return c.until(ackWithin, "an ack", func(m received) bool { return slices.Contains(m.heads, h) })
}

// holding waits until the client holds the change.
func (c *client) holding(h hash) error {
	return c.until(ackWithin, "a change", func(received) bool { return c.holds(h) })
}

// same tells how far clients of one document are from holding this many changes and the same heads. One that was sent the whole document
// as a chunk has not counted its changes, but the heads name them all.
func same(clients []*client, changes int) error {
	for _, c := range clients {
		if !c.whole && len(c.known) != changes || !sameHashes(c.heads, clients[0].heads) {
			return fmt.Errorf("%s holds %d changes with %d heads, and should hold %d with the heads of all others", c.name, len(c.known), len(c.heads), changes)
		}
	}
	return nil
}

func traffic(clients []*client) (down, up int64) {
	for _, c := range clients {
		down += c.down.Load()
		up += c.up.Load()
	}
	return down, up
}

func closeAll(clients []*client) error {
	for _, c := range clients {
		if c != nil {
			c.close()
		}
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
