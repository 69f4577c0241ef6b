package rights

import (
	"unicode/utf8"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// Operations on sets, on texts, and on maps by language, and how much of them one
// change and a whole life may add.

// byLang is an operation on a map from languages to texts or strings.
func (w *walk) byLang(op *chunk.Op) Reason {
	f := w.obj.each
	shape := uint8(0)
	if f.child != nil && makes(f, op.Action) {
		shape = f.child.number
	}
	w.make(op, shape, w.obj.entry)
	if !w.judging {
		return 0
	}
	if r := w.mayEdit(); r != 0 {
		return r
	}
	if r := w.free(w.obj.entry, op.Key, board.LineMax); r != 0 {
		return r
	}
	return w.value(f, op)
}

// member is an operation on a set.
func (w *walk) member(op *chunk.Op) Reason {
	w.make(op, 0, w.obj.entry)
	added := op.Action == chunk.ActionSet && op.Value.Kind == chunk.ValueTrue
	if added && w.obj.labels >= 0 {
		w.touch(w.obj.entry).labels[w.obj.labels]++
	}
	if !w.judging {
		return 0
	}
	if r := w.mayEdit(); r != 0 {
		return r
	}
	if op.Action != chunk.ActionDelete && (op.Action != chunk.ActionSet || !isBool(op.Value)) {
		return WrongType
	}
	switch {
	case w.obj.refs:
		if r := w.allowed(Support, w.obj.entry, false); r != 0 {
			return r
		}
		if !w.p.counts(op.Key) {
			return NotYours
		}
		if r := w.reference(op.Key); r != 0 {
			return r
		}
	case w.obj.ids:
		id, ok := parseID(op.Key)
		if !ok {
			return BadID
		}
		if r := w.mayRestore(id); r != 0 {
			return r
		}
	default:
		if op.Key == "" {
			return BadID
		}
		if r := w.free(w.obj.entry, op.Key, board.LineMax); r != 0 {
			return r
		}
	}
	return w.setSize()
}

// setSize judges how many members a change adds to the sets of an entry.
func (w *walk) setSize() Reason {
	t := w.touch(w.obj.entry)
	if w.obj.labels < 0 {
		if t.members++; t.members > membersMax {
			return TooMany
		}
		return w.tooManyTouched()
	}
	n := t.labels[w.obj.labels]
	if n > board.TagsMax || n+int(w.entry(t.entry).labels[w.obj.labels]) > lifeFactor*board.TagsMax {
		return TooMany
	}
	return w.tooManyTouched()
}

func (w *walk) tooManyTouched() Reason {
	if len(w.touched) > freshMax {
		return TooMany
	}
	return 0
}

// inText is an operation on a text.
func (w *walk) inText(op *chunk.Op) Reason {
	if op.Action.Makes() {
		w.make(op, foreignOf[w.obj.edit].number, w.obj.entry)
	}
	if w.judging {
		if r := w.mayEdit(); r != 0 {
			return r
		}
	}
	switch op.Action {
	case chunk.ActionDelete:
		return 0
	case chunk.ActionMark:
		if r := w.free(w.obj.entry, op.MarkName, board.LineMax); r != 0 {
			return r
		}
		if r := w.free(w.obj.entry, alias(op.Value.Bytes), board.LineMax); r != 0 {
			return r
		}
		return w.grow(1 + len(op.MarkName) + len(op.Value.Bytes))
	case chunk.ActionSet:
		if op.Value.Kind == chunk.ValueString {
			return w.typedText(op)
		}
	}
	return WrongType
}

// typedText takes note of characters that are inserted.
func (w *walk) typedText(op *chunk.Op) Reason {
	if w.judging {
		if !w.text.follows(op, w.c.StartOp+uint64(w.at)) {
			w.text.add("\n")
		}
		w.text.add(alias(op.Value.Bytes))
	}
	return w.grow(utf8.RuneCount(op.Value.Bytes))
}

// grow counts what is inserted into the texts of an entry.
func (w *walk) grow(n int) Reason {
	t := w.touch(w.obj.entry)
	t.inserted += n
	if !w.judging {
		return 0
	}
	e := w.entry(t.entry)
	limit := shapes[e.shape].limit
	if t.inserted > limit || t.inserted+int(e.inserted) > lifeFactor*limit {
		return TooLong
	}
	if w.bytes += n; w.bytes > bytesMax {
		return TooLong
	}
	return w.tooManyTouched()
}
