package chunk

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

// The tests of this file write down what canonical means: a column is accepted
// if and only if the encoder gives the same bytes for the values in it. They
// try every string of up to columnBytesMax bytes over a small alphabet, in
// which run lengths, nulls, values and string lengths all occur.

const (
	columnBytesMax = 6
	valuesMax      = 12
)

// allColumns calls f with every non-empty string over the alphabet.
func allColumns(alphabet []byte, f func(col []byte)) {
	var col []byte
	var extend func()
	extend = func() {
		for _, b := range alphabet {
			col = append(col, b)
			f(col)
			if len(col) < columnBytesMax {
				extend()
			}
			col = col[:len(col)-1]
		}
	}
	extend()
}

// column is what the kinds of columns have in common for these tests.
type column[V any] struct {
	open   func(col []byte, values int, strict bool, fail *failure) (next func() (V, bool), atEnd func() bool, done func())
	encode func(values []V, nulls []bool) []byte
}

// checkCanonical holds strict decoding against encoding, and tells how many
// columns were accepted and how many refused only for not being canonical.
func checkCanonical[V any](t *testing.T, alphabet []byte, c column[V]) {
	accepted, refused := 0, 0
	allColumns(alphabet, func(col []byte) {
		var fail failure
		var values []V
		var nulls []bool
		next, atEnd, _ := c.open(col, valuesMax, false, &fail)
		for !atEnd() && fail.err == nil {
			v, some := next()
			values, nulls = append(values, v), append(nulls, !some)
		}
		if fail.err != nil {
			return // not even readable
		}
		canonical := bytes.Equal(c.encode(values, nulls), col)

		next, _, done := c.open(col, len(values), true, &fail)
		for range values {
			next()
		}
		done()
		if strict := fail.err == nil; strict != canonical {
			t.Fatalf("column %x: accepted %v, but the encoder writes %x", col, strict, c.encode(values, nulls))
		}
		if canonical {
			accepted++
		} else {
			refused++
		}
	})
	if accepted < 100 || refused < 100 {
		t.Errorf("%d columns accepted, %d refused: the alphabet shows nothing", accepted, refused)
	}
}

func (r *runs) atEnd() bool { return r.same == 0 && r.literal == 0 && len(r.buf) == 0 }

func TestRunsAreCanonical(t *testing.T) {
	t.Run("unsigned", func(t *testing.T) {
		checkCanonical(t, []byte{0, 1, 2, 3, 0x7d, 0x7e, 0x7f}, column[uint64]{
			open: func(col []byte, values int, strict bool, fail *failure) (func() (uint64, bool), func() bool, func()) {
				c := &uints{runs: newRuns(col, "test", values, strict, fail)}
				return c.next, c.atEnd, c.done
			},
			encode: func(values []uint64, nulls []bool) []byte {
				var e runEncoder
				for i, v := range values {
					if nulls[i] {
						e.appendNull()
					} else {
						e.appendUint(v)
					}
				}
				return e.finish()
			},
		})
	})
	t.Run("delta", func(t *testing.T) {
		checkCanonical(t, []byte{0, 1, 2, 3, 0x7d, 0x7e, 0x7f}, column[int64]{
			open: func(col []byte, values int, strict bool, fail *failure) (func() (int64, bool), func() bool, func()) {
				c := &deltas{runs: newRuns(col, "test", values, strict, fail)}
				return c.next, c.atEnd, c.done
			},
			encode: func(values []int64, nulls []bool) []byte {
				var e deltaEncoder
				for i, v := range values {
					if nulls[i] {
						e.appendNull()
					} else {
						e.appendInt(v)
					}
				}
				return e.finish()
			},
		})
	})
	t.Run("string", func(t *testing.T) {
		checkCanonical(t, []byte{0, 1, 2, 'a', 0x7d, 0x7e, 0x7f}, column[string]{
			open: func(col []byte, values int, strict bool, fail *failure) (func() (string, bool), func() bool, func()) {
				c := &texts{runs: newRuns(col, "test", values, strict, fail)}
				return func() (string, bool) { v, some := c.next(); return string(v), some }, c.atEnd, c.done
			},
			encode: func(values []string, nulls []bool) []byte {
				var e runEncoder
				for i, v := range values {
					if nulls[i] {
						e.appendNull()
					} else {
						e.appendString(v)
					}
				}
				return e.finish()
			},
		})
	})
	t.Run("boolean", func(t *testing.T) {
		checkCanonical(t, []byte{0, 1, 2, 3, 0x80}, column[bool]{
			open: func(col []byte, values int, strict bool, fail *failure) (func() (bool, bool), func() bool, func()) {
				c := newBools(col, "test", values, strict, fail)
				return func() (bool, bool) { return c.next(), true }, func() bool { return c.left == 0 && len(c.buf) == 0 }, c.done
			},
			encode: func(values, _ []bool) []byte {
				var e boolEncoder
				for _, v := range values {
					e.append(v)
				}
				return e.finish()
			},
		})
	})
}

