package chunk

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"math"
	"unicode/utf8"

	"github.com/tavle-org/tavle/crdt/id"
)

// The reference core keeps counters and sequence numbers in 32 bits, and reads
// some of them as signed. A change beyond these would be a trap for others.
const (
	CounterMax = math.MaxInt32 // greatest counter of an operation
	SeqMax     = math.MaxUint32
	TimeMax    = 1<<53 - 1 // greatest time and, negated, the least; JS cannot read others

	// JS cannot increment a counter once its value has left the integers that a
	// float64 holds exactly, ±2^53: applying the change fails, and so does every later one.
	// With these limits it takes a document of two million increments to get there.
	CounterValueMax = 1 << 52 // greatest counter to begin with and, negated, the least
	IncrementMax    = 1 << 31 // greatest step and, negated, the least

	PersonBytesMax = 128 // bytes of the id in Extra
)

// Change is one validated change. It is immutable and may be shared. Deps,
// Others and what its methods return must not be written to.
type Change struct {
	Hash         id.ChangeHash
	Deps         []id.ChangeHash // sorted, unique
	Actor        id.Actor        // the author
	Seq, StartOp uint64          // both at least 1
	OpCount      int
	Time         int64 // in the unit the author used; JS writes seconds
	Message      string
	Others       []id.Actor // actors beside the author that operations name; sorted, unique
	// Extra is what follows the columns: nil, or one field that says which
	// person the actor writes for (the byte 1, a length, an id of 1 to
	// PersonBytesMax bytes). It aliases Bytes.
	Extra []byte

	bytes []byte
	cols  [changeColumns]span
}

// Bytes returns the whole chunk, not deflated. It is read-only.
func (c *Change) Bytes() []byte { return c.bytes }

// MaxOp is the counter of the last operation; StartOp-1 if there is none.
func (c *Change) MaxOp() uint64 { return c.StartOp + uint64(c.OpCount) - 1 }

// valueBytes is how many bytes the values of its operations take.
func (c *Change) valueBytes() int { return int(c.cols[colValue].end - c.cols[colValue].start) }

// ActorAt resolves the Actor of an OpID in this change: 0 is the author, i is
// Others[i-1]. It panics on an index that no operation of this change has.
func (c *Change) ActorAt(i int32) id.Actor {
	if i == 0 {
		return c.Actor
	}
	return c.Others[i-1]
}

// Ops goes through the operations with their index in the change. Strings and
// values alias Bytes: clone what is kept for longer than the change. Pred is
// valid only until the next step.
func (c *Change) Ops() iter.Seq2[int, Op] {
	return func(yield func(int, Op) bool) {
		r := newOpReader(c, false)
		defer r.release()
		var op Op
		for i := range c.OpCount {
			if !r.next(&op) || !yield(i, op) {
				return
			}
		}
	}
}

// ParseChange reads exactly one chunk that is a change, plain or deflated, and
// validates everything in it that can be judged without other changes. A plain
// change keeps a reference to data, which must not be written to afterwards; a
// deflated one keeps none.
//
// Errors wrap ErrMalformed, ErrChecksum, ErrLimit or ErrType.
func ParseChange(data []byte, lim Limits) (*Change, error) {
	return ParseNewChange(data, lim, func(id.ChangeHash) bool { return false })
}

// ParseNewChange is ParseChange for a change that may be known already, from an
// earlier ParseChange. Of one that is, the operations are not looked at again: its hash
// vouches for them.
func ParseNewChange(data []byte, lim Limits, known func(id.ChangeHash) bool) (*Change, error) {
	lim = lim.withDefaults()
	c, err := readChange(data, lim)
	if err != nil || known(c.Hash) {
		return c, err
	}
	if err := checkOps(c); err != nil {
		return nil, fmt.Errorf("change %s: %w", c.Hash, err)
	}
	return c, nil
}

// ReadChange reads a change that ParseChange accepted before and that was kept
// where only we write. It verifies the checksum, reads the header, counts the
// operations and skips the rest; it refers to data as ParseChange does. Bytes
// that ParseChange would refuse give an error or a change with fewer operations
// than it should have, never a panic.
func ReadChange(data []byte) (*Change, error) {
	return readChange(data, Limits{
		BytesMax: math.MaxInt32, OpsMax: CounterMax, DepsMax: math.MaxInt32, ActorsMax: math.MaxInt32,
	})
}

