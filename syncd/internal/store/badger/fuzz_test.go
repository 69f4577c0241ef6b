package badger

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/tavle-org/tavle/syncd/internal/store/storetest"
)

// FuzzRecord gives the decoder records whose checksum is right, as a faulty
// writer could: it must answer with changes or an error, within its limits.
func FuzzRecord(f *testing.F) {
	c, err := newCodec()
	if err != nil {
		f.Fatal(err)
	}
	defer c.close()
	doc := storetest.Document(1)
	for _, changes := range [][][]byte{
		{{}}, storetest.Changes(doc, 0, 1, 350), storetest.Changes(doc, 0, 30, 350), storetest.Changes(doc, 0, 2, 20_000),
	} {
		r, _ := c.encodeRecord(doc, 0, changes)
		h, err := parseHeader(r.value)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.value[:h.prefix], r.value[h.length:])
	}
	f.Add([]byte{encodingRaw, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1}, []byte{0})
	f.Fuzz(func(t *testing.T, head, body []byte) {
		value := slices.Concat(head, make([]byte, sumBytes), body)
		h, err := parseHeader(value)
		if err != nil || h.prefix > len(head) {
			return
		}
		guard := sumOf(recordKey(doc, 0, 0), value[:h.prefix], value[h.length:])
		binary.BigEndian.PutUint64(value[h.prefix:], uint64(guard))
		h.sum = guard
		changes, err := c.decodeRecord(doc, 0, h, value)
		if err == nil && len(changes) != h.changes {
			t.Fatalf("%d changes, header says %d", len(changes), h.changes)
		}
	})
}

// FuzzMeta does the same for descriptions. What is accepted is written back as
// it was.
func FuzzMeta(f *testing.F) {
	doc := storetest.Document(1)
	for _, m := range []meta{{}, {changes: 3, reserved: 9, storedBytes: 1 << 40, digest: 7, heads: storetest.Heads(1, 3)}} {
		f.Add(m.encode(doc)[:len(m.encode(doc))-sumBytes])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		value := binary.BigEndian.AppendUint64(bytes.Clone(b), uint64(sumOf(metaKey(doc), b)))
		m, err := decodeMeta(doc, value)
		if err != nil {
			return
		}
		again, err := decodeMeta(doc, m.encode(doc))
		if err != nil || again.changes != m.changes || again.reserved != m.reserved || again.records != m.records ||
			again.storedBytes != m.storedBytes || again.digest != m.digest || !slices.Equal(again.heads, m.heads) {
			t.Fatalf("%+v became %+v, %v", m, again, err)
		}
	})
}
