package chunk

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
)

// Inputs below smallInput bytes may not make the package allocate more than
// their budget, whatever run lengths and counts they claim.
const (
	smallInput     = 1 << 10
	changeBudget   = 2 << 20 // inflating takes most of it
	documentBudget = 16 << 20
)

var (
	fuzzLimits         = Limits{BytesMax: 256 << 10}
	fuzzDocumentLimits = Limits{BytesMax: 256 << 10, OpsMax: 10_000, ChangesMax: 1_000, DocumentOpsMax: 10_000}
)

// withinBudget runs f and fails if it allocated too much for an input of size
// bytes. The fuzzing engine allocates beside it, but little.
func withinBudget(t *testing.T, size int, budget uint64, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; size < smallInput && used > budget {
		t.Errorf("%d bytes made it allocate %d", size, used)
	}
}

// checkError demands that err says whose fault it is.
func checkError(t *testing.T, err error) {
	t.Helper()
	for _, kind := range []error{ErrMalformed, ErrChecksum, ErrLimit, ErrType} {
		if errors.Is(err, kind) {
			return
		}
	}
	t.Errorf("error of no kind: %v", err)
}

// checkChange parses data, and if that is accepted, everything has to fit.
func checkChange(t *testing.T, data []byte) (accepted bool) {
	t.Helper()
	var c *Change
	var err error
	withinBudget(t, len(data), changeBudget, func() { c, err = ParseChange(data, fuzzLimits) })
	if err != nil {
		checkError(t, err)
		ReadChange(data) // may accept it, may not panic
		if c, err := ReadChange(data); err == nil {
			for i := range c.Ops() {
				if i >= fuzzLimits.withDefaults().OpsMax {
					break
				}
			}
		}
		return false
	}
	again, err := Build(specOf(c))
	if err != nil {
		t.Fatalf("accepted change cannot be built: %v", err)
	}
	if !bytes.Equal(again.Bytes(), c.Bytes()) || again.Hash != c.Hash {
		t.Fatalf("accepted change is not canonical:\n%x\n%x", c.Bytes(), again.Bytes())
	}
	if n := len(specOf(c).Ops); n != c.OpCount {
		t.Fatalf("%d operations, OpCount is %d", n, c.OpCount)
	}
	read, err := ReadChange(c.Bytes())
	if err != nil || read.Hash != c.Hash || read.OpCount != c.OpCount || read.MaxOp() != c.MaxOp() {
		t.Fatalf("ReadChange: %v", err)
	}
	travelled, err := ParseChange(Deflate(nil, c.Bytes()), Limits{})
	if err != nil || !bytes.Equal(travelled.Bytes(), c.Bytes()) {
		t.Fatalf("deflated and inflated: %v", err)
	}
	return true
}

// crafted has inputs that hurt other implementations.
func crafted(t testing.TB) [][]byte {
	var inputs [][]byte
	for _, s := range []string{
		"42000001000301000700",              // a sync message whose filter divides by zero
		"420000010008010affffffff0f000000",  // a sync message with 2^32-1 probes
		"f6",                                // CBOR null as a whole frame
		"856f4a83b81a95440004000000" + "00", // an empty document
		"856f4a83",
	} {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		inputs = append(inputs, b)
	}
	outside := later(t, Op{Object: OpID{1, 7}, Key: "k", Action: ActionSet})
	var e opEncoder
	e.append(&Op{Key: "k", Action: ActionSet})
	cols := e.finish()
	cols[colAction] = append(appendSleb(nil, 30_000_000), 1)
	long := encodeChange(&Spec{Actor: "a", Seq: 1, StartOp: 1}, cols)
	cols[colAction] = append(appendSleb(nil, 1<<40), 1)
	longer := encodeChange(&Spec{Actor: "a", Seq: 1, StartOp: 1}, cols)
	bomb := appendContainer(nil, TypeDeflated, [checksumBytes]byte{}, deflate(t, make([]byte, 1<<20)))
	return append(inputs, encodeSpec(outside), long, longer, bomb)
}

func FuzzParseChange(f *testing.F) {
	for _, v := range vectors(f) {
		for _, c := range v.Changes {
			f.Add(unbase64(f, c.Bytes))
			if c.Deflated != "" {
				f.Add(unbase64(f, c.Deflated))
			}
		}
	}
	for _, b := range crafted(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkChange(t, data)
		// The same as a chunk with a checksum that is right, which no mutation would find.
		if frame, err := cutFrame(data, len(data)); err == nil {
			checkChange(t, encodeChunk(TypeChange, frame.body))
		}
		checkChange(t, encodeChunk(TypeChange, data))
	})
}

func checkDocument(t *testing.T, data []byte) {
	t.Helper()
	var changes []*Change
	var err error
	withinBudget(t, len(data), documentBudget, func() { changes, err = ParseDocument(data, fuzzDocumentLimits) })
	if err != nil {
		checkError(t, err)
		return
	}
	for _, c := range changes {
		if p, err := ParseChange(c.Bytes(), Limits{}); err != nil || p.Hash != c.Hash {
			t.Fatalf("a change of an accepted document: %v", err)
		}
	}
}

