package main

import (
	"fmt"
	"time"
)

// Fanout has one writer post at a steady pace to subscribers of one document, who answer each message as stock clients do.
type fanout struct {
	play
	posts   *posts
	writer  *client
	clients []*client
}

func (s *fanout) prepare(url string) error {
	var err error
	if s.writer, err = dial(url, "writer", newDocumentID(), newDocument(true)); err != nil {
		return err
	}
	if err := fill(s.writer, s.posts.chain[:1]); err != nil {
		return err
	}
	s.clients = make([]*client, s.Peers)
	err = each(s.Peers, dialsMax, func(i int) error {
		c, err := dial(url, fmt.Sprintf("subscriber-%d", i), s.writer.id, newDocument(true))
		if err != nil {
			return err
		}
		s.clients[i] = c
		if err := c.begin(); err != nil {
			return err
		}
		return c.holding(s.posts.chain[0].hash)
	})
	time.Sleep(settleTime) // the last of the answers
	return err
}

func (s *fanout) act(string) (result, error) {
	posts := s.posts.chain[1 : 1+s.Each]
	down, up := traffic(s.clients)
	sent := make([]time.Time, len(posts))
	arrived := make([][]time.Time, len(s.clients))
	err := each(s.Peers+1, s.Peers+1, func(i int) error {
		if i == s.Peers {
			return s.write(posts, sent)
		}
		var err error
		arrived[i], err = s.clients[i].arrivals(posts, s.within())
		return err
	})
	r := result{N: len(s.clients) * len(posts)}
	for _, times := range arrived {
		for i, at := range times {
			r.Waits = append(r.Waits, milliseconds(at.Sub(sent[i])))
		}
	}
	r.Down, r.Up = traffic(s.clients)
	r.Down, r.Up = r.Down-down, r.Up-up
	return r, err
}

func (s *fanout) write(posts []post, sent []time.Time) error {
	tick := time.NewTicker(time.Second / time.Duration(s.PerSecond))
	defer tick.Stop()
	for i := range posts {
		<-tick.C
		sent[i] = time.Now()
		if err := fill(s.writer, posts[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// arrivals notes when each post has arrived.
func (c *client) arrivals(posts []post, within time.Duration) ([]time.Time, error) {
	arrived := make([]time.Time, 0, len(posts))
	err := c.until(within, "the last post", func(received) bool {
		for i := len(arrived); i < len(posts); i++ {
			for c.holds(posts[i].hash) && len(arrived) <= i { // each builds on the one before, which may have come in one chunk with it
				arrived = append(arrived, time.Now())
			}
		}
		return len(arrived) == len(posts)
	})
	return arrived, err
}

func (s *fanout) check(string) (result, error) {
	return result{}, same(append(s.clients, s.writer), 1+s.Each)
}

func (s *fanout) leave() error { return closeAll(append(s.clients, s.writer)) }
