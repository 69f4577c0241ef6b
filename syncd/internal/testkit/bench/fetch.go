package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// Fetch fills a document, has a first reader fetch it, waits for a restart, and has a new client fetch it. After the first reader there is
// some time, in which a server may prepare for the next.
type fetch struct {
	play
	posts  *posts
	id     string
	reader *client
	kept   *os.File // the chunks that came
}

func (s *fetch) prepare(url string) error {
	var err error
	if s.id, err = start(url, s.posts.chain[:1+s.Each]...); err != nil || !s.Read {
		return err
	}
	reader, err := dial(url, "first-reader", s.id, newDocument(!s.Undeclared))
	if err != nil {
		return err
	}
	defer reader.close()
	if err := errors.Join(reader.begin(), reader.holding(s.posts.chain[s.Each].hash)); err != nil {
		return err
	}
	time.Sleep(readingTime * time.Duration(1000+s.Each) / 1000)
	return nil
}

// readingTime is the time after the first reader, for each thousand posts and once besides.
const readingTime = 500 * time.Millisecond

func (s *fetch) act(url string) (result, error) {
	var err error
	if s.kept, err = os.Create(filepath.Join(s.posts.scratch, "fetched")); err != nil {
		return result{}, err
	}
	if s.reader, err = dial(url, "reader", s.id, newDocument(!s.Undeclared)); err != nil {
		return result{}, err
	}
	s.reader.keep = s.kept
	began := time.Now()
	if err := s.reader.begin(); err != nil {
		return result{}, err
	}
	if err := s.reader.holding(s.posts.chain[s.Each].hash); err != nil {
		return result{}, err
	}
	took := time.Since(began)
	return result{N: 1, Waits: []float64{milliseconds(took)}, Down: s.reader.down.Load(), Up: s.reader.up.Load()}, nil
}

// check has automerge read the chunks: all posts are in them, and the last is the head.
func (s *fetch) check(string) (result, error) {
	return result{}, s.posts.verify(s.kept.Name(), s.Each, s.posts.chain[s.Each].hash)
}

func (s *fetch) leave() error {
	var err error
	if s.reader != nil {
		s.reader.close()
	}
	if s.kept != nil {
		err = errors.Join(s.kept.Close(), os.Remove(s.kept.Name()))
	}
	return err
}
