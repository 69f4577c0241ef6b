package board

import (
	"unicode"
	"unicode/utf8"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// newText writes a text object.
func (e *edit) newText(object ref, key, s string) {
	e.insert(e.object(object, key, chunk.ActionMakeText), ref{}, s)
}

// insert writes characters after an element and returns the last one's.
func (e *edit) insert(text, after ref, s string) ref {
	for _, r := range s {
		after = e.add(op{
			object: text, elem: after, sequence: true, insert: true, action: chunk.ActionSet, value: chunk.StringValue(string(r)),
		})
	}
	return after
}

// setText edits the text under a key so that it becomes s, word by word, and
// deletes what stands beside it. What others write between the same words at the
// same time stays.
func (e *edit) setText(at entry, key, s string) {
	texts := at.objectsAt(key, kindText)
	if len(texts) == 0 {
		if s != "" {
			e.newText(at.objects[0].made, key, s)
		}
		return
	}
	e.splice(texts[0], s)
	for _, o := range at.objects {
		var beside []value
		for _, v := range e.d.values(o, key) {
			if v.object != texts[0] {
				beside = append(beside, v)
			}
		}
		if len(beside) > 0 {
			e.put(o.made, key, chunk.ActionDelete, chunk.Value{}, beside)
		}
	}
}

func (e *edit) splice(o *object, s string) {
	old := pieces{}
	for _, i := range o.text.visible(e.d) {
		old.add(o.text.elements[i].content, i)
	}
	wanted := pieces{}
	for i, r := range s {
		wanted.add(s[i:i+utf8.RuneLen(r)], 0)
	}
	after := ref{}
	for _, p := range diff(old.words, wanted.words) {
		switch p.what {
		case keep, remove:
			for _, i := range old.elements[p.word] {
				x := o.text.elements[i].op
				if p.what == remove {
					e.add(op{object: o.made, elem: x, sequence: true, action: chunk.ActionDelete, pred: []ref{x}})
				}
				after = x
			}
		case insert:
			after = e.insert(o.made, after, wanted.words[p.word])
		}
	}
}

// pieces is a text cut into words and what stands between them.
type pieces struct {
	words    []string
	elements [][]int32 // of each word
	inWord   bool
}

func (p *pieces) add(s string, element int32) {
	r, _ := utf8.DecodeRuneInString(s)
	inWord := unicode.In(r, unicode.L, unicode.M, unicode.N)
	if n := len(p.words); n > 0 && inWord && p.inWord {
		p.words[n-1] += s
		p.elements[n-1] = append(p.elements[n-1], element)
		return
	}
	p.inWord = inWord
	p.words, p.elements = append(p.words, s), append(p.elements, []int32{element})
}

type what uint8

const (
	keep   what = iota // word is one of the old ones
	remove             // word is one of the old ones
	insert             // word is one of the new ones
)

type piece struct {
	what what
	word int
}

// diffCellsMax bounds the work of a comparison; texts that differ in more are
// replaced between their common beginning and end.
const diffCellsMax = 4 << 20

// diff returns what makes b of a, in order: by a longest common subsequence.
func diff(a, b []string) []piece {
	var out []piece
	start := 0
	for ; start < len(a) && start < len(b) && a[start] == b[start]; start++ {
		out = append(out, piece{keep, start})
	}
	end := 0
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	out = append(out, middle(a[:len(a)-end], b[:len(b)-end], start)...)
	for i := len(a) - end; i < len(a); i++ {
		out = append(out, piece{keep, i})
	}
	return out
}

func middle(a, b []string, start int) []piece {
	n, m := len(a)-start, len(b)-start
	var common []uint16 // of a[i:] and b[j:], as many words as the longest; at (i, j)
	if n > 0 && m > 0 && (n+1)*(m+1) <= diffCellsMax {
		common = make([]uint16, (n+1)*(m+1))
		for i := n - 1; i >= 0; i-- {
			for j := m - 1; j >= 0; j-- {
				if a[start+i] == b[start+j] {
					common[i*(m+1)+j] = common[(i+1)*(m+1)+j+1] + 1
				} else {
					common[i*(m+1)+j] = max(common[(i+1)*(m+1)+j], common[i*(m+1)+j+1])
				}
			}
		}
	}
	var out []piece
	for i, j := 0, 0; i < n || j < m; {
		switch {
		case common != nil && i < n && j < m && a[start+i] == b[start+j]:
			out = append(out, piece{keep, start + i})
			i, j = i+1, j+1
		case i < n && (j == m || common == nil || common[(i+1)*(m+1)+j] >= common[i*(m+1)+j+1]):
			out = append(out, piece{remove, start + i})
			i++
		default:
			out = append(out, piece{insert, start + j})
			j++
		}
	}
	return out
}
