package rights

import (
	"encoding/hex"
	"slices"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// What an operation may do depends on the kind of its object. Each of the
// functions here judges one operation on w.obj and takes note of what it makes;
// what they return counts only when judging.

// keyed is an operation on a map with known fields.
func (w *walk) keyed(op *chunk.Op) Reason {
	f := w.obj.fields[op.Key]
	if f == nil {
		return w.unknownField(op)
	}
	reason := w.fieldReason(f, op)
	if !w.judging || reason == 0 {
		w.effect(f, op)
	}
	shape := uint8(0)
	if f.child != nil && makes(f, op.Action) {
		shape = f.child.number
	}
	w.make(op, shape, w.obj.entry)
	return reason
}

func makes(f *field, a chunk.Action) bool {
	return f.typ == typeMap && a == chunk.ActionMakeMap || f.typ == typeText && a == chunk.ActionMakeText
}

func (w *walk) fieldReason(f *field, op *chunk.Op) Reason {
	if !w.judging {
		return 0
	}
	if f.fixed {
		return GenesisOnly
	}
	if f.child != nil && (f.child.kind == kindEntries || f.child.refs) {
		return w.container(f, op)
	}
	if f.once && (!w.obj.fresh || len(op.Pred) > 0) {
		return SetOnce
	}
	if r := w.mayWrite(f, op); r != 0 {
		return r
	}
	return w.value(f, op)
}

// container judges the making of a map of entries, which everyone does who needs
// it, once in a change, and nobody replaces.
func (w *walk) container(f *field, op *chunk.Op) Reason {
	twice := func(m made) bool { return m.entry == w.obj.entry && m.shape == f.child.number }
	switch {
	case len(op.Pred) > 0 || op.Action == chunk.ActionDelete:
		return NeverDeleted
	case !makes(f, op.Action):
		return WrongType
	case slices.ContainsFunc(w.made, twice):
		return TooMany
	}
	return 0
}

func (w *walk) mayWrite(f *field, op *chunk.Op) Reason {
	if !w.obj.fresh {
		if f.edit == 0 && !f.helped {
			return w.mayEdit()
		}
		edit := f.edit
		if edit == 0 {
			edit = w.obj.edit
		}
		return w.allowed(edit, w.obj.entry, f.helped)
	}
	switch {
	case f == fieldProxy:
		return w.allowed(PostForOther, w.obj.entry, false)
	case f == fieldIdea && w.entry(w.obj.entry).flags&flagAnswered != 0:
		return w.allowed(SetIdea, w.obj.entry, false) // the post is made again, and the answer stays in front
	case w.obj.kind == kindFields && w.obj.edit == SetIdea && w.allowed(SetIdea, w.obj.entry, false) != 0:
		// Who writes an idea says no more than that it is new.
		if s := op.Value.Bytes; op.Key != "status" || op.Action != chunk.ActionSet || string(s) != "new" {
			return RoleMayNot
		}
	}
	return 0
}

// effect takes note of what a field of an entry means to the rules.
func (w *walk) effect(f *field, op *chunk.Op) {
	if f == fieldWithdrawn {
		if op.Action == chunk.ActionSet && op.Value.Kind != chunk.ValueFalse && op.Value.Kind != chunk.ValueNull {
			w.touch(w.obj.entry).ended = true
		}
		return
	}
	if !w.obj.fresh && (f == fieldIdea || w.obj.edit == SetIdea) {
		w.touch(w.obj.entry).answered = true
		return
	}
	e := w.freshAt(w.obj.entry)
	if e == nil || !w.obj.fresh || w.obj.kind != kindEntry {
		return
	}
	e.has |= f.bit
	s := alias(op.Value.Bytes)
	switch {
	case f == fieldProxy:
		e.flags |= flagProxy
	case op.Value.Kind != chunk.ValueString:
	case f.typ == typeRef && e.signed == "":
		e.signed = s
	case f.typ == typeSecret:
		e.secret = s
	case f == fieldAnswer:
		e.answer = s
	case f == fieldTarget:
		e.target = s
	case f == fieldAction:
		e.removes = s == "remove"
	case f.typ == typeHash && len(s) == hex.EncodedLen(len(hash{})):
		if b, err := hex.DecodeString(s); err == nil {
			copy(e.hash[:], b)
		}
	}
}

// unknownField is a field of a newer version.
func (w *walk) unknownField(op *chunk.Op) Reason {
	edit := w.obj.edit
	if w.obj.kind == kindRoot && edit == 0 { // of a page
		w.make(op, 0, w.obj.entry)
		return UnknownPlace
	}
	w.make(op, foreignOf[edit].number, w.obj.entry)
	if !w.judging {
		return 0
	}
	if !w.obj.fresh {
		if r := w.allowed(edit, w.obj.entry, false); r != 0 {
			return r
		}
	} else if edit == SetIdea && w.allowed(SetIdea, w.obj.entry, false) != 0 {
		return RoleMayNot
	}
	return w.foreignValue(op)
}

// foreign is an operation in an object that this version does not know.
func (w *walk) foreign(op *chunk.Op) Reason {
	w.make(op, w.obj.number, w.obj.entry)
	if r := w.mayEdit(); r != 0 {
		return r
	}
	return w.foreignValue(op)
}

func (w *walk) foreignValue(op *chunk.Op) Reason {
	if r := w.free(w.obj.entry, op.Key, board.LineMax); r != 0 {
		return r
	}
	if op.Action == chunk.ActionIncrement {
		return WrongType // no field is a counter, and engines take ever longer for each increment of one
	}
	if op.Sequence && op.Insert {
		if r := w.grow(1); r != 0 {
			return r
		}
	}
	if op.HasMarkName {
		if r := w.free(w.obj.entry, op.MarkName, board.LineMax); r != 0 {
			return r
		}
	}
	if op.Sequence && op.Value.Kind == chunk.ValueString {
		return w.typedText(op)
	}
	if op.Value.Kind == chunk.ValueString || op.Value.Kind == chunk.ValueBytes {
		return w.free(w.obj.entry, alias(op.Value.Bytes), board.BodyMax)
	}
	return 0
}
