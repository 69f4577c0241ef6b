package chunk

import "fmt"

// columnKind numbers the columns that this package reads, in the order in which
// they stand in a change. Columns only a document has follow.
type columnKind uint8

const (
	colObjectActor columnKind = iota
	colObjectCounter
	colKeyActor
	colKeyCounter
	colKeyString
	colInsert
	colAction
	colValueMeta
	colValue
	colPredCount
	colPredActor
	colPredCounter
	colExpand
	colMarkName
	changeColumns // how many columns a change can have
)

// columnSpecs has the number that stands for each column in a change:
// id<<4 | type. Bit 3 would say that the column is deflated, which no change
// may have.
var columnSpecs = [changeColumns]uint64{
	colObjectActor:   0x01,
	colObjectCounter: 0x02,
	colKeyActor:      0x11,
	colKeyCounter:    0x13,
	colKeyString:     0x15,
	colInsert:        0x34,
	colAction:        0x42,
	colValueMeta:     0x56,
	colValue:         0x57,
	colPredCount:     0x70,
	colPredActor:     0x71,
	colPredCounter:   0x73,
	colExpand:        0x94,
	colMarkName:      0xa5,
}

var columnNames = [changeColumns]string{
	colObjectActor:   "object actor",
	colObjectCounter: "object counter",
	colKeyActor:      "key actor",
	colKeyCounter:    "key counter",
	colKeyString:     "key string",
	colInsert:        "insert",
	colAction:        "action",
	colValueMeta:     "value metadata",
	colValue:         "value",
	colPredCount:     "predecessor count",
	colPredActor:     "predecessor actor",
	colPredCounter:   "predecessor counter",
	colExpand:        "expand",
	colMarkName:      "mark name",
}

// span is a column's place in the bytes of its chunk.
type span struct{ start, end uint32 }

// deflatedBit in a column's number says that its bytes are deflated.
const deflatedBit = 0x08

// columnList reads a list of columns at r into lengths, which has the length of
// each column of specs, 0 for those that are not there. It returns a bit for
// each column that is deflated.
func columnList(r *reader, specs []uint64, names []string, lengths []uint64) (deflated uint32, err error) {
	count := r.uleb("column count")
	if count > uint64(len(specs)) {
		return 0, malformed("%d columns, there are only %d kinds", count, len(specs))
	}
	next := 0
	for range count {
		spec, length := r.uleb("column list"), r.uleb("column list")
		if r.err != nil {
			break
		}
		for next < len(specs) && specs[next] != spec&^deflatedBit {
			next++
		}
		if next == len(specs) {
			return 0, malformed("column %#x is unknown or out of order", spec)
		}
		if length == 0 || length > uint64(r.left()) {
			return 0, malformed("column %s: length %d, %d bytes are left", names[next], length, r.left())
		}
		if spec&deflatedBit != 0 {
			deflated |= 1 << next
		}
		lengths[next] = length
		next++
	}
	return deflated, r.err
}

// columnLayout reads the list of columns of a change at r and gives each column
// its place in the bytes that follow the list, past which it leaves r.
func columnLayout(r *reader) (cols [changeColumns]span, err error) {
	var lengths [changeColumns]uint64
	deflated, err := columnList(r, columnSpecs[:], columnNames[:], lengths[:])
	if err != nil {
		return cols, err
	}
	if deflated != 0 {
		return cols, malformed("a column of a change is deflated")
	}
	at := uint64(r.at)
	for k, length := range lengths {
		cols[k] = span{uint32(at), uint32(at + length)}
		at += length
	}
	if at > uint64(len(r.data)) {
		return cols, malformed("columns end at byte %d of %d", at, len(r.data))
	}
	r.at = int(at)
	return cols, nil
}

// reader takes fields from the front of data. After the first failure err is
// set and every further field is zero.
type reader struct {
	data []byte
	at   int
	err  error
}

func (r *reader) left() int { return len(r.data) - r.at }

func (r *reader) refuse(what, why string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s: %s at byte %d", ErrMalformed, what, why, r.at)
		r.at = len(r.data)
	}
}

func (r *reader) uleb(what string) uint64 {
	v, n := uleb(r.data[r.at:])
	if n == 0 {
		r.refuse(what, "bad number")
		return 0
	}
	r.at += n
	return v
}

func (r *reader) sleb(what string) int64 {
	v, n := sleb(r.data[r.at:])
	if n == 0 {
		r.refuse(what, "bad number")
		return 0
	}
	r.at += n
	return v
}

// take returns the next n bytes, aliasing data.
func (r *reader) take(n uint64, what string) []byte {
	if n > uint64(r.left()) {
		r.refuse(what, "claims more bytes than are left")
		return nil
	}
	b := r.data[r.at : r.at+int(n) : r.at+int(n)]
	r.at += int(n)
	return b
}
