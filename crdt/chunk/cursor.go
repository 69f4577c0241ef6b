package chunk

import (
	"bytes"
	"math"
	"unicode/utf8"
)

// Cursors walk along one column and hand out a value for each row. They keep
// the run they are in and nothing else, so that a run of any length costs no
// memory.
//
// A column is a sequence of runs. There are many ways to cut the same values
// into runs; a strict cursor accepts only the one that an encoder gives which
// merges whatever it can:
//
//   - a null run has at least one null and does not follow a null run,
//   - a repeat run has at least two values and differs from the value before it,
//   - a literal run does not follow a literal run, and none of its values equals
//     the value directly before it (nor does a repeat run continue it),
//   - a column of nothing but nulls is left out altogether.
//
// These rules leave exactly one way to write any sequence of values: TestRunsAreCanonical
// holds them against the encoder in encode.go.
//
// A cursor over an absent column is one endless run of nulls (or of false). A
// cursor that has failed is too; the failure is kept once for all columns.

type runKind uint8

const (
	runNone runKind = iota
	runNull
	runRepeat
	runLiteral
)

const endless = math.MaxInt

// failure collects the first thing that went wrong among several columns.
type failure struct{ err error }

// runs is what all run-length encoded columns share.
type runs struct {
	buf    []byte // what has not been read yet
	fail   *failure
	name   string
	rest   int // how many values further runs may hold
	left   int // values of the current run that were not handed out yet
	kind   runKind
	strict bool // refuse what is not canonical
	absent bool
	any    bool // some value was not null
	joined bool // a value, not a null, stands directly before
}

func newRuns(buf []byte, name string, rest int, strict bool, fail *failure) runs {
	r := runs{buf: buf, fail: fail, name: name, rest: rest, strict: strict}
	if len(buf) == 0 {
		r.absent, r.kind, r.left = true, runNull, endless
	}
	return r
}

func (r *runs) refuse(why string) {
	if r.fail.err == nil {
		r.fail.err = malformed("column %s: %s", r.name, why)
	}
	r.buf, r.kind, r.left = nil, runNull, endless
}

// open reads the header of the next run. On failure the cursor is in an endless
// null run.
func (r *runs) open() {
	if len(r.buf) == 0 {
		r.refuse("has too few values")
		return
	}
	before := r.kind
	n, used := sleb(r.buf)
	if used == 0 {
		r.refuse("bad run length")
		return
	}
	r.buf = r.buf[used:]
	switch {
	case n > 0:
		r.kind = runRepeat
		if r.strict && n == 1 {
			r.refuse("repeats a value once")
			return
		}
	case n < 0:
		r.kind = runLiteral
		if r.strict && before == runLiteral {
			r.refuse("literal run after a literal run")
			return
		}
		n = -n // stays negative for the smallest number, which is refused below
	default:
		r.kind, r.joined = runNull, false
		nulls, used := uleb(r.buf)
		if used == 0 || nulls == 0 || nulls > math.MaxInt64 {
			r.refuse("bad null run")
			return
		}
		if r.strict && before == runNull {
			r.refuse("null run after a null run")
			return
		}
		r.buf, n = r.buf[used:], int64(nulls)
	}
	if n < 0 || n > int64(r.rest) {
		r.refuse("has too many values")
		return
	}
	r.rest -= int(n)
	r.left = int(n)
}

// done tells whether the column ends after the values that were handed out.
func (r *runs) done() {
	switch {
	case r.absent || r.fail.err != nil:
	case r.left > 0 || len(r.buf) > 0:
		r.refuse("has too many values")
	case r.strict && !r.any:
		r.refuse("has nothing but nulls")
	}
}

// uints walks along a column of unsigned numbers.
type uints struct {
	runs
	value uint64
}

// next returns the next value, or false for a null.
func (c *uints) next() (uint64, bool) {
	if c.left > 0 && c.kind != runLiteral {
		c.left--
		return c.value, c.kind == runRepeat
	}
	return c.step()
}

func (c *uints) step() (uint64, bool) {
	if c.left == 0 {
		c.open()
		if c.kind == runRepeat {
			c.read()
		}
	}
	if c.kind == runLiteral {
		c.read()
	}
	c.left--
	return c.value, c.kind != runNull
}