func FuzzParseDocument(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(unbase64(f, v.Document))
	}
	for _, b := range crafted(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkDocument(t, data)
		if frame, err := cutFrame(data, len(data)); err == nil {
			checkDocument(t, encodeChunk(TypeDocument, frame.body))
		}
	})
}

// Whatever document is accepted, its changes are written to one that means the
// same, and verified; and a document that is verified to have some changes is,
// but for its columns' encoding, the one that is written of them.
func checkRewritten(t *testing.T, data []byte) {
	t.Helper()
	heads, headsErr := DocumentHeads(data, fuzzDocumentLimits)
	changes, err := ParseDocument(data, fuzzDocumentLimits)
	if err != nil {
		return
	}
	if headsErr != nil || len(heads) > len(changes) {
		t.Fatalf("%d heads of %d changes, %v", len(heads), len(changes), headsErr)
	}
	verified := VerifyDocument(data, changes, fuzzDocumentLimits, nil)
	if verified != nil {
		checkError(t, verified)
	}
	built, err := BuildDocument(changes, Limits{}, nil)
	if err != nil {
		checkError(t, err) // changes that no history accepts, for instance of an object that is none
		return
	}
	if err := VerifyDocument(built, changes, Limits{}, nil); err != nil {
		t.Fatalf("written of accepted changes: %v", err)
	}
	if verified == nil {
		sameRows(t, data, built)
	}
}

// sameRows fails if a reader sees something else in one document than in the
// other. How columns are encoded does not count.
func sameRows(t *testing.T, got, want []byte) {
	t.Helper()
	g, w := inflated(t, got), inflated(t, want)
	if !slices.Equal(g.heads, w.heads) || !slices.Equal(g.headIndexes, w.headIndexes) || !slices.Equal(g.actors, w.actors) {
		t.Fatalf("heads %v %v, actors %q, want %v %v %q", g.heads, g.headIndexes, g.actors, w.heads, w.headIndexes, w.actors)
	}
	for _, d := range []*document{g, w} {
		if err := d.readRows(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(g.edges, w.edges) || len(g.rows) != len(w.rows) {
		t.Fatalf("%d rows with %d successors, want %d with %d", len(g.rows), len(g.edges), len(w.rows), len(w.edges))
	}
	for i, row := range g.rows {
		other := w.rows[i]
		if value, want := g.value(row), w.value(other); value != want {
			t.Fatalf("row %d has value %x, want %x", i, value, want)
		}
		if mark, want := g.mark(row), w.mark(other); mark != want {
			t.Fatalf("row %d begins mark %q, want %q", i, mark, want)
		}
		row.mark, other.mark = 0, 0
		if row != other {
			t.Fatalf("row %d is %+v, want %+v", i, row, other)
		}
	}
}

func (d *document) value(row docRow) string {
	return string(d.ops[docValue][row.valueAt:][:row.valueLen])
}

func (d *document) mark(row docRow) string {
	if row.mark < 0 {
		return "none"
	}
	return "named " + d.marks[row.mark]
}

func FuzzDocumentRewritten(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(unbase64(f, v.Document))
		d := inflated(f, unbase64(f, v.Document))
		f.Add(encodeDocument(d, make([]byte, len(d.heads))...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkRewritten(t, data)
		if frame, err := cutFrame(data, len(data)); err == nil {
			checkRewritten(t, encodeChunk(TypeDocument, frame.body))
		}
	})
}

func FuzzSplit(f *testing.F) {
	var file []byte
	for _, v := range vectors(f)[:5] {
		document := unbase64(f, v.Document)
		f.Add(document)
		file = append(file, document...)
		file = append(file, unbase64(f, v.Changes[0].Bytes)...)
	}
	f.Add(file)
	for _, b := range crafted(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var joined []byte
		withinBudget(t, len(data), changeBudget, func() {
			for raw, err := range Split(data, Limits{}) {
				if err != nil {
					checkError(t, err)
					return
				}
				joined = append(joined, raw.Bytes...)
			}
		})
		if !bytes.HasPrefix(data, joined) {
			t.Error("the parts are not the front of the file")
		}
	})
}

// TestMutations does some of the fuzzing in every test run: it changes bytes of
// the vectors, repairs the checksum and holds what is accepted against Build.
func TestMutations(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	accepted, refused := 0, 0
	for _, v := range vectors(t) {
		for _, c := range v.Changes[:min(len(v.Changes), 8)] {
			data := unbase64(t, c.Bytes)
			f, err := cutFrame(data, len(data))
			if err != nil {
				t.Fatal(err)
			}
			if len(f.body) > 4000 {
				continue
			}
			for range 100 {
				body := slices.Clone(f.body)
				for range 1 + rng.IntN(3) {
					switch at := rng.IntN(len(body)); rng.IntN(4) {
					case 0:
						body = slices.Delete(body, at, at+1)
					case 1:
						body = slices.Insert(body, at, byte(rng.IntN(256)))
					case 2:
						body[at] ^= 1 << rng.IntN(8)
					default:
						body[at] = body[rng.IntN(len(body))]
					}
				}
				if checkChange(t, encodeChunk(TypeChange, body)) {
					accepted++
				} else {
					refused++
				}
			}
		}
	}
	if accepted < 100 || refused < 100 {
		t.Errorf("%d accepted, %d refused", accepted, refused)
	}
	t.Logf("%d accepted, %d refused", accepted, refused)
}
