package board

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Finding is a part of a text that has no place in a post that everybody can
// read. Start and End are offsets in bytes; End is after the last.
type Finding struct {
	Kind       string
	Start, End int
}

// Kinds of findings. The first four are refused at a desk; the others are hints,
// and the writer decides.
const (
	FindingCPR       = "cpr"       // a Danish identity number
	FindingBSN       = "bsn"       // a Dutch identity number
	FindingPhone     = "phone"     // a telephone number of a person, not an emergency or service one
	FindingEmail     = "email"     // a mail address
	FindingAddress   = "address"   // a street and a house number
	FindingHealth    = "health"    // a word about somebody's health
	FindingSuspicion = "suspicion" // a word that accuses, or that describes a person
)

// Hint tells whether a finding is only a hint.
func (f Finding) Hint() bool {
	return f.Kind == FindingAddress || f.Kind == FindingHealth || f.Kind == FindingSuspicion
}

// detector finds one kind; of overlapping findings that of the earlier detector
// counts.
type detector struct {
	kind   string
	expr   *regexp.Regexp
	number bool                // must not be a part of a longer number
	fits   func(s string) bool // nil: everything that the pattern finds
}

// The patterns mean the same in Go and JavaScript (flag u). They are written with
// blanks between their parts, · for a blank, ~ for a blank or a hyphen, and ⌂ for
// the letter of a house.
var detectors = []detector{
	{FindingEmail, pattern(`[\p{L}\d._%+-]+ @ [\p{L}\d-]+ (?:\. [\p{L}\d-]+)* \. \p{L}{2,}`), false, nil},
	{FindingEmail, pattern(`[\p{L}\d._%+-]+ ·? [(\[] (?:at|AT|snabel-?a|apenstaartje) [)\]] ·?
		[\p{L}\d-]+ (?:\. [\p{L}\d-]+)* \. \p{L}{2,}`), false, nil},
	// With the number of a country.
	{FindingPhone, pattern(`(?: \+ | 00) [1-9] (?: (?: · | [.()\/-]){0,3} \d){6,14}`), true, nil},
	{FindingPhone, pattern(`06\d{8}`), true, nil},
	{FindingCPR, pattern(`\d{6} (?: ·? [-‐‑‒–] ·? | ·)? \d{4}`), true, isCPR},
	{FindingBSN, pattern(`\d{3} (?: · | \.)? \d{3} (?: · | \.)? \d{3} | \d{4} (?: · | \.) \d{2} (?: · | \.) \d{3}`), true, isBSN},
	// Dutch: ten digits, of which the first is 0.
	{FindingPhone, pattern(`06~?\d{4}~?\d{4} | 06~\d\d~\d\d~\d\d~\d\d | 06~\d{3}~\d\d~\d{3} |
		\(?0[1-9]\d\)? ~? \d{3} ~? (?: \d{4} | \d\d~\d\d) |
		\(?0[1-9]\d\d\)? ~? (?: \d{6} | \d{3}~\d{3} | \d\d~\d\d~\d\d)`), true, nil},
	// Danish: eight digits, of which the first is no 0 or 1.
	{FindingPhone, pattern(`[2-9]\d(?:·\d\d){3} | [2-9]\d(?:\.\d\d){3} | [2-9]\d(?:-\d\d){3} | [2-9]\d{3}~?\d{4} |
		[2-9]\d·\d{3}·\d{3} | [2-9]\d\d·\d\d·\d{3}`), true, isDanishPhone},
	{FindingAddress, pattern(`\p{Lu}[\p{L}'.-]*
		(?:vej|gade|all[eé]|stræde|vænge|vangen|parken|plads|torv|boulevard|toften|haven|bakken|
		straat|laan|weg|plein|gracht|kade|dijk|singel|steeg|dreef|plantsoen|hof) ·+ \d{1,4} ⌂`), true, isAddress},
	{FindingAddress, pattern(`\p{Lu}[\p{L}'.-]* ·
		(?:Vej|Gade|Allé|Alle|Plads|Torv|Boulevard|Straat|Laan|Weg|Plein|Street|Road|Lane|Avenue) ·+ \d{1,4} ⌂`), true, nil},
	{FindingAddress, pattern(`\d{1,4}[A-Za-z]? ·+ \p{Lu}[\p{L}'.-]* · (?:Street|Road|Lane|Avenue|St\.|Rd\.)`), true, nil},
}

func pattern(s string) *regexp.Regexp {
	s = strings.Join(strings.Fields(s), "")
	return regexp.MustCompile(strings.NewReplacer("·", blank, "~", `[ \xa0-]`, "⌂", `(?:`+blank+`?[A-Za-z]\b)?`).Replace(s))
}

const blank = `[ \xa0]`

// FindPersonal finds personal data in a text, in the order of the text: numbers
// that identify or reach a person, and, as hints, addresses and words about
// health and suspicion and descriptions of persons. It knows Danish, Dutch and English ways of writing, and
// it errs: it is there to make people think, not to decide.
func FindPersonal(text string) []Finding {
	var found []Finding
	for _, d := range detectors {
		for from := 0; from < len(text); {
			at := d.expr.FindStringIndex(text[from:])
			if at == nil {
				break
			}
			start, end := from+at[0], from+at[1]
			if !d.accepts(text, start, end) || overlaps(found, start, end) {
				_, n := utf8.DecodeRuneInString(text[start:])
				from = start + n
				continue
			}
			found = append(found, Finding{d.kind, start, end})
			from = end
		}
	}
	found = append(found, findWords(text)...)
	slices.SortStableFunc(found, func(a, b Finding) int { return cmp.Compare(a.Start, b.Start) })
	return found
}