// readChange does all but looking at the operations one by one.
func readChange(data []byte, lim Limits) (*Change, error) {
	f, err := cutFrame(data, lim.BytesMax)
	if err != nil {
		return nil, err
	}
	if len(f.bytes) != len(data) {
		return nil, malformed("container: %d bytes after the chunk", len(data)-len(f.bytes))
	}
	switch f.typ {
	case TypeChange:
	case TypeDeflated:
		if f, err = inflate(f, lim.BytesMax); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%w: %v instead of a change", ErrType, f.typ)
	}
	c := &Change{Hash: sha256.Sum256(f.bytes[typeOffset:]), bytes: f.bytes}
	if [checksumBytes]byte(c.Hash[:]) != f.checksum {
		return nil, fmt.Errorf("%w: change %s", ErrChecksum, c.Hash)
	}
	r := reader{data: f.bytes, at: len(f.bytes) - len(f.body)}
	if err := c.readHeader(&r, lim); err != nil {
		return nil, fmt.Errorf("change %s: %w", c.Hash, err)
	}
	if err := c.readColumns(&r); err != nil {
		return nil, fmt.Errorf("change %s: %w", c.Hash, err)
	}
	if err := c.countOps(lim.OpsMax); err != nil {
		return nil, fmt.Errorf("change %s: %w", c.Hash, err)
	}
	return c, nil
}

func (c *Change) readHeader(r *reader, lim Limits) error {
	if err := c.readDeps(r, lim.DepsMax); err != nil {
		return err
	}
	c.Actor = readActor(r, "author")
	c.Seq = r.uleb("sequence number")
	c.StartOp = r.uleb("start op")
	c.Time = r.sleb("time")
	message := r.take(r.uleb("message length"), "message")
	if err := c.readOthers(r, lim.ActorsMax); err != nil {
		return err
	}
	switch {
	case r.err != nil:
		return r.err
	case c.Seq == 0 || c.Seq > SeqMax:
		return malformed("sequence number %d is out of range", c.Seq)
	case c.StartOp == 0 || c.StartOp > CounterMax:
		return malformed("start op %d is out of range", c.StartOp)
	case c.Time > TimeMax || c.Time < -TimeMax:
		return malformed("time %d is out of range", c.Time)
	case !utf8.Valid(message):
		return malformed("message is not UTF-8")
	}
	c.Message = string(message)
	return nil
}

func (c *Change) readColumns(r *reader) (err error) {
	if c.cols, err = columnLayout(r); err != nil {
		return err
	}
	if r.left() > 0 {
		c.Extra = r.take(uint64(r.left()), "extra bytes")
		return checkExtra(c.Extra)
	}
	return nil
}

// checkExtra accepts the one field that writers put behind the columns.
func checkExtra(b []byte) error {
	if len(b) < 3 || b[0] != 1 {
		return malformed("%d unknown bytes after the columns", len(b))
	}
	length, n := uleb(b[1:])
	if n == 0 || length == 0 || length > PersonBytesMax || length != uint64(len(b)-1-n) {
		return malformed("bad field after the columns")
	}
	return nil
}

func (c *Change) readDeps(r *reader, depsMax int) error {
	count := r.uleb("dependency count")
	if count > uint64(r.left()/len(id.ChangeHash{})) {
		r.refuse("dependency count", "claims more hashes than there are bytes")
		return r.err
	}
	if count > uint64(depsMax) {
		return overLimit("%d dependencies, at most %d", count, depsMax)
	}
	if count == 0 {
		return r.err
	}
	c.Deps = make([]id.ChangeHash, count)
	for i := range c.Deps {
		copy(c.Deps[i][:], r.take(uint64(len(c.Deps[i])), "dependency"))
		if i > 0 && c.Deps[i-1].Compare(c.Deps[i]) >= 0 {
			return malformed("dependencies out of order at %d", i)
		}
	}
	return r.err
}

func (c *Change) readOthers(r *reader, actorsMax int) error {
	count := r.uleb("actor count")
	if count > uint64(r.left()/2) { // a length and at least one byte each
		r.refuse("actor count", "claims more actors than there are bytes")
		return r.err
	}
	if count > uint64(actorsMax) {
		return overLimit("%d actors, at most %d", count, actorsMax)
	}
	if count == 0 {
		return r.err
	}
	c.Others = make([]id.Actor, count)
	for i := range c.Others {
		a := readActor(r, "actor")
		if r.err == nil && (a == c.Actor || i > 0 && c.Others[i-1] >= a) {
			return malformed("actor %d is out of order or the author", i)
		}
		c.Others[i] = a
	}
	return r.err
}

func readActor(r *reader, what string) id.Actor {
	b := r.take(r.uleb(what), what)
	if r.err != nil {
		return ""
	}
	a, err := id.ActorFromBytes(b)
	if err != nil {
		r.refuse(what, err.Error())
	}
	return a
}

// countOps sets OpCount, without looking at the operations.
func (c *Change) countOps(opsMax int) error {
	total, err := countRuns(c.bytes[c.cols[colAction].start:c.cols[colAction].end], columnNames[colAction], opsMax)
	if err != nil {
		return err
	}
	if c.StartOp+uint64(total)-1 > CounterMax {
		return malformed("the last operation's counter is out of range")
	}
	c.OpCount = total
	if total == 0 && c.cols[colObjectActor].start != c.cols[colMarkName].end {
		return malformed("columns in a change without operations")
	}
	return nil
}