func TestRunsAreNotExpanded(t *testing.T) {
	// One run of 2^40 values, in each kind of column.
	long := appendSleb(nil, 1<<40)
	var fail failure
	u := uints{runs: newRuns(append(long, 1), "test", 1000, true, &fail)}
	if u.next(); fail.err == nil {
		t.Error("a run longer than the change was opened")
	}
	if n, err := countRuns(append(long, 1), "test", 1000); err == nil {
		t.Errorf("counted %d", n)
	}
	// A literal run may claim more values than there are bytes.
	if _, err := countRuns([]byte{0x40, 1}, "test", 1000); err == nil {
		t.Error("a literal run of 64 values in one byte was counted")
	}
}

func TestLEB128(t *testing.T) {
	for _, v := range []int64{0, 1, -1, 63, 64, -64, -65, 8191, 8192, math.MaxInt64, math.MinInt64} {
		b := appendSleb(nil, v)
		if got, n := sleb(append(slices.Clone(b), 0x55)); got != v || n != len(b) {
			t.Errorf("sleb(%x) = %d, %d; want %d, %d", b, got, n, v, len(b))
		}
		b = appendUleb(nil, uint64(v))
		if got, n := uleb(append(slices.Clone(b), 0x55)); got != uint64(v) || n != len(b) {
			t.Errorf("uleb(%x) = %d, %d; want %d, %d", b, got, n, uint64(v), len(b))
		}
	}
	ff := bytes.Repeat([]byte{0xff}, 9)
	for _, b := range [][]byte{
		{}, {0x80}, {0x80, 0}, {0xff, 0x80, 0}, append(slices.Clone(ff), 2), append(slices.Clone(ff), 0x80), append(ff, 0xff, 1),
	} {
		if v, n := uleb(b); n != 0 {
			t.Errorf("uleb(%x) = %d in %d bytes, want it refused", b, v, n)
		}
	}
	nines := bytes.Repeat([]byte{0x80}, 9)
	for _, b := range [][]byte{
		{}, {0x80}, {0x80, 0}, {0xff, 0x7f}, {0xbf, 0}, append(slices.Clone(nines), 2), append(slices.Clone(nines), 0x80, 0),
		append(slices.Clone(nines), 0x40),
	} {
		if v, n := sleb(b); n != 0 {
			t.Errorf("sleb(%x) = %d in %d bytes, want it refused", b, v, n)
		}
	}
	for i := range 1 << 20 {
		b := []byte{byte(i), byte(i >> 8), byte(i >> 12)}
		if v, n := uleb(b); n > 0 && !bytes.Equal(appendUleb(nil, v), b[:n]) {
			t.Fatalf("uleb(%x) = %d is not minimal", b[:n], v)
		}
		if v, n := sleb(b); n > 0 && !bytes.Equal(appendSleb(nil, v), b[:n]) {
			t.Fatalf("sleb(%x) = %d is not minimal", b[:n], v)
		}
	}
}
