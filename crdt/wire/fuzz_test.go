package wire_test

import (
	"bytes"
	"errors"
	"reflect"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"github.com/tavle-org/tavle/crdt/wire"
)

// oracle reads the outer map of a frame and single values of it: another
// implementation than ours, slower and with more allocation.
var oracle, _ = cbor.DecOptions{
	DupMapKey:   cbor.DupMapKeyEnforcedAPF,
	IndefLength: cbor.IndefLengthAllowed,
}.DecMode()

// FuzzDecode: no frame makes Decode panic or allocate out of proportion; what
// it accepts, another CBOR implementation reads the same way, and Append
// writes such that Decode reads it again.
func FuzzDecode(f *testing.F) {
	for _, file := range []string{"automerge-repo-2.5.6.json", "shapes.json", "ours.json"} {
		for _, v := range vectors(f, file) {
			f.Add(v.frame(f))
		}
	}
	for _, frame := range []string{
		"", "f6", "ff", "bf", "a1 'type' 'sync'", "bbffffffffffffffff", "9b7fffffffffffffff", "5b7fffffffffffffff",
		"a6 'type' 'sync'" + rest + "'data' 5f 4142 40 4100 ff 'x' d9d9f7 bf ff",
		"bf 7f 'ty' 'pe' ff 'leave' 'senderId' 'p' 'x' 9f c0 81 f6 ff ff",
		"a3 'type' 'join' 'senderId' 'p' 'peerMetadata' bf 'storageId' f7 ff",
		"a7 'type' 'ephemeral'" + rest + "'sessionId' 's' 'data' d840 41a0 'count' f97c01",
	} {
		f.Add(unhex(f, frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := allocated()
		m, err := wire.Decode(frame, wire.DefaultLimits)
		if spent, most := allocated()-before, uint64(1<<20+64*len(frame)); spent > most {
			t.Errorf("%d bytes allocated for a frame of %d", spent, len(frame))
		}
		if err != nil {
			known := errors.Is(err, wire.ErrMalformed) || errors.Is(err, wire.ErrUnknownType) ||
				errors.Is(err, wire.ErrUnknownDocument) || errors.Is(err, wire.ErrTooLarge)
			if !known || m != nil {
				t.Fatalf("message %v with error %v", m, err)
			}
			return
		}
		compare(t, frame, m)
		again, err := wire.Decode(wire.Append(nil, m), wire.DefaultLimits)
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%+v is read again as %+v, error %v", m, again, err)
		}
	})
}

func compare(t *testing.T, frame []byte, m wire.Message) {
	var raw map[string]cbor.RawMessage
	if err := oracle.Unmarshal(frame, &raw); err != nil {
		if strings.HasPrefix(err.Error(), "cbor: tag number") {
			return // it checks what is tagged, also in values that we ignore
		}
		t.Fatalf("accepted %x: oracle says %v", frame, err)
	}
	for key, want := range plain(m) {
		switch key {
		case "type", "senderId", "targetId", "sessionId", "message", "selectedProtocolVersion":
			var got string
			if err := oracle.Unmarshal(raw[key], &got); err != nil || got != want {
				if want != "" || raw[key] != nil {
					t.Errorf("%s is %q, oracle reads %q, error %v", key, want, got, err)
				}
			}
		case "count":
			var got float64
			if err := oracle.Unmarshal(raw[key], &got); err != nil || uint64(got) != uint64(want.(float64)) {
				t.Errorf("count is %v, oracle reads %v, error %v", want, got, err)
			}
		case "data":
			if got := oracleBytes(raw[key]); !bytes.Equal(got, dataOf(m)) {
				t.Errorf("data is %x, oracle reads %x", dataOf(m), got)
			}
		}
	}
}

func oracleBytes(raw cbor.RawMessage) []byte {
	var v any
	if oracle.Unmarshal(raw, &v) != nil {
		return nil
	}
	if tag, ok := v.(cbor.Tag); ok && tag.Number == 64 {
		v = tag.Content
	}
	b, _ := v.([]byte)
	return b
}

func dataOf(m wire.Message) []byte {
	if m, ok := m.(wire.Ephemeral); ok {
		return m.Data
	}
	return m.(wire.Sync).Data
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
