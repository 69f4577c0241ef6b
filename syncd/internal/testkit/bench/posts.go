package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// A hash names a change.
type hash [32]byte

// A post is one change that is replayed: the first of a history makes the board, each further one adds a post to it.
type post struct {
	hash  hash
	deps  []hash
	chunk []byte
}

// Posts are the changes that loads consist of. Immutable after makePosts.
type posts struct {
	chain    []post          // the board, and one post after the other
	branches [][]post        // of each author, on top of the board alone
	deps     map[hash][]hash // of all of these
	dir      string          // of posts.mjs
	scratch  string
}

// makePosts has posts.mjs write the changes and reads them.
func makePosts(dir, scratch string, count, authors, each int) (*posts, error) {
	p := &posts{dir: dir, scratch: scratch}
	var err error
	if p.chain, err = p.make(fmt.Sprint(count)); err != nil {
		return nil, err
	}
	all, err := p.make(fmt.Sprint(authors), fmt.Sprint(each))
	p.branches = slices.Collect(slices.Chunk(all, each))
	p.deps = map[hash][]hash{}
	for _, post := range slices.Concat(p.chain, all) {
		p.deps[post.hash] = post.deps
	}
	return p, err
}

func (p *posts) make(args ...string) ([]post, error) {
	file := filepath.Join(p.scratch, "posts")
	args = append(append([]string{filepath.Join(p.dir, "posts.mjs")}, args...), file)
	if out, err := exec.Command("node", args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("make the posts (is npm ci done in %s?): %w\n%s", p.dir, err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the posts: %w", err)
	}
	return decodePosts(data)
}

// verify has automerge read the chunks in a file, which has to find so many posts and these heads.
func (p *posts) verify(file string, count int, heads ...hash) error {
	var found struct {
		Posts int    `json:"posts"`
		Heads []hash `json:"heads"`
	}
	if err := p.ask(&found, "check", file); err != nil {
		return fmt.Errorf("read what has been received: %w", err)
	}
	if found.Posts != count || !sameHashes(found.Heads, heads) {
		return fmt.Errorf("automerge finds %d posts in what has been received, with %d heads, and should find %d with the heads %x", found.Posts, len(found.Heads), count, heads)
	}
	return nil
}

// ask runs posts.mjs for an answer in JSON.
func (p *posts) ask(answer any, args ...string) error {
	out, err := exec.Command("node", append([]string{filepath.Join(p.dir, "posts.mjs")}, args...)...).Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(out, answer)
}

// UnmarshalText reads a hash as automerge writes it.
func (h *hash) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err == nil && len(raw) != len(h) {
		err = fmt.Errorf("a hash of %d bytes", len(raw))
	}
	copy(h[:], raw)
	return err
}

// decodePosts reads what posts.mjs has written.
func decodePosts(data []byte) ([]post, error) {
	var posts []post
	for len(data) > 0 {
		if len(data) < 36 {
			return nil, errors.New("the posts end within a change")
		}
		size := int(binary.BigEndian.Uint32(data))
		named := hash(data[4:36])
		if data = data[36:]; len(data) < size {
			return nil, errors.New("the posts end within a chunk")
		}
		r := reader{data: data[:size]}
		changes := decodeChunk(&r)
		if r.err != nil || len(changes) != 1 || changes[0].hash != named {
			return nil, fmt.Errorf("post %d has another hash than automerge says", len(posts))
		}
		posts = append(posts, post{hash: named, deps: changes[0].deps, chunk: data[:size]})
		data = data[size:]
	}
	return posts, nil
}
