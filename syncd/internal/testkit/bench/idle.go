package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Idle has clients that listen to boards of one post, and do nothing.
type idle struct {
	play
	posts   *posts
	clients []*client
	reading sync.WaitGroup
	ended   atomic.Int64 // connections that ended by themselves
	leaving atomic.Bool
}

func (s *idle) prepare(url string) error {
	boards := make([]string, s.Boards)
	err := each(s.Boards, dialsMax, func(i int) error {
		var err error
		boards[i], err = start(url, s.posts.chain[:2]...)
		return err
	})
	if err != nil {
		return err
	}
	s.clients = make([]*client, s.Peers)
	return each(s.Peers, dialsMax, func(i int) error {
		c, err := dial(url, fmt.Sprintf("idle-%d", i), boards[i%s.Boards], newDocument(true))
		if err != nil {
			return err
		}
		s.clients[i] = c
		if err := c.begin(); err != nil {
			return err
		}
		if err := c.holding(s.posts.chain[1].hash); err != nil {
			return err
		}
		s.reading.Go(func() {
			var err error
			for err == nil {
				_, err = c.next(time.Time{})
			}
			if !s.leaving.Load() {
				s.ended.Add(1)
			}
		})
		return nil
	})
}

func (s *idle) act(string) (result, error) {
	time.Sleep(s.within())
	return result{N: s.Peers}, nil
}

func (s *idle) check(string) (result, error) {
	if n := s.ended.Load(); n > 0 {
		return result{}, fmt.Errorf("the server ended %d of %d idle connections", n, s.Peers)
	}
	return result{}, nil
}

func (s *idle) leave() error {
	s.leaving.Store(true)
	err := closeAll(s.clients)
	s.reading.Wait()
	return err
}
