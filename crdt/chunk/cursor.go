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
	same int  // values of the current run not handed out yet, if they are all the same
	some bool // the current run is not one of nulls
	kind runKind

	strict  bool // refuse what is not canonical
	absent  bool
	any     bool // some value was not null
	joined  bool // a value, not a null, stands directly before
	literal int  // values of the current literal run that were not read yet
	rest    int  // how many values further runs may hold
	buf     []byte
	fail    *failure
	name    string
}

func newRuns(buf []byte, name string, rest int, strict bool, fail *failure) runs {
	if len(buf) == 0 {
		return runs{absent: true, kind: runNull, same: endless}
	}
	return runs{buf: buf, fail: fail, name: name, rest: rest, strict: strict}
}

func (r *runs) refuse(why string) {
	if r.fail.err == nil {
		r.fail.err = malformed("column %s: %s", r.name, why)
	}
	r.buf, r.kind, r.some, r.same, r.literal = nil, runNull, false, endless, 0
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
		r.kind, r.some = runRepeat, true
		if r.strict && n == 1 {
			r.refuse("repeats a value once")
			return
		}
	case n < 0:
		r.kind, r.some = runLiteral, true
		if r.strict && before == runLiteral {
			r.refuse("literal run after a literal run")
			return
		}
		n = -n // stays negative for the smallest number, which is refused below
	default:
		r.kind, r.some, r.joined = runNull, false, false
		if n = r.nulls(before); n == 0 {
			return
		}
	}
	if n < 0 || n > int64(r.rest) {
		r.refuse("has too many values")
		return
	}
	r.rest -= int(n)
	if r.kind == runLiteral {
		r.literal = int(n)
	} else {
		r.same = int(n)
	}
}

// advance goes on to the next run, or within a literal run, when same has been
// used up, and fills it. It tells whether there is a value to be read.
func (r *runs) advance() bool {
	if r.literal == 0 {
		r.open()
	}
	if r.kind == runLiteral {
		r.literal--
		r.same = 1
	}
	return r.some
}

// nulls reads the length of a null run, 0 if it was refused.
func (r *runs) nulls(before runKind) int64 {
	n, used := uleb(r.buf)
	if used == 0 || n == 0 || n > math.MaxInt64 {
		r.refuse("bad null run")
		return 0
	}
	if r.strict && before == runNull {
		r.refuse("null run after a null run")
		return 0
	}
	r.buf = r.buf[used:]
	return int64(n)
}

// joins tells whether a value that was read goes with those before it as an
// encoder would have written it.
func (r *runs) joins(n int, equal bool) bool {
	if r.strict && r.joined && equal {
		r.refuse("runs could be merged")
		return false
	}
	r.buf, r.any, r.joined = r.buf[n:], true, true
	return true
}

// done tells whether the column ends after the values that were handed out.
func (r *runs) done() {
	switch {
	case r.absent || r.fail.err != nil:
	case r.same > 0 || r.literal > 0 || len(r.buf) > 0:
		r.refuse("has too many values")
	case r.strict && !r.any:
		r.refuse("has nothing but nulls")
	}
}

// countRuns tells how many values a column of unsigned numbers without nulls
// has. It reads the runs and does not expand them.
func countRuns(col []byte, name string, countMax int) (int, error) {
	total := uint64(0)
	for len(col) > 0 {
		n, used := sleb(col)
		if used == 0 || n == 0 || n == math.MinInt64 {
			return 0, malformed("column %s: bad run length", name)
		}
		col = col[used:]
		values := int64(1)
		if n < 0 {
			n = -n
			values = n
		}
		if total += uint64(n); total > uint64(countMax) {
			return 0, overLimit("column %s: more than %d values", name, countMax)
		}
		for range values {
			_, used := uleb(col)
			if used == 0 {
				return 0, malformed("column %s: bad number", name)
			}
			col = col[used:]
		}
	}
	return int(total), nil
}

// uints walks along a column of unsigned numbers.
type uints struct {
	runs
	value uint64
}

// next returns the next value, or 0 and false for a null.
func (c *uints) next() (uint64, bool) {
	if c.same == 0 {
		c.step()
	}
	c.same--
	return c.value, c.some
}

func (c *uints) step() {
	if c.advance() {
		c.read()
	} else {
		c.value = 0
	}
}

func (c *uints) read() {
	v, n := uleb(c.buf)
	if n == 0 {
		c.refuse("bad number")
		v = 0
	} else if !c.joins(n, v == c.value) {
		v = 0
	}
	c.value = v
}

// deltas walks along a column of numbers of which each is written as the
// difference to the last one that was not null.
type deltas struct {
	runs
	value int64 // the difference; 0 in a run of nulls
	sum   int64
}

// next returns the next value; it means nothing with false, for a null.
func (c *deltas) next() (int64, bool) {
	if c.same == 0 {
		c.step()
	}
	c.same--
	c.sum += c.value
	return c.sum, c.some
}

func (c *deltas) step() {
	if c.advance() {
		c.read()
	} else {
		c.value = 0
	}
}

func (c *deltas) read() {
	v, n := sleb(c.buf)
	if n == 0 {
		c.refuse("bad number")
		v = 0
	} else if !c.joins(n, v == c.value) {
		v = 0
	}
	c.value = v
}

// texts walks along a column of strings, which alias the column. A string is
// checked when it is read, not each time a run repeats it.
type texts struct {
	runs
	value []byte
}

// next returns the next string, or nothing and false for a null.
func (c *texts) next() ([]byte, bool) {
	if c.same == 0 {
		c.step()
	}
	c.same--
	return c.value, c.some
}

func (c *texts) step() {
	if c.advance() {
		c.read()
	} else {
		c.value = nil
	}
}

func (c *texts) read() {
	length, n := uleb(c.buf)
	if n == 0 || length > uint64(len(c.buf)-n) {
		c.refuse("bad string length")
		c.value = nil
		return
	}
	v := c.buf[n : n+int(length)]
	if !utf8.Valid(v) {
		c.refuse("not UTF-8")
	} else if !c.joins(n+int(length), bytes.Equal(v, c.value)) {
		v = nil
	}
	c.value = v
}
