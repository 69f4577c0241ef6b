package main

import (
	"encoding/binary"
	"errors"
	"os"
)

// A hash names a change.
type hash [32]byte

// A post is one change of the history that is replayed: the first makes the board, each further one adds a post to it.
type post struct {
	hash  hash
	chunk []byte
}

// readPosts reads what posts.mjs has written.
func readPosts(file string) ([]post, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var posts []post
	for len(data) > 0 {
		if len(data) < 36 {
			return nil, errors.New("the file ends within a change")
		}
		size := int(binary.BigEndian.Uint32(data))
		p := post{hash: hash(data[4:36])}
		if data = data[36:]; len(data) < size {
			return nil, errors.New("the file ends within a chunk")
		}
		p.chunk, data = data[:size], data[size:]
		posts = append(posts, p)
	}
	return posts, nil
}
