// Package chunk reads and writes Automerge's binary format: the container,
// changes with their columns of operations, and saved documents. FORMAT.md
// beside it has the byte tables.
//
// It is strict both ways. ParseChange accepts a change if and only if every
// field is well-formed and encoding the result again gives the very same bytes,
// so whoever relays what it accepted cannot hand a peer something that the peer
// would store under another hash. Whatever needs other changes to decide
// (whether objects, elements and predecessors exist) is not its business.
//
// The bytes may come from an enemy: every length is checked against the bytes
// that remain and against Limits before anything is allocated, nothing panics,
// and operations of a change are never expanded in memory, however long a run
// claims to be.
//
// Documents are written from changes that were accepted (BuildDocument), and what
// was written can be held against them before anybody relies on it
// (VerifyDocument).
//
// The package starts no goroutine, reads no clock and does no I/O. A Change is
// immutable and may be shared; it owns nothing but what its comments say.
package chunk

import (
	"errors"
	"fmt"
	"iter"
)

// Type says what the body of a chunk holds.
type Type byte

const (
	TypeDocument Type = 0 // a whole document, as a save writes it
	TypeChange   Type = 1 // one change
	TypeDeflated Type = 2 // one change whose body is deflated
	TypeBundle   Type = 3 // several changes in one; refused everywhere with ErrType
)

func (t Type) String() string {
	switch t {
	case TypeDocument:
		return "document"
	case TypeChange:
		return "change"
	case TypeDeflated:
		return "deflated change"
	case TypeBundle:
		return "bundle"
	}
	return fmt.Sprintf("unknown (%d)", byte(t))
}

// Errors by which a caller decides. All of them are the fault of whoever wrote
// the bytes; errors returned by this package wrap exactly one of them.
var (
	// ErrMalformed: the bytes break the format, or are not the canonical form.
	ErrMalformed = errors.New("malformed chunk")
	// ErrChecksum: the four checksum bytes are not those of the content, or a
	// document's changes do not hash to its heads.
	ErrChecksum = errors.New("chunk does not match its checksum")
	// ErrLimit: a limit of Limits would be exceeded.
	ErrLimit = errors.New("chunk exceeds a limit")
	// ErrType: a chunk of a type that is not read here.
	ErrType = errors.New("unexpected chunk type")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func overLimit(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrLimit, fmt.Sprintf(format, args...))
}

// Limits bounds what one chunk may hold. A zero field means its default.
type Limits struct {
	BytesMax       int // bytes of one chunk, inflated
	OpsMax         int // operations of one change
	DepsMax        int // dependencies of one change, heads of one document
	ActorsMax      int // actors of one change beside its author; actors of one document
	ChangesMax     int // changes of one document
	DocumentOpsMax int // operations of all changes of one document together
}

// DefaultLimits is what zero fields of Limits mean.
//
// OpsMax: each character of a text is an operation, and deleting 50 000
// characters is 50 000 operations in some 30 bytes, so what an honest person
// does in one step (paste a long text, clear it again) reaches five digits and
// 10 000 would refuse it. 100 000 operations still take only milliseconds to
// walk through, and nothing is allocated for them.
//
// BytesMax: the same pasted text with room to spare, or a photograph in a
// change; also the most that a deflated change can inflate to.
//
// DepsMax and ActorsMax: a change depends on all heads its author saw. Ten
// thousand is ten thousand devices that wrote offline and met at once.
//
// ChangesMax and DocumentOpsMax: a saved document is held in memory while it is
// taken apart, about 100 bytes an operation.
var DefaultLimits = Limits{
	BytesMax:       16 << 20,
	OpsMax:         100_000,
	DepsMax:        10_000,
	ActorsMax:      10_000,
	ChangesMax:     200_000,
	DocumentOpsMax: 1_000_000,
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits
	return Limits{
		BytesMax:       orDefault(l.BytesMax, d.BytesMax),
		OpsMax:         orDefault(l.OpsMax, d.OpsMax),
		DepsMax:        orDefault(l.DepsMax, d.DepsMax),
		ActorsMax:      orDefault(l.ActorsMax, d.ActorsMax),
		ChangesMax:     orDefault(l.ChangesMax, d.ChangesMax),
		DocumentOpsMax: orDefault(l.DocumentOpsMax, d.DocumentOpsMax),
	}
}

func orDefault(n, def int) int {
	if n == 0 {
		return def
	}
	return n
}

const (
	magicBytes    = 4
	checksumBytes = 4
	typeOffset    = magicBytes + checksumBytes // what is hashed begins here
)

var magic = [magicBytes]byte{0x85, 0x6f, 0x4a, 0x83}

// frame is one chunk cut out of its surroundings, its checksum not verified.
type frame struct {
	typ      Type
	checksum [checksumBytes]byte
	bytes    []byte // the whole chunk
	body     []byte
}

// cutFrame reads the container at the start of data. Bytes after it are left.
func cutFrame(data []byte, bytesMax int) (frame, error) {
	if len(data) < typeOffset+2 {
		return frame{}, malformed("container: %d bytes are too few", len(data))
	}
	if [magicBytes]byte(data) != magic {
		return frame{}, malformed("container: wrong magic bytes")
	}
	f := frame{typ: Type(data[typeOffset]), checksum: [checksumBytes]byte(data[magicBytes:])}
	if f.typ > TypeBundle {
		return frame{}, fmt.Errorf("%w: %v", ErrType, f.typ)
	}
	length, n := uleb(data[typeOffset+1:])
	if n == 0 {
		return frame{}, malformed("container: bad length")
	}
	start := typeOffset + 1 + n
	if length > uint64(len(data)-start) {
		return frame{}, malformed("container: claims %d bytes, %d are left", length, len(data)-start)
	}
	end := start + int(length)
	if end > bytesMax {
		return frame{}, overLimit("%d bytes, at most %d", end, bytesMax)
	}
	f.bytes, f.body = data[:end:end], data[start:end:end]
	return f, nil
}

// Raw is one chunk of a file, framed but neither verified nor decoded. Bytes
// aliases the data it was split from.
type Raw struct {
	Type  Type
	Bytes []byte
}

// Split cuts a file of concatenated chunks apart. It checks framing only; after
// an error, which comes last, nothing follows. Empty data holds no chunk.
func Split(data []byte, lim Limits) iter.Seq2[Raw, error] {
	lim = lim.withDefaults()
	return func(yield func(Raw, error) bool) {
		for at := 0; at < len(data); {
			f, err := cutFrame(data[at:], lim.BytesMax)
			if err != nil {
				yield(Raw{}, fmt.Errorf("at byte %d: %w", at, err))
				return
			}
			if !yield(Raw{f.typ, f.bytes}, nil) {
				return
			}
			at += len(f.bytes)
		}
	}
}
