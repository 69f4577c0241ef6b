package chunk

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"

	"github.com/tavle-org/tavle/crdt/id"
)

// The base change makes, with the ids that the operations below use: a text
// (1) with the characters 2, 3 and 4, a counter (5), a list (6) with an
// element (7). It is the work of the actor "base", in the tests below actor 1.
func baseSpec() Spec {
	text, list := OpID{Counter: 1}, OpID{Counter: 6}
	return Spec{Actor: "base", Seq: 1, StartOp: 1, Ops: []Op{
		{Key: "t", Action: ActionMakeText},
		{Object: text, Sequence: true, Insert: true, Action: ActionSet, Value: StringValue("a")},
		{Object: text, Sequence: true, Elem: OpID{2, 0}, Insert: true, Action: ActionSet, Value: StringValue("b")},
		{Object: text, Sequence: true, Elem: OpID{3, 0}, Insert: true, Action: ActionSet, Value: StringValue("c")},
		{Key: "c", Action: ActionSet, Value: CounterValue(1)},
		{Key: "l", Action: ActionMakeList},
		{Object: list, Sequence: true, Insert: true, Action: ActionSet, Value: UintValue(300)},
	}}
}

// later is a change by "evil" on top of the base change.
func later(t testing.TB, ops ...Op) Spec {
	t.Helper()
	base, err := Build(baseSpec())
	if err != nil {
		t.Fatal(err)
	}
	return Spec{
		Deps: []id.ChangeHash{base.Hash}, Actor: "evil", Seq: 1, StartOp: 8, Others: []id.Actor{"base"}, Ops: ops,
	}
}

// encodeSpec writes a change that Build might refuse.
func encodeSpec(s Spec) []byte {
	var e opEncoder
	for i := range s.Ops {
		e.append(&s.Ops[i])
	}
	return encodeChange(&s, e.finish())
}

func wantRefused(t *testing.T, data []byte, kind error, why string) {
	t.Helper()
	_, err := ParseChange(data, Limits{})
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), why) {
		t.Errorf("got %v, want %v: %s", err, kind, why)
	}
}

var (
	inText   = OpID{1, 1}
	elemA    = OpID{2, 1}
	elemB    = OpID{3, 1}
	inList   = OpID{6, 1}
	setKey   = Op{Key: "t", Action: ActionSet, Pred: []OpID{{1, 1}}}
	intValue = IntValue(1)
)

func mark(after OpID) Op {
	return Op{Object: inText, Sequence: true, Insert: true, Elem: after, Action: ActionMark, HasMarkName: true, MarkName: "b", Value: BoolValue(true)}
}

func markEnd(after OpID) Op {
	return Op{Object: inText, Sequence: true, Insert: true, Elem: after, Action: ActionMark}
}

func with(op Op, change func(*Op)) Op {
	change(&op)
	return op
}

