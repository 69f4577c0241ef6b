package main

import (
	"fmt"
	"time"
)

// Ingest has writers add posts, each to a document of its own, the next when the last is acked.
type ingest struct {
	play
	posts   *posts
	clients []*client
}

func (s *ingest) prepare(url string) error {
	s.clients = make([]*client, s.Peers)
	return each(s.Peers, dialsMax, func(i int) error {
		c, err := dial(url, fmt.Sprintf("writer-%d", i), newDocumentID(), newDocument(true))
		if err != nil {
			return err
		}
		s.clients[i] = c
		return fill(c, s.posts.chain[:1])
	})
}

func (s *ingest) act(string) (result, error) {
	waits := make([][]float64, s.Peers)
	down, up := traffic(s.clients)
	err := each(s.Peers, s.Peers, func(i int) error {
		for _, p := range s.posts.chain[1 : 1+s.Each] {
			began := time.Now()
			if err := fill(s.clients[i], []post{p}); err != nil {
				return err
			}
			waits[i] = append(waits[i], milliseconds(time.Since(began)))
		}
		return nil
	})
	r := result{N: s.Peers * s.Each}
	for _, w := range waits {
		r.Waits = append(r.Waits, w...)
	}
	r.Down, r.Up = traffic(s.clients)
	r.Down, r.Up = r.Down-down, r.Up-up
	return r, err
}

// check fetches each document anew: it has to be what its writer holds.
func (s *ingest) check(url string) (result, error) {
	return result{}, each(s.Peers, dialsMax, func(i int) error {
		c, err := dial(url, fmt.Sprintf("reader-%d", i), s.clients[i].id, newDocument(false))
		if err != nil {
			return err
		}
		defer c.close()
		if err := c.begin(); err != nil {
			return err
		}
		if err := c.holding(s.posts.chain[s.Each].hash); err != nil {
			return err
		}
		return same([]*client{s.clients[i], c}, 1+s.Each)
	})
}

func (s *ingest) leave() error { return closeAll(s.clients) }
