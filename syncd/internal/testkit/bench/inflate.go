package main

import (
	"bytes"
	"compress/flate"
	"io"
	"slices"
	"sync"
)

// An inflater reads deflated changes, each of which it inflates once: all clients of a board are sent the same bytes, and inflating them costs
// more than all else that a client does. It keeps about what the posts of a load take. It may be used from many goroutines.
type inflater struct {
	mu   sync.RWMutex
	read map[[4]byte]change // by checksum; guarded by mu
}

// One for all clients: the same posts are sent to all of them.
var inflating = inflater{read: map[[4]byte]change{}}

// change reads a chunk with this body. What it returns aliases no more than the inflater's own copy.
func (f *inflater) change(chunk, body []byte) (change, error) {
	checksum := [4]byte(chunk[4:])
	f.mu.RLock()
	c := f.read[checksum]
	f.mu.RUnlock()
	if bytes.Equal(c.chunk, chunk) {
		return c, nil
	}
	inflated, err := io.ReadAll(flate.NewReader(bytes.NewReader(body)))
	if err != nil {
		return change{}, err
	}
	c, err = decodeChange(slices.Clone(chunk), inflated)
	if err == nil {
		f.mu.Lock()
		f.read[checksum] = c
		f.mu.Unlock()
	}
	return c, err
}