// TestPoison lists operations that make no sense. Of those marked with (poison)
// the JS library 3.5.0 was seen to panic, or to save a document that it cannot
// load.
func TestPoison(t *testing.T) {
	del := Op{Key: "t", Action: ActionDelete, Pred: []OpID{{1, 1}}}
	inc := Op{Key: "c", Action: ActionIncrement, Value: intValue, Pred: []OpID{{5, 1}}}
	for name, c := range map[string]struct {
		ops []Op
		why string
	}{
		"delete without predecessor (poison)":    {[]Op{with(del, func(o *Op) { o.Pred = nil }), setKey}, "deletes nothing"},
		"delete with a value (poison)":           {[]Op{with(del, func(o *Op) { o.Value = intValue })}, "has a value"},
		"delete that inserts":                    {[]Op{{Object: inText, Sequence: true, Insert: true, Action: ActionDelete}}, "deletes nothing"},
		"make with a value (poison)":             {[]Op{setKey, {Key: "z", Action: ActionMakeMap, Value: intValue}}, "has a value"},
		"increment without predecessor":          {[]Op{setKey, with(inc, func(o *Op) { o.Pred = nil })}, "increments nothing"},
		"increment by a uint":                    {[]Op{with(inc, func(o *Op) { o.Value = UintValue(1) })}, "no integer"},
		"increment by a lot (poison)":            {[]Op{with(inc, func(o *Op) { o.Value = IntValue(math.MaxInt64) })}, "out of range"},
		"counter past 2^53 (poison)":             {[]Op{with(setKey, func(o *Op) { o.Value = CounterValue(1 << 54) })}, "counter is out of range"},
		"insert with a predecessor (poison)":     {[]Op{{Object: inText, Sequence: true, Elem: elemA, Insert: true, Action: ActionSet, Pred: []OpID{elemA}}}, "new element"},
		"insert into a map":                      {[]Op{with(setKey, func(o *Op) { o.Insert, o.Pred = true, nil }), del}, "inserts into a map"},
		"insert into the root":                   {[]Op{setKey, {Sequence: true, Insert: true, Action: ActionSet}}, "root is not a sequence"},
		"set of the head (poison)":               {[]Op{{Object: inText, Sequence: true, Action: ActionSet}}, "head of a sequence"},
		"predecessors out of order (poison)":     {[]Op{with(del, func(o *Op) { o.Pred = []OpID{{5, 1}, {1, 1}} })}, "out of order"},
		"predecessor twice":                      {[]Op{with(del, func(o *Op) { o.Pred = []OpID{{1, 1}, {1, 1}} })}, "out of order"},
		"own predecessor (poison)":               {[]Op{del, with(setKey, func(o *Op) { o.Pred = []OpID{{9, 0}} })}, "not older"},
		"own element (poison)":                   {[]Op{del, {Object: inText, Sequence: true, Elem: OpID{9, 0}, Insert: true, Action: ActionSet}}, "not older"},
		"own object (poison)":                    {[]Op{del, {Object: OpID{9, 0}, Key: "k", Action: ActionMakeMap}}, "not older"},
		"predecessor from the future (poison)":   {[]Op{with(del, func(o *Op) { o.Pred = []OpID{{8, 1}} })}, "not older"},
		"another's from the future (poison)":     {[]Op{setKey, with(del, func(o *Op) { o.Pred = []OpID{{8, 1}} })}, "not older"},
		"end of no mark (poison)":                {[]Op{markEnd(elemA)}, "ends no mark"},
		"end not directly after (poison)":        {[]Op{mark(elemA), setKey, markEnd(elemB)}, "ends no mark"},
		"end twice":                              {[]Op{mark(elemA), markEnd(elemB), markEnd(elemB)}, "ends no mark"},
		"end in another object (poison)":         {[]Op{mark(elemA), with(markEnd(OpID{}), func(o *Op) { o.Object = inList })}, "ends no mark"},
		"end before its beginning (poison)":      {[]Op{mark(elemA), markEnd(elemA)}, "before its beginning"},
		"end with a value":                       {[]Op{mark(elemA), with(markEnd(elemB), func(o *Op) { o.Value = intValue })}, "has a value"},
		"mark that is not inserted":              {[]Op{with(mark(elemA), func(o *Op) { o.Insert = false })}, "is not inserted"},
		"expand flag on no mark (poison)":        {[]Op{with(setKey, func(o *Op) { o.Expand = true })}, "not a mark"},
		"mark name on no mark (poison)":          {[]Op{with(setKey, func(o *Op) { o.HasMarkName = true })}, "not a mark"},
		"null with bytes (poison)":               {[]Op{with(setKey, func(o *Op) { o.Value = Value{ValueNull, []byte{1}} })}, "bad value"},
		"true with bytes (poison)":               {[]Op{with(setKey, func(o *Op) { o.Value = Value{ValueTrue, []byte{1}} })}, "bad value"},
		"overlong integer":                       {[]Op{with(setKey, func(o *Op) { o.Value = Value{ValueInt, []byte{0x81, 0}} })}, "bad value"},
		"integer with a byte too many":           {[]Op{with(setKey, func(o *Op) { o.Value = Value{ValueUint, []byte{1, 1}} })}, "bad value"},
		"integer without bytes":                  {[]Op{with(setKey, func(o *Op) { o.Value = Value{ValueTimestamp, nil} })}, "bad value"},
		"float of 4 bytes":                       {[]Op{with(setKey, func(o *Op) { o.Value = Value{ValueFloat64, make([]byte, 4)} })}, "bad value"},
		"string that is not UTF-8":               {[]Op{with(setKey, func(o *Op) { o.Value = Value{ValueString, []byte{0xff}} })}, "bad value"},
		"unknown kind of value":                  {[]Op{with(setKey, func(o *Op) { o.Value = Value{10, []byte{1}} })}, "unknown kind"},
		"unknown action":                         {[]Op{with(setKey, func(o *Op) { o.Action = 8 })}, "unknown action"},
		"key that is not UTF-8":                  {[]Op{with(setKey, func(o *Op) { o.Key = "\xff" })}, "not UTF-8"},
		"surrogate in a key":                     {[]Op{with(setKey, func(o *Op) { o.Key = "\xed\xa0\x80" })}, "not UTF-8"},
		"actor that is not listed (poison)":      {[]Op{with(setKey, func(o *Op) { o.Pred = []OpID{{1, 2}} })}, "actor of an id"},
		"listed actor that is not used (poison)": {[]Op{{Key: "z", Action: ActionSet}}, "no operation names it"},
		"counter 0 with an actor":                {[]Op{with(setKey, func(o *Op) { o.Pred = []OpID{{0, 1}} })}, "counter of an id"},
	} {
		t.Run(name, func(t *testing.T) {
			s := later(t, c.ops...)
			wantRefused(t, encodeSpec(s), ErrMalformed, c.why)
			if _, err := Build(s); err == nil {
				t.Error("Build made it")
			}
		})
	}
}

