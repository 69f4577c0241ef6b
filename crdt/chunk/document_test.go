package chunk

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tavle-org/tavle/crdt/id"
)

// takeApart reads the frame and the columns of a vector's document.
func takeApart(t testing.TB, name string) *document {
	t.Helper()
	for _, v := range vectors(t) {
		if v.Name != name {
			continue
		}
		d := &document{lim: DefaultLimits}
		if err := d.readFrame(unbase64(t, v.Document)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	t.Fatalf("no vector %q", name)
	return nil
}

// encodeDocument puts a document together again, without deflating anything.
func encodeDocument(d *document, suffix ...byte) []byte {
	body := appendUleb(nil, uint64(len(d.actors)))
	for _, a := range d.actors {
		body = appendBytes(body, string(a))
	}
	body = appendUleb(body, uint64(len(d.heads)))
	for _, h := range d.heads {
		body = append(body, h[:]...)
	}
	list := func(specs []uint64, cols [][]byte) {
		count := uint64(0)
		for _, col := range cols {
			if len(col) > 0 {
				count++
			}
		}
		body = appendUleb(body, count)
		for k, col := range cols {
			if len(col) > 0 {
				body = appendUleb(appendUleb(body, specs[k]), uint64(len(col)))
			}
		}
	}
	list(docChangeSpecs, d.changes)
	list(docOpSpecs, d.ops)
	for _, col := range slices.Concat(d.changes, d.ops) {
		body = append(body, col...)
	}
	return encodeChunk(TypeDocument, append(body, suffix...))
}

func TestDocumentWithoutDeflateOrIndexes(t *testing.T) {
	for _, v := range vectors(t) {
		d := takeApart(t, v.Name)
		for _, suffix := range [][]byte{nil, make([]byte, len(d.heads))} {
			changes, err := ParseDocument(encodeDocument(d, suffix...), Limits{})
			if err != nil || len(changes) != len(v.Changes) {
				t.Errorf("%s: %d changes, want %d: %v", v.Name, len(changes), len(v.Changes), err)
			}
		}
		if _, err := ParseDocument(encodeDocument(d, make([]byte, len(d.heads)+1)...), Limits{}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: a byte too many at the end: %v", v.Name, err)
		}
	}
}

func TestEmptyDocument(t *testing.T) {
	changes, err := ParseDocument(encodeChunk(TypeDocument, []byte{0, 0, 0, 0}), Limits{})
	if err != nil || len(changes) != 0 {
		t.Errorf("%d changes, %v", len(changes), err)
	}
}

// TestDocumentColumns changes a good document of three changes by one actor, one
// thing at a time. What its rows are does not matter here.
func TestDocumentColumns(t *testing.T) {
	const name = "deletes"
	rows := uint64(len(parsed(t, name).rows))
	all := func(v ...byte) []byte { return append(appendSleb(nil, int64(rows)), v...) }
	for what, c := range map[string]struct {
		change func(d *document)
		kind   error
		why    string
	}{
		"another head":        {func(d *document) { d.heads[0][5]++ }, ErrChecksum, "heads"},
		"a head too many":     {func(d *document) { d.heads = append(d.heads, id.ChangeHash{0xff}) }, ErrChecksum, "heads"},
		"no heads":            {func(d *document) { d.heads = nil }, ErrChecksum, "heads"},
		"another actor":       {func(d *document) { d.actors[0] = "other" }, ErrChecksum, "heads"},
		"an actor twice":      {func(d *document) { d.actors = append(d.actors, d.actors[0]) }, ErrMalformed, "actors out of order"},
		"another time":        {func(d *document) { d.changes[docTime] = []byte{3, 1} }, ErrChecksum, "heads"},
		"unknown actor":       {func(d *document) { d.changes[docActor] = []byte{3, 1} }, ErrMalformed, "actor, sequence"},
		"sequence with a gap": {func(d *document) { d.changes[docSeq] = []byte{0x7d, 1, 1, 2} }, ErrMalformed, "sequence number 4 after 2"},
		"sequence too short":  {func(d *document) { d.changes[docSeq] = []byte{2, 1} }, ErrMalformed, "too few"},
		"max op going down":   {func(d *document) { d.changes[docMaxOp] = []byte{0x7d, 0x3f, 0x3f, 0x7f} }, ErrMalformed, "lower max op"},
		"max op too low":      {func(d *document) { d.changes[docMaxOp] = []byte{3, 1} }, ErrMalformed, "belongs to no change"},
		"max op too high": {func(d *document) {
			col := slices.Clone(d.changes[docMaxOp])
			col[len(col)-1] += 5
			d.changes[docMaxOp] = col
		}, ErrMalformed, "are missing"},
		"dependency on itself":     {func(d *document) { d.changes[docDep] = []byte{2, 1} }, ErrMalformed, "depends on a change"},
		"more dependencies":        {func(d *document) { d.changes[docDepCount] = []byte{3, 1} }, ErrMalformed, "more dependencies"},
		"dependency left over":     {func(d *document) { d.changes[docDep] = append(d.changes[docDep], 0x7f, 0) }, ErrMalformed, "too many"},
		"extra bytes too few":      {func(d *document) { d.changes[docExtraMeta] = []byte{3, 0x17} }, ErrMalformed, "more extra bytes"},
		"extra bytes left over":    {func(d *document) { d.changes[docExtra] = []byte{1} }, ErrMalformed, "too many bytes"},
		"unknown extra bytes":      {func(d *document) { d.changes[docExtraMeta], d.changes[docExtra] = []byte{3, 0x17}, []byte{9, 9, 9} }, ErrMalformed, "unknown bytes"},
		"message that is no UTF-8": {func(d *document) { d.changes[docMessage] = []byte{3, 1, 0xff} }, ErrMalformed, "message: not UTF-8"},
		"id twice": {func(d *document) {
			d.ops[docIDCounter] = append([]byte{0x7f, 1}, appendSleb(nil, int64(rows-1))...)
			d.ops[docIDCounter] = append(d.ops[docIDCounter], 0)
		}, ErrMalformed, "two operations have its id"},
		"id of no change":        {func(d *document) { d.ops[docIDCounter] = append(all(), 0x3f) }, ErrMalformed, "belongs to no change"},
		"no ids":                 {func(d *document) { d.ops[docIDCounter], d.ops[docIDActor] = nil, nil }, ErrMalformed, "has no id"},
		"id by an unknown actor": {func(d *document) { d.ops[docIDActor] = all(1) }, ErrMalformed, "an id is out of range"},
		"counter of 2^40+1":      {func(d *document) { d.ops[docIDCounter] = append(all(), appendSleb(nil, 1<<40+1)...) }, ErrMalformed, "an id is out of range"},
		"unknown action":         {func(d *document) { d.ops[docAction] = all(8) }, ErrMalformed, "unknown action"},
		"value too long":         {func(d *document) { d.ops[docValue] = d.ops[docValue][1:] }, ErrMalformed, "bad value"},
		"value left over":        {func(d *document) { d.ops[docValue] = append(d.ops[docValue], 1) }, ErrMalformed, "too many bytes"},
		"no keys":                {func(d *document) { d.ops[docKeyString] = nil }, ErrMalformed, "neither a map key"},
		"key that is no UTF-8":   {func(d *document) { d.ops[docKeyString] = all(1, 0xff) }, ErrMalformed, "not UTF-8"},
		"successor left out":     {func(d *document) { d.ops[docSuccCount], d.ops[docSuccActor], d.ops[docSuccCounter] = all(0), nil, nil }, ErrChecksum, "heads"},
		"2^40 successors":        {func(d *document) { d.ops[docSuccCount] = append(all(), appendUleb(nil, 1<<40)...) }, ErrMalformed, "too many successors"},
		"successor by no one":    {func(d *document) { d.ops[docSuccActor] = nil }, ErrMalformed, "an id is out of range"},
		"no rows":                {func(d *document) { d.ops = make([][]byte, docOpColumns) }, ErrChecksum, "heads"},
		"no changes":             {func(d *document) { d.changes = make([][]byte, docChangeColumns) }, ErrMalformed, "belongs to no change"},
	} {
		t.Run(what, func(t *testing.T) {
			d := takeApart(t, name)
			for k := range d.changes {
				d.changes[k] = slices.Clip(d.changes[k])
			}
			c.change(d)
			_, err := ParseDocument(encodeDocument(d), Limits{})
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("got %v, want %v: %s", err, c.kind, c.why)
			}
		})
	}
}

// parsed is a vector's document with everything in it still there.
func parsed(t testing.TB, name string) *document {
	t.Helper()
	d := takeApart(t, name)
	d.growth = 1 << 20
	for _, step := range []func() error{d.readChanges, d.readRows, d.assign, d.buildChanges} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func TestDocumentContainer(t *testing.T) {
	good := encodeDocument(takeApart(t, "deletes"))
	for name, data := range map[string][]byte{
		"cut off":          good[:len(good)-1],
		"followed by more": append(slices.Clone(good), 0),
		"wrong magic":      append([]byte{0}, good[1:]...),
	} {
		if _, err := ParseDocument(data, Limits{}); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	bad := slices.Clone(good)
	bad[len(bad)-1]++
	if _, err := ParseDocument(bad, Limits{}); !errors.Is(err, ErrChecksum) || strings.Contains(err.Error(), "heads") {
		t.Errorf("wrong checksum: %v", err)
	}
	if _, err := ParseChange(good, Limits{}); !errors.Is(err, ErrType) {
		t.Errorf("a document as a change: %v", err)
	}
}

func TestDocumentLimits(t *testing.T) {
	d := parsed(t, "deletes") // three changes by one actor
	data := encodeDocument(d)
	most := 0
	for _, c := range d.built {
		most = max(most, c.OpCount)
	}
	for name, c := range map[string]struct{ fits, tight Limits }{
		"bytes":      {Limits{BytesMax: len(data)}, Limits{BytesMax: len(data) - 1}},
		"changes":    {Limits{ChangesMax: 3}, Limits{ChangesMax: 2}},
		"operations": {Limits{OpsMax: most}, Limits{OpsMax: most - 1}},
		// All operations with those that are deletions and have no row.
		"all operations": {Limits{DocumentOpsMax: len(d.slots)}, Limits{DocumentOpsMax: len(d.slots) - 1}},
	} {
		if _, err := ParseDocument(data, c.fits); err != nil {
			t.Errorf("%s: at the limit: %v", name, err)
		}
		if _, err := ParseDocument(data, c.tight); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: over the limit: %v", name, err)
		}
	}

	// A message that stands once in the document and in each of 121 changes.
	many := takeApart(t, "many small changes")
	many.changes[docMessage] = append(appendSleb(nil, 121), appendBytes(nil, strings.Repeat("m", 1000))...)
	data = encodeDocument(many)
	if _, err := ParseDocument(data, Limits{BytesMax: len(data)}); !errors.Is(err, ErrLimit) {
		t.Errorf("a document that grows %d times: %v", 121*1000/len(data), err)
	}
	// Deflated columns count with what they inflate to, and together with plain ones.
	zeros := make([]byte, 1000)
	small := deflate(t, zeros)
	body := append([]byte{0, 0, 1, 0x35 | deflatedBit, byte(len(small)), 1, 0x15}, appendUleb(nil, uint64(len(zeros)))...)
	data = encodeChunk(TypeDocument, slices.Concat(body, small, zeros))
	for limit, want := range map[int]error{2000: ErrMalformed, 1999: ErrLimit, len(data): ErrLimit} {
		if _, err := ParseDocument(data, Limits{BytesMax: limit}); !errors.Is(err, want) {
			t.Errorf("2000 bytes of columns, %d allowed: %v", limit, err)
		}
	}
	body = append([]byte{0, 0, 1, 0x35 | deflatedBit}, appendUleb(nil, uint64(len(deflate(t, make([]byte, 1<<20)))))...)
	body = append(append(body, 0), deflate(t, make([]byte, 1<<20))...)
	if _, err := ParseDocument(encodeChunk(TypeDocument, body), Limits{BytesMax: 1 << 19}); !errors.Is(err, ErrLimit) {
		t.Errorf("a column that inflates to a lot: %v", err)
	}
}
