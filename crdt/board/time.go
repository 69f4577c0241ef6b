package board

import (
	"fmt"
	"math"
	"strings"
)

// Time is a hybrid logical clock: milliseconds since 1970 and a counter. Times
// order lists and label posts; they decide nothing.
type Time struct {
	Millis  int64 // 0 to millisMax
	Counter uint16
}

const (
	millisMax    = 9_999_999_999_999 // 13 digits: the year 2286
	timeLen      = 13 + 1 + 4
	aheadMax     = 24 * hourMillis // a time further ahead of the device's clock is not followed
	hourMillis   = 60 * 60 * 1000
	dayMillis    = 24 * hourMillis
	lowerHexSet  = "0123456789abcdef"
	decimalDigit = "0123456789"
)

func clampMillis(ms int64) int64 { return max(0, min(ms, millisMax)) }

// ParseTime reads exactly what String writes. The error wraps ErrMalformed.
func ParseTime(s string) (Time, error) {
	if len(s) != timeLen || s[13] != '-' || strings.Trim(s[:13], decimalDigit) != "" || strings.Trim(s[14:], lowerHexSet) != "" {
		return Time{}, fmt.Errorf("%w: %.40q is no time", ErrMalformed, s)
	}
	var t Time
	for i := range 13 {
		t.Millis = t.Millis*10 + int64(s[i]-'0')
	}
	for i := 14; i < timeLen; i++ {
		t.Counter = t.Counter<<4 | uint16(strings.IndexByte(lowerHexSet, s[i]))
	}
	return t, nil
}

// String returns 13 decimal digits, a hyphen and 4 hexadecimal ones, which
// compare as text as the times do.
func (t Time) String() string { return fmt.Sprintf("%013d-%04x", t.Millis, t.Counter) }

// Compare orders times: -1, 0 or +1.
func (t Time) Compare(o Time) int {
	switch {
	case t == o:
		return 0
	case t.Millis < o.Millis, t.Millis == o.Millis && t.Counter < o.Counter:
		return -1
	}
	return 1
}

// next is the least time after t; the very last one has none and stays.
func (t Time) next() Time {
	switch {
	case t.Counter < math.MaxUint16:
		return Time{t.Millis, t.Counter + 1}
	case t.Millis < millisMax:
		return Time{t.Millis + 1, 0}
	}
	return t
}

// Clock makes the times of one device. The zero Clock has seen nothing.
type Clock struct {
	last Time // the largest time seen or made, unless the device's clock was turned back
}

// See takes note of a time in a document, by the device's clock now in
// milliseconds. A time more than 24 hours ahead of it is not followed.
func (c *Clock) See(t Time, now int64) {
	if t.Millis <= clampMillis(now)+aheadMax && t.Compare(c.last) > 0 {
		c.last = t
	}
}

// Next makes a time: later than every time seen or made, except for times that
// are now more than 24 hours ahead of the device's clock.
func (c *Clock) Next(now int64) Time {
	now = clampMillis(now)
	switch {
	case c.last.Millis > now+aheadMax, now > c.last.Millis:
		c.last = Time{now, 0}
	default:
		c.last = c.last.next()
	}
	return c.last
}

// Last is the largest time that the clock has followed or made; zero at first.
func (c *Clock) Last() Time { return c.last }

// MarshalText writes the time as String does; the zero Time as no text.
func (t Time) MarshalText() ([]byte, error) {
	if t == (Time{}) {
		return nil, nil
	}
	return []byte(t.String()), nil
}

// UnmarshalText reads what MarshalText writes. The error wraps ErrMalformed.
func (t *Time) UnmarshalText(b []byte) (err error) {
	*t = Time{}
	if len(b) > 0 {
		*t, err = ParseTime(string(b))
	}
	return err
}