// TestSenseful has the near misses of TestPoison, which JS reads, applies, saves and loads.
func TestSenseful(t *testing.T) {
	for name, ops := range map[string][]Op{
		"empty key":                      {setKey, {Key: "", Action: ActionSet}},
		"mark over nothing":              {mark(elemA), markEnd(OpID{8, 0})},
		"mark":                           {mark(elemA), markEnd(elemB)},
		"beginning of a mark, twice":     {mark(elemA), mark(elemA), markEnd(elemB)},
		"deletion of what was just set":  {setKey, {Key: "t", Action: ActionDelete, Pred: []OpID{{8, 0}}}},
		"object made in the same change": {setKey, {Key: "m", Action: ActionMakeMap}, {Object: OpID{9, 0}, Key: "x", Action: ActionSet}},
		"table":                          {setKey, {Key: "m", Action: ActionMakeTable}},
		"same counter by two actors":     {{Key: "x", Action: ActionDelete, Pred: []OpID{{5, 1}, {5, 0}}}},
	} {
		if _, err := Build(later(t, ops...)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHeader(t *testing.T) {
	hash := func(b byte) id.ChangeHash { return id.ChangeHash{b} }
	for name, c := range map[string]struct {
		change func(*Spec)
		why    string
	}{
		"deps out of order":        {func(s *Spec) { s.Deps = []id.ChangeHash{hash(2), hash(1)} }, "dependencies out of order"},
		"dep twice":                {func(s *Spec) { s.Deps = []id.ChangeHash{hash(1), hash(1)} }, "dependencies out of order"},
		"no author":                {func(s *Spec) { s.Actor = "" }, "empty"},
		"long author":              {func(s *Spec) { s.Actor = id.Actor(strings.Repeat("a", 129)) }, "too long"},
		"sequence number 0":        {func(s *Spec) { s.Seq = 0 }, "sequence number 0"},
		"sequence number 2^32":     {func(s *Spec) { s.Seq = 1 << 32 }, "sequence number"},
		"start op 0":               {func(s *Spec) { s.StartOp = 0 }, "start op 0"},
		"start op 2^31":            {func(s *Spec) { s.StartOp = 1 << 31 }, "start op"},
		"last op 2^31":             {func(s *Spec) { s.StartOp, s.Ops = 1<<31-1, append(s.Ops, s.Ops...) }, "last operation"},
		"time 2^53":                {func(s *Spec) { s.Time = 1 << 53 }, "time"},
		"time -2^63":               {func(s *Spec) { s.Time = math.MinInt64 }, "time"},
		"message not UTF-8":        {func(s *Spec) { s.Message = "\xc0\x80" }, "message"},
		"author among the others":  {func(s *Spec) { s.Others = []id.Actor{"base", "evil"} }, "out of order or the author"},
		"others out of order":      {func(s *Spec) { s.Others = []id.Actor{"z", "base"} }, "out of order or the author"},
		"unknown bytes at the end": {func(s *Spec) { s.Extra = []byte{2, 1, 1} }, "unknown bytes"},
		"person cut off":           {func(s *Spec) { s.Extra = []byte{1, 3, 1} }, "bad field"},
		"person and more":          {func(s *Spec) { s.Extra = []byte{1, 1, 7, 0} }, "bad field"},
	} {
		t.Run(name, func(t *testing.T) {
			s := later(t, setKey)
			c.change(&s)
			wantRefused(t, encodeSpec(s), ErrMalformed, c.why)
		})
	}
	s := later(t, setKey)
	s.Extra = []byte{1, 2, 7, 8}
	c, err := Build(s)
	if err != nil || !bytes.Equal(c.Extra, s.Extra) {
		t.Errorf("a change for a person: %v", err)
	}
}

// TestColumns changes the columns of a good change one at a time.
func TestColumns(t *testing.T) {
	s := later(t, setKey, setKey)
	columns := func(change func(cols *[changeColumns][]byte)) []byte {
		var e opEncoder
		for i := range s.Ops {
			e.append(&s.Ops[i])
		}
		cols := e.finish()
		change(&cols)
		return encodeChange(&s, cols)
	}
	if _, err := ParseChange(columns(func(*[changeColumns][]byte) {}), Limits{}); err != nil {
		t.Fatal(err)
	}
	type cols = [changeColumns][]byte
	for name, c := range map[string]struct {
		change func(c *cols)
		why    string
	}{
		"insert is missing":           {func(c *cols) { c[colInsert] = nil }, "insert: missing"},
		"insert is short":             {func(c *cols) { c[colInsert] = []byte{1} }, "insert: has too few"},
		"insert is long":              {func(c *cols) { c[colInsert] = []byte{3} }, "insert: bad run length"},
		"insert is long by a run":     {func(c *cols) { c[colInsert] = []byte{2, 1} }, "insert: has too many"},
		"insert with an empty run":    {func(c *cols) { c[colInsert] = []byte{1, 0, 1} }, "insert: empty run"},
		"expand all false":            {func(c *cols) { c[colExpand] = []byte{2} }, "expand: all false"},
		"object of nothing but nulls": {func(c *cols) { c[colObjectActor] = []byte{0, 2} }, "object actor: has nothing but nulls"},
		"object without actor":        {func(c *cols) { c[colObjectCounter] = []byte{2, 1} }, "object has no actor"},
		"key twice":                   {func(c *cols) { c[colKeyActor], c[colKeyCounter] = []byte{2, 1}, []byte{2, 1} }, "both a map key"},
		"no key":                      {func(c *cols) { c[colKeyString] = nil }, "neither a map key"},
		"key as two literals":         {func(c *cols) { c[colKeyString] = []byte{0x7e, 1, 't', 1, 't'} }, "key string: runs could be merged"},
		"key with a long run":         {func(c *cols) { c[colKeyString] = []byte{3, 1, 't'} }, "key string: has too many"},
		"key cut off":                 {func(c *cols) { c[colKeyString] = []byte{2, 9, 't'} }, "key string: bad string length"},
		"action is null":              {func(c *cols) { c[colAction] = []byte{0, 2} }, "action: bad run length"},
		"value column without use":    {func(c *cols) { c[colValue] = []byte{0} }, "column value: has too many"},
		"value column too short":      {func(c *cols) { c[colValueMeta] = []byte{2, 0x16} }, "longer than its column"},
		"no value metadata":           {func(c *cols) { c[colValueMeta] = nil }, "unknown kind of value"},
		"no predecessor counts":       {func(c *cols) { c[colPredCount] = nil }, "predecessors"},
		"huge predecessor count":      {func(c *cols) { c[colPredCount] = append([]byte{2}, appendUleb(nil, 1<<40)...) }, "predecessors"},
		"fewer predecessors":          {func(c *cols) { c[colPredActor] = []byte{0x7f, 1} }, "predecessor actor: has too few"},
		"more predecessors":           {func(c *cols) { c[colPredActor] = []byte{3, 1} }, "predecessor actor: has too many"},
		"negative counter":            {func(c *cols) { c[colPredCounter] = []byte{2, 0x7f} }, "counter of an id"},
		"columns but no operations":   {func(c *cols) { c[colAction] = nil }, "without operations"},
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, columns(c.change), ErrMalformed, c.why) })
	}
}

