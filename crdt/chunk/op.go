package chunk

import (
	"encoding/binary"
	"math"
)

// OpID identifies an operation within a change: its counter and its author as
// an index for Change.ActorAt. The zero OpID stands for the root map (as an
// object), for the head of a sequence (as an element), or for none. No
// operation has counter 0.
type OpID struct {
	Counter uint64
	Actor   int32
}

// IsZero tells whether o names no operation.
func (o OpID) IsZero() bool { return o.Counter == 0 }

// Action is what an operation does. The numbers are those of the format.
type Action uint8

const (
	ActionMakeMap   Action = 0
	ActionSet       Action = 1
	ActionMakeList  Action = 2
	ActionDelete    Action = 3
	ActionMakeText  Action = 4
	ActionIncrement Action = 5
	ActionMakeTable Action = 6
	ActionMark      Action = 7 // begins a mark if it has a name, else ends the one begun by the operation before
	actions                = 8
)

var actionNames = [actions]string{"make map", "set", "make list", "delete", "make text", "increment", "make table", "mark"}

func (a Action) String() string {
	if a < actions {
		return actionNames[a]
	}
	return "unknown action"
}

// Makes tells whether a creates an object.
func (a Action) Makes() bool {
	return a == ActionMakeMap || a == ActionMakeList || a == ActionMakeText || a == ActionMakeTable
}

// Op is one operation of a change. Its id is the change's StartOp plus its
// index, by the change's author.
type Op struct {
	Object   OpID   // zero: the root map
	Sequence bool   // the key is an element of a list or text
	Key      string // the map key when !Sequence; may be empty
	Elem     OpID   // when Sequence: the element; zero = the head, only with Insert
	Insert   bool   // makes a new element after Elem
	Action   Action
	Value    Value
	// Pred are the operations this one supersedes: unique, by counter, then by
	// the bytes of the actor.
	Pred        []OpID
	Expand      bool // of a mark: text inserted at its edge belongs to it
	MarkName    string
	HasMarkName bool // begins a mark
}

// ValueKind is the type of a value. The numbers are those of the format.
type ValueKind uint8

const (
	ValueNull      ValueKind = 0
	ValueFalse     ValueKind = 1
	ValueTrue      ValueKind = 2
	ValueUint      ValueKind = 3
	ValueInt       ValueKind = 4
	ValueFloat64   ValueKind = 5
	ValueString    ValueKind = 6
	ValueBytes     ValueKind = 7
	ValueCounter   ValueKind = 8
	ValueTimestamp ValueKind = 9 // milliseconds since 1970
	valueKinds               = 10
)

// Value is a scalar as it stands in the bytes: LEB128 for uint, int, counter
// and timestamp, eight little-endian bytes for a float64, the text or bytes
// themselves, and nothing for the rest.
type Value struct {
	Kind  ValueKind
	Bytes []byte
}

// StringValue and its siblings make values for Build.
func StringValue(s string) Value   { return Value{ValueString, []byte(s)} }
func BytesValue(b []byte) Value    { return Value{ValueBytes, b} }
func UintValue(v uint64) Value     { return Value{ValueUint, appendUleb(nil, v)} }
func IntValue(v int64) Value       { return Value{ValueInt, appendSleb(nil, v)} }
func CounterValue(v int64) Value   { return Value{ValueCounter, appendSleb(nil, v)} }
func TimestampValue(v int64) Value { return Value{ValueTimestamp, appendSleb(nil, v)} }

func BoolValue(v bool) Value {
	if v {
		return Value{Kind: ValueTrue}
	}
	return Value{Kind: ValueFalse}
}

func Float64Value(v float64) Value {
	return Value{ValueFloat64, binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))}
}

// Text returns the text of a string value, copied, and false for other kinds.
func (v Value) Text() (string, bool) {
	if v.Kind != ValueString {
		return "", false
	}
	return string(v.Bytes), true
}

// Uint returns the number of a uint value, and false for other kinds.
func (v Value) Uint() (uint64, bool) {
	if v.Kind != ValueUint {
		return 0, false
	}
	n, _ := uleb(v.Bytes)
	return n, true
}

// Int returns the number of an int, counter or timestamp value, and false for
// other kinds.
func (v Value) Int() (int64, bool) {
	switch v.Kind {
	case ValueInt, ValueCounter, ValueTimestamp:
		n, _ := sleb(v.Bytes)
		return n, true
	}
	return 0, false
}

// Float64 returns the number of a float64 value, and false for other kinds.
func (v Value) Float64() (float64, bool) {
	if v.Kind != ValueFloat64 || len(v.Bytes) != 8 {
		return 0, false
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(v.Bytes)), true
}
