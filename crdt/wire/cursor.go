package wire

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
)

// Major types of CBOR (RFC 8949, section 3.1), in place in the first byte of
// an item.
const (
	majorUint   = 0 << 5
	majorNegInt = 1 << 5
	majorBytes  = 2 << 5
	majorText   = 3 << 5
	majorArray  = 4 << 5
	majorMap    = 5 << 5
	majorTag    = 6 << 5
	majorSimple = 7 << 5

	majorMask = 7 << 5
	infoMask  = 1<<5 - 1

	infoIndefinite = 31

	simpleFalse     = majorSimple | 20
	simpleTrue      = majorSimple | 21
	simpleNull      = majorSimple | 22
	simpleUndefined = majorSimple | 23
	simpleFloat16   = majorSimple | 25
	simpleFloat32   = majorSimple | 26
	simpleFloat64   = majorSimple | 27
	simpleBreak     = majorSimple | 31

	tagTypedArray = 64 // an array of uint8 (RFC 8746); old clients send it
)

// Limits of a frame that no known client comes near; they bound the walk.
const (
	depthMax     = 16
	elementsMax  = 1 << 16
	mapKeysMax   = 32 // keys of a message, known or not
	wholeNumbers = 1 << 53
)

// wellformed checks syntax alone: CBOR's own rules, depth and element counts.
var wellformed = func() func([]byte) error {
	mode, err := cbor.DecOptions{
		MaxNestedLevels:  depthMax,
		MaxArrayElements: elementsMax,
		MaxMapPairs:      elementsMax,
		IndefLength:      cbor.IndefLengthAllowed,
		TagsMd:           cbor.TagsAllowed,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return mode.Wellformed
}()

// cursor walks over well-formed CBOR. It relies on wellformed having accepted
// data: no item in it is cut short, and none is deeper than depthMax.
type cursor struct {
	data []byte
	off  int
}

// head reads the head of an item. For an item of indefinite length, and for
// the break after one, value is 0.
func (c *cursor) head() (first byte, value uint64) {
	first = c.data[c.off]
	c.off++
	switch info := first & infoMask; info {
	case 24:
		value = uint64(c.data[c.off])
		c.off++
	case 25:
		value = uint64(binary.BigEndian.Uint16(c.data[c.off:]))
		c.off += 2
	case 26:
		value = uint64(binary.BigEndian.Uint32(c.data[c.off:]))
		c.off += 4
	case 27:
		value = binary.BigEndian.Uint64(c.data[c.off:])
		c.off += 8
	case infoIndefinite:
	default:
		value = uint64(info)
	}
	return first, value
}

// skip passes over one item with all that it holds.
func (c *cursor) skip() {
	first, value := c.head()
	for first&majorMask == majorTag { // before what it tags
		first, value = c.head()
	}
	switch first & majorMask {
	case majorBytes, majorText:
		if first&infoMask != infoIndefinite {
			c.off += int(value)
			return
		}
		for !c.atBreak() {
			c.skip()
		}
	case majorArray:
		for it := (items{left: value, open: first&infoMask == infoIndefinite}); it.next(c); {
			c.skip()
		}
	case majorMap:
		for it := (items{left: value, open: first&infoMask == infoIndefinite}); it.next(c); {
			c.skip()
			c.skip()
		}
	}
}

// atBreak consumes the end of an item of indefinite length, if it is there.
func (c *cursor) atBreak() bool {
	if c.data[c.off] != simpleBreak {
		return false
	}
	c.off++
	return true
}

// absent consumes a null or undefined, either of which stands for no value.
func (c *cursor) absent() bool {
	if b := c.data[c.off]; b != simpleNull && b != simpleUndefined {
		return false
	}
	c.off++
	return true
}

// items counts off the elements of an array or the pairs of a map.
type items struct {
	left uint64
	open bool // of indefinite length
}

func (it *items) next(c *cursor) bool {
	if it.open {
		return !c.atBreak()
	}
	if it.left == 0 {
		return false
	}
	it.left--
	return true
}

// enter reads the head of an array or map.
func (c *cursor) enter(major byte) (items, error) {
	first, value := c.head()
	if first&majorMask != major {
		return items{}, errKind
	}
	return items{left: value, open: first&infoMask == infoIndefinite}, nil
}

// chunks reads a byte or text string of at most bytesMax bytes. The result is
// a part of the frame, or a copy if the string came in several chunks.
func (c *cursor) chunks(major byte, bytesMax int) ([]byte, error) {
	first, value := c.head()
	if first&majorMask != major {
		return nil, errKind
	}
	if first&infoMask != infoIndefinite {
		s := c.data[c.off : c.off+int(value) : c.off+int(value)]
		c.off += int(value)
		if len(s) > bytesMax {
			return nil, tooLarge(len(s), bytesMax)
		}
		return s, nil
	}
	var joined []byte
	for !c.atBreak() {
		chunk, err := c.chunks(major, bytesMax-len(joined))
		if err != nil {
			return nil, err
		}
		joined = append(joined, chunk...)
	}
	return joined, nil
}

func (c *cursor) text(bytesMax int) ([]byte, error) {
	s, err := c.chunks(majorText, bytesMax)
	if err == nil && !utf8.Valid(s) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	return s, err
}

// bytes reads a byte string, bare or tagged as a typed array. FR7
func (c *cursor) bytes(bytesMax int) ([]byte, error) {
	if c.data[c.off]&majorMask == majorTag {
		if _, tag := c.head(); tag != tagTypedArray {
			return nil, errKind
		}
	}
	return c.chunks(majorBytes, bytesMax)
}

func (c *cursor) bool() (bool, error) {
	switch first, _ := c.head(); first {
	case simpleTrue:
		return true, nil
	case simpleFalse:
		return false, nil
	}
	return false, errKind
}

// number reads an integer, or a float that stands for one, as JavaScript
// writes those above 2^32. A fraction is cut off; what JavaScript could not
// hold exactly is refused. FR7
func (c *cursor) number() (int64, error) {
	first, value := c.head()
	var f float64
	switch {
	case first&majorMask == majorUint && value <= wholeNumbers:
		return int64(value), nil
	case first&majorMask == majorNegInt && value < wholeNumbers:
		return -1 - int64(value), nil
	case first == simpleFloat64:
		f = math.Float64frombits(value)
	case first == simpleFloat32:
		f = float64(math.Float32frombits(uint32(value)))
	case first == simpleFloat16:
		f = float16(uint16(value))
	case first&majorMask == majorUint || first&majorMask == majorNegInt:
		f = math.Inf(1)
	default:
		return 0, errKind
	}
	if !(math.Abs(f) <= wholeNumbers) { // NaN compares false
		return 0, fmt.Errorf("%w: number out of range", ErrMalformed)
	}
	return int64(f), nil
}

// float16 reads an IEEE 754 half (RFC 8949, appendix D).
func float16(h uint16) float64 {
	exponent, mantissa := int(h>>10&0x1f), float64(h&0x3ff)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(mantissa, -24)
	case 31:
		f = math.Inf(1)
		if mantissa != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(mantissa+1024, exponent-25)
	}
	if h>>15 != 0 {
		return -f
	}
	return f
}

// fields reads a map and notes in at where the value of each key begins: at
// the index that index gives the key, or nowhere if that is negative. Keys
// are text; two equal ones are refused, also among those we do not know. FR4
func (c *cursor) fields(at []int, index func(key []byte) int) error {
	pairs, err := c.enter(majorMap)
	if err != nil {
		return fmt.Errorf("%w: not a map", ErrMalformed)
	}
	var few [4][]byte // unknown keys are rare
	unknown := few[:0]
	for pairs.next(c) {
		key, err := c.text(len(c.data))
		if err != nil {
			return fmt.Errorf("%w: a key is no text", ErrMalformed)
		}
		if i := index(key); i >= 0 {
			if at[i] != 0 {
				return fmt.Errorf("%w: two keys %q", ErrMalformed, key)
			}
			at[i] = c.off
		} else {
			for _, k := range unknown {
				if bytes.Equal(k, key) {
					return fmt.Errorf("%w: two equal keys", ErrMalformed)
				}
			}
			if len(unknown) == mapKeysMax {
				return fmt.Errorf("%w: over %d unknown keys", ErrMalformed, mapKeysMax)
			}
			unknown = append(unknown, key)
		}
		c.skip()
	}
	return nil
}