// TestColumnList changes the list of columns of a good change by hand.
func TestColumnList(t *testing.T) {
	good := encodeSpec(Spec{Actor: "a", Seq: 1, StartOp: 1, Ops: []Op{{Key: "k", Action: ActionSet}}})
	f, err := cutFrame(good, len(good))
	if err != nil {
		t.Fatal(err)
	}
	// Five columns: key string, insert, action, value metadata, predecessor count.
	list := []byte{5, 0x15, 3, 0x34, 1, 0x42, 2, 0x56, 2, 0x70, 2}
	at := bytes.Index(f.body, list)
	if at < 0 {
		t.Fatalf("no column list in %x", f.body)
	}
	edit := func(from, to []byte) []byte {
		return encodeChunk(TypeChange, bytes.Replace(slices.Clone(f.body), from, to, 1))
	}
	for name, c := range map[string]struct {
		to  []byte
		why string
	}{
		"unknown column":     {[]byte{5, 0x15, 3, 0x34, 1, 0x42, 2, 0x56, 2, 0x60, 2}, "unknown or out of order"},
		"out of order":       {[]byte{5, 0x34, 3, 0x15, 1, 0x42, 2, 0x56, 2, 0x70, 2}, "unknown or out of order"},
		"twice":              {[]byte{5, 0x15, 3, 0x15, 1, 0x42, 2, 0x56, 2, 0x70, 2}, "unknown or out of order"},
		"deflated":           {[]byte{5, 0x1d, 3, 0x34, 1, 0x42, 2, 0x56, 2, 0x70, 2}, "deflated"},
		"empty":              {[]byte{6, 0x11, 0, 0x15, 3, 0x34, 1, 0x42, 2, 0x56, 2, 0x70, 2}, "length 0"},
		"longer than all":    {[]byte{5, 0x15, 3, 0x34, 1, 0x42, 2, 0x56, 2, 0x70, 99}, "length 99"},
		"longer than left":   {[]byte{5, 0x15, 3, 0x34, 1, 0x42, 2, 0x56, 2, 0x70, 3}, "columns end"},
		"shorter than there": {[]byte{5, 0x15, 3, 0x34, 1, 0x42, 2, 0x56, 2, 0x70, 1}, "unknown bytes"},
		"too many":           {[]byte{99, 0x15, 3}, "99 columns"},
		"overlong number":    {[]byte{5, 0x95, 0, 3, 0x34, 1, 0x42, 2, 0x56, 2, 0x70, 2}, "bad number"},
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, edit(list, c.to), ErrMalformed, c.why) })
	}
}

