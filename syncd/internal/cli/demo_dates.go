package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The posts name days in two ways, which stay true on any day of loading: days of
// the week, since all is shifted by whole weeks, and dates ("13. juni", "21 mei",
// "10 June"), which are shifted here.

// dateForm is how a language writes a date without a year.
type dateForm struct {
	months  []string
	pattern *regexp.Regexp
	format  string // of day and month
}

var dateForms = []dateForm{
	newDateForm(`\.`, "%d. %s", "januar februar marts april maj juni juli august september oktober november december"),
	newDateForm("", "%d %s", "januari februari maart april mei juni juli augustus september oktober november december"),
	newDateForm("", "%d %s", "January February March April May June July August September October November December"),
}

func newDateForm(point, format, months string) dateForm {
	names := strings.Fields(months)
	return dateForm{names, regexp.MustCompile(`\b(\d{1,2})` + point + ` (` + strings.Join(names, "|") + `)\b`), format}
}

// dates shifts the dates in a text that was written at a time.
func (s *script) dates(text string, written time.Time) string {
	for _, form := range dateForms {
		text = form.pattern.ReplaceAllStringFunc(text, func(found string) string {
			t := form.date(found, written.In(s.zone)).AddDate(0, 0, s.days)
			return fmt.Sprintf(form.format, t.Day(), form.months[t.Month()-1])
		})
	}
	return text
}

// date reads a date, of the year in which it is nearest to another.
func (f dateForm) date(text string, near time.Time) time.Time {
	parts := f.pattern.FindStringSubmatch(text)
	n, _ := strconv.Atoi(parts[1])
	month := time.Month(slices.Index(f.months, parts[2]) + 1)
	nearest := time.Date(near.Year()-1, month, n, 12, 0, 0, 0, time.UTC)
	for _, year := range []int{near.Year(), near.Year() + 1} {
		if t := time.Date(year, month, n, 12, 0, 0, 0, time.UTC); day(near).Sub(t).Abs() < day(near).Sub(nearest).Abs() {
			nearest = t
		}
	}
	return nearest
}
