package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// redialEvery is the pace of stock clients, all in step, and how long they wait for a connection before they try anew.
const redialEvery = 5 * time.Second

// Storm has devices that wrote posts while offline connect in the same moment, and lasts until each has what all on its board wrote. In
// a herd the server has been restarted, and has one post that no device has.
type storm struct {
	play
	posts   *posts
	devices []*device

	left atomic.Int64
	all  chan struct{} // closed when every device has all, or time is up
	over sync.Once
}

// A device is one that comes back.
type device struct {
	*document
	id, name string
	conn     atomic.Pointer[client] // the last one, for whoever ends it
	ended    []*client              // before it
	refused  int
	had      time.Duration // when it had all, from the start
	kept     *bytes.Buffer // what it wrote and received, for automerge to read; nil for most
}

func (s *storm) wanted() int {
	n := 1 + s.Peers*s.Each
	if s.Kind == "herd" {
		n++
	}
	return n
}

func (s *storm) prepare(url string) error {
	history := s.posts.chain[:1]
	if s.Kind == "herd" {
		history = append(history[:1:1], s.posts.branches[len(s.posts.branches)-1][0])
	}
	s.devices = make([]*device, s.Boards*s.Peers)
	return each(s.Boards, dialsMax, func(board int) error {
		id, err := start(url, history...)
		if err != nil {
			return err
		}
		for i := range s.Peers {
			d := &device{document: newDocument(true), id: id, name: fmt.Sprintf("device-%d-%d", board, i)}
			d.table = s.posts.deps
			d.take(change{hash: s.posts.chain[0].hash})
			d.shared = d.heads
			for _, p := range s.posts.branches[i][:s.Each] {
				d.add(p)
			}
			if board+i == 0 {
				d.kept = bytes.NewBuffer(slices.Clone(s.posts.chain[0].chunk))
				for _, p := range d.own {
					d.kept.Write(p.chunk)
				}
			}
			s.devices[board*s.Peers+i] = d
		}
		return nil
	})
}

func (s *storm) act(url string) (result, error) {
	s.all = make(chan struct{})
	s.left.Store(int64(len(s.devices)))
	began := time.Now()
	var group sync.WaitGroup
	for _, d := range s.devices {
		group.Go(func() { s.run(d, url, began) })
	}
	var err error
	select {
	case <-s.all:
	case <-time.After(s.within()):
		err = fmt.Errorf("%d of %d devices lack something after %v", s.left.Load(), len(s.devices), s.within())
	}
	s.end()
	for _, d := range s.devices {
		if c := d.conn.Load(); c != nil {
			c.close()
		}
	}
	group.Wait()
	r := result{N: len(s.devices)}
	for _, d := range s.devices {
		r.Waits = append(r.Waits, milliseconds(d.had))
		r.Refused += d.refused
		if c := d.conn.Load(); c != nil {
			d.ended = append(d.ended, c)
		}
		down, up := traffic(d.ended)
		r.Down, r.Up = r.Down+down, r.Up+up
	}
	return r, err
}

func (s *storm) end() { s.over.Do(func() { close(s.all) }) }

func (s *storm) isOver() bool {
	select {
	case <-s.all:
		return true
	default:
		return false
	}
}

// run keeps a device connected, as well as the server lets it, until all have all.
func (s *storm) run(d *device, url string, began time.Time) {
	for try := time.Duration(0); ; try = time.Since(began)/redialEvery + 1 {
		select {
		case <-s.all:
			return
		case <-time.After(time.Until(began.Add(try * redialEvery))):
		}
		c, err := dialOnce(url, d.name, d.id, d.document, redialEvery)
		if err == nil {
			if last := d.conn.Swap(c); last != nil {
				d.ended = append(d.ended, last)
			}
			if d.kept != nil {
				c.keep = d.kept
			}
			err = c.begin()
			if s.isOver() { // whoever ends the devices may have looked before this connection was there
				c.close()
			}
		}
		for err == nil {
			if d.had == 0 && len(d.known) == s.wanted() && len(d.own) == 0 {
				d.had = time.Since(began)
				if s.left.Add(-1) == 0 {
					s.end()
				}
			}
			_, err = c.next(time.Time{})
		}
		if c != nil {
			c.close()
		}
		if s.isOver() {
			return
		}
		d.refused++
	}
}

// check compares the devices, and has automerge read what one has received.
func (s *storm) check(string) (result, error) {
	for i, d := range s.devices {
		first := s.devices[i-i%s.Peers]
		if len(d.known) != s.wanted() || !sameHashes(d.heads, first.heads) {
			return result{}, fmt.Errorf("%s holds %d changes and should hold %d, with the heads of its board", d.name, len(d.known), s.wanted())
		}
	}
	file := filepath.Join(s.posts.scratch, "received")
	if err := os.WriteFile(file, s.devices[0].kept.Bytes(), 0o600); err != nil {
		return result{}, err
	}
	defer os.Remove(file)
	return result{}, s.posts.verify(file, s.wanted()-1, s.devices[0].heads...)
}

func (s *storm) leave() error { return nil }