func TestContainer(t *testing.T) {
	good := encodeSpec(later(t, setKey))
	change := func(at int, b byte) []byte {
		bad := slices.Clone(good)
		bad[at] = b
		return bad
	}
	wantRefused(t, nil, ErrMalformed, "too few")
	wantRefused(t, good[:8], ErrMalformed, "too few")
	wantRefused(t, change(0, 0), ErrMalformed, "magic")
	wantRefused(t, change(4, good[4]+1), ErrChecksum, "checksum")
	wantRefused(t, change(len(good)-1, 9), ErrChecksum, "checksum")
	wantRefused(t, change(typeOffset, byte(TypeDocument)), ErrType, "document")
	wantRefused(t, change(typeOffset, byte(TypeBundle)), ErrType, "bundle")
	wantRefused(t, change(typeOffset, 4), ErrType, "unknown")
	wantRefused(t, good[:len(good)-1], ErrMalformed, "are left")
	wantRefused(t, append(slices.Clone(good), 0), ErrMalformed, "after the chunk")
	wantRefused(t, encodeChunk(TypeChange, nil), ErrMalformed, "bad number")
	if _, err := ParseDocument(good, Limits{}); !errors.Is(err, ErrType) {
		t.Errorf("a change as a document: %v", err)
	}
}

