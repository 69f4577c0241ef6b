package chunk

import (
	"crypto/sha256"
	"fmt"
	"math"

	"github.com/tavle-org/tavle/crdt/id"
)

// Spec is what a change is built from. The fields mean what those of Change
// mean, and have to be sorted and unique where those are; the ids in Ops refer
// to Actor and Others by the indexes of Change.ActorAt.
type Spec struct {
	Deps         []id.ChangeHash
	Actor        id.Actor
	Seq, StartOp uint64
	Time         int64
	Message      string
	Others       []id.Actor
	Ops          []Op
	Extra        []byte
}

// Build encodes a change. It returns an error for a Spec whose change
// ParseChange would refuse under the greatest limits. The change shares no
// memory with s.
func Build(s Spec) (*Change, error) {
	var e opEncoder
	for i := range s.Ops {
		e.append(&s.Ops[i])
	}
	return build(&s, e.finish(), Limits{
		BytesMax: math.MaxInt32, OpsMax: CounterMax, DepsMax: math.MaxInt32, ActorsMax: math.MaxInt32,
	})
}

// build encodes a change of which the columns are there already; Ops of s are
// not looked at.
func build(s *Spec, cols [changeColumns][]byte, lim Limits) (*Change, error) {
	c, err := ParseChange(encodeChange(s, cols), lim)
	if err != nil {
		return nil, fmt.Errorf("build change: %w", err)
	}
	return c, nil
}

// encodeChange writes a change without judging it.
func encodeChange(s *Spec, cols [changeColumns][]byte) []byte {
	return encodeChunk(TypeChange, appendChangeBody(nil, s, cols))
}

func appendChangeBody(body []byte, s *Spec, cols [changeColumns][]byte) []byte {
	body = appendHeader(body, s)
	count := uint64(0)
	for _, col := range cols {
		if len(col) > 0 {
			count++
		}
	}
	body = appendUleb(body, count)
	for k, col := range cols {
		if len(col) > 0 {
			body = appendUleb(body, columnSpecs[k])
			body = appendUleb(body, uint64(len(col)))
		}
	}
	for _, col := range cols {
		body = append(body, col...)
	}
	return append(body, s.Extra...)
}

// encodeChunk puts body, which is not deflated, into a container.
func encodeChunk(typ Type, body []byte) []byte {
	chunk := make([]byte, 0, typeOffset+1+lebBytesMax+len(body))
	chunk = appendContainer(chunk, typ, [checksumBytes]byte{}, body)
	hash := hashOf(chunk)
	copy(chunk[magicBytes:], hash[:checksumBytes])
	return chunk
}

func appendHeader(b []byte, s *Spec) []byte {
	b = appendUleb(b, uint64(len(s.Deps)))
	for _, d := range s.Deps {
		b = append(b, d[:]...)
	}
	b = appendBytes(b, string(s.Actor))
	b = appendUleb(b, s.Seq)
	b = appendUleb(b, s.StartOp)
	b = appendSleb(b, s.Time)
	b = appendBytes(b, s.Message)
	b = appendUleb(b, uint64(len(s.Others)))
	for _, a := range s.Others {
		b = appendBytes(b, string(a))
	}
	return b
}

// appendBytes appends the length of s and s.
func appendBytes(b []byte, s string) []byte {
	return append(appendUleb(b, uint64(len(s))), s...)
}

// hashOf is the hash of a whole chunk that is not deflated.
func hashOf(chunk []byte) id.ChangeHash { return sha256.Sum256(chunk[typeOffset:]) }
