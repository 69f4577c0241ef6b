package crdttest

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/tavle-org/tavle/crdt/chunk"
	"github.com/tavle-org/tavle/crdt/id"
)

// Mutate returns a copy of a document's changes (each after those it depends
// on) in which one change was altered, as an enemy would who knows the format:
// in its bytes or in its operations, with checksum, hash and the dependencies
// of later changes made to fit again. It returns the changes that are still
// well-formed, and the hash of the altered one; it fails when that is not, or
// when nothing was altered.
func Mutate(r *rand.Rand, changes []*chunk.Change) (mutated []*chunk.Change, altered id.ChangeHash, ok bool) {
	at := r.IntN(len(changes))
	renamed := map[id.ChangeHash]id.ChangeHash{}
	for i, c := range changes {
		if i == at {
			var made *chunk.Change
			if r.IntN(2) == 0 {
				made = mutateBytes(r, c)
			} else {
				made = mutateSpec(r, c, changes)
			}
			if made == nil || made.Hash == c.Hash {
				return nil, altered, false
			}
			renamed[c.Hash], altered = made.Hash, made.Hash
			mutated = append(mutated, made)
			continue
		}
		if linked := relink(c, renamed); linked != nil {
			mutated = append(mutated, linked)
		}
	}
	return mutated, altered, true
}

// relink gives a change its dependencies' new names; nil when it cannot be.
func relink(c *chunk.Change, renamed map[id.ChangeHash]id.ChangeHash) *chunk.Change {
	if !slices.ContainsFunc(c.Deps, func(d id.ChangeHash) bool { _, ok := renamed[d]; return ok }) {
		return c
	}
	s := unpack(c)
	for i, d := range s.deps {
		if to, ok := renamed[d]; ok {
			s.deps[i] = to
		}
	}
	made := s.pack()
	if made != nil {
		renamed[c.Hash] = made.Hash
	}
	return made
}

const containerBytes = 9 // magic, checksum, type; the length follows

// mutateBytes alters a few bytes of the body and repairs length and checksum.
func mutateBytes(r *rand.Rand, c *chunk.Change) *chunk.Change {
	_, n := binary.Uvarint(c.Bytes()[containerBytes:])
	body := slices.Clone(c.Bytes()[containerBytes+n:])
	for range 1 + r.IntN(3) {
		i := r.IntN(len(body))
		switch r.IntN(6) {
		case 0:
			body[i] ^= 1 << r.IntN(8)
		case 1:
			body[i] = byte(r.IntN(256))
		case 2:
			body[i] += byte(1 - 2*r.IntN(2))
		case 3:
			body = slices.Insert(body, i, byte(r.IntN(256)))
		case 4:
			body = slices.Delete(body, i, i+1)
		case 5:
			j := r.IntN(len(body))
			body[i], body[j] = body[j], body[i]
		}
		if len(body) == 0 {
			return nil
		}
	}
	raw := append(slices.Clone(c.Bytes()[:containerBytes]), binary.AppendUvarint(nil, uint64(len(body)))...)
	raw = append(raw, body...)
	sum := sha256.Sum256(raw[containerBytes-1:])
	copy(raw[4:], sum[:4])
	made, err := chunk.ParseChange(raw, chunk.Limits{})
	if err != nil {
		return nil
	}
	return made
}

// spec is a change taken apart, with operation ids that name their actors.
type spec struct {
	chunk.Spec
	deps []id.ChangeHash
	ops  []op
}

type opID struct {
	counter uint64
	actor   id.Actor
}

type op struct {
	chunk.Op
	object, elem opID
	pred         []opID
}

func unpack(c *chunk.Change) spec {
	name := func(o chunk.OpID) opID {
		if o.IsZero() {
			return opID{}
		}
		return opID{o.Counter, c.ActorAt(o.Actor)}
	}
	s := spec{
		Spec: chunk.Spec{Actor: c.Actor, Seq: c.Seq, StartOp: c.StartOp, Time: c.Time, Message: c.Message},
		deps: slices.Clone(c.Deps),
	}
	for _, o := range c.Ops() {
		a := op{Op: o, object: name(o.Object), elem: name(o.Elem)}
		for _, p := range o.Pred {
			a.pred = append(a.pred, name(p))
		}
		s.ops = append(s.ops, a)
	}
	return s
}

// pack builds the change; nil when it is not well-formed.
func (s *spec) pack() *chunk.Change {
	used := map[id.Actor]bool{}
	for _, o := range s.ops {
		for _, ref := range append([]opID{o.object, o.elem}, o.pred...) {
			if ref != (opID{}) && ref.actor != s.Actor {
				used[ref.actor] = true
			}
		}
	}
	out := s.Spec
	out.Others = slices.Sorted(maps.Keys(used))
	number := func(ref opID) chunk.OpID {
		if ref == (opID{}) {
			return chunk.OpID{}
		}
		if ref.actor == s.Actor {
			return chunk.OpID{Counter: ref.counter}
		}
		i, _ := slices.BinarySearch(out.Others, ref.actor)
		return chunk.OpID{Counter: ref.counter, Actor: int32(i) + 1}
	}
	for _, a := range s.ops {
		o := a.Op
		o.Object, o.Elem, o.Pred = number(a.object), number(a.elem), nil
		slices.SortFunc(a.pred, func(x, y opID) int {
			if x.counter != y.counter {
				return int(int64(x.counter) - int64(y.counter))
			}
			return slices.Compare([]byte(x.actor), []byte(y.actor))
		})
		for _, p := range slices.Compact(a.pred) {
			o.Pred = append(o.Pred, number(p))
		}
		out.Ops = append(out.Ops, o)
	}
	out.Deps = slices.Clone(s.deps)
	slices.SortFunc(out.Deps, id.ChangeHash.Compare)
	out.Deps = slices.Compact(out.Deps)
	made, err := chunk.Build(out)
	if err != nil {
		return nil
	}
	return made
}
