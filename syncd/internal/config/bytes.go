package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a number of bytes, written with a unit: 256MiB, 1GB, 4096.
type Bytes int64

var units = []struct {
	suffix string
	size   int64
}{
	// The longest suffix first, since all of them end in B.
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"B", 1}, {"", 1},
}

var errBytes = errors.New("a size looks like 256MiB, 1GB or 4096")

// UnmarshalText reads a whole, non-negative number and an optional unit.
func (b *Bytes) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	for _, u := range units {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.size {
			return fmt.Errorf("%q: %w", s, errBytes)
		}
		*b = Bytes(n * u.size)
		return nil
	}
	return fmt.Errorf("%q: %w", s, errBytes)
}

// String is exact: UnmarshalText gives the same number back.
func (b Bytes) String() string {
	for i := 3; i >= 0; i-- {
		if u := units[i]; b != 0 && int64(b)%u.size == 0 {
			return strconv.FormatInt(int64(b)/u.size, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
