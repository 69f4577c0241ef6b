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
	c := newCodec()
	doc := storetest.Document(1)
	for _, changes := range [][][]byte{
		{{}}, storetest.Changes(doc, 0, 1, 350), storetest.Changes(doc, 0, 30, 350), storetest.Changes(doc, 0, 2, 20_000),
	} {
		r, _ := c.encodeRecord(doc, 0, changes, effortCommit)
		h, err := parseHeader(r.value)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.value[:h.prefix], r.value[h.length:])
	}
	board := newCorpus(f, 7, corpusPosts(f, 1))
	for _, n := range []int{1, 3, 40, -3, -40} {
		effort := effortCommit
		if n < 0 {
			n, effort = -n, effortMerge
		}
		r, _ := c.encodeRecord(doc, 0, board.take(n), effort)
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

// FuzzLean: whatever the changes are, a lean body gives them back; and whatever a
// body is, it gives changes or an error.
func FuzzLean(f *testing.F) {
	board := newCorpus(f, 7, corpusPosts(f, 1)).take(6)
	f.Add(board[0], board[1], board[2])
	f.Add(board[5], board[5][:9], board[4])
	f.Add([]byte{}, []byte{0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0, 1, 0}, []byte{3, 1, 1})
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		want := [][]byte{a, seal(bytes.Clone(b)), seal(child(a, b)), seal(child(b, c)), c}
		var body []byte
		var before hashes
		for _, change := range want {
			body = appendLean(body, change, &before)
		}
		if got, err := growLean(body, len(want)); err != nil || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("%x\nbecame %x\n%v", want, got, err)
		}
		if got, err := growLean(c, len(b)); err == nil && len(got) != len(b) {
			t.Fatalf("%d changes, want %d", len(got), len(b))
		}
	})
}
