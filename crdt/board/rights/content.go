package rights

import (
	"iter"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// Numbers that identify a person are refused wherever a person types, and numbers
// and addresses that reach one in what is said for a neighbour. board.FindPersonal
// finds them as it does on the device. It takes microseconds for each character,
// so it is shown only what stands around enough digits, or around the sign of a
// mail address; and no more of that than suspectMax in one change.

const (
	identityDigits = 9 // of the shortest identity number
	phoneDigits    = 8
	suspectMax     = 8 << 10 // bytes: a body full of dates is nothing special
	rowMax         = 24      // digits in a row that are more than any number of a person has
	around         = 16      // bytes on both sides of digits that say whether they stand alone
	mailBefore     = 64      // bytes of a mail address that are looked at, before its sign
	mailAfter      = 256     // and after it
)

// run is text that one change inserts into one object: characters that follow each
// other, with a line break where they do not.
type run struct {
	bytes  []byte
	next   uint64 // counter of the operation that would follow
	streak int    // digits that may belong to one number, so far
	most   int    // the longest streak
	mail   bool   // there may be a mail address
}

func (r *run) reset() {
	if cap(r.bytes) > bytesMax/8 {
		r.bytes = nil
	}
	*r = run{bytes: r.bytes[:0]}
}

// follows tells whether an insertion stands right after the one before it.
func (r *run) follows(op *chunk.Op, counter uint64) bool {
	ok := r.next == counter && op.Elem.Actor == 0 && op.Elem.Counter == counter-1
	r.next = counter + 1
	return ok || len(r.bytes) == 0
}

func (r *run) add(s string) {
	for i := range len(s) {
		r.sign(s[i])
	}
	r.bytes = append(r.bytes, s...)
}

// sign counts what personal data are made of.
func (r *run) sign(c byte) {
	switch kindOfByte[c] {
	case digit:
		r.streak++
		r.most = max(r.most, r.streak)
	case other:
		r.streak = 0
	case mail:
		r.streak, r.mail = 0, true
	case bracket: // some write (at)
		r.mail = true
	}
}

const (
	other   = iota // ends a number
	digit          //
	within         // may stand within a number
	bracket        // likewise
	mail           // the sign of a mail address
)

var kindOfByte = func() (table [256]byte) {
	for i := range table {
		switch c := byte(i); {
		case c >= '0' && c <= '9':
			table[i] = digit
		case c == '(' || c == '[':
			table[i] = bracket
		case c == '@':
			table[i] = mail
		case c >= utf8.RuneSelf || strings.IndexByte(" .-/)+", c) >= 0:
			table[i] = within
		}
	}
	return table
}()

// endText judges the text that was inserted into the object at hand.
func (w *walk) endText() Reason {
	if !w.judging || len(w.text.bytes) == 0 {
		return 0
	}
	reason := w.personal(w.obj.entry, alias(w.text.bytes), &w.text)
	w.text.reset()
	return reason
}

// free judges a string that a person may have typed.
func (w *walk) free(entry int32, s string, limit int) Reason {
	if !w.judging || s == "" {
		return 0
	}
	if len(s) > limit && utf8.RuneCountInString(s) > limit {
		return TooLong
	}
	if w.bytes += len(s); w.bytes > bytesMax {
		return TooLong
	}
	var r run
	for i := range len(s) {
		r.sign(s[i])
	}
	return w.personal(entry, s, &r)
}

func (w *walk) personal(entry int32, s string, r *run) Reason {
	least := identityDigits
	contact := (r.most >= phoneDigits || r.mail) && w.ofNeighbour(entry)
	if contact {
		least = phoneDigits
	}
	if r.most < least && !contact {
		return 0
	}
	for part := range suspects(s, least, contact) {
		if w.suspect += len(part); w.suspect > suspectMax {
			return TooMany
		}
		if id, reach := personal(part); !id && !(reach && contact) {
			continue
		}
		return w.confirm(entry, s, part, contact)
	}
	return 0
}

// confirm judges a text of which a part looks like personal data. The text as a
// whole may say that it is something else.
func (w *walk) confirm(entry int32, s, part string, contact bool) Reason {
	if w.suspect += len(s); w.suspect > 2*suspectMax {
		s = part
	}
	identity, reach := personal(s)
	switch e := w.freshAt(entry); {
	case identity:
		return IdentityNumber
	case !reach || !contact:
		return 0
	case e != nil && e.flags&flagProxy == 0:
		e.leak = true // the map proxy may come later in the change
		return 0
	}
	return ContactData
}

// personal tells whether a text has an identity number, and whether it has a
// telephone number or a mail address.
func personal(s string) (identity, reach bool) {
	for _, f := range board.FindPersonal(s) {
		identity = identity || f.Kind == board.FindingCPR || f.Kind == board.FindingBSN
		reach = reach || f.Kind == board.FindingPhone || f.Kind == board.FindingEmail
	}
	return identity, reach
}

// suspects are the parts of a text in which there may be personal data. Places that touch are one part.
func suspects(s string, least int, mails bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		from, to := 0, -1
		for a, b := range places(s, least, mails) {
			switch {
			case to < 0:
				from, to = a, b
			case a <= to:
				from, to = min(from, a), max(to, b)
			case !yield(part(s, from, to)):
				return
			default:
				from, to = a, b
			}
		}
		if to >= 0 {
			yield(part(s, from, to))
		}
	}
}

// places are streaks of at least so many digits, and mail addresses, each with what stands
// around it: from where to where.
func places(s string, least int, mails bool) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		digits, from, row := 0, 0, 0 // of the streak; row: digits in a row
		end := func(to int) bool {
			ok := digits < least || yield(from-around, to+around)
			digits = 0
			return ok
		}
		for i := range len(s) {
			switch kindOfByte[s[i]] {
			case digit:
				if digits++; digits == 1 {
					from = i
				}
				if row++; row == rowMax {
					digits -= row // it is none of a person; what stands before it may be
					if !end(i - row) {
						return
					}
				}
				if row >= rowMax {
					digits = 0
				}
				continue
			case mail, bracket:
				if mails && isMailSign(s[i:]) && !yield(i-mailBefore, i+mailAfter) {
					return
				}
				if s[i] == '@' && !end(i) {
					return
				}
			case other:
				if !end(i) {
					return
				}
			}
			row = 0
		}
		end(len(s))
	}
}

// isMailSign tells whether a text begins with @ or with a word for it in brackets.
func isMailSign(s string) bool {
	if s[0] == '@' {
		return true
	}
	for _, word := range []string{"at", "AT", "snabel", "apenstaartje"} {
		if strings.HasPrefix(s[1:], word) {
			return true
		}
	}
	return false
}

// part cuts whole characters out of a text.
func part(s string, from, to int) string {
	from, to = max(from, 0), min(to, len(s))
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to++
	}
	return s[from:to]
}

// ofNeighbour tells whether an entry is a post for a neighbour, or may become one
// before the change ends.
func (w *walk) ofNeighbour(i int32) bool {
	if i <= 0 || w.entry(i).shape != postEntry.number {
		return false
	}
	return w.entry(i).flags&flagProxy != 0 || w.freshAt(i) != nil
}

// alias makes a string of bytes that nobody writes to while it is used.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
