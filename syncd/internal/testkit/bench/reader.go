package main

import (
	"encoding/binary"
	"errors"
)

// A reader takes parts from data until something is wrong; then err says so and everything taken is empty.
type reader struct {
	data []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.data) {
		r.err = errors.Join(r.err, errShort)
		r.data = nil
		return nil
	}
	part := r.data[:n]
	r.data = r.data[n:]
	return part
}

// number reads a number of at most 32 bits.
func (r *reader) number() int {
	n, size := binary.Uvarint(r.data)
	if size <= 0 || n > 1<<32-1 {
		r.take(-1)
		return 0
	}
	r.data = r.data[size:]
	return int(n)
}

// count reads how many bytes or parts follow, which are no more than there are bytes.
func (r *reader) count() int {
	n := r.number()
	if n > len(r.data) {
		r.take(-1)
		return 0
	}
	return n
}

func (r *reader) hashes() []hash {
	n := r.count()
	var hashes []hash
	for range n {
		if part := r.take(len(hash{})); part != nil {
			hashes = append(hashes, hash(part))
		}
	}
	return hashes
}