func deflate(t testing.TB, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(body)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDeflatedContainer(t *testing.T) {
	s := later(t, setKey)
	s.Message = strings.Repeat("again ", 200)
	plain := encodeSpec(s)
	f, err := cutFrame(plain, len(plain))
	if err != nil {
		t.Fatal(err)
	}
	body := deflate(t, f.body)
	wrap := func(b []byte) []byte { return appendContainer(nil, TypeDeflated, f.checksum, b) }
	c, err := ParseChange(wrap(body), Limits{})
	if err != nil || !bytes.Equal(c.Bytes(), plain) {
		t.Fatalf("good deflated change: %v", err)
	}
	wantRefused(t, wrap(append(slices.Clone(body), 0)), ErrMalformed, "1 bytes after the deflated")
	wantRefused(t, wrap(body[:len(body)-1]), ErrMalformed, "cut off")
	wantRefused(t, wrap([]byte{0xff, 0xff}), ErrMalformed, "damaged")
	wantRefused(t, wrap(nil), ErrMalformed, "")
	wantRefused(t, wrap(deflate(t, f.body[1:])), ErrChecksum, "checksum")
	wantRefused(t, wrap(deflate(t, make([]byte, 64<<20))), ErrLimit, "inflates to more")
	if _, err := ParseChange(wrap(body), Limits{BytesMax: len(plain)}); err != nil {
		t.Errorf("exactly as large as allowed: %v", err)
	}
	if _, err := ParseChange(wrap(body), Limits{BytesMax: len(plain) - 1}); !errors.Is(err, ErrLimit) {
		t.Errorf("one byte larger than allowed: %v", err)
	}
}

func TestLimits(t *testing.T) {
	s := later(t, setKey, with(setKey, func(o *Op) { o.Pred = []OpID{{1, 2}} }))
	s.Deps = append(s.Deps, id.ChangeHash{0xff, 0xff})
	s.Others = append(s.Others, "zz")
	good := encodeSpec(s)
	for name, c := range map[string]struct{ fits, tight Limits }{
		"bytes":        {Limits{BytesMax: len(good)}, Limits{BytesMax: len(good) - 1}},
		"operations":   {Limits{OpsMax: 2}, Limits{OpsMax: 1}},
		"actors":       {Limits{ActorsMax: 2}, Limits{ActorsMax: 1}},
		"dependencies": {Limits{DepsMax: 2}, Limits{DepsMax: 1}},
	} {
		if _, err := ParseChange(good, c.fits); err != nil {
			t.Errorf("%s: at the limit: %v", name, err)
		}
		if _, err := ParseChange(good, c.tight); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: over the limit: %v", name, err)
		}
	}
	// 30 million deletions in one run, in a hundred bytes or so.
	var e opEncoder
	e.append(&Op{Key: "k", Action: ActionSet})
	cols := e.finish()
	run := appendSleb(nil, 30_000_000)
	cols[colAction] = append(slices.Clone(run), 1)
	cols[colKeyString] = append(slices.Clone(run), 1, 'k')
	wantRefused(t, encodeChange(&Spec{Actor: "a", Seq: 1, StartOp: 1}, cols), ErrLimit, "more than 100000")
	cols[colAction] = append(appendSleb(nil, 1<<40), 1)
	wantRefused(t, encodeChange(&Spec{Actor: "a", Seq: 1, StartOp: 1}, cols), ErrLimit, "more than 100000")
}

func TestDeflate(t *testing.T) {
	sized := func(message string) []byte {
		s := later(t, setKey)
		s.Message = message
		return encodeSpec(s)
	}
	bodyBytes := func(data []byte) int {
		f, err := cutFrame(data, len(data))
		if err != nil {
			t.Fatal(err)
		}
		return len(f.body)
	}
	noise := strings.Builder{}
	rng := rand.New(rand.NewPCG(3, 4))
	for range 400 {
		noise.WriteByte(byte(rng.IntN(128)))
	}
	small := strings.Repeat("m", 256-bodyBytes(sized(strings.Repeat("m", 128)))+128)
	for name, c := range map[string]struct {
		data []byte
		want Type
	}{
		"a body of 256 bytes":   {sized(small), TypeChange},
		"a body of 257 bytes":   {sized(small + "m"), TypeDeflated},
		"one that gets no less": {sized(noise.String()), TypeChange},
		"no change at all":      {[]byte("far more than ten bytes, but no chunk"), 0},
	} {
		before := []byte("before")
		got := Deflate(slices.Clone(before), c.data)
		if !bytes.HasPrefix(got, before) {
			t.Fatalf("%s: what stood before was overwritten", name)
		}
		got = got[len(before):]
		if c.want != TypeDeflated {
			if !bytes.Equal(got, c.data) {
				t.Errorf("%s was changed", name)
			}
		} else if Type(got[typeOffset]) != TypeDeflated || len(got) >= len(c.data) {
			t.Errorf("%s: type %v, %d bytes of %d", name, Type(got[typeOffset]), len(got), len(c.data))
		}
	}
	if n := bodyBytes(sized(small)); n != 256 {
		t.Errorf("the small body has %d bytes", n)
	}
}

// What is known under its hash has been looked at.
func TestTheOperationsOfAKnownChangeAreNotLookedAt(t *testing.T) {
	data := encodeSpec(later(t, Op{Key: "k", Action: ActionDelete}))
	wantRefused(t, data, ErrMalformed, "deletes nothing")
	var asked id.ChangeHash
	known := func(yes bool) func(id.ChangeHash) bool {
		return func(hash id.ChangeHash) bool { asked = hash; return yes }
	}
	if _, err := ParseNewChange(data, Limits{}, known(false)); !errors.Is(err, ErrMalformed) {
		t.Errorf("a change that is not known: %v", err)
	}
	c, err := ParseNewChange(data, Limits{}, known(true))
	if err != nil || c.Hash != asked || c.OpCount != 1 {
		t.Errorf("a change that is known: %v, asked for %s", err, asked)
	}
}
