package board

import (
	"fmt"
	"time"
)

// Month is a calendar month: the months of a board are its pages.
type Month struct {
	Year  int // 0 to 9999
	Month time.Month
}

// MonthOf is the month of a moment, in milliseconds since 1970, by the clocks of
// a place. A moment before 1970 or after year 2286 counts as the nearest one
// between them, as in a Time.
func MonthOf(ms int64, zone *time.Location) Month {
	y, m, _ := time.UnixMilli(clampMillis(ms)).In(zone).Date()
	return Month{y, m}
}

// ParseMonth reads YYYY-MM. The error wraps ErrMalformed.
func ParseMonth(s string) (Month, error) {
	bad := len(s) != 7 || s[4] != '-'
	digits := [6]int{}
	for i, n := 0, 0; i < len(s) && !bad; i++ {
		if i == 4 {
			continue
		}
		bad = s[i] < '0' || s[i] > '9'
		digits[n] = int(s[i] - '0')
		n++
	}
	year := digits[0]*1000 + digits[1]*100 + digits[2]*10 + digits[3]
	month := time.Month(digits[4]*10 + digits[5])
	if bad || month < time.January || month > time.December {
		return Month{}, fmt.Errorf("%w: %q is no month YYYY-MM", ErrMalformed, s)
	}
	return Month{year, month}, nil
}

// String returns YYYY-MM.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.Year, int(m.Month)) }

// Next is the month after m; that of December 9999 is itself.
func (m Month) Next() Month {
	switch {
	case m.Month < time.December:
		return Month{m.Year, m.Month + 1}
	case m.Year < 9999:
		return Month{m.Year + 1, time.January}
	}
	return m
}

// Prev is the month before m; that of January of year 0 is itself.
func (m Month) Prev() Month {
	switch {
	case m.Month > time.January:
		return Month{m.Year, m.Month - 1}
	case m.Year > 0:
		return Month{m.Year - 1, time.December}
	}
	return m
}
