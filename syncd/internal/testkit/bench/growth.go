package main

import (
	"fmt"
	"time"
)

// The workloads of -growth ask what grows faster than the work: the same things for more changes in a document, and for more documents.
// They are for servers with automerge clients.

var (
	changesRows   = []string{"fill, CPU µs a change", "disk bytes a change", "restart s", "first change after it, ms", "CPU ms of that", "first sync, CPU ms", "first sync, kB", "peak RSS MiB", "first change after a rest and a restart, ms", "its CPU ms"}
	documentsRows = []string{"fill, CPU µs a document", "disk KiB a document", "restart s", "first sync, CPU µs a document", "RSS MiB after all first syncs"}
)

const documentPosts = 10 // in each, where their number grows

func growthWorkloads() []workload {
	var all []workload
	for _, n := range []int{100, 1000, 10_000, growthMost} {
		all = append(all, workload{name: fmt.Sprintf("%d changes in a document", n), rows: changesRows, restart: true, play: play{Kind: "fetch", Each: n}, run: runChanges})
	}
	for _, n := range []int{10, 100, 1000, 10_000} {
		all = append(all, workload{name: fmt.Sprintf("%d documents of %d posts", n, documentPosts), rows: documentsRows, restart: true,
			play: play{Kind: "documents", Boards: n, Each: documentPosts}, run: runDocuments})
	}
	return all
}

const (
	growthMost   = 100_000
	changesAdded = 3 // to a document, by runChanges
)

// costing measures the server's processor time while f runs.
func (r *run) costing(f func() error) (cpu, took time.Duration, err error) {
	before, began := r.server.cpu(), time.Now()
	err = f()
	took = time.Since(began)
	time.Sleep(settleTime / 5)
	return r.server.cpu() - before, took, err
}

// reopen restarts the server and says how long it took, without the time that servers have to settle.
func (r *run) reopen() (time.Duration, error) {
	began := time.Now()
	err := r.server.restart()
	return time.Since(began) - 2*settleTime, err
}

func runChanges(r *run) (figures, error) {
	s, ok := r.scene.(*fetch)
	if !ok {
		return nil, fmt.Errorf("clients of %s cannot do this", r.server.name)
	}
	n := float64(s.Each)
	filling, _, err := r.costing(func() error { return s.prepare(r.server.url()) })
	if err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	disk := r.server.disk()
	reopening, err := r.reopen()
	if err != nil {
		return nil, err
	}
	adding, added, err := r.costing(func() error { return s.addOne(r.server.url()) })
	if err != nil {
		return nil, fmt.Errorf("add one change: %w", err)
	}
	if _, err := r.reopen(); err != nil {
		return nil, err
	}
	fetching, _, err := r.costing(func() error { r.result, err = s.act(r.server.url()); return err })
	if err != nil {
		return nil, fmt.Errorf("first sync: %w", err)
	}
	peak := r.server.peakMemory()
	rested, restedAdded, err := r.rested(s)
	if err != nil {
		return nil, err
	}
	return figures{
		"fill, CPU µs a change":     milliseconds(filling) * 1000 / n,
		"disk bytes a change":       disk * (1 << 20) / n,
		"restart s":                 reopening.Seconds(),
		"first change after it, ms": milliseconds(added),
		"CPU ms of that":            milliseconds(adding),
		"first sync, CPU ms":        milliseconds(fetching),
		"first sync, kB":            float64(r.result.Down) / 1000,
		"peak RSS MiB":              peak,

		"first change after a rest and a restart, ms": milliseconds(restedAdded),
		"its CPU ms": milliseconds(rested),
	}, nil
}

// rested measures the first change to a document that had been used, and was let go of before the server was restarted.
func (r *run) rested(s *fetch) (cpu, took time.Duration, err error) {
	if _, err = r.reopen(); err != nil {
		return 0, 0, err
	}
	if err = s.addOne(r.server.url()); err != nil {
		return 0, 0, fmt.Errorf("add another change: %w", err)
	}
	time.Sleep(restTime)
	if _, err = r.reopen(); err != nil {
		return 0, 0, err
	}
	return r.costing(func() error { return s.addOne(r.server.url()) })
}

// restTime is after how long syncd has let go of a document that nobody uses, and has kept what makes the next opening
// short.
const restTime = 14 * time.Second

// addOne has a client that holds all add one post.
func (s *fetch) addOne(url string) error {
	d := newDocument(true)
	for _, p := range s.posts.chain[:1+s.Each] {
		d.take(change{hash: p.hash, deps: p.deps})
	}
	d.shared = d.heads
	c, err := dial(url, "writer", s.id, d)
	if err != nil {
		return err
	}
	defer c.close()
	if err := fill(c, s.posts.chain[1+s.Each:2+s.Each]); err != nil {
		return err
	}
	s.Each++ // of which the last is waited for: a reader that is sent a snapshot knows no other
	return nil
}

// Documents is many documents, each written by one client and fetched by another.
type documents struct {
	play
	posts *posts
	ids   []string
}

func (s *documents) prepare(url string) error {
	s.ids = make([]string, s.Boards)
	return each(s.Boards, dialsMax, func(i int) error {
		var err error
		s.ids[i], err = start(url, s.posts.chain[:1+s.Each]...)
		return err
	})
}

func (s *documents) act(url string) (result, error) {
	return result{N: s.Boards}, each(s.Boards, dialsMax, func(i int) error {
		c, err := dial(url, fmt.Sprintf("reader-%d", i), s.ids[i], newDocument(true))
		if err != nil {
			return err
		}
		defer c.close()
		if err := c.begin(); err != nil {
			return err
		}
		return c.holding(s.posts.chain[s.Each].hash)
	})
}

func (s *documents) check(string) (result, error) { return result{}, nil } // act has waited for the last post of each
func (s *documents) leave() error                 { return nil }

func runDocuments(r *run) (figures, error) {
	filling, _, err := r.costing(func() error { return r.scene.prepare(r.server.url()) })
	if err != nil {
		return nil, fmt.Errorf("fill: %w", err)
	}
	disk := r.server.disk()
	reopening, err := r.reopen()
	if err != nil {
		return nil, err
	}
	fetching, _, err := r.costing(func() error { r.result, err = r.scene.act(r.server.url()); return err })
	if err != nil {
		return nil, fmt.Errorf("first sync: %w", err)
	}
	n := float64(r.result.N)
	return figures{
		"fill, CPU µs a document":       milliseconds(filling) * 1000 / n,
		"disk KiB a document":           disk * 1024 / n,
		"restart s":                     reopening.Seconds(),
		"first sync, CPU µs a document": milliseconds(fetching) * 1000 / n,
		"RSS MiB after all first syncs": r.server.memory(),
	}, nil
}
