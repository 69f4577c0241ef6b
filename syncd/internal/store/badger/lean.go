package badger

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
)

// A lean body says the same as the changes of a record one after the other, and
// leaves out of each change what its reader can compute: the fixed bytes, the
// length and the checksum of the chunk, and those of its dependencies that are
// in the same record. Hashes do not compress: of a board's change of 370 bytes
// they are a tenth, and of what zstd makes of it a third.
//
// For each change there is a uvarint, the size of what follows times two, and
// one more if it is a chunk that has been made lean; see FORMAT.md.

const (
	hashBytes     = sha256.Size
	chunkSumBytes = 4
	chunkChange   = 1 // the type of a chunk that is a change
)

var chunkMagic = []byte{0x85, 0x6f, 0x4a, 0x83}

var errLean = errors.New("bad lean body")

// hashes are those of the changes of a record so far.
type hashes [][hashBytes]byte

// back is how many changes ago the one with this hash was, 0 if it is not there.
// It looks at the last few only, of which almost every change is a child.
func (h hashes) back(hash []byte) int {
	const far = 64
	for i := 1; i <= min(far, len(h)); i++ {
		if bytes.Equal(h[len(h)-i][:], hash) {
			return i
		}
	}
	return 0
}

// appendLean appends a change to a lean body.
func appendLean(body, change []byte, before *hashes) []byte {
	content, hash, ok := cutChunk(change)
	*before = append(*before, hash)
	if !ok {
		body = binary.AppendUvarint(body, uint64(len(change))<<1)
		return append(body, change...)
	}
	deps, n := binary.Uvarint(content)
	earlier := (*before)[:len(*before)-1]
	size := len(content)
	for i := range int(deps) {
		size++
		if back := earlier.back(content[n+i*hashBytes:][:hashBytes]); back > 0 {
			size -= hashBytes
		}
	}
	body = binary.AppendUvarint(body, uint64(size)<<1|1)
	body = append(body, content[:n]...)
	for i := range int(deps) {
		dep := content[n+i*hashBytes:][:hashBytes]
		back := earlier.back(dep)
		body = append(body, byte(back)) // below 128, so it is a uvarint
		if back == 0 {
			body = append(body, dep...)
		}
	}
	return append(body, content[n+int(deps)*hashBytes:]...)
}

// cutChunk returns the content of a chunk that growLean would make of it again,
// byte by byte; of anything else only a hash that no change refers to.
func cutChunk(change []byte) (content []byte, hash [hashBytes]byte, ok bool) {
	head := len(chunkMagic) + chunkSumBytes
	if len(change) < head+2 || !bytes.Equal(change[:len(chunkMagic)], chunkMagic) || change[head] != chunkChange {
		return nil, hash, false
	}
	size, n := binary.Uvarint(change[head+1:])
	if n <= 0 || n != uvarintBytes(size) || size != uint64(len(change)-head-1-n) {
		return nil, hash, false
	}
	content = change[head+1+n:]
	deps, n := binary.Uvarint(content)
	if n <= 0 || n != uvarintBytes(deps) || deps > uint64(len(content)-n)/hashBytes {
		return nil, hash, false
	}
	full := sha256.Sum256(change[head:])
	if !bytes.Equal(full[:chunkSumBytes], change[len(chunkMagic):head]) {
		return nil, hash, false
	}
	return content, full, true
}

func uvarintBytes(v uint64) int {
	n := 1
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// leanChange is a change of a lean body.
type leanChange struct {
	whole   bool   // rest is the change
	deps    int    // how many dependencies
	refs    []byte // what stands for them
	rest    []byte // what follows them
	content int    // bytes of the content of the chunk
}

// cutLean cuts the next change off a lean body.
func cutLean(body []byte) (c leanChange, rest []byte, err error) {
	tag, n := binary.Uvarint(body)
	if n <= 0 || tag>>1 > uint64(len(body)-n) {
		return c, nil, errLean
	}
	one, rest := body[n:n+int(tag>>1)], body[n+int(tag>>1):]
	if tag&1 == 0 {
		return leanChange{whole: true, rest: one}, rest, nil
	}
	deps, n := binary.Uvarint(one)
	if n <= 0 || n != uvarintBytes(deps) || deps > uint64(len(one)-n) {
		return c, nil, errLean
	}
	c.deps, c.content = int(deps), n+int(deps)*hashBytes
	c.refs = one[n:]
	at := n
	for range c.deps {
		if at >= len(one) || one[at] >= 0x80 {
			return c, nil, errLean
		}
		if one[at] == 0 {
			at += hashBytes
		}
		at++
	}
	if at > len(one) {
		return c, nil, errLean
	}
	c.refs, c.rest = c.refs[:at-n], one[at:]
	c.content += len(c.rest)
	return c, rest, nil
}

// bytes is the size of the change that grow makes.
func (c leanChange) bytes() int {
	if c.whole {
		return len(c.rest)
	}
	return len(chunkMagic) + chunkSumBytes + 1 + uvarintBytes(uint64(c.content)) + c.content
}

// grow appends the change to b.
func (c leanChange) grow(b []byte, before *hashes) ([]byte, error) {
	if c.whole {
		*before = append(*before, [hashBytes]byte{})
		return append(b, c.rest...), nil
	}
	start := len(b)
	b = append(b, chunkMagic...)
	b = append(b, 0, 0, 0, 0, chunkChange)
	b = binary.AppendUvarint(b, uint64(c.content))
	b = binary.AppendUvarint(b, uint64(c.deps))
	for refs := c.refs; len(refs) > 0; {
		back := int(refs[0])
		refs = refs[1:]
		switch {
		case back == 0:
			b = append(b, refs[:hashBytes]...)
			refs = refs[hashBytes:]
		case back <= len(*before):
			b = append(b, (*before)[len(*before)-back][:]...)
		default:
			return nil, errLean
		}
	}
	b = append(b, c.rest...)
	hash := sha256.Sum256(b[start+len(chunkMagic)+chunkSumBytes:])
	copy(b[start+len(chunkMagic):], hash[:chunkSumBytes])
	*before = append(*before, hash)
	return b, nil
}

// growLean returns the n changes of a lean body, which together take at most
// bodyBytesMax.
func growLean(body []byte, n int) ([][]byte, error) {
	all, total := body, 0
	for range n {
		c, rest, err := cutLean(all)
		if err != nil {
			return nil, err
		}
		if total += c.bytes(); total > bodyBytesMax {
			return nil, errLean
		}
		all = rest
	}
	if len(all) != 0 {
		return nil, errLean
	}
	memory, before, changes := make([]byte, 0, total), make(hashes, 0, n), make([][]byte, n)
	for i := range changes {
		c, rest, err := cutLean(body)
		if err != nil {
			return nil, err
		}
		start := len(memory)
		if memory, err = c.grow(memory, &before); err != nil {
			return nil, err
		}
		changes[i], body = memory[start:len(memory):len(memory)], rest
	}
	return changes, nil
}
