package chunk

import (
	"bytes"
	"testing"
)

func TestACloneKeepsNothingOfWhatItWasReadFrom(t *testing.T) {
	for name, extra := range map[string][]byte{"plain": nil, "with a person": {1, 2, 'm', 'e'}} {
		c, err := Build(Spec{Actor: "a", Seq: 1, StartOp: 1, Extra: extra, Ops: []Op{{Key: "k", Action: ActionSet, Value: StringValue("v")}}})
		if err != nil {
			t.Fatal(err)
		}
		data := bytes.Clone(c.Bytes())
		read, err := ParseChange(data, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		clone := read.Clone()
		clear(data)
		if !bytes.Equal(clone.Bytes(), c.Bytes()) || !bytes.Equal(clone.Extra, extra) || (clone.Extra == nil) != (extra == nil) || clone.Hash != c.Hash {
			t.Errorf("%s: %+v", name, clone)
		}
		for _, op := range clone.Ops() {
			if op.Key != "k" || string(op.Value.Bytes) != "v" {
				t.Errorf("%s: %+v", name, op)
			}
		}
	}
}