func (c *uints) read() {
	v, n := uleb(c.buf)
	if n == 0 {
		c.refuse("bad number")
		return
	}
	if c.strict && c.joined && v == c.value {
		c.refuse("runs could be merged")
		return
	}
	c.buf, c.value, c.any, c.joined = c.buf[n:], v, true, true
}

// deltas walks along a column of numbers of which each is written as the
// difference to the last one that was not null.
type deltas struct {
	runs
	value int64 // of the current run: the difference
	sum   int64
}

func (c *deltas) next() (int64, bool) {
	if c.left > 0 && c.kind == runRepeat {
		c.left--
		c.sum += c.value
		return c.sum, true
	}
	return c.step()
}

func (c *deltas) step() (int64, bool) {
	if c.left == 0 {
		c.open()
		if c.kind == runRepeat {
			c.read()
		}
	}
	if c.kind == runLiteral {
		c.read()
	}
	c.left--
	if c.kind == runNull {
		return 0, false
	}
	c.sum += c.value
	return c.sum, true
}

func (c *deltas) read() {
	v, n := sleb(c.buf)
	if n == 0 {
		c.refuse("bad number")
		return
	}
	if c.strict && c.joined && v == c.value {
		c.refuse("runs could be merged")
		return
	}
	c.buf, c.value, c.any, c.joined = c.buf[n:], v, true, true
}

// texts walks along a column of strings. They alias the column.
type texts struct {
	runs
	value []byte
}

func (c *texts) next() ([]byte, bool) {
	if c.left > 0 && c.kind != runLiteral {
		c.left--
		return c.value, c.kind == runRepeat
	}
	return c.step()
}

func (c *texts) step() ([]byte, bool) {
	if c.left == 0 {
		c.open()
		if c.kind == runRepeat {
			c.read()
		}
	}
	if c.kind == runLiteral {
		c.read()
	}
	c.left--
	return c.value, c.kind != runNull
}

func (c *texts) read() {
	length, n := uleb(c.buf)
	if n == 0 || length > uint64(len(c.buf)-n) {
		c.refuse("bad string length")
		return
	}
	v := c.buf[n : n+int(length)]
	if c.strict && c.joined && bytes.Equal(v, c.value) {
		c.refuse("runs could be merged")
		return
	}
	if c.strict && !utf8.Valid(v) {
		c.refuse("not UTF-8")
		return
	}
	c.buf, c.value, c.any, c.joined = c.buf[n+int(length):], v, true, true
}

// bools walks along a column of alternating runs, the first one of false.
type bools struct {
	buf    []byte
	fail   *failure
	name   string
	rest   int
	left   int
	value  bool
	opened bool
	strict bool
	absent bool
	any    bool // some value was true
}

func newBools(buf []byte, name string, rest int, strict bool, fail *failure) bools {
	b := bools{buf: buf, fail: fail, name: name, rest: rest, strict: strict, value: true}
	if len(buf) == 0 {
		b.absent, b.value, b.left = true, false, endless
	}
	return b
}

func (c *bools) refuse(why string) {
	if c.fail.err == nil {
		c.fail.err = malformed("column %s: %s", c.name, why)
	}
	c.buf, c.value, c.left = nil, false, endless
}

func (c *bools) next() bool {
	if c.left == 0 {
		c.open()
	}
	c.left--
	return c.value
}

func (c *bools) open() {
	for c.left == 0 {
		if len(c.buf) == 0 {
			c.refuse("has too few values")
			return
		}
		n, used := uleb(c.buf)
		if used == 0 || n > uint64(c.rest) {
			c.refuse("bad run length")
			return
		}
		if n == 0 && c.strict && c.opened {
			c.refuse("empty run")
			return
		}
		c.buf, c.rest, c.left = c.buf[used:], c.rest-int(n), int(n)
		c.value, c.opened = !c.value, true
		c.any = c.any || c.value
	}
}

func (c *bools) done() {
	if !c.absent && c.fail.err == nil && (c.left > 0 || len(c.buf) > 0) {
		c.refuse("has too many values")
	}
}
