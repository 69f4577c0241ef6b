package board

import (
	"strings"
	"unicode"
)

// letters says how letters with marks are searched for: a base, a blank, and
// what becomes it. å, æ and ø become what stands for them where a keyboard lacks
// them; the others lose their marks.
const letters = `
a àáâãäāăą
aa å
ae æ
c çćĉċč
d ðďđ
e èéêëēĕėęě
g ĝğġģ
h ĥħ
i ìíîïĩīĭįı
ij ĳ
j ĵ
k ķĸ
l ĺļľŀł
n ñńņňŉŋ
o òóôõöōŏő
oe øœ
r ŕŗř
s śŝşšșſ
ss ß
t ţťŧț
th þ
u ùúûüũūŭůűų
w ŵ
y ýÿŷ
z źżž
σ ς`

var foldings = func() map[rune]string {
	m := map[rune]string{}
	for _, line := range strings.Split(strings.TrimSpace(letters), "\n") {
		base, from, _ := strings.Cut(line, " ")
		for _, r := range from {
			m[r] = base
		}
	}
	return m
}()

const ringAbove = '\u030a'

// Fold makes texts that a person takes for the same equal: lower case, without
// accents.
func Fold(s string) string {
	var b strings.Builder
	previous := rune(0)
	for _, r := range s {
		r = unicode.ToLower(r)
		switch base, ok := foldings[r]; {
		case ok:
			b.WriteString(base)
		case r == ringAbove && previous == 'a':
			b.WriteByte('a') // å, written as a letter and a mark
		case r >= 0x300 && r <= 0x36f:
		default:
			b.WriteRune(r)
		}
		previous = r
	}
	return b.String()
}

// Words are the words of a text, folded: runs of letters, marks and digits.
func Words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) })
}
