package chunk

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
