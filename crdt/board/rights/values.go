package rights

import (
	"encoding/hex"
	"strings"

	"github.com/tavle-org/tavle/crdt/board"
	"github.com/tavle-org/tavle/crdt/chunk"
)

// What may stand in a known field.

// value judges what is written to a field.
func (w *walk) value(f *field, op *chunk.Op) Reason {
	if op.Action == chunk.ActionDelete {
		return 0
	}
	if f.child != nil || op.Action != chunk.ActionSet {
		if makes(f, op.Action) {
			return 0
		}
		return WrongType
	}
	v := op.Value
	if v.Kind == chunk.ValueNull && !f.once {
		return 0
	}
	switch f.typ {
	case typeString, typeTime, typeID, typeRef, typeHash, typeSecret:
		if v.Kind != chunk.ValueString {
			return WrongType
		}
		return w.stringValue(f, alias(v.Bytes))
	case typeMark:
		if v.Kind == chunk.ValueString {
			return w.stringValue(f, alias(v.Bytes))
		}
		return typed(isBool(v))
	case typeBool:
		return typed(isBool(v))
	case typeStamp:
		return typed(v.Kind == chunk.ValueTimestamp)
	}
	return typed(v.Kind == chunk.ValueInt || v.Kind == chunk.ValueUint || v.Kind == chunk.ValueFloat64)
}

func typed(ok bool) Reason {
	if !ok {
		return WrongType
	}
	return 0
}

func isBool(v chunk.Value) bool { return v.Kind == chunk.ValueTrue || v.Kind == chunk.ValueFalse }

func (w *walk) stringValue(f *field, s string) Reason {
	switch f.typ {
	case typeString:
		return w.free(w.obj.entry, s, f.limit)
	case typeTime, typeMark:
		_, err := board.ParseTime(s)
		return typed(err == nil)
	case typeID:
		if _, ok := parseID(s); !ok {
			return BadID
		}
	case typeRef:
		return w.reference(s)
	case typeHash:
		b, err := hex.DecodeString(s)
		return typed(err == nil && len(b) == len(hash{}) && strings.ToLower(s) == s)
	case typeSecret:
		got, err := board.ParseSecret(s)
		return typed(err == nil && got == s)
	}
	return 0
}

// reference judges a reference: it is that of the principal, or of a visit to it,
// and that of an entry is always the same.
func (w *walk) reference(s string) Reason {
	if !w.p.owns(s) {
		return Forged
	}
	if len(s) > len(w.p.Member) {
		if _, ok := parseID(s[len(w.p.Member)+1:]); !ok {
			return BadID
		}
	}
	if w.obj.kind != kindEntry {
		return 0
	}
	f := w.freshAt(w.obj.entry)
	if f.signed != "" && f.signed != s || f.of != none && w.x.refs[f.by] != s {
		return Forged
	}
	return 0
}
