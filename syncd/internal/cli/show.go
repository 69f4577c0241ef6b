package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tavle-org/tavle/syncd/internal/api"
)

// table prints aligned columns.
type table struct{ w *tabwriter.Writer }

func newTable(out io.Writer, columns ...string) table {
	t := table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)}
	t.row(columns...)
	return t
}

// row prints cells; an empty one is a dash. Blanks that would move columns are
// made plain.
func (t table) row(cells ...string) {
	for i, c := range cells {
		if c = strings.Join(strings.Fields(printable(c)), " "); c == "" {
			c = "-"
		}
		cells[i] = c
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

// printable leaves out what could move a terminal's cursor: labels are written
// by people elsewhere.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) || r == '\t' {
			return r
		}
		return ' '
	}, s)
}

// when writes a moment in the local time.
func when(m api.Millis) string {
	if m == 0 {
		return ""
	}
	return m.Time().Local().Format("2006-01-02 15:04")
}

// ago writes how long a moment is past, in the largest unit that fits.
func ago(m api.Millis, now time.Time) string {
	if m == 0 {
		return "never"
	}
	d := now.Sub(m.Time())
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if d >= u.size {
			return plural(int64(d/u.size), u.name) + " ago"
		}
	}
	return "now"
}

// span is a duration as people write it: 10m, 36h, 7d, 2w.
type span time.Duration

func (s *span) UnmarshalText(text []byte) error {
	for unit, size := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(string(text), unit); ok {
			n, err := strconv.Atoi(number)
			if err != nil || n <= 0 || n > 10_000 {
				return fmt.Errorf("%.20q is no time; it looks like 15m, 12h, 7d or 2w", text)
			}
			*s = span(time.Duration(n) * size)
			return nil
		}
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("%.20q is no time; it looks like 15m, 12h, 7d or 2w", text)
	}
	*s = span(d)
	return nil
}

// from is the moment after a span; none for no span.
func (s span) from(now time.Time) api.Millis {
	if s == 0 {
		return 0
	}
	return api.Millis(now.Add(time.Duration(s)).UnixMilli())
}
