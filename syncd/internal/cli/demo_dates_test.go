package cli

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/examples/data"
	"github.com/tavle-org/tavle/syncd/internal/store/mem"
)

// The days of the week, Sunday first, and their inflections by what they begin with.
var weekdays = [][]string{
	strings.Fields("søndag mandag tirsdag onsdag torsdag fredag lørdag"),
	strings.Fields("zondag maandag dinsdag woensdag donderdag vrijdag zaterdag"),
	strings.Fields("sunday monday tuesday wednesday thursday friday saturday"),
}

var (
	wordsOnly = regexp.MustCompile(`\p{L}+`)
	dated     = regexp.MustCompile(`(\p{L}+day|\p{L}+dag) (?:den )?(\d{1,2}\.? \p{L}+)`)
	months    = regexp.MustCompile(`(?i)\b(januari?|januar|februari?|marts|maart|april|maj|mei|juni|juli|august(?:us)?|september|o[kc]tober|november|december|june|july)\b|\bMay \d|\d May\b`)
)

func weekday(word string) (time.Weekday, bool) {
	word = strings.ToLower(word)
	for _, names := range weekdays {
		if i := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(word, name) }); i >= 0 {
			return time.Weekday(i), true
		}
	}
	return 0, false
}

func named(text string) (days []time.Weekday) {
	for _, word := range wordsOnly.FindAllString(text, -1) {
		if d, ok := weekday(word); ok {
			days = append(days, d)
		}
	}
	return days
}

// parseDate reads a date in any of the languages.
func parseDate(text string, near time.Time) (time.Time, bool) {
	for _, f := range dateForms {
		if f.pattern.MatchString(text) {
			return f.date(text, near), true
		}
	}
	return time.Time{}, false
}

// loadAt returns the posts of a board that is loaded at a moment.
func loadAt(t *testing.T, now time.Time) []board.Post {
	t.Helper()
	d := demo{store: mem.Open(mem.NewDisk()), now: now}
	if err := d.load(data.Posts); err != nil {
		t.Fatal(err)
	}
	script, err := newScript(data.Posts, now)
	if err != nil {
		t.Fatal(err)
	}
	var posts []board.Post
	for _, month := range script.months() {
		posts = append(posts, read(t, d.store, month.String()).Posts...)
	}
	if len(posts) != 60 {
		t.Fatalf("%d posts at %s", len(posts), now)
	}
	return posts
}

// On whatever day the demo is loaded, the days of the week that its posts name are
// those on which something is, and the dates those of these days.
func TestDemoDays(t *testing.T) {
	zone, _ := time.LoadLocation(demoZone)
	loads := []time.Time{
		time.Date(2027, 2, 28, 23, 30, 0, 0, time.UTC), time.Date(2028, 2, 29, 12, 0, 0, 0, time.UTC), // leap year
		time.Date(2026, 12, 31, 22, 59, 0, 0, time.UTC), time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), // before the posts; clocks change
	}
	for n := range 7 {
		loads = append(loads, time.Date(2026, 11, 20+n, 9, 0, 0, 0, time.UTC))
	}
	for _, now := range loads {
		withDay, withDate, newest := 0, 0, int64(0)
		for _, p := range loadAt(t, now) {
			newest = max(newest, p.CreatedAt.Millis)
			text := p.Title + "\n" + p.Body
			created := time.UnixMilli(p.CreatedAt.Millis).In(zone)
			if days := named(text); p.When.Start != 0 && len(days) > 0 {
				withDay++
				if start := time.UnixMilli(p.When.Start).In(zone); !slices.Contains(days, start.Weekday()) {
					t.Errorf("loaded on %s, post %s begins on %s and says %q", now, p.ID, start, text)
				}
			}
			for _, m := range dated.FindAllStringSubmatch(text, -1) {
				d, isDay := weekday(m[1])
				at, isDate := parseDate(m[2], created)
				if isDay && isDate {
					if withDate++; at.Weekday() != d {
						t.Errorf("loaded on %s, post %s says %q, which is a %s", now, p.ID, m[0], at.Weekday())
					}
				}
			}
			datesOfEvent(t, p, created, zone)
		}
		if ago := now.UnixMilli() - newest; ago < 0 || ago > 7*dayMillis {
			t.Errorf("loaded on %s, the newest post is %d hours old", now, ago/hourMillis)
		}
		if withDay < 9 || withDate < 9 {
			t.Errorf("days are named in %d posts with a time, and with a date %d times: too few to say anything", withDay, withDate)
		}
	}
}

// datesOfEvent holds the first date in a title against the time of the post.
func datesOfEvent(t *testing.T, p board.Post, created time.Time, zone *time.Location) {
	t.Helper()
	at, ok := parseDate(p.Title, created)
	if !ok || p.When.Start == 0 {
		return
	}
	if start := time.UnixMilli(p.When.Start).In(zone); day(start) != at {
		t.Errorf("post %s begins on %s and says %q", p.ID, start, p.Title)
	}
}

// Everything that names a month is a date that is shifted.
func TestDemoNamesNoOtherMonths(t *testing.T) {
	for _, line := range strings.Split(string(data.Posts), "\n") {
		if strings.Contains(line, `"author":`) || strings.Contains(line, `"name":`) {
			continue
		}
		left := line
		for _, f := range dateForms {
			left = f.pattern.ReplaceAllString(left, "")
		}
		if found := months.FindString(left); found != "" {
			t.Errorf("%q is no date that can be shifted, in %s", found, line)
		}
	}
}

func TestDemoDates(t *testing.T) {
	written := time.Date(2026, 12, 20, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"lørdag den 13. december kl. 10":  "lørdag den 20. december kl. 10",
		"van 27 december tot 2 januari":   "van 3 januari tot 9 januari",
		"Friday 25 December, not 2 later": "Friday 1 January, not 2 later",
		"kl. 10 og 113 december":          "kl. 10 og 113 december",
		"24. december, 24 december":       "31. december, 31 december",
	} {
		s := script{zone: time.UTC, days: 7}
		if got := s.dates(text, written); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if at, _ := parseDate("2 januari", written); at.Year() != 2027 {
		t.Errorf("in December, 2 January is that of %s", strconv.Itoa(at.Year()))
	}
}
