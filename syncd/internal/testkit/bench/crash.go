package main

import (
	"fmt"
	"time"
)

// silence is how long a reader waits for more after a crash.
const silence = 3 * time.Second

// Crash has writers add posts until the server dies, and counts what was acked and is not there after a restart.
type crash struct {
	play
	posts   *posts
	clients []*client
	acks    []int // of each writer, besides the board
}

func (s *crash) prepare(url string) error {
	s.acks = make([]int, s.Peers)
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

// act writes until it is cut off.
func (s *crash) act(string) (result, error) {
	err := each(s.Peers, s.Peers, func(i int) error {
		for _, p := range s.posts.chain[1:] {
			if fill(s.clients[i], []post{p}) != nil {
				return nil
			}
			s.acks[i]++
		}
		return fmt.Errorf("the server was not killed before %d posts", len(s.posts.chain)-1)
	})
	r := result{}
	for _, n := range s.acks {
		r.N += n
	}
	return r, err
}

func (s *crash) check(url string) (result, error) {
	missing := make([]int, s.Peers)
	err := each(s.Peers, s.Peers, func(i int) error {
		c, err := dial(url, fmt.Sprintf("reader-%d", i), s.clients[i].id, newDocument(false))
		if err != nil {
			return err
		}
		defer c.close()
		if err := c.begin(); err != nil {
			return err
		}
		for err == nil && !c.holds(s.posts.chain[s.acks[i]].hash) {
			_, err = c.next(time.Now().Add(silence)) // one that has nothing says so at once or not at all
		}
		for _, p := range s.posts.chain[1 : 1+s.acks[i]] {
			if !c.holds(p.hash) {
				missing[i]++
			}
		}
		return nil
	})
	r := result{}
	for i := range s.Peers {
		r.N += s.acks[i]
		r.Missing += missing[i]
	}
	return r, err
}

func (s *crash) leave() error { return closeAll(s.clients) }