func overlaps(found []Finding, start, end int) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return start < f.End && f.Start < end })
}

func (d detector) accepts(text string, start, end int) bool {
	if d.number && !standsAlone(text, start, end) {
		return false
	}
	return d.fits == nil || d.fits(text[start:end])
}

// standsAlone tells whether what is found is no part of a longer number or word,
// and no sum of money.
func standsAlone(text string, start, end int) bool {
	before, n := utf8.DecodeLastRuneInString(text[:start])
	if isWordRune(before) || before == '+' {
		return false
	}
	beyond, _ := utf8.DecodeLastRuneInString(text[:start-n])
	if strings.ContainsRune(".,:/-–", before) && unicode.IsDigit(beyond) {
		return false
	}
	after, n := utf8.DecodeRuneInString(text[end:])
	if isWordRune(after) {
		return false
	}
	beyond, _ = utf8.DecodeRuneInString(text[min(end+n, len(text)):])
	if strings.ContainsRune(".,:/-–", after) && unicode.IsDigit(beyond) {
		return false
	}
	return !moneyAfter.MatchString(text[end:]) && !moneyBefore.MatchString(text[max(0, start-moneyBytesMax):start])
}

const moneyBytesMax = 8 // of what stands before a sum

var (
	moneyBefore = regexp.MustCompile(`(?i)(?:€|\$|kr\.?|dkk|eur)` + blank + `?$`)
	moneyAfter  = regexp.MustCompile(`(?i)^(?:,-|` + blank + `?(?:€|(?:kr|dkk|eur|euro)(?:[^\p{L}]|$)))`)
)

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

func digits(s string) []int {
	var d []int
	for _, r := range s {
		if r >= '0' && r <= '9' {
			d = append(d, int(r-'0'))
		}
	}
	return d
}

func number(digits []int) int {
	n := 0
	for _, d := range digits {
		n = n*10 + d
	}
	return n
}

// isCPR: six digits of a birthday, DDMMYY, and four more. Numbers given to people
// without a register entry have 60 added to the day.
func isCPR(s string) bool {
	d := digits(s)
	return isDay(number(d[0:2])%60, number(d[2:4])) && number(d[0:2]) < 92
}

func isDay(day, month int) bool {
	days := []int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month]
}

// isBSN is the test of eleven.
func isBSN(s string) bool {
	d := digits(s)
	sum := -d[8]
	for i := range 8 {
		sum += (9 - i) * d[i]
	}
	return sum%11 == 0 && number(d) != 0
}

// isDanishPhone excludes two years and a day in digits.
func isDanishPhone(s string) bool {
	d := digits(s)
	a, b := number(d[:4]), number(d[4:])
	isYear := func(n int) bool { return n >= 1900 && n <= 2099 }
	return !(isYear(a) && (isYear(b) || isDay(b%100, b/100)))
}

// isAddress excludes words that end as streets do.
func isAddress(s string) bool {
	word, _, _ := strings.Cut(Fold(s), " ")
	return !slices.Contains([]string{"onderweg", "halverwege", "undervej", "fodboldplads", "legeplads", "parkeringsplads"}, word)
}

// word is a word of a text, folded.
type word struct {
	folded     string
	start, end int
}

func wordsOf(text string) (words []word) {
	start := -1
	for i, r := range text + " " {
		inWord := unicode.In(r, unicode.L, unicode.M, unicode.N)
		switch {
		case inWord && start < 0:
			start = i
		case !inWord && start >= 0:
			words = append(words, word{Fold(text[start:i]), start, i})
			start = -1
		}
	}
	return words
}

// findWords finds the words of the lists in personal_words.go.
func findWords(text string) []Finding {
	var found []Finding
	words := wordsOf(text)
	described := describing(words)
	for i, w := range words {
		if listed(healthWords, w.folded) {
			found = append(found, Finding{FindingHealth, w.start, w.end})
		}
		if described[i] || listed(suspicionWords, w.folded) {
			found = append(found, Finding{FindingSuspicion, w.start, w.end})
		}
	}
	return found
}

// describing says which words describe a person.
func describing(words []word) []bool {
	describe := make([]bool, len(words))
	for _, d := range descriptions {
		who, looks := -1, -1 // the last words of these
		for i, w := range words {
			switch {
			case listed(d.who, w.folded):
				who = i
			case listed(d.looks, w.folded):
				looks = i
			default:
				continue
			}
			if who >= 0 && looks >= 0 && max(who-looks, looks-who) <= descriptionWords {
				describe[who], describe[looks] = true, true
			}
		}
	}
	return describe
}

// listed tells whether a word, or with a star a beginning of it, is in the list.
func listed(list map[string]bool, word string) bool {
	if list[word] {
		return true
	}
	for i := range word {
		if list[word[:i]+"*"] {
			return true
		}
	}
	return list[word+"*"]
}
