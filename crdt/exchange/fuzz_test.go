package exchange_test

import (
	"bytes"
	"encoding/hex"
	"runtime"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/exchange"
	"github.com/tavle-org/tavle/crdt/history/historytest"
)

// crafted are messages that crash, hang or bloat other implementations.
var crafted = map[string]string{
	"a filter with no bits an entry":        "42 00 00 01 00 03 01 00 07 00",
	"a filter with 2^32-1 probes":           "42 00 00 01 00 08 01 0a ffffffff0f 0000 00",
	"a filter of 2^32-1 entries":            "42 00 00 01 00 09 ffffffff0f 0a 07 0000 00",
	"a filter of 2^63 entries":              "42 00 00 01 00 0c 80808080808080808001 01 01 00",
	"entries times bits that overflow":      "42 00 00 01 00 0e ffffffffffffffffff01 ffffffff0f 07 00",
	"a filter with bytes behind it":         "42 00 00 01 00 06 01 0a 07 0000 00 00",
	"more heads than bytes":                 "42 ffffffff0f",
	"more needed changes than bytes":        "42 00 ffffffffffffffff7f",
	"more entries of have than bytes":       "42 00 00 ff7f",
	"more changes than bytes":               "42 00 00 00 ffffffff0f",
	"a change longer than the message":      "42 00 00 00 01 ffffffff0f 00",
	"a number longer than it needs to be":   "42 80 00 00 00 00",
	"a number that does not end":            "42 ffffffffffffffffffffffff",
	"another version":                       "44 00 00 00 00",
	"nothing":                               "",
	"a persisted sync state, not a message": "43 01",
}

func TestCraftedMessagesAreRefused(t *testing.T) {
	for name, text := range crafted {
		data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if m, err := exchange.Decode(data, exchange.Limits{}); err == nil {
			t.Errorf("%s: accepted as %+v", name, m)
		}
	}
}

// Whatever comes in: no panic, no more memory than a small multiple of the input,
// what is accepted encodes to something that decodes to the same, and a document
// takes it in and answers.
func FuzzDecode(f *testing.F) {
	for _, text := range crafted {
		data, _ := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		f.Add(data)
	}
	a := historytest.New("a")
	a.Put("k", "1")
	var s exchange.State
	f.Add(bytes.Clone(exchange.NewRound(a.History).Generate(&s).Bytes()))
	s.Receive(a.History, &exchange.Message{Version: exchange.V1, Have: []exchange.Have{{}}, Flags: &exchange.Flags{}})
	f.Add(bytes.Clone(exchange.NewRound(a.History).Generate(&s).Bytes()))

	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := exchange.Decode(data, exchange.Limits{})
		runtime.ReadMemStats(&after)
		// A change of one byte takes the 24 of a slice header, twice while growing.
		if used, most := after.TotalAlloc-before.TotalAlloc, uint64(96*len(data)+64<<10); used > most {
			t.Fatalf("%d bytes of input took %d bytes of memory", len(data), used)
		}
		if err != nil {
			return
		}
		encoded := m.Append(nil)
		again, err := exchange.Decode(encoded, exchange.Limits{})
		if err != nil || !bytes.Equal(again.Append(nil), encoded) {
			t.Fatalf("%x is encoded as %x, %v", data, encoded, err)
		}
		author := historytest.New("b")
		author.Put("k", "1")
		h := author.History
		if _, err := m.Offer(h, nil); err == nil {
			h.MarkDurable(h.Len())
		}
		var s exchange.State
		s.Receive(h, m)
		exchange.NewRound(h).Generate(&s).Bytes()
	})
}
