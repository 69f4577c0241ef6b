package rights

import (
	"unicode/utf8"
	"unsafe"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// Numbers that identify a person are refused wherever a person types, and numbers
// and addresses that reach one in what is said for a neighbour. board.FindPersonal
// finds them as it does on the device; it is slow, so what has too few digits and
// no sign of a mail address is not shown to it.

const (
	identityDigits = 9 // of the shortest identity number
	phoneDigits    = 8
)

// run is text that one change inserts into one object: characters that follow each
// other, with a line break where they do not.
type run struct {
	bytes  []byte
	next   uint64 // counter of the operation that would follow
	digits int
	at     bool // there may be a mail address
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
	digits, at := signs(s)
	r.digits += digits
	r.at = r.at || at
	r.bytes = append(r.bytes, s...)
}

// signs counts what personal data are made of.
func signs(s string) (digits int, at bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '@' || c == '(' || c == '[':
			at = true
		}
	}
	return digits, at
}

// endText judges the text that was inserted into the object at hand.
func (w *walk) endText() Reason {
	if !w.judging || len(w.text.bytes) == 0 {
		return 0
	}
	reason := w.personal(w.obj.entry, alias(w.text.bytes), w.text.digits, w.text.at)
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
	digits, at := signs(s)
	return w.personal(entry, s, digits, at)
}

func (w *walk) personal(entry int32, s string, digits int, at bool) Reason {
	identity := digits >= identityDigits
	contact := (digits >= phoneDigits || at) && w.ofNeighbour(entry)
	if !identity && !contact {
		return 0
	}
	for _, f := range board.FindPersonal(s) {
		switch f.Kind {
		case board.FindingCPR, board.FindingBSN:
			return IdentityNumber
		case board.FindingPhone, board.FindingEmail:
			if !contact {
				continue
			}
			if e := w.freshAt(entry); e != nil && e.flags&flagProxy == 0 {
				e.leak = true // the map proxy may come later in the change
				continue
			}
			return ContactData
		}
	}
	return 0
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
