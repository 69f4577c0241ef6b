package board

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tavle-org/tavle/crdt/chunk"
)

// text is a text object: all elements that were ever inserted, in the order in
// which they arrived.
//
// The elements form a tree: each is a child of the element after which it was
// inserted, or of the head. The text is a walk through it that visits siblings
// from the largest id to the smallest.
type text struct {
	elements []element
	index    map[ref]int32
}

type element struct {
	op      ref
	after   int32 // index of the element, or head
	content string
	deleted bool
}

const (
	head        = -1
	replacement = "\ufffc" // stands for what is no text in a text
)

func newText() *text { return &text{index: map[ref]int32{}} }

func (t *text) apply(op chunk.Op, v value, at ref, insert bool) error {
	i := int32(head)
	if at != (ref{}) {
		var ok bool
		if i, ok = t.index[at]; !ok {
			return fmt.Errorf("%w: its element does not exist", ErrMalformed)
		}
	}
	switch {
	case insert:
		e := element{op: v.op, after: i}
		switch s, ok := op.Value.Text(); {
		case op.Action == chunk.ActionMark:
		case op.Action == chunk.ActionSet && ok:
			e.content = s
		default:
			e.content = replacement
		}
		t.index[v.op] = int32(len(t.elements))
		t.elements = append(t.elements, e)
	case op.Action == chunk.ActionDelete && i != head:
		t.elements[i].deleted = true
	}
	return nil
}

// visible returns the indices of the elements with a content, in order.
func (t *text) visible(d *doc) []int32 {
	order := t.order(d)
	n := 0
	for _, i := range order {
		if e := t.elements[i]; !e.deleted && e.content != "" {
			order[n] = i
			n++
		}
	}
	return order[:n]
}

// order returns the indices of all elements, in order.
func (t *text) order(d *doc) []int32 {
	n := len(t.elements)
	first, next := make([]int32, n+1), make([]int32, n) // first child of element i-1; next sibling
	for i := range first {
		first[i] = head
	}
	for _, i := range t.ascending(d) { // each becomes the first: the largest id stays in front
		after := t.elements[i].after + 1
		next[i], first[after] = first[after], i
	}
	out, stack := make([]int32, 0, n), make([]int32, 0, 16)
	for i := first[0]; i != head || len(stack) > 0; {
		if i == head {
			i, stack = stack[len(stack)-1], stack[:len(stack)-1]
			continue
		}
		out = append(out, i)
		if next[i] != head {
			stack = append(stack, next[i])
		}
		i = first[i+1]
	}
	return out
}

func (t *text) string(d *doc) string {
	var b strings.Builder
	for _, i := range t.visible(d) {
		b.WriteString(t.elements[i].content)
	}
	return b.String()
}

// ascending returns the indices of the elements by id.
func (t *text) ascending(d *doc) []int32 {
	out := make([]int32, len(t.elements))
	for i := range out {
		out[i] = int32(i)
	}
	slices.SortFunc(out, func(a, b int32) int { return d.compare(t.elements[a].op, t.elements[b].op) })
	return out
}
