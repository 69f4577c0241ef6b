package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tavle-org/tavle/crdt/id"
	"github.com/tavle-org/tavle/crdt/wire"
)

// unhex reads hexadecimal text in which words between ' are plain text.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var out []byte
	for i, part := range strings.Split(s, "'") {
		if i%2 == 1 {
			out = append(append(out, 0x60|byte(len(part))), part...)
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

const (
	docText = "781c" + "32476739694431596b565267596569" + "4b3257675a6565676" + "16d6d6462" // someDocument
	rest    = "'senderId' 'tablet' 'targetId' 'syncd' 'documentId' " + docText
)

func decode(t testing.TB, frame string) (wire.Message, error) {
	t.Helper()
	return wire.Decode(unhex(t, frame), wire.DefaultLimits)
}

func TestTolerance(t *testing.T) {
	for _, c := range []struct{ rule, frame string }{
		{"FR4 any order of keys", "a5 'data' 454200000000 'type' 'sync'" + rest},
		{"FR4 keys we do not know", "a7 'type' 'sync'" + rest + "'data' 454200000000 'x' 8180 'y' a1 'type' f6"},
		{"FR5 null for what may be absent", "a6 'type' 'sync' 'count' f6" + rest + "'data' 454200000000"},
		{"FR7 map of indefinite length", "bf 'type' 'sync'" + rest + "'data' 454200000000 ff"},
		{"FR7 bytes in chunks", "a5 'type' 'sync'" + rest + "'data' 5f 4142 40 4400000000 ff"},
		{"FR7 text in chunks", "a5 7f 'ty' 'pe' ff 7f 's' 'ync' ff" + rest + "'data' 454200000000"},
		{"FR7 long form of lengths", "b90005" + "'type' 'sync'" + rest + "'data' 5a00000005 4200000000"},
		{"FR7 bytes as typed array", "a5 'type' 'sync'" + rest + "'data' d840 454200000000"},
		{"FR8 document id as raw bytes", "a5 'type' 'sync' 'senderId' 'tablet' 'targetId' 'syncd' 'documentId' 50 5b2d7e0c3f1a4968871fa2b3c4d5e6f7 'data' 454200000000"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			m, err := decode(t, c.frame)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(m, someSync) {
				t.Errorf("decoded %+v, want %+v", m, someSync)
			}
		})
	}
}

func TestJoinForms(t *testing.T) {
	storage := wire.PeerMetadata{StorageID: "s", IsEphemeral: true}
	for _, c := range []struct {
		rule, frame string
		want        wire.Join
	}{
		{"HS3 peerMetadata", "a3 'type' 'join' 'senderId' 'p' 'peerMetadata' a2 'storageId' 's' 'isEphemeral' f5", wire.Join{Sender: "p", Metadata: storage, Versions: []string{"1"}}},
		{"HS3 metadata in its place", "a3 'type' 'join' 'senderId' 'p' 'metadata' a2 'storageId' 's' 'isEphemeral' f5", wire.Join{Sender: "p", Metadata: storage, Versions: []string{"1"}}},
		{"HS3 peerMetadata goes before metadata", "a4 'type' 'join' 'senderId' 'p' 'metadata' a0 'peerMetadata' a2 'storageId' 's' 'isEphemeral' f5", wire.Join{Sender: "p", Metadata: storage, Versions: []string{"1"}}},
		{"FR5 undefined storageId", "a3 'type' 'join' 'senderId' 'p' 'peerMetadata' a2 'storageId' f7 'isEphemeral' f5", wire.Join{Sender: "p", Metadata: wire.PeerMetadata{IsEphemeral: true}, Versions: []string{"1"}}},
		{"FR5 null metadata", "a3 'type' 'join' 'senderId' 'p' 'peerMetadata' f6", wire.Join{Sender: "p", Versions: []string{"1"}}},
		{"HS5 no versions mean 1", "a2 'type' 'join' 'senderId' 'p'", wire.Join{Sender: "p", Versions: []string{"1"}}},
		{"HS5 undefined versions mean 1", "a3 'type' 'join' 'senderId' 'p' 'supportedProtocolVersions' f7", wire.Join{Sender: "p", Versions: []string{"1"}}},
		{"HS6 a text for the list of versions", "a3 'type' 'join' 'senderId' 'p' 'supportedProtocolVersions' '1'", wire.Join{Sender: "p", Versions: []string{"1"}}},
		{"HS7 an empty list speaks nothing", "a3 'type' 'join' 'senderId' 'p' 'supportedProtocolVersions' 80", wire.Join{Sender: "p", Versions: []string{}}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			frame := strings.ReplaceAll(c.frame, "'supportedProtocolVersions'", "7819"+hex.EncodeToString([]byte("supportedProtocolVersions")))
			m, err := decode(t, frame)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(m, c.want) {
				t.Errorf("decoded %+v, want %+v", m, c.want)
			}
			if got, want := c.want.Speaks("1"), len(c.want.Versions) > 0; got != want {
				t.Errorf("Speaks(1) = %v", got)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		rule, number string
		want         uint64
		err          error
	}{
		{"FR7 integer", "1903e8", 1000, nil},
		{"FR7 64-bit integer", "1b0000000100000001", 1<<32 + 1, nil},
		{"FR7 float64", "fb41f0000000100000", 1<<32 + 1, nil},
		{"FR7 float32", "fa447a0000", 1000, nil},
		{"FR7 float16", "f94900", 10, nil},
		{"FR7 float16 below one", "f93800", 0, nil},
		{"FR7 smallest float16", "f90001", 0, nil},
		{"FR7 fraction is cut off", "fb3ffe666666666666", 1, nil},
		{"FR7 2^53", "1b0020000000000000", 1 << 53, nil},
		{"FR7 above 2^53", "1b0020000000000001", 0, wire.ErrMalformed},
		{"FR7 float above 2^53", "fb4350000000000000", 0, wire.ErrMalformed},
		{"FR7 not a number", "fb7ff8000000000000", 0, wire.ErrMalformed},
		{"FR7 infinity", "f97c00", 0, wire.ErrMalformed},
		{"FR7 half not a number", "f97e00", 0, wire.ErrMalformed},
		{"EP1 count below zero", "20", 0, wire.ErrMalformed},
		{"EP1 count below zero as half", "f9bc00", 0, wire.ErrMalformed},
		{"EP1 count of all ones below zero", "3bffffffffffffffff", 0, wire.ErrMalformed},
		{"EP1 count as text", "'1'", 0, wire.ErrMalformed},
		{"EP1 count undefined", "f7", 0, wire.ErrMalformed},
	} {
		t.Run(c.rule, func(t *testing.T) {
			m, err := decode(t, "a7 'type' 'ephemeral'"+rest+"'sessionId' 's' 'data' 41a0 'count' "+c.number)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil && m.(wire.Ephemeral).Count != c.want {
				t.Errorf("count %d, want %d", m.(wire.Ephemeral).Count, c.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	sync := "'type' 'sync'" + rest
	long := func(n int) string { return "7a" + fmt.Sprintf("%08x", n) + strings.Repeat("61", n) }
	heads := "a4 'type' 74" + hex.EncodeToString([]byte("remote-heads-changed")) + "'senderId' 'p' 'documentId' " + docText + "'newHeads'"
	subs := "a3 'type' 781a" + hex.EncodeToString([]byte("remote-subscription-change")) + "'senderId' 'p' 'add'"
	for _, c := range []struct {
		rule, frame string
		want        error
	}{
		{"FR2 empty frame", "", wire.ErrMalformed},
		{"FR2 null", "f6", wire.ErrMalformed},
		{"FR2 undefined", "f7", wire.ErrMalformed},
		{"FR2 array", "80", wire.ErrMalformed},
		{"FR2 text", "'join'", wire.ErrMalformed},
		{"FR2 break alone", "ff", wire.ErrMalformed},
		{"FR2 tagged map", "d9d9f7 a1 'type' 'leave'", wire.ErrMalformed},
		{"FR2 bytes after the map", "a2 'type' 'leave' 'senderId' 'p' 00", wire.ErrMalformed},
		{"FR2 cut short", "a5" + sync + "'data' 4542000000", wire.ErrMalformed},
		{"FR2 map of 2^64-1 pairs", "bbffffffffffffffff", wire.ErrMalformed},
		{"FR2 bytes of 2^63-1", "a1 'data' 5b7fffffffffffffff 00", wire.ErrMalformed},
		{"FR2 text of 2^64-1", "a1 7bffffffffffffffff", wire.ErrMalformed},
		{"FR3 empty map", "a0", wire.ErrMalformed},
		{"FR3 type is no text", "a1 'type' 01", wire.ErrMalformed},
		{"FR3 type is null", "a1 'type' f6", wire.ErrMalformed},
		{"FR3 no sender", "a1 'type' 'join'", wire.ErrMalformed},
		{"FR3 undefined sender", "a2 'type' 'join' 'senderId' f7", wire.ErrMalformed},
		{"FR3 empty sender", "a2 'type' 'join' 'senderId' 60", wire.ErrMalformed},
		{"FR3 sender not UTF-8", "a2 'type' 'join' 'senderId' 61ff", wire.ErrMalformed},
		{"FR3 sender is bytes", "a2 'type' 'join' 'senderId' 4170", wire.ErrMalformed},
		{"FR3 target is a number", "a5 'type' 'sync' 'senderId' 'p' 'targetId' 01 'documentId' " + docText + "'data' 4142", wire.ErrMalformed},
		{"FR3 no document", "a3 'type' 'sync' 'senderId' 'p' 'data' 4142", wire.ErrMalformed},
		{"FR3 document is a number", "a4 'type' 'sync' 'senderId' 'p' 'data' 4142 'documentId' 01", wire.ErrMalformed},
		{"FR3 no data", "a4" + sync, wire.ErrMalformed},
		{"FR3 data is text", "a5" + sync + "'data' 'x'", wire.ErrMalformed},
		{"FR3 data under a foreign tag", "a5" + sync + "'data' d841 4142", wire.ErrMalformed},
		{"FR3 isEphemeral is text", "a3 'type' 'join' 'senderId' 'p' 'peerMetadata' a1 'isEphemeral' 'x'", wire.ErrMalformed},
		{"FR3 metadata is a list", "a3 'type' 'join' 'senderId' 'p' 'peerMetadata' 80", wire.ErrMalformed},
		{"FR4 one key twice", "a6" + sync + "'data' 4142 'data' 4143", wire.ErrMalformed},
		{"FR4 one key twice, once in chunks", "a6" + sync + "'data' 4142 7f 'da' 'ta' ff 4143", wire.ErrMalformed},
		{"FR4 an unknown key twice", "a7" + sync + "'data' 4142 'x' 01 'x' 01", wire.ErrMalformed},
		{"FR4 a key twice in the metadata", "a3 'type' 'join' 'senderId' 'p' 'peerMetadata' a2 'isEphemeral' f5 'isEphemeral' f5", wire.ErrMalformed},
		{"FR4 a key that is a number", "a6" + sync + "'data' 4142 01 02", wire.ErrMalformed},
		{"FR4 a key that is no UTF-8", "a6" + sync + "'data' 4142 61ff 02", wire.ErrMalformed},
		{"FR6 unknown type", "a2 'type' 'arrive' 'senderId' 'p'", wire.ErrUnknownType},
		{"FR8 document id of 15 bytes", "a4 'type' 'sync' 'senderId' 'p' 'data' 4142 'documentId' 4f" + strings.Repeat("00", 15), wire.ErrUnknownDocument},
		{"FR8 document id with a wrong checksum", "a4 'type' 'sync' 'senderId' 'p' 'data' 4142 'documentId' 781c" + strings.Repeat("32", 28), wire.ErrUnknownDocument},
		{"FR8 document id that is no base58", "a4 'type' 'sync' 'senderId' 'p' 'data' 4142 'documentId' 'hello there'", wire.ErrUnknownDocument},
		{"FR8 endless document id", "a4 'type' 'sync' 'senderId' 'p' 'data' 4142 'documentId'" + long(5000), wire.ErrUnknownDocument},
		{"FR10 deep nesting", "a6" + sync + "'data' 4142 'x'" + strings.Repeat("81", 20) + "00", wire.ErrMalformed},
		{"FR10 deep tags", "a6" + sync + "'data' 4142 'x'" + strings.Repeat("c6", 100_000) + "00", wire.ErrMalformed},
		{"FR10 many elements", "a6" + sync + "'data' 4142 'x' 9a00010001" + strings.Repeat("00", 65537), wire.ErrMalformed},
		{"FR11 empty data", "a5" + sync + "'data' 40", wire.ErrMalformed},
		{"RH1 a storage that is empty", subs + "81 60", wire.ErrMalformed},
		{"RH1 storages that are no list", subs + "'s'", wire.ErrMalformed},
		{"RH3 a storage twice", heads + "a2 's' a2 'heads' 80 'timestamp' 01 's' a2 'heads' 80 'timestamp' 01", wire.ErrMalformed},
		{"RH3 no timestamp", heads + "a1 's' a1 'heads' 80", wire.ErrMalformed},
		{"RH3 a head that is none", heads + "a1 's' a2 'heads' 81 'x' 'timestamp' 01", wire.ErrMalformed},
		{"LM2 long sender", "a2 'type' 'leave' 'senderId'" + long(257), wire.ErrTooLarge},
		{"LM2 long sender in chunks", "a2 'type' 'leave' 'senderId' 7f" + long(200) + long(57) + "ff", wire.ErrTooLarge},
		{"LM2 long storage", subs + "81" + long(257), wire.ErrTooLarge},
		{"LM3 long session", "a7 'type' 'ephemeral'" + rest + "'count' 01 'data' 41a0 'sessionId'" + long(257), wire.ErrTooLarge},
		{"LM4 ephemeral of 64 KiB and a byte", "a7 'type' 'ephemeral'" + rest + "'count' 01 'sessionId' 's' 'data' 5a00010001" + strings.Repeat("00", 65537), wire.ErrTooLarge},
		{"LM5 many subscriptions", subs + "990401" + strings.Repeat("6161", 1025), wire.ErrTooLarge},
		{"LM6 many heads", heads + "a1 's' a2 'timestamp' 01 'heads' 991001" + strings.Repeat("7831"+hex.EncodeToString([]byte("gEyX77DkCVdD8USyZqKGBPfjMgyPcsag3ZdFcq1vBy9TULbNB")), 4097), wire.ErrTooLarge},
		{"LM7 many storages", heads + "b90101" + manyStorages(257), wire.ErrTooLarge},
		{"LM8 long error", "a2 'type' 'error' 'message'" + long(1025), wire.ErrTooLarge},
	} {
		t.Run(c.rule, func(t *testing.T) {
			m, err := decode(t, c.frame)
			if !errors.Is(err, c.want) {
				t.Fatalf("decoded %+v with error %v, want %v", m, err, c.want)
			}
			for _, other := range []error{wire.ErrMalformed, wire.ErrUnknownType, wire.ErrUnknownDocument, wire.ErrTooLarge} {
				if other != c.want && errors.Is(err, other) {
					t.Errorf("error %v is %v too", err, other)
				}
			}
			if len(err.Error()) > 300 {
				t.Errorf("error of %d bytes", len(err.Error()))
			}
		})
	}
}

func TestEphemeralWellFormed(t *testing.T) {
	for data, want := range map[string]bool{"a0": true, "43010203": true, "b900026468657265f5646e616d65613a": true,
		"": false, "ff": false, "a0a0": false, "9bffffffffffffffff": false, "9a10000000": false, "61": false} {
		if got := (wire.Ephemeral{Data: unhex(t, data)}).WellFormed(); got != want {
			t.Errorf("EP4 %s well-formed: %v", data, got)
		}
	}
}

func TestLM1FrameBytes(t *testing.T) {
	lim := wire.DefaultLimits
	frame := wire.Append(nil, someSync)
	lim.FrameBytes = len(frame)
	if _, err := wire.Decode(frame, lim); err != nil {
		t.Errorf("LM1 a frame of just the limit: %v", err)
	}
	lim.FrameBytes--
	if _, err := wire.Decode(frame, lim); !errors.Is(err, wire.ErrTooLarge) {
		t.Errorf("LM1 a frame over the limit: %v", err)
	}
}

// TestDataIsPartOfTheFrame: no copy is made of what may be megabytes.
func TestDataIsPartOfTheFrame(t *testing.T) {
	frame := wire.Append(nil, someSync)
	m, err := wire.Decode(frame, wire.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(frame, someSync.Data)
	frame[at] = 0x99
	data := m.(wire.Sync).Data
	if data[0] != 0x99 {
		t.Error("Data is a copy")
	}
	if _ = append(data, 0xee); bytes.Contains(frame, []byte{0xee}) {
		t.Error("appending to Data writes into the frame")
	}
}

func TestBodyAndTarget(t *testing.T) {
	for _, s := range samples {
		whole := wire.Append(nil, s.m)
		var target id.Peer = "tablet"
		switch s.m.(type) {
		case wire.Join, wire.Leave:
			if body := wire.AppendBody(nil, s.m); !bytes.Equal(body, whole) {
				t.Errorf("%s: body %x, frame %x", s.name, body, whole)
			}
			continue
		}
		frame := wire.AppendTarget(wire.AppendBody([]byte("before"), s.m), target)
		m, err := wire.Decode(frame[len("before"):], wire.DefaultLimits)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		want := plain(s.m)
		want["targetId"] = string(target)
		if got := plain(m); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: decoded %v, want %v", s.name, got, want)
		}
	}
	got := wire.AppendSync(nil, "a", "b", someDocument, []byte{1}, true)
	want := wire.Append(nil, wire.Sync{Sender: "a", Target: "b", Document: someDocument, Data: []byte{1}, Request: true})
	if !bytes.Equal(got, want) {
		t.Errorf("AppendSync wrote %x, Append %x", got, want)
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	dst := make([]byte, 0, 4096)
	for _, s := range samples {
		if n := testing.AllocsPerRun(100, func() { wire.Append(dst, s.m) }); n != 0 {
			t.Errorf("%s: %v allocations", s.name, n)
		}
	}
}

func TestCloseCodes(t *testing.T) {
	for code, transient := range map[int]bool{
		wire.CloseNormal: false, wire.CloseTextFrame: false, wire.ClosePolicy: false, wire.CloseTooBig: false,
		wire.CloseStorage: true, wire.CloseRestart: true, wire.CloseOverload: true,
		wire.CloseMalformed: false, wire.CloseUnauthorised: false, wire.ClosePeerTaken: false, wire.CloseTakenOver: false,
		wire.CloseTimeout: true, 4499: false, 4500: true, 4599: true, 4600: false,
	} {
		if wire.Transient(code) != transient {
			t.Errorf("CL4 Transient(%d) = %v", code, !transient)
		}
	}
}

// TestRoundTrip: what is written is read back as it was.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := messages.Draw(t, "message")
		frame := wire.Append(nil, m)
		if again := wire.Append(nil, m); !bytes.Equal(again, frame) {
			t.Fatalf("written as %x, then as %x", frame, again)
		}
		got, err := wire.Decode(frame, wire.DefaultLimits)
		if err != nil {
			t.Fatalf("%x: %v", frame, err)
		}
		if !reflect.DeepEqual(got, m) {
			t.Fatalf("decoded %+v, want %+v", got, m)
		}
		for n := range frame { // FR2
			if _, err := wire.Decode(frame[:n], wire.DefaultLimits); !errors.Is(err, wire.ErrMalformed) {
				t.Fatalf("cut after %d of %d bytes: %v", n, len(frame), err)
			}
		}
	})
}

var messages = rapid.Custom(func(t *rapid.T) wire.Message {
	text := func(name string) string { return rapid.StringN(1, 40, 256).Draw(t, name) }
	peer := func(name string) id.Peer { return id.Peer(text(name)) }
	maybe := func(name string) id.Peer { return id.Peer(rapid.StringN(0, 40, 256).Draw(t, name)) }
	data := func() []byte { return rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "data") }
	metadata := func() wire.PeerMetadata {
		return wire.PeerMetadata{StorageID: id.Storage(maybe("storage")), IsEphemeral: rapid.Bool().Draw(t, "ephemeral")}
	}
	storages := func(name string) (list []id.Storage) {
		for range rapid.IntRange(0, 12).Draw(t, name) {
			list = append(list, id.Storage(text(name)))
		}
		return list
	}
	var doc id.Document
	copy(doc[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "document"))
	switch rapid.IntRange(0, 8).Draw(t, "type") {
	case 0:
		return wire.Join{Sender: peer("sender"), Metadata: metadata(), Versions: rapid.SliceOfN(rapid.StringN(0, 5, -1), 1, 16).Draw(t, "versions")}
	case 1:
		return wire.Peer{Sender: peer("sender"), Target: maybe("target"), Version: text("version"), Metadata: metadata()}
	case 2:
		return wire.Leave{Sender: peer("sender")}
	case 3:
		return wire.Error{Sender: peer("sender"), Target: maybe("target"), Message: text("message")}
	case 4:
		return wire.Unavailable{Sender: peer("sender"), Target: maybe("target"), Document: doc}
	case 5:
		return wire.Ephemeral{Sender: peer("sender"), Target: maybe("target"), Document: doc,
			Session: text("session"), Count: rapid.Uint64Range(0, 1<<53).Draw(t, "count"), Data: data()}
	case 6:
		return wire.SubscriptionChange{Sender: peer("sender"), Target: maybe("target"), Add: storages("add"), Remove: storages("remove")}
	case 7:
		m := wire.HeadsChanged{Sender: peer("sender"), Target: maybe("target"), Document: doc, NewHeads: map[id.Storage]wire.RemoteHeads{}}
		for _, s := range storages("storages") {
			var heads []id.ChangeHash
			for range rapid.IntRange(0, 3).Draw(t, "heads") {
				heads = append(heads, id.ChangeHash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "head")))
			}
			m.NewHeads[s] = wire.RemoteHeads{Heads: heads, Timestamp: rapid.Int64Range(-1<<53, 1<<53).Draw(t, "timestamp")}
		}
		return m
	}
	return wire.Sync{Sender: peer("sender"), Target: maybe("target"), Document: doc, Data: data(), Request: rapid.Bool().Draw(t, "request")}
})

// manyStorages writes n entries of newHeads.
func manyStorages(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "63%x a2 'heads' 80 'timestamp' 01", fmt.Sprintf("%03d", i))
	}
	return b.String()
}
